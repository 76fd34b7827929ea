"""The documentation says what the code does."""

from __future__ import annotations

import importlib.util
import re
import shlex

import pytest

from airflow_provider_vai.cli.main import main
from airflow_provider_vai.cli.table import COMMANDS
from tests.paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def _generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "dev/docs/generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["cli.md", "formats.md", "kinds.md", "review.md"])
def test_reference_pages_are_as_the_code_generates_them(name):
    """`python dev/docs/generate.py` would change nothing."""
    expected = _generator().PAGES[name]()

    assert (ROOT / "dev/docs" / name).read_text(encoding="utf-8") == expected


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_argument_of_every_command_has_help(command):
    """`--help` is the manual."""
    assert command.help.endswith(".")
    assert all(entry.settings.get("help") for entry in command.options)


def test_the_readme_commands_run(tmp_path, monkeypatch, capsys):
    """Each `vai` line of the README works as it stands, in the checkout."""
    commands = re.findall(r"^\$ vai (.+)$", README, re.MULTILINE)
    monkeypatch.chdir(ROOT)

    assert commands
    for command in commands:
        arguments = [part.replace("$AIRFLOW_HOME", str(tmp_path)) for part in shlex.split(command, comments=True)]
        assert main(arguments) == 0, (command, capsys.readouterr().err)


def test_the_readme_shows_the_dag_file_that_its_command_writes():
    """The code block is the golden file of the same command."""
    shown = re.search(r"<!-- dag -->\n```python\n(.*?)```\n", README, re.DOTALL)

    assert shown[1] == (ROOT / "tests/golden/example/expected/monthly_revenue_dashboard.py").read_text(encoding="utf-8")


def test_links_and_pictures_of_the_pages_exist():
    """No page points to a file that is not there."""
    for page in [ROOT / "README.md", *(ROOT / "dev/docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), (page.name, target)


def test_the_readme_shows_the_lines_that_the_api_page_proves():
    """An end-to-end test runs those of the page."""
    pages = (README, (ROOT / "dev/docs/api.md").read_text(encoding="utf-8"))
    blocks = [re.search(r"<!-- run: api -->\n```bash\n(.*?)```", page, re.DOTALL)[1] for page in pages]

    assert blocks[0] == blocks[1]


def test_tests_that_the_docs_name_exist():
    """`tests/file.py::function` leads to a function of that name."""
    named = [
        found
        for page in (ROOT / "dev/docs").glob("*.md")
        for found in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page.read_text(encoding="utf-8"))
    ]

    assert len(named) > 10
    for file, function in named:
        assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8"), (file, function)
