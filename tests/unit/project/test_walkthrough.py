"""What follows the pages that teach does what they say, and notices what goes wrong."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.walkthrough import LeftOut, Walkthrough, left_out


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


def test_lines_are_inserted_into_a_file(follow: Callable[..., int], tmp_path: Path) -> None:
    """A marked block comes below the only line with the text; another number of such lines is noticed."""
    (tmp_path / "a.py").write_text("one = 1\ntwo = 2\n")

    follow("<!-- insert: $PLACE/a.py: one = -->\n```python\nmore = 3\n```\n")

    assert (tmp_path / "a.py").read_text() == "one = 1\nmore = 3\ntwo = 2\n"
    with pytest.raises(ValueError, match="unpack"):
        follow("<!-- insert: a.py: four = -->\n```python\nmore = 3\n```\n")


def test_a_command_may_have_to_fail(follow: Callable[..., int]) -> None:
    """A block that says with which code it ends is right with that code only."""
    assert follow("<!-- exits: 1 -->\n```console\n$ false\n```\n") == 1
    with pytest.raises(AssertionError, match="It ended with 0"):
        follow("<!-- exits: 1 -->\n```console\n$ true\n```\n")


def test_a_state_is_waited_for(follow: Callable[..., int], tmp_path: Path) -> None:
    """A command is repeated until it succeeds."""
    follow('<!-- until: echo x >> tries; test "$(wc -l < tries)" -ge 2 -->\n')

    assert (tmp_path / "tries").read_text() == "x\nx\n"


def test_a_command_in_the_background_knows_the_variables(follow: Callable[..., int], tmp_path: Path) -> None:
    """Those of the shell, as a second terminal with the same variables would."""
    page = "```console\n$ export THERE=yes\n```\n"
    page += '<!-- background: is yes -->\n```console\n$ sh -c "echo is $THERE; sleep 60"\n```\n'

    assert follow(page) == 2


def test_blocks_that_are_not_executed_are_found(tmp_path: Path) -> None:
    """Marked ones have their reason; a block in another language without a mark has none."""
    (tmp_path / "page.md").write_text(
        "<!-- not run: no -->\n```console\n$ false\n```\n```python\nx = 1\n```\n```console\n$ true\n```\n"
        "<!-- file: a -->\n```toml\n```\n<!-- insert: a: b -->\n```toml\n```\n"
    )

    assert left_out(tmp_path / "page.md") == [LeftOut("$ false", "no"), LeftOut("x = 1", "")]
