"""Builds a program: the calls of a scripted agent, with the right arguments in each version of the data."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench_derive.data import Data, Row
from bench_derive.domains import Domain
from bench_derive.forms import FORMS

At = tuple[str | int, ...]


@dataclass
class Call:
    """One call: its tool, and for each version its arguments and its answer."""

    tool: str
    arguments: list[dict[str, Any]]
    answers: list[Any]


@dataclass
class Leaf:
    """A place in a call's arguments, and the class of what is there."""

    call: int
    at: At
    class_: str


@dataclass
class Program:
    """A program: one run of a scripted agent, and its truth.

    :param form: how its lists are written, a key of :data:`~.forms.FORMS`.
    """

    name: str
    language: str
    form: str
    domain: Domain
    versions: list[Data]
    dice: random.Random
    traits: set[str] = field(default_factory=set)
    prompts: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)

    def call(
        self,
        tool: str,
        arguments: Callable[[Data], dict[str, Any]],
        answer: Callable[[Data], Any] | None = None,
        classes: Mapping[At, str] | None = None,
    ) -> None:
        """Add a call. Leaves that ``classes`` does not name are constants.

        :param answer: what the tool answers; if left out, a receipt.
        :param classes: by place, the class of what is worked out there: a plain value, or a whole list.
        """
        number, classes = len(self.calls), classes or {}
        made = [arguments(data) for data in self.versions]
        receipt = {"ok": True, "receipt": f"R-{7000 + number}"}
        answers = [answer(data) if answer else receipt for data in self.versions]
        self.calls.append(Call(tool, made, answers))
        for at in places(made[0], (), set(classes)):
            self.leaves.append(Leaf(number, at, classes.get(at, "constant")))

    def list_once(self) -> None:
        """Add the call that lists the records, if there is none yet."""
        tool = f"{self.domain.verb}_{self.domain.many}"
        if all(call.tool != tool for call in self.calls):
            make = FORMS[self.form]
            self.call(tool, lambda data: {}, lambda data: make(data.rows, self.domain.key[0]))

    def read(self, what: str, row: Callable[[Data], Row], class_: str, answer: Callable[[Data], Any]) -> None:
        """Add a call that reads something of one record, by its id."""
        key = self.domain.key[0]
        self.call(f"get_{self.domain.one}{what}", lambda data: {key: row(data)[key]}, answer, {(key,): class_})

    def write(self, folder: Path) -> None:
        """Write the program's three files."""
        folder.mkdir(parents=True, exist_ok=True)
        files = {"run.json": self.run(), "truth.json": self.truth(), "answers.json": self.answers()}
        for name, content in files.items():
            text = json.dumps(content, indent=1, ensure_ascii=False)
            (folder / name).write_text(f"{text}\n", encoding="utf-8")

    def answers(self) -> list[list[Any]]:
        """Return the answer of each call, by version."""
        return [[call.answers[version] for call in self.calls] for version in range(len(self.versions))]

    def truth(self) -> dict[str, Any]:
        """Return the recorded calls, and the class and the right values of each of their leaves."""
        return {
            "language": self.language,
            "form": self.form,
            "traits": sorted(self.traits),
            "calls": [{"tool": call.tool, "arguments": call.arguments[0]} for call in self.calls],
            "leaves": [
                {
                    "call": leaf.call,
                    "at": list(leaf.at),
                    "class": leaf.class_,
                    "values": [value_at(arguments, leaf.at) for arguments in self.calls[leaf.call].arguments],
                }
                for leaf in self.leaves
            ],
        }

    def run(self) -> dict[str, Any]:
        """Return the recorded run as an OpenAI chat file."""
        messages: list[dict[str, Any]] = [
            {"role": "system", "content": "You work for the back office. Use the tools; do not ask back."},
            {"role": "user", "content": " ".join(self.prompts)},
        ]
        for number, call in enumerate(self.calls):
            id_ = f"call_{self.name}_{number}"
            given = json.dumps(call.arguments[0], ensure_ascii=False)
            function = {"name": call.tool, "arguments": given}
            asked = {"id": id_, "type": "function", "function": function}
            messages.append({"role": "assistant", "content": None, "tool_calls": [asked]})
            answer = call.answers[0]
            text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
            messages.append({"role": "tool", "tool_call_id": id_, "content": text})
        messages.append({"role": "assistant", "content": "Done."})
        return {"id": f"bench-{self.name}", "title": self.name, "model": "scripted", "messages": messages}


def places(value: Any, at: At, whole: set[At]) -> Iterator[At]:
    """Yield the places of the plain values of an argument; places in ``whole`` as they are."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None or at in whole:
        yield at
        return
    for key, part in inner:
        yield from places(part, (*at, key), whole)


def value_at(value: Any, at: Any) -> Any:
    """Return the value at a place.

    :raises LookupError: there is none. :raises TypeError: there is a plain value on the way.
    """
    for key in at:
        value = value[key]
    return value
