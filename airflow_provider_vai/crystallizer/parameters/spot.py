"""A place in a step's arguments that may become a param or a template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.leaf_origins import LeafOrigin
from airflow_provider_vai.crystallizer.evidence.result_values import place_text
from airflow_provider_vai.model.base import JsonPath


@dataclass(frozen=True)
class Spot:
    """A plain value in a step's arguments that is not wired.

    :param draft: the step.
    :param at: the value's place, the argument's name first.
    :param value: the recorded value.
    :param leaf: the value's origin.
    """

    draft: Draft
    at: JsonPath
    value: Any
    leaf: LeafOrigin

    @property
    def place(self) -> str:
        """The place inside the argument, for people."""
        return place_text(self.at[1:])

    @property
    def key(self) -> tuple[str | int, ...]:
        """The step's key and the place, to compare and look up spots."""
        return (self.draft.key, *self.at)

    @property
    def name(self) -> str:
        """The name of the value: the last key of its place."""
        return next(part for part in reversed(self.at) if isinstance(part, str))


@dataclass(frozen=True)
class Obstacle:
    """Why a value stays frozen: a code of ``review_codes.PLACES``, and the reason for people."""

    code: str
    what: str


def shown(spot: Spot) -> str:
    """Return a place with its step's key as dotted text."""
    return f"{spot.draft.key}.{place_text(spot.at)}"
