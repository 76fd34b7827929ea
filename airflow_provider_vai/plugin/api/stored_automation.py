"""Reads an automation from the folder, or refuses the request because it is missing, damaged or edited by hand."""

from __future__ import annotations

from fastapi import HTTPException

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.plugin.api.configured_folders import automations_folder
from airflow_provider_vai.plugin.api.problems import Problem, public
from airflow_provider_vai.store.publisher import writing
from airflow_provider_vai.store.state import AutomationState, read_state, settled


def read_any_state(dag_id: str) -> AutomationState:
    """Return the state of a DAG id: of an automation, of a deleted one, or of a name that is free.

    :raises Problem: 409 one of its files cannot be read.
    """
    try:
        return read_state(automations_folder(), dag_id)
    except SpecError as error:
        raise Problem(
            409, f"the stored automation cannot be read: {error.problem}", remedy=public(error.remedy)
        ) from None


def existing(dag_id: str) -> AutomationState:
    """Return the state of an automation that exists.

    :raises HTTPException: 404, or see :func:`read_any_state`.
    """
    state = read_any_state(dag_id)
    if state.sidecar is None:
        raise HTTPException(404, "there is no such automation")
    return state


def existing_or_deleted(dag_id: str) -> AutomationState:
    """Return the state of an automation that exists, or existed: its versions are still there.

    :raises HTTPException: 404, or see :func:`read_any_state`.
    """
    state = read_any_state(dag_id)
    if state.newest is None and state.sidecar is None:
        raise HTTPException(404, "there is no such automation")
    return state


def refuse_edited_by_hand(state: AutomationState) -> None:
    """Refuse an automation that was edited by hand since its newest version.

    A state that was read while another request wrote the files one after the other looks edited, too. So it is read
    again while nobody writes; whoever changes a state that is no longer the newest is refused later on.

    :raises Problem: 409.
    """
    if not state.is_edited:
        return
    folder = automations_folder()
    with writing(folder):
        at_rest = settled(folder, state.log.dag_id)
    if at_rest.sidecar is not None and at_rest.is_edited:
        raise Problem(
            409,
            "the DAG file or its sidecar was edited by hand, and no version contains the edit",
            remedy="Make a version of it first: run `vai render` with its sidecar.",
        )
