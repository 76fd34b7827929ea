"""Sets the origin of each argument, with the evidence for it.

An argument has an ``origin`` if all of its values have the same one. It is ``secret`` if any value is a secret. The
evidence lists the places with their origins, with credentials masked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.leaf_origins import CONSTANT_TEXT, LeafOrigin, Tracer
from airflow_provider_vai.crystallizer.evidence.result_values import place_text
from airflow_provider_vai.languages.places import texts
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.argument import Argument, Origin, OriginAt
from airflow_provider_vai.model.authors import outermost

MOST_LINES = 20
"""The most lines of evidence for one argument."""


def origins(drafts: Sequence[Draft], evidence: Evidence) -> list[Draft]:
    """Return the drafts with the origin of each argument. Its evidence comes after the evidence of the wires.

    :param drafts: the drafts with their final wires, in the order of the run's calls.
    :param evidence: the evidence of the run with the same steps.
    """
    constants: dict[int, Argument] = {}
    return [draft.with_arguments(dict(_arguments(draft, evidence.tracer, constants))) for draft in drafts]


def _arguments(draft: Draft, tracer: Tracer, constants: dict[int, Argument]) -> Iterator[tuple[str, Argument]]:
    """Yield the arguments of a draft with their origins.

    :param constants: what was made of each text from the tools file, by the identity of the argument.
    """
    for name, argument in draft.arguments.items():
        if name not in draft.values:
            yield name, argument
            continue
        traced = tracer.trace(draft, name)
        if traced is not CONSTANT_TEXT:
            yield name, _with_origin(argument, draft.values[name], traced)
            continue
        if id(argument) not in constants:
            constants[id(argument)] = _with_origin(argument, draft.values[name], traced)
        yield name, constants[id(argument)]


def _with_origin(argument: Argument, value: Any, traced: Sequence[LeafOrigin]) -> Argument:
    wired = [at for at, _ in argument.placed_outputs()]
    rest = [leaf for leaf in traced if not any(leaf.at[: len(at)] == at for at in wired)]
    found: set[Origin] = {leaf.found.origin for leaf in rest}
    found |= {"tool_output"} if wired else set()
    agreed: Origin | None = "secret" if "secret" in found else next(iter(found)) if len(found) == 1 else None
    fields: dict[str, Any] = {"evidence": [*argument.evidence, *_lines(rest)], "origin": agreed}
    if parts := _parts(value, {tuple(leaf.at): leaf.found.origin for leaf in rest}):
        fields["origins"] = parts
    return argument.changed(**fields)


def _parts(value: Any, traced: Mapping[tuple[str | int, ...], Origin]) -> list[OriginAt]:
    """Return the origins of the texts in a value; parts whose texts have one origin are listed once."""
    if isinstance(value, str):
        origin = traced.get(())
        return [] if origin is None else _whole(origin)
    found = outermost(texts(value, []), lambda at, _: traced.get(tuple(at)), shortest=0)
    return [OriginAt(at=at, origin=origin) for at, origin in found if origin is not None]


@cache
def _whole(origin: Origin) -> list[OriginAt]:
    """Return the origin of a value as a whole. It is the same object for all arguments with this origin."""
    return [OriginAt(at=[], origin=origin)]


def _lines(traced: Sequence[LeafOrigin]) -> list[str]:
    """Return a line for each kind of evidence, with the places that share it."""
    places: dict[str, list[str]] = {}
    for leaf in traced:
        places.setdefault(leaf.found.evidence, []).append(place_text(leaf.at))
    lines = []
    for evidence, named in places.items():
        shown = ", ".join(named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")
        lines.append(f"{shown}: {evidence}")
    more = [f"and {plural(len(lines) - MOST_LINES, 'more origin')}"] if len(lines) > MOST_LINES else []
    return lines[:MOST_LINES] + more
