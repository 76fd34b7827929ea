"""The matrix of frameworks and exports: every recording has the calls of the script, or is refused.

``dev/record/all`` records the fixtures: one script, in every framework, exported in every way that it has.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.exceptions import TraceError
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.traces.formats import read
from tests.paths import TRACES
from tests.unit.traces.formats.test_mutations import MANY, survive

FOLDER = TRACES / "matrix"
TRUTH = json.loads((FOLDER / "truth.json").read_text("utf-8"))
CELLS: dict[str, Any] = json.loads((FOLDER / "cells.json").read_text("utf-8"))
EXPORTS = [
    pytest.param(framework, way, cell, id=f"{framework}.{way}")
    for framework, row in CELLS.items()
    for way, cell in row["cells"].items()
    if cell["state"] != "none"
]
LARGEST = 60_000
FEW = 6


def path_of(framework: str, way: str) -> Path:
    """Return the fixture of a cell."""
    return FOLDER / f"{framework}.{way}.json"


def expected(framework: str) -> list[dict[str, Any]]:
    """Return the calls of the script in a framework; without approvals nothing is denied."""
    return [call for call in TRUTH["calls"] if CELLS[framework]["asks"] or call["outcome"] != "denied"]


def key(call: dict[str, Any] | ToolCall) -> tuple[str, str]:
    """Return what identifies a call of the script: its tool and its arguments."""
    if isinstance(call, ToolCall):
        arguments = call.proposed_arguments if call.arguments is None else call.arguments
        return call.tool, json.dumps(arguments, sort_keys=True)
    return call["tool"], json.dumps(call["arguments"], sort_keys=True)


def problem(call: ToolCall, truth: dict[str, Any]) -> str | None:
    """Return how the reading of a call differs from what happened; ``None`` for a right one.

    What a trace does not record may be unknown. A denial without a mark is a failure.
    """
    if call.outcome == "unknown" and call.arguments is None and call.approval.state == "unknown":
        return None
    if truth["outcome"] == "denied":
        is_right = call.outcome in ("denied", "failed") and call.approval.state in ("denied", "unknown")
        return None if is_right else f"denied, but read as {call.outcome}, {call.approval.state}"
    if call.outcome != truth["outcome"]:
        return f"{truth['outcome']}, but read as {call.outcome}"
    if call.approval.state not in ("unknown", "approved" if truth["tool"] == "water" else "unknown"):
        return f"approval {call.approval.state}"
    if call.arguments != truth["arguments"]:
        return f"executed with {truth['arguments']}, but read as {call.arguments}"
    accepted = (truth["result"], {"result": truth["result"]}, str(truth["result"]))  # as Google ADK and CrewAI keep it
    return None if call.outcome == "failed" or call.result in accepted else f"the result is {call.result!r}"


def problems(framework: str, cell: dict[str, Any], runs: list[Run]) -> list[str]:
    """Return how the readings differ from the script: other calls, another order, wrong facts, missing calls."""
    truth = {key(call): call for call in expected(framework)}
    calls = [call for run in runs for call in run.calls]
    found = [f"{call.tool} {call.arguments} is no call" for call in calls if key(call) not in truth]
    known = [call for call in calls if key(call) in truth]
    found += [f"{call.id}: {text}" for call in known if (text := problem(call, truth[key(call)]))]
    for run in runs:
        found += disorder(truth, [call for call in run.calls if key(call) in truth])
    read_ones = {key(call) for call in known if call.outcome != "unknown"}
    missing = [call for call in truth.values() if key(call) not in read_ones and call["outcome"] != "denied"]
    return found + [f"{call['id']} is missing" for call in missing if call["id"] not in cell.get("unrecorded", ())]


def disorder(truth: dict[tuple[str, str], dict[str, Any]], calls: list[ToolCall]) -> list[str]:
    """Return what is wrong with the order of one run's calls, and with their batches."""
    places = [list(truth).index(key(call)) for call in calls]
    if all(call.proposed_arguments is None for call in calls):  # only executions: parallel ones start in any order
        places = [truth[key(call)]["batch"] for call in calls]
    found = (
        []
        if places == sorted(places) and len(calls) == len({key(call) for call in calls})
        else [f"the order is {places}"]
    )
    batches: dict[int, set[int]] = {}
    for call in calls:
        batches.setdefault(call.batch, set()).add(truth[key(call)]["batch"])
    return found + [f"one batch has calls of {joined}" for joined in batches.values() if len(joined) > 1]


@pytest.mark.parametrize(("framework", "way", "cell"), EXPORTS)
def test_reading_is_what_happened_or_is_refused(framework: str, way: str, cell: dict[str, Any]) -> None:
    """Calls, order, executed arguments, results, outcomes and approvals are those of the script."""
    path = path_of(framework, way)
    if cell["state"] == "refused":
        with pytest.raises(TraceError, match=cell["message"]):
            read(path)
        return
    assert problems(framework, cell, read(path)[1]) == []


def test_fixtures_and_cells_are_the_same() -> None:
    """No fixture without a cell, no cell without its fixture; all are small, and none has a path of a machine."""
    fixtures = {path.name for path in FOLDER.glob("*.*.json")}
    assert fixtures == {path_of(*parameter.values[:2]).name for parameter in EXPORTS}
    for path in FOLDER.glob("*.json"):
        text = path.read_text("utf-8")
        assert len(text.encode()) <= LARGEST, path.name
        assert not any(folder in text for folder in ("/tmp/", "/root/", "/home/")), path.name


def test_matrix_is_wide_enough() -> None:
    """The matrix has at least 12 frameworks, each with at least one export that is read."""
    read_ones = [row for row in CELLS.values() if any(cell["state"] == "right" for cell in row["cells"].values())]
    assert len(read_ones) == len(CELLS) >= 12


@pytest.mark.parametrize(("framework", "way", "cell"), EXPORTS)
def test_mutants_are_read_or_refused(framework: str, way: str, cell: dict[str, Any], tmp_path: Path) -> None:
    """No damage of a fixture ends in a traceback."""
    survive(path_of(framework, way), tmp_path, FEW)


@pytest.mark.e2e
def test_ten_thousand_mutants_are_read_or_refused(tmp_path: Path) -> None:
    """The same with more mutants, to find rare cases."""
    for parameter in EXPORTS:
        framework, way, _ = parameter.values
        survive(path_of(framework, way), tmp_path, -(-MANY // len(EXPORTS)))
