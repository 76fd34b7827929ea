"""The condition language: its semantics, what it refuses, and that it never executes code."""

from __future__ import annotations

import ast
import sys
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from airflow_provider_vai.languages.expression import BadExpression, MissingPath, evaluate, parse
from airflow_provider_vai.operators.conditional_branch import ConditionalBranchOperator

VALUES: dict[str, Any] = {
    "order": {"total": 150, "note": None, "paid": True, "order id": "o-1"},
    "status": "new",
    "region": "US",
    "items": [{"sku": "a"}, {"sku": "b"}],
    "ratio": 0.5,
}


def holds(text: str) -> bool:
    """Return whether the condition is true for VALUES."""
    return evaluate(parse(text), VALUES)


@pytest.mark.parametrize(
    "text",
    [
        "order.total > 100",
        'status = "new"',
        'region in ["US","CA"]',
        "status == 'new' and not region = 'CA'",
        "100 < order.total <= 150",
        "order.total >= 150.0",
        "order.total != 1",
        "-1 < ratio",
        "order.paid",
        "order.paid = true",
        "order.note = null",
        "order.note not in ['x']",
        "status != null",
        "items[0].sku = 'a' and items[-1].sku = \"b\"",
        'order["order id"] = "o-1"',
        '"sku" in items[0]',
        '"ew" in status',
        "region not in []",
        "status = 'a = b' or status < 'o'",
        "items = [items[0], items[1]]",
        "true or nothing.here",
        "false = (status = 'old')",
        "  status = 'new'  ",
    ],
)
def test_true_conditions(text: str) -> None:
    """The platform's examples and each operator evaluate correctly, and the negation is false."""
    assert holds(text) is True
    assert holds(f"not ({text})") is False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("order.totals > 1", "no value at order.totals: order has the names"),
        ("orders.total > 1", "no value at orders: the step has the names"),
        ("items[2].sku = 'a'", r"no value at items\[2\]: items is a list"),
        ("items.sku = 'a'", "no value at items.sku: items is a list"),
        ("items['0'] = 'a'", "items is a list"),
        ("order.note.text = 'a'", "order.note is null"),
        ("status.__class__ = 'a'", "status is a string"),
        ("not (order.x = 1)", r"no value at order\.x"),
    ],
)
def test_missing_paths_are_told(text: str, message: str) -> None:
    """For a path that does not exist, the message says how far it leads."""
    with pytest.raises(MissingPath, match=message):
        holds(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("status > 1", "status is a string and 1 is a number"),
        ("status = 1", "status is a string and 1 is a number: they cannot be equal"),
        ("order.paid = 1", "a boolean and 1 is a number"),
        ("order.paid > false", "only two numbers or two strings"),
        ("order.note > 1", "order.note is null and 1 is a number"),
        ("status in [1, 2]", "has no item of that type"),
        ("status in 3", "'in' needs a list"),
        ("1 in status", "it can contain only a string"),
        ("status", "status is a string, not true or false"),
        ("order.note", "is null, not true or false"),
        ("not order.total", "is a number, not true or false"),
    ],
)
def test_wrong_types_are_told(text: str, message: str) -> None:
    """Values of incompatible types are an error that names the path and both types."""
    with pytest.raises(BadExpression, match=message):
        holds(text)


REFUSED = [
    "",
    "()",
    "1 +",
    "order.total > 100; import os",
    "status = 'new'\nand order.paid",
    "__import__('os').system('true')",
    "open('/etc/passwd')",
    "(lambda: 1)()",
    "[x for x in items]",
    "f'{status}' = 'new'",
    "1 if order.paid else 2",
    "(status := 'x') = 'x'",
    "order.total + 1 > 100",
    "2 ** 9 > 1",
    "status is null",
    "status in ('new',)",
    "status in {'new'}",
    "items[0:1] = []",
    "items[not 1] = 1",
    "items[True] = 1",
    "items[-'a'] = 1",
    "order[status] = 1",
    "-status = 1",
    "b'a' = 'a'",
    "1j = 1",
    "... = 1",
    "1e999 > 1",
    "*items = 1",
    "await status",
    "yield status",
    "\ud800 = 1",
    "a\x00 = 1",
    "not " * 400 + "true",
    "(" * 900 + "true" + ")" * 900,
    "a" + ".a" * 900 + " = 1",
    "a" * 2001,
]


@pytest.mark.parametrize("text", REFUSED)
def test_everything_else_is_refused(text: str) -> None:
    """Anything outside the language is refused before any part of it is evaluated."""
    with pytest.raises(BadExpression):
        parse(text)


FRAGMENTS = [
    *"()[]{}.,:;=<>!-+*/'\"\\#@ \n01",
    *("and", "or", "not", "in", "is", "if", "else", "lambda", "for", "true", "null", "None", "__class__", "order"),
    *("status", "items", "1", "'a'", "f'", "b'", ":=", "==", "exit()", "__import__", "breakpoint", "import os"),
]
TEXTS = st.text(max_size=60) | st.lists(st.sampled_from(FRAGMENTS), max_size=25).map(" ".join)
WATCHED = {"exec", "compile", "import", "open", "os.system", "subprocess.Popen", "socket.connect", "os.listdir"}
seen: list[str] = []


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Record what the interpreter runs, opens or compiles while ``seen`` has its first entry."""
    compiled_to_tree_only = event == "compile" and sys._getframe(1).f_code is ast.parse.__code__
    if seen and event in WATCHED and not compiled_to_tree_only:
        seen.append(event)


@pytest.fixture(scope="module", autouse=True)
def audited() -> None:
    """The interpreter's audit hook. It cannot be removed, and does nothing outside the test."""
    sys.addaudithook(watch)


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
@given(text=TEXTS)
@example(text="__import__('os').system('true') or true")
@example(text="order.total > 100")
def test_no_text_runs_or_breaks_anything(text: str) -> None:
    """For any text, the outcome is a bool or one of the two errors, and nothing is executed."""
    seen[:] = ["start"]
    try:
        answer = holds(text)
    except (BadExpression, MissingPath):
        answer = False
    finally:
        events = seen[1:]
        seen.clear()

    assert answer in (True, False)
    assert events == []


def test_frozen_condition_is_read_when_the_file_is_parsed() -> None:
    """A condition that cannot be parsed is an import error of the DAG file instead of a failure at run time."""
    with pytest.raises(BadExpression, match="cannot be read"):
        ConditionalBranchOperator(task_id="a", condition="order.total >", if_true=["b"])
