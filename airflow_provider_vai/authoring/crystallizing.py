"""Crystallizes recordings: one run, every run of a trace, or several runs of one task.

Several traces are either exports of one run, which are merged, or several runs of one task, which are generalised into
one automation. :func:`runs_of` decides which it is, :func:`taken_for` reports the decision, and :func:`recordings_of`
merges the exports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace

from airflow_provider_vai.authoring.crystallize_options import CrystallizeOptions
from airflow_provider_vai.crystallizer.crystallize import crystallize
from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.crystallizer.run_secrets import knowing_those_of
from airflow_provider_vai.crystallizer.several.recording import Recording, runs_of
from airflow_provider_vai.exceptions import CrystallizeError, NothingToCrystallize, RunNotSuccessful
from airflow_provider_vai.languages.identifiers import Names
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.languages.storable import storable
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.refusals import refusals
from airflow_provider_vai.model.tools_file import ToolsFile
from airflow_provider_vai.renderer.render import render
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.store.dag_names import free_dag_id, has_unicode_ids
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.traces import merge

__all__ = ["crystallized", "crystallized_each", "recordings_of", "runs_of", "taken_for"]


def taken_for(names: Sequence[str], groups: Sequence[Sequence[merge.Export]]) -> str:
    """Return a message that reports how several traces were interpreted.

    :param names: The names of the traces.
    :param groups: Their exports by run, from :func:`runs_of`.
    """
    what = "exports of one run" if len(groups) == 1 else f"{plural(len(groups), 'run')} of one task"
    return f"treating {', '.join(names)} as {what}"


def recordings_of(groups: Sequence[Sequence[merge.Export]]) -> list[Recording]:
    """Return one recording for each group of exports; several exports of one run are merged.

    :param groups: The exports by run, from :func:`runs_of`.
    :raises AmbiguousRun: the exports in one group are of different runs.
    """
    return [_recording(group) for group in groups]


def _recording(exports: Sequence[merge.Export]) -> Recording:
    if len(exports) == 1:
        return Recording(exports[0].name, exports[0].run, exports[0].sha256)
    name = ", ".join(export.name for export in exports)
    return Recording(name, merge.merged(exports), merge.digest(export.sha256 for export in exports))


def crystallized(
    recordings: Sequence[Recording], tools: ToolsFile, *, options: CrystallizeOptions, folder: AnyPath
) -> Automation:
    """Return the automation of one run, or one automation of several runs of one task. Nothing is written.

    :param recordings: One run, or several runs of one task. Messages about a run begin with the recording's name.
    :param tools: The mapping of tools to action kinds.
    :param options: The user's options.
    :param folder: The folder of the future DAG file. A DAG id that is not given is chosen so that it is free there or
        already belongs to the same recording.
    :raises CrystallizeError: a run cannot be crystallized, or the runs are not of one task.
    :raises SpecError: a trigger is invalid.
    """
    recordings = [_with_title(recording, options.title) for recording in recordings]
    automation = _titled(_made(recordings, tools, options.policy(folder), options, folder), options.title)
    automation = _triggered(automation, recordings, options)
    return automation if options.dag_id else _named(automation, automation.dag_id, folder)


def crystallized_each(
    recordings: Iterable[Recording], tools: ToolsFile, *, options: CrystallizeOptions, folder: AnyPath
) -> tuple[list[Automation], list[CrystallizeError]]:
    """Return one automation for each run, with distinct DAG ids, and the reasons for the runs that were left out.

    Runs that failed, and runs without a call that could become a step, are left out. Each automation is rendered here
    once, so that writing them later does not fail half way.

    :param recordings: As in :func:`crystallized`, but each becomes its own automation. They are iterated over once.
    :param tools: The mapping of tools to action kinds.
    :param options: The user's options.
    :param folder: The folder of the future DAG files.
    :raises CrystallizeError: a run cannot be crystallized for another reason, or all runs were left out; then it is the
        first reason.
    :raises RenderError: an automation cannot be rendered.
    """
    policy = options.policy(folder)
    names = Names()
    automations: list[Automation] = []
    left_out: list[CrystallizeError] = []
    for recording in recordings:
        try:
            automation = _made([recording], tools, policy, options, folder)
        except (RunNotSuccessful, NothingToCrystallize) as error:
            left_out.append(error)
            continue
        automation = _triggered(automation, [recording], options)
        automation = _named(automation, names.give(automation.dag_id), folder)
        render(automation)
        automations.append(automation)
    if left_out and not automations:
        raise left_out[0]
    return automations, left_out


def _made(
    recordings: Sequence[Recording], tools: ToolsFile, policy: Policy, options: CrystallizeOptions, folder: AnyPath
) -> Automation:
    """Return the automation; if it exists already with ids that are not ASCII, it keeps them."""
    automation = _with_policy(recordings, tools, policy, options)
    _check_accepted(automation, recordings)
    if not automation.title and not any(step.title for step in automation.steps):
        return automation  # no letter was lost
    former = _with_policy(recordings, tools, replace(policy, unicode_ids=True), options)
    ids = dict.fromkeys([automation.dag_id, former.dag_id])
    return former if has_unicode_ids(ids, automation, folder) else automation


def _check_accepted(automation: Automation, recordings: Sequence[Recording]) -> None:
    """Refuse what Airflow would refuse, with the name of the trace. The publisher checks the DAG id itself."""
    for refusal in refusals(automation):
        if refusal.place != ["dag_id"]:
            where = [*(recording.name for recording in recordings if recording.name), refusal.where]
            raise CrystallizeError(refusal.problem, where=": ".join(where), remedy=refusal.remedy)


def _with_policy(
    recordings: Sequence[Recording], tools: ToolsFile, policy: Policy, options: CrystallizeOptions
) -> Automation:
    if len(recordings) == 1:
        return _of_one(recordings[0], tools, policy, options)
    from airflow_provider_vai.crystallizer.several.generalise import generalised

    return generalised(recordings, tools, policy, dag_id=options.dag_id, schedule=options.schedule)


def _of_one(recording: Recording, tools: ToolsFile, policy: Policy, options: CrystallizeOptions) -> Automation:
    try:
        return crystallize(
            recording.run,
            tools,
            policy,
            trace_sha256=recording.trace_sha256,
            dag_id=options.dag_id,
            schedule=options.schedule,
        )
    except CrystallizeError as error:
        error.where = f"{recording.name}: {error.where}" if recording.name else error.where
        raise


def _triggered(automation: Automation, recordings: Sequence[Recording], options: CrystallizeOptions) -> Automation:
    if options.triggers is None:
        return automation
    from airflow_provider_vai.authoring.editing.settings import set_triggers

    with ExitStack() as stack:  # so that an error about a trigger does not show a credential of the runs
        for recording in recordings:
            stack.enter_context(knowing_those_of(recording.run))
        return set_triggers(automation, options.triggers)


def _with_title(recording: Recording, title: str | None) -> Recording:
    """Return the recording as if its run had this title, of which the DAG id is made."""
    if title is None:
        return recording
    return replace(recording, run=recording.run.model_copy(update={"title": title}))


def _titled(automation: Automation, title: str | None) -> Automation:
    if title is None:
        return automation
    shown = " ".join(mask(storable(title)).split())
    return automation.model_copy(update={"title": shown, "description": shown})


def _named(automation: Automation, dag_id: str, folder: AnyPath) -> Automation:
    return automation.model_copy(update={"dag_id": free_dag_id(dag_id, automation, folder)})
