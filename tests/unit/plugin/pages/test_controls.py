"""Form fields of values: what was there comes back as it was, and only what a person changed is written."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from airflow_provider_vai.authoring.specs import values
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.plugin.pages.controls import Control, changes, controls, digests
from airflow_provider_vai.plugin.pages.forms import PageForm
from airflow_provider_vai.secrets.masking import mask

SCHEMA = {
    "properties": {
        "sql": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "name": {"type": "string"},
        "count": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "method": {"enum": ["GET", "POST"]},
        "flag": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
        "json": {},
        "keys": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
        "mixed": {"anyOf": [{"type": "integer"}, {"type": "array"}]},
    },
    "required": ["name"],
}
TOKEN = "ghp_" + "a1B2" * 9


def shown(**given: Any) -> list[Control]:
    """Return the fields for values as a spec contains them."""
    arguments = {name: values.argument(values.read(value, [])) for name, value in given.items()}
    return controls(SCHEMA, list(SCHEMA["properties"]), arguments)


def one(name: str, value: Any) -> Control:
    """Return the field for one value."""
    return next(control for control in shown(**{name: value}) if control.name == name)


def sent(fields: list[Control], **typed: str) -> PageForm:
    """Return the form as a browser sends it after a person typed something; ``_`` stands for the colon."""
    texts = {name: text for control in fields for name, text in control.texts().items()}
    texts |= {name.replace("_", ":", 1): text for name, text in typed.items()}
    texts["was"] = str(digests(fields))
    return PageForm(urlencode(texts).encode(), tuple(texts.items()))


@pytest.mark.parametrize(
    ("name", "value", "shape", "source", "text"),
    [
        ("sql", "SELECT 1", "text", "fixed", "SELECT 1"),
        ("name", "x", "line", "fixed", "x"),
        ("name", "a\nb", "text", "fixed", "a\nb"),
        ("name", "zero\u200bwidth", "text", "fixed", "zero\u200bwidth"),
        ("name", "a\r\nb\rc", "text", "fixed", "a\nb\nc"),
        ("name", 5, "json", "fixed", "5"),
        ("keys", ["a", "b c"], "lines", "fixed", "a\nb c"),
        ("keys", ["a\nb"], "json", "fixed", '[\n  "a\\nb"\n]'),
        ("keys", [" a"], "json", "fixed", '[\n  " a"\n]'),
        ("keys", ["a", 1], "json", "fixed", '[\n  "a",\n  1\n]'),
        ("count", 3, "number", "fixed", "3"),
        ("method", "GET", "choice", "fixed", "GET"),
        ("method", "BREW", "choice", "fixed", "BREW"),
        ("flag", True, "choice", "fixed", "true"),
        ("json", {"a": "ü"}, "json", "fixed", '{\n  "a": "ü"\n}'),
        ("mixed", [1], "json", "fixed", "[\n  1\n]"),
        ("name", {"$param": ["region"]}, "line", "param", "region"),
        ("name", {"$param": ["order", "id"]}, "line", "spec", '{\n  "$param": [\n    "order",\n    "id"\n  ]\n}'),
        ("sql", {"$template": "{{ ds }}"}, "text", "template", "{{ ds }}"),
        ("count", {"$derive": "count(wired('look'))"}, "number", "derive", "count(wired('look'))"),
        ("name", {"$from": ["look"]}, "line", "spec", '{\n  "$from": [\n    "look"\n  ]\n}'),
        ("name", {"$secret": "pager"}, "line", "spec", '{\n  "$secret": "pager"\n}'),
        ("json", {"$literal": {"$from": 1}}, "json", "fixed", '{\n  "$from": 1\n}'),
    ],
)  # fmt: skip
def test_what_is_shown(name: str, value: Any, shape: str, source: str, text: str) -> None:
    """The field fits the schema and the value, and an untouched form changes nothing."""
    control = one(name, value)

    assert (control.shape, control.source, control.value or control.given) == (shape, source, text)
    assert control.editable
    fields = shown(**{name: value})
    assert changes(sent(fields), fields) == ({}, [])


@pytest.mark.parametrize(
    ("before", "typed", "expected"),
    [
        ({"sql": "a"}, {"value_sql": "b"}, {"sql": {"$literal": "b"}}),
        ({"sql": "a"}, {"value_sql": ""}, {"sql": {"$literal": ""}}),
        ({"sql": "a"}, {"from_sql": "param", "given_sql": " region "}, {"sql": {"$param": ["region"]}}),
        ({"sql": "a"}, {"from_sql": "wire", "given_sql": "look.rows.0"}, {"sql": {"$from": ["look", "rows", 0]}}),
        ({"sql": "a"}, {"from_sql": "template", "given_sql": "{{ ds }}\n"}, {"sql": {"$template": "{{ ds }}\n"}}),
        ({"sql": "a"}, {"from_sql": "derive", "given_sql": "count(x)"}, {"sql": {"$derive": "count(x)"}}),
        ({"sql": "a"}, {"from_sql": "secret", "given_sql": "pager"}, {"sql": {"$secret": "pager"}}),
        ({"json": 1}, {"from_json": "spec", "given_json": '{"a": {"$item": []}}'}, {"json": {"a": {"$item": []}}}),
        ({"json": 1}, {"value_json": '{"$from": ["x"]}'}, {"json": {"$literal": {"$from": ["x"]}}}),
        ({"count": 3}, {"value_count": "4"}, {"count": {"$literal": 4}}),
        ({}, {"value_count": "0.5"}, {"count": {"$literal": 0.5}}),
        ({}, {"value_flag": "false"}, {"flag": {"$literal": False}}),
        ({}, {"value_method": "POST"}, {"method": {"$literal": "POST"}}),
        ({"name": {"$param": ["p"]}}, {"from_name": "fixed", "value_name": "x"}, {"name": {"$literal": "x"}}),
        ({"sql": "a"}, {"given_sql": "only typed, not chosen"}, {}),
    ],
)  # fmt: skip
def test_what_is_written(before: dict[str, Any], typed: dict[str, str], expected: dict[str, Any]) -> None:
    """What a person changed, as a spec contains it; the other values are left alone."""
    fields = shown(**before)

    assert changes(sent(fields, **typed), fields) == (expected, [])


@pytest.mark.parametrize(
    ("before", "typed", "unset"),
    [
        ({"sql": "a"}, {"from_sql": "unset"}, ["sql"]),
        ({}, {"from_sql": "unset"}, []),
        ({"count": 3}, {"value_count": ""}, ["count"]),
        ({"flag": True}, {"value_flag": ""}, ["flag"]),
        ({"json": {}}, {"value_json": ""}, ["json"]),
    ],
)
def test_what_is_unset(before: dict[str, Any], typed: dict[str, str], unset: list[str]) -> None:
    """An emptied field is not a value, except for text."""
    fields = shown(**before)

    assert changes(sent(fields, **typed), fields) == ({}, unset)


@pytest.mark.parametrize(
    "typed",
    [
        {"value_count": "many"},
        {"value_count": "true"},
        {"value_json": "{"},
        {"value_json": "[" * 100_000},
        {"from_sql": "param"},
        {"from_sql": "nonsense", "given_sql": "x"},
        {"from_sql": "spec", "given_sql": "x"},
    ],
)
def test_what_is_refused(typed: dict[str, str]) -> None:
    """The error names the field."""
    fields = shown()
    with pytest.raises(SpecError) as caught:
        changes(sent(fields, **typed), fields)

    assert caught.value.where.startswith(next(iter(typed)).split("_")[1])


def test_a_stale_form_leaves_others_alone() -> None:
    """A form that is applied to a newer state writes what its author changed, and no old value of another field."""
    old = shown(sql="a", name="x")
    new = shown(sql="a", name="changed by somebody else")

    assert changes(sent(old, value_sql="b"), new) == ({"sql": {"$literal": "b"}}, [])


def test_credentials_are_not_shown() -> None:
    """They would be shown masked, and saved so."""
    assert not one("sql", f"SELECT '{TOKEN}'").editable
    fields = shown(sql=f"SELECT '{TOKEN}'")
    assert changes(sent(fields, value_sql="x"), fields) == ({}, [])
    assert not one("json", {"a": TOKEN}).editable


def test_the_digests_look_like_no_credential() -> None:
    """The hidden field would be masked, and each field would count as changed."""
    for kind in by_name().values():
        arguments = {name: Argument.frozen("x") for name in kind.written_names}
        text = str(digests(controls(kind.arguments.model_json_schema(), kind.written_names, arguments)))
        assert mask(text) == text


@pytest.mark.parametrize("kind", by_name().values(), ids=lambda kind: kind.name)
def test_every_kind_has_fields(kind: Any) -> None:
    """The names in the JSON schema are those of the arguments."""
    schema = kind.arguments.model_json_schema()

    assert set(schema.get("properties", {})) == set(kind.written_names)
