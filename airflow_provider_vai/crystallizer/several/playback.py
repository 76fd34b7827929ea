"""A recorded run together with its own automation: the arguments and the result of each of its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from airflow_provider_vai.crystallizer.assign import assign
from airflow_provider_vai.crystallizer.draft import Draft, Policy
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.value_places import leaves
from airflow_provider_vai.crystallizer.expect import expect
from airflow_provider_vai.crystallizer.redact import redact
from airflow_provider_vai.crystallizer.select import select
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.argument import Argument, Secret
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.model.step_result import mapped_result, step_result
from airflow_provider_vai.model.tools_file import ToolsFile
from airflow_provider_vai.secrets.masking import mask

At = tuple[str | int, ...]

IDENTITY = ("conn_id", "tool", "python_callable", "method", "trigger_dag_id", "agent", "destination_conn_id")
"""The arguments that identify a step: steps that differ in them are different steps."""

MOST_LEAVES = 60
"""The most values of a call that are used to compare it with another call."""


@dataclass(frozen=True, eq=False)
class Played:
    """One step of one run.

    :param run: the run's number; 0 is the newest.
    :param position: the step's position among the run's steps.
    :param step: the step in the run's own automation.
    :param draft: the draft of its (first) call.
    :param arguments: the recorded arguments under the kind's names. A credential is ``None`` and is listed in the
        argument's ``secrets``.
    :param batch: the batch of its first call. The model had seen the results of earlier batches.
    :param left: the step's result; ``None`` if nothing can be wired to it.
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
        """What the step does, regardless of its other arguments, as canonical JSON."""
        named = {name: self.values[name] for name in IDENTITY if name in self.values}
        return json_text.canonical([self.step.kind, named, _shape_of_loop(self.step)])

    @cached_property
    def parts(self) -> dict[At, str]:
        """The first plain values of its arguments (at most :data:`MOST_LEAVES`), by place, as canonical JSON."""
        found = {}
        for number, (at, value) in enumerate(leaves(self.values)):
            if number >= MOST_LEAVES:
                break
            found[tuple(at)] = json_text.canonical(value)
        return found

    @cached_property
    def own(self) -> frozenset[str]:
        """Every value in its arguments, as canonical JSON. A result that repeats one of them is not its source."""
        return frozenset(json_text.canonical(value) for _, value in leaves(self.values))

    @property
    def is_mapped(self) -> bool:
        """Whether the step is mapped over a list."""
        return self.step.each is not None

    def secrets(self, name: str) -> list[Secret]:
        """Return the credentials of an argument."""
        argument = self.arguments.get(name)
        return argument.secrets if argument else []


@dataclass
class Playback:
    """A run, its own automation, and the steps of that automation without gates.

    :param number: the run's number; 0 is the newest run.
    :param name: the run's id with credentials masked, for people; its number if the trace has no id for it.
    :param run: the run.
    :param automation: the automation that was made from this run alone.
    :param tools: the tools file.
    :param steps: the steps.
    """

    number: int
    name: str
    run: Run
    automation: Automation
    tools: ToolsFile = field(default_factory=ToolsFile)
    steps: list[Played] = field(default_factory=list)

    @cached_property
    def evidence(self) -> Evidence:
        """The evidence of the run."""
        return Evidence(self.run, self.tools)

    @cached_property
    def by_key(self) -> Mapping[str, Played]:
        """The steps by their keys in this run's automation."""
        return {played.step.key: played for played in self.steps}

    @cached_property
    def call_names(self) -> frozenset[str]:
        """The ids of all calls of the run, masked as in ``call_ids`` of steps."""
        return frozenset(mask(call.id) for call in self.run.calls)

    @cached_property
    def request(self) -> str | None:
        """All words of the user; ``None`` if the trace does not contain them."""
        texts = [turn.user_text for turn in self.run.turns if turn.user_text]
        return "\n".join(texts) if texts else None

    def user_said(self, value: Any) -> bool:
        """Return whether the user said a value, or every plain value in it, in any turn."""
        parts = [part for _, part in leaves(value)]
        return bool(parts) and all(next(self.evidence.timeline.turns.saying(part), None) is not None for part in parts)


def playback(number: int, run: Run, automation: Automation, tools: ToolsFile, policy: Policy) -> Playback:
    """Return a run together with its automation.

    :param number: the run's number; 0 for the newest run.
    :param run: the run.
    :param automation: the automation that ``crystallize`` made from the run.
    :param tools: the tools file that was used for it.
    :param policy: the policy that was used for it.
    :raises CrystallizeError: the run cannot be crystallized; see :func:`crystallize`.
    """
    evidence = Evidence(run, tools)
    drafts, _ = redact(
        [expect(draft, evidence, policy) for draft in assign(select(run, policy)[0], tools, policy, run.format)]
    )
    by_call = {mask(draft.call.id): draft for draft in drafts}
    name = f"no. {number + 1}" if run.id.startswith("sha256:") else mask(run.id)
    made = Playback(number, name, run, automation, tools)
    for step in automation.steps:
        if step.kind != "approval_gate" and step.call_ids:
            of_step = [by_call[name] for name in step.call_ids if name in by_call]
            if of_step:
                made.steps.append(_played(number, len(made.steps), step, of_step))
    return made


def _played(number: int, position: int, step: Step, drafts: Sequence[Draft]) -> Played:
    first = drafts[0]
    results = [draft.call.result for draft in drafts]
    kind = by_name().get(step.kind)
    left = mapped_result(kind, results) if step.each else step_result(kind, results[0])
    arguments = dict(step.arguments) if step.each else first.arguments
    return Played(number, position, step, first, arguments, first.call.batch, left)


def _shape_of_loop(step: Step) -> Any:
    return [part if isinstance(part, str) else "*" for part in step.each.path] if step.each else None
