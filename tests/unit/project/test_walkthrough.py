"""What follows the pages that teach does what they say, and notices what goes wrong."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.walkthrough import Walkthrough


@pytest.fixture
def follow(tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Return a function that follows a page with this text."""
    waited: list[str] = []
    walk = Walkthrough(tmp_path, {"PATH": os.environ["PATH"], "PLACE": str(tmp_path)}, {"wait": waited.append})

    def one(text: str, *sections: str) -> int:
        (tmp_path / "page.md").write_text(text)
        return walk.follow(tmp_path / "page.md", sections)

    one.waited = waited
    yield one
    walk.end()


def test_a_command_that_fails_is_noticed(follow: Callable[..., int]) -> None:
    """A page whose command ends with another code than 0 cannot be followed, whatever the command prints."""
    with pytest.raises(AssertionError, match="no such thing"):
        follow("```console\n$ echo no such thing; false\n```\n")


def test_a_command_that_prints_something_else_is_noticed(follow: Callable[..., int]) -> None:
    """What a page shows below a command is among what the command prints."""
    assert follow("```console\n$ printf 'one\\ntwo'\ntwo\n```\n") == 1
    with pytest.raises(AssertionError, match="The page shows: three"):
        follow("```console\n$ printf 'one\\ntwo'\nthree\n```\n")


def test_a_block_becomes_a_file(follow: Callable[..., int], tmp_path: Path) -> None:
    """A marked block is written to the file that the page names, seen from the shell's folder and variables."""
    ran = follow(
        "```console\n$ mkdir sub && cd sub\n```\n"
        "<!-- file: a.py -->\n```python\nx = '$PLACE'\n```\n"
        "<!-- file: $PLACE/deep/b.toml -->\n```toml\ny = 1\n```\n"
        '```console\n$ cat a.py "$PLACE"/deep/b.toml\ny = 1\n```\n'
    )

    assert ran == 2
    assert (tmp_path / "sub/a.py").read_text() == "x = '$PLACE'\n"


def test_a_command_may_have_several_lines(follow: Callable[..., int]) -> None:
    """A line that ends with a backslash goes on, with the shell's second prompt or without."""
    assert follow("```console\n$ echo a \\\n>  b\na b\n$ echo c \\\n   d\nc d\n```\n") == 2


def test_other_blocks_are_not_run(follow: Callable[..., int]) -> None:
    """Blocks that are no commands, and those that the page marks, are left out; a wait is made."""
    assert follow("```python\n$ false\n```\n<!-- not run: no -->\n```console\n$ false\n```\n<!-- wait: it -->\n") == 0
    assert follow.waited == ["it"]


def test_a_page_begins_with_sections_of_another(follow: Callable[..., int], tmp_path: Path) -> None:
    """Only the named sections are followed, in the same shell."""
    (tmp_path / "other.md").write_text(
        "## One\n```console\n$ A=1\n```\n## Two\n```console\n$ false\n```\n## Three\n```console\n$ B=3\n```\n"
    )

    assert follow("<!-- sections: other.md: One, Three -->\n```console\n$ echo $A$B\n13\n```\n") == 3
