"""Runs of one hidden program give an automation that does in each case what the program did."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.crystallizer.several.generalise import generalised
from airflow_provider_vai.crystallizer.several.recording import Recording
from airflow_provider_vai.exceptions import CrystallizeError
from airflow_provider_vai.languages import expression
from airflow_provider_vai.languages.places import with_value
from airflow_provider_vai.languages.result_path import follow
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.run import Run, ToolCall, Turn
from airflow_provider_vai.renderer.render import render
from tests.unit.support import MCP, SHA, call, review_lines, run, tools

READ = {"match": "get_*", "kind": "mcp_tool", "conn_id": "mcp", "effect": "read"}
REGIONS = ("Northland", "Southport", "Westfield")


@dataclass(frozen=True)
class Case:
    """What one run is about; :func:`program` is what the agent then does."""

    number: int
    order: str
    region: str
    total: int
    is_vip: bool
    swapped: bool


@dataclass(frozen=True)
class Rules:
    """The hidden program's own settings. ``when``: which cases a manager hears of. ``limit``: of the total."""

    when: str
    limit: int

    def applies(self, case: Case) -> bool:
        """Return whether the step that is not always made is made."""
        return {"total": case.total > self.limit, "vip": case.is_vip, "region": case.region == "Northland"}[self.when]


def program(case: Case, rules: Rules) -> Run:
    """Return the run of a case."""
    email = f"{case.order.lower()}@x.org"
    order = call(
        "get_order",
        {"order_id": case.order},
        {
            "customer": {"email": email, "vip": case.is_vip},
            "total": case.total,
            "at": f"2026-03-{case.number + 1:02}T08:00:00Z",
            "trace": uuid.UUID(int=case.number + 2**100).hex,
        },
    )
    rates = call("get_rates", {"region": case.region}, {"rate": 3})
    first = [rates, order] if case.swapped else [order, rates]
    told = call("tell_manager", {"order_id": case.order, "who": email}, {"ok": True})
    mail = {"to": email, "total": case.total, "text": "Thank you", "key": uuid.UUID(int=case.number + 2**101).hex}
    calls = [*first, *([told] if rules.applies(case) else []), call("mail", mail, {"ok": True})]
    words = f"Handle the order {case.order} in the region '{case.region}'"
    at = datetime(2026, 3, 1, tzinfo=timezone.utc) + timedelta(days=case.number)
    return run(*calls, id=f"r{case.number}", started_at=at, turns=[Turn(index=0, user_text=words)])


CASES = st.lists(
    st.tuples(st.integers(1001, 9999), st.sampled_from(REGIONS), st.integers(11, 999), st.booleans(), st.booleans()),
    min_size=2,
    max_size=7,
    unique_by=lambda it: it[0],
).map(lambda found: [Case(number, f"ORD-{it[0]}", *it[1:]) for number, it in enumerate(found)])
RULES = st.builds(Rules, st.sampled_from(["total", "vip", "region"]), st.integers(50, 800))


def made_of(runs: list[Run]) -> Automation:
    """Return the automation of the runs, which renders."""
    automation = generalised([Recording(it.id, it, SHA) for it in runs], tools(READ, MCP), Policy())
    render(automation)
    return automation


def replayed(automation: Automation, recorded: Run, params: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what the automation would call with the params, and with which arguments; each call answers as recorded."""
    answers = {it.tool: it.result for it in recorded.calls}
    results: dict[str, Any] = {}
    skipped: set[str] = set()
    for step in automation.steps:
        is_joined = len(step.depends_on) > 1
        if step.depends_on and (all if is_joined else any)(key in skipped for key in step.depends_on):
            skipped.add(step.key)
        elif step.kind == "conditional_branch":
            skipped |= branched(step, automation, results, params)
        elif step.kind == "mcp_tool" and step.key not in skipped:
            arguments = filled(step.arguments["arguments"], results, params)
            tool = step.arguments["tool"].value
            results[step.key] = answers.get(tool)
            yield tool, arguments


def branched(step: Step, automation: Automation, results: dict[str, Any], params: dict[str, Any]) -> set[str]:
    """Return the steps that a branch skips: those behind it that it did not choose, and no chosen one leads to."""
    inputs = filled(step.arguments["inputs"], results, params) if "inputs" in step.arguments else {}
    holds = expression.evaluate(expression.parse(step.arguments["condition"].value), {"params": params, **inputs})
    lists = {name: step.arguments[name].value for name in ("if_true", "if_false") if name in step.arguments}
    followers = [it.key for it in automation.steps if step.key in it.depends_on]
    reached = set(lists.get("if_true" if holds else "if_false", []))
    for it in automation.steps:
        reached |= {it.key} if reached.intersection(it.depends_on) else set()
    return {key for key in followers if key not in reached}


def filled(argument: Argument, results: dict[str, Any], params: dict[str, Any]) -> Any:
    """Return an argument with its wires filled in."""
    value = argument.value
    for wire in argument.wires:
        part = (
            params[wire.param]
            if wire.param
            else follow(results[wire.from_.step or ""], wire.from_.path)
            if wire.from_
            else None
        )
        value = with_value(value, wire.at, part)
    return value


@settings(max_examples=40, deadline=None)
@given(CASES, RULES)
def test_each_run_is_repeated(cases: list[Case], rules: Rules) -> None:
    """With each run's own params, all of its calls and no others, but what the review says is left out or frozen."""
    runs = [program(case, rules) for case in cases]
    automation = made_of(runs)

    applied = [case for case in cases if rules.applies(case)]
    has_step = any(it.key == "tell_manager" for it in automation.steps)
    for case, recorded in zip(cases, runs, strict=True):
        params = {name: it.default for name, it in automation.params.items()} | _params(automation, case)
        repeated = sorted(replayed(automation, recorded, params), key=str)
        wanted = [(it.tool, it.arguments) for it in recorded.calls if has_step or it.tool != "tell_manager"]
        assert _without_key(repeated) == _without_key(sorted(wanted, key=str))
    enough = len(applied) >= 2 and len(cases) - len(applied) >= 2
    assert has_step is (enough or len(applied) == len(cases))
    assert has_step or not applied or any("tell_manager is left out" in line for line in review_lines(automation))
    assert any("key: is volatile" in line for line in review_lines(automation))


def _params(automation: Automation, case: Case) -> dict[str, Any]:
    known = {"order_id": case.order, "region": case.region}
    assert automation.params.keys() <= known.keys()
    return {name: value for name, value in known.items() if name in automation.params}


def _without_key(calls: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [(tool, {name: part for name, part in given.items() if name != "key"}) for tool, given in calls]


def long_run(number: int, calls: int) -> Run:
    """Return a run in which each call asks for what the one before it named; odd runs make one call more."""

    def one(place: int) -> ToolCall:
        asked = {"id": f"part-{number}-{place}", "place": place}
        return call(f"get_part_{place % 5}", asked, {"next": f"part-{number}-{place + 1}", "rows": [{"n": place}] * 5})

    at = datetime(2026, 3, 1, tzinfo=timezone.utc) + timedelta(days=number)
    words = f"Begin with part-{number}-0"
    made = [one(place) for place in range(calls)]
    extra = [call("get_more", {"about": "all"}, {"n": 1})] if number % 2 else []
    return run(*made[:50], *extra, *made[50:], id=f"r{number}", started_at=at, turns=[Turn(index=0, user_text=words)])


def test_many_long_runs() -> None:
    """Twenty runs of a hundred calls: the chain is wired from end to end, and one value is asked for."""
    automation = made_of([long_run(number, 100) for number in range(20)])

    assert list(automation.params) == ["id"]
    assert sum(it.kind == "mcp_tool" for it in automation.steps) == 100
    wired = [wire.from_ for it in automation.steps for wire in it.arguments["arguments"].wires if wire.from_]
    assert [it.path for it in wired] == [["next", "is:text"]] * 99
    assert any(line.startswith("get_more is left out: made in 10 of 20 runs") for line in review_lines(automation))


SCALARS = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        3,
        120,
        1.5,
        "",
        "ORD-1001",
        "ORD-1002",
        "ann@x.org",
        "north",
        "{{ ds }}",
        "ü\u202e",
        "a\nb",
        "x" * 300,
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "to", "a b", "not"]), inner, max_size=3)
    ),
    max_leaves=5,
)
ARGUMENTS = st.dictionaries(st.sampled_from(["id", "to", "text", "items"]), VALUES, max_size=3)
APPROVALS = st.sampled_from(["unknown", "approved", "not_required"])
REQUESTS = st.sampled_from([None, "Do ORD-1001", "Do ORD-1002 for ann@x.org"])


@st.composite
def kindred(draw: st.DrawFn) -> list[Run]:
    """Return runs that call nearly the same tools with whatever arguments."""
    names = draw(st.lists(st.sampled_from(["get_a", "get_b", "send"]), min_size=1, max_size=5))
    runs = []
    for number in range(draw(st.integers(2, 5))):
        left = draw(st.none() | st.integers(0, 4))
        calls = [
            call(name, draw(ARGUMENTS), draw(VALUES), approval=draw(APPROVALS))
            for place, name in enumerate(names)
            if place != left
        ]
        runs.append(run(*calls, id=f"r{number}", turns=[Turn(index=0, user_text=draw(REQUESTS))]))
    return runs


@settings(max_examples=150, deadline=None)
@given(kindred())
def test_whatever_the_runs_are_the_result_is_proven_or_refused(runs: list[Run]) -> None:
    """Values that meet by chance, hostile texts: it renders, and every call of every run is in a step or among those
    left out; or it is refused, and never because the proof failed."""
    automation = None
    with suppress(CrystallizeError):
        automation = made_of(runs)
    if automation is None:
        with pytest.raises(CrystallizeError, match=r"(?s)^(?!.*defect)"):
            made_of(runs)
        return
    assert made_of(runs) == automation
    kept = {name for it in automation.steps for name in it.call_ids}
    left = {it.call_id for it in automation.not_crystallized}
    assert all({name, f"{one.id}:{name}"} & (kept | left) for one in runs for name in (it.id for it in one.calls))
