"""MLflow traces."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Usage
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, runs

SAMPLE = SAMPLES["mlflow.json"]


def test_sample_joins_ids_from_messages_with_executions() -> None:
    """Recorded with MLflow itself: two parallel calls, of which one fails, then a third."""
    run = one_run("mlflow", SAMPLE)
    assert [(call.id, call.arguments, call.result, call.error) for call in run.calls] == [
        ("c1", {"name": "Ida"}, {"name": "Ida", "berth": 14}, None),
        ("c2", {"name": "Ode"}, None, "LookupError: no boat Ode"),
        ("c3", {"berth": 14, "nights": 2}, [14, 2], None),
    ]
    assert (run.agent, run.model, run.system_text) == ("harbour", "scripted", "Find berths.")
    assert run.usage == Usage(input_tokens=30, output_tokens=15)
    assert all(call.started_at for call in run.calls)
    assert run.notes == []


def test_sample_is_what_the_library_reads() -> None:
    """MLflow itself reads the sample, so the sample is in its format."""
    entities = pytest.importorskip("mlflow.entities")
    assert len(entities.Trace.from_dict(copy.deepcopy(SAMPLE)).data.spans) == 7


def without(name: str) -> Any:
    """Return the sample without the spans of this name."""
    document = copy.deepcopy(SAMPLE)
    document["data"]["spans"] = [span for span in document["data"]["spans"] if span["name"] != name]
    return document


def test_without_messages_the_executions_are_the_calls() -> None:
    """Their proposals, ids and batches are unknown."""
    run = one_run("mlflow", without("Completions"))
    assert [(call.id, call.tool, call.batch, call.proposed_arguments) for call in run.calls] == [
        ("call-1", "find_boat", 0, None),
        ("call-2", "find_boat", 1, None),
        ("call-3", "book_berth", 2, None),
    ]


def test_a_call_without_execution_beside_executed_ones_is_unknown() -> None:
    """Only the message has its result."""
    document = without("")
    spans = document["data"]["spans"]
    spans.remove(next(span for span in spans if span["status"]["code"] == "STATUS_CODE_ERROR"))
    run = one_run("mlflow", document)
    assert [call.outcome for call in run.calls] == ["success", "unknown", "success"]


def test_lists_are_several_runs() -> None:
    """``search_traces`` returns a list; a line names its trace."""
    assert adapter("mlflow").accepts([SAMPLE, SAMPLE])
    assert len(runs("mlflow", [SAMPLE, SAMPLE])) == 2
    assert adapter("mlflow").line_key(SAMPLE) == SAMPLE["info"]["trace_id"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("document", [{"info": {}, "data": {"spans": [1]}}, {"info": 1, "data": {"spans": []}}])
def test_broken_structure_is_refused_with_its_place(document: Any) -> None:
    """There is no traceback, and nothing is dropped."""
    with pytest.raises(MalformedTrace) as refusal:
        runs("mlflow", document)
    assert refusal.value.where.startswith("file.json: ")
