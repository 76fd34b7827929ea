"""The DAG params that several runs reveal: the values that the user gave differently in each run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.crystallizer.evidence.weight import kinship, weight
from airflow_provider_vai.crystallizer.parameters.names import ParamNames
from airflow_provider_vai.crystallizer.parameters.user_values import schema_of
from airflow_provider_vai.crystallizer.several.playback import At, Playback
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.automation import Automation, Param
from airflow_provider_vai.model.param_default import fits

SHORTEST_PART = 3
"""The fewest characters of a param's value that is looked for inside longer texts."""


@dataclass
class Params:
    """Collects the params and the value of each in each run.

    :param automation: the newest run's automation; its params keep their names.
    """

    automation: Automation
    names: ParamNames = field(default_factory=ParamNames)
    made: dict[str, Param] = field(default_factory=dict)
    values: dict[str, dict[int, Any]] = field(default_factory=dict)
    written: dict[str, dict[int, str]] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)

    def give(self, step: str, place: At, values: dict[int, Any], why: str) -> str:
        """Return the name of the param for a place: an existing one with the same values in these runs, or a new one.

        :param step: the step's key.
        :param place: the place, the argument's name first.
        :param values: the values by run, the newest first.
        :param why: the reason, for the param's description.
        """
        key = next((part for part in reversed(place) if isinstance(part, str)), "value")
        if same := self._same(key, values):
            return same
        earlier = self._earlier(step, place)
        name = earlier if earlier and earlier not in self.made else self.names.give(list(place), step)
        while name in self.made:
            name = self.names.give(list(place), step)
        schema = _schema(list(values.values()))
        known = self.automation.params.get(earlier or "")
        if known and known.schema_ and all(fits(value, known.schema_) for value in values.values()):
            schema = known.schema_
        description = known.description if known and known.description else f"{key} of {step}: {why}"
        self.made[name] = Param(default=values[min(values)], description=description, schema_=schema)
        self.values[name] = dict(values)
        self.written[name] = _written(values)
        return name

    def require(self, step: str, place: At, values: dict[int, Any], listed: Sequence[str]) -> str:
        """Return the name of the required param for a place: one with the same values in these runs, or a new one.

        A new one is named after step and argument. It has no default, and its type is that of the recorded values.

        :param step: the step's key.
        :param place: the place, the argument's name first.
        :param values: the values by run, the newest first.
        :param listed: the recorded values, for the param's description.
        """
        key = next((part for part in reversed(place) if isinstance(part, str)), "value")
        if same := self._same(key, values):
            return same
        name = self.names.give([f"{step}_{key}"], step)
        while name in self.made:
            name = self.names.give([f"{step}_{key}"], step)
        given = [value for value in values.values() if value is not None]  # null would mean: no value is needed
        schema, why = _schema(given), "differs between the recorded runs for no reason that they show"
        formats = [schema_of(value) if isinstance(value, str) else schema for value in given]
        self.made[name] = Param(
            description=f"{key} of {step}: {why} ({'; '.join(listed)})",
            schema_=formats[0] if all(one == formats[0] for one in formats) else schema,
        )
        self.required.add(name)
        self.values[name], self.written[name] = dict(values), _written(values)
        return name

    def template(self, values: dict[int, str]) -> str | None:
        """Return a Jinja template that gives each run's text with that run's params; ``None`` if there is none.

        There is no template for texts that could themselves be read as templates.
        """
        texts = dict(values)
        known = {name: of_run for name, of_run in self.values.items() if values.keys() <= of_run.keys()}
        for name, of_run in sorted(known.items(), key=lambda pair: -min(len(str(one)) for one in pair[1].values())):
            if all(_fits_a_text(of_run[run]) and str(of_run[run]) in text for run, text in texts.items()):
                texts = {run: text.replace(str(of_run[run]), f"\0{name}\0") for run, text in texts.items()}
        text = texts[min(texts)]
        if len(set(texts.values())) > 1 or "\0" not in text or any(mark in text for mark in ("{{", "{%", "{#")):
            return None
        if any("\0" in value or value.endswith("\n") or "{" in value for value in values.values()):
            return None
        return re.sub("\0(.*?)\0", r"{{ params['\1'] }}", text)

    def _same(self, key: str, values: dict[int, Any]) -> str | None:
        wanted = _written(values)
        strong = all(weight(value) in ("strong", "word") for value in values.values())
        for name, known in self.written.items():
            same = {run: known[run] for run in known.keys() & wanted.keys()} == wanted
            if same and (strong or kinship(key, name) >= 2):
                return name
        return None

    def _earlier(self, step: str, place: At) -> str | None:
        """Return the name of the param that the newest run's own automation has at a place; ``None`` if none."""
        for known in self.automation.steps:
            argument = known.arguments.get(str(place[0])) if known.key == step else None
            if argument is None:
                continue
            if argument.class_ == "parameter" and len(place) == 1 and not argument.path:
                return argument.param
            for wire in argument.wires:
                if wire.param is not None and tuple(wire.at) == place[1:] and not wire.path:
                    return wire.param
        return None


def differs_with_the_request(playbacks: Sequence[Playback], values: dict[int, Any]) -> bool:
    """Return whether a value may depend on the user's words: runs with the same words have the same value.

    Runs whose trace does not contain the user's words are ignored.
    """
    by_request: dict[str, set[str]] = {}
    for run, value in values.items():
        request = playbacks[run].request
        if request is not None:
            by_request.setdefault(request, set()).add(json_text.canonical(value))
    return all(len(found) == 1 for found in by_request.values())


def _fits_a_text(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool) and len(str(value)) >= SHORTEST_PART


def _written(values: dict[int, Any]) -> dict[int, str]:
    return {run: json_text.canonical(value) for run, value in values.items()}


def _schema(values: Sequence[Any]) -> dict[str, Any]:
    """Return a JSON Schema that fits the values of all runs."""
    shapes = {json_text.canonical(json_text.schema(value)): json_text.schema(value) for value in values}
    if len(shapes) == 1:
        return next(iter(shapes.values()))
    types = sorted({shape["type"] for shape in shapes.values()})
    if types == ["integer", "number"]:
        types = ["number"]
    return {"type": types[0] if len(types) == 1 else types}
