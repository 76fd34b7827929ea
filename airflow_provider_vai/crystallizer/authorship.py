"""Finds the steps that send or show texts which a model wrote.

Some kinds are always flagged (the SQL of ``generate_query``). A step with external side effects, or one that makes an
artifact such as a report, is also flagged if it contains prose that appears neither in the user's words, nor in the
instructions, nor in an earlier result. Every run will repeat the same text, including its figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.languages.places import value_at, with_value
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.flags import is_prose

CAPTIONS = ("caption", "description", "subtitle", "text", "title")
"""Keys under which a list of texts is one text in several lines."""


def authorship(draft: Draft, evidence: Evidence) -> list[JsonPath]:
    """Return the places of the texts that only a model wrote, the argument's name first.

    The list is empty for a step that only reads: nobody reads its texts again.

    :param draft: the step, with its wires.
    :param evidence: the evidence of its run.
    """
    if draft.effect == "read":
        return []
    recorded = {name: _as_recorded(draft, name, argument) for name, argument in draft.arguments.items()}
    prose = [found for name, value in recorded.items() for found in _prose(value, [name])]
    return [place for place, lines in prose if not _is_heard(lines, draft, evidence)]


def _prose(value: Any, place: JsonPath) -> Iterator[tuple[JsonPath, list[str]]]:
    """Yield each text that is prose, as its lines: a caption may be a list of lines, as in Vega-Lite."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if isinstance(value, str):
        lines = [value]
    elif value and isinstance(value, list) and place[-1] in CAPTIONS and all(isinstance(line, str) for line in value):
        lines, inside = value, ()
    else:
        lines = []
    if is_prose(" ".join(lines)):
        yield place, lines
    for key, part in inside:
        yield from _prose(part, [*place, key])


def _is_heard(lines: Sequence[str], draft: Draft, evidence: Evidence) -> bool:
    """Return whether the text of these lines appears in what the model had been told, whole or line by line."""
    whole = any(evidence.heard.holds(mark.join(lines), draft.call) for mark in (" ", "\n"))
    return whole or all(evidence.heard.holds(line, draft.call) for line in lines)


def _as_recorded(draft: Draft, name: str, argument: Argument) -> Any:
    """Return an argument's value with its templates and derived texts replaced by the recorded texts."""
    if argument.class_ in ("template", "derived"):
        return draft.values[name]
    value = argument.value
    for wire in argument.wires:
        if wire.template is not None or wire.derive is not None:
            value = with_value(value, wire.at, value_at(draft.values[name], wire.at))
    return value
