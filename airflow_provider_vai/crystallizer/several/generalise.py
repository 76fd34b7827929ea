"""Generalise: make one automation from several runs of one task.

The newest run's automation is the base, and the steps of all runs are aligned. Values that are equal in all runs stay
as they are. Values that differ become DAG params or wires if the runs prove it. A step that only some runs made is put
behind a branch if a condition separates those runs from the others. Everything else stays as in the newest run or is
left out, and is listed for review. The parts are in :mod:`airflow_provider_vai.crystallizer.several`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from difflib import SequenceMatcher

from airflow_provider_vai.crystallizer.crystallize import crystallize, derived_dag_id
from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.crystallizer.reported_failures import with_named_calls
from airflow_provider_vai.crystallizer.run_secrets import knowing_those_of
from airflow_provider_vai.crystallizer.several.align import align
from airflow_provider_vai.crystallizer.several.assemble import assembled
from airflow_provider_vai.crystallizer.several.playback import Playback, playback
from airflow_provider_vai.crystallizer.several.recording import Recording
from airflow_provider_vai.exceptions import CrystallizeError, NothingToCrystallize, RunNotSuccessful
from airflow_provider_vai.languages.identifiers import loses_letters
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.model.tools_file import ToolsFile
from airflow_provider_vai.secrets.masking import mask

FEWEST = 2


def generalised(
    recordings: Sequence[Recording],
    tools: ToolsFile,
    policy: Policy,
    *,
    dag_id: str | None = None,
    schedule: str | None = None,
) -> Automation:
    """Crystallize several runs of one task, and make one automation from them.

    Failed runs are left out, each with a review item.

    :param recordings: the recordings of two or more different runs.
    :param tools: the tools file.
    :param policy: the policy; see :func:`crystallize`.
    :param dag_id: the DAG's id; ``None`` generates one from the newest run.
    :param schedule: a cron expression or Airflow preset; ``None`` means that the DAG is started manually.
    :raises CrystallizeError: a run cannot be crystallized, fewer than two succeeded, or the runs are not of one task.
    """
    made: list[tuple[Run, Automation]] = []
    left_out: list[ReviewItem] = []
    for recording in _newest_first(recordings):
        run = with_named_calls(recording.run, policy)
        try:
            automation = crystallize(
                run, tools, policy, trace_sha256=recording.trace_sha256, dag_id=dag_id, schedule=schedule
            )
        except (RunNotSuccessful, NothingToCrystallize) as error:
            left_out.append(review_item("run_left_out", run=mask(recording.run.id), problem=error.problem))
            continue
        except CrystallizeError as error:
            error.where = f"{recording.name}: {error.where}"
            raise
        made.append((run, automation))
    if len(made) < FEWEST:
        raise RunNotSuccessful(
            f"{len(made)} of {plural(len(recordings), 'run')} can be crystallized, but "
            f"at least {FEWEST} are needed to compare: " + "; ".join(item.message for item in left_out),
            where=", ".join(recording.name for recording in recordings),
            remedy="Name more successful runs, crystallize one run by itself, or use --allow-unsuccessful.",
        )
    runs = [run for run, _ in made]
    automation = generalise(runs, [automation for _, automation in made], tools, policy, left_out)
    title = common_title(automation.description for _, automation in made)
    if title is None:
        return automation
    words = title if runs[0].title or not runs[0].agent else runs[0].agent
    named = derived_dag_id(runs[0].model_copy(update={"title": words}), unicode_ids=policy.unicode_ids)
    shown = None if dag_id or policy.unicode_ids or not loses_letters(title) else title
    return automation.model_copy(update={"description": title, "dag_id": dag_id or named, "title": shown})


def common_title(titles: Iterable[str]) -> str | None:
    """Return the words that the titles share, with ``…`` for the others; ``None`` if they share fewer than two.

    >>> common_title(["Refund order 7 now", "Refund order 12 now"])
    'Refund order … now'
    """
    first, *others = [title.split() for title in titles]
    common: list[str] = first
    for words in others:
        compared = SequenceMatcher(None, common, words, autojunk=False).get_opcodes()
        common = [
            word for tag, start, end, _, _ in compared for word in (common[start:end] if tag == "equal" else ["…"])
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
    """Return one automation for several runs of one task.

    :param runs: the runs, newest first. A run that is given twice counts once.
    :param automations: the automation of each run, from ``crystallize`` with the same ``tools`` and ``policy``.
    :param tools: the tools file.
    :param policy: the policy.
    :param notes: further review items.
    :raises CrystallizeError: the runs have too little in common, or the automation would not repeat them exactly.
    """
    with ExitStack() as stack:
        for run in runs:  # a credential in one run is a credential in all of them
            stack.enter_context(knowing_those_of(run))
        seen: set[str] = set()
        found: list[Playback] = []
        twice: list[ReviewItem] = []
        for run, automation in zip(runs, automations, strict=True):
            if run.id in seen:
                twice.append(review_item("run_named_twice", run=mask(run.id)))
                continue
            seen.add(run.id)
            found.append(playback(len(found), run, automation, tools, policy))
        if len(found) < FEWEST:
            return automations[0].model_copy(update={"review": [*automations[0].review, *twice, *notes]})
        return assembled(found, align(found), [*twice, *notes], policy)


def _newest_first(recordings: Sequence[Recording]) -> list[Recording]:
    """Return the recordings by start time, newest first. If start times are missing, the last one counts as newest."""
    times = [recording.run.started_at for recording in recordings]
    latest = list(reversed(recordings))
    if any(time is None for time in times) or len({time.tzinfo is None for time in times if time}) > 1:
        return latest
    return sorted(latest, key=lambda one: one.run.started_at.timestamp() if one.run.started_at else 0.0, reverse=True)
