"""Crystallizes recordings: one run, every run of a trace, or several runs of one task.

Several traces are either exports of one run, which are merged, or several runs of one task, which are generalised into
one automation. :func:`runs_of` decides which, :func:`taken_for` says so, and :func:`recordings_of` merges.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack

from airflow_provider_vai.authoring.crystallize_options import CrystallizeOptions
from airflow_provider_vai.authoring.editing.settings import set_triggers
from airflow_provider_vai.crystallizer.crystallize import crystallize
from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.crystallizer.run_secrets import knowing_those_of
from airflow_provider_vai.crystallizer.several.generalise import Recording, generalised, runs_of
from airflow_provider_vai.exceptions import CrystallizeError, NothingToCrystallize, RunNotSuccessful
from airflow_provider_vai.languages.identifiers import Names
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.tools_file import ToolsFile
from airflow_provider_vai.renderer.render import render
from airflow_provider_vai.store.dag_names import free_dag_id
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.traces import merge

__all__ = ["crystallized", "crystallized_each", "recordings_of", "runs_of", "taken_for"]


def taken_for(names: Sequence[str], groups: Sequence[Sequence[merge.Export]]) -> str:
    """Return the sentence that says what several traces were taken for.

    :param names: what the traces are called. :param groups: their exports by run, from :func:`runs_of`.
    """
    what = "exports of one run" if len(groups) == 1 else f"{len(groups)} runs of one task"
    return f"took {', '.join(names)} for {what}"


def recordings_of(groups: Sequence[Sequence[merge.Export]]) -> list[Recording]:
    """Return one recording for each group of exports, merged where there are several.

    :param groups: the exports by run, from :func:`runs_of`.
    :raises AmbiguousRun: exports of one group turn out to be of different runs.
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
    """Return the automation of one run, or the one automation of several runs of one task; nothing is written.

    :param recordings: one run, or the runs of one task; a name comes before the place in messages about its run.
    :param tools: which tool is which action kind.
    :param folder: where the DAG file will be: a derived DAG id is free there, or belongs to the same recording.
    :raises CrystallizeError: a run cannot be crystallized, or the runs are not of one task.
    :raises SpecError: a trigger is wrong.
    """
    policy = options.policy(folder)
    if len(recordings) == 1:
        automation = _of_one(recordings[0], tools, policy, options)
    else:
        automation = generalised(recordings, tools, policy, dag_id=options.dag_id, schedule=options.schedule)
    automation = _triggered(automation, recordings, options)
    return automation if options.dag_id else _named(automation, automation.dag_id, folder)


def crystallized_each(
    recordings: Iterable[Recording], tools: ToolsFile, *, options: CrystallizeOptions, folder: AnyPath
) -> tuple[list[Automation], list[CrystallizeError]]:
    """Return an automation of each run, under DAG ids of their own, and why the other runs were left out.

    Left out are runs that failed, and runs without a call that could be repeated. Each automation was rendered once,
    so that writing them does not stop half way.

    :param recordings: as in :func:`crystallized`; gone through once.
    :raises CrystallizeError: another run cannot be crystallized, or all were left out: then the first reason.
    :raises RenderError: an automation cannot be rendered.
    """
    policy = options.policy(folder)
    names = Names()
    automations: list[Automation] = []
    left_out: list[CrystallizeError] = []
    for recording in recordings:
        try:
            automation = _of_one(recording, tools, policy, options)
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
    with ExitStack() as stack:  # an error about a trigger must not show a credential of the runs
        for recording in recordings:
            stack.enter_context(knowing_those_of(recording.run))
        return set_triggers(automation, options.triggers)


def _named(automation: Automation, dag_id: str, folder: AnyPath) -> Automation:
    return automation.model_copy(update={"dag_id": free_dag_id(dag_id, automation, folder)})
