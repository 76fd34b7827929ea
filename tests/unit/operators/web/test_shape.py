"""An answer of another shape is told with its place, and never shown whole."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.languages.json_shape import expected_shape
from airflow_provider_vai.operators.runtime.compat import AirflowFailException
from airflow_provider_vai.operators.runtime.errors import NothingSent
from airflow_provider_vai.operators.web import shape as http_shape

RECORDED = {"id": 1, "name": "x", "items": [{"price": 1.5, "tags": ["a"]}], "note": None, "token": "s3cr3t-of-then"}
SHAPE = expected_shape(RECORDED)


@pytest.mark.parametrize(
    "change",
    [
        {"id": 1.5},
        {"more": "fields"},
        {"note": "text"},
        {"items": []},
        {"items": [{"price": 2, "tags": [], "x": None}]},
    ],
)
def test_what_passes(change: dict[str, Any]) -> None:
    """More fields, another kind of number, and a value where null was recorded are no other shape."""
    http_shape.check("GET /", {**RECORDED, **change}, SHAPE, wrote=False)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({**RECORDED, "id": "7"}, r"\$\.id is to be of type number, and is of type string: '7'\."),
        ({**RECORDED, "id": True}, r"\$\.id is to be of type number, and is of type boolean: True\."),
        ({**RECORDED, "name": None}, r"\$\.name is to be of type string, and is of type null: None\."),
        (
            {**RECORDED, "items": [{"price": 1, "tags": []}, {}]},
            r"\$\.items\[1\] lacks price, tags; it has nothing\.",
        ),
        ({"id": 1}, r"\$ lacks name, items, note, token; it has id\."),
        ([], r"\$ is to be of type object, and is of type array: \[\]\."),
        ("<html>" + "x" * 500, r"\$ is to be of type object, and is of type string: '<html>x{73}…\.$"),
        (b"\x00", r"is of type binary"),
        ({**RECORDED, "token": {"value": "s3cr3t-of-now"}}, r"\$\.token .* and is of type object: [^n]*$"),
        ({**RECORDED, "items": "two\nlines"}, r"'two\\nlines'"),
    ],
)
def test_what_does_not_pass(body: Any, message: str) -> None:
    """The place, what was expected, and a short excerpt of what came, without its secrets."""
    with pytest.raises(AirflowFailException, match=message) as raised:
        http_shape.check("GET /", body, SHAPE, wrote=False)
    assert "took place" not in str(raised.value)
    assert "s3cr3t" not in str(raised.value)
    assert len(str(raised.value)) < 400


def test_a_write_took_place() -> None:
    """Whoever reads the message does not send the write again by mistake."""
    with pytest.raises(AirflowFailException, match="The request itself took place"):
        http_shape.check("POST /", 1, SHAPE, wrote=True)


@pytest.mark.parametrize(
    "schema",
    [
        [],
        {"type": "text"},
        {"type": []},
        {"$ref": "http://example.invalid/schema"},
        {"properties": {"a": {"pattern": "(a+)+$"}}},
        {"required": "a"},
        {"items": [{}]},
    ],
)
def test_schemas_that_are_not_understood(schema: Any) -> None:
    """A shape that could not be checked, or that fetches or computes, is refused before anything is sent."""
    with pytest.raises(NothingSent, match="expected_shape is not understood at"):
        http_shape.check_schema(schema)


def test_integer_and_number_are_one_type() -> None:
    """A shape that says integer takes any number, and never a boolean."""
    http_shape.check("GET /", 1.5, {"type": "integer"}, wrote=False)
    http_shape.check("GET /", 1, {"type": ["null", "number"]}, wrote=False)
    with pytest.raises(AirflowFailException, match="to be of type integer, and is of type boolean"):
        http_shape.check("GET /", True, {"type": "integer"}, wrote=False)
