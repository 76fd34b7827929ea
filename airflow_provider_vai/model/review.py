"""What an automation says about itself, drawn from its steps: connections, flags, and what a person should review."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.triggers import Trigger, WebhookTrigger

UNMAPPED = "unmapped_tool"


def connections(steps: Sequence[Step], triggers: Sequence[Trigger] = ()) -> list[str]:
    """Return the ids of the Airflow connections that the steps and the webhooks need, sorted."""
    arguments = [argument for step in steps for argument in step.arguments.values()]
    named = [
        argument.value
        for step in steps
        for name, argument in step.arguments.items()
        if name.endswith("conn_id") and argument.class_ == "frozen" and isinstance(argument.value, str)
    ]
    secret = [secret.connection for argument in arguments for secret in argument.secrets]
    signing = [trigger.conn_id for trigger in triggers if isinstance(trigger, WebhookTrigger)]
    return sorted({*named, *secret, *signing})


def flagged(steps: Sequence[Step]) -> list[str]:
    """Return the keys of the steps that may do something else when they are repeated."""
    return [step.key for step in steps if step.non_deterministic]


def review(steps: Sequence[Step], notes: Sequence[str]) -> list[str]:
    """Return what a person should look at before activating the DAG.

    :param notes: lines that do not follow from the steps; they stand last.
    """
    by_reason: dict[str, list[str]] = {}
    for step in steps:
        if step.non_deterministic_reason:
            by_reason.setdefault(step.non_deterministic_reason, []).append(step.key)
    lines = [f"{', '.join(keys)}: {reason}" for reason, keys in by_reason.items()]
    unmapped = [f"{step.key}: fails when run, its tool has no action kind" for step in steps if step.kind == UNMAPPED]
    unguarded = [
        f"{step.key}: changes something outside and has no gate ({step.approval.reason})"
        for step in steps
        if step.effect == "write" and step.approval.gate is None and step.kind != UNMAPPED
    ]
    undecided = [
        f"{step.key}.{name}: {line}"
        for step in steps
        for name, argument in step.arguments.items()
        for line in argument.evidence
        if line.endswith("left frozen")
    ]
    return [*unmapped, *lines, *unguarded, *_skipped(steps), *undecided, *notes]


def branch_lists(step: Step) -> dict[str, list[str]]:
    """Return the task ids in ``if_true`` and ``if_false`` of a ``conditional_branch``; empty for other kinds."""
    if step.kind != "conditional_branch":
        return {}
    lists = {name: step.arguments[name] for name in ("if_true", "if_false") if name in step.arguments}
    return {name: argument.value for name, argument in lists.items() if isinstance(argument.value, list)}


def _skipped(steps: Sequence[Step]) -> list[str]:
    """A branch skips whatever directly follows it and stands in neither of its lists."""
    named = {step.key: {task for tasks in branch_lists(step).values() for task in tasks} for step in steps}
    return [
        f"{step.key}: follows the branch {key}, which names it neither in if_true nor in if_false: it is always skipped"
        for step in steps
        for key in step.depends_on
        if named.get(key) and step.task_id not in named[key]
    ]


def notes(automation: Automation) -> list[str]:
    """Return the lines of its review that do not follow from its steps."""
    drawn = set(review(automation.steps, ()))
    return [line for line in automation.review if line not in drawn]


def summarized(
    automation: Automation,
    steps: Sequence[Step],
    *,
    added: Iterable[str] = (),
    keep: Callable[[str], str | None] = lambda line: line,
) -> Automation:
    """Return the automation with other steps, and with everything drawn anew that follows from them.

    :param added: lines for the review, besides those that follow from the steps.
    :param keep: returns an earlier line of that sort as it now reads, or ``None`` where it no longer applies.
    """
    earlier = [line for line in map(keep, notes(automation)) if line is not None]
    keys = flagged(steps)
    return automation.model_copy(
        update={
            "steps": list(steps),
            "non_deterministic": bool(keys),
            "non_deterministic_steps": keys,
            "connections": connections(steps, automation.triggers),
            "review": review(steps, [*earlier, *(line for line in dict.fromkeys(added) if line not in earlier)]),
        }
    )
