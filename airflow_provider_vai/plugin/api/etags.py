"""The ETag of an automation: the number of the newest entry of its log. A change names the state it is based on."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Header, HTTPException

from airflow_provider_vai.store.publisher import writing
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.state import AutomationState, read_state, settled

IfMatch = Annotated[str | None, Header(description='The ETag of the state that the change is based on, like "7".')]
TAG = re.compile(r'"(\d{1,9})"')


def etag(number: int) -> dict[str, str]:
    """Return the header ``ETag`` of an automation whose newest entry has this number."""
    return {"ETag": f'"{number}"'}


def check_if_match(if_match: str | None, state: AutomationState, folder: AnyPath) -> int:
    """Return the number of the entry that a change is based on, as ``publish`` and ``lifecycle`` expect it.

    :param if_match: the header ``If-Match``, see RFC 9110, 13.1.1; ``*`` accepts the newest state, whatever it is.
    :raises HTTPException: 428 the header is missing, 412 it names another state.
    """
    if if_match is None or not if_match.strip():
        raise HTTPException(
            428,
            "to change an automation, send the header If-Match with the ETag that GET returned",
            etag(state.number),
        )
    number = _logged_number(state, folder)
    tags = [int(tag) for tag in TAG.findall(if_match)]
    if if_match.strip() == "*" or number in tags or state.number in tags:
        return number
    raise HTTPException(
        412, "the automation changed since you read it: GET it again, then repeat the change", etag(state.number)
    )


def _logged_number(state: AutomationState, folder: AnyPath) -> int:
    """Return the newest entry's number; an automation that is older than the log gets its first entry now."""
    if state.number or state.sidecar is None:
        return state.number
    with writing(folder):
        settled(folder, state.log.dag_id)
    return read_state(folder, state.log.dag_id).number
