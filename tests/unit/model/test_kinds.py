"""Every row of the kind table has all its parts, and they agree."""

from __future__ import annotations

import importlib
import inspect
import json
import re

import pytest

from airflow_provider_vai.cli.main import main
from airflow_provider_vai.get_provider_info import get_provider_info
from airflow_provider_vai.model.kinds import KINDS, Kind, by_name
from tests.paths import DOCS, TESTS

DOCS = DOCS / "kinds.md"
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def names(kind: Kind) -> dict[str, bool]:
    """Return the arguments of a kind as a DAG file names them, and whether each is required."""
    fields = kind.arguments.model_fields
    return {field.alias or name: field.is_required() for name, field in fields.items()}


@each_kind
def test_the_operator_takes_the_arguments(kind: Kind) -> None:
    """The operator can be imported, takes what the model takes, and requires nothing more."""
    module, _, name = kind.operator.rpartition(".")
    operator = getattr(importlib.import_module(module), name)
    parameters = dict(inspect.signature(operator.__init__).parameters)
    own = {"self", "kwargs"}
    taken = set(parameters) - own
    base = next((entry for entry in operator.__mro__[1:] if entry.__name__ == "VaiOperator"), None)
    if base is not None and "kwargs" in parameters:
        taken |= {"effect", "gate"}
    required = {
        parameter.name
        for parameter in parameters.values()
        if parameter.default is parameter.empty and parameter.kind is parameter.KEYWORD_ONLY
    }

    assert set(names(kind)) <= taken
    assert required <= {name for name, needed in names(kind).items() if needed}


@each_kind
def test_each_argument_is_written(kind: Kind) -> None:
    """Every argument of the model once, and no other."""
    assert sorted(kind.written_names) == sorted(names(kind))


@each_kind
def test_what_decides_is_an_argument(kind: Kind) -> None:
    """The arguments that stay frozen, or come from elsewhere, are ones that the kind has."""
    named = {*kind.from_result, *kind.defaults, *(set(kind.never_wired) - {"conn_id"})}

    assert named <= set(names(kind))


@each_kind
def test_the_provider_lists_the_operator(kind: Kind) -> None:
    """Airflow knows the operator's module."""
    info = get_provider_info()
    modules = [
        module for part in ("operators", "sensors") for entry in info[part] for module in entry["python-modules"]
    ]

    assert kind.operator.rpartition(".")[0] in modules


@each_kind
def test_the_page_has_a_runnable_example(kind: Kind) -> None:
    """Each kind that can run has a step in the DAG file of the end-to-end tests, which the docs show."""
    if kind.name == "unmapped_tool":
        pytest.skip("it never runs")
    _, _, section = DOCS.read_text(encoding="utf-8").partition(f"\n## {kind.name}\n")

    assert f" = {kind.operator.rpartition('.')[2]}(" in section.partition("\n## ")[0]


@each_kind
def test_a_real_backend_tests_it(kind: Kind) -> None:
    """Each kind has an integration test, found by the operator's name."""
    tests = TESTS / "integration"
    operator = kind.operator.rpartition(".")[2]

    assert any(operator in file.read_text(encoding="utf-8") for file in tests.glob("test_*.py"))


@each_kind
def test_the_operator_is_a_small_room(kind: Kind) -> None:
    """An operator's module stays within 120 lines; what is more belongs into a module of its own.

    Imports do not count: many are inside of functions, so that parsing a DAG file stays cheap.
    """
    module = importlib.import_module(kind.operator.rpartition(".")[0])
    if kind.name == "approval_gate":
        pytest.skip("a sensor with a conversation, not one call")

    lines = inspect.getsource(module).splitlines()
    assert len([line for line in lines if not line.strip().startswith(("import ", "from "))]) <= 120


@each_kind
def test_the_operator_knows_its_kind(kind: Kind) -> None:
    """The asset of its action carries the kind's name."""
    module, _, name = kind.operator.rpartition(".")

    assert getattr(importlib.import_module(module), name).kind == kind.name


@each_kind
def test_the_page_has_a_section(kind: Kind) -> None:
    """Each kind is described in dev/docs/kinds.md, with the names of its arguments."""
    _, found, section = DOCS.read_text(encoding="utf-8").partition(f"\n## {kind.name}\n")

    assert found
    assert set(re.findall(r"^\| `(\w+)` \|", section.partition("\n## ")[0], re.MULTILINE)) == set(names(kind))


def test_the_command_lists_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    """`vai kinds --json` gives operator, effect, determinism and argument schema of each kind."""
    assert main(["kinds", "--json"]) == 0
    rows = {row["kind"]: row for row in json.loads(capsys.readouterr().out)}

    assert list(rows) == [kind.name for kind in KINDS]
    for kind in KINDS:
        row = rows[kind.name]
        assert (row["operator"], row["effect"], row["determinism"]) == (kind.operator, kind.effect, kind.determinism)
        assert set(row["arguments"]["properties"]) == set(names(kind))
        assert row["arguments"]["additionalProperties"] is False


def test_no_name_stands_for_two_kinds() -> None:
    """Each name and legacy name belongs to one kind."""
    assert len(by_name()) == sum(1 + len(kind.legacy) for kind in KINDS)
