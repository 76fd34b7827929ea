"""The state of an automation that a change rests on: its ETag is the number of the newest entry of its log."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Header, HTTPException

from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.state import AutomationState, read_state

IfMatch = Annotated[str | None, Header(description='The ETag of the state that the change rests on, like "7".')]
TAG = re.compile(r'"(\d{1,9})"')


def of(number: int) -> str:
    """Return the ETag of an automation whose newest entry has this number."""
    return f'"{number}"'


def checked(if_match: str | None, state: AutomationState, folder: AnyPath) -> int:
    """Return the number of the entry that a change rests on, as ``publish`` and ``lifecycle`` expect it.

    :param if_match: the header ``If-Match``, see RFC 9110, 13.1.1; ``*`` takes the newest state, whatever it is.
    :raises HTTPException: 428 there is none, 412 it names another state.
    """
    if if_match is None or not if_match.strip():
        raise HTTPException(
            428, "a change of an automation needs the header If-Match with the ETag that GET told", _told(state)
        )
    number = _logged(state, folder)
    tags = [int(tag) for tag in TAG.findall(if_match)]
    if if_match.strip() == "*" or number in tags or state.number in tags:
        return number
    raise HTTPException(412, "the automation changed since it was read: GET it again, repeat the change", _told(state))


def _logged(state: AutomationState, folder: AnyPath) -> int:
    """Return the newest entry's number; an automation that was written before there was a log gets one first."""
    if state.number or state.sidecar is None:
        return state.number
    from airflow_provider_vai.store.publisher import writing
    from airflow_provider_vai.store.state import settled

    with writing(folder):
        settled(folder, state.log.dag_id)
    return read_state(folder, state.log.dag_id).number


def _told(state: AutomationState) -> dict[str, str]:
    return {"ETag": of(state.number)}
