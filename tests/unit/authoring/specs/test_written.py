"""An argument that is written as a spec contains it is read back as the same argument."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.authoring.specs import values
from airflow_provider_vai.authoring.specs.written import is_exact, spec_value
from airflow_provider_vai.model.argument import Argument, Output, Secret, Wire

SPEC_VALUES = [
    1,
    "text",
    None,
    [1, {"a": None}],
    {"$from": ["look", "rows", 0, "[name=Spotify]"]},
    {"$item": ["id"]},
    {"$param": ["region"]},
    {"$param": ["order", "id"]},
    {"$template": "{{ ds }}"},
    {"$derive": "count(wired('look', 'rows'))"},
    {"$secret": "pager"},
    {"a": {"$from": ["look"]}, "b": [{"$param": ["x"]}, {"$template": "{{ ds }}"}, {"$secret": "vault"}]},
    {"$literal": {"$from": ["x"]}},
    {"a": {"$literal": {"$fron": 1}}, "b": {"$item": []}},
]


@pytest.mark.parametrize("value", SPEC_VALUES, ids=str)
def test_written_and_read(value: Any) -> None:
    """What a spec says comes out as the spec said it."""
    argument = values.argument(values.read(value, []))

    assert spec_value(argument) == value
    assert is_exact(argument)


def test_data_that_looks_like_a_reference_around_a_wire() -> None:
    """A spec cannot say this, so it is not offered for editing."""
    argument = Argument(class_="wired", value={"$from": None}, wires=[Wire(at=["$from"], from_=Output(step="look"))])

    assert not is_exact(argument)


def test_a_lost_place() -> None:
    """A wire to a place that is not there does not keep the rest from being shown."""
    argument = Argument(class_="frozen", value={"a": 1}, secrets=[Secret(at=["x", "y"], connection="c")])

    assert spec_value(argument) == {"a": 1}
    assert not is_exact(argument)
