"""Derived values in a DAG file: what each run works out from earlier results.

::

    best = largest(wired(query, "rows"), by="revenue")
    ...
    json={"summary": text("{month}: EUR {revenue}", month=month_of(best["month"]), revenue=shown(best["revenue"]))}

The functions are those of :mod:`~airflow_provider_vai.languages.derivation`. Called with a reference (``wired``,
``parameter``, ``item``, ``template``, :func:`argument_of`, or another derived value) they return a :class:`Derived`,
which Airflow resolves when the task runs. Called without one, they return the value at once. If a value cannot be
worked out from the data of a run, the task fails and nothing is sent.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, ParamSpec

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages import derivation
from airflow_provider_vai.languages.derivation import Node, conditions, facts, figures, rows, source, writing
from airflow_provider_vai.languages.derivation.words import parts, words
from airflow_provider_vai.languages.places import value_at
from airflow_provider_vai.operators.arguments import (
    ConnectionSecret,
    Item,
    Parameter,
    TaskWire,
    Template,
    parts_of,
)

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.bases.operator import BaseOperator

P = ParamSpec("P")


class Derived:
    """A value that each run works out. Created by the functions of this module.

    :param tree: The functions and references as JSON data, with task ids as steps.
    """

    def __init__(self, tree: Node) -> None:
        self.tree = tree

    def resolve(self, context: Context) -> Any:
        """Return the value in this DAG run.

        :raises DerivationError: it cannot be worked out; the message names the function and what it found.
        """
        value = derivation.evaluate(self.tree, lambda reference: _resolved(reference, context))
        if isinstance(value, conditions.Bound):
            raise DerivationError(f"{value.name} is a condition for where, and not a value", where=value.name)
        return value

    def serialize(self) -> Any:
        """Return JSON data for the DAG version and the Rendered Templates tab: the expression as text."""
        return {"derived": repr(self)}

    def __repr__(self) -> str:
        return source.written(self.tree)

    def __getitem__(self, key: str | int) -> Derived:
        """Return a part of the value: ``best["month"]``."""
        if self.tree["function"] == "part":
            return Derived({**self.tree, "path": [*self.tree["path"], key]})
        return Derived({"function": "part", "value": self.tree, "path": [key]})

    def __iter__(self) -> NoReturn:
        raise TypeError(f"{self!r} is known only in a run, so a DAG file cannot iterate over it")


def argument_of(step: BaseOperator | str, name: str, *path: str | int) -> Any:
    """Return a reference to what an earlier step was given in this run, with the edits of its approver.

    :param step: the earlier task, or its task id; it must not be mapped.
    :param name: the argument's name.
    :param path: keys and list indexes inside the argument.
    """
    task_id = step if isinstance(step, str) else step.task_id
    return Derived({"function": "argument_of", "step": task_id, "name": name, "path": list(path)})


class ExplainedPart(NamedTuple):
    """A derived part of an argument with its value in this DAG run, for people.

    :param place: Keys and positions in the argument.
    :param slot: The slot of a text; empty: the part is no text with slots.
    :param phrase: How the value is worked out, in words.
    :param value: The value.
    :param figure: The figure that the value is, or that it writes as text.
    :param rows: How many rows each result has that it is worked out from.
    :param records: The records that it picks.
    """

    place: tuple[str | int, ...]
    slot: str
    phrase: str
    value: Any
    figure: int | float | None = None
    rows: tuple[int, ...] = ()
    records: tuple[Mapping[str, Any], ...] = ()


def explained(value: Any, context: Context) -> Iterator[ExplainedPart]:
    """Yield each derived part of an argument, and each slot of a text by itself, with its value in this DAG run.

    :param value: The argument as the DAG file has it.
    :raises DerivationError: a value cannot be worked out.
    """

    def worked_out(tree: Any) -> Any:
        return derivation.evaluate(tree, lambda reference: _resolved(reference, context))

    def measured(tree: Node) -> int | None:
        found = worked_out(tree)
        return len(found) if isinstance(found, list) else None

    for place, one in parts_of(value, lambda part: isinstance(part, Derived)):
        for slot, tree in parts(one.tree):
            resolve = functools.partial(_resolved, context=context)
            records = tuple(record for _, record in facts.picked(tree, resolve))
            rows = tuple(facts.sizes(tree, resolve))
            figure = facts.figure(tree, resolve)
            yield ExplainedPart(place, slot, words(tree, measured), worked_out(tree), figure, rows, records)


def _deferred(function: Callable[P, Any]) -> Callable[P, Any]:
    """Return a function of the language that waits for the run if an argument does."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        tree = {
            "function": function.__name__,
            **{name: _data(value, function.__name__) for name, value in given.items()},
        }
        return Derived(tree) if any(derivation.references(tree)) else function(*args, **kwargs)

    return call


def _data(value: Any, function: str) -> Any:
    """Return an argument as part of a tree.

    :raises TypeError: it is neither JSON data nor a reference; or a connection's password.
    """
    if isinstance(value, Derived):
        return value.tree
    if isinstance(value, conditions.Bound):
        given = {"fields": value.fields} if value.fields else {"value": value.value}
        return {"function": value.name, **{name: _data(part, function) for name, part in given.items()}}
    if isinstance(value, TaskWire):
        return {"function": "wired", "step": value.task_id, "path": list(value.path)}
    if isinstance(value, Parameter):
        return {"function": "parameter", "name": value.name, "path": list(value.path)}
    if isinstance(value, Item):
        return {"function": "item", "path": list(value.path)}
    if isinstance(value, Template):
        return {"function": "template", "text": value.text}
    if isinstance(value, dict):
        return {key: _data(part, function) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_data(part, function) for part in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    what = "a connection's password" if isinstance(value, ConnectionSecret) else f"a {type(value).__name__}"
    raise TypeError(f"{function}() cannot work with {what}: pass wired(...), parameter(...) or a literal")


def _resolved(reference: Node, context: Context) -> Any:
    """Return the value of a reference, with artifacts loaded.

    :raises DerivationError: there is none.
    """
    from airflow_provider_vai.operators.runtime import results

    name, path = reference["function"], tuple(reference.get("path", ()))
    try:
        if name == "argument_of":
            return _given(reference["step"], reference["name"], path, context)
        if name == "template":
            return Template(reference["text"]).resolve(context)
        if name == "parameter":
            return Parameter(reference["name"], path).resolve(context)
        part = Item(path) if name == "item" else TaskWire(reference["step"], path)
        return results.load(part.resolve(context))
    except LookupError as error:
        raise DerivationError(str(error), where=name) from None


def _given(task_id: str, name: str, path: tuple[str | int, ...], context: Context) -> Any:
    """Return what an earlier step was given.

    :raises DerivationError: the step is mapped, is none of this provider's, or has no such argument; or the argument
        contains a password.
    :raises LookupError: the argument has nothing at the path.
    """
    from airflow_provider_vai.operators.runtime import results

    task: Any = context["task"].dag.get_task(task_id)
    problem = None
    if task.is_mapped:
        problem = "is mapped over a list, so it was given several"
    elif not hasattr(task, "given_arguments"):  # a VaiOperator, whose module imports this one
        problem = "is not a step of an automation"
    elif name not in task.template_fields:
        problem = f"has no argument {name!r}: it has {', '.join(task.template_fields)}"
    if problem:
        raise DerivationError(f"the step {task_id!r} {problem}", where="argument_of")
    value = results.load(task.given_arguments(context)[name])
    found = value_at(value, path, of=f"the argument {name!r} of the step {task_id!r}")
    if any(parts_of(found, lambda part: isinstance(part, ConnectionSecret))):
        raise DerivationError(
            f"the argument {name!r} of {task_id!r} contains a connection's password", where="argument_of"
        )
    return found


where = _deferred(rows.where)
over = _deferred(conditions.over)
below = _deferred(conditions.below)
at_least = _deferred(conditions.at_least)
at_most = _deferred(conditions.at_most)
containing = _deferred(conditions.containing)
mentioning = _deferred(conditions.mentioning)
among = _deferred(conditions.among)
only = _deferred(rows.only)
not_empty = _deferred(rows.not_empty)
first = _deferred(rows.first)
last = _deferred(rows.last)
largest = _deferred(rows.largest)
smallest = _deferred(rows.smallest)
top = _deferred(rows.top)
pluck = _deferred(rows.pluck)
project = _deferred(rows.project)
values_of = _deferred(rows.values_of)
entries_of = _deferred(rows.entries_of)
labelled = _deferred(rows.labelled)
key_of = _deferred(rows.key_of)
part = _deferred(rows.part)
gathered = _deferred(rows.gathered)
concatenated = _deferred(rows.concatenated)
count = _deferred(figures.count)
distinct = _deferred(figures.distinct)
total = _deferred(figures.total)
mean = _deferred(figures.mean)
highest = _deferred(figures.highest)
lowest = _deferred(figures.lowest)
difference = _deferred(figures.difference)
ratio = _deferred(figures.ratio)
percentage = _deferred(figures.percentage)
change = _deferred(figures.change)
rounded = _deferred(figures.rounded)
text = _deferred(writing.text)
shown = _deferred(writing.shown)
percent = _deferred(writing.percent)
month_of = _deferred(writing.month_of)
days_after = _deferred(writing.days_after)
joined = _deferred(writing.joined)
as_json = _deferred(writing.as_json)
found = _deferred(writing.found)
