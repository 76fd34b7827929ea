"""No page points to a file, or to a heading in a page, that does not exist."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.unit.project.links import anchors, broken

PARTS = ROOT / "dev/docs/kinds"
"""Parts of the page kinds.md: their links start from its folder."""


def pages() -> list[Path]:
    """Return every page of the checkout that is under version control, or not ignored."""
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).exists() and (ROOT / name).parent != PARTS]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_pictures_of_the_pages_exist(page: Path) -> None:
    """Of every page: the users' pages, those of developers, of the decisions, and of the repository itself."""
    assert broken(page) == []
    assert "pypi.org" not in page.read_text("utf-8"), "link to the home of the library"


@pytest.mark.parametrize(
    ("link", "is_broken"),
    [
        ("[a](page.md)", False),
        ("[a](page.md#two-words)", False),
        ("[a](#again-1)", False),
        ("[a](page.md#again-2)", True),
        ("[a](page.md#Two-words)", True),
        ("![a](missing.png)", True),
        ("[a](missing.md)", True),
        ("[a][b]\n\n[b]: missing.md", True),
        ('<img src="missing.png">', True),
        ("`[a](missing.md)`", False),
        ("```text\n[a](missing.md)\n```", False),
        ("[a](https://example.com/x)", False),
        ("[a](https:/example.com)", True),
        ('[a](page.md "title")', False),
    ],
)
def test_broken_links_are_noticed(tmp_path: Path, link: str, is_broken: bool) -> None:
    """Whatever the form of the link; code is not looked at."""
    (tmp_path / "page.md").write_text(f"# Two `words`\n\n## Again\n\n## Again\n\n{link}\n")

    assert bool(broken(tmp_path / "page.md")) is is_broken
    assert anchors(tmp_path / "page.md") == {"two-words", "again", "again-1"}
