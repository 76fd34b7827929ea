"""What a browser changes by itself is not an edit; a real edit is checked and recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.operators.arguments import ConnectionSecret
from airflow_provider_vai.sensors import approval_form
from airflow_provider_vai.sensors.approval_form import InvalidEdit, changed, fields, form, note

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def through_a_browser(value: Any) -> Any:
    """Return what a JavaScript form sends for an untouched field: each number is a double, 1.0 is written as 1."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        try:
            number = float(value)
        except OverflowError:
            return value
        return int(number) if number.is_integer() and abs(number) < 1e21 else number
    if isinstance(value, dict):
        return {key: through_a_browser(part) for key, part in value.items()}
    return [through_a_browser(part) for part in value]


def parsed_by_the_form(value: Any) -> Any:
    """Return what Airflow's form sends for a text default that looks like JSON."""
    if not isinstance(value, str):
        return through_a_browser(value)
    try:
        return through_a_browser(json.loads(value))
    except ValueError:
        return value


def one(value: Any, schema: dict[str, Any] | None = None) -> list[approval_form.Field]:
    """Return a form of one field."""
    return fields({"x": schema or {}}, {"a": {"x": value}})


@given(JSON)
def test_an_untouched_field_is_no_edit(value: Any) -> None:
    """A value that nobody touched keeps its value and type, whatever the browser sends."""
    assert changed(one(value), {"x": parsed_by_the_form(value)}) == {}
    assert changed(one(value), {}) == {}


@given(JSON)
def test_a_text_that_is_json_is_no_edit(value: Any) -> None:
    """A text field with JSON in it comes back parsed, and still counts as unchanged."""
    text = json.dumps(value)

    assert changed(one(text, {"type": "string"}), {"x": parsed_by_the_form(text)}) == {}


@pytest.mark.parametrize(
    ("before", "schema", "sent", "after"),
    [
        (5, {"type": "integer"}, 7, 7),
        (5, {"type": "integer"}, "7", 7),
        (5, {}, "7.5", 7.5),
        (None, {"type": ["number", "null"]}, "7", 7),
        (None, {}, "7", "7"),
        ("5", {"type": ["string", "null"]}, "7", "7"),
        ([1], {"type": "array"}, "[1, 2]", [1, 2]),
        ("a", {"type": "string"}, "b", "b"),
        ("5", {"type": "string"}, 7, "7"),
        ('{"a": 1}', {"type": "string"}, {"a": 2}, '{"a": 2}'),
        ({"a": 1}, {"type": "object"}, {"a": 2}, {"a": 2}),
        (True, {"type": "boolean"}, False, False),
        ("a", {"type": ["string", "null"]}, None, None),
        (1, {}, True, True),
    ],
)
def test_an_edit_is_one(before: Any, schema: dict[str, Any], sent: Any, after: Any) -> None:
    """A different value is an edit, recorded with the values before and after."""
    assert changed(one(before, schema), {"x": sent}) == {"a": {"x": {"from": before, "to": after}}}


@pytest.mark.parametrize("value", [5, 1.0, True, [1, {"a": None}]])
def test_a_number_that_comes_back_as_text_is_no_edit(value: Any) -> None:
    """Airflow 3.1.0 sends numbers as text."""
    assert changed(one(value), {"x": json.dumps(value)}) == {}


@pytest.mark.parametrize(
    ("schema", "sent"),
    [
        ({"type": "integer"}, "1.5"),
        ({"type": "integer"}, '"7"'),
        ({"type": "integer"}, "x"),
        ({"type": "integer"}, 1.5),
        ({"type": "number", "maximum": 10}, 11),
        ({"enum": [5, 6]}, 7),
        ({"type": "string", "format": "date"}, "tomorrow"),
    ],
)
def test_what_the_schema_refuses(schema: dict[str, Any], sent: Any) -> None:
    """A value that does not match its field's schema is refused, and the message names the field."""
    with pytest.raises(InvalidEdit, match=r"^x: "):
        changed(one(5, schema), {"x": sent})


def test_a_field_that_is_not_there() -> None:
    """A form cannot set an argument that it did not offer."""
    with pytest.raises(InvalidEdit, match="no field 'y'"):
        changed(one(5), {"y": 1})


@pytest.mark.parametrize(
    "value",
    [
        ConnectionSecret("bank"),
        {"deep": [ConnectionSecret("bank")]},
        {
            "artifact": "json",
            "path": "p",
            "sha256": "0",
            "bytes": 1,
            "rows": None,
            "columns": None,
            "preview": None,
        },
    ],
)
def test_what_cannot_be_edited(value: Any) -> None:
    """A credential and a large earlier result are not shown in a form."""
    with pytest.raises(LookupError, match="'x' contains a credential"):
        one(value)


def test_several_steps_need_their_names() -> None:
    """If a gate guards two steps, a field must name its step."""
    both = {"a": {"x": 1}, "b": {"x": 2}}

    assert [field.task_id for field in fields({"b:x": {}}, both)] == ["b"]
    with pytest.raises(LookupError, match="task_id:argument"):
        fields({"x": {}}, both)


@pytest.mark.parametrize("value", [None, 5, "a", [1]])
def test_a_value_that_comes_back_as_its_own_description_is_no_edit(value: Any) -> None:
    """Airflow 3.1 sends the whole description of a field whose value is null, and 3.1.0 that of any untouched field."""
    (field,) = one(value, {"type": ["string", "null"]} if value is None else {})

    assert changed([field], {"x": field.shown()}) == {}


def test_the_form_is_made_of_params() -> None:
    """Each field is a serialized Airflow param, and there is always a note."""
    from airflow.sdk import Param

    made = form(one(5, {"type": "integer", "minimum": 0}))

    assert list(made) == ["x", "note"]
    for field in made.values():
        assert set(field) >= set(Param(1).serialize())  # Airflow 3.1.0 has no source
        Param(field["value"], schema=field["schema"]).resolve()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [({}, None), ({"note": None}, None), ({"note": "  "}, None), ({"note": " no "}, "no"), ({"note": 5}, None)],
)
def test_the_note(sent: dict[str, Any], kept: str | None) -> None:
    """A note is text; an empty one counts as missing."""
    assert note(sent) == kept


TYPED = [
    ("a", {"type": "string"}, "b", "b"),
    ("a\r\nb", {"type": "string"}, "a\nb", "a\r\nb"),
    ("1", {"type": "string"}, "2", "2"),
    (5, {"type": "integer"}, "7", 7),
    (5, {"type": "integer"}, "5", 5),
    (None, {"type": ["null", "string"]}, "", None),
    (None, {"type": ["null", "integer"]}, "", None),
    ([1], {"type": "array"}, "[1, 2]", [1, 2]),
    ({"a": "é"}, {}, '{"a": "ü"}', {"a": "ü"}),
    (True, {"type": "boolean"}, "false", False),
]


@pytest.mark.parametrize(("own", "schema", "text", "value"), TYPED)
def test_what_a_person_types(own: Any, schema: dict[str, Any], text: str, value: Any) -> None:
    """A text stays text, anything else is JSON, and what nobody touched stays what it was."""
    field = approval_form.Field("x", "a", "x", schema, own)

    assert approval_form.typed(field, text) == value
    assert approval_form.typed(field, approval_form.as_typed(own).replace("\r\n", "\n")) == own


@pytest.mark.parametrize(
    ("schema", "text"), [({"type": "integer"}, "seven"), ({"maximum": 9}, "10"), ({}, "NaN"), ({}, "[" * 10**5)]
)
def test_what_cannot_be_typed(schema: dict[str, Any], text: str) -> None:
    """The message names the field."""
    with pytest.raises(approval_form.InvalidEdit, match=r"^json\.amount: "):
        approval_form.typed(approval_form.Field("json.amount", "a", "json.amount", schema, 5), text)
