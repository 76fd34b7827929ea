"""What the pages tell users to type and to save is right. End-to-end tests follow some of these pages completely."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_vai.cli.parser import parser
from airflow_provider_vai.cli.table import COMMANDS
from airflow_provider_vai.model.tools_file import read_tools
from tests.e2e.walkthrough import commands, left_out
from tests.paths import ROOT

DOCS = ROOT / "dev/docs"
HOWTO = sorted((DOCS / "howto").glob("*.md"))
PAGES = [page for page in sorted(DOCS.rglob("*.md")) if page.parent.name != "kinds"]
FOLLOWED = [*HOWTO, DOCS / "tutorial/command-line.md"]
"""The pages that end-to-end tests follow completely."""

NOT_RUN = {
    "howto/git.md": 1,
    "howto/langgraph.md": 2,
    "howto/mcp-tools.md": 1,
    "howto/notify-approvals.md": 3,
    "howto/object-storage.md": 2,
    "howto/openai-agents.md": 1,
    "howto/own-functions.md": 1,
    "howto/path-prefix.md": 2,
    "howto/pydantic-ai.md": 1,
    "howto/remove.md": 1,
    "howto/several-runs.md": 1,
    "howto/upgrade.md": 1,
    "howto/verify-in-ci.md": 1,
    "howto/webhook.md": 1,
    "tutorial/command-line.md": 1,
}
"""How many blocks of each page are not executed; the page says why."""

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


@pytest.mark.parametrize("page", FOLLOWED, ids=name)
def test_every_block_is_executed_or_says_why_not(page: Path) -> None:
    """A block is run, or written to a file, by an end-to-end test; the others are few and say why not."""
    found = left_out(page)

    assert [block.line for block in found if not block.reason] == []
    assert len(found) == NOT_RUN.get(name(page), 0)


def test_every_page_has_its_end_to_end_test() -> None:
    """The tests name each how-to page and the tutorial, and no other page."""
    named = set(re.findall(r'"((?:howto|tutorial)/[\w-]+\.md)"', (ROOT / "tests/e2e/test_walkthroughs.py").read_text()))

    assert named == {name(page) for page in FOLLOWED}


def test_dev_e2e_docs_chooses_the_tests_of_the_pages() -> None:
    """`-k docs` selects every test of the pages, and no other end-to-end test."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "e2e", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'dev'}"}
    chosen, of_pages = (
        {
            line
            for line in subprocess.check_output([*command, *more], cwd=ROOT, env=environment, text=True).splitlines()
            if "::" in line
        }
        for more in (["-k", "docs", "tests/e2e"], ["tests/e2e/test_walkthroughs.py"])
    )

    assert len(of_pages) == len(FOLLOWED)
    assert chosen == of_pages
