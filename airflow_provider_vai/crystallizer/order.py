"""Decides which steps each step waits for."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.timeline import unique


def order(drafts: Sequence[Draft], *, parallel: bool) -> dict[str, list[str]]:
    """Return, by each step's key, the keys of the steps that it directly waits for.

    :param parallel: ``False``: the steps run one after the other in recorded order. ``True``: steps of one recorded
        batch, and steps that only read, run in parallel. A step with any other effect waits for all steps before it,
        and all steps after it wait for it.
    """
    if not parallel:
        keys = [draft.key for draft in drafts]
        return {key: keys[max(index - 1, 0) : index] for index, key in enumerate(keys)}
    groups = _groups(drafts)
    waits: dict[str, list[str]] = {}
    group_of: dict[str, int] = {}
    barrier: list[str] = []  # the latest steps that do more than read
    since: list[str] = []  # the steps after them
    settled = 0  # the number of groups up to and including the barrier
    for number, group in enumerate(groups):
        changes = any(draft.effect != "read" for draft in group)
        before = (since or barrier) if changes else barrier
        waited_for = number if changes else settled
        for draft in group:
            sources = [source for source in _sources(draft) if group_of[source] >= waited_for]
            waits[draft.key] = [*before, *unique(sources)]
        group_of |= dict.fromkeys((draft.key for draft in group), number)
        if changes:
            barrier, since, settled = [draft.key for draft in group], [], number + 1
        else:
            since += [draft.key for draft in group]
    return waits


def _groups(drafts: Sequence[Draft]) -> list[list[Draft]]:
    groups: list[list[Draft]] = []
    for draft in drafts:
        if groups and groups[-1][0].call.batch == draft.call.batch:
            groups[-1].append(draft)
        else:
            groups.append([draft])
    return groups


def _sources(draft: Draft) -> list[str]:
    """Return the keys of the steps that a step is wired to, in order."""
    outputs = [output for argument in draft.arguments.values() for output in argument.outputs()]
    outputs += [draft.each] if draft.each else []
    return [output.step for output in outputs if output.step]
