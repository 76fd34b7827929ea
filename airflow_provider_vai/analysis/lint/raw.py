"""Views of a spec as it is in its file. They return what can be read, and never raise for a spec that is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from airflow_provider_vai.authoring.specs.places import dotted
from airflow_provider_vai.model import derivation
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.effects import ORDER, OWN
from airflow_provider_vai.model.kinds import Kind, by_name
from airflow_provider_vai.model.step_effects import StepEffect, effect_of, values_of

FILLED_IN = ("parameter", "template", "derived")
"""The classes of arguments whose value as a whole is known only in a run."""


def object_of(value: Any) -> dict[str, Any]:
    """Return the value if it is an object, else an empty object."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """Return the value if it is a list, else an empty list."""
    return value if isinstance(value, list) else []


def texts_of(value: Any) -> list[str]:
    """Return the strings in a list; other elements are left out."""
    return [part for part in list_of(value) if isinstance(part, str)]


def text_of(value: Any) -> str | None:
    """Return the value if it is a string, else ``None``."""
    return value if isinstance(value, str) else None


@dataclass(frozen=True)
class RawOutput:
    """A place in a result that a step reads.

    :param field: The place in the spec where this is written.
    :param step: The key of the step that has the result; ``None``: the list element that the step is mapped over.
    :param path: The keys and positions that lead to the place in the result.
    """

    field: str
    step: str | None
    path: Sequence[str | int]


class RawStep:
    """One entry of ``steps``.

    :param data: The entry, a JSON object.
    :param place: The place to show in messages: ``steps`` and the step's key, or its number if the key is not unique.
    """

    def __init__(self, data: dict[str, Any], place: JsonPath) -> None:
        self.data = data
        self.place = place

    def field(self, *more: str | int) -> str:
        """Return a place in the step, written for messages."""
        return dotted([*self.place, *more])

    @cached_property
    def key(self) -> str | None:
        """The step's key."""
        return text_of(self.data.get("key"))

    @cached_property
    def kind(self) -> Kind | None:
        """The step's action kind; ``None``: it is unknown."""
        return by_name().get(text_of(self.data.get("kind")) or "")

    @property
    def is_gate(self) -> bool:
        """Whether the step is a gate."""
        return self.data.get("kind") == "approval_gate"

    @property
    def is_write(self) -> bool:
        """Whether it has external side effects: the spec says so, or it cannot have a lower effect."""
        return self.data.get("effect") == "write" or bool(self.effect and self.effect.effect == "write")

    @cached_property
    def effect(self) -> StepEffect | None:
        """The effect that the step can have with these arguments; ``None``: its kind or effect is unknown."""
        stated = self.data.get("effect")
        if self.kind is None or stated not in ORDER:
            return None
        declares = OWN in self.kind.arguments.model_fields  # then its arguments say it, and the spec alone does not
        return effect_of(self.kind, values_of(self._readable_arguments()), None if declares else stated)

    def _readable_arguments(self) -> dict[str, Argument]:
        readable = {}
        for name, argument in self.arguments.items():
            try:
                readable[name] = Argument.model_validate(argument)
            except ValidationError:
                continue  # another check reports it
        return readable

    @cached_property
    def depends_on(self) -> list[str]:
        """The keys of the steps that this step depends on."""
        return texts_of(self.data.get("depends_on"))

    @cached_property
    def gate(self) -> str | None:
        """The key of the step's gate; ``None``: it has none."""
        return text_of(object_of(self.data.get("approval")).get("gate"))

    @cached_property
    def arguments(self) -> dict[str, dict[str, Any]]:
        """The step's arguments by name; those that are not objects are left out."""
        arguments = object_of(self.data.get("arguments"))
        return {name: argument for name, argument in arguments.items() if isinstance(argument, dict)}

    def outputs(self) -> Iterator[RawOutput]:
        """Yield each place in a result that the step reads."""
        return iter(self._all_outputs)

    @cached_property
    def _all_outputs(self) -> list[RawOutput]:
        return list(self._found_outputs())

    def _found_outputs(self) -> Iterator[RawOutput]:
        yield from self._output(self.data.get("each"), "each")
        for name, argument in self.arguments.items():
            yield from self._output(argument.get("from"), "arguments", name, "from")
            for index, wire in enumerate(list_of(argument.get("wires"))):
                yield from self._output(object_of(wire).get("from"), "arguments", name, "wires", index, "from")
        for field, _, tree in self.trees():
            yield from (RawOutput(field, step, path) for step, path in derivation.reads(tree))

    def _output(self, value: Any, *place: str | int) -> Iterator[RawOutput]:
        if isinstance(value, dict):
            path = [part for part in list_of(value.get("path")) if type(part) in (str, int)]
            yield RawOutput(self.field(*place), text_of(value.get("step")), path)

    def reads(self) -> Iterator[RawOutput]:
        """Yield what :meth:`outputs` yields, with a position in the path where a derived value picks by position."""
        derived = [field for field, _, _ in self.trees()]
        yield from (output for output in self.outputs() if output.field not in derived)
        for field, _, tree in self.trees():
            yield from (RawOutput(field, step, path) for step, path in derivation.placed_reads(tree))

    def trees(self) -> Iterator[tuple[str, JsonPath, dict[str, Any]]]:
        """Yield each derived value that follows the schema: its place in the spec, in the arguments, and its tree."""
        return iter(self._all_trees)

    @cached_property
    def _all_trees(self) -> list[tuple[str, JsonPath, dict[str, Any]]]:
        return list(self._found_trees())

    def _found_trees(self) -> Iterator[tuple[str, JsonPath, dict[str, Any]]]:
        for name, argument in self.arguments.items():
            found: list[tuple[JsonPath, JsonPath, Any]] = [(["derive"], [], argument.get("derive"))]
            found += [
                (["wires", index, "derive"], list_of(wire.get("at")), wire.get("derive"))
                for index, wire in enumerate(list_of(argument.get("wires")))
                if isinstance(wire, dict)
            ]
            for place, at, tree in found:
                if isinstance(tree, dict) and derivation.follows_schema(tree):
                    yield self.field("arguments", name, *place), [name, *at], tree

    def params(self) -> Iterator[tuple[str, str]]:
        """Yield a pair of place and name for each DAG param that the step uses."""
        for name, argument in self.arguments.items():
            if param := text_of(argument.get("param")):
                yield self.field("arguments", name, "param"), param
            for index, wire in enumerate(list_of(argument.get("wires"))):
                if param := text_of(object_of(wire).get("param")):
                    yield self.field("arguments", name, "wires", index, "param"), param
        for field, _, tree in self.trees():
            yield from ((field, param) for param in derivation.params(tree))

    def templates(self) -> Iterator[tuple[str, str]]:
        """Yield a pair of place and text for each Jinja template of the step."""
        for name, argument in self.arguments.items():
            if argument.get("class") == "template" and (text := text_of(argument.get("value"))):
                yield self.field("arguments", name, "value"), text
            for index, wire in enumerate(list_of(argument.get("wires"))):
                if text := text_of(object_of(wire).get("template")):
                    yield self.field("arguments", name, "wires", index, "template"), text
        for field, _, tree in self.trees():
            yield from ((field, text) for text in derivation.templates(tree))

    def connections(self) -> Iterator[tuple[str, str]]:
        """Yield a pair of place and connection id for each connection that the step uses."""
        for name, argument in self.arguments.items():
            value = text_of(argument.get("value"))
            if name.endswith("conn_id") and argument.get("class") == "frozen" and value:
                yield self.field("arguments", name), value
            for index, secret in enumerate(list_of(argument.get("secrets"))):
                if named := text_of(object_of(secret).get("connection")):
                    yield self.field("arguments", name, "secrets", index, "connection"), named

    def open_places(self) -> list[JsonPath]:
        """Return the places in the arguments whose values are known only when the step runs."""
        places: list[JsonPath] = []
        for name, argument in self.arguments.items():
            if isinstance(argument.get("from"), dict) or argument.get("class") in FILLED_IN:
                places.append([name])
                continue
            for entry in [*list_of(argument.get("wires")), *list_of(argument.get("secrets"))]:
                at = list_of(object_of(entry).get("at"))
                if all(type(part) in (str, int) for part in at):
                    places.append([name, *at])
        return places

    def values(self) -> dict[str, Any]:
        """Return the values of the arguments by name."""
        return {name: argument.get("value") for name, argument in self.arguments.items()}


def steps_of(document: dict[str, Any]) -> list[RawStep]:
    """Return the steps of a document; a step without a unique key is named by its number."""
    entries = [(index, step) for index, step in enumerate(list_of(document.get("steps"))) if isinstance(step, dict)]
    keys = [text_of(step.get("key")) for _, step in entries]
    counts = Counter(keys)
    return [
        RawStep(step, ["steps", key if key is not None and counts[key] == 1 else index])
        for (index, step), key in zip(entries, keys, strict=True)
    ]
