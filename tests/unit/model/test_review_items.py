"""Review items: the table of codes, the items generated from steps, and their lines for people."""

from __future__ import annotations

import ast
import string
from typing import Any

import pytest

from airflow_provider_vai.model import review, review_codes
from airflow_provider_vai.model.argument import Argument, Undecided
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.review_codes import CODES, FLAGS, GROUPS, LEFT_OUT
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.model.review_lines import line, numbered
from airflow_provider_vai.model.step_approval import StepApproval
from tests.paths import DOCS, ROOT

SOURCES = [ast.parse(path.read_text()) for path in sorted((ROOT / "airflow_provider_vai").rglob("*.py"))]


def step(key: str, **facts: Any) -> Step:
    """Return a step."""
    approval = StepApproval(recorded="unknown", reason="nobody asked")
    return Step(key=key, task_id=key, kind=facts.pop("kind", "mcp_tool"), operator="x.Y", approval=approval, **facts)


def test_every_code_is_in_the_docs() -> None:
    """Each has its row, and no two groups share one."""
    page = (DOCS / "review.md").read_text()
    assert all(f"| `{code}` |" in page for code in [*CODES, *LEFT_OUT])
    assert len(CODES) == sum(map(len, GROUPS.values()))
    assert set(FLAGS) <= CODES.keys()


MADE_BY = {
    ("review_item", 0): CODES.keys(),
    ("_leave_open", 1): GROUPS["places"].keys(),
    ("_leave", 1): GROUPS["places"].keys(),
    ("leave", 1): GROUPS["places"].keys(),
    ("Obstacle", 0): GROUPS["places"].keys(),
    ("Undecided", "code"): GROUPS["places"].keys(),
    ("Dated", "code"): GROUPS["places"].keys(),
    ("LeftOut", "code"): LEFT_OUT.keys(),
}
"""The functions that take a code, with the argument that it is, and the codes that it may be."""


@pytest.mark.parametrize("place", MADE_BY, ids=lambda place: place[0])
def test_every_code_that_is_used_is_in_the_table(place: tuple[str, int | str]) -> None:
    """Every code that the package uses is in the table."""
    function, argument = place
    found = set()
    for node in (node for tree in SOURCES for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if getattr(node.func, "id", getattr(node.func, "attr", "")) == function:
            given = [it.value for it in node.keywords if it.arg == argument]
            given += node.args[argument : argument + 1] if isinstance(argument, int) else []
            parts = [part for one in given for part in ast.walk(one) if isinstance(part, ast.Constant)]
            found |= {part.value for part in parts if isinstance(part.value, str)}
    assert found
    assert found <= MADE_BY[place]


def test_every_code_in_the_table_is_used() -> None:
    """Nothing is documented that cannot happen."""
    sources = [path for path in sorted((ROOT / "airflow_provider_vai").rglob("*.py")) if path.stem != "review_codes"]
    nodes = [node for path in sources for node in ast.walk(ast.parse(path.read_text()))]
    named = {node.value for node in nodes if isinstance(node, ast.Constant)}
    constants = {name: value for name, value in vars(review_codes).items() if isinstance(value, str)}
    named |= {constants.get(node.id) for node in nodes if isinstance(node, ast.Name)}
    assert {*CODES, *LEFT_OUT} <= named


@pytest.mark.parametrize("code", CODES)
def test_every_sentence_can_be_made(code: str) -> None:
    """Its values are names; a missing one is an error of the program."""
    names = [name for _, name, _, _ in string.Formatter().parse(CODES[code].message) if name]
    item = review_item(code, **dict.fromkeys(names, "{x}"))
    assert item.message.count("{x}") + item.message.count("'{x}'") >= len(names)
    if names:
        with pytest.raises(KeyError):
            review_item(code)


def test_what_the_steps_show() -> None:
    """Each finding with its code, its step, its place; in the order in which a reviewer should look."""
    undecided = Undecided(at=["month", 0], code="date_without_year", evidence=['2025-03, said as "March"'])
    branch = {"condition": Argument.frozen("true"), "if_true": Argument.frozen(["send"])}
    steps = [
        step("look", non_deterministic=True, non_deterministic_reason="it answers", determinism="live"),
        step("choose", kind="conditional_branch", arguments=branch, depends_on=["look"]),
        step("send", effect="write", depends_on=["choose"],
             arguments={"json": Argument(class_="frozen", value={"month": ["2025-03"]}, undecided=[undecided])}),
        step("lost", depends_on=["choose"]),
        step("ask", non_deterministic=True, non_deterministic_reason="it answers", determinism="live"),
        step("gone", kind="unmapped_tool", effect="write"),
    ]  # fmt: skip
    note = review_item("note", text="Mind the gap.")
    made = review.items(steps, [note])
    assert [(item.code, item.step, item.place) for item in made] == [
        ("unmapped_tool", "gone", None),
        ("live", "look", None),
        ("live", "ask", None),
        ("write_without_gate", "send", None),
        ("always_skipped", "lost", None),
        ("date_without_year", "send", ["json", "month", 0]),
        ("note", None, None),
    ]
    automation = Automation(dag_id="d", source_type="MANUAL", steps=steps, review=made)
    assert review.notes(automation) == [note]
    again = review.summarized(automation, steps[:1], added=[note, review_item("trace_note", text="odd")])
    assert [item.code for item in again.review] == ["live", "note", "trace_note"]


def test_lines_for_people() -> None:
    """Consecutive items with the same text share a line and keep their numbers."""
    items = [
        review_item("live", step="look", reason="it answers"),
        review_item("live", step="ask", reason="it answers"),
        review_item("live", step="think", reason="it thinks"),
        review_item("volatile", step="ask", place=["json", "at", 0], evidence=["differs like a clock", "…"]),
        review_item("note", text="Mind the gap."),
        review_item("note", text="Mind the gap."),
    ]
    said = CODES["volatile"].message
    assert numbered(enumerate(items, 1)) == [
        ("1-2", "look, ask: it answers"),
        ("3", "think: it thinks"),
        ("4", f"ask.json.at.0: {said} (differs like a clock; …)"),
        ("5", "Mind the gap."),
        ("6", "Mind the gap."),
    ]
    assert numbered([(1, items[0]), (3, items[1])]) == [("1", "look: it answers"), ("3", "ask: it answers")]


def test_credentials_in_a_place_are_masked() -> None:
    """A key of the trace is text from outside."""
    item = review_item("undecided", step="look", place=["json", "ghp_9fK2mQz7LwX4vB9nT3hYpR8sJ6dC1eAu0gHb", "x" * 99])
    assert "ghp_9fK2" not in line(item)
    assert "x" * 61 not in line(item)


def test_a_text_is_a_note() -> None:
    """Whoever writes a spec by hand may write one line for the reviewer."""
    spec = {"dag_id": "d", "source_type": "MANUAL", "steps": [], "review": ["Mind the gap."]}
    assert Automation.model_validate(spec).review == [ReviewItem(code="note", message="Mind the gap.")]


def test_the_fields_of_an_item() -> None:
    """As the sidecar has them, nothing else."""
    assert list(review_item("params", names=["a", "b"]).model_dump()) == [
        "code",
        "step",
        "place",
        "message",
        "evidence",
    ]
