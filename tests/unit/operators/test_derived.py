"""Derived values as a DAG file writes them."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages import derivation
from airflow_provider_vai.operators import derived
from airflow_provider_vai.operators.arguments import (
    argument,
    as_argument,
    connection_secret,
    item,
    parameter,
    template,
    wired,
)
from airflow_provider_vai.operators.derived import Derived, argument_of, part
from airflow_provider_vai.operators.runtime.errors import NothingSent

ROWS = [
    {"month": "2025-11", "revenue": 100, "region": "north"},
    {"month": "2025-12", "revenue": 296.5, "region": "south"},
]
NAMES = {
    **{name: getattr(derived, name) for name in derivation.FUNCTIONS},
    "argument_of": argument_of, "wired": wired, "parameter": parameter, "item": item, "template": template,
}  # fmt: skip


class Task(SimpleNamespace):
    """A stand-in for a task in a run, with an element and a renderer of templates."""

    template_fields = ("json", "query")
    item = 7

    def render_template(self, text: str, context: Any) -> str:
        """Return the text with the run's date in it."""
        return text.replace("{{ ds }}", "2026-01-31")


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the context of a run in which each step returned :data:`ROWS`."""
    monkeypatch.setattr("airflow_provider_vai.operators.arguments.result_of", lambda task, context: {"rows": ROWS})
    return {"task": Task(task_id="send"), "params": {"region": "south", "limit": 200}}


rows = wired("query", "rows")
best = derived.largest(rows, by="revenue")
EXPRESSIONS: list[tuple[Any, str, Any]] = [
    (derived.total(rows, "revenue"), "total(wired('query', 'rows'), 'revenue')", 396.5),
    (best["month"], "largest(wired('query', 'rows'), by='revenue')['month']", "2025-12"),
    (part(wired("query"), "rows", 0, "month"), "part(wired('query'), 'rows', 0, 'month')", "2025-11"),
    (
        derived.where(rows, region=parameter("region"), revenue=derived.over(parameter("limit"))),
        "where(wired('query', 'rows'), region=parameter('region'), revenue=over(parameter('limit')))",
        ROWS[1:],
    ),
    (derived.where(rows, revenue=derived.over(200)), "where(wired('query', 'rows'), revenue=over(200))", ROWS[1:]),
    (
        derived.text("{m}: {n} of {a}", m=derived.month_of(best["month"]), n=derived.count(rows), a=item()),
        "text('{m}: {n} of {a}', m=month_of(largest(wired('query', 'rows'), by='revenue')['month']),"
        " n=count(wired('query', 'rows')), a=item())",
        "December 2025: 2 of 7",
    ),
    (derived.month_of(template("{{ ds }}"), "%B"), "month_of(template('{{ ds }}'), '%B')", "January"),
    (
        derived.project(rows, "month", **{"order total": "revenue"})[0],
        "project(wired('query', 'rows'), 'month', **{'order total': 'revenue'})[0]",
        {"month": "2025-11", "order total": 100},
    ),
    (derived.joined((parameter("region"), "x")), "joined([parameter('region'), 'x'])", "south, x"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "text", "value"), EXPRESSIONS, ids=[text for _, text, _ in EXPRESSIONS])
def test_expressions(expression: Derived, text: str, value: Any, context: Any) -> None:
    """An expression shows its source, is resolved in a run, and its source gives the same expression again."""
    assert repr(expression) == text
    assert expression.serialize() == {"derived": text}
    assert expression.resolve(context) == value
    assert eval(text, NAMES).tree == expression.tree
    assert json.loads(json.dumps(expression.tree)) == expression.tree


def test_without_a_reference_there_is_a_value() -> None:
    """What is known when the file is parsed is computed at once."""
    assert derived.total([{"n": 1}, {"n": 2}], "n") == 3
    assert derived.text("{a}", a=5) == "5"
    with pytest.raises(DerivationError, match="expected a list"):
        derived.count("abc")  # type: ignore[arg-type]


def test_wrong_calls_fail_when_the_file_is_parsed() -> None:
    """Missing and unknown arguments, other objects and passwords are refused before anything runs."""
    with pytest.raises(TypeError, match="missing a required argument: 'field'"):
        derived.total(rows)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'column'"):
        derived.total(rows, "revenue", column="x")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"total\(\) cannot work with a set"):
        derived.total(rows, {1})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a connection's password"):
        derived.text("{a}", a=connection_secret("bank"))
    with pytest.raises(TypeError, match="cannot iterate"):
        list(best)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (derived.only(rows), r"json\.a\.0: only: found 2 items instead of one; the value is only\(wired\('query'"),
        (derived.total(wired("query", "gone"), "n"), r"wired: the step 'query' has no 'gone' at the top level"),
        (derived.text("{a}", a=parameter("gone")), "parameter: the DAG has no param 'gone'"),
        (derived.over(parameter("limit")), "over is a condition for where"),
    ],
)
def test_a_failure_names_the_place(expression: Any, message: str, context: Any) -> None:
    """The task fails without a retry; the message names the place, the function, what was found, and the remedy."""
    given = argument({"a": [expression]})
    context["task"].json = given
    with pytest.raises(NothingSent, match=message) as caught:
        given.resolve(context)
    assert "Nothing was sent." in str(caught.value)
    assert "`vai edit`" in str(caught.value)


def test_an_argument_with_derived_parts(context: Any) -> None:
    """The digest changes with the expression, and what is frozen stays."""
    one, other = (argument({"a": derived.total(rows, field), "b": "{{ ds }}"}) for field in ("revenue", "month"))
    assert one.serialize() == {"a": {"derived": "total(wired('query', 'rows'), 'revenue')"}, "b": "{{ ds }}"}
    assert one.serialize() != other.serialize()
    assert as_argument(one).resolve(context).value == {"a": 396.5, "b": "{{ ds }}"}


def test_every_function_can_be_imported() -> None:
    """The module has each function of the language, with its name, its parameters and its docstring."""
    for name, function in derivation.FUNCTIONS.items():
        deferred = getattr(derived, name)
        assert inspect.signature(deferred) == inspect.signature(function)
        assert deferred.__doc__ == function.__doc__


def test_the_module_is_light() -> None:
    """A DAG file imports it at each parse: no pydantic, no jinja2, no Airflow."""
    script = "import sys, airflow_provider_vai.operators.derived; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.check_output([sys.executable, "-c", script], text=True).split()
    assert not {"pydantic", "jinja2", "airflow", "jsonschema"}.intersection(loaded)
