"""Names DAG params after the arguments' own names, made into identifiers. No model is asked for names."""

from __future__ import annotations

import keyword

from airflow_provider_vai.languages.identifiers import identifier
from airflow_provider_vai.model.base import JsonPath

TAKEN = frozenset({"payload"})
"""Reserved names: the param with a webhook's payload (:data:`airflow_provider_vai.renderer.dag_settings.PAYLOAD`)."""

FALLBACK = "value"


class ParamNames:
    """Hands out unique names. They depend only on the order of the requests, so the same run gives the same names."""

    def __init__(self) -> None:
        self._taken: dict[str, str] = dict.fromkeys(TAKEN, "")
        self._numbers: dict[str, int] = {}  # by name, the highest number that was tried

    def give(self, at: JsonPath, step: str) -> str:
        """Return a param name for a place: the place's last key.

        If a param of another step has that name, the step's key is put in front. If the name is still taken, a number
        is appended.

        :param at: the place in the step's arguments, the argument's name first.
        :param step: the step's key.
        """
        key = next((part for part in reversed(at) if isinstance(part, str)), FALLBACK)
        name = _name(key)
        if self._taken.get(name, step) != step:
            name = _name(f"{step}_{key}")
        free, number = name, self._numbers.get(name, 1)
        while free in self._taken:
            number += 1
            free = f"{name.rstrip('_')}_{number}"
        self._numbers[name] = number
        self._taken[free] = step
        return free


def _name(text: str) -> str:
    """Return the slug of a text. Only a keyword gets an underscore, not `zip` or `id`: a param is not a variable."""
    name = identifier(text, FALLBACK)
    short = name.rstrip("_")
    return name if keyword.iskeyword(short) else short
