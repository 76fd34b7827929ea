"""The map of the package holds: who may import whom, no circles, nothing grows too large, one name for one thing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

sys.path.insert(0, str(ROOT / "dev"))
import house


def test_no_import_breaks_the_table_of_rooms() -> None:
    """Each import goes to a room that the importing room may use; a failure names file, line and module."""
    assert [f"{one.file}:{one.line} imports {one.module}" for one in house.forbidden()] == []


def test_the_table_has_every_room() -> None:
    """The table lists what lies in the package's root, and a room only imports from rooms above it in the table."""
    order = list(house.ROOMS)

    assert sorted(name.removesuffix(".py") for name in house.root_entries()) == sorted(order)
    assert all(order.index(below) < order.index(room) for room in order for below in house.ROOMS[room])


def test_no_circles() -> None:
    """No module imports itself through others, not even inside a function or for type checkers."""
    assert house.circles() == []


def test_sizes() -> None:
    """Modules and functions stay small enough to read at a glance."""
    assert len(house.root_entries()) <= house.ROOT_ENTRIES
    assert house.median_lines() <= house.MEDIAN_MODULE_LINES
    assert {file: count for file, count in house.lines().items() if count > house.MODULE_LINES} == {}
    assert {place: count for place, count in house.functions() if count > house.FUNCTION_LINES} == {}


def test_public_names_have_docstrings() -> None:
    """Every public module, class, function and method says what it is for."""
    assert house.undocumented() == []


def test_one_class_name_for_one_thing() -> None:
    """No two public classes bear one name, and none hides a name of the standard library that the package uses."""
    assert house.class_names() == {}


@pytest.mark.parametrize(
    ("room", "source", "named"),
    [
        ("renderer", "from airflow_provider_vai.store import publisher\n", "airflow_provider_vai.store.publisher"),
        ("model", "def f():\n    import airflow_provider_vai.cli.main\n", "airflow_provider_vai.cli.main"),
    ],
)
def test_a_wrong_import_is_named(
    room: str, source: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check sees an import that breaks the table, wherever in the file it stands."""
    wrong = house.PACKAGE / room / "wrong.py"
    file = tmp_path / "wrong.py"
    file.write_text(source)
    monkeypatch.setattr(house, "modules", lambda: {**MODULES, f"{house.NAME}.{room}.wrong": wrong})
    monkeypatch.setattr(house, "tree", lambda path: TREE(file if path == wrong else path))

    assert [one.module for one in house.forbidden()] == [named]


MODULES, TREE = house.modules(), house.tree


def test_the_script_agrees() -> None:
    """``dev/measure`` prints the figures and exits with 0 while the rules hold."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "dev/measure")], capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 0, done.stdout
    assert "import circles" in done.stdout
