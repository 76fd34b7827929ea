"""Reads the text of a question back into its parts, so that another page can show them as text.

It is the counterpart of :mod:`~airflow_provider_vai.sensors.approval_text`, which writes the text. Reading never fails:
what is not recognised is a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

_FENCE = re.compile(r"(`{3,})(json|diff)$")
_STEP = re.compile(r"### Step `([^`]*)`$")
_DIGEST = re.compile(r"An approval covers exactly these arguments: sha256 `([0-9a-f]{64})`$")
_PAGE = re.compile(r"\[all arguments\]\([^)\s]*[?&]sha256=([0-9a-f]{64})")
_INLINE = re.compile(r"\\([!-/:-@\[-`{-~])|(\*\*)|`([^`\n]*)`|\[([^\]\\]*)\]\(([^)\s]*)\)")


class TextRun(NamedTuple):
    """A run of characters of one look: ``strong``, ``code``, or neither."""

    text: str
    look: str = ""


@dataclass(frozen=True)
class QuestionBlock:
    """A part of a question.

    :param kind: ``text``, ``quote``, ``list``, ``json`` or ``diff``.
    :param lines: the lines, each as its runs; of a list, its items. Empty for ``json`` and ``diff``.
    :param code: the text of ``json`` and ``diff``.
    """

    kind: str
    lines: tuple[tuple[TextRun, ...], ...] = ()
    code: str = ""


@dataclass
class StepBlocks:
    """What a question says about one step.

    :param name: the step's task id, with ``[0]`` for an element of a mapped one. :param blocks: the parts in order; the
        first one says kind, connection and effect.
    """

    name: str
    blocks: list[QuestionBlock] = field(default_factory=list)


@dataclass
class QuestionBlocks:
    """A question.

    :param intro: the parts before the first step. :param steps: the steps.
    :param sha256: the digest of the arguments, empty if the text has none.
    :param page_sha256: the digest of the page that shows everything, empty if the text itself does.
    """

    intro: list[QuestionBlock] = field(default_factory=list)
    steps: list[StepBlocks] = field(default_factory=list)
    sha256: str = ""
    page_sha256: str = ""


def digest_of(body: str) -> str:
    """Return the digest of the arguments that a question is about, empty if it has none."""
    found = _DIGEST.match(body.rpartition("\n")[2])
    return found[1] if found else ""


def read(body: str) -> QuestionBlocks:
    """Return the parts of a question.

    :param body: the text that :func:`~airflow_provider_vai.sensors.approval_text.body` wrote.
    """
    question = QuestionBlocks(sha256=digest_of(body))
    blocks = question.intro
    for lines in _blocks(body.split("\n")):
        if step := _STEP.match(lines[0]):
            question.steps.append(StepBlocks(step[1]))
            blocks = question.steps[-1].blocks
            continue
        if not question.steps and not question.page_sha256 and (page := _PAGE.search(lines[0])):
            question.page_sha256 = page[1]
        if not (len(lines) == 1 and _DIGEST.match(lines[0])):
            blocks.append(_block(lines))
    return question


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Yield the lines of each block. Blocks are separated by empty lines; a code fence is one block."""
    block: list[str] = []
    end = ""
    for line in lines:
        if not end and not line:
            if block:
                yield block
            block = []
            continue
        opened = None if block or end else _FENCE.match(line)
        block.append(line)
        if opened:
            end = opened[1]
        elif end and line == end:
            yield block
            block, end = [], ""
    if block:
        yield block


def _block(lines: list[str]) -> QuestionBlock:
    if fence := _FENCE.match(lines[0]):
        inside = lines[1:-1] if len(lines) > 1 and lines[-1] == fence[1] else lines[1:]
        return QuestionBlock(fence[2], code="\n".join(inside))
    for kind, mark in (("quote", "> "), ("list", "- ")):
        if all(line.startswith(mark) for line in lines):
            return QuestionBlock(kind, tuple(tuple(_runs(line.removeprefix(mark).strip())) for line in lines))
    return QuestionBlock("text", tuple(tuple(_runs(line)) for line in lines))


def _runs(line: str) -> Iterator[TextRun]:
    """Yield the runs of a line without its Markdown. The text of a link stays; its address does not."""
    at, is_strong, plain = 0, False, ""
    for found in _INLINE.finditer(line):
        plain += line[at : found.start()]
        at = found.end()
        escaped, star, code, link, _ = found.groups()
        if escaped is not None or link is not None:
            plain += link if escaped is None else escaped
            continue
        if plain:
            yield TextRun(plain, "strong" if is_strong else "")
            plain = ""
        if star:
            is_strong = not is_strong
        else:
            yield TextRun(code, "code")
    if plain := plain + line[at:]:
        yield TextRun(plain, "strong" if is_strong else "")
