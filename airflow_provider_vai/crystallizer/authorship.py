"""Finds the steps that send texts which a model wrote.

Some kinds are always flagged (the SQL of ``generate_query``). A step with external side effects is also flagged if it
sends prose that appears neither in the user's words, nor in the instructions, nor in an earlier result. Every run will
send the same text, including its figures.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.transcript import texts
from airflow_provider_vai.languages.places import value_at, with_value
from airflow_provider_vai.model.automation import Argument
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.flags import PROSE_WORDS


def authorship(draft: Draft, evidence: Evidence) -> list[JsonPath]:
    """Return the places of the texts that only a model wrote, the argument's name first.

    The list is empty for a step without external side effects.

    :param draft: the step, with its wires.
    :param evidence: the evidence of its run.
    """
    if draft.effect != "write":
        return []
    prose = [
        (place, text)
        for name, argument in draft.arguments.items()
        for place, text in texts(_as_recorded(draft, name, argument), [name])
        if len(text.split()) >= PROSE_WORDS
    ]
    return [place for place, text in prose if not evidence.heard.holds(text, draft.call)]


def _as_recorded(draft: Draft, name: str, argument: Argument) -> Any:
    """Return an argument's value with its templates and derived texts replaced by the recorded texts."""
    if argument.class_ in ("template", "derived"):
        return draft.values[name]
    value = argument.value
    for wire in argument.wires:
        if wire.template is not None or wire.derive is not None:
            value = with_value(value, wire.at, value_at(draft.values[name], wire.at))
    return value
