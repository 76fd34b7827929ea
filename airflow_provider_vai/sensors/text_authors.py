"""Who wrote each text that a gate shows, in plain words.

Texts that this DAG run fills in are recognised by the references in the step's own arguments. For the others, the gate
knows what the DAG file says (``authors``), which follows from the recording.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from airflow_provider_vai.languages.places import texts
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.operators.arguments import Item, Parameter, TaskWire, Template, as_argument
from airflow_provider_vai.operators.runtime.masking import masked
from airflow_provider_vai.sensors.guarded import Guarded

MODEL_NOW = "A model, in this DAG run"
WORDS = {
    "model": "The model, in the recorded run",
    MODEL_NOW: MODEL_NOW,
    "user": "The user, in the recorded run or by an edit",
    "system": "The agent's instructions",
    "tool_output": "A tool, in the recorded run",
    "tool": "A tool, in this DAG run",
    "parameter": "Whoever started this DAG run, or a default of the DAG",
    "template": "A template of the DAG file",
    "constant": "The tools file, or a default of the action kind",
    "unknown": "Not known",
}
"""The authors in plain words, in the order in which a gate lists them."""

PLACE_CHARACTERS = 200  # a key may be of any length; the arguments show it whole


def shown(now: Guarded, task_id: str, most: int | None = None) -> Iterator[tuple[str, list[str]]]:
    """Yield each author of the texts in a step's arguments, in plain words, with the places of the texts.

    If nobody knows any author, nothing is yielded.

    :param now: the guarded steps.
    :param task_id: the step's name at the gate.
    :param most: how many places to name for each author; ``None``: all. The rest is counted.
    """
    found = _found(now, task_id)
    if set(found) <= {"unknown"}:
        return
    for author in (author for author in WORDS if author in found):
        places = [cut(".".join(map(str, masked(list(place)))), PLACE_CHARACTERS) for place in found[author]]
        rest = [f"and {len(places) - most} more"] if most is not None and len(places) > most else []
        yield WORDS[author], [*places[:most], *rest]


def _found(now: Guarded, task_id: str) -> dict[str, list[Sequence[str | int]]]:
    step, arguments = now.steps[task_id], now.arguments[task_id]
    said = now.authors.get(step.task_id) or {}
    known = {tuple(place): author for author, places in said.items() for place in places}
    pairs = chain.from_iterable(
        _authors(step, as_argument(getattr(step, name, None)).value, value, [name], known)
        for name, value in arguments.items()
    )
    found: dict[str, list[Sequence[str | int]]] = {}
    for place, author in pairs:
        found.setdefault(author if author in WORDS else "unknown", []).append(place)
    return found


def _authors(
    step: Any, given: Any, value: Any, place: list[str | int], known: Mapping[tuple[str | int, ...], str]
) -> list[tuple[list[str | int], str]]:
    """Return the authors of the texts in a value by place; parts with one author count as one place.

    :param given: the value as the DAG file has it, with references.
    """
    if callable(getattr(given, "resolve", None)):
        return [(place, _of_reference(step, given))] if any(True for _ in texts(value, [])) else []
    if isinstance(value, str):
        return [(place, _of_frozen(place, known))] if value.strip() else []
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [pair for key, part in inside for pair in _authors(step, _part(given, key), part, [*place, key], known)]
    whole = {author for _, author in found}
    return [(place, whole.pop())] if len(whole) == 1 and len(found) > 1 else found


def _part(given: Any, key: str | int) -> Any:
    try:
        return given[key]
    except (LookupError, TypeError):  # an edit changed the shape
        return None


def _of_frozen(place: Sequence[str | int], known: Mapping[tuple[str | int, ...], str]) -> str:
    around = (tuple(place[:length]) for length in range(len(place), 0, -1))
    return next((known[at] for at in around if at in known), "unknown")


def _of_reference(step: Any, reference: Any) -> str:
    if isinstance(reference, (Parameter, Template)):
        return "parameter" if isinstance(reference, Parameter) else "template"
    if isinstance(reference, Item):
        return "tool"
    source = step.dag.get_task(reference.task_id) if isinstance(reference, TaskWire) else None
    return MODEL_NOW if getattr(source, "kind", None) == "call_agent" else "tool"
