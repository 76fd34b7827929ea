"""The one rule that decides the effect of a step, for crystallizing, specs, edits and lint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from airflow_provider_vai.languages.places import with_value
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.behaviour import Effect
from airflow_provider_vai.model.effects import ORDER, OWN
from airflow_provider_vai.model.kinds import Kind

DECLARING = ("effect", OWN)
"""The arguments that declare an effect instead of deciding what runs."""

UNKNOWN = "-"
"""Placeholder for a value that is known only in a run."""


class StepEffect(NamedTuple):
    """The effect of a step.

    :param effect: the effect.
    :param own: the effect that follows from the kind and what the arguments do, without any declaration.
    :param refused: a stated effect that is lower than the step can have; ``None``: there is none.
    :param why: why no lower effect may be stated, to be read after "it".
    """

    effect: Effect
    own: Effect
    refused: Effect | None = None
    why: str = ""

    @property
    def is_lowered(self) -> bool:
        """Whether somebody declared that a step that would be a write is none."""
        return self.own == "write" != self.effect


def effect_of(kind: Kind, arguments: Mapping[str, Any], stated: Effect | None = None) -> StepEffect:
    """Return the effect of a step.

    A stated effect counts, unless the step cannot have so low an effect: then it has its own.

    :param kind: the action kind.
    :param arguments: the values of the arguments, see :func:`values_of`; ``effect`` and ``own_destination`` among them
        are declarations.
    :param stated: the effect that the tools file or a spec states; ``None``: none.
    """
    own = kind.possible_effects({name: value for name, value in arguments.items() if name not in DECLARING}).effect
    possible = kind.possible_effects(arguments)
    inside = arguments.get("effect") if "effect" in kind.arguments.model_fields else None
    wanted: Effect | None = stated or (inside if inside in ORDER else None)
    if wanted is None:
        return StepEffect(possible.effect, own)
    if ORDER.index(wanted) < ORDER.index(possible.lowest):
        return StepEffect(possible.effect, own, wanted, possible.why)
    return StepEffect(wanted, own)


def declared(kind: Kind, found: StepEffect) -> dict[str, Any]:
    """Return the arguments that declare a step's effect in its DAG file; empty if it follows from the others.

    :param kind: the action kind.
    :param found: the effect of the step.
    """
    takes = kind.arguments.model_fields
    if "effect" in takes and found.effect != found.own:
        return {"effect": found.effect}
    if OWN in takes and found.effect == "artifact" and found.is_lowered:
        return {OWN: True}
    return {}


def values_of(arguments: Mapping[str, Argument]) -> dict[str, Any]:
    """Return what is known of the arguments before a run.

    A template counts with its text, and an argument that is filled in as a whole with :data:`UNKNOWN`.

    :param arguments: the arguments of a step.
    """
    return {name: _value_of(argument) for name, argument in arguments.items()}


def _value_of(argument: Argument) -> Any:
    if argument.is_filled_in and argument.class_ != "template":
        return UNKNOWN
    value = argument.value
    for wire in argument.wires:
        try:
            value = with_value(value, wire.at, wire.template or UNKNOWN)
        except LookupError:
            continue  # the place does not exist, which other checks report
    return value
