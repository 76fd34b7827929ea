"""A place in a step's arguments where a param or a template may stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.leaf_origins import LeafOrigin
from airflow_provider_vai.crystallizer.evidence.result_values import place_text
from airflow_provider_vai.model.base import JsonPath


@dataclass(frozen=True)
class Spot:
    """A plain value in a step's arguments that nothing fills in yet.

    :param at: its place, the argument's name first. :param leaf: who said it first.
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
        """The step and the place, to compare by."""
        return (self.draft.key, *self.at)

    @property
    def name(self) -> str:
        """What the step calls the value: the last key on the way to it."""
        return next(part for part in reversed(self.at) if isinstance(part, str))


@dataclass(frozen=True)
class Obstacle:
    """Why a value stays frozen: a code of ``review_codes.PLACES``, and what stands against it, for people."""

    code: str
    what: str


def shown(spot: Spot) -> str:
    """Return a place with its step, for people."""
    return f"{spot.draft.key}.{place_text(spot.at)}"
