"""Finds the trigger rules that steps need: after a branch, and after a mapped step whose list can be empty."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_vai.model.automation import Step, TriggerRule

Way = tuple[str, bool]
"""One way out of a branch: the key of the branch, and whether its condition is true on this way."""

JOIN: TriggerRule = "none_failed_min_one_success"
AFTER_LOOP: TriggerRule = "none_failed"


def trigger_rules(steps: Sequence[Step]) -> dict[str, TriggerRule]:
    """Return the trigger rule of each step that needs another one than ``all_success``, by step key.

    A trigger rule in the spec is kept. Otherwise, a step that joins the ways of a branch gets
    ``none_failed_min_one_success``. A step directly after an unguarded mapped step gets ``none_failed``, because
    Airflow skips a mapped step if its list is empty.

    :param steps: The steps; each one comes after those that it depends on.
    """
    by_key = {step.key: step for step in steps}
    ways: dict[str, frozenset[Way]] = {}
    rules: dict[str, TriggerRule] = {}
    for step in steps:
        arriving = [ways[key] | _ways_out(by_key[key], step) for key in step.depends_on]
        ways[step.key] = frozenset.intersection(*arriving) if arriving else frozenset()
        if step.trigger_rule:
            rules[step.key] = step.trigger_rule
        elif len(set(arriving)) > 1:
            rules[step.key] = JOIN
        elif any(by_key[key].each and not by_key[key].approval.gate for key in step.depends_on):
            rules[step.key] = AFTER_LOOP
    return rules


def _ways_out(branch: Step, step: Step) -> frozenset[Way]:
    """Return the way out of ``branch`` that leads to the step; empty: not a branch, or both or no ways lead to it."""
    if branch.kind != "conditional_branch":
        return frozenset()
    sides = [(name == "if_true", branch.arguments.get(name)) for name in ("if_true", "if_false")]
    named = [side for side, argument in sides if argument and step.task_id in (argument.value or [])]
    return frozenset({(branch.key, named[0])}) if len(named) == 1 else frozenset()
