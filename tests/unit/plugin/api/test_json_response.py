"""JSON answers: our own names are in camelCase, users' names and values are unchanged, credentials are masked."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, strategies as st
from jsonschema.validators import Draft202012Validator
from pydantic import BaseModel

from airflow_provider_vai.model.argument import Argument, Output, Wire
from airflow_provider_vai.model.automation import Automation, Param, Step
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.plugin.api import openapi
from airflow_provider_vai.plugin.api.json_response import MaskedJson, ResponseModel, utc
from airflow_provider_vai.plugin.app import app
from airflow_provider_vai.secrets import find

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="ab_c {}$é\u2028", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="ab_c", max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.text(alphabet="ab_c", min_size=1, max_size=6)
RANDOM = "kV9xQ2mZ7LpT4wRc8YbN3sHd6JfG1eAu"


def shown(content: Any) -> Any:
    """Return the answer that shows a model."""
    return json.loads(MaskedJson(content).body)


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

    answer = shown(made)

    assert {name: it["value"] for name, it in answer["steps"][0]["arguments"].items()} == values
    assert {name: it["default"] for name, it in answer["params"].items()} == params
    assert all(it["schema"] == {"some_key": 1} for it in answer["params"].values())


@given(values=st.dictionaries(NAMES, JSON, max_size=3))
def test_what_is_shown_is_read_again(values: dict[str, Any]) -> None:
    """The models read their own spelling on the wire: an automation survives the way out and in."""
    wires = {"wired": Argument(class_="wired", value=None, wires=[Wire(at=["a_b"], param="p_q")])}
    arguments = {name: Argument.frozen(value) for name, value in values.items() if name != "wired"} | wires
    made = automation(arguments=arguments, params={"p_q": Param(default=1)}, max_active_runs=3)

    assert Automation.model_validate(shown(made)) == made


def test_names_of_ours() -> None:
    """Fields are camelCase at every depth; what nobody set is left out, as in the sidecar."""
    first = automation().steps[0].model_copy(update={"key": "first", "task_id": "first"})
    wired = {"to_whom": Argument(class_="wired", from_=Output(step="first", path=["a_b"]))}
    second = automation(arguments={}).steps[0].model_copy(update={"arguments": wired, "depends_on": ["first"]})
    answer = shown(Automation(dag_id="d_d", source_type="MANUAL", steps=[first, second]))

    assert {"dagId", "sourceType", "notCrystallized", "nonDeterministicSteps"} <= set(answer)
    assert "timeoutSeconds" not in answer
    argument = answer["steps"][1]["arguments"]["to_whom"]
    assert argument == {"class": "wired", "from": {"step": "first", "path": ["a_b"]}, "origin": None, "evidence": []}


def test_credentials_are_masked() -> None:
    """A value under a name that gives it away is masked, and so is one inside a text; digests and names stay."""
    token = "ghp_" + "a1B2" * 9
    made = automation(
        description=f"calls with {token}",
        review=[f"look at {token}"],
        arguments={"password": Argument.frozen("hunter2-x"), "text": Argument.frozen(f"use {token}")},
    )

    text = json.dumps(shown(made))

    assert list(find(token))
    assert token not in text
    assert "hunter2-x" not in text
    assert '"dagId": "d_d"' in text


def test_a_value_is_judged_by_the_name_of_its_argument() -> None:
    """Random characters of an argument that is an id are no credential; cookies are, wherever the value starts."""
    arguments = {"account_id": RANDOM, "note": RANDOM, "cookies": {"session": "abcdefghi"}}
    made = automation(
        arguments={name: Argument.frozen(value) for name, value in arguments.items()},
        params={name: Param(default=value) for name, value in arguments.items()},
    )

    answer = shown(made)

    expected = {"account_id": RANDOM, "note": "***", "cookies": {"session": "***"}}
    assert {name: it["value"] for name, it in answer["steps"][0]["arguments"].items()} == expected
    assert {name: it["default"] for name, it in answer["params"].items()} == expected


def test_data_that_is_no_model_is_masked() -> None:
    """A route that returns plain data goes through the same serializer."""
    assert shown({"password": "hunter2-x", "items": [{"at": datetime(2026, 1, 2)}]}) == {
        "password": "***",
        "items": [{"at": "2026-01-02T00:00:00Z"}],
    }
    assert app.router.default_response_class is MaskedJson
    with pytest.raises(TypeError, match="set is not a type of JSON"):
        MaskedJson({"a": {1}})


def test_runs() -> None:
    """A run of a trace is spelt the same way; half characters of a trace do not break the answer."""
    call = ToolCall(id="1", tool="a_b", arguments={"user_id": "\ud800"}, result={"deep_key": [1]}, outcome="success")
    run = Run(id="r", source="agent_run", format="made", calls=[call], started_at=datetime(2026, 1, 2))

    answer = shown(run)

    assert answer["startedAt"] == "2026-01-02T00:00:00Z"
    assert answer["calls"][0]["arguments"] == {"user_id": "\ud800"}
    assert answer["calls"][0]["result"] == {"deep_key": [1]}
    assert answer["calls"][0]["proposedArguments"] is None


def test_times() -> None:
    """Times are in UTC."""
    assert utc(datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=2)))) == "2026-01-02T01:00:00Z"
    assert utc(datetime(2026, 1, 2)) == "2026-01-02T00:00:00Z"


def test_a_response_model() -> None:
    """It is built from our own names or from an object's attributes, and refuses what it does not know."""

    class Shown(ResponseModel):
        run_id: str

    class Found(BaseModel):
        run_id: str = "r"

    assert shown(Shown(run_id="r")) == shown(Shown.model_validate(Found())) == {"runId": "r"}
    with pytest.raises(ValueError, match="Extra inputs"):
        Shown.model_validate({"run_id": "r", "other": 1})


def test_the_document_describes_what_is_shown() -> None:
    """The published schema fits an automation as it is shown, and refuses one in the sidecar's spelling."""
    parts = openapi.document(app)["components"]["schemas"]
    whole = {"$ref": "#/components/schemas/Automation", "components": {"schemas": parts}}
    made = automation(arguments={"q": Argument.frozen(1)}, params={"a_b": Param(default=1)}, timeout_seconds=5)

    Draft202012Validator.check_schema(whole)
    assert not list(Draft202012Validator(whole).iter_errors(shown(made)))
    assert list(Draft202012Validator(whole).iter_errors(made.model_dump(mode="json")))


def test_every_name_in_the_document_is_camel_case() -> None:
    """No model of the API keeps a name with an underscore, in requests or answers."""
    parts = openapi.document(app)["components"]["schemas"]

    assert len(parts) > 50
    assert not [(model, name) for model, part in parts.items() for name in part.get("properties", {}) if "_" in name]
