"""Crystallizes stored recordings for a request: a preview that writes nothing, or a draft of an automation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from fastapi import Response
from pydantic import Field, ValidationError

from airflow_provider_vai.authoring import stored_recordings
from airflow_provider_vai.authoring.crystallize_options import CrystallizeOptions
from airflow_provider_vai.authoring.editing.settings import set_options
from airflow_provider_vai.authoring.stored_recordings import Stored
from airflow_provider_vai.crystallizer.draft import Derive
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.factories import new_list
from airflow_provider_vai.model.tools_file import ToolsFile
from airflow_provider_vai.model.validation import problems
from airflow_provider_vai.plugin.api import reading
from airflow_provider_vai.plugin.api.automation_response import ENTRY, TAKEN_FOR
from airflow_provider_vai.plugin.api.automation_writes import check_new, write_new
from airflow_provider_vai.plugin.api.configured_folders import automations_folder, recordings_folder
from airflow_provider_vai.plugin.api.json_response import ResponseModel
from airflow_provider_vai.plugin.api.request_body import RequestModel
from airflow_provider_vai.plugin.api.stored_automation import read_any_state
from airflow_provider_vai.plugin.routes import new_automations
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.store.publisher import FilesChange, previewed
from airflow_provider_vai.store.state import AutomationState

Source = Literal["agent_run", "chat_thread"]
MOST_TRACES = 50
"""Further recordings in one request: each is a trace file of up to ``[vai] trace_limit_bytes`` that is read anew."""


class FurtherTrace(RequestModel):
    """A stored recording: the id of its run, its kind (by default that of the address), and the digest of its trace
    file (by default the one that was stored last)."""

    run_id: str
    source: Source | None = None
    trace_sha256: str | None = None


class Crystallize(RequestModel):
    """The options of ``vai crystallize``; ``tools`` are the rules of a tools file.

    ``traces`` are further recordings, as run ids, or as objects where an id is not enough. With the recording of the
    address they are exports of one run, which are merged, or several runs of one task, which become one automation.
    ``description`` replaces the recording's title as the automation's description.
    """

    traces: list[str | FurtherTrace] = Field(default_factory=new_list, max_length=MOST_TRACES)
    dag_id: str | None = Field(default=None, min_length=1)
    description: str | None = None
    gates: Literal["auto", "recorded"] = "auto"
    freeze_all: bool = False
    derive: Derive = "proposed"
    parallel: bool = False
    loops: bool = False
    turns: list[int] | None = None
    calls: list[str] | None = None
    exclude: list[str] = Field(default_factory=new_list)
    schedule: str | None = None
    triggers: list[dict[str, Any]] | None = None
    tools: list[dict[str, Any]] = Field(default_factory=new_list)
    allow_unsuccessful: bool = False
    allow_unmapped: bool = False
    summary: str = ""


class Preview(ResponseModel):
    """What a recording would become. ``change`` says how the automation with that DAG id would change.

    ``entry`` is the number in the ETag of the automation with that DAG id, 0 if there is none. ``dag_file`` is the text
    that would be written.
    """

    change: FilesChange
    entry: int = Field(ge=0, description=ENTRY)
    taken_for: str | None = Field(description=TAKEN_FOR)
    automation: Automation
    dag_file: str


@dataclass(frozen=True)
class CrystallizedDraft:
    """An automation that a request crystallized, and that is not written yet.

    :param automation: the spec. :param state: the state of its DAG id.
    :param taken_for: what several recordings were taken for.
    """

    automation: Automation
    state: AutomationState
    taken_for: str | None


def draft(user: Any, entry: Stored, body: Crystallize) -> CrystallizedDraft:
    """Crystallize a recording. Nothing is written.

    :param entry: the recording. :param body: the options.
    :raises VaiError: it is refused. :raises HTTPException: 403, 409, 422, 503.
    """
    entries = _with_further(entry, body.traces)
    _check_tools(body.tools)
    automation, sentence = reading.crystallized(entries, body.tools, _options(body))
    if body.description is not None:
        automation = set_options(automation, description=body.description)
    new_automations.check_name(user, automation.dag_id)
    return CrystallizedDraft(automation, read_any_state(automation.dag_id), sentence)


def preview(made: CrystallizedDraft) -> Preview:
    """Return what :func:`written` would write. Nothing is written.

    :raises VaiError: it would be refused. :raises HTTPException: 409.
    """
    check_new(made.automation, made.state)
    automation, dag_file, change = previewed(made.automation, automations_folder())
    number = made.state.number
    return Preview(change=change, entry=number, taken_for=made.taken_for, automation=automation, dag_file=dag_file)


def written(made: CrystallizedDraft, *, by: str, summary: str, if_match: str | None) -> Response:
    """Write a draft, and return the answer that shows the automation.

    :param by: the user's name. :param summary: for the history. :param if_match: the header ``If-Match``.
    :raises VaiError: it is refused. :raises HTTPException: 409, 412, 428.
    """
    return write_new(made.automation, made.state, by=by, summary=summary, if_match=if_match, taken_for=made.taken_for)


def _with_further(entry: Stored, traces: list[str | FurtherTrace]) -> list[Stored]:
    """Return the recording of the address and the further ones, each once.

    The right to read one recording is the right to read all (``READ_RECORDINGS``), and the route asked for it.

    :raises SpecError: one is not stored.
    """
    entries = [entry]
    for number, named in enumerate(traces):
        wanted = FurtherTrace(run_id=named) if isinstance(named, str) else named
        source = wanted.source or entry.source
        found = stored_recordings.found(recordings_folder(), source, wanted.run_id, wanted.trace_sha256)
        if found is None:
            raise SpecError(
                f"there is no recording {mask(wanted.run_id)[:80]!r} of the kind {source}",
                where=f"traces[{number}]",
                remedy="Store its trace first; GET /vai/api/v1/agents/runs and /chat/threads list what is stored.",
            )
        entries += [] if found in entries else [found]
    return entries


def _options(body: Crystallize) -> CrystallizeOptions:
    return CrystallizeOptions(
        dag_id=body.dag_id,
        gates=body.gates,
        freeze_all=body.freeze_all,
        derive=body.derive,
        parallel=body.parallel,
        loops=body.loops,
        turns=body.turns,
        calls=body.calls,
        exclude=body.exclude,
        schedule=body.schedule,
        triggers=body.triggers,
        allow_unsuccessful=body.allow_unsuccessful,
        allow_unmapped=body.allow_unmapped,
    )


def _check_tools(rules: list[dict[str, Any]]) -> None:
    """Check rules of a tools file.

    :raises SpecError: one of them is wrong.
    """
    try:
        ToolsFile.model_validate({"tools": rules})
    except ValidationError as error:
        raise SpecError(
            mask(problems(error)), where="tools", remedy="dev/docs/tools-file.md describes a rule."
        ) from None
