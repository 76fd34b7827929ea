"""The sources that a person can choose for a value: as recorded, a proven candidate, or a DAG param.

A choice is found again by its digest, so the browser sends none of the values: what was not offered cannot be chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_vai.analysis.explain import source_words
from airflow_provider_vai.authoring.specs.written import spec_value
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.identifiers import Names
from airflow_provider_vai.model.argument import Argument, Wire
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.outside import outside_problem
from airflow_provider_vai.model.step_graph import GATE
from airflow_provider_vai.plugin.api.run_steps import recorded_values
from airflow_provider_vai.plugin.pages.forms import is_editable

AS_RECORDED, A_PARAM = "as recorded", "a DAG param"


@dataclass(frozen=True)
class SourceChoice:
    """A source that a value can have instead of its present one.

    :param words: what it is. :param value: the value as a spec contains it.
    :param params: DAG params to declare for it, as a spec contains them. :param recorded: the value it has by default.
    """

    words: str
    value: Any
    params: Mapping[str, Any] | None = None
    recorded: Any = None

    @property
    def digest(self) -> str:
        """What a form calls it."""
        return json_text.digest([self.words, self.value])[:16]


@dataclass(frozen=True)
class PlaceChoices:
    """A place in the arguments of a step, with the sources to choose from.

    :param place: the place, such as ``json.items.0``. :param now: the present source in words.
    :param choices: the others.
    """

    place: str
    now: str
    choices: tuple[SourceChoice, ...]


def place_choices(automation: Automation, step: Step) -> list[PlaceChoices]:
    """Return the places of a step's arguments that have several sources; a gate has none.

    :param automation: the automation. :param step: one of its steps.
    """
    if step.kind == GATE:  # whoever starts a run must not word the question
        return []
    recorded = recorded_values(automation, step)
    earlier = _earlier(automation, step)
    found = []
    for name, argument in step.arguments.items():
        whole = list(_of_whole(automation, step, name, recorded))
        for at, wires in _candidates(argument, earlier):
            if any("." in str(part) for part in at):
                continue  # no request could name the place
            if at:
                choices = tuple(SourceChoice(source_words(_alone(wire)), spec_value(_alone(wire))) for wire in wires)
                found.append(PlaceChoices(".".join(map(str, [name, *at])), AS_RECORDED, choices))
            else:
                whole += [SourceChoice(source_words(_alone(wire)), spec_value(_alone(wire))) for wire in wires]
        if whole:
            found.append(PlaceChoices(name, _now(argument), tuple(whole)))
    return found


def chosen(automation: Automation, step: Step, place: str, digest: str) -> SourceChoice | None:
    """Return the choice that a form names; ``None``: it is not offered, or not any more.

    :param place: see :class:`PlaceChoices`. :param digest: see :attr:`SourceChoice.digest`.
    """
    offered = (one for found in place_choices(automation, step) if found.place == place for one in found.choices)
    return next((one for one in offered if one.digest == digest), None)


def _candidates(argument: Argument, earlier: frozenset[str]) -> Iterator[tuple[list[str | int], Sequence[Wire]]]:
    for undecided in argument.undecided:
        alone = [(wire, _alone(wire)) for wire in undecided.candidates]
        wires = [wire for wire, one in alone if all(output.step in earlier for output in one.outputs())]
        if wires:
            yield list(undecided.at), wires


def _of_whole(automation: Automation, step: Step, name: str, recorded: Mapping[str, Any]) -> Iterator[SourceChoice]:
    """Yield the choices for a whole argument that need no candidate: its recorded value, and a param with it."""
    argument, kind = step.arguments[name], by_name().get(step.kind)
    if name not in recorded or argument.secrets or not is_editable(json_text.canonical(recorded[name])):
        return
    value = recorded[name]
    if argument.class_ != "frozen":
        yield SourceChoice(f"{AS_RECORDED}, in every run", {"$literal": value}, recorded=value)
    is_plain = isinstance(value, (str, int, float)) and value != ""
    if argument.class_ == "frozen" and is_plain and kind is not None:
        if outside_problem(kind, name, Argument(class_="parameter", param="")):
            return
        param = Names(frozenset(automation.params)).give(name)
        yield SourceChoice(
            f"{A_PARAM}, {param}, with the recorded value as its default",
            {"$param": [param]},
            {param: {"default": value}},
            value,
        )


def _alone(wire: Wire) -> Argument:
    """Return a source as the argument that it would be as a whole."""
    if wire.derive:
        return Argument(class_="derived", derive=wire.derive)
    return Argument(class_="wired", from_=wire.from_)


def _now(argument: Argument) -> str:
    return AS_RECORDED if argument.class_ == "frozen" else source_words(argument)


def _earlier(automation: Automation, step: Step) -> frozenset[str]:
    keys = [one.key for one in automation.steps]
    return frozenset(keys[: keys.index(step.key)])
