"""What each step waits for."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.model.step_graph import reachable


def order(drafts: Sequence[Draft], *, parallel: bool) -> dict[str, list[str]]:
    """Return the keys of the steps that each step waits for directly.

    :param parallel: ``False``: the recorded sequence, one after the other. ``True``: steps of one recorded batch, and
        steps that only read, run side by side; a step that makes or changes something waits for all before it, and all
        after it wait for it.
    """
    if not parallel:
        keys = [draft.key for draft in drafts]
        return {key: keys[max(index - 1, 0) : index] for index, key in enumerate(keys)}
    waits: dict[str, list[str]] = {}
    barrier: list[str] = []  # the latest steps that changed something
    since: list[str] = []  # the steps after them
    for group in _groups(drafts):
        changes = any(draft.effect != "read" for draft in group)
        before = (since or barrier) if changes else barrier
        waits.update({draft.key: list(before) for draft in group})
        if changes:
            barrier, since = [draft.key for draft in group], []
        else:
            since += [draft.key for draft in group]
    return {key: _with_sources(key, before, drafts, waits) for key, before in waits.items()}


def _groups(drafts: Sequence[Draft]) -> list[list[Draft]]:
    groups: list[list[Draft]] = []
    for draft in drafts:
        if groups and groups[-1][0].call.batch == draft.call.batch:
            groups[-1].append(draft)
        else:
            groups.append([draft])
    return groups


def _with_sources(key: str, before: Sequence[str], drafts: Sequence[Draft], waits: dict[str, list[str]]) -> list[str]:
    """Add the steps that the step's wires start from, unless it waits for them already through another one."""
    draft = next(draft for draft in drafts if draft.key == key)
    outputs = [output for argument in draft.arguments.values() for output in argument.outputs()]
    outputs += [draft.each] if draft.each else []
    result = list(before)
    for source in (output.step for output in outputs if output.step):
        if source not in reachable(result, waits):
            result.append(source)
    return result
