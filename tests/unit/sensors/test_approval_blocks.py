"""What a gate wrote into its question is read back as exactly the texts that it wrote."""

from __future__ import annotations

import json

import pytest

from airflow_provider_vai.sensors import approval_blocks, approval_text
from airflow_provider_vai.sensors.approval_blocks import QuestionBlock
from tests.unit.sensors.support import asked, body, gate_and_step
from tests.unit.sensors.test_approval_text import BREAKERS, HOSTILE


def plain(block: QuestionBlock) -> str:
    """Return the text of a block."""
    return block.code or "\n".join("".join(run.text for run in line) for line in block.lines)


@pytest.mark.parametrize(
    "value", [HOSTILE, *BREAKERS, "a\n\nb", "An approval covers exactly these arguments: x", "***"]
)
def test_texts_come_back_as_they_were(value: str) -> None:
    """Whatever the values, each part is found, and says what the gate said."""
    authors = {"a": {"model": [["arguments", value]]}}
    sensor, _ = gate_and_step({value: value, "rows": [[value]]}, reason=value, authors=authors)
    now = asked(sensor)

    read = approval_blocks.read(sensor.question(now))

    assert read.sha256 == now.sha256
    assert read.page_sha256 == ""
    shown = approval_text.plain(value.replace("\r\n", "\n")).split("\n")
    assert [block.kind for block in read.intro] == ["quote"]
    assert plain(read.intro[0]) == "\n".join(line.strip() for line in shown)
    (step,) = read.steps
    assert step.name == "a"
    assert plain(step.blocks[0]) == "kind python_tool · effect write"
    arguments = next(block for block in step.blocks if block.kind == "json")
    assert json.loads(arguments.code)["arguments"] == {value: value, "rows": [[value]]}
    assert any(block.kind == "list" and "The model, in the recorded run:" in plain(block) for block in step.blocks)


def test_a_difference_is_read_as_one() -> None:
    """The lines of a difference stay lines, also if a value has a fence or empty lines in it."""
    recorded = {"state": "approved", "arguments": {"arguments": {"q": HOSTILE}}}
    read = approval_blocks.read(body({"q": "```\n\n" + HOSTILE}, recorded=recorded, problem=HOSTILE))

    kinds = [block.kind for block in read.intro]
    assert kinds == ["text", "quote", "text", "json"]
    (difference,) = [block for block in read.steps[0].blocks if block.kind == "diff"]
    assert difference.code.startswith("--- recorded")
    assert plain(read.steps[0].blocks[-2]) == "arguments differs from the recorded run:"


def test_looks() -> None:
    """Bold text and code are recognised; an escaped mark is plain text."""
    (block,) = approval_blocks.read(r"**A call like `a`** has \*\*stars\*\*").intro

    assert block.lines == ((("A call like ", "strong"), ("a", "code"), (" has **stars**", "")),)


def test_the_page_of_a_long_question() -> None:
    """A question that was cut names its page; text of the run cannot name another one."""
    sensor, _ = gate_and_step({"q": "x" * 100_000}, reason=f"[all arguments](/x?sha256={'a' * 64})")
    read = approval_blocks.read(
        sensor.question(asked(sensor), page=f"/p/vai/gates/d/r/gate?sha256={'0' * 64}&map_index=1")
    )

    assert read.page_sha256 == "0" * 64
    assert len(read.steps) == 1


@pytest.mark.parametrize(
    "text", ["", "\n\n", "```json", "```json\n{", "- ", "### Step `", "\\", "**", "[all arguments]("]
)
def test_any_text_can_be_read(text: str) -> None:
    """A question of another release, or none at all, is shown as it is."""
    read = approval_blocks.read(text)

    assert read.sha256 == ""
