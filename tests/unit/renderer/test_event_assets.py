"""The assets that event triggers listen to, and their URIs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pydantic import TypeAdapter

from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.languages import yaml_text
from airflow_provider_vai.languages.identifiers import EVENT_FILTERS, event_uri, read_event_uri
from airflow_provider_vai.model.triggers import EventTrigger, Trigger
from airflow_provider_vai.renderer.event_assets import FILTERS, uris
from airflow_provider_vai.renderer.python_source import literal
from airflow_provider_vai.renderer.schedule import schedule
from tests.paths import DOCS


def on(event: str, **filters: str) -> EventTrigger:
    """Return an event trigger."""
    return EventTrigger.model_validate({"type": "event", "event": event, "filters": filters})


@pytest.mark.parametrize(
    ("event", "filters", "expected"),
    [
        ("action.completed", {}, "events/action.completed"),
        ("action.completed", {"action_kind": "file_sync"}, "events/action.completed/action_kind/file_sync"),
        ("action.completed", {"action_kind": "silver_query"}, "events/action.completed/action_kind/generate_query"),
        ("action.completed", {"automation": "sales"}, "events/action.completed/automation/sales"),
        (
            "action.completed",
            {"automation": "sales", "step": "load"},
            "events/action.completed/automation/sales/step/load",
        ),
        (
            "action.completed",
            {"step": "load", "automation": "sales", "action_kind": "dlt_extract"},
            "actions/dlt_extract/sales/load",
        ),
        ("action.failed", {}, "events/action.failed"),
        (
            "action.failed",
            {"step": "load", "automation": "sales", "action_kind": "dlt_extract"},
            "events/action.failed/action_kind/dlt_extract/automation/sales/step/load",
        ),
        ("automation.completed", {}, "events/automation.completed"),
        ("automation.completed", {"automation": "sales"}, "automations/sales"),
        ("automation.failed", {}, "events/automation.failed"),
        ("automation.failed", {"automation": "a/b c"}, "events/automation.failed/automation/a%2Fb%20c"),
        ("connection.data_available", {}, "events/connection.data_available"),
        ("connection.data_available", {"connection": "wh"}, "events/connection.data_available/connection/wh"),
        (
            "connection.data_available",
            {"automation": "sales", "connection": "wh"},
            "events/connection.data_available/connection/wh/automation/sales",
        ),
    ],
)
def test_the_asset_of_an_event(event: str, filters: dict[str, str], expected: str) -> None:
    """Each combination of filters has one asset; for one step or automation, it is their own asset."""
    assert uris(on(event, **filters)) == [f"vai://{expected}"]


def test_a_uri_is_taken_as_it_is() -> None:
    """A trigger can listen to any asset by its URI."""
    assert uris(EventTrigger(type="event", uri="s3://b/k?x=1")) == ["s3://b/k?x=1"]


@pytest.mark.parametrize(
    ("event", "filters", "problem", "remedy"),
    [
        (
            "automation.failed",
            {"action_kind": "file_sync"},
            "automation.failed has no filter action_kind",
            "automation",
        ),
        (
            "automation.completed",
            {"step": "a", "automation": "b"},
            "automation.completed has no filter step",
            "automation",
        ),
        (
            "action.completed",
            {"connection": "wh"},
            "action.completed has no filter connection",
            "action_kind, automation",
        ),
        ("action.failed", {"step": "load"}, "the filter step = 'load' needs the filter automation", "DAG id"),
        ("action.failed", {"action_kind": "filesync"}, "'filesync' is not an action kind", "Did you mean 'file_sync'?"),
        ("action.failed", {"action_kind": "x" * 9000}, "is not an action kind", "`vai kinds`"),
        ("automation.failed", {"automation": ""}, "the filter automation is empty", "remove it"),
        ("automation.failed", {"automation": "\U0001f600" * 200}, "the maximum in Airflow is 1500", "shorten"),
    ],
)
def test_wrong_filters_are_refused(event: str, filters: dict[str, str], problem: str, remedy: str) -> None:
    """A wrong filter is refused with its name and a remedy."""
    with pytest.raises(RenderError) as refusal:
        uris(on(event, **filters))
    assert problem in refusal.value.problem
    assert remedy in refusal.value.remedy
    assert len(str(refusal.value)) < 1000


@given(
    st.sampled_from(sorted(FILTERS)),
    st.dictionaries(st.sampled_from(EVENT_FILTERS), st.text(st.characters(codec="utf-8"), min_size=1)),
)
def test_a_uri_says_its_event_and_filters(event: str, filters: dict[str, str]) -> None:
    """The event and the filters are read back from the URI, whatever the values contain."""
    uri = event_uri(event, filters)

    assert read_event_uri(uri) == (event, filters)
    assert uri.isascii()


@given(st.text() | st.text().map("vai://events/{}".format))
def test_other_uris_are_no_events(text: str) -> None:
    """A URI is accepted only if writing what was read gives the same URI."""
    read: Any = read_event_uri(text)

    assert read is None or event_uri(*read) == text


PAGE = (DOCS / "triggers.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"<!-- triggers -->\n```yaml\n(.*?)```\n```python\n(.*?)```\n", PAGE, re.DOTALL)


@pytest.mark.parametrize(("given", "shown"), EXAMPLES)
def test_the_page_shows_what_a_dag_file_says(given: str, shown: str) -> None:
    """Each example in the documentation is a list of triggers and gives the schedule below it."""
    triggers = TypeAdapter(list[Trigger]).validate_python(yaml_text.loads(given, where="triggers.md"))

    assert literal(schedule(triggers)) == shown.strip()


def test_the_page_shows_every_trigger() -> None:
    """The documentation contains every type, event and filter, and every example is checked."""
    words = {name for names in FILTERS.values() for name in names} | set(FILTERS)

    assert len(EXAMPLES) == PAGE.count("```yaml")
    assert {word for word in words if f"`{word}`" not in PAGE} == set()
    assert {f"type: {name}" in PAGE for name in ("manual", "schedule", "webhook", "event")} == {True}
