"""Crystallizing as a whole: the facts in the Automation, and properties that hold for every run."""

from __future__ import annotations

import ast
import copy
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from airflow_provider_vai.crystallizer.crystallize import derived_dag_id
from airflow_provider_vai.exceptions import NothingToCrystallize, RunNotSuccessful
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.result_path import follow
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Automation, Param, Step
from airflow_provider_vai.model.run import Approval, Run, ToolCall, Turn, Usage
from airflow_provider_vai.renderer.render import render
from tests.unit.support import MCP, SHA, call, crystallized, review_lines, run, tasks

AT = datetime(2025, 3, 3, 9, tzinfo=timezone.utc)
RULES = (
    {"match": "query", "kind": "generate_query", "arguments": {"q": "sql"}},
    {"match": "board", "kind": "create_flashboard"},
    {"match": "read", "kind": "mcp_tool", "effect": "read"},
    {"match": "free", "kind": "python_tool", "callable": "m:free", "approval": "never"},
    {"match": "strict", "kind": "mcp_tool", "approval": "required"},
    MCP,
)


def test_provenance_is_taken_over() -> None:
    """Where the automation comes from, what the run cost, and what it was called."""
    recorded = run(
        call("look", {"q": 1}, {"n": 1}),
        id="run-9",
        source="chat_thread",
        title="Late parcels",
        agent="helper",
        model="m-1",
        started_at=AT,
        usage=Usage(input_tokens=10, output_tokens=2, cost_usd=0.25),
        notes=["messages[3]: odd"],
    )
    automation = crystallized(recorded)
    assert (automation.dag_id, automation.description) == ("vai_late_parcels", "Late parcels")
    assert automation.source_type == "CRYSTALLIZED"
    assert automation.source is not None
    assert automation.source.model_dump() == {
        "kind": "chat_thread", "id": "run-9", "format": "made", "trace_sha256": SHA, "agent": "helper", "model": "m-1",
        "captured_at": AT,
    }  # fmt: skip
    assert automation.savings is not None
    assert automation.savings.model_dump() == {"input_tokens": 10, "output_tokens": 2, "cost_usd": 0.25}
    assert [trigger.type for trigger in automation.triggers] == ["manual"]
    assert "messages[3]: odd" in review_lines(automation)
    recorded_result = automation.steps[-1].recorded
    assert recorded_result is not None
    assert recorded_result.result_sha256 == json_text.digest({"n": 1})
    assert recorded_result.result_schema == {"type": "object", "properties": {"n": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("facts", "dag_id"),
    [
        ({"title": "Monthly revenue", "agent": "a"}, "vai_monthly_revenue"),
        ({"agent": "sales-analyst"}, "vai_sales_analyst"),
        ({"turns": [Turn(index=0), Turn(index=1, user_text="Send the\nreport!")]}, "vai_send_the_report"),
        ({"id": "0f-9"}, "vai_0f_9"),
        ({"title": "json"}, "vai_json"),
        ({"title": "../../etc"}, "vai_etc"),
        ({"title": "🙂", "id": "x"}, "vai"),
        ({"title": "w" * 300}, "vai_" + "w" * 76),
        (
            {"title": "give me revenue by month and order counts by region"},
            "vai_give_me_revenue_by_month_and_order_counts_by",
        ),
        ({"title": "Übersicht für Mai"}, "vai_ubersicht_fur_mai"),
        ({"title": "売上の報告"}, "vai_run"),
    ],
)
def test_derived_dag_ids(facts: dict[str, Any], dag_id: str) -> None:
    """Title, agent, the user's first words or the run's id; prefixed, so that no module is shadowed; cut at a word."""
    assert derived_dag_id(run(**facts)) == dag_id


def test_titles_keep_the_letters_that_ids_lack() -> None:
    """They become Airflow's display names; a name of which the id has every letter needs none."""
    made = crystallized(run(call("verkäufe_lesen"), call("送信"), call("look"), title="Übersicht für Mai"))

    ids = [(step.task_id, step.title) for step in made.steps if step.kind == "mcp_tool"]
    assert ids == [("verkaufe_lesen", "verkäufe_lesen"), ("tool", "送信"), ("look", None)]
    assert (made.dag_id, made.title) == ("vai_ubersicht_fur_mai", "Übersicht für Mai")
    text = render(made)
    assert 'dag_display_name="Übersicht für Mai",' in text
    assert 'task_display_name="verkäufe_lesen",' in text
    assert text.count("display_name") == 3
    assert crystallized(run(call("look"), title="Übersicht"), dag_id="mine").title is None
    former = crystallized(run(call("verkäufe"), title="Übersicht"), unicode_ids=True)
    assert (former.dag_id, former.steps[-1].task_id) == ("vai_übersicht", "verkäufe")
    assert "display_name" not in render(former)


@pytest.mark.parametrize("bad", ["\0", "\ud800"])
def test_text_that_airflow_cannot_store(bad: str) -> None:
    """In a title it is replaced; a call with it in a value or a key is left out, with the reason."""
    made = crystallized(
        run(call("look", {"q": 1}, {f"r{bad}": bad}), turns=[Turn(index=0, user_text=f"Report{bad} us")])
    )
    assert made.description == "Report\ufffd us"
    assert bad not in render(made)

    for arguments in ({"q": f"a{bad}b"}, {f"q{bad}": 1}, {"q": [{"k": bad}]}):
        made = crystallized(run(call("look"), call("look", arguments)))
        assert len([step for step in made.steps if step.kind != "approval_gate"]) == 1
        (left_out,) = made.not_crystallized
        assert "U+0000" in left_out.reason or "half a surrogate pair" in left_out.reason


def test_a_schedule_is_a_trigger() -> None:
    """A cron expression or preset; without one a person starts the DAG."""
    from airflow_provider_vai.crystallizer.crystallize import crystallize
    from airflow_provider_vai.crystallizer.draft import Policy
    from tests.unit.support import tools

    automation = crystallize(run(call()), tools(), Policy(), trace_sha256=SHA, schedule="@daily")
    assert [(trigger.type, trigger.schedule) for trigger in automation.triggers] == [("schedule", "@daily")]


def test_connections_are_those_the_dag_needs() -> None:
    """Of steps and of secrets, each once."""
    recorded = run(call("query", {"q": "S"}), call("send", {"password": "x y"}), call("send"), call("free"))
    assert crystallized(recorded, *RULES).connections == ["mcp", "send_password", "warehouse"]


def test_failed_runs_and_empty_runs_are_refused() -> None:
    """A failed run, or a run without usable calls, is refused."""
    with pytest.raises(RunNotSuccessful):
        crystallized(run(call(), outcome="failed"))
    assert len(crystallized(run(call(), outcome="failed"), allow_unsuccessful=True, gates="recorded").steps) == 1
    with pytest.raises(NothingToCrystallize):
        crystallized(run())


def test_executed_arguments_are_frozen_not_the_proposed_ones() -> None:
    """Where a person edited the call, what ran is what is repeated."""
    edited = call("send", {"n": 20}, approval="edited", proposed_arguments={"n": 500})
    automation = crystallized(run(edited))
    assert automation.steps[-1].arguments["arguments"].value == {"n": 20}
    assert "500" not in automation.model_dump_json()


def test_renamed_title_changes_no_step() -> None:
    """The spec's steps depend on the calls alone."""
    calls = (call("look", result="record 4711"), call("send", {"id": "record 4711"}))
    one, other = crystallized(run(*calls, title="One")), crystallized(run(*calls, title="Other"))
    assert one.steps == other.steps


# --- for every run ----------------------------------------------------------------------------------------------------

LEAVES = st.sampled_from(
    [
        "record 4711",
        "abc",
        "",
        "x" * 50,
        "{{ ds }}",
        'it\'s "two"\nlines',
        None,
        True,
        1,
        1.0,
        -0.0,
        0,
        7.5,
        10**20,
        [],
        {},
    ]
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "rows", "columns", ""]), inner, max_size=3)
    ),
    max_leaves=5,
)
ROWS = st.lists(st.fixed_dictionaries({"m": LEAVES, "n": LEAVES}), max_size=3)
TABLES = (
    ROWS
    | ROWS.map(lambda rows: {"rows": rows})
    | ROWS.map(lambda rows: {"columns": ["m"], "rows": rows, "row_count": 1})
)
STATES = st.sampled_from(["not_required", "approved", "edited", "denied", "unknown"])
OUTCOMES = st.sampled_from(["success"] * 6 + ["failed", "denied", "interrupted", "unknown"])
TOOLS = st.sampled_from(["query", "board", "read", "free", "strict", "Send mail", "send-mail", "approve_read", "class"])


def _parts(value: Any) -> list[Any]:
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value, *(part for item in inner for part in _parts(item))]


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """Return a run of up to eight calls; arguments are often whole results, or parts of them, of earlier calls."""
    calls: list[ToolCall] = []
    seen: list[Any] = []
    batch = 0
    for number in range(draw(st.integers(1, 8))):
        tool = draw(TOOLS)
        value = draw(st.sampled_from(seen) if seen and draw(st.booleans()) else VALUES)
        arguments: dict[str, Any] = {"a": value} if draw(st.booleans()) else {"a": [draw(VALUES), {"b": value}]}
        if tool == "query":
            arguments = {"q": "SELECT 1", **draw(st.sampled_from([{}, {"parameters": {"p": value}}]))}
        elif tool == "board":
            arguments = {"title": draw(st.sampled_from(["T", "record 4711"])), "charts": [], "datasets": {"d": value}}
        result = copy.deepcopy(draw(TABLES if tool == "query" else VALUES))
        seen += _parts(result)
        batch += draw(st.integers(0, 1))
        calls.append(
            ToolCall(
                id=f"id {number}",
                tool=tool,
                batch=batch,
                turn=draw(st.integers(0, 1)),
                actor=draw(st.sampled_from(["agent"] * 5 + ["user"])),
                arguments=copy.deepcopy(arguments),
                result=result,
                outcome=draw(OUTCOMES),
                approval=Approval(state=draw(STATES), by=draw(st.none() | st.just("mia"))),
            )
        )
    said = draw(st.sampled_from([None, "go", "use record 4711"]))
    return run(*calls, turns=[Turn(index=0, user_text=said), Turn(index=1, user_text="abc")])


POLICIES = st.fixed_dictionaries(
    {"gates": st.sampled_from(["auto", "recorded"]), "freeze_all": st.booleans(), "parallel": st.booleans()}
)


def found(value: Any, path: Any) -> Any:
    """Return the part of a value at a path."""
    return follow(value, path)


def left_by(step: Step, results: dict[str, Any]) -> Any:
    """Return the result that the step would have in Airflow if its tool answered as recorded."""
    result = results[step.call_ids[0]]
    if step.kind != "generate_query":
        return result
    return result if isinstance(result, dict) else {"rows": result}


def substituted(argument: Argument, sources: dict[str, Any], params: dict[str, Param]) -> Any:
    """Return an argument with each wire replaced by the recorded value and each param by its default."""
    if argument.class_ == "parameter":
        return found(params[argument.param].default, argument.path)
    if argument.from_:
        return found(sources[argument.from_.step], argument.from_.path)
    value = {"": copy.deepcopy(argument.value)}
    for wire in argument.wires:
        place = ["", *wire.at]
        assert found(value, place) is None
        source = sources[wire.from_.step] if wire.from_ else params[wire.param].default
        found(value, place[:-1])[place[-1]] = found(source, wire.from_.path if wire.from_ else wire.path)
    return value[""]


def recorded_arguments(one: ToolCall, step: Step) -> dict[str, Any]:
    """Return the executed arguments under the operator's names."""
    assert isinstance(one.arguments, dict)
    if step.kind in ("mcp_tool", "python_tool"):
        return {"arguments": one.arguments}
    return {{"q": "sql"}.get(name, name): value for name, value in one.arguments.items()}


def ancestors(automation: Automation) -> dict[str, set[str]]:
    """Return every step that each step waits for, directly or not."""
    known: dict[str, set[str]] = {}
    for step in automation.steps:
        known[step.key] = set(step.depends_on).union(*(known[key] for key in step.depends_on))
    return known


@settings(max_examples=300, deadline=None)
@given(runs(), POLICIES)
def test_what_holds_for_every_run(recorded: Run, policy: dict[str, Any]) -> None:
    """One step a successful call of the agent; gates right before what they guard; wires give what ran."""
    wanted = [one for one in recorded.calls if one.outcome == "success" and one.actor == "agent"]
    if not wanted:
        with pytest.raises(NothingToCrystallize):
            crystallized(recorded, *RULES, **policy)
        return
    automation = crystallized(recorded, *RULES, **policy)
    steps = {step.key: step for step in automation.steps}
    real = [step for step in automation.steps if step.kind != "approval_gate"]
    assert [step.call_ids for step in real] == [[one.id] for one in wanted]
    listed = [entry.call_id for entry in automation.not_crystallized]
    assert sorted(listed + [one.id for one in wanted]) == sorted(one.id for one in recorded.calls)

    guards = {step.approval.gate for step in real} - {None}
    assert guards == {step.key for step in automation.steps if step.kind == "approval_gate"}
    for step in real:
        if step.approval.gate:
            assert step.depends_on == [step.approval.gate]
            assert [other.key for other in real if step.approval.gate in other.depends_on] == [step.key]

    before = ancestors(automation)
    results = {one.id: one.result for one in recorded.calls}
    batches = {one.id: one.batch for one in recorded.calls}
    sources = {step.key: left_by(step, results) for step in real}
    for step, one in zip(real, wanted, strict=True):
        for name, value in recorded_arguments(one, step).items():
            argument = step.arguments[name]
            assert json_text.canonical(substituted(argument, sources, automation.params)) == json_text.canonical(value)
            assert not (policy["freeze_all"] and argument.class_ != "frozen")
            for source in [wire.from_ for wire in argument.wires if wire.from_] + (
                [argument.from_] if argument.from_ else []
            ):
                assert source.step in before[step.key]
                assert batches[steps[source.step].call_ids[0]] < one.batch

    text = render(automation)
    assert text == render(Automation.model_validate_json(automation.model_dump_json()))
    ast.parse(text)
    assert set(tasks(text)) - {"completed"} == {step.task_id for step in automation.steps}
    assert crystallized(recorded, *RULES, **policy) == automation


@pytest.mark.parametrize(
    ("title", "said", "expected"),
    [
        ("Late parcels", "Find the parcels that are late. Then tell the customers.", "Late parcels"),
        (None, "Find the parcels that are late. Then tell the customers.", "Find the parcels that are late."),
        ("user_task_3", "Find the parcels that are late. Then tell the customers.", "Find the parcels that are late."),
        ("1", "Find the parcels that are late", "Find the parcels that are late"),
        ("task-3", "", "task-3"),
        ("在庫", "Count the stock, please.", "在庫"),
        (None, "word " * 60, "word " * 23 + "word…"),
    ],
)
def test_the_description_is_a_title_that_a_person_would_give(title: str | None, said: str, expected: str) -> None:
    """The run's title, unless it is an identifier and the user said something; else the user's first sentence."""
    turns = [Turn(index=0, user_text=said)] if said else []
    made = crystallized(run(call("look"), title=title, turns=turns))

    assert made.description == expected
