"""A decision about a review item holds for the value that the person saw."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.authoring.reviewing import concerned, seen
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.review_item import review_item
from tests.unit.support import call, crystallized, run


def made(**arguments: Any) -> Automation:
    """Return an automation of one call."""
    automation = crystallized(
        run(call("look", {"sql": "SELECT 1", "to": {"name": "Ann"}, **arguments})), dag_id="report"
    )
    (step,) = [step for step in automation.steps if step.key == "look"]
    given = {"model_words": [["sql"]]}
    return automation.model_copy(update={"steps": [step.model_copy(update=given)]})


ARGUMENTS = "arguments"


@pytest.mark.parametrize(
    ("item", "about"),
    [
        (review_item("several_sources", step="look", place=[ARGUMENTS, "to", "name"]), "Ann"),
        (
            review_item("several_sources", step="look", place=[ARGUMENTS, "gone"]),
            {"sql": "SELECT 1", "to": {"name": "Ann"}},
        ),
        (review_item("several_sources", step="look", place=["none"]), None),
        (review_item("note", text="Look"), None),
        (review_item("live", step="gone", reason="r"), None),
    ],
)
def test_what_an_item_is_about(item: Any, about: Any) -> None:
    """The value at its place, the argument if the place is gone, nothing for the whole automation."""
    assert concerned(made(), item) == about


def test_a_step_as_a_whole() -> None:
    """The arguments that a person chose, without the constants of the kind."""
    automation = made()
    item = review_item("live", step="look", reason="r")

    assert concerned(automation, item)[ARGUMENTS] == {"sql": "SELECT 1", "to": {"name": "Ann"}}
    assert seen(automation, item) != seen(made(other=1), item)


def test_model_written_text() -> None:
    """Only the texts that a model wrote."""
    automation = made()
    step = automation.steps[0].model_copy(update={"model_words": [[ARGUMENTS, "sql"]]})
    automation = automation.model_copy(update={"steps": [step]})
    item = review_item("model_written", step="look", reason="r")

    assert concerned(automation, item) == {"arguments.sql": "SELECT 1"}
    before = seen(automation, item)
    step = step.model_copy(update={"arguments": {ARGUMENTS: Argument.frozen({"sql": "DROP TABLE x"})}})
    assert seen(automation.model_copy(update={"steps": [step]}), item) != before
