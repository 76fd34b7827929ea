"""Edit requests: what each one changes, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.authoring.editing.edit_requests import (
    AddStep,
    ChangeAutomation,
    ChangeStep,
    Edit,
    MoveStep,
    RemoveStep,
)
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.argument import Output
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.renderer.render import render

SEARCH = {"query": "coffee", "conn_id": "web"}
POST = {"conn_id": "crm", "endpoint": "/notes", "method": "POST", "json": {"text": "a", "lines": [1, 2]}}
EMPTY = Automation(dag_id="made", source_type="MANUAL", steps=[])


def edited(automation: Automation, *edits: Edit) -> Automation:
    """Return the edited automation after checking that it renders."""
    for edit in edits:
        automation = edit.apply(automation, "mia")
    render(automation)
    return automation


@pytest.fixture
def chain() -> Automation:
    """An automation with a search, and a note that is posted behind a gate."""
    return edited(
        EMPTY.model_copy(update={"params": {}}),
        AddStep("web_search", key="look", values=SEARCH),
        AddStep("http_request", key="tell", values=POST),
    )


def step(automation: Automation, key: str) -> Step:
    """Return the step with a key."""
    return next(step for step in automation.steps if step.key == key)


def test_add(chain: Automation) -> None:
    """A step is added with its place, gate, options and references in one edit."""
    after = edited(
        chain,
        AddStep(
            "web_search",
            key="again",
            values={"query": {"$from": ["look", "results", 0, "title"]}, "conn_id": "web"},
            after="look",
            gate={"on_timeout": "reject"},
            options={"retries": 2},
        ),
    )

    assert [step.key for step in after.steps] == ["look", "approve_again", "again", "approve_tell", "tell"]
    assert step(after, "again").arguments["query"].from_ == Output(step="look", path=["results", 0, "title"])
    assert step(after, "again").retries == 2
    assert step(after, "approve_again").arguments["on_timeout"].value == "reject"
    assert step(after, "approve_again").approval.reason == "asks for the approval itself"


def test_add_without_a_gate(chain: Automation) -> None:
    """The reason names the person who edited."""
    after = edited(chain, AddStep("http_request", key="more", values=POST, ungated=True))

    assert step(after, "more").approval.reason == "left without a gate by mia"


def test_change_a_step(chain: Automation) -> None:
    """Values come first, then unset places, the gate, the options and the key."""
    after = edited(
        chain,
        ChangeStep(
            "tell",
            values=[("json.text", {"$from": ["look", "results"]}), ("json.more", {"$literal": {"$from": ["x"]}})],
            unset=["json.lines"],
            gate={"subject": "Tell them?"},
            options={"timeout_seconds": 9},
            new_key="say",
        ),
    )

    changed = step(after, "say")
    assert changed.arguments["json"].value == {"text": None, "more": {"$from": ["x"]}}
    assert [(wire.at, wire.from_) for wire in changed.arguments["json"].wires] == [
        (["text"], Output(step="look", path=["results"]))
    ]
    assert changed.timeout_seconds == 9
    assert step(after, str(changed.approval.gate)).arguments["subject"].value == "Tell them?"


def test_the_same_place_twice(chain: Automation) -> None:
    """If a place is set twice, the later value counts."""
    after = edited(chain, ChangeStep("look", values=[("query", "tea"), ("query", "milk")]))

    assert step(after, "look").arguments["query"].value == "milk"


def test_another_kind(chain: Automation) -> None:
    """With a new kind, the values are all arguments of the new step."""
    after = edited(chain, ChangeStep("look", kind="http_request", values=list(POST.items()), ungated=True))

    assert [step.kind for step in after.steps] == ["http_request", "approval_gate", "http_request"]
    with pytest.raises(SpecError, match="no action kind ''"):
        ChangeStep("look", kind="", values=[]).apply(chain, "mia")


def test_its_own_key_changes_nothing(chain: Automation) -> None:
    """Renaming a step to its own key changes nothing, but the step must exist."""
    assert ChangeStep("look", new_key="look").apply(chain, "mia") == chain
    with pytest.raises(SpecError):
        ChangeStep("nobody", new_key="nobody").apply(chain, "mia")


def test_move_and_remove(chain: Automation) -> None:
    """A step is moved and removed together with its gate; places that read it get a value instead."""
    moved = edited(chain, MoveStep("tell", before="look"))
    assert [step.key for step in moved.steps] == ["approve_tell", "tell", "look"]
    assert [step.key for step in edited(moved, RemoveStep("tell")).steps] == ["look"]
    reading = edited(chain, ChangeStep("tell", values=[("json.text", {"$from": ["look", "results"]})]))
    with pytest.raises(SpecError, match=r"tell\.json\.text"):
        RemoveStep("look").apply(reading, "mia")
    rest = edited(reading, RemoveStep("look", freeze={"tell.json.text": "b"}))
    assert step(rest, "tell").arguments["json"].value["text"] == "b"


def test_params_come_first_and_go_last(chain: Automation) -> None:
    """Values and conditions may use a param of the same edit, and a param that they no longer use can be removed."""
    with_param = edited(
        chain,
        ChangeAutomation(
            params={"text": {"default": "x"}},
            values={"tell": {"json.text": {"$param": "text"}}},
            conditions=["params.text != 'y'"],
        ),
    )
    assert step(with_param, "tell").arguments["json"].wires[0].param == "text"

    without = edited(
        with_param, ChangeAutomation(params={"text": None}, values={"tell": {"json.text": "z"}}, conditions=[])
    )
    assert (without.params, without.conditions) == ({}, [])
    with pytest.raises(SpecError, match="is used by"):
        ChangeAutomation(params={"text": None}).apply(with_param, "mia")


def test_whatever_is_left_out_stays(chain: Automation) -> None:
    """An empty request changes nothing, whereas an empty list replaces the old list."""
    hourly = {"type": "schedule", "schedule": "@hourly"}
    after = edited(chain, ChangeAutomation(triggers=[hourly], options={"retries": 3}))

    assert ChangeAutomation().apply(after, "mia") == after
    assert (after.retries, after.triggers[0].type) == (3, "schedule")
    assert edited(after, ChangeAutomation(triggers=[])).triggers == []


@pytest.mark.parametrize(
    ("edit", "where"),
    [
        (AddStep("web_search", values={"query": {"$from": []}, "conn_id": "web"}), "arguments.query"),
        (ChangeStep("look", values=[("query", {"$template": "{{ ds"})]), "arguments.query"),
        (ChangeAutomation(values={"look": {"query": {"$param": 7}}}), "arguments.look.query"),
    ],
    ids=["add", "change", "values of steps"],
)
def test_references_that_are_misspelt(chain: Automation, edit: Any, where: str) -> None:
    """The message names the place in the request."""
    with pytest.raises(SpecError) as refused:
        edit.apply(chain, "mia")
    assert refused.value.where.startswith(where)
