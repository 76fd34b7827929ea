"""Which steps hold a model's own words.

A kind may be flagged as a whole (the SQL of ``generate_query``). A step that changes something outside is flagged, too,
when it sends prose that neither the user, nor the instructions, nor an earlier result said: it will say the same
tomorrow, figures included.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft, said_by_people
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import value_at, with_value
from airflow_provider_vai.model.automation import Argument, Determinism
from airflow_provider_vai.model.base import Path
from airflow_provider_vai.model.run import Run

PROSE_WORDS = 4
SHOWN_PLACES = 3


def authorship(draft: Draft, run: Run) -> tuple[Determinism, str | None]:
    """Return how much a repeated run of the step may differ, and why it is flagged; ``None`` where it is not."""
    determinism, reason = draft.kind.determinism_of(draft.values)
    if draft.effect != "write":
        return determinism, reason
    prose = [
        (place, text)
        for name, argument in draft.arguments.items()
        for place, text in _texts(_as_recorded(draft, name, argument), [name])
        if len(text.split()) >= PROSE_WORDS
    ]
    said = _said_before(draft, run) if prose else ""
    places = [".".join(map(str, place)) for place, text in prose if text not in said]
    if not places:
        return determinism, reason
    more = f" and {len(places) - SHOWN_PLACES} more" if len(places) > SHOWN_PLACES else ""
    wrote = f"a model wrote {', '.join(places[:SHOWN_PLACES])}{more}, which each run repeats word for word"
    anew = determinism == "model_at_run_time"
    return determinism if anew else "model_written", f"{reason}; {wrote}" if reason else wrote


def _as_recorded(draft: Draft, name: str, argument: Argument) -> Any:
    """Return an argument's value with the recorded texts that templates stand for."""
    if argument.class_ == "template":
        return draft.values[name]
    value = argument.value
    for wire in argument.wires:
        if wire.template is not None:
            value = with_value(value, wire.at, value_at(draft.values[name], wire.at))
    return value


def _texts(value: Any, place: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield place, value
    parts: Sequence[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    for key, part in parts:
        yield from _texts(part, [*place, key])


def _said_before(draft: Draft, run: Run) -> str:
    """Return all text that the model had before the call: instructions, the user's words, earlier results."""
    texts = [said_by_people(draft, run)]
    for call in run.calls:
        if call.batch >= draft.call.batch:
            break
        texts += [text for _, text in _texts(call.result, [])]
        texts.append(json_text.canonical(call.result))
    return "\n".join(texts)
