"""Which trigger rule a step needs: after a branch, and after a step that is mapped over a list that may be empty."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_vai.model.automation import Step, TriggerRule

Way = tuple[str, bool]
"""One way out of a branch: its key, and whether its condition holds."""

JOIN: TriggerRule = "none_failed_min_one_success"
AFTER_LOOP: TriggerRule = "none_failed"


def trigger_rules(steps: Sequence[Step]) -> dict[str, TriggerRule]:
    """Return Airflow's trigger rule of each step that needs another one than ``all_success``, by key.

    A rule that the spec names stands. Else a step at which ways of a branch come together runs where none of those that
    it waits for failed and one succeeded; and a step right behind an unguarded mapped one runs also where the list was
    empty, of which Airflow says that the mapped step was skipped.

    :param steps: in an order in which each stands behind those that it depends on.
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
    """Return on which ways out of ``branch`` the step lies: none where it is no branch, or leads there in any case."""
    if branch.kind != "conditional_branch":
        return frozenset()
    sides = [(name == "if_true", branch.arguments.get(name)) for name in ("if_true", "if_false")]
    named = [side for side, argument in sides if argument and step.task_id in (argument.value or [])]
    return frozenset({(branch.key, named[0])}) if len(named) == 1 else frozenset()
