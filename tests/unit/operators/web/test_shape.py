"""A body that does not match its shape is reported with the place, and is never shown in full."""

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
    """Additional fields, another kind of number, and a value instead of a recorded null match the shape."""
    http_shape.check("GET /", {**RECORDED, **change}, SHAPE, wrote=False)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({**RECORDED, "id": "7"}, r"\$\.id must be of type number, but is of type string: '7'\."),
        ({**RECORDED, "id": True}, r"\$\.id must be of type number, but is of type boolean: True\."),
        ({**RECORDED, "name": None}, r"\$\.name must be of type string, but is of type null: None\."),
        (
            {**RECORDED, "items": [{"price": 1, "tags": []}, {}]},
            r"\$\.items\[1\] lacks price, tags; it has nothing\.",
        ),
        ({"id": 1}, r"\$ lacks name, items, note, token; it has id\."),
        ([], r"\$ must be of type object, but is of type array: \[\]\."),
        ("<html>" + "x" * 500, r"\$ must be of type object, but is of type string: '<html>x{73}…\.$"),
        (b"\x00", r"is of type binary"),
        ({**RECORDED, "token": {"value": "s3cr3t-of-now"}}, r"\$\.token .* but is of type object: [^n]*$"),
        ({**RECORDED, "items": "two\nlines"}, r"'two\\nlines'"),
    ],
)
def test_what_does_not_pass(body: Any, message: str) -> None:
    """The message has the place, the expected type and a short excerpt of the value, without its secrets."""
    with pytest.raises(AirflowFailException, match=message) as raised:
        http_shape.check("GET /", body, SHAPE, wrote=False)
    assert "took place" not in str(raised.value)
    assert "s3cr3t" not in str(raised.value)
    assert len(str(raised.value)) < 400


def test_a_write_took_place() -> None:
    """The message says so, to keep the reader from sending the write again by mistake."""
    with pytest.raises(AirflowFailException, match="The write took place"):
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
    """A shape that cannot be checked, or could fetch or compute something, is refused before the request is sent."""
    with pytest.raises(NothingSent, match="expected_shape is not valid at"):
        http_shape.check_schema(schema)


def test_integer_and_number_are_one_type() -> None:
    """A shape with ``integer`` matches any number, but no boolean."""
    http_shape.check("GET /", 1.5, {"type": "integer"}, wrote=False)
    http_shape.check("GET /", 1, {"type": ["null", "number"]}, wrote=False)
    with pytest.raises(AirflowFailException, match="must be of type integer, but is of type boolean"):
        http_shape.check("GET /", True, {"type": "integer"}, wrote=False)
