"""A param's default and its JSON Schema."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.model.param_default import default_problem, fits, is_required

TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("default", "schema", "problem"),
    [
        ("EU", TEXT, None),
        (None, TEXT, None),  # whoever starts a run gives it
        (7, {}, None),
        (7, TEXT, "the default 7 does not fit the schema (type)"),
        ("2026-02-30", {"type": "string", "format": "date"}, "does not fit the schema (format)"),
        (None, {"type": "colour"}, "the schema is not a JSON Schema: 'colour' is not valid"),
        ("EU", {"$ref": "http://127.0.0.1:9/x"}, "the schema cannot be used"),
    ],
)
def test_a_default(default: Any, schema: dict[str, Any], problem: str | None) -> None:
    """No default fits every schema; nothing is fetched for one."""
    found = default_problem(default, schema)

    assert (found is None) == (problem is None)
    assert (problem or "") in (found or "")


def test_a_value_may_be_null() -> None:
    """As a value, unlike as a default, null has to fit."""
    assert [fits(value, TEXT) for value in ("EU", None, 7)] == [True, False, False]
    assert fits(None, {})


@pytest.mark.parametrize(
    ("default", "schema", "required"),
    [("EU", TEXT, False), (None, TEXT, True), (None, {"type": ["string", "null"]}, False), (None, {}, False)],
)
def test_a_required_param(default: Any, schema: dict[str, Any], required: bool) -> None:
    """A run cannot start without its value."""
    assert is_required(default, schema) is required
