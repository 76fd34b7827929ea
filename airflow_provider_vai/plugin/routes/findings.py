"""``/api/v1/automations/{dag_id}/findings`` and ``…/explanation``: what lint finds, and where arguments come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from airflow_provider_vai.analysis.explain import explain
from airflow_provider_vai.analysis.lint import Finding, lint_stored
from airflow_provider_vai.plugin.api.access import reading
from airflow_provider_vai.plugin.api.configured_folders import automations_folder
from airflow_provider_vai.plugin.api.etags import etag
from airflow_provider_vai.plugin.api.json_response import MaskedJson, ResponseModel
from airflow_provider_vai.plugin.api.kept_answers import kept_answer
from airflow_provider_vai.plugin.api.openapi import with_headers
from airflow_provider_vai.plugin.api.parameters import DagId
from airflow_provider_vai.plugin.api.problems import all_public
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.state import AutomationState

router = APIRouter(prefix="/api/v1/automations/{dag_id}", tags=["steps"])


class FindingShown(ResponseModel):
    """A problem that lint found, as ``vai lint --json`` shows it; ``field`` is the place, such as ``steps.post``."""

    code: str
    level: Literal["error", "warning"]
    field: str
    problem: str
    suggestion: str


class FindingList(ResponseModel):
    """The problems that lint found in an automation."""

    items: list[FindingShown]


class ArgumentExplained(ResponseModel):
    """Where an argument comes from, see :func:`airflow_provider_vai.analysis.explain.explain`."""

    step: str
    argument: str
    class_: str = Field(alias="class")
    source: str
    origin: str | None
    origin_words: str
    evidence: list[str]
    candidates: list[str]


class Explanation(ResponseModel):
    """The arguments of all steps, in the order of the DAG file."""

    items: list[ArgumentExplained]


KEPT = 64
"""How many states keep their findings."""

_kept: dict[object, list[FindingShown]] = {}


@router.get("/findings", dependencies=reading(), response_model=FindingList, responses=with_headers("ETag"))
def listing(dag_id: DagId) -> Response:
    """List what lint finds in the automation and its DAG file; other files are not looked at."""
    answer = kept_answer(dag_id, "findings", lambda state: FindingList(items=findings(state)))
    return MaskedJson(answer.body, headers=etag(answer.number))


@router.get("/explanation", dependencies=reading(), response_model=Explanation, responses=with_headers("ETag"))
def explanation(dag_id: DagId) -> Response:
    """Say for each argument where its value comes from, and why."""
    answer = kept_answer(dag_id, "explanation", _explained)
    return MaskedJson(answer.body, headers=etag(answer.number))


def _explained(state: AutomationState) -> Explanation:
    rows = explain(state.sidecar) if state.sidecar else []
    return Explanation(items=[ArgumentExplained(**_row(row)) for row in rows])


def findings(state: AutomationState) -> list[FindingShown]:
    """Return what lint finds in an automation, without the folders of this server.

    Each state is linted once: the checks of 500 steps take longer than the rest of a page.

    :param state: the state of an automation that exists.
    """
    sidecar = state.sidecar
    assert sidecar is not None  # noqa: S101 - the caller checked it
    folder = shared_files.local_path(automations_folder()) or Path()
    written = (state.number, state.newest.at) if state.newest else sidecar.text()
    key = (str(folder), sidecar.dag_id, written, state.dag_file)
    found = _kept.get(key)
    if found is None:
        found = _public(lint_stored(folder, sidecar.text(), state.dag_file))
        if len(_kept) >= KEPT:
            _kept.clear()
        _kept[key] = found
    return found


def _public(found: Sequence[Finding]) -> list[FindingShown]:
    texts = iter(all_public(text for one in found for text in (one.field, one.problem, one.suggestion)))
    return [
        FindingShown(code=one.code, level=one.level, field=next(texts), problem=next(texts), suggestion=next(texts))
        for one in found
    ]


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("step", "argument", "class", "source", "origin", "origin_words", "evidence", "candidates")
    return {name: row[name] for name in names}
