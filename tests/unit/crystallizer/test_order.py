"""What each step waits for."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.model.run import Run
from tests.unit.support import call, crystallized, run

READ = {"match": "r*", "kind": "mcp_tool", "effect": "read"}
MAKE = {"match": "a*", "kind": "mcp_tool", "effect": "artifact"}
WRITE = {"match": "w*", "kind": "mcp_tool"}


def edges(recorded: Run, **policy: Any) -> dict[str, list[str]]:
    """Return what each step waits for."""
    return {step.key: step.depends_on for step in crystallized(recorded, READ, MAKE, WRITE, **policy).steps}


def test_sequence_by_default() -> None:
    """One after the other as recorded, calls of one batch too."""
    recorded = run(call("r1", batch=0), call("r2", batch=0), call("w1", approval="not_required", batch=1))
    assert edges(recorded) == {"r1": [], "r2": ["r1"], "w1": ["r2"]}


PARALLEL = {
    "reads": (["r1 0", "r2 1", "r3 2"], {"r1": [], "r2": [], "r3": []}),
    "a write waits for the reads before it": (["r1 0", "r2 1", "w1 2"], {"r1": [], "r2": [], "w1": ["r1", "r2"]}),
    "reads wait for the write before them": (["w1 0", "r1 1", "r2 2"], {"w1": [], "r1": ["w1"], "r2": ["w1"]}),
    "writes keep their order": (["w1 0", "w2 1"], {"w1": [], "w2": ["w1"]}),
    "writes of one batch": (["w1 0", "w2 0", "r1 1"], {"w1": [], "w2": [], "r1": ["w1", "w2"]}),
    "a batch of both": (["r1 0", "w1 0", "r2 1"], {"r1": [], "w1": [], "r2": ["r1", "w1"]}),
    "what makes something counts as a change": (["r1 0", "a1 1", "r2 2"], {"r1": [], "a1": ["r1"], "r2": ["a1"]}),
    "the nearest change is enough": (["w1 0", "w2 1", "r1 2"], {"w1": [], "w2": ["w1"], "r1": ["w2"]}),
}


@pytest.mark.parametrize(("calls", "expected"), PARALLEL.values(), ids=PARALLEL)
def test_parallel(calls: list[str], expected: dict[str, list[str]]) -> None:
    """Calls of one batch and mere reads run side by side; a change waits for all before it, and all after it wait."""
    named = [named.split() for named in calls]
    recorded = run(*(call(tool, batch=int(batch), approval="not_required") for tool, batch in named))
    assert edges(recorded, parallel=True) == expected


def test_parallel_keeps_data_before_its_use() -> None:
    """A wired step waits for the step that its value comes from, also where both only read."""
    recorded = run(call("r1", {}, "record 4711"), call("r2"), call("r3", {"id": "record 4711"}))
    assert edges(recorded, parallel=True) == {"r1": [], "r2": [], "r3": ["r1"]}
    assert edges(recorded, parallel=True, freeze_all=True) == {"r1": [], "r2": [], "r3": []}


def test_parallel_adds_no_edge_that_holds_already() -> None:
    """What is waited for through another step is not named again."""
    recorded = run(
        call("r1", {}, "record 4711"), call("w1", approval="not_required"), call("r2", {"id": "record 4711"})
    )
    assert edges(recorded, parallel=True) == {"r1": [], "w1": ["r1"], "r2": ["w1"]}


def test_parallel_gates() -> None:
    """The gate takes over what its step waited for; later steps wait for the step, not for the gate."""
    recorded = run(call("r1"), call("r2"), call("w1", approval="approved"), call("r3"))
    assert edges(recorded, parallel=True) == {
        "r1": [], "r2": [], "approve_w1": ["r1", "r2"], "w1": ["approve_w1"], "r3": ["w1"],
    }  # fmt: skip
