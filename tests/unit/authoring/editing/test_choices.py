"""A value that cannot be derived: it becomes a DAG param, or a model writes it in each run, from named results only."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.authoring.editing import set_argument
from airflow_provider_vai.authoring.editing.choices import ask_model, lift_argument
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages.derivation import evaluate
from airflow_provider_vai.model.argument import Argument, Output, Secret
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.run import Turn
from airflow_provider_vai.renderer.render import render
from tests.unit.crystallizer.deriving.made import BERTHS, READS, WRITES
from tests.unit.support import call, crystallized, findings, run

STALE = "The dues rose by 999 to EUR 2,410.75 {sic}, they say."
GIVEN = {"text": STALE, "n": 2, "list": ["a"], "to": "somebody by the sea", "none": None}


def made(**given: Any) -> Automation:
    """Return the automation of a run that reads berths and reports them."""
    listed = call("list_berths", {}, {"rows": BERTHS})
    recorded = run(listed, call("file_report", {**GIVEN, **given}), turns=[Turn(index=0, user_text="Report.")])
    return crystallized(recorded, READS, WRITES)


def gate_reason(automation: Automation) -> str:
    """Return the reason that the gate before the report shows."""
    return str(next(step for step in automation.steps if step.kind == "approval_gate").arguments["reason"].value)


def test_a_param() -> None:
    """Its default is the recorded value, its name is free; review and gate no longer call the text out of date."""
    automation = made()
    assert "stale_text" in findings(automation)
    assert "arguments.text repeats figures of the recorded run: 2,410.75" in gate_reason(automation)
    after = lift_argument(automation, "file_report", "arguments.text")
    assert after.params["text"].default == STALE
    assert after.params["text"].schema_["type"] == "string"
    assert [wire.param for wire in after.steps[-1].arguments["arguments"].wires] == ["text"]
    assert "stale_text" not in findings(after)
    assert "repeats figures" not in gate_reason(after)
    again = lift_argument(after, "file_report", "arguments.list.0")
    assert list(again.params) == ["text", "list_"]
    assert render(again)


def test_a_model() -> None:
    """The model gets the old text and the named results; its step is flagged, and the report stays gated."""
    automation = made()
    after = ask_model(automation, "file_report", "arguments.text", [Output(step="list_berths", path=["rows"])])
    assert [step.key for step in after.steps] == ["list_berths", "write_text", "approve_file_report", "file_report"]
    asking, report = after.steps[1], after.steps[-1]
    assert (asking.kind, asking.determinism, asking.effect) == ("call_agent", "model_at_run_time", "read")
    assert "model_at_run_time" in findings(after, "write_text")
    assert "tools" not in asking.arguments
    assert report.approval.gate == "approve_file_report"
    assert [wire.from_ for wire in report.arguments["arguments"].wires] == [Output(step="write_text", path=["answer"])]
    tree = asking.arguments["question"].derive
    prompt = evaluate(tree, lambda reference: [{"dues": 1}])
    assert STALE in prompt
    assert '[{"dues": 1}]' in prompt
    assert "repeats figures" not in gate_reason(after)
    assert 'as_json(wired(list_berths, "rows"))' in render(after)


def test_a_step_without_a_gate_gets_one() -> None:
    """Nobody else would see what the model wrote."""
    listed = call("list_berths", {}, {"rows": BERTHS})
    automation = crystallized(run(listed, call("file_report", GIVEN)), READS, {**WRITES, "effect": "read"})
    after = ask_model(automation, "file_report", "arguments.text", [Output(step="list_berths")])
    assert after.steps[-1].approval.gate == "approve_file_report"


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("arguments", "only a text, a number or a boolean"),
        ("arguments.list", "only a text, a number or a boolean"),
        ("arguments.none", "only a text, a number or a boolean"),
        ("arguments.nope", "nothing at this place"),
        ("tool", "decides"),
    ],
)
def test_no_param(place: str, problem: str) -> None:
    """The message says why."""
    with pytest.raises(SpecError, match=problem):
        lift_argument(made(), "file_report", place)


def test_names_and_values_that_are_taken() -> None:
    """Neither a param nor a place that a run fills in is replaced."""
    after = lift_argument(made(), "file_report", "arguments.text", "words")
    with pytest.raises(SpecError, match="there is a param 'words' already"):
        lift_argument(after, "file_report", "arguments.n", "words")
    with pytest.raises(SpecError, match="there is a param 'payload' already"):
        lift_argument(after, "file_report", "arguments.n", "payload")
    with pytest.raises(SpecError, match="fills it in already"):
        lift_argument(after, "file_report", "arguments.text")
    secret = Argument(class_="frozen", value=None, secrets=[Secret(at=[], connection="mail")], origin="secret")
    hidden = set_argument(made(), "file_report", "arguments.n", secret)
    with pytest.raises(SpecError, match="fills it in already"):
        lift_argument(hidden, "file_report", "arguments.n")


@pytest.mark.parametrize(
    ("place", "reads", "problem"),
    [
        ("arguments.n", ["list_berths"], "a model writes texts only"),
        ("arguments.to", ["list_berths"], "decides what runs or whom a write reaches"),
        ("tool", ["list_berths"], "decides what runs"),
        ("arguments.text", [], "no result is named"),
        ("arguments.text", ["nope"], "there is no step 'nope'"),
    ],
)
def test_no_model(place: str, reads: list[str], problem: str) -> None:
    """A model never chooses a tool or a recipient, and never reads what nobody named."""
    with pytest.raises(SpecError, match=problem):
        ask_model(made(), "file_report", place, [Output(step=step) for step in reads])
