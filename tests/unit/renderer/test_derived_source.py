"""Derived values in the rendered DAG file."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.languages import derivation
from airflow_provider_vai.model.argument import Argument, Wire
from airflow_provider_vai.model.automation import Automation, Param, Step
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.renderer import render as module
from airflow_provider_vai.renderer.importable import is_importable
from airflow_provider_vai.renderer.render import render

ROWS = {"function": "wired", "step": "query", "path": ["rows"]}
TOTAL = {"function": "total", "rows": ROWS, "field": "revenue"}
BEST = {"function": "largest", "rows": ROWS, "by": "revenue"}
MONTH = {"function": "month_of", "date": {"function": "part", "value": BEST, "path": ["month"]}}


def step(key: str, kind: str = "http_request", depends_on: tuple[str, ...] = (), **arguments: Argument) -> Step:
    """Return a step."""
    return Step(
        key=key, task_id=key, kind=kind, operator=by_name()[kind].operator, arguments=arguments,
        depends_on=list(depends_on), approval=StepApproval(recorded="not_required", reason="test"),
    )  # fmt: skip


def derived(tree: dict[str, Any]) -> Argument:
    """Return an argument that is derived as a whole."""
    return Argument(class_="derived", value=1, derive=tree)


def text_of(*senders: Step, first: str = "query", **params: Param) -> str:
    """Return the DAG file of a query and what follows it."""
    query = step(first, "generate_query", sql=Argument.frozen("SELECT 1"))
    return render(Automation(dag_id="sales", source_type="MANUAL", steps=[query, *senders], params=params))


def block(text: str) -> str:
    """Return the statements of the DAG after the query, without their indentation."""
    lines = text.partition("):\n")[2].replace("\n    ", "\n").strip().split("\n")
    return "\n".join(lines[lines.index(")") + 1 :]).strip()


def test_one_expression() -> None:
    """An expression is written in its place, and only its functions are imported."""
    text = text_of(step("send", depends_on=("query",), json=derived(TOTAL)))
    assert 'json=total(wired(query, "rows"), "revenue"),' in text
    assert "from airflow_provider_vai.operators.derived import total\n" in text
    assert "from airflow_provider_vai.operators.arguments import wired\n" in text


def test_what_occurs_twice_becomes_a_variable() -> None:
    """It is assigned before its first use, named after what it is; what is only inside it stays there."""
    value = {"total": None, "lines": [None, None], "best": None}
    wires = [
        Wire(at=["total"], derive={"function": "shown", "value": TOTAL, "form": ",d"}),
        Wire(at=["lines", 0], derive={"function": "text", "template": "{m} is first", "slots": {"m": MONTH}}),
        Wire(at=["lines", 1], derive={"function": "text", "template": "{m} again", "slots": {"m": MONTH}}),
        Wire(at=["best"], derive={"function": "part", "value": BEST, "path": ["revenue", 0]}),
    ]
    sender = step("send", depends_on=("query",), json=Argument(class_="wired", value=value, wires=wires))
    after = step("after", depends_on=("send",), json=derived(TOTAL))
    assert (
        block(text_of(sender, after))
        == """\
total_revenue = total(wired(query, "rows"), "revenue")
largest_revenue = largest(wired(query, "rows"), by="revenue")
month_text = month_of(largest_revenue["month"])
send = HttpRequestOperator(
    task_id="send",
    json={
        "total": shown(total_revenue, ",d"),
        "lines": [text("{m} is first", m=month_text), text("{m} again", m=month_text)],
        "best": largest_revenue["revenue"][0],
    },
    outlets=[asset("vai://automations/sales")],
)

after = HttpRequestOperator(
    task_id="after",
    json=total_revenue,
    outlets=[asset("vai://automations/sales")],
)

query >> send >> after""".replace('    outlets=[asset("vai://automations/sales")],\n)\n\nafter', ")\n\nafter")
    )


def test_names_that_clash() -> None:
    """A task named like a function in use gets another variable, and a value none that is taken."""
    senders = (
        step("total", depends_on=("query",), json=derived(TOTAL)),
        step("total_revenue", depends_on=("total",), json=derived(TOTAL)),
        step(
            "count", depends_on=("total_revenue",), json=derived({"function": "parameter", "name": "total_revenue_2"})
        ),
    )
    text = text_of(*senders, total_revenue_2=Param(default=1))
    assert "total_revenue_3 = total(wired(query" in text
    assert 'total_2 = HttpRequestOperator(\n        task_id="total",' in text
    assert "    count = HttpRequestOperator(" in text


def test_columns_that_are_no_python_names() -> None:
    """They are written in braces, and so is what follows, so that the order stays."""
    where = {"function": "where", "rows": ROWS, "conditions": {"a": 1, "order status": "open", "class": "x", "b": 2}}
    text = text_of(step("send", depends_on=("query",), json=derived(where)))
    assert (
        """json=where(
            wired(query, "rows"),
            a=1,
            **{"order status": "open", "class": "x", "b": 2},
        ),"""
        in text
        or 'where(wired(query, "rows"), a=1, **{"order status": "open", "class": "x", "b": 2})' in text
    )


def test_every_reference() -> None:
    """Arguments of earlier steps, params and templates."""
    given = {"function": "argument_of", "step": "query", "name": "sql", "path": []}
    slots = {
        "a": given, "b": {"function": "parameter", "name": "region", "path": []},
        "c": {"function": "template", "text": "{{ ds }}"},
    }  # fmt: skip
    tree = {"function": "text", "template": "{a}{b}{c}", "slots": slots}
    text = text_of(step("send", depends_on=("query",), json=derived(tree)), region=Param(default="x"))
    expected = 'text("{a}{b}{c}", a=argument_of(query, "sql"), b=parameter("region"), c=template("{{ ds }}"))'
    assert expected in " ".join(text.split()).replace("( ", "(").replace(", )", ")")
    assert "operators.derived import argument_of, text\n" in text


def test_the_formatter_changes_nothing(tmp_path: Any) -> None:
    """Long expressions are broken over lines as the formatter breaks them."""
    pytest.importorskip("ruff")
    part = {"function": "part", "value": {**BEST, "by": "a" * 70}, "path": ["a b", 0]}
    slots = {f"slot_{number}": {**MONTH, "form": "%B" * number} for number in range(8)}
    tree = {
        "function": "text",
        "template": "".join(f"{{{name}}}" for name in slots) + "{last}",
        "slots": {**slots, "last": part},
    }
    (tmp_path / "dag.py").write_text(text_of(step("send", depends_on=("query",), json=derived(tree))))
    command = [sys.executable, "-m", "ruff", "format", "--diff", "--isolated", "--line-length", "320", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"revenue")', '"other")'),
        ("total(wired", "mean(wired"),
        ("total(wired", "eval(wired"),
        ("wired(query", "wired(send"),
        ('by="revenue"', 'to="revenue"'),
        ('["month"]', '["year"]'),
        ("total_revenue = ", "total_revenues = "),
        ("largest_revenue = ", "exit()\n    largest_revenue = "),
        ('**{"a b": 1}', "**globals()"),
    ],
)
def test_the_audit_sees_a_wrong_file(old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another function, name, variable or statement than expected is refused."""
    where = {"function": "where", "rows": ROWS, "conditions": {"a b": 1}}
    tree = {"function": "text", "template": "{a}{b}{c}{d}{e}", "slots": {
        "a": MONTH, "b": {"function": "part", "value": BEST, "path": ["x"]}, "c": TOTAL,
        "d": {"function": "rounded", "value": TOTAL}, "e": {"function": "count", "rows": where},
    }}  # fmt: skip
    sender = step("send", depends_on=("query",), json=derived(tree))
    assert old in text_of(sender)
    audit = module.audit
    monkeypatch.setattr(module, "audit", lambda text, expected: audit(text.replace(old, new, 1), expected))
    with pytest.raises(RenderError):
        text_of(sender)


def test_the_allow_list() -> None:
    """The functions of the language may be imported, from their module only, and nothing else from it."""
    for name in (*derivation.FUNCTIONS, "argument_of"):
        assert is_importable("airflow_provider_vai.operators.derived", name)
        assert not is_importable("airflow_provider_vai.languages.derivation", name)
    for name in ("Derived", "_deferred", "derivation", "inspect"):
        assert not is_importable("airflow_provider_vai.operators.derived", name)
