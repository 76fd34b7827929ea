"""Derives an automation's summary fields from its steps: connections, flagged steps and the review list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.positions import positional, reads_of
from airflow_provider_vai.model.recipients import chosen_by
from airflow_provider_vai.model.review_codes import PLACES
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.model.review_lines import place_text
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
    """Return the keys of the steps that may behave differently in another run."""
    return [step.key for step in steps if step.non_deterministic]


def items(steps: Sequence[Step], notes: Sequence[ReviewItem]) -> list[ReviewItem]:
    """Return the items that a person should look at before activating the automation.

    :param notes: items that are not generated from the steps; they come last.
    """
    found = [*_unmapped(steps), *_flags(steps), *_unguarded(steps), *_skipped(steps)]
    return [*found, *_positions(steps), *_derived(steps), *_undecided(steps), *notes]


def branch_lists(step: Step) -> dict[str, list[str]]:
    """Return the task ids in ``if_true`` and ``if_false`` of a ``conditional_branch``; empty for other kinds."""
    if step.kind != "conditional_branch":
        return {}
    lists = {name: step.arguments[name] for name in ("if_true", "if_false") if name in step.arguments}
    return {name: argument.value for name, argument in lists.items() if isinstance(argument.value, list)}


def _unmapped(steps: Sequence[Step]) -> Iterator[ReviewItem]:
    yield from (review_item("unmapped_tool", step=step.key) for step in steps if step.kind == UNMAPPED)


def _flags(steps: Sequence[Step]) -> Iterator[ReviewItem]:
    """Yield an item for each flagged step, grouped by reason."""
    by_reason: dict[str, list[Step]] = {}
    for step in steps:
        if step.non_deterministic_reason:
            by_reason.setdefault(step.non_deterministic_reason, []).append(step)
    for reason, group in by_reason.items():
        for step in group:
            code = step.determinism if step.determinism != "exact" else "live"
            yield review_item(code, step=step.key, reason=reason)


def _unguarded(steps: Sequence[Step]) -> Iterator[ReviewItem]:
    for step in steps:
        if step.effect == "write" and step.approval.gate is None and step.kind != UNMAPPED:
            yield review_item("write_without_gate", step=step.key, evidence=[step.approval.reason])


def _skipped(steps: Sequence[Step]) -> Iterator[ReviewItem]:
    """Yield an item for each step that follows a branch but is in neither of its lists, so the branch skips it."""
    named = {step.key: {task for tasks in branch_lists(step).values() for task in tasks} for step in steps}
    for step in steps:
        for key in step.depends_on:
            if named.get(key) and step.task_id not in named[key]:
                yield review_item("always_skipped", step=step.key, branch=key)


def _positions(steps: Sequence[Step]) -> Iterator[ReviewItem]:
    """Yield an item for each step that takes values by their position in a list."""
    places: dict[str, list[str]] = {}
    for key, read, picks in positional({step.key: reads_of(step.arguments, step.each) for step in steps}):
        if picks == key:
            places.setdefault(key, []).append(place_text(None, read.place))
    yield from (review_item("takes_by_position", step=key, places=found) for key, found in places.items())


def _derived(steps: Sequence[Step]) -> Iterator[ReviewItem]:
    """Yield an item for each step with derived values, and one if a write chooses its recipient by them."""
    for step in steps:
        trees = [([name, *at], tree) for name, argument in step.arguments.items() for at, tree in argument.trees()]
        if trees:
            yield review_item("derived_values", step=step.key, places=_worked_out(trees))
        chosen = [place_text(None, place) for place, tree in trees if chosen_by(place, tree)]
        if chosen and step.effect == "write":
            yield review_item("recipient_by_criterion", step=step.key, places=chosen)


def _worked_out(trees: Sequence[tuple[JsonPath, Mapping[str, Any]]]) -> str:
    """Return the places that each run works out, as a list in words; of a text, only the values in it."""
    texts = [place_text(None, place) for place, tree in trees if tree["function"] == "text"]
    whole = [place_text(None, place) for place, tree in trees if tree["function"] != "text"]
    parts = [", ".join(whole)] if whole else []
    return " and ".join([*parts, f"the values in {', '.join(texts)}"] if texts else parts)


def _undecided(steps: Sequence[Step]) -> Iterator[ReviewItem]:
    for step in steps:
        for name, argument in step.arguments.items():
            yield from undecided(step.key, name, argument)


def undecided(key: str, name: str, argument: Argument) -> Iterator[ReviewItem]:
    """Yield an item for each place of an argument that a person should decide about.

    :param key: the step's key.
    :param name: the argument's name.
    """
    for place in argument.undecided:
        code = place.code if place.code in PLACES else "undecided"
        yield review_item(code, step=key, place=[name, *place.at], evidence=place.evidence)


def notes(automation: Automation) -> list[ReviewItem]:
    """Return the items of an automation's review list that were not generated from its steps."""
    return [item for item in automation.review if not item.follows_from_steps]


def summarized(
    automation: Automation,
    steps: Sequence[Step],
    *,
    added: Iterable[ReviewItem] = (),
    keep: Callable[[ReviewItem], bool] = lambda item: True,
) -> Automation:
    """Return the automation with new steps, and with all fields that are derived from steps updated.

    :param added: notes to add to the review list; a note that is already there is not added again.
    :param keep: returns whether an existing note still applies.
    """
    kept = [item for item in notes(automation) if keep(item)]
    for item in added:
        kept += [item] if item not in kept else []
    keys = flagged(steps)
    return automation.model_copy(
        update={
            "steps": list(steps),
            "non_deterministic": bool(keys),
            "non_deterministic_steps": keys,
            "connections": connections(steps, automation.triggers),
            "review": items(steps, kept),
        }
    )
