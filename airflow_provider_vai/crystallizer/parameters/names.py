"""The names of DAG params: an argument's own name, made an identifier. No model is asked, and none can invent one."""

from __future__ import annotations

import keyword

from airflow_provider_vai.languages.identifiers import slug
from airflow_provider_vai.model.base import JsonPath

TAKEN = frozenset({"payload"})
"""The param of a webhook's delivery (:data:`airflow_provider_vai.renderer.dag_settings.PAYLOAD`)."""

FALLBACK = "value"


class ParamNames:
    """Hands out names that differ. The order of the calls decides, so the same run gives the same names."""

    def __init__(self) -> None:
        self._taken: dict[str, str] = dict.fromkeys(TAKEN, "")
        self._numbers: dict[str, int] = {}  # of each name, the highest number that was tried

    def give(self, at: JsonPath, step: str) -> str:
        """Return the name of the param for a place: its last key; with the step's key in front where another step's
        param has that name, else with a number behind it.

        :param at: the place in the step's arguments, the argument's name first. :param step: the step's key.
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
    """Return the slug of a text; a param is no variable, so only a keyword gets an underscore, not `zip` or `id`."""
    name = slug(text, FALLBACK)
    short = name.rstrip("_")
    return name if keyword.iskeyword(short) else short
