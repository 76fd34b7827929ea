"""The documentation matches the code, and uses each of the project's words in one sense."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from pathlib import Path

import pytest

from airflow_provider_vai.cli.main import main
from airflow_provider_vai.cli.table import COMMANDS
from tests.paths import ROOT
from tests.unit.project.links import anchors

sys.path.insert(0, str(ROOT / "dev"))
import house

README = (ROOT / "README.md").read_text(encoding="utf-8")
SECURITY = (ROOT / "dev/SECURITY.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "dev/CONTRIBUTING.md").read_text(encoding="utf-8")
GLOSSARY = ROOT / "dev/docs/glossary.md"
USER_PAGES = [
    ROOT / "README.md",
    *(page for page in sorted((ROOT / "dev/docs").rglob("*.md")) if page.parent.name != "kinds"),
]
ADRS = sorted((ROOT / "dev/adr").glob("*.md"))
PAGES = [*USER_PAGES, *(ROOT / f"dev/{name}.md" for name in ("CONTRIBUTING", "SECURITY", "CHANGELOG")), *ADRS]
GENERATED = (
    *("api_reference.md", "cli.md", "configuration.md", "exceptions.md", "formats.md", "json_output.md", "kinds.md"),
    *("review.md", "sidecar.md"),
)
TOP = "airflow_provider_vai|dag_templates|dev|tests"
WORDS = {
    "frozen": "frozen|freezes?",
    "wired": "wired?|wires|wiring",
    "parameter": "params?|parameters?",
    "derived": "derived?|derives",
    "effect": "effects?",
    "gate": "gates?",
    "origin": "origins?",
    "sidecar": "sidecars?",
}
"""The project's own words, by their anchor in the glossary, with the forms that pages use."""


def _prose(page: Path) -> str:
    """Return a page without its code blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def _generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "dev/docs/generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", GENERATED)
def test_reference_pages_are_as_the_code_generates_them(name):
    """The generated pages are up to date: `python dev/docs/generate.py` would change nothing."""
    expected = _generator().PAGES[name]()

    assert (ROOT / "dev/docs" / name).read_text(encoding="utf-8") == expected


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_argument_of_every_command_has_help(command):
    """Every command and option has a help text, so that `--help` is a complete manual."""
    assert command.help.endswith(".")
    assert all(entry.settings.get("help") for entry in command.options)


def test_the_readme_commands_run(tmp_path, monkeypatch, capsys):
    """Each `vai` line of the README works unchanged in the checkout."""
    commands = re.findall(r"^\$ vai (.+)$", README, re.MULTILINE)
    monkeypatch.chdir(ROOT)

    assert commands
    for command in commands:
        arguments = [part.replace("$AIRFLOW_HOME", str(tmp_path)) for part in shlex.split(command, comments=True)]
        assert main(arguments) == 0, (command, capsys.readouterr().err)


def test_the_readme_shows_the_dag_file_that_its_command_writes():
    """The README's code block is the golden file of the same command."""
    shown = re.search(r"<!-- dag -->\n```python\n(.*?)```\n", README, re.DOTALL)

    assert shown[1] == (ROOT / "tests/golden/example/expected/monthly_revenue_dashboard.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", USER_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_link_to_the_words_that_they_use(page):
    """A page that uses one of the project's own words links to its entry; a generated page links to the glossary."""
    text = page.read_text(encoding="utf-8")
    if page.name in GENERATED:
        assert "(glossary.md)" in text
        return
    prose = re.sub(r"`[^`]*`|\]\([^)]*\)|same origin|side effects", "", _prose(page)).lower()
    used = [word for word, forms in WORDS.items() if re.search(rf"\b(?:{forms})\b", prose)]

    assert [word for word in used if page != GLOSSARY and f"glossary.md#{word})" not in text] == []


def test_the_glossary_has_every_word():
    """The glossary has an entry for each word that has a special meaning in this project."""
    words = (
        "trace run call crystallize automation action-kind step flashboard draft active template finding review-item"
    )

    assert {*words.split(), *WORDS} <= anchors(GLOSSARY)


@pytest.mark.parametrize("page", USER_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_users_read_of_tests_at_the_end_only(page):
    """A page names tests only in its last section, "What holds these claims"."""
    text, _, _ = page.read_text(encoding="utf-8").partition("\n## What holds these claims\n")

    assert re.findall(r"tests/(?:unit|integration|e2e)/|\btest_\w+", text) == []


def test_the_map_is_the_table_of_rooms():
    """The newcomer's map lists the same rooms and imports as `dev/house.py`."""
    section = CONTRIBUTING.partition("## The map")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", section, re.MULTILINE)
    shown = {
        room: {
            name for cell in allowed.split(", ") for name in (house.READING if cell == "*base*" else [cell.strip("`")])
        }
        for room, _, allowed in rows
    }

    assert [room for room, _, _ in rows] == list(house.ROOMS)
    assert shown == {room: set(allowed) or {"nothing"} for room, allowed in house.ROOMS.items()}
    assert f"has {len(house.ROOMS)} rooms" in section


def test_the_straight_line_is_there():
    """Each stage's function is in the file that the page names."""
    rows = re.findall(r"^\| \w+ \| `(\w+)` in `([\w/.]+)` \|", CONTRIBUTING, re.MULTILINE)

    assert [function for function, _ in rows] == ["read", "crystallize", "render", "publish"]
    for function, file in rows:
        assert f"\ndef {function}(" in (ROOT / file).read_text(encoding="utf-8"), file


def test_paths_that_the_contributing_page_names_exist():
    """Each path exists; a part in angle brackets matches any name."""
    paths = re.findall(rf"`((?:{TOP}|\.ci)/[\w./<>-]*)`", CONTRIBUTING)

    assert len(paths) > 40
    assert [path for path in paths if not any(ROOT.glob(re.sub(r"<\w+>", "*", path)))] == []


def test_each_defence_has_a_test():
    """Every row of the table of defences names what holds it, and that exists."""
    table = SECURITY.partition("## What is defended")[2].partition("\n## ")[0]
    rows = [line for line in table.split("\n") if line.startswith("| ")][2:]
    named = [re.findall(r"`((?:tests|dev)/[\w./]*)", row.split("|")[-2]) for row in rows]

    assert len(rows) > 12
    assert all(named)
    assert [path for paths in named for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", ADRS, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_that_the_decisions_name_exist(page):
    """Each path in a decision exists, in the package or in the checkout."""
    named = re.findall(r"`([\w/]+(?:/|\.py))`", page.read_text(encoding="utf-8"))

    assert [path for path in named if not any((root / path).exists() for root in (ROOT, house.PACKAGE))] == []


def test_the_readme_shows_the_lines_that_the_api_page_proves():
    """The README's HTTP example is the API page's, which an end-to-end test runs."""
    pages = (README, (ROOT / "dev/docs/api.md").read_text(encoding="utf-8"))
    blocks = [re.search(r"<!-- run: api -->\n```bash\n(.*?)```", page, re.DOTALL)[1] for page in pages]

    assert blocks[0] == blocks[1]


def test_tests_that_the_docs_name_exist():
    """Each `tests/file.py::function` names an existing test."""
    named = [
        found
        for page in (ROOT / "dev/docs").glob("*.md")
        for found in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page.read_text(encoding="utf-8"))
    ]

    assert len(named) > 10
    for file, function in named:
        assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8"), (file, function)
