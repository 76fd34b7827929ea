"""The values of a generated task: frozen by default, wired or templated where the file says so.

A plain value is *frozen*: Airflow never renders it as a Jinja template, shows it under Rendered Templates, and counts
it in the DAG version. ``wired(step, "rows")`` is an earlier step's result; ``template("{{ ds }}")`` is the one explicit
way to a template. Both may stand anywhere inside a list or a dict.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import value_at

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.bases.operator import BaseOperator

SHOWN_CHARACTERS = 3000  # below Airflow's default `max_templated_field_length` of 4096, which cuts the text anywhere
LARGEST_INTEGER = 2**63 - 1  # the worker's protocol with its supervisor carries no larger one


class TaskWire:
    """An earlier step's result, or the part of it at ``path``. Made by :func:`wired`."""

    def __init__(self, task_id: str, path: tuple[str | int, ...]) -> None:
        self.task_id = task_id
        self.path = path

    def resolve(self, context: Context) -> Any:
        """Return the result from this DAG run.

        :raises LookupError: the step left no result, or the result has nothing at the path.
        """
        from airflow_provider_vai.operators.runtime import results

        result = result_of(self.task_id, context)
        if result is None:
            raise LookupError(f"the step {self.task_id!r} left no result in this run: clear it and run it again")
        return results.select(result, self.path, step=self.task_id)

    def serialize(self) -> Any:
        """Return the text for Airflow's DAG version and its Rendered Templates tab."""
        return {"wired": [self.task_id, *self.path]}

    def __repr__(self) -> str:
        return _written("wired", self.task_id, *self.path)


class Template:
    """A Jinja template, rendered by Airflow. Made by :func:`template`."""

    def __init__(self, text: str) -> None:
        self.text = text

    def resolve(self, context: Context) -> Any:
        """Return the rendered text."""
        return context["task"].render_template(self.text, context)

    def serialize(self) -> Any:
        """Return the text for Airflow's DAG version and its Rendered Templates tab."""
        return {"template": self.text}

    def __repr__(self) -> str:
        return _written("template", self.text)


class Parameter:
    """A DAG param as the run was started with it, in its own type, or the part of it at ``path``. Made by
    :func:`parameter`."""

    def __init__(self, name: str, path: tuple[str | int, ...]) -> None:
        self.name = name
        self.path = path

    def resolve(self, context: Context) -> Any:
        """Return the value of this run; Airflow has checked it against the param's schema.

        :raises LookupError: the DAG has no such param, or its value has nothing at the path.
        """
        params = context["params"]
        if self.name not in params:
            raise LookupError(f"the DAG has no param {self.name!r}: it has {sorted(params)}")
        return value_at(params[self.name], self.path, of=f"the param {self.name}")

    def serialize(self) -> Any:
        """Return the text for Airflow's DAG version and its Rendered Templates tab."""
        return {"parameter": [self.name, *self.path] if self.path else self.name}

    def __repr__(self) -> str:
        return _written("parameter", self.name, *self.path)


class Item:
    """The element at hand of the list that the task is mapped over, or the part of it at ``path``. Made by
    :func:`item`."""

    def __init__(self, path: tuple[str | int, ...]) -> None:
        self.path = path

    def resolve(self, context: Context) -> Any:
        """Return the value for this task instance.

        :raises LookupError: the element has nothing at the path.
        """
        return value_at(context["task"].item, self.path, of="the element")

    def serialize(self) -> Any:
        """Return the text for Airflow's DAG version and its Rendered Templates tab."""
        return {"item": list(self.path)}

    def __repr__(self) -> str:
        return _written("item", *self.path)


def _written(function: str, *values: str | int) -> str:
    """Return a reference as the DAG file writes it.

    Airflow serializes what a mapped task is given by its ``repr``; an object's address there would make each parse of
    the file another version of the DAG.
    """
    return f"{function}({', '.join(map(repr, values))})"


class ConnectionSecret:
    """The password of an Airflow connection. Made by :func:`connection_secret`.

    It stays this object until the step runs: not Rendered Templates, not the approval page, not a digest sees the text.
    """

    def __init__(self, conn_id: str) -> None:
        self.conn_id = conn_id

    def resolve(self, context: Context) -> ConnectionSecret:
        """Return itself: the text is read by :func:`revealed` when the step runs."""
        return self

    def serialize(self) -> Any:
        """Return the connection's id, for Airflow's DAG version, Rendered Templates and digests."""
        return {"connection_secret": self.conn_id}

    def __repr__(self) -> str:
        return _written("connection_secret", self.conn_id)

    def __str__(self) -> str:
        return f"(the password of the connection {self.conn_id})"

    def reveal(self) -> str:
        """Return the password; Airflow masks it in logs from then on.

        :raises ValueError: the connection has none.
        """
        from airflow.sdk import Connection

        password = Connection.get(self.conn_id).password
        if not password:
            raise ValueError(f"the connection {self.conn_id!r} has no password: store the recorded credential there")
        return password


def result_of(task_id: str, context: Context) -> Any:
    """Return what a task left in this DAG run: in a mapped task group that of the same iteration, ``None`` if nothing.

    :param task_id: a task of the same DAG.
    """
    from airflow.sdk import XComArg

    task = context["task"].dag.get_task(task_id)
    result = XComArg(task).resolve(context)
    return list(result) if task.is_mapped else result


def wired(step: BaseOperator | str, *path: str | int) -> Any:
    """Return a reference to the result of an earlier step.

    :param step: the earlier task, or its task id.
    :param path: keys and list positions inside the result, and the steps that read a text or pick a record by its name
        (:mod:`~airflow_provider_vai.languages.result_path`); none of them means the whole result.
    """
    return TaskWire(step if isinstance(step, str) else step.task_id, path)


def template(text: str) -> Any:
    """Return a value that Airflow renders with Jinja when the task runs (``{{ ds }}``, ``{{ params.region }}``)."""
    return Template(text)


def parameter(name: str, *path: str | int) -> Any:
    """Return a reference to a DAG param, the value of which keeps its type (a template makes text of it).

    :param path: keys and list positions inside the value (``parameter("payload", "order", "id")``).
    """
    return Parameter(name, path)


def item(*path: str | int) -> Any:
    """Return a reference to the element at hand of the list that the task is mapped over (``.expand(item=...)``).

    :param path: keys and list positions inside the element; none of them means the whole element.
    """
    return Item(path)


def connection_secret(conn_id: str) -> Any:
    """Return a reference to the password of a connection, which no file and no page ever holds."""
    return ConnectionSecret(conn_id)


def revealed(value: Any) -> Any:
    """Return ``value`` with each :func:`connection_secret` in it replaced by the password."""
    return _map(value, lambda part: part.reveal(), lambda part: isinstance(part, ConnectionSecret))


class TaskArgument:
    """One argument of a task as Airflow keeps it in a template field.

    Airflow calls :meth:`resolve` instead of rendering the value, and :meth:`serialize` for the DAG version and for the
    Rendered Templates tab. Rendering leaves an Argument too: the field then holds the value of this run.
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def resolve(self, context: Context) -> TaskArgument:
        """Return the argument with its wires and templates filled in from this DAG run."""
        return TaskArgument(_map(self.value, lambda part: part.resolve(context)))

    def serialize(self) -> Any:
        """Return a JSON value that changes whenever the argument does, and is short enough to be shown whole."""
        value = _map(self.value, lambda part: part.serialize() if hasattr(part, "serialize") else str(part))
        text = json_text.canonical(value)
        if len(text) > SHOWN_CHARACTERS:
            return {"sha256": json_text.digest(value), "characters": len(text), "begins": text[:1000]}
        return _map(value, str, lambda part: isinstance(part, int) and abs(part) > LARGEST_INTEGER)

    def __repr__(self) -> str:
        return f"Argument({self.value!r})"


def argument(value: Any) -> Any:
    """Return a constructor's value for a template field.

    Text, lists, dicts and references are wrapped. Nothing, booleans and numbers stay plain: Jinja leaves them be, and
    Airflow 3.1 cannot serialize a wrapped one. An integer that the worker's protocol cannot carry is wrapped.
    """
    if value is None or isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) <= LARGEST_INTEGER):
        return value
    return as_argument(value)


def as_argument(value: Any) -> TaskArgument:
    """Return ``value`` as an :class:`TaskArgument`, whatever it is."""
    return value if isinstance(value, TaskArgument) else TaskArgument(value)


def _is_reference(part: Any) -> bool:
    return callable(getattr(part, "resolve", None))


def _map(value: Any, change: Callable[[Any], Any], which: Callable[[Any], bool] = _is_reference) -> Any:
    """Return ``value`` with every part that ``which`` picks replaced by ``change(part)``; the rest is copied."""
    if which(value):
        return change(value)
    if isinstance(value, dict):
        return {key: _map(part, change, which) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_map(part, change, which) for part in value]
    return value
