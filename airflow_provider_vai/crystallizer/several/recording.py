"""A recording, and which of several exports are of one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces import merge


@dataclass(frozen=True)
class Recording:
    """One of several runs.

    :param name: the file or files that the run was read from.
    :param run: the run.
    :param trace_sha256: the digest of the files.
    """

    name: str
    run: Run
    trace_sha256: str


def runs_of(exports: Sequence[merge.Export]) -> list[list[merge.Export]]:
    """Return the exports grouped by run, in the given order.

    A single group means exports of one run (:func:`traces.merge.merged`); several groups mean runs of one task.
    """
    groups: list[list[merge.Export]] = []
    for export in exports:
        group = next((known for known in groups if any(is_one_run(export.run, other.run) for other in known)), None)
        if group is None:
            groups.append([export])
        else:
            group.append(export)
    return groups


def is_one_run(one: Run, other: Run) -> bool:
    """Return whether two Runs were recorded from the same run.

    Within one format, different ids mean different runs, except for a sub-agent's own file and a resumed session. Equal
    call ids prove nothing if the calls' arguments differ, because some programs number the calls of each run from one.
    """
    if one.id == other.id or merge.is_sub_agent_of(one, other) or merge.is_sub_agent_of(other, one):
        return True
    if one.format == other.format:
        if not any(run.id.startswith("sha256:") for run in (one, other)):
            return merge.is_continued(one, other)
        ours = {call.id: (call.tool, call.arguments or call.proposed_arguments) for call in one.calls}
        theirs = {call.id: (call.tool, call.arguments or call.proposed_arguments) for call in other.calls}
        if any(ours[name] != theirs[name] for name in ours.keys() & theirs.keys()):
            return False
    return merge.is_same_run(one, other)
