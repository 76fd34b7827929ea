"""Which steps hold a model's own words.

A kind may be flagged as a whole (the SQL of ``generate_query``). A step that changes something outside is flagged, too,
when it sends prose that neither the user, nor the instructions, nor an earlier result said: it will say the same
tomorrow, figures included.
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
    """Return the places of the texts that only a model wrote, the argument's name first; none of a step that does not
    change anything outside.

    :param draft: with its wires made. :param evidence: of the run that it is from.
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
    """Return an argument's value with the recorded texts that templates stand for."""
    if argument.class_ == "template":
        return draft.values[name]
    value = argument.value
    for wire in argument.wires:
        if wire.template is not None:
            value = with_value(value, wire.at, value_at(draft.values[name], wire.at))
    return value
