"""The advice whether a run is worth crystallizing."""

from __future__ import annotations

import pytest

from airflow_provider_vai.model.run import Run
from tests.unit.support import call, crystallized, run

READ = {"match": "look", "kind": "mcp_tool", "effect": "read"}
WRITE = {"match": "*", "kind": "mcp_tool"}


@pytest.mark.parametrize(
    ("recorded", "recommendation", "words"),
    [
        (run(call("look")), "skip", "one tool call"),
        (run(call("send")), "skip", "one tool call"),
        (run(call("look"), call("look")), "skip", "every step only reads"),
        (run(call("look"), call("send")), "crystallize", "2 steps of mcp_tool"),
        (
            run(*[call("send", outcome="failed")] * 3, call("look"), call("send")),
            "wait",
            "3 calls failed and 2 succeeded",
        ),
        (run(*[call("send", outcome="failed")] * 2, call("look"), call("send")), "crystallize", "2 steps"),
        (run(call("send"), call("look", turn=1), call("send", turn=1)), "wait", "send ran again in the last turn"),
        (run(call("send", turn=1), call("send", turn=1)), "crystallize", "2 steps"),
        (run(call("look"), call("send", turn=1), call("look", turn=1)), "crystallize", "3 steps"),
    ],
)
def test_advice(recorded: Run, recommendation: str, words: str) -> None:
    """Skip single calls and exploration, wait for unfinished work, else crystallize; always with a reason."""
    advice = crystallized(recorded, READ, WRITE).advice
    assert advice is not None
    assert advice.recommendation == recommendation
    assert words in advice.reasons[0]
