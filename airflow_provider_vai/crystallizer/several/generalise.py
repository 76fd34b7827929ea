"""generalise: one automation out of several runs of one task.

The newest run's automation is the base. The steps of all runs are aligned; what is the same in all of them stays as it
is, what differs becomes a DAG param or a wire where the runs prove it, and a step that only some of them made stands on
one way of a branch where a condition tells those runs from the others. Everything else is left as the newest run has
it, or left out, and listed for review. The parts stand in :mod:`airflow_provider_vai.crystallizer.several`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from difflib import SequenceMatcher

from airflow_provider_vai.crystallizer.crystallize import crystallize, derived_dag_id
from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.crystallizer.run_secrets import knowing_those_of
from airflow_provider_vai.crystallizer.several.align import align
from airflow_provider_vai.crystallizer.several.assemble import assembled
from airflow_provider_vai.crystallizer.several.playback import Playback, playback
from airflow_provider_vai.exceptions import CrystallizeError, NothingToCrystallize, RunNotSuccessful
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.model.tools_file import ToolsFile
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.traces import merge

FEWEST = 2


@dataclass(frozen=True)
class Recording:
    """One run of several. :param name: the file or files that tell of it. :param trace_sha256: their digest."""

    name: str
    run: Run
    trace_sha256: str


def runs_of(exports: Sequence[merge.Export]) -> list[list[merge.Export]]:
    """Return exports in groups, each of which tells of one run; in the order in which they were named.

    One group means exports of one run (:func:`traces.merge.merged`), several mean runs of one task.
    """
    groups: list[list[merge.Export]] = []
    for export in exports:
        group = next((it for it in groups if any(is_one_run(export.run, other.run) for other in it)), None)
        if group is None:
            groups.append([export])
        else:
            group.append(export)
    return groups


def is_one_run(one: Run, other: Run) -> bool:
    """Return whether two Runs tell of one run.

    In one format two ids are two runs, and equal ids of calls prove nothing where the calls have other arguments: some
    programs number the calls of each run from one.
    """
    if one.id == other.id:
        return True
    if one.format == other.format:
        if not any(run.id.startswith("sha256:") for run in (one, other)):
            return False
        asked = {call.id: (call.tool, call.arguments or call.proposed_arguments) for call in one.calls}
        told = {call.id: (call.tool, call.arguments or call.proposed_arguments) for call in other.calls}
        if any(asked[name] != told[name] for name in asked.keys() & told.keys()):
            return False
    return merge.is_same_run(one, other)


def generalised(
    recordings: Sequence[Recording],
    tools: ToolsFile,
    policy: Policy,
    *,
    dag_id: str | None = None,
    schedule: str | None = None,
) -> Automation:
    """Crystallize each of several runs of one task, and make one automation of them.

    Runs that did not succeed are left out, which the review says.

    :param recordings: of different runs, two or more. :param tools: and ``policy``: as ``crystallize`` takes them.
    :param dag_id: the DAG's id; ``None`` derives one from the newest run. :param schedule: a cron expression or preset.
    :raises CrystallizeError: a run cannot be crystallized, fewer than two succeeded, or they are not of one task.
    """
    made: list[tuple[Run, Automation]] = []
    left_out: list[ReviewItem] = []
    for recording in _newest_first(recordings):
        try:
            automation = crystallize(
                recording.run, tools, policy, trace_sha256=recording.trace_sha256, dag_id=dag_id, schedule=schedule
            )
        except (RunNotSuccessful, NothingToCrystallize) as error:
            left_out.append(review_item("run_left_out", run=mask(recording.run.id), problem=error.problem))
            continue
        except CrystallizeError as error:
            error.where = f"{recording.name}: {error.where}"
            raise
        made.append((recording.run, automation))
    if len(made) < FEWEST:
        raise RunNotSuccessful(
            f"{len(made)} of {len(recordings)} runs can be crystallized, and it takes {FEWEST} to see what differs: "
            + "; ".join(item.message for item in left_out),
            where=", ".join(recording.name for recording in recordings),
            remedy="Name more runs that succeeded, crystallize one by itself, or use --allow-unsuccessful.",
        )
    runs = [run for run, _ in made]
    automation = generalise(runs, [automation for _, automation in made], tools, policy, left_out)
    title = common_title(automation.description for _, automation in made)
    if title is None:
        return automation
    named = derived_dag_id(runs[0].model_copy(update={"title": title}))
    return automation.model_copy(update={"description": title, "dag_id": dag_id or named})


def common_title(titles: Iterable[str]) -> str | None:
    """Return the words that titles have in common, ``…`` for the others; ``None`` where those are fewer than two.

    >>> common_title(["Refund order 7 now", "Refund order 12 now"])
    'Refund order … now'
    """
    first, *others = [title.split() for title in titles]
    common: list[str] = first
    for words in others:
        compared = SequenceMatcher(None, common, words, autojunk=False).get_opcodes()
        common = [
            word for does, start, end, _, _ in compared for word in (common[start:end] if does == "equal" else ["…"])
        ]
    kept = [word for number, word in enumerate(common) if word != "…" or (number and common[number - 1] != "…")]
    return " ".join(kept) if sum(word != "…" for word in kept) >= FEWEST else None


def generalise(
    runs: Sequence[Run],
    automations: Sequence[Automation],
    tools: ToolsFile,
    policy: Policy,
    notes: Sequence[ReviewItem] = (),
) -> Automation:
    """Return the one automation of several runs of one task.

    :param runs: the newest first; one that is told twice counts once.
    :param automations: what ``crystallize`` made of each, with the same ``tools`` and ``policy``.
    :param notes: further items for the review.
    :raises CrystallizeError: the runs have too little in common, or what was made would not repeat them.
    """
    with ExitStack() as stack:
        for run in runs:  # what is a credential in one of them is one in all
            stack.enter_context(knowing_those_of(run))
        told: set[str] = set()
        found: list[Playback] = []
        twice: list[ReviewItem] = []
        for run, automation in zip(runs, automations, strict=True):
            if run.id in told:
                twice.append(review_item("run_named_twice", run=mask(run.id)))
                continue
            told.add(run.id)
            found.append(playback(len(found), run, automation, tools, policy))
        if len(found) < FEWEST:
            return automations[0].model_copy(update={"review": [*automations[0].review, *twice, *notes]})
        return assembled(found, align(found), [*twice, *notes], freeze_all=policy.freeze_all)


def _newest_first(recordings: Sequence[Recording]) -> list[Recording]:
    """Return the recordings by the time they started; of some that do not tell it, the last named is the newest."""
    times = [recording.run.started_at for recording in recordings]
    latest = list(reversed(recordings))
    if any(time is None for time in times) or len({time.tzinfo is None for time in times if time}) > 1:
        return latest
    return sorted(latest, key=lambda it: it.run.started_at.timestamp() if it.run.started_at else 0.0, reverse=True)
