"""An argument of a step: its literal value, or where each run takes the value from."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache, lru_cache
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from airflow_provider_vai.model import derivation
from airflow_provider_vai.model.base import JsonPath, Spec, known_data
from airflow_provider_vai.model.derivation import Derivation
from airflow_provider_vai.model.factories import new_list

Origin = Literal["user", "system", "tool_output", "model", "constant", "secret"]

_UNDECIDED = frozenset({"undecided"})

LONGEST_SHARED = 200
"""Characters of the longest text of which there is one argument for all steps, such as the id of a connection."""

ALWAYS = ("origin", "evidence")
"""The fields of an argument that are always written."""


class Output(Spec):
    """A place in an earlier step's result: the step's key and a path into the result.

    The path consists of keys, list positions and the selectors of
    :mod:`~airflow_provider_vai.languages.result_path` (``text:yaml``, ``[name=Spotify]``, ``is:text``). Without
    ``step``, the path starts at the current element of the list that the step is mapped over (see ``Step.each``).
    """

    step: str | None = None
    path: JsonPath = Field(default_factory=new_list)


class Wire(Spec):
    """A value inside an argument that is filled in when the step runs.

    The value at ``at`` comes ``from`` an earlier step, or from the DAG param ``param`` (at ``path`` inside it), or is
    the rendered Jinja ``template``, or is worked out by the tree ``derive``. Exactly one of the four is given.
    """

    optional: ClassVar[tuple[str, ...]] = ("from_", "param", "path", "template", "derive")

    at: JsonPath
    from_: Output | None = Field(default=None, alias="from")
    param: str | None = None
    path: JsonPath = Field(default_factory=new_list)
    template: str | None = None
    derive: Derivation | None = None

    @model_validator(mode="after")
    def _check_source(self) -> Wire:
        if (self.from_, self.param, self.template, self.derive).count(None) != 3:
            raise ValueError("a wire needs exactly one of from, param, template and derive")
        return self


class Secret(Spec):
    """A credential inside an argument: the value at ``at`` is the password of an Airflow connection."""

    at: JsonPath
    connection: str


class Undecided(Spec):
    """A place in an argument that stays frozen until a person decides about it.

    ``at`` is the path from the argument's value to the place; empty means the whole value. ``code`` is a key of
    :data:`~airflow_provider_vai.model.review_codes.PLACES`. ``evidence`` is for people; no code reads it.
    ``candidates`` are sources that reproduce the recorded value, of which none was sure enough to be chosen.
    """

    optional: ClassVar[tuple[str, ...]] = ("evidence", "candidates")

    at: JsonPath
    code: str
    evidence: list[str] = Field(default_factory=new_list)
    candidates: list[Wire] = Field(default_factory=new_list)


class OriginAt(Spec):
    """The origin of the texts at the place ``at`` in an argument, and inside it."""

    at: JsonPath
    origin: Origin


class Argument(Spec):
    """Where the value of one argument of a step comes from.

    - ``frozen``: the literal ``value``.
    - ``wired``: the whole value comes ``from`` an earlier step, or ``wires`` fills in places of ``value``.
    - ``template``: ``value`` is a Jinja template that Airflow renders.
    - ``parameter``: the DAG param ``param``, or the place ``path`` inside it.
    - ``derived``: the tree ``derive`` works the value out from earlier results and params; ``value`` is the recorded
      one. See :mod:`~airflow_provider_vai.languages.derivation`.

    ``secrets`` lists the places that a connection fills in. Places that are filled in are ``null`` in ``value``.
    ``origin`` is the origin of the value, ``None`` if it was not traced or its parts have different ones; ``origins``
    lists those of the texts in it, and the longest place counts. ``undecided`` lists the places that a person should
    decide about. ``evidence`` lists the reasons for the choice, for people; no code reads it.
    """

    class_: Literal["frozen", "wired", "parameter", "template", "derived"] = Field(alias="class")
    value: Any = None
    from_: Output | None = Field(default=None, alias="from")
    wires: list[Wire] = Field(default_factory=new_list)
    secrets: list[Secret] = Field(default_factory=new_list)
    param: str | None = None
    path: JsonPath = Field(default_factory=new_list)
    derive: Derivation | None = None
    origin: Origin | None = None
    origins: list[OriginAt] = Field(default_factory=new_list)
    evidence: list[str] = Field(default_factory=new_list)
    undecided: list[Undecided] = Field(default_factory=new_list)

    def omitted(self) -> Collection[str]:
        """Return the fields that were not set, except origin and evidence. A ``null`` that was set is written."""
        unset = _sometimes_written(type(self)) - self.__pydantic_fields_set__
        return unset if self.undecided else unset | _UNDECIDED

    def json_data(self, known: dict[int, Any] | None = None) -> dict[str, Any]:
        """Return the argument as JSON data; one that several steps have is the same object for all of them.

        :param known: as for every model.
        """
        known = {} if known is None else known
        return known_data(self, known, super().json_data)

    @model_validator(mode="after")
    def _check_derived(self) -> Argument:
        if (self.class_ == "derived") != (self.derive is not None):
            raise ValueError("an argument has the field derive exactly if its class is derived")
        if self.class_ == "derived" and (self.from_ or self.wires or self.secrets or self.param):
            raise ValueError(
                "a derived argument has no from, wires, secrets or param: its tree says where it comes from"
            )
        return self

    @property
    def is_filled_in(self) -> bool:
        """Whether the value as a whole is known only in a run; a secret does not count."""
        return self.from_ is not None or self.class_ in ("parameter", "template", "derived")

    def trees(self) -> list[tuple[JsonPath, dict[str, Any]]]:
        """Return the derived values of the argument: the place in its value, and the tree."""
        if not (self.derive or self.wires):
            return []
        whole: list[tuple[JsonPath, dict[str, Any]]] = [([], self.derive)] if self.derive else []
        return [*whole, *[(wire.at, wire.derive) for wire in self.wires if wire.derive]]

    def placed_outputs(self) -> list[tuple[JsonPath, Output]]:
        """Return every place in earlier results that the argument reads, with the place in its value that reads it.

        What an earlier step was given counts as reading its result, without a path: both need the step to have run.
        """
        if not (self.from_ or self.wires or self.derive):
            return []
        whole: list[tuple[JsonPath, Output]] = [([], self.from_)] if self.from_ else []
        wired = [(wire.at, wire.from_) for wire in self.wires if wire.from_]
        derived = [
            (at, Output(step=step, path=path)) for at, tree in self.trees() for step, path in derivation.reads(tree)
        ]
        return [*whole, *wired, *derived]

    def outputs(self) -> list[Output]:
        """Return every place in earlier results that the argument is wired to or derived from."""
        return [output for _, output in self.placed_outputs()]

    def params(self) -> list[str]:
        """Return the names of the DAG params that the argument reads."""
        whole = [self.param or ""] if self.class_ == "parameter" else []
        wires = [wire.param for wire in self.wires if wire.param is not None]
        return [*whole, *wires, *(name for _, tree in self.trees() for name in derivation.params(tree))]

    @classmethod
    def frozen(cls, value: Any) -> Argument:
        """Return an argument that is the literal ``value``: the same one each time for a short text."""
        if type(value) is str and len(value) <= LONGEST_SHARED:
            return _of_text(cls, value)
        return _nothing(cls).changed(value=value)


@cache
def _nothing(model: type[Argument]) -> Argument:
    """Return the argument from which every frozen one is made, because validating each takes long."""
    return model(class_="frozen", value=None)


@lru_cache(maxsize=1024)
def _of_text(model: type[Argument], text: str) -> Argument:
    return _nothing(model).changed(value=text)


@cache
def _sometimes_written(model: type[Argument]) -> frozenset[str]:
    """Return the names of the fields that are written only if they were set."""
    return frozenset(model.model_fields) - {*ALWAYS}
