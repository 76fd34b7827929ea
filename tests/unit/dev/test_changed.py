"""`dev/test --fast` runs the tests of what was changed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

sys.path.insert(0, str(ROOT / "dev"))
import changed

LAYOUT = "tests/unit/project/test_layout.py"


@pytest.mark.parametrize(
    ("file", "tests"),
    [
        ("airflow_provider_vai/cli/terminal.py", ["tests/unit/cli/test_terminal.py", LAYOUT]),
        ("airflow_provider_vai/cli/table.py", ["tests/unit/cli", LAYOUT]),
        ("airflow_provider_vai/get_provider_info.py", ["tests/unit/project"]),
        ("dag_templates/dag.py.jinja", [LAYOUT, "tests/unit/renderer"]),
        ("tests/unit/cli/test_main.py", ["tests/unit/cli/test_main.py", LAYOUT]),
        ("tests/unit/cli/gone.py", ["tests/unit/cli", LAYOUT]),
        ("tests/unit/gone/test_gone.py", [LAYOUT]),
        ("README.md", ["tests/unit/project"]),
        ("dev/bench", [LAYOUT]),
    ],
)
def test_the_tests_of_a_file(file: str, tests: list[str]) -> None:
    """The mirrored test file, or else the nearest folder of tests; what does not exist is left out."""
    assert changed.mirrored([file]) == tests


def test_a_folder_contains_its_files() -> None:
    """A test file is not named beside its folder, so that it runs once."""
    files = ["airflow_provider_vai/cli/terminal.py", "airflow_provider_vai/cli/table.py"]

    assert changed.mirrored(files) == ["tests/unit/cli", LAYOUT]


def test_no_file_is_lost(tmp_path: Path) -> None:
    """In another repository, nothing exists."""
    assert changed.mirrored(["airflow_provider_vai/cli/table.py"], tmp_path) == []
