"""The arguments of a step written by hand, checked against the argument model of its kind.

What is filled in when the step runs has no type yet. An argument that is one reference as a whole is taken as it comes;
inside an argument, the values are tried that would let the model pass, and only a problem that none of them solves is
one of the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import AliasChoices, Field, ValidationError, create_model

from airflow_provider_vai.authoring.specs.places import refuse, refuse_first, similar
from airflow_provider_vai.authoring.specs.values import argument, references, refuse_credentials
from airflow_provider_vai.model.automation import Argument
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.kind_arguments import Arguments
from airflow_provider_vai.model.kinds import Kind
from airflow_provider_vai.model.outside import REMEDY, outside_problem

STANDS_FOR: tuple[Any, ...] = ("x", 1, {}, [], True, None, 0.5, [{}])
MOST_PLACES = 100
"""References in one step of which each is tried with every value; of more, all get the same."""


_Attempt = tuple[ValidationError | None, dict[str, Any], Any]
"""What was wrong, with which values, and which of them stood at the first open place."""


@dataclass(frozen=True)
class Checked:
    """A step's arguments: as the spec has them, and as data with ``None`` at each reference."""

    arguments: dict[str, Argument]
    values: dict[str, Any]


def checked(kind: Kind, given: dict[str, Any], place: JsonPath) -> Checked:
    """Return the arguments of one step under the kind's own names, with what the kind adds where they are left out.

    :param kind: the step's kind.
    :param given: names and values as :func:`~airflow_provider_vai.authoring.specs.values.read` gives them.
    :param place: where they stand in the file.
    :raises SpecError: they do not fit the kind, hold a credential, or take what decides *what* runs from outside.
    """
    named = {**kind.defaults, **_own_names(kind, given, place)}
    if kind.connection and "conn_id" in kind.arguments.model_fields:
        named = {"conn_id": kind.connection, **named}
    for name, value in named.items():
        refuse_credentials({name: value}, place, kind)
        if outside := outside_problem(kind, name, argument(value)):
            at, problem = outside
            refuse(problem, [*place, name, *at], REMEDY)
    _validate(kind, named, place)
    order = [field.alias or name for name, field in kind.arguments.model_fields.items()]
    values = {name: named[name] for name in order if name in named}
    arguments = {name: argument(value) for name, value in values.items()}
    return Checked(arguments, {name: it.value for name, it in arguments.items()})


def literal_problems(kind: Kind, values: dict[str, Any], open_: list[JsonPath]) -> ValidationError | None:
    """Return what is wrong with arguments of which some places are open, or nothing.

    :param values: the arguments under any of their names, anything at the open places.
    :param open_: places that are filled in when the step runs; each begins with an argument's name.
    """
    return _Trial(kind, values, open_).problem()


def _own_names(kind: Kind, given: dict[str, Any], place: JsonPath) -> dict[str, Any]:
    """Return the arguments under the kind's own names; two names of one argument are refused."""
    aliases: dict[str, str] = {}
    for name, field in kind.arguments.model_fields.items():
        own = field.alias or name
        choices = field.validation_alias
        others = choices.choices if isinstance(choices, AliasChoices) else [choices]
        aliases |= {str(other): own for other in [*others, name, own] if isinstance(other, str)}
    named: dict[str, Any] = {}
    for name, value in given.items():
        if name not in aliases:
            refuse(f"the kind {kind.name} takes no argument {name!r}", [*place, name], similar(name, aliases.values()))
        if aliases[name] in named:
            refuse(f"{aliases[name]!r} is given twice, under two names", [*place, name], "Leave one of them out.")
        named[aliases[name]] = value
    return named


def _validate(kind: Kind, named: dict[str, Any], place: JsonPath) -> None:
    open_ = [at for at, _ in references(named)]
    trial = _Trial(kind, named, open_)
    error = trial.problem()
    if error is not None:
        refuse_first(error, trial.tried, place, kind.arguments)


class _Trial:
    """Arguments with open places, tried with values that could stand there."""

    def __init__(self, kind: Kind, values: dict[str, Any], open_: list[JsonPath]) -> None:
        whole = frozenset(str(at[0]) for at in open_ if len(at) == 1)
        self.model = _relaxed(kind.arguments, whole) if whole else kind.arguments
        self.values = values
        self.open = open_
        self.tried: dict[str, Any] = values

    def problem(self) -> ValidationError | None:
        """Return the problem that is left with the best values that were found, if any."""
        best = self._with(lambda _: STANDS_FOR[0])
        for value in STANDS_FOR[1:] if self.open else ():
            if best[0] is None:
                break
            best = min(best, self._with(lambda _, value=value: value), key=_count)  # type: ignore[misc]
        if best[0] is not None and 1 < len(self.open) <= MOST_PLACES:
            best = self._one_by_one(best)
        self.tried = best[1]
        return best[0]

    def _one_by_one(self, best: _Attempt) -> _Attempt:
        """Return the attempt that is left when each place takes the value with which fewest problems are left."""
        chosen = dict.fromkeys(range(len(self.open)), best[2])
        for number in chosen:
            for value in STANDS_FOR:
                attempt = self._with({**chosen, number: value}.__getitem__)
                if _count(attempt) < _count(best):
                    best, chosen[number] = attempt, value
            if best[0] is None:
                break
        return best

    def _with(self, value_of: Callable[[int], Any]) -> _Attempt:
        values = _placed(self.values, [(at, value_of(number)) for number, at in enumerate(self.open)])
        first = value_of(0) if self.open else None
        try:
            self.model.model_validate(values)
        except ValidationError as error:
            return error, values, first
        return None, values, first


def _count(attempt: _Attempt) -> int:
    return attempt[0].error_count() if attempt[0] else 0


def _placed(value: Any, parts: list[tuple[JsonPath, Any]]) -> Any:
    """Return a copy of ``value`` with these parts at their places; a place that a list does not have is left out."""
    whole = [part for at, part in parts if not at]
    if whole:
        return whole[-1]
    inside: dict[str | int, list[tuple[JsonPath, Any]]] = {}
    for at, part in parts:
        inside.setdefault(at[0], []).append((at[1:], part))
    if isinstance(value, dict):
        return {**value, **{key: _placed(value.get(str(key)), below) for key, below in inside.items()}}
    if isinstance(value, list):
        return [_placed(part, inside[index]) if index in inside else part for index, part in enumerate(value)]
    return value


@lru_cache(maxsize=256)
def _relaxed(model: type[Arguments], names: frozenset[str]) -> type[Arguments]:
    """Return the model with any value allowed for some arguments."""
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if (field.alias or name) in names or name in names:
            default = ... if field.is_required() else field.default
            fields[name] = (Any, Field(default, alias=field.alias, validation_alias=field.validation_alias))
    return create_model("Relaxed", __base__=model, **fields)
