"""Checks the arguments of a step written by hand against the argument model of its kind.

A value that is filled in when the step runs has no type yet. An argument that is a reference as a whole is accepted
unchecked. For references inside an argument, several sample values are tried, and only a problem that occurs with all
of them is reported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import AliasChoices, Field, ValidationError, create_model

from airflow_provider_vai.authoring.specs.places import refuse, refuse_first, similar
from airflow_provider_vai.authoring.specs.values import argument, references, refuse_credentials
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.kind_arguments import Arguments
from airflow_provider_vai.model.kinds import Kind
from airflow_provider_vai.model.outside import REMEDY, outside_problem

STANDS_FOR: tuple[Any, ...] = ("x", 1, {}, [], True, None, 0.5, [{}])
"""Sample values that are tried in place of a reference."""

MOST_PLACES = 100
"""Up to this number of references in a step, each is tried with every sample value; beyond it, all get the same."""


_Attempt = tuple[ValidationError | None, dict[str, Any], Any]
"""The validation error, if any; the values that were tried; and the sample value at the first open place."""


@dataclass(frozen=True)
class Checked:
    """A step's arguments, as :class:`Argument` objects and as data with ``None`` in place of each reference."""

    arguments: dict[str, Argument]
    values: dict[str, Any]


def checked(kind: Kind, given: dict[str, Any], place: JsonPath) -> Checked:
    """Return the arguments of one step under their canonical names, including the kind's defaults.

    :param kind: The step's kind.
    :param given: Name -> value, as returned by :func:`~airflow_provider_vai.authoring.specs.values.read`.
    :param place: The place of the arguments in the file.
    :raises SpecError: they do not match the kind or contain a credential, or one that decides *what* runs is filled in
        from outside.
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
    return Checked(arguments, {name: made.value for name, made in arguments.items()})


def literal_problems(kind: Kind, values: dict[str, Any], open_: list[JsonPath]) -> ValidationError | None:
    """Return the validation error of arguments with open places; ``None`` if they are valid.

    :param kind: The step's kind.
    :param values: The arguments under any of their names. The values at open places do not matter.
    :param open_: The places that are filled in when the step runs; each begins with an argument's name.
    """
    return _Trial(kind, values, open_).problem()


def _own_names(kind: Kind, given: dict[str, Any], place: JsonPath) -> dict[str, Any]:
    """Return the arguments under their canonical names; an argument given under two names is refused."""
    aliases: dict[str, str] = {}
    for name, field in kind.arguments.model_fields.items():
        own = field.alias or name
        choices = field.validation_alias
        others = choices.choices if isinstance(choices, AliasChoices) else [choices]
        aliases |= {str(other): own for other in [*others, name, own] if isinstance(other, str)}
    named: dict[str, Any] = {}
    for name, value in given.items():
        if name not in aliases:
            refuse(f"the kind {kind.name} has no argument {name!r}", [*place, name], similar(name, aliases.values()))
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
    """Validates arguments with open places by trying sample values there."""

    def __init__(self, kind: Kind, values: dict[str, Any], open_: list[JsonPath]) -> None:
        whole = frozenset(str(at[0]) for at in open_ if len(at) == 1)
        self.model = _relaxed(kind.arguments, whole) if whole else kind.arguments
        self.values = values
        self.open = open_
        self.tried: dict[str, Any] = values

    def problem(self) -> ValidationError | None:
        """Return the validation error with the best sample values that were found; ``None`` if they are valid."""
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
        """Return the best attempt when each place in turn takes the value with the fewest errors."""
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
    """Return a copy of ``value`` with these parts at their places. List positions that do not exist are ignored."""
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
    """Return the model with any value allowed for the named arguments."""
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if (field.alias or name) in names or name in names:
            default = ... if field.is_required() else field.default
            fields[name] = (Any, Field(default, alias=field.alias, validation_alias=field.validation_alias))
    return create_model("Relaxed", __base__=model, **fields)
