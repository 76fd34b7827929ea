"""The argument values of a generated task: frozen unless the DAG file marks them otherwise.

A plain value is *frozen*. Airflow does not render it with Jinja, but shows it under Rendered Templates, and a change to
it makes a new DAG version. ``wired(step, "rows")`` takes a value from an earlier step's result, and
``template("{{ ds }}")`` is the only way to write a template. Both work at any depth inside a list or a dict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.bases.operator import BaseOperator

SHOWN_CHARACTERS = 3000  # Airflow truncates text above `max_templated_field_length` (default: 4096)
LONGEST_ESCAPE = 12  # characters of JSON that one character of text may take: two escapes of a surrogate pair
UNKNOWN = "-"  # placeholder for a value that is known only in a run
LARGEST_INTEGER = 2**63 - 1  # the largest integer that a worker can send to its supervisor


class TaskWire:
    """A reference to an earlier step's result, or to the part of it at ``path``. Created by :func:`wired`."""

    def __init__(self, task_id: str, path: tuple[str | int, ...]) -> None:
        self.task_id = task_id
        self.path = path

    def resolve(self, context: Context) -> Any:
        """Return the value from this DAG run.

        :raises LookupError: the step has no result in this DAG run, or the result has nothing at the path.
        """
        from airflow_provider_vai.operators.runtime import results

        result = result_of(self.task_id, context)
        if result is None:
            raise LookupError(
                f"the step {self.task_id!r} has no result in this DAG run: clear it, so that it runs again"
            )
        return results.select(result, self.path, step=self.task_id)

    def serialize(self) -> Any:
        """Return JSON data for the DAG version and the Rendered Templates tab."""
        return {"wired": [self.task_id, *self.path]}

    def __repr__(self) -> str:
        return _source("wired", self.task_id, *self.path)


class Template:
    """A Jinja template that Airflow renders. Created by :func:`template`."""

    def __init__(self, text: str) -> None:
        self.text = text

    def resolve(self, context: Context) -> Any:
        """Return the rendered text."""
        return context["task"].render_template(self.text, context)

    def serialize(self) -> Any:
        """Return JSON data for the DAG version and the Rendered Templates tab."""
        return {"template": self.text}

    def __repr__(self) -> str:
        return _source("template", self.text)


class Parameter:
    """A reference to a DAG param, or to the part of its value at ``path``; the type is kept. Created by
    :func:`parameter`."""

    def __init__(self, name: str, path: tuple[str | int, ...]) -> None:
        self.name = name
        self.path = path

    def resolve(self, context: Context) -> Any:
        """Return the value in this DAG run; Airflow has already validated it against the param's schema.

        :raises LookupError: the DAG has no param of this name, or its value has nothing at the path.
        """
        from airflow_provider_vai.languages.places import value_at

        params = context["params"]
        if self.name not in params:
            raise LookupError(f"the DAG has no param {self.name!r}; its params are {sorted(params)}")
        return value_at(params[self.name], self.path, of=f"the param {self.name!r}")

    def serialize(self) -> Any:
        """Return JSON data for the DAG version and the Rendered Templates tab."""
        return {"parameter": [self.name, *self.path] if self.path else self.name}

    def __repr__(self) -> str:
        return _source("parameter", self.name, *self.path)


class Item:
    """A reference to the list element that a mapped task instance runs for, or to the part of it at ``path``. Created
    by :func:`item`."""

    def __init__(self, path: tuple[str | int, ...]) -> None:
        self.path = path

    def resolve(self, context: Context) -> Any:
        """Return the value for this task instance.

        :raises LookupError: the element has nothing at the path.
        """
        from airflow_provider_vai.languages.places import value_at

        return value_at(context["task"].item, self.path, of="the list element")

    def serialize(self) -> Any:
        """Return JSON data for the DAG version and the Rendered Templates tab."""
        return {"item": list(self.path)}

    def __repr__(self) -> str:
        return _source("item", *self.path)


def _source(function: str, *values: str | int) -> str:
    """Return the Python source of a reference, as it appears in the DAG file.

    Airflow serializes the arguments of a mapped task by ``repr``. The default one contains an object's address, and
    would make a new DAG version at each parse.
    """
    return f"{function}({', '.join(map(repr, values))})"


class ConnectionSecret:
    """A reference to the password of an Airflow connection. Created by :func:`connection_secret`.

    It stays a reference until the step runs. Rendered Templates, the approval page and digests never contain the
    password.
    """

    def __init__(self, conn_id: str) -> None:
        self.conn_id = conn_id

    def resolve(self, context: Context) -> ConnectionSecret:
        """Return itself: only :func:`revealed`, called when the step runs, reads the password."""
        return self

    def serialize(self) -> Any:
        """Return the connection's id, for the DAG version, the Rendered Templates tab and digests."""
        return {"connection_secret": self.conn_id}

    def __repr__(self) -> str:
        return _source("connection_secret", self.conn_id)

    def __str__(self) -> str:
        return f"(the password of the connection {self.conn_id})"

    def reveal(self) -> str:
        """Return the password; from then on Airflow masks it in logs.

        :raises ValueError: the connection has no password.
        """
        from airflow.sdk import Connection

        password = Connection.get(self.conn_id).password
        if not password:
            raise ValueError(f"the connection {self.conn_id!r} has no password: store the recorded credential there")
        return password


def result_of(task_id: str, context: Context) -> Any:
    """Return a task's result in this DAG run, or ``None`` if it has none.

    For a mapped task it is the list of results; in a mapped task group, the result with the same map index.

    :param task_id: a task of the same DAG.
    """
    from airflow.sdk import XComArg

    task = context["task"].dag.get_task(task_id)
    result = XComArg(task).resolve(context)
    return list(result) if task.is_mapped else result


def wired(step: BaseOperator | str, *path: str | int) -> Any:
    """Return a reference to the result of an earlier step.

    :param step: the earlier task, or its task id.
    :param path: keys and list indexes that lead to a part of the result. A path can also parse a text or select a
        record by a field, see :mod:`~airflow_provider_vai.languages.result_path`. Without a path: the whole result.
    """
    return TaskWire(step if isinstance(step, str) else step.task_id, path)


def template(text: str) -> Any:
    """Return a value that Airflow renders with Jinja when the task runs (``{{ ds }}``, ``{{ params.region }}``)."""
    return Template(text)


def parameter(name: str, *path: str | int) -> Any:
    """Return a reference to a DAG param. The value keeps its type, whereas a template would turn it into text.

    :param path: keys and list indexes inside the value, as in ``parameter("payload", "order", "id")``.
    """
    return Parameter(name, path)


def item(*path: str | int) -> Any:
    """Return a reference to the list element that a mapped task instance runs for (``.expand(item=...)``).

    :param path: keys and list indexes inside the element. Without a path: the whole element.
    """
    return Item(path)


def connection_secret(conn_id: str) -> Any:
    """Return a reference to the password of a connection; the password itself never appears in a file or on a page."""
    return ConnectionSecret(conn_id)


def revealed(value: Any) -> Any:
    """Return ``value`` with each :func:`connection_secret` in it replaced by the password."""
    return _map(value, lambda part: part.reveal(), lambda part: isinstance(part, ConnectionSecret))


class TaskArgument:
    """One argument of a task, as stored in a template field.

    Airflow calls :meth:`resolve` instead of rendering the value with Jinja, and :meth:`serialize` for the DAG version
    and the Rendered Templates tab. After rendering, the field holds a TaskArgument with the value of this DAG run.
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def resolve(self, context: Context) -> TaskArgument:
        """Return the argument with every reference replaced by its value in this DAG run.

        :raises NothingSent: a derived value cannot be worked out; the message names its place in the task.
        """
        from airflow_provider_vai.exceptions import DerivationError

        def resolved(part: Any) -> Any:
            try:
                return part.resolve(context)
            except DerivationError as error:
                raise _not_derived(error, self, part, context) from error

        return TaskArgument(_map(self.value, resolved))

    def serialize(self) -> Any:
        """Return JSON data that changes whenever the argument does; a long argument is shortened to its digest."""
        value = _map(self.value, lambda part: part.serialize() if hasattr(part, "serialize") else str(part))
        if len(str(value)) * LONGEST_ESCAPE > SHOWN_CHARACTERS:
            from airflow_provider_vai.languages import json_text

            text = json_text.canonical(value)
            if len(text) > SHOWN_CHARACTERS:
                return {"sha256": json_text.digest(value), "characters": len(text), "begins": text[:1000]}
        return _map(value, str, lambda part: isinstance(part, int) and abs(part) > LARGEST_INTEGER)

    def __repr__(self) -> str:
        return f"Argument({self.value!r})"


def argument(value: Any) -> Any:
    """Return an operator argument in the form in which a template field stores it.

    Text, lists, dicts, references and integers above :data:`LARGEST_INTEGER` become a :class:`TaskArgument`. ``None``,
    booleans and other numbers stay plain: Jinja does not change them, and Airflow 3.1 cannot serialize them wrapped.
    """
    if value is None or isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) <= LARGEST_INTEGER):
        return value
    return as_argument(value)


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a DAG file says about arguments: templates as their text, other references as :data:`UNKNOWN`.

    :param values: the arguments as they were passed to an operator.
    """
    return {name: _said(value) for name, value in values.items()}


def as_argument(value: Any) -> TaskArgument:
    """Return ``value`` as a :class:`TaskArgument`, whatever its type."""
    return value if isinstance(value, TaskArgument) else TaskArgument(value)


def names_function(text: str) -> bool:
    """Return whether a text has the form ``package.module:function``; the function may be an attribute of a class.

    :param text: the argument ``python_callable`` of a step.
    """
    module, colon, function = text.partition(":")
    parts = [*module.split("."), *function.split(".")]
    return bool(colon) and text.isascii() and all(map(str.isidentifier, parts))


def parts_of(value: Any, which: Callable[[Any], bool], place: tuple[str | int, ...] = ()) -> Iterator[Any]:
    """Yield each part of a value that ``which`` accepts, with its place: keys and positions."""
    if which(value):
        yield place, value
    elif isinstance(value, (dict, list, tuple)):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from parts_of(part, which, (*place, key))


def _not_derived(error: Exception, argument: TaskArgument, part: Any, context: Context) -> Exception:
    """Return the error of a task whose derived value cannot be worked out from the data of this run."""
    from airflow_provider_vai.operators.runtime.errors import NothingSent

    task = context["task"]
    names = [name for name in task.template_fields if getattr(task, name, None) is argument]
    inside = next((place for place, one in parts_of(argument.value, lambda one: one is part)), ())
    place = ".".join(map(str, [*names, *inside]))
    return NothingSent(
        f"{place}: {error}; the value is {part!r}. Nothing was sent. Correct the results that it reads, or change it"
        " in the DAG file or with `vai edit`, and clear the task"
    )


def _said(value: Any) -> Any:
    if isinstance(value, TaskArgument):
        return _said(value.value)
    return _map(value, lambda part: part.text if isinstance(part, Template) else UNKNOWN)


def _is_reference(part: Any) -> bool:
    return callable(getattr(part, "resolve", None))


def _map(value: Any, change: Callable[[Any], Any], which: Callable[[Any], bool] = _is_reference) -> Any:
    """Return a copy of ``value`` in which every part that ``which`` accepts is replaced by ``change(part)``."""
    if which(value):
        return change(value)
    if isinstance(value, dict):
        return {key: _map(part, change, which) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_map(part, change, which) for part in value]
    return value
