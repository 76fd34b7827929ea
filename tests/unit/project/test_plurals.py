"""A number agrees with its noun: one rule words both, and no rendered message says "1 steps"."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_vai.languages.plural import plural
from tests.paths import GOLDEN, ROOT

PACKAGE = ROOT / "airflow_provider_vai"
COUNT = re.compile(r"^len\(|\bcount\b|\btotal\b|\bnumber\b|\bcalls\b")
NOUNS = re.compile(r"^ (?:[a-z]+ )?[a-z]+s\b")
NO_NOUN = re.compile(r"^ (?:[a-z]+ )?(?:is|has|was|does|as|this|its|needs|means|of|makes|contains|names)\b")
ALLOWED = {
    "languages/derivation/rows.py": "the number may be a word, or is at least two",
    "languages/derivation/words.py": "one is said before",
    "crystallizer/parameters/date_algebra.py": "code, not a message",
}
"""Modules with a number before a plural that the rule does not fit, and why."""


def test_the_rule() -> None:
    """One is one; zero and thousands are many; a noun may have a form of its own, and a verb may follow."""
    assert plural(1, "step") == "1 step"
    assert plural(0, "step") == "0 steps"
    assert plural(1200, "more step") == "1,200 more steps"
    assert plural(2, "entry", "entries") == "2 entries"
    assert plural(1, "item waits", "items wait") == "1 item waits"


def counted(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the texts that put a noun in the plural behind a count, with their lines."""
    for text in ast.walk(tree):
        if isinstance(text, ast.JoinedStr):
            for value, rest in zip(text.values, text.values[1:], strict=False):
                if isinstance(value, ast.FormattedValue) and isinstance(rest, ast.Constant):
                    said = str(rest.value)
                    if COUNT.search(ast.unparse(value.value)) and NOUNS.match(said) and not NO_NOUN.match(said):
                        yield value.lineno, ast.unparse(value.value) + said


def test_messages_use_it() -> None:
    """Whoever writes a count and its noun into a message uses the rule, in every room."""
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {text[:80]}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if str(path.relative_to(PACKAGE)) not in ALLOWED
        for line, text in counted(ast.parse(path.read_text(encoding="utf-8")))
        if "plural(" not in text and " or 'no'" not in text
    ]
    assert found == []


@pytest.mark.parametrize("text", ['f"{len(calls)} calls"', 'f"{count:,} more rows"', 'f"has {len(x)} keys and"'])
def test_the_search_finds_them(text: str) -> None:
    """The check above would see such a message."""
    assert list(counted(ast.parse(text)))


def nouns() -> set[str]:
    """Return the nouns that messages count."""
    found = set()
    for path in PACKAGE.rglob("*"):
        if path.suffix == ".py":
            found |= set(re.findall(r"plural\([^\n]*?, ['\"]([a-z ]+)['\"]", path.read_text(encoding="utf-8")))
        elif path.suffix == ".html":
            found |= set(re.findall(r"plural\(\"([a-z ]+)\"", path.read_text(encoding="utf-8")))
    return {noun.split()[-1] for noun in found if " " not in noun or noun.startswith("more ")}


def test_rendered_messages() -> None:
    """No golden file, page of the documentation or e2e picture of a command says "1 steps"."""
    wrong = re.compile(rf"(?<![\w.,:/-])1 (?:more )?(?:{'|'.join(sorted(nouns()))})s\b")
    assert wrong.search("there are 1 steps")
    files: list[Path] = [path for path in (*GOLDEN.rglob("*"), *(ROOT / "dev/docs").rglob("*.md")) if path.is_file()]
    found = [
        f"{path.relative_to(ROOT)}: {hit[0]}"
        for path in files
        for hit in wrong.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []
