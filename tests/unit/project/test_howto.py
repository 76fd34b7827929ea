"""What the pages tell users to type and to save is right. End-to-end tests follow some of these pages completely."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_vai.cli.main import main
from airflow_provider_vai.cli.parser import parser
from airflow_provider_vai.cli.table import COMMANDS
from airflow_provider_vai.model.tools_file import read_tools
from tests.e2e.walkthrough import commands
from tests.paths import ROOT

DOCS = ROOT / "dev/docs"
HOWTO = sorted((DOCS / "howto").glob("*.md"))
PAGES = [page for page in sorted(DOCS.rglob("*.md")) if page.parent.name != "kinds"]
PARTS = ("goal", "what you need", "what you see", "what next")


def blocks(page: Path, language: str) -> list[str]:
    """Return a page's code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def vai_commands(page: Path) -> Iterator[list[str]]:
    """Yield the arguments of each ``vai`` command that a page shows."""
    for block in blocks(page, "console"):
        for command in commands(block):
            words = shlex.split(command.text.replace("\\\n", " "), comments=True)
            if words and words[0] == "vai":
                yield words[1 : words.index("|") if "|" in words else None]


def name(page: Path) -> str:
    """Return the name of a page in a test's id."""
    return str(page.relative_to(DOCS))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_that_pages_show_are_accepted(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each `vai` command on a page has the commands, options and choices that there are."""
    for words in vai_commands(page):
        try:
            assert parser("", "0", COMMANDS).parse_known_args(words)[1] == [], words
        except SystemExit:
            pytest.fail(f"vai {shlex.join(words)}\n{capsys.readouterr().err}")


@pytest.mark.parametrize("page", HOWTO, ids=name)
def test_code_that_pages_show_is_code(page: Path, tmp_path: Path) -> None:
    """Python is Python, and each tools file is one that `vai` accepts."""
    for text in blocks(page, "python"):
        ast.parse(text)
    for text in blocks(page, "toml"):
        (tmp_path / "vai-tools.toml").write_text(text)
        assert read_tools(tmp_path / "vai-tools.toml", tmp_path).tools


@pytest.mark.parametrize("page", HOWTO, ids=name)
def test_each_how_to_has_the_same_parts(page: Path) -> None:
    """A title, the goal in one sentence, then what one needs, what one sees, and what comes next."""
    text = page.read_text("utf-8")
    goal = text.split("\n\n")[1]

    assert len(re.findall(r"[.:](?:\s|$)", goal)) == 1, goal
    headings = [heading.lower() for heading in re.findall(r"^## (.+)$", text, re.MULTILINE)]
    assert headings[0] == PARTS[1]
    assert headings[-2:] == list(PARTS[2:])


def test_the_page_about_editing_can_be_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its commands work one after the other. They need no Airflow."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("AIRFLOW__VAI__AUTOMATIONS_PATH", str(tmp_path / "dags/vai"))
    dag = tmp_path / "dags/vai/monthly_revenue_dashboard.py"
    ran = 0
    for words in vai_commands(DOCS / "howto/edit-step.md"):
        assert main([word.replace("$DAG", str(dag)) for word in words]) == 0, (words, capsys.readouterr().err)
        ran += 1

    assert ran > 9
