"""On the wire our own names are in camel case, and users' names and values are as they were."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, strategies as st
from jsonschema.validators import Draft202012Validator
from pydantic.alias_generators import to_camel

from airflow_provider_vai.model.automation import Argument, Automation, Output, Param, Step, StepApproval, Wire
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.plugin.api import openapi
from airflow_provider_vai.plugin.api.json_body import Json, time, to_snake, to_wire
from airflow_provider_vai.secrets import find

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="ab_c {}$é\u2028", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="ab_c", max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.text(alphabet="ab_c", min_size=1, max_size=6)


def automation(**fields: Any) -> Automation:
    """Return an automation of one step."""
    step = Step(
        key="do_it",
        task_id="do_it",
        kind="mcp_tool",
        operator="x.Y",
        approval=StepApproval(recorded="not_required", reason="says_so"),
        arguments=fields.pop("arguments", {}),
    )
    return Automation(**{"dag_id": "d_d", "source_type": "MANUAL", "steps": [step], **fields})


@given(values=st.dictionaries(NAMES, JSON, max_size=3), params=st.dictionaries(NAMES, JSON, max_size=3))
def test_users_names_and_values_stay(values: dict[str, Any], params: dict[str, Any]) -> None:
    """Whatever the arguments and params of an automation are called and hold, it comes through unchanged."""
    made = automation(
        arguments={name: Argument.frozen(value) for name, value in values.items()},
        params={name: Param(default=value, schema_={"some_key": 1}) for name, value in params.items()},
    )

    shown = json.loads(Json(to_wire(made)).body)

    assert {name: it["value"] for name, it in shown["steps"][0]["arguments"].items()} == values
    assert {name: it["default"] for name, it in shown["params"].items()} == params
    assert all(it["schema"] == {"some_key": 1} for it in shown["params"].values())


@given(values=st.dictionaries(NAMES, JSON, max_size=3))
def test_what_is_shown_is_read_again(values: dict[str, Any]) -> None:
    """The models read their own spelling on the wire: an automation survives the way out and in."""
    wires = {"wired": Argument(class_="wired", value=None, wires=[Wire(at=["a_b"], param="p_q")])}
    arguments = {name: Argument.frozen(value) for name, value in values.items() if name != "wired"} | wires
    made = automation(arguments=arguments, params={"p_q": Param(default=1)}, max_active_runs=3)

    assert Automation.model_validate(to_wire(made)) == made


def test_names_of_ours() -> None:
    """Fields are camel case at every depth; what nobody set is left out, as in the sidecar."""
    first = automation().steps[0].model_copy(update={"key": "first", "task_id": "first"})
    wired = {"to_whom": Argument(class_="wired", from_=Output(step="first", path=["a_b"]))}
    second = automation(arguments={}).steps[0].model_copy(update={"arguments": wired, "depends_on": ["first"]})
    shown = to_wire(Automation(dag_id="d_d", source_type="MANUAL", steps=[first, second]))

    assert {"dagId", "sourceType", "notCrystallized", "nonDeterministicSteps"} <= set(shown)
    assert "timeoutSeconds" not in shown
    argument = shown["steps"][1]["arguments"]["to_whom"]
    assert argument == {"class": "wired", "from": {"step": "first", "path": ["a_b"]}, "origin": None, "evidence": []}


def test_credentials_are_masked() -> None:
    """A value under a name that gives it away is masked, and so is one inside a text; digests and names stay."""
    token = "ghp_" + "a1B2" * 9
    made = automation(
        description=f"calls with {token}",
        review=[f"look at {token}"],
        arguments={"password": Argument.frozen("hunter2-x"), "text": Argument.frozen(f"use {token}")},
    )

    text = json.dumps(to_wire(made))

    assert list(find(token))
    assert token not in text
    assert "hunter2-x" not in text
    assert '"dagId": "d_d"' in text


def test_runs() -> None:
    """A run of a trace is spelt the same way; half characters of a trace do not break the answer."""
    call = ToolCall(id="1", tool="a_b", arguments={"user_id": "\ud800"}, result={"deep_key": [1]}, outcome="success")
    run = Run(id="r", source="agent_run", format="made", calls=[call], started_at=datetime(2026, 1, 2))

    shown = json.loads(Json(to_wire(run)).body)

    assert shown["startedAt"] == "2026-01-02T00:00:00Z"
    assert shown["calls"][0]["arguments"] == {"user_id": "\ud800"}
    assert shown["calls"][0]["result"] == {"deep_key": [1]}
    assert shown["calls"][0]["proposedArguments"] is None


def test_times() -> None:
    """Times are in UTC."""
    assert time(datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=2)))) == "2026-01-02T01:00:00Z"
    assert time(None) is None


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, {"dagId": 1, "other_one": 2, "DAGID": 3}])
def test_requests(value: Any) -> None:
    """Only known names are taken from camel case; everything else stays for its reader to refuse."""
    expected = {"dag_id": 1, "other_one": 2, "DAGID": 3} if isinstance(value, dict) and value else value

    assert to_snake(value, ("dag_id", "other_name")) == expected


def test_the_schema_is_of_what_is_shown() -> None:
    """The published schema fits an automation as it is shown, and refuses one in the sidecar's spelling."""
    parts = openapi.components()
    whole = {"$ref": "#/components/schemas/Automation", "components": {"schemas": parts}}
    made = automation(arguments={"q": Argument.frozen(1)}, params={"a_b": Param(default=1)}, timeout_seconds=5)

    Draft202012Validator.check_schema(whole)
    assert not list(Draft202012Validator(whole).iter_errors(to_wire(made)))
    assert list(Draft202012Validator(whole).iter_errors(made.model_dump(mode="json")))
    assert all(to_camel(name) == name for name in parts["Step"]["properties"])
