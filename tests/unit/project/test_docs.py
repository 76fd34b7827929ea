"""The documentation says what the code does."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_vai.cli.main import main
from airflow_provider_vai.cli.table import COMMANDS
from tests.paths import ROOT

sys.path.insert(0, str(ROOT / "dev"))
import house

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "dev/CONTRIBUTING.md").read_text(encoding="utf-8")
GLOSSARY = ROOT / "dev/docs/glossary.md"
USER_PAGES = [ROOT / "README.md", *sorted((ROOT / "dev/docs").glob("*.md"))]
ADRS = sorted((ROOT / "dev/adr").glob("*.md"))
PAGES = [*USER_PAGES, ROOT / "dev/CONTRIBUTING.md", ROOT / "dev/CHANGELOG.md", *ADRS]
TOP = "airflow_provider_vai|dag_templates|dev|tests"


def _prose(page: Path) -> str:
    """Return a page without its code blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def _anchors(page: Path) -> set[str]:
    """Return the names of a page's headings, as links write them."""
    return set(_slugs(re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE)))


def _slugs(headings: list[str]) -> Iterator[str]:
    for heading in headings:
        yield re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "dev/docs/generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["cli.md", "formats.md", "kinds.md"])
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_of_the_pages_exist(page):
    """No page points to a file, or to a heading in a page, that does not exist."""
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(page)):
        if "://" in target:
            assert "pypi.org" not in target, "link to the library's own home"
            continue
        name, _, anchor = target.partition("#")
        linked = page.parent / name if name else page
        assert linked.exists(), target
        assert not anchor or anchor in _anchors(linked), target


@pytest.mark.parametrize("page", USER_PAGES, ids=lambda page: page.name)
def test_pages_link_to_the_words_that_they_use(page):
    """A page that uses one of the project's own words links to its entry in the glossary; a generated page, to all."""
    words = {"frozen": "frozen", "freeze": "frozen", "wired": "wired", "wire": "wired", "derived": "derived"}
    words |= {"gate": "gate", "origin": "origin", "sidecar": "sidecar", "effect": "effect"}
    if page == GLOSSARY or page.name in ("cli.md", "formats.md", "kinds.md"):
        assert "(glossary.md)" in page.read_text(encoding="utf-8") or page == GLOSSARY
        return
    prose = re.sub(r"`[^`]*`|\]\([^)]*\)|same origin|side effect", "", _prose(page)).lower()
    missing = [
        word
        for word, anchor in words.items()
        if re.search(rf"\b{word}s?\b", prose) and f"glossary.md#{anchor})" not in page.read_text(encoding="utf-8")
    ]

    assert missing == []


def test_the_glossary_has_every_word():
    """Each of the words that the project gives a sense of its own."""
    words = [
        "frozen",
        "wired",
        "parameter",
        "derived",
        "template",
        "origin",
        "effect",
        "gate",
        "finding",
        "review-item",
    ]
    words += ["trace", "run", "call", "crystallize", "automation", "action-kind", "step", "sidecar", "flashboard"]

    assert set(words) | {"draft", "active"} <= _anchors(GLOSSARY)


@pytest.mark.parametrize("page", USER_PAGES, ids=lambda page: page.name)
def test_users_read_of_tests_at_the_end_only(page):
    """A page names the tests that prove its claims in its last section, if at all."""
    text, _, _ = page.read_text(encoding="utf-8").partition("\n## What holds these claims\n")

    assert re.findall(r"tests/(?:unit|integration|e2e)/|\btest_\w+", text) == []


def test_the_map_is_the_table_of_rooms():
    """The map for newcomers says of each room the same as `dev/house.py`."""
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
    """Each path leads somewhere; a part in angle brackets stands for any name."""
    paths = re.findall(rf"`((?:{TOP}|\.ci)/[\w./<>-]*)`", CONTRIBUTING)

    assert len(paths) > 40
    assert [path for path in paths if not any(ROOT.glob(re.sub(r"<\w+>", "*", path)))] == []


@pytest.mark.parametrize("page", ADRS, ids=lambda page: page.name)
def test_paths_that_the_decisions_name_exist(page):
    """A module is named by its path in the package, a test or script by its path in the checkout."""
    named = re.findall(r"`([\w/]+(?:/|\.py))`", page.read_text(encoding="utf-8"))

    assert [path for path in named if not any((root / path).exists() for root in (ROOT, house.PACKAGE))] == []


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
