"""The page about messages quotes messages that there are."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.paths import ROOT

PAGE = ROOT / "dev/docs/help/troubleshooting.md"
ROWS = re.findall(r"^\| `(.+?)` \| (.+?) \| (.+?) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
HOLE = "\0"


@cache
def texts() -> frozenset[str]:
    """Return every text in the package's source, with a mark in the place of each value that is filled in."""
    found = set()
    for path in (ROOT / "airflow_provider_vai").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                found.add("".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return frozenset(" ".join(text.split()) for text in found)


def is_said(message: str) -> bool:
    """Return whether the package's source has a text with a message; an ellipsis stands for one value or several."""
    parts = [re.escape(part.strip()) for part in message.split("…") if part.strip(" :'")]
    pattern = re.compile(rf".{{0,9}}{HOLE}.{{0,9}}".join(parts))
    return any(pattern.search(text) for text in texts())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_message_is_in_the_source(row: tuple[str, str, str]) -> None:
    """A message that was reworded is reworded on the page, too. Each has a cause and a cure."""
    assert is_said(row[0])
    assert row[1].endswith(".")
    assert row[2].rstrip(")").endswith(".")


def test_messages_that_nobody_says_are_noticed() -> None:
    """The check can fail, and the page has enough rows to be of use."""
    assert not is_said("the moon is … of cheese")
    assert len(ROWS) > 25
