"""Finding the steps that send texts which a model wrote."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.run import Run, Turn
from tests.unit.support import call, crystallized, run

PROSE = "Revenue rose by 12 percent"
SEND = {"match": "send", "kind": "python_tool", "callable": "m:send"}
READ = {"match": "look", "kind": "python_tool", "callable": "m:look", "effect": "read"}


def last(recorded: Run, *rules: Any) -> Step:
    """Return the last step."""
    return crystallized(recorded, *(rules or (SEND, READ)), gates="recorded").steps[-1]


@pytest.mark.parametrize(
    ("recorded", "is_flagged"),
    [
        (run(call("send", {"text": PROSE})), True),
        (run(call("send", {"a": [{"b": PROSE}]})), True),
        (run(call("send", {"text": "three words only"})), False),
        (run(call("send", {"n": 12})), False),
        (run(call("look", {"text": PROSE})), False),
        (run(call("send", {"text": PROSE}), turns=[Turn(index=0, user_text=f"Send '{PROSE}'.")]), False),
        (run(call("send", {"text": PROSE}), turns=[Turn(index=1, user_text=PROSE)]), True),
        (run(call("send", {"text": PROSE}), system_text=f"Say: {PROSE}"), False),
        (run(call("look", result=f"x {PROSE} y"), call("send", {"text": PROSE})), False),
        (run(call("look", result={"a": [PROSE]}), call("send", {"text": PROSE})), False),
        (run(call("look", result=PROSE, batch=0), call("send", {"text": PROSE}, batch=0)), True),
    ],
)
def test_prose_that_nobody_said_before_is_the_models(recorded: Run, is_flagged: bool) -> None:
    """A step that writes and sends such prose is flagged with the places: every run repeats it."""
    step = last(recorded)
    assert step.non_deterministic is is_flagged
    assert step.determinism == ("model_written" if is_flagged else "exact")
    assert (step.non_deterministic_reason or "").startswith("a model wrote arguments." if is_flagged else "")


def test_many_places_are_counted() -> None:
    """Three are named."""
    texts = {f"t{number}": f"{PROSE} {number}" for number in range(5)}
    assert last(run(call("send", texts))).non_deterministic_reason == (
        "a model wrote arguments.t0, arguments.t1, arguments.t2 and 2 more, and every run repeats it word for word"
    )


@pytest.mark.parametrize(
    ("tool", "arguments", "determinism", "reason"),
    [
        ("generate_query", {"sql": "SELECT 1"}, "model_written", "a model wrote this SQL"),
        ("create_flashboard", {"title": PROSE, "charts": []}, "exact", None),
        ("http_request", {"url": "/x", "method": "GET"}, "exact", None),
    ],
)
def test_kinds_have_their_own_flag(tool: str, arguments: Any, determinism: str, reason: str | None) -> None:
    """The platform's own example of a flagged kind, and two that are not."""
    step = last(run(call(tool, arguments)), {"match": "*", "kind": tool})
    assert (step.determinism, step.non_deterministic_reason) == (determinism, reason)


def test_flags_are_summed_up() -> None:
    """The automation lists its flagged steps and what a person should look at."""
    recorded = run(call("generate_query", {"sql": "SELECT 1"}), call("send", {"text": PROSE}), call("look"))
    automation = crystallized(recorded, {"match": "gen*", "kind": "generate_query"}, SEND, READ, gates="recorded")
    assert automation.non_deterministic
    assert automation.non_deterministic_steps == ["generate_query", "send"]
    query, send, *_ = automation.review
    assert (query.code, query.step, query.message) == ("model_written", "generate_query", "a model wrote this SQL")
    assert (send.code, send.step) == ("model_written", "send")
    assert send.message.startswith("a model wrote arguments.text")
    assert automation.steps[1].model_words == [["arguments", "text"]]
