"""Makes a title of a longer text: whole sentences, else a whole clause, else whole words."""

from __future__ import annotations

import re
import unicodedata

LEAST_CHARACTERS = 20
"""A shorter sentence, such as "Hello!", is no title by itself: the next one is added."""

_SENTENCE = re.compile(
    r"[.!?\u2026][\"'\u201d\u2019)\]]*(?=\s+[^\sa-z]|\s*$)|[\u3002\uff01\uff1f][\u300d\u300f\uff09]?"
)
_CLAUSE = re.compile(r"[,;:](?=\s)|\s+[\u2013\u2014-](?=\s)|[\u3001\uff0c\uff1b\uff1a]")
_ABBREVIATION = re.compile(
    r"(?:\b[A-Za-z]|\b(?:Dr|Mr|Mrs|Ms|St|No|Nr|Inc|Ltd|Co|vs|etc|approx|Prof|ca))\.$", re.IGNORECASE
)


def title_of(text: str, limit: int) -> str:
    """Return a title for a text. A text of one sentence that is short enough stays as it is.

    >>> title_of("Hi! Send the weekly report to the team. Use last week's figures.", 60)
    'Hi! Send the weekly report to the team.'

    :param text: The text. Each stretch of white space counts as one space, but a line break ends a sentence.
    :param limit: How many characters the title has at most. What is left out of a sentence is marked with ``…``.
    """
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lines = [line for line in lines if line]
    whole = " ".join(lines)
    end, start = 0, 0
    for line in lines:
        for stop in [*_sentence_ends(line), len(line)]:
            if start + stop > limit:
                return whole[:end] if end else shortened(whole[: start + stop], limit)
            end = start + stop
            if end >= LEAST_CHARACTERS:
                return whole[:end]
        start += len(line) + 1
    return whole


def _sentence_ends(line: str) -> list[int]:
    ends = [match.end() for match in _SENTENCE.finditer(line)]
    return [end for end in ends if not _ABBREVIATION.search(line[:end]) or end == len(line)]


def shortened(sentence: str, limit: int) -> str:
    """Return a text, or its beginning with ``…``: to the end of a clause, else of a word.

    :param sentence: The text.
    :param limit: How many characters are returned at most.
    """
    if len(sentence) <= limit:
        return sentence
    room = sentence[:limit]  # one character more than fits beside the ellipsis: it may be the space after a word
    clauses = [match.start() for match in _CLAUSE.finditer(room) if match.start() >= limit // 3]
    if clauses:
        return room[: clauses[-1]].rstrip() + "…"
    spaces = [match.start() for match in re.finditer(r"\s", room) if match.start() >= limit // 3]
    end = spaces[-1] if spaces else limit - 1
    while not spaces and end > 1 and _joins(sentence[end], sentence[end - 1]):  # a script without spaces, or one word
        end -= 1
    return room[:end].rstrip() + "…"


def _joins(character: str, before: str) -> bool:
    """Whether a character belongs to the one before it: an accent, or a part of a composed emoji."""
    joiner = "\u200d"
    is_mark = unicodedata.category(character).startswith("M") or "\U0001f3fb" <= character <= "\U0001f3ff"
    return is_mark or joiner in (character, before)
