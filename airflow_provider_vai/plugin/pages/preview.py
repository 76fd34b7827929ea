"""What a recording would become, in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from airflow_provider_vai.analysis.explain import explain
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.review_lines import numbered
from airflow_provider_vai.model.step_graph import GATE, guarded_by
from airflow_provider_vai.plugin.routes.crystallizing import Preview

EFFECTS = {
    "read": "only reads",
    "artifact": "writes files of its own",
    "write": "changes something outside",
}
"""A step's effect, in words."""

ADVICE = {
    "crystallize": "This run is worth crystallizing",
    "wait": "Wait for more runs",
    "skip": "Better not crystallize this run",
}


@dataclass(frozen=True)
class StepShown:
    """A step in words.

    :param step: the step. :param what: what its kind does. :param effect: its effect.
    :param arguments: for each argument its name, class, source and origin.
    """

    step: Step
    what: str
    effect: str
    arguments: list[dict[str, Any]]


@dataclass(frozen=True)
class PreviewShown:
    """A preview as a page shows it."""

    preview: Preview

    @property
    def automation(self) -> Automation:
        """The spec."""
        return self.preview.automation

    @property
    def change(self) -> str:
        """What crystallizing would do, as a sentence."""
        dag_id = self.automation.dag_id
        return {
            "created": f"A new automation, {dag_id}. It stays paused until somebody reviews and activates it.",
            "updated": f"A new version of the automation {dag_id}, which exists already.",
            "unchanged": f"The automation {dag_id} exists already, and would stay as it is.",
        }[self.preview.change]

    @property
    def advice(self) -> str:
        """Whether it is worth it, as a sentence; empty if nothing is known."""
        return ADVICE[self.automation.advice.recommendation] if self.automation.advice else ""

    @cached_property
    def steps(self) -> list[StepShown]:
        """The steps without the gates."""
        return [shown_step(self.automation, step) for step in self.automation.steps if step.kind != GATE]

    @property
    def gates(self) -> list[tuple[str, list[str], str]]:
        """The gates: task id, the steps that each guards, and why."""
        steps = self.automation.steps
        guarded = {step.key: guarded_by(steps, step.key) for step in steps if step.kind == GATE}
        reasons = {step.approval.gate: step.approval.reason for step in steps if step.approval.gate}
        return [(key, keys, reasons.get(key, "")) for key, keys in guarded.items()]

    @property
    def review(self) -> list[tuple[str, str]]:
        """The review items as numbered lines."""
        return numbered(enumerate(self.automation.review, 1))

    @cached_property
    def step_of(self) -> dict[str, Step]:
        """The step that each call became, by the call's id."""
        return {call: step for step in self.automation.steps for call in step.call_ids}

    @cached_property
    def reason_of(self) -> dict[str, str]:
        """Why each other call was left out, by the call's id."""
        return {one.call_id: one.reason for one in self.automation.not_crystallized}


def shown_step(automation: Automation, step: Step) -> StepShown:
    """Return a step in words."""
    kind = by_name().get(step.kind)
    arguments = [
        {**one, "source": one["source"].replace("`", ""), "origin": one["origin_words"]}
        for one in explain(automation, step.key)
    ]
    return StepShown(step, kind.summary if kind else step.kind, EFFECTS[step.effect], arguments)
