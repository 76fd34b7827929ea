"""The small interpreter of the bench fills arguments in as the generated tasks do."""

from __future__ import annotations

import copy
import sys
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.model.argument import Argument, Output, Wire
from airflow_provider_vai.model.automation import Automation, Param, Step
from airflow_provider_vai.model.step_approval import StepApproval
from tests.paths import ROOT
from tests.unit.support import call, run

sys.path.insert(0, str(ROOT / "dev"))

from truth import interpreter, replay

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def step(key: str, **changes: Any) -> Step:
    """Return a step that reads."""
    approval = StepApproval(recorded="unknown", reason="a test")
    return Step(
        **{"key": key, "task_id": key, "kind": "python_tool", "operator": "x.Y", "approval": approval} | changes
    )


def automation(*steps: Step, **changes: Any) -> Automation:
    """Return an automation of these steps."""
    return Automation(**{"dag_id": "d", "source_type": "MANUAL", "steps": list(steps)} | changes)


@given(value=JSON)
def test_a_frozen_argument_is_its_literal(value: Any) -> None:
    """Whatever the value is, and the step may change its own copy without harm to the next run."""
    spec = step("one", arguments={"it": Argument.frozen(copy.deepcopy(value))})

    assert interpreter.arguments(spec, interpreter.Context()) == {"it": value}
    assert interpreter.arguments(spec, interpreter.Context())["it"] is not value or not isinstance(value, (dict, list))


@given(result=JSON, name=st.text(max_size=5), index=st.integers(0, 2))
def test_a_wire_fills_exactly_its_place(result: Any, name: str, index: int) -> None:
    """The rest of the value is the literal; the place holds what stands at the path in the result."""
    wire = Wire(at=[name, index], from_=Output(step="one", path=["rows"]))
    value: dict[str, Any] = {name: ["a", "b", "c"]}
    value[name][index] = None
    two = step("two", arguments={"it": Argument(class_="wired", value=value, wires=[wire])})
    seen: list[Any] = []

    def perform(running: Step, arguments: dict[str, Any]) -> Any:
        seen.append(arguments)
        return {"rows": result}

    interpreter.run(automation(step("one"), two), perform, interpreter.Context())

    expected = ["a", "b", "c"]
    expected[index] = result
    assert seen == [{}, {"it": {name: expected}}]


def test_parameters_templates_and_secrets_take_this_runs_values() -> None:
    """A parameter keeps its type, a template gives text, a secret its connection's password."""
    arguments = {
        "count": Argument(class_="parameter", param="count"),
        "text": Argument(class_="template", value="{{ ds }} of {{ params.count }}"),
        "login": Argument(class_="frozen", value={"password": None}, secrets=[{"at": ["password"], "connection": "c"}]),
    }
    spec = automation(step("one", arguments=arguments), params={"count": Param(default=1)})
    context = interpreter.Context(params={"count": 2}, templates={"ds": "2025-01-02"}, passwords={"c": "secret"})
    seen: list[Any] = []

    interpreter.run(spec, lambda running, filled: seen.append(filled), context)

    assert seen == [{"count": 2, "text": "2025-01-02 of 2", "login": {"password": "secret"}}]


def test_an_argument_of_an_earlier_step_is_what_that_step_was_given() -> None:
    """Of a step that has not run, nothing is known."""
    tree = {"function": "argument_of", "step": "two", "name": "it", "path": ["name"]}
    two = step("two", arguments={"it": Argument(class_="wired", from_=Output(step="one"))})
    three = step("three", arguments={"it": Argument(class_="derived", value="x", derive=tree)})
    seen: list[Any] = []
    interpreter.run(
        automation(step("one"), two, three),
        lambda running, filled: seen.append(filled) or {"name": "new"},
        interpreter.Context(),
    )
    assert seen[-1] == {"it": "new"}
    with pytest.raises(LookupError, match="the arguments of the step 'two' are not known"):
        interpreter.arguments(three, interpreter.Context())


def test_a_mapped_step_runs_for_each_element() -> None:
    """Its wires take places of the element at hand, and its result is the list of all results."""
    named = Argument(class_="wired", from_=Output(path=["name"]))
    mapped = step("two", each=Output(step="one", path=["rows"]), arguments={"it": named})
    context = interpreter.Context()

    def perform(running: Step, arguments: dict[str, Any]) -> Any:
        return {"rows": [{"name": "a"}, {"name": "b"}]} if running.key == "one" else arguments["it"]

    interpreter.run(automation(step("one"), mapped), perform, context)

    assert context.results["two"] == ["a", "b"]


def test_a_closed_gate_skips_what_it_guards_and_all_that_waits() -> None:
    """Nothing behind the gate runs; what stands before it does."""
    gate = step("gate", kind=interpreter.GATE, depends_on=["one"])
    spec = automation(step("one"), gate, step("two", depends_on=["gate"]), step("three", depends_on=["two"]))
    ran: list[str] = []

    skipped = interpreter.run(
        spec, lambda running, filled: ran.append(running.key), interpreter.Context(closed=frozenset(["gate"]))
    )

    assert (ran, skipped) == (["one"], ["gate", "two", "three"])


@pytest.mark.parametrize(
    "argument",
    [
        Argument(class_="wired", from_=Output(step="one", path=["absent"])),
        Argument(class_="wired", value=[None], wires=[Wire(at=[0], from_=Output(step="one", path=["rows", 3]))]),
        Argument(class_="parameter", param="p", path=["absent"]),
    ],
)
def test_what_is_not_there_is_an_error(argument: Argument) -> None:
    """No wire and no parameter becomes nothing silently."""
    spec = automation(step("one"), step("two", arguments={"it": argument}), params={"p": Param(default={})})

    with pytest.raises(LookupError):
        interpreter.run(spec, lambda running, filled: {"rows": [1]}, interpreter.Context())


def test_a_mapped_step_has_arguments_for_each_element() -> None:
    """In the order of the list, which is not that of the recorded calls."""
    item = Argument(class_="wired", from_=Output(path=["id"]))
    spec = step("two", each=Output(step="one", path=["rows"]), arguments={"arguments": item})
    context = interpreter.Context(results={"one": {"rows": [{"id": "b"}, {"id": "a"}, {"id": "c"}]}})
    taken, refusal = replay.taken_of(spec, context)
    assert (taken, refusal) == (["b", "a", "c"], None)
    assert replay.in_pairs(["a", "b"], taken) == [1, 0, None]
    assert replay.in_pairs(["a", "x"], ["b", "a"]) == [1, 0]
    assert replay.taken_of(spec, interpreter.Context())[1] is not None


def test_each_call_of_a_mapped_step_has_its_position() -> None:
    """Calls that failed, or that are no step, are passed over."""
    calls = [call("t", {}, n, outcome="failed" if n == 2 else "success") for n in range(1, 6)]
    spec = automation(step("one", call_ids=["c1"]), step("two", call_ids=["c3", "c5"]))
    assert replay.recorded_calls(spec, run(*calls)) == {"one": [0], "two": [2, 4]}
