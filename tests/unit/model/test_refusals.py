"""What Airflow or its database would refuse is found, with its place; values at the limits are accepted."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages.derivation.source import parsed
from airflow_provider_vai.model.argument import Argument, Wire
from airflow_provider_vai.model.automation import Automation, Notification, Param, Step
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.refusals import MAX_SECONDS, accepted, refusals
from airflow_provider_vai.model.step_approval import StepApproval

SPAN = float(MAX_SECONDS)


def step(key: str = "look", kind: str = "mcp_tool", **fields: Any) -> Step:
    """Return a step."""
    approval = StepApproval(recorded="not_required", reason="a test")
    own = {"key": key, "task_id": key, "kind": kind, "operator": by_name()[kind].operator, "approval": approval}
    return Step(**{**own, **fields})


def automation(*steps: Step, **fields: Any) -> Automation:
    """Return an automation."""
    return Automation(**{"dag_id": "a", "source_type": "MANUAL", "steps": list(steps) or [step()], **fields})


def frozen(value: Any) -> dict[str, Argument]:
    """Return one argument."""
    return {"arguments": Argument.frozen(value)}


def template(text: str) -> dict[str, Argument]:
    """Return one argument that is a template."""
    return {"arguments": Argument(class_="template", value=text)}


def wired(text: str) -> dict[str, Argument]:
    """Return one argument with a template inside."""
    return {"arguments": Argument(class_="wired", value={"key": None}, wires=[Wire(at=["key"], template=text)])}


def derived(text: str) -> dict[str, Argument]:
    """Return one argument that is worked out from a template."""
    tree = parsed(f"month_of(template({text!r}))")
    return {"arguments": Argument(class_="derived", derive=tree)}


BELL = "airflow.providers.mine.notifications.bell.BellNotifier"
REFUSED = [
    ({"dag_id": "a b"}, "dag_id"),
    ({"dag_id": "a\n"}, "dag_id"),
    ({"dag_id": "d" * 201}, "dag_id"),
    ({"dag_id": "é" * 101}, "dag_id"),
    ({"steps": [step(task_id="a b")]}, "steps.look.task_id"),
    ({"steps": [step(task_id="")]}, "steps.look.task_id"),
    ({"steps": [step(task_id="a\n")]}, "steps.look.task_id"),
    ({"steps": [step(task_id="t" * 251)]}, "steps.look.task_id"),
    ({"steps": [step(task_id="\U0001d495" * 130)]}, "steps.look.task_id"),  # 12 characters each in the asset's URI
    ({"steps": [step("a", task_id="t"), step("b", task_id="t")]}, "steps.b.task_id"),
    ({"tags": ["ok", ""]}, "tags.1"),
    ({"tags": [" "]}, "tags.0"),
    ({"tags": ["t" * 101]}, "tags.0"),
    ({"tags": ["a\0b"]}, "tags.0"),
    ({"owner": ""}, "owner"),
    ({"owner": "o" * 2001}, "owner"),
    ({"timeout_seconds": 1e15}, "timeout_seconds"),
    ({"timeout_seconds": SPAN + 1}, "timeout_seconds"),
    ({"timeout_seconds": float("inf")}, "timeout_seconds"),
    ({"retry_delay_seconds": 1e300}, "retry_delay_seconds"),
    ({"max_active_runs": 2**31}, "max_active_runs"),
    ({"max_active_tasks": 2**31}, "max_active_tasks"),
    ({"steps": [step(timeout_seconds=1e15)]}, "steps.look.timeout_seconds"),
    ({"steps": [step(retry_delay_seconds=1e15)]}, "steps.look.retry_delay_seconds"),
    ({"steps": [step(concurrency=2**31)]}, "steps.look.concurrency"),
    (
        {"steps": [step(kind="approval_gate", arguments={"response_timeout": Argument.frozen(10**15)})]},
        "steps.look.arguments.response_timeout",
    ),
    ({"description": "a\0b"}, "description"),
    ({"conditions": ["params.a = '\0'"]}, "conditions.0"),
    ({"params": {"p\0": Param()}}, "params"),
    ({"params": {"p": Param(default={"k": ["\0"]})}}, "params.p.default.k.0"),
    ({"params": {"p": Param(schema={"enum": ["\ud800"]})}}, "params.p.schema_.enum.0"),
    ({"triggers": [{"type": "event", "uri": "s3://a\0"}]}, "triggers.0.uri"),
    ({"steps": [step(arguments=frozen({"a": ["\0"]}))]}, "steps.look.arguments.arguments.value.a.0"),
    ({"steps": [step(arguments=frozen({"\ud800": 1}))]}, "steps.look.arguments.arguments.value"),
    ({"notifications": [Notification(on="failure", notifier="subprocess.getoutput")]}, "notifications.0.notifier"),
    (
        {"notifications": [Notification(on="failure", notifier="a.providers.x.BNotifier", arguments={"x": "\0"})]},
        "notifications.0.arguments.x",
    ),
    (
        {"notifications": [Notification(on="failure", notifier=BELL, arguments={"to": ["a", "{{ conn.x.login }}"]})]},
        "notifications.0.arguments.to.1",
    ),
    (
        {"notifications": [Notification(on="failure", notifier=BELL, arguments={"text": "{{ ds"})]},
        "notifications.0.arguments.text",
    ),
    ({"steps": [step(arguments=template("{{ var.value.key }}"))]}, "steps.look.arguments.arguments"),
    ({"steps": [step(arguments=wired("{{ conn.x.password }}"))]}, "steps.look.arguments.arguments.key"),
    ({"steps": [step(arguments=derived("{{ ti.task }}"))]}, "steps.look.arguments.arguments"),
]


@pytest.mark.parametrize(("fields", "place"), REFUSED, ids=[f"{place}-{n}" for n, (_, place) in enumerate(REFUSED)])
def test_what_would_be_refused_is_found(fields: dict[str, Any], place: str) -> None:
    """At its place; an edit with it is refused."""
    wrong = automation(**fields)

    found = list(refusals(wrong))
    assert found[0].where == place
    assert found[0].problem
    assert found[0].remedy
    with pytest.raises(SpecError) as caught:
        accepted(wrong)
    assert caught.value.where == place


@pytest.mark.parametrize(
    "fields",
    [
        {"dag_id": "d" * 200},
        {"dag_id": "9.a-b_C"},
        {"dag_id": "verkäufe", "steps": [step("größe")]},  # ids of earlier versions stay
        {"steps": [step(task_id="t" * 250)]},
        {"tags": ["t" * 100, "Ünï 🎉"]},
        {"owner": "o" * 2000},
        {"timeout_seconds": SPAN, "retry_delay_seconds": SPAN, "max_active_runs": 2**31 - 1},
        {"timeout_seconds": 1e-9, "retry_delay_seconds": 0},
        {"steps": [step(timeout_seconds=SPAN, retry_delay_seconds=SPAN, arguments=frozen({"a": 10**15}))]},
        {
            "steps": [step(arguments={"x": Argument(class_="frozen", value=1, evidence=["a\0b"])})]
        },  # only in the sidecar
    ],
)
def test_values_at_the_limits_are_accepted(fields: dict[str, Any]) -> None:
    """And so are texts that are in no database."""
    assert list(refusals(automation(**fields))) == []


def test_a_text_is_refused_in_each_step_that_has_it() -> None:
    """Steps may have one argument together; what is refused in it is refused in all of them."""
    bad, good = frozen({"x": ["a\0b"]}), {"conn_id": Argument.frozen("crm")}
    steps = [step(key, arguments={**good, **bad}) for key in ("one", "two")]
    found = [refusal.where for refusal in refusals(automation(*steps, step("three", arguments=good)))]

    assert found == ["steps.one.arguments.arguments.value.x.0", "steps.two.arguments.arguments.value.x.0"]
