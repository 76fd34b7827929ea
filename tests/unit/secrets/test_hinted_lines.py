"""Lines with one of some words."""

from __future__ import annotations

import re
import sys

from hypothesis import given, strategies as st

from airflow_provider_vai.secrets.hinted_lines import hinted_lines, line_around

WORDS = ("set", "go", "-p", "add-on")
TEXTS = st.lists(
    st.sampled_from([*WORDS, "SET", "reset", "sets", "\u0130set", "set_", "\n", "\\\n", "\\", " ", " ", "-"])
).map("".join)


@given(text=TEXTS)
def test_the_lines_are_those_with_a_word(text: str) -> None:
    """Exactly the lines that have one of the words are found, each with its words."""
    expected = []
    place = 0
    for line in re.split(r"(?<!\\)\n", text):
        found = frozenset(WORDS).intersection(re.findall(r"[\w-]+", line.replace("\u0130", " ").lower()))
        if found:
            expected.append((place, place + len(line), found))
        place += len(line) + 1
    assert list(hinted_lines(text, WORDS)) == expected


def test_a_place_after_the_text_has_an_empty_line() -> None:
    """The line around the end of a text is the last one."""
    assert line_around("a\nb", 4) == (2, 3)
    assert line_around("", 1) == (0, 0)


def test_only_one_letter_becomes_two_in_lower_case() -> None:
    """Places in the text in lower case are places in the text."""
    assert [code for code in range(sys.maxunicode + 1) if len(chr(code).lower()) != 1] == [0x130]
