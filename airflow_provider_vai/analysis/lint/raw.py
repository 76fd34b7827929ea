"""A spec as it stands in its file, whatever is wrong with it: every view gives what can be read, and never raises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from airflow_provider_vai.authoring.specs.places import dotted
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.kinds import Kind, by_name


def object_of(value: Any) -> dict[str, Any]:
    """Return the value, if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """Return the value, if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def texts_of(value: Any) -> list[str]:
    """Return the texts in a list."""
    return [part for part in list_of(value) if isinstance(part, str)]


def text_of(value: Any) -> str | None:
    """Return the value, if it is text."""
    return value if isinstance(value, str) else None


@dataclass(frozen=True)
class RawOutput:
    """A place in a result that something reads: ``field`` is where that is said, ``step`` ``None`` for the element."""

    field: str
    step: str | None
    path: Sequence[str | int]


class RawStep:
    """One entry of ``steps``.

    :param data: the entry. :param place: the keys that lead to it in messages: its key, or its number.
    """

    def __init__(self, data: dict[str, Any], place: JsonPath) -> None:
        self.data = data
        self.place = place

    def field(self, *more: str | int) -> str:
        """Return a place in the step, for messages."""
        return dotted([*self.place, *more])

    @cached_property
    def key(self) -> str | None:
        """The step's key."""
        return text_of(self.data.get("key"))

    @cached_property
    def kind(self) -> Kind | None:
        """The step's action kind, if it is a known one."""
        return by_name().get(text_of(self.data.get("kind")) or "")

    @property
    def is_gate(self) -> bool:
        """Whether it is a gate."""
        return self.data.get("kind") == "approval_gate"

    @property
    def is_write(self) -> bool:
        """Whether it has external side effects."""
        return self.data.get("effect") == "write"

    @cached_property
    def depends_on(self) -> list[str]:
        """The keys of the steps that it waits for."""
        return texts_of(self.data.get("depends_on"))

    @cached_property
    def gate(self) -> str | None:
        """The key of its gate."""
        return text_of(object_of(self.data.get("approval")).get("gate"))

    @cached_property
    def arguments(self) -> dict[str, dict[str, Any]]:
        """Its arguments, those that are objects."""
        return {name: it for name, it in object_of(self.data.get("arguments")).items() if isinstance(it, dict)}

    def outputs(self) -> Iterator[RawOutput]:
        """Yield every place in results that the step reads."""
        yield from _output(self.data.get("each"), self.field("each"))
        for name, argument in self.arguments.items():
            yield from _output(argument.get("from"), self.field("arguments", name, "from"))
            for index, wire in enumerate(list_of(argument.get("wires"))):
                place = self.field("arguments", name, "wires", index, "from")
                yield from _output(object_of(wire).get("from"), place)

    def params(self) -> Iterator[tuple[str, str]]:
        """Yield each DAG param that the step takes, after the place where it says so."""
        for name, argument in self.arguments.items():
            if param := text_of(argument.get("param")):
                yield self.field("arguments", name, "param"), param
            for index, wire in enumerate(list_of(argument.get("wires"))):
                if param := text_of(object_of(wire).get("param")):
                    yield self.field("arguments", name, "wires", index, "param"), param

    def templates(self) -> Iterator[tuple[str, str]]:
        """Yield each Jinja template of the step, after its place."""
        for name, argument in self.arguments.items():
            if argument.get("class") == "template" and (text := text_of(argument.get("value"))):
                yield self.field("arguments", name, "value"), text
            for index, wire in enumerate(list_of(argument.get("wires"))):
                if text := text_of(object_of(wire).get("template")):
                    yield self.field("arguments", name, "wires", index, "template"), text

    def connections(self) -> Iterator[tuple[str, str]]:
        """Yield each connection id that the step names, after its place."""
        for name, argument in self.arguments.items():
            value = text_of(argument.get("value"))
            if name.endswith("conn_id") and argument.get("class") == "frozen" and value:
                yield self.field("arguments", name), value
            for index, secret in enumerate(list_of(argument.get("secrets"))):
                if named := text_of(object_of(secret).get("connection")):
                    yield self.field("arguments", name, "secrets", index, "connection"), named

    def open_places(self) -> list[JsonPath]:
        """Return the places of the arguments that are filled in when the step runs."""
        places: list[JsonPath] = []
        for name, argument in self.arguments.items():
            if isinstance(argument.get("from"), dict) or argument.get("class") in ("parameter", "template"):
                places.append([name])
                continue
            for entry in [*list_of(argument.get("wires")), *list_of(argument.get("secrets"))]:
                at = list_of(object_of(entry).get("at"))
                if all(type(part) in (str, int) for part in at):
                    places.append([name, *at])
        return places

    def values(self) -> dict[str, Any]:
        """Return the values of the arguments."""
        return {name: argument.get("value") for name, argument in self.arguments.items()}


def steps_of(document: dict[str, Any]) -> list[RawStep]:
    """Return the steps of a document; one without a key of its own is called by its number."""
    entries = [(index, it) for index, it in enumerate(list_of(document.get("steps"))) if isinstance(it, dict)]
    keys = [text_of(it.get("key")) for _, it in entries]
    return [
        RawStep(it, ["steps", key if key is not None and keys.count(key) == 1 else index])
        for (index, it), key in zip(entries, keys, strict=True)
    ]


def _output(value: Any, field: str) -> Iterator[RawOutput]:
    if isinstance(value, dict):
        path = [part for part in list_of(value.get("path")) if type(part) in (str, int)]
        yield RawOutput(field, text_of(value.get("step")), path)
