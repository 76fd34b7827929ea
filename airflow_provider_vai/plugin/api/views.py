"""What the API shows of an automation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from airflow.utils.session import create_session
from fastapi import HTTPException

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.plugin.api import airflow_state, etags, folders
from airflow_provider_vai.plugin.api.airflow_state import AirflowDag
from airflow_provider_vai.plugin.api.json_body import Json, time, to_wire
from airflow_provider_vai.plugin.api.problems import Problem, all_public, public
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.store.lifecycle import to_review
from airflow_provider_vai.store.publisher import writing
from airflow_provider_vai.store.state import AutomationState, read_state, settled


def state_of(dag_id: str) -> AutomationState:
    """Return what is there under a name, an automation or not.

    :raises Problem: 409 a file of it cannot be read as it is.
    """
    try:
        return read_state(folders.automations_folder(), dag_id)
    except SpecError as error:
        raise Problem(
            409, f"the stored automation cannot be read: {error.problem}", remedy=public(error.remedy)
        ) from None


def existing(dag_id: str) -> AutomationState:
    """Return an automation that is there.

    :raises HTTPException: 404.
    """
    state = state_of(dag_id)
    if state.sidecar is None:
        raise HTTPException(404, "there is no such automation")
    return state


def unedited(state: AutomationState) -> None:
    """Refuse where a file holds an edit by hand that is not a version yet.

    :raises Problem: 409.
    """
    if _is_edited(state):  # or the files are behind the log, since somebody else writes them in this moment
        folder, dag_id = folders.automations_folder(), state.log.dag_id
        with writing(folder):
            settled(folder, dag_id)
        state = state_of(dag_id)
    if _is_edited(state):
        raise Problem(
            409,
            "the DAG file or its sidecar was edited by hand, and no version holds the edit",
            remedy="Make a version of it first: `vai render` with its sidecar.",
        )


def shown(
    dag_id: str,
    status: int = 200,
    headers: dict[str, str] | None = None,
    beside: Mapping[str, Any] = MappingProxyType({}),
) -> Json:
    """Return the answer that is an automation as it is now.

    :param beside: further members of the answer.
    """
    state = existing(dag_id)
    assert state.sidecar is not None  # noqa: S101 - existing() saw to it
    with create_session(scoped=False) as session:
        dag = airflow_state.known(session, [dag_id])[dag_id]
    body = {**to_wire(state.sidecar), **_beside(state.sidecar, dag), "entry": state.number}
    body["review"] = review_items(enumerate(state.sidecar.review, 1))
    body["editedByHand"] = _is_edited(state)
    return Json({**body, **beside}, status, {"ETag": etags.of(state.number), **(headers or {})})


def item(sidecar: Sidecar, dag: AirflowDag) -> dict[str, Any]:
    """Return an automation as the list shows it."""
    first, last = (sidecar.history[0], sidecar.history[-1]) if sidecar.history else (None, None)
    return {
        "dagId": sidecar.dag_id,
        "description": mask(sidecar.description),
        "sourceType": sidecar.source_type,
        "version": sidecar.version,
        "nonDeterministic": sidecar.non_deterministic,
        "triggers": [to_wire(trigger) for trigger in sidecar.triggers],
        "tags": [mask(tag) for tag in sidecar.tags],
        "owner": mask(sidecar.owner) if sidecar.owner else None,
        "stepCount": len(sidecar.steps),
        "createdAt": time(first.at) if first else None,
        "updatedAt": time(last.at) if last else None,
        "updatedBy": last.by if last else None,
        "entry": sidecar.entry,
        **_beside(sidecar, dag),
    }


def review_items(items: Iterable[tuple[int, ReviewItem]]) -> list[dict[str, Any]]:
    """Return review items as the API shows them: with their numbers, and without this server's folders."""
    shown_items = [{"number": number, **to_wire(item)} for number, item in items]
    texts = iter(all_public(text for it in shown_items for text in (it["message"], *it["evidence"])))
    return [{**it, "message": next(texts), "evidence": [next(texts) for _ in it["evidence"]]} for it in shown_items]


def _is_edited(state: AutomationState) -> bool:
    newest = next(state.log.versions(), None)
    return state.is_spec_edited or (newest is not None and state.dag_file != newest.dag_file)


def _beside(sidecar: Sidecar, dag: AirflowDag) -> dict[str, Any]:
    """Return what the sidecar does not hold: how Airflow has it, and what is to be reviewed."""
    return {
        "status": airflow_state.status(sidecar, dag),
        "error": dag.error,
        "isPaused": dag.is_paused,
        "toReview": review_items(to_review(sidecar).items()),
    }
