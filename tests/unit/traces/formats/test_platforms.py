"""Span exports of observability platforms: what their rows say of calls, and what is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, runs, short

PLATFORMS = ("opik", "braintrust", "weave", "datadog")


def rows(platform: str) -> list[Any]:
    """Return the rows of a sample, which may be changed."""
    document: Any = copy.deepcopy(SAMPLES[f"{platform}.json"])
    return list(
        document["events"] if platform == "braintrust" else document["data"] if platform == "datadog" else document
    )


def wrapped(platform: str, found: list[Any]) -> Any:
    """Return rows as the platform's document."""
    return {"braintrust": {"events": found}, "datadog": {"data": found}}.get(platform, found)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_executed_arguments_are_those_of_the_tools_span(platform: str) -> None:
    """The model proposed others; errors and times are those of the span."""
    run = one_run(platform, SAMPLES[f"{platform}.json"])
    first, failed, edited, denied = run.calls
    assert (edited.proposed_arguments, edited.arguments) == ({"row": 1, "percent": 90}, {"row": 1, "percent": 60})
    assert (first.result, "there is no row 8" in (failed.error or "")) == ({"row": 1, "on": False}, True)
    assert (denied.outcome, denied.arguments, denied.started_at) == ("denied", None, None)
    assert [turn.user_text for turn in run.turns] == ["Set the lights for the evening play."]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_rows_in_another_order_are_the_same_run(platform: str) -> None:
    """Exports list the newest span first, or none in particular."""
    expected = one_run(platform, SAMPLES[f"{platform}.json"]).calls
    assert one_run(platform, wrapped(platform, rows(platform)[::-1])).calls == expected


@pytest.mark.parametrize("platform", PLATFORMS)
def test_tools_without_a_models_messages_are_calls(platform: str) -> None:
    """Then nothing was proposed, and the calls are in the order of their start."""
    found = [row for row in rows(platform) if "chat" not in str(row)[:400]]
    run = one_run(platform, wrapped(platform, found))
    assert [(call.tool, call.outcome) for call in run.calls] == [
        ("lamp", "success"),
        ("lamp", "failed"),
        ("dim", "success"),
    ]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_trace_is_a_run(platform: str) -> None:
    """Rows of two traces are two runs."""
    key = {"braintrust": "root_span_id", "datadog": "trace_id"}.get(platform, "trace_id")
    other = rows(platform)
    for row in other:
        (row["attributes"] if platform == "datadog" else row)[key] = "another"
    found = runs(platform, wrapped(platform, [*rows(platform), *other]))
    assert [run.id for run in found][1:] == ["another"]
    assert [short(call) for call in found[0].calls] == [short(call) for call in found[1].calls]


def test_datadog_page_of_several_is_refused() -> None:
    """Calls on the next page would be missing."""
    document = {**SAMPLES["datadog.json"], "links": {"next": "https://api.datadoghq.com/…"}}
    assert adapter("datadog").accepts(document)
    with pytest.raises(MalformedTrace, match="spans are on the next one"):
        runs("datadog", document)


def test_weave_op_without_a_kind_is_a_tool_if_a_model_proposed_it() -> None:
    """``@weave.op()`` names no kind."""
    found = rows("weave")
    for row in found:
        row["attributes"] = {}
    assert [short(call) for call in one_run("weave", found).calls] == [
        short(call) for call in one_run("weave", SAMPLES["weave.json"]).calls
    ]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_unknown_kinds_are_noted(platform: str) -> None:
    """A span of a new kind may be a call."""
    found = rows(platform)
    if platform == "weave":
        pytest.skip("Weave's kinds are free text")
    holder = {"opik": found[5], "braintrust": found[5]["span_attributes"] if platform == "braintrust" else {}}
    target = found[5]["attributes"] if platform == "datadog" else holder[platform]
    target["span_kind" if platform == "datadog" else "type"] = "hologram"
    run = one_run(platform, wrapped(platform, found))
    assert [call.tool for call in run.calls] == ["lamp", "lamp", "dim", "strobe"]  # by its name it is the call
