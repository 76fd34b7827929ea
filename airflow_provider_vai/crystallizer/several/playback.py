"""A recorded run beside the automation that was made of it alone: what each of its steps was given and left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from airflow_provider_vai.crystallizer.assign import assign
from airflow_provider_vai.crystallizer.draft import Draft, Policy
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.result_values import TABLE_KEYS
from airflow_provider_vai.crystallizer.evidence.value_places import leaves
from airflow_provider_vai.crystallizer.expect import expect
from airflow_provider_vai.crystallizer.redact import redact
from airflow_provider_vai.crystallizer.select import select
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.automation import Argument, Automation, Secret, Step
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.model.tools_file import ToolsFile
from airflow_provider_vai.secrets.masking import mask

At = tuple[str | int, ...]

IDENTITY = ("conn_id", "tool", "python_callable", "method", "trigger_dag_id", "agent", "destination_conn_id")
"""Arguments that say what a step is: steps that differ in them are different steps."""

MOST_LEAVES = 60
"""Values of each call by which two calls are compared."""


@dataclass(frozen=True, eq=False)
class Played:
    """One step of one run.

    :param run: the run's number, the newest first. :param position: of the step among the run's steps.
    :param step: as the run alone gives it. :param draft: the call that it repeats.
    :param arguments: every argument as it was recorded, in the kind's names; a credential is ``None``, and stands in
        the argument's ``secrets``.
    :param batch: of its first call: what an earlier batch left was known to the model.
    :param left: what the step leaves for later ones; ``None``: nothing that they could take.
    """

    run: int
    position: int
    step: Step
    draft: Draft
    arguments: dict[str, Argument]
    batch: int
    left: Any

    @cached_property
    def values(self) -> dict[str, Any]:
        """The recorded arguments as JSON data."""
        return {name: argument.value for name, argument in self.arguments.items()}

    @cached_property
    def identity(self) -> str:
        """What the step does, whatever it does it with."""
        named = {name: self.values[name] for name in IDENTITY if name in self.values}
        return json_text.canonical([self.step.kind, named, _shape_of_loop(self.step)])

    @cached_property
    def parts(self) -> dict[At, str]:
        """The plain values of its arguments by place, as canonical JSON; of many, the first ones."""
        found = {}
        for number, (at, value) in enumerate(leaves(self.values)):
            if number >= MOST_LEAVES:
                break
            found[tuple(at)] = json_text.canonical(value)
        return found

    @cached_property
    def own(self) -> frozenset[str]:
        """Every value in its arguments: a result that repeats it tells nothing new."""
        return frozenset(json_text.canonical(value) for _, value in leaves(self.values))

    @property
    def is_mapped(self) -> bool:
        """Whether the step stands for several calls."""
        return self.step.each is not None

    def secrets(self, name: str) -> list[Secret]:
        """Return the credentials of an argument."""
        argument = self.arguments.get(name)
        return argument.secrets if argument else []


@dataclass
class Playback:
    """A run, the automation of it alone, and its steps without the gates.

    :param number: 0 is the newest run. :param name: how people know it: the run's id, masked.
    """

    number: int
    name: str
    run: Run
    automation: Automation
    steps: list[Played] = field(default_factory=list)

    @cached_property
    def evidence(self) -> Evidence:
        """What is known of the run."""
        return Evidence(self.run, ToolsFile())

    @cached_property
    def by_key(self) -> Mapping[str, Played]:
        """The steps by their keys in this run's automation."""
        return {played.step.key: played for played in self.steps}

    @cached_property
    def call_names(self) -> frozenset[str]:
        """The ids of all calls of the run, as steps name them."""
        return frozenset(mask(call.id) for call in self.run.calls)

    @cached_property
    def request(self) -> str | None:
        """All words of the user, ``None`` where the trace hides them."""
        said = [turn.user_text for turn in self.run.turns if turn.user_text]
        return "\n".join(said) if said else None

    def user_said(self, value: Any) -> bool:
        """Return whether the user said a plain value, or every one that is in it, at any time."""
        parts = [part for _, part in leaves(value)]
        return bool(parts) and all(next(self.evidence.timeline.turns.saying(part), None) is not None for part in parts)


def playback(number: int, run: Run, automation: Automation, tools: ToolsFile, policy: Policy) -> Playback:
    """Return a run beside its automation.

    :param number: 0 for the newest run. :param automation: what ``crystallize`` made of the run.
    :param tools: and ``policy``: with which it was made.
    :raises CrystallizeError: as ``crystallize`` does.
    """
    evidence = Evidence(run, tools)
    drafts, _ = redact([expect(draft, evidence, policy) for draft in assign(select(run, policy)[0], tools, policy)])
    by_call = {mask(draft.call.id): draft for draft in drafts}
    made = Playback(number, mask(run.id), run, automation)
    for step in automation.steps:
        if step.kind != "approval_gate" and step.call_ids:
            of_step = [by_call[name] for name in step.call_ids if name in by_call]
            if of_step:
                made.steps.append(_played(number, len(made.steps), step, of_step))
    return made


def _played(number: int, position: int, step: Step, drafts: Sequence[Draft]) -> Played:
    first = drafts[0]
    result = [draft.call.result for draft in drafts] if step.each else first.call.result
    arguments = dict(step.arguments) if step.each else first.arguments
    return Played(number, position, step, first, arguments, first.call.batch, left(step.kind, result))


def left(kind: str, result: Any) -> Any:
    """Return what a step of a kind leaves of a recorded result; ``None`` where later steps can take nothing of it."""
    known = by_name().get(kind)
    if known is None or known.result is None:
        return None
    if known.result == "as_recorded":
        return result
    if not isinstance(result, dict):
        return None if result is None else {"rows": result}
    if "rows" not in result:
        return None
    return result if set(result) == TABLE_KEYS else {"rows": result["rows"]}


def _shape_of_loop(step: Step) -> Any:
    return [part if isinstance(part, str) else "*" for part in step.each.path] if step.each else None
