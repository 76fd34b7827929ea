"""The tasks that the renderer adds around the steps of an automation.

They check the conditions, provide the lists that steps are mapped over, and mark the end of the automation. They are
not steps of the spec, and are added only where they are needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from airflow_provider_vai.languages.identifiers import Names, asset_uri, identifier
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.kind_arguments import Arguments
from airflow_provider_vai.model.kinds import OPERATORS, Kind
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.model.step_graph import last_steps
from airflow_provider_vai.renderer.python_source import SourcePlace
from airflow_provider_vai.renderer.trigger_rules import JOIN

CONDITIONS = Kind(
    name="conditions",
    operator=f"{OPERATORS}.conditions.ConditionsOperator",
    summary="skips every step if a condition of the automation is false",
    arguments="flow.ConditionsArguments",
    effect="read",
)
EACH = Kind(
    name="each",
    operator=f"{OPERATORS}.each.EachOperator",
    summary="the list over which a step is mapped",
    arguments="flow.EachArguments",
    effect="read",
)
COMPLETED = Kind(
    name="completed",
    operator="airflow.providers.standard.operators.empty.EmptyOperator",
    summary="does nothing; it succeeds when every branch has reached its end",
    arguments=Arguments,
    effect="read",
)
FRAME = {kind.name: kind for kind in (CONDITIONS, EACH, COMPLETED)}


@dataclass(frozen=True)
class Frame:
    """The steps and the tasks around them.

    :param steps: All of them, in order.
    :param lists: The key of the task that provides the list, by the key of the mapped step.
    """

    steps: list[Step]
    lists: dict[str, str]

    @cached_property
    def guarded(self) -> Mapping[str, list[Step]]:
        """The steps that each gate guards, by the gate's key."""
        found: dict[str, list[Step]] = {}
        for step in self.steps:
            if step.approval.gate:
                found.setdefault(step.approval.gate, []).append(step)
        return found


def framed(automation: Automation) -> Frame:
    """Return the automation's steps and the tasks around them; each one comes after those that it depends on.

    The task that provides a list comes before the gate of the mapped step, if it has one, because the gate shows the
    list. If several steps have no followers, a last task waits for all of them.
    """
    taken = frozenset(name for step in automation.steps for name in (step.key, step.task_id))
    names = Names(taken, make=identifier)  # so that the task ids of existing automations stay
    steps, lists = _with_lists(automation.steps, names)
    if automation.conditions:
        first = _added(names, CONDITIONS, [], conditions=Argument.frozen(automation.conditions))
        steps = [first, *(step if step.depends_on else _waiting_for(step, first) for step in steps)]
    last = last_steps(steps)
    if len(last) > 1:
        steps.append(_added(names, COMPLETED, last).model_copy(update={"trigger_rule": JOIN}))
    return Frame(steps, lists)


def outlets(steps: Sequence[Step], dag_id: str) -> dict[str, list[SourcePlace]]:
    """Return the assets that the DAG file must name as outlets, by step key.

    The last step emits the automation's asset. A step emits the asset of its own action if the spec asks for it.

    :param steps: The steps and the tasks around them.
    :param dag_id: The DAG id.
    """
    last = last_steps(steps)
    found: dict[str, list[SourcePlace]] = {}
    for step in steps:
        uris = [asset_uri("actions", step.kind, dag_id, step.task_id)] if step.asset else []
        uris += [asset_uri("automations", dag_id)] if step.key in last else []
        if uris:
            found[step.key] = [SourcePlace("asset", None, uri) for uri in uris]
    return found


def _with_lists(steps: Sequence[Step], names: Names) -> tuple[list[Step], dict[str, str]]:
    mapped = {step.approval.gate or step.key: step for step in steps if step.each}
    found: list[Step] = []
    lists: dict[str, str] = {}
    for step in steps:
        reader = mapped.get(step.key)
        if reader:
            items = Argument(class_="wired", from_=reader.each)
            each = _added(names, EACH, step.depends_on, reader.key, items=items)
            lists[reader.key] = each.key
            found += [each, _waiting_for(step, each)]
        else:
            found.append(step)
    return found, lists


def _waiting_for(step: Step, other: Step) -> Step:
    return step.model_copy(update={"depends_on": [other.key]})


def _added(names: Names, kind: Kind, waits: list[str], of: str = "", **arguments: Argument) -> Step:
    name = names.give(f"{kind.name}_{of}" if of else kind.name)
    return Step(
        key=name,
        task_id=name,
        kind=kind.name,
        operator=kind.operator,
        depends_on=waits,
        approval=StepApproval(recorded="not_required", reason="is not a step of the spec"),
        arguments=arguments,
    )
