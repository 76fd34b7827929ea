"""Specs are written as JSON data without pydantic's serializer, with the same result."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from airflow_provider_vai.model.argument import Argument, Output, Undecided, Wire
from airflow_provider_vai.model.automation import Automation, Recorded
from airflow_provider_vai.model.base import Spec
from airflow_provider_vai.model.sidecar import parse_sidecar
from tests.unit.model.test_refusals import step

SIDECARS = sorted((Path(__file__).parents[2] / "golden").rglob("*.vai.json"))


@pytest.mark.parametrize("path", SIDECARS, ids=lambda path: path.name)
def test_goldens_are_written_as_pydantic_writes_them(path: Path) -> None:
    """Values, names and the order of keys are the same, for the whole sidecar and for its spec."""
    sidecar = parse_sidecar(path.read_bytes(), str(path))
    spec = sidecar.model_dump(mode="json", include=set(Automation.model_fields))

    assert json.dumps(sidecar.json_data()) == json.dumps(sidecar.model_dump(mode="json"))
    assert json.dumps(sidecar.spec()) == json.dumps(spec) == json.dumps(sidecar.automation.spec())


@pytest.mark.parametrize(
    "argument",
    [
        Argument(class_="frozen", value=None),
        Argument(class_="frozen", value={"a": [1, 1.5, -0.0, 1e300, True, None, ("x", 2)]}, undecided=[]),
        Argument(class_="frozen", value={"a": 1}, undecided=[Undecided(at=["a"], code="flag")]),
        Argument(class_="wired", from_=Output(step="one", path=["a", 0]), evidence=["because"]),
        Argument(class_="wired", value=[None], wires=[Wire(at=[0], param="day")], origin="user"),
        Argument(class_="frozen", value=datetime(2026, 1, 2, tzinfo=timezone.utc)),
        Argument(class_="frozen", value=Output(step="one")),
    ],
)
def test_arguments_are_written_as_pydantic_writes_them(argument: Argument) -> None:
    """Fields that were not set are left out, and a value that is no JSON data is converted."""
    assert json.dumps(argument.json_data()) == json.dumps(argument.model_dump(mode="json"))


def test_values_are_copied() -> None:
    """A change of the written data does not change the model."""
    argument = Argument(class_="frozen", value={"a": [1]})
    argument.json_data()["value"]["a"].append(2)
    assert argument.value == {"a": [1]}


def test_every_field_is_written() -> None:
    """A model without optional fields writes all of them."""

    class Point(Spec):
        x: int = 0
        class_: Any = None

    assert Point().json_data() == {"x": 0, "class": None} == Point().model_dump(mode="json")


@pytest.mark.parametrize(
    "argument",
    [
        Argument.frozen([1]),
        Argument(class_="wired", from_=Output(step="one", path=["a", 0]), evidence=["because"]),
        Argument(class_="wired", value=[None], wires=[Wire(at=[0], param="day")], origin="user"),
    ],
)
def test_a_changed_copy_is_that_of_pydantic(argument: Argument) -> None:
    """The copy has the same fields and knows which of them were set; the original stays as it was."""
    before = argument.model_copy(deep=True)
    fields: dict[str, Any] = {"value": {"b": 2}, "undecided": [Undecided(at=["b"], code="flag")], "origin": None}
    made, expected = argument.changed(**fields), argument.model_copy(update=fields)

    assert made == expected
    assert made.model_fields_set == expected.model_fields_set
    assert made.model_dump_json() == expected.model_dump_json()
    assert made.changed() == made.model_copy() == made
    assert argument == before
    with pytest.raises(ValidationError):
        made.value = 1


def test_frozen_arguments_are_valid_and_apart() -> None:
    """An argument that is made without validation is equal to one with it, and another one does not change it."""
    one, other = Argument.frozen("a"), Argument.frozen({"b": [1]})

    assert one == Argument(class_="frozen", value="a")
    assert one.model_fields_set == Argument(class_="frozen", value="a").model_fields_set
    assert (one.value, other.value) == ("a", {"b": [1]})


def test_what_several_steps_have_is_one_object() -> None:
    """An argument or a result's shape that several steps share is one object of data, marked as repeated."""
    shape = {"type": "object", "properties": {"id": {"type": "string"}}}
    steps = []
    for key, other in (("one", 1), ("two", 2)):
        recorded = Recorded.model_construct(result_sha256=key, result_schema=shape)
        arguments = {"conn_id": Argument.frozen("crm"), "arguments": Argument.frozen({"x": other})}
        steps.append(step(key).model_copy(update={"recorded": recorded, "arguments": arguments}))
    automation = Automation(dag_id="a", source_type="MANUAL", steps=steps)
    one, two = automation.json_data()["steps"]

    assert json.dumps(automation.json_data()) == json.dumps(automation.model_dump(mode="json"))
    assert one["arguments"]["conn_id"] is two["arguments"]["conn_id"]
    assert one["recorded"]["result_schema"] is two["recorded"]["result_schema"]
    assert one["arguments"]["conn_id"].again
    assert one["recorded"]["result_schema"].again
    assert not any(written["arguments"]["arguments"].again for written in (one, two))


def test_a_short_text_is_one_argument() -> None:
    """It is the same one for all steps; a long text, and a value that can be changed, is a new one each time."""
    assert Argument.frozen("crm") is Argument.frozen("crm") == Argument(class_="frozen", value="crm")
    for value in ("x" * 1000, ["crm"], {"a": 1}, 1, True, None):
        assert Argument.frozen(value) is not Argument.frozen(value)
        assert Argument.frozen(value) == Argument(class_="frozen", value=value)
