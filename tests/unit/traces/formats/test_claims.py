"""What ``vai formats`` says of each format is what its fixtures show."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.traces.format_table import BUILT_IN
from airflow_provider_vai.traces.formats import adapters, read
from airflow_provider_vai.traces.known_formats import coverage_of_format
from airflow_provider_vai.traces.reading.trace import Trace
from tests.paths import TRACES
from tests.unit.traces.formats.support import adapter, trace

Shows = Callable[[Run], bool]
COLUMNS: dict[str, Shows] = {
    "results": lambda run: any(call.result is not None or call.outcome == "failed" for call in run.calls),
    "approvals": lambda run: any(_is_decided(call) for call in run.calls),
    "edits": lambda run: any(_is_edited(call) for call in run.calls),
    "timing": lambda run: any(call.started_at or call.ended_at for call in run.calls),
    "batches": lambda run: any(size > 1 for size in Counter(call.batch for call in run.calls).values()),
}
"""How a run shows that its format records what a column of ``vai formats`` says."""

EDITED = {
    "langfuse.json": ("print_slip", "90", "80"),
    "langsmith.json": ("label", "420", "400"),
    "mlflow.json": ("book_berth", "14", "15"),
}
"""Samples in which the tool's span gets other arguments than the model's message: a tool, a text, another text."""


def _is_decided(call: ToolCall) -> bool:
    return call.approval.state != "unknown"


def _is_edited(call: ToolCall) -> bool:
    return call.approval.state == "edited" or (
        call.arguments is not None and call.proposed_arguments is not None and call.arguments != call.proposed_arguments
    )


def edited(sample: str) -> Trace:
    """Return a sample with other arguments in the spans of one tool, as a person's edit leaves them."""
    tool, old, new = EDITED[sample]
    document = json.loads((TRACES / sample).read_text())
    open_ = [document]
    while open_:
        holder = open_.pop()
        open_ += holder.values() if isinstance(holder, dict) else holder if isinstance(holder, list) else ()
        if isinstance(holder, dict) and holder.get("name") == tool and "arguments" not in holder:
            for key in {"input", "inputs", "attributes"} & holder.keys():
                holder[key] = json.loads(json.dumps(holder[key]).replace(old, new))
    return trace(document)


@cache
def fixtures() -> dict[str, list[Run]]:
    """Return the runs of all fixtures by format."""
    found: dict[str, list[Run]] = {name: [] for name in BUILT_IN}
    files = [path for folder in (TRACES, TRACES / "matrix") for path in sorted(folder.iterdir()) if path.is_file()]
    for path in files:
        try:
            runs = read(path)[1]
        except VaiError:
            continue
        for run in runs:
            found[run.format].append(run)
    for sample in EDITED:
        name = sample.removesuffix(".json")
        found[name] += adapter(name).runs(edited(sample))
    return found


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("name", BUILT_IN)
def test_a_claim_is_shown_by_a_fixture(name: str, column: str) -> None:
    """A column that says yes or partly is shown by a run, and one that says no by none."""
    claim: Any = getattr(coverage_of_format(name), column)
    is_shown = any(COLUMNS[column](run) for run in fixtures()[name])
    assert is_shown == (claim != "no")


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_format_shows_a_success_and_a_failure(name: str) -> None:
    """Every format has a call that succeeded, and one that did not."""
    outcomes = {call.outcome for run in fixtures()[name] for call in run.calls}
    assert "success" in outcomes
    assert outcomes - {"success"}


def test_every_adapter_declares_its_coverage() -> None:
    """The table has no row with the default."""
    assert all(hasattr(adapter, "coverage") for adapter in adapters() if adapter.name in BUILT_IN)
