"""The JSON Schema that is derived from a recorded answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.languages.json_shape import PROPERTIES, expected_shape

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=5),
    max_leaves=60,
)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (None, {}),
        (1, {"type": "number"}),
        (True, {"type": "boolean"}),
        ([], {"type": "array"}),
        ({}, {"type": "object"}),
        (
            {"id": 7, "note": None},
            {"type": "object", "properties": {"id": {"type": "number"}, "note": {}}, "required": ["id", "note"]},
        ),
        (
            [{"a": 1, "b": "x"}, {"a": "y"}, None],
            {
                "type": "array",
                "items": {
                    "type": ["null", "object"],
                    "properties": {"a": {"type": ["number", "string"]}, "b": {"type": "string"}},
                    "required": ["a"],
                },
            },
        ),
    ],
)
def test_shapes(value: Any, shape: dict[str, Any]) -> None:
    """Properties are required, shapes of items are merged, and null and empty lists do not restrict anything."""
    assert expected_shape(value) == shape


def test_depth_and_size_are_bounded() -> None:
    """Deeper levels and additional properties are cut; properties that every object has come first."""
    assert expected_shape({"a": {"b": {"c": {"d": 1}}}}, depth=1) == {
        "type": "object",
        "properties": {"a": {"type": "object"}},
        "required": ["a"],
    }
    wide = [{**{f"x{n}_{row}": 1 for n in range(100)}, "id": 1} for row in range(2)]
    items = expected_shape(wide)["items"]

    assert len(items["properties"]) == PROPERTIES
    assert items["required"] == ["id"]


@given(values)
def test_a_value_has_its_own_shape(value: Any) -> None:
    """A recorded value matches the schema that is derived from it."""
    from airflow_provider_vai.operators.web import shape as http_shape

    shape = expected_shape(value)
    http_shape.check_schema(shape)
    http_shape.check("GET /", value, shape, wrote=False)


@given(values)
def test_every_shape_is_small(value: Any) -> None:
    """No answer, however large, results in a large schema in a DAG file."""

    def count(shape: dict[str, Any]) -> int:
        parts = [*shape.get("properties", {}).values(), *([shape["items"]] if "items" in shape else [])]
        return len(shape.get("properties", {})) + sum(map(count, parts))

    assert count(expected_shape([value, {f"k{n}": value for n in range(50)}])) <= PROPERTIES
