"""Decides the arguments of a step from several runs: frozen, wired, a param, or listed for review.

Every place is decided by the recorded values of all runs that made the step:

- A value that is equal in all runs stays frozen, or stays wired if the wire is right in every run.
- A value that the user said in each run becomes a DAG param.
- A value that one place of an earlier result has in every run is wired to that place.
- A value that one expression over earlier results gives in every run is derived.
- A short value of a read that differs only if the user's words differ becomes a DAG param; the model worked it out
  from them.
- Any other value of a read stays frozen to the newest run's value, as if only that run had been crystallized, and is
  listed for review with the other values. A write asks for it (:mod:`.required`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.crystallizer.deriving.digits import is_json_number
from airflow_provider_vai.crystallizer.evidence.result_values import place_text
from airflow_provider_vai.crystallizer.parameters.user_values import decides
from airflow_provider_vai.crystallizer.several.align import AlignedStep
from airflow_provider_vai.crystallizer.several.derived import Derivations, in_list_of_several
from airflow_provider_vai.crystallizer.several.params import Params, differs_with_the_request
from airflow_provider_vai.crystallizer.several.playback import At, Playback
from airflow_provider_vai.crystallizer.several.shown import by_run, shown_source
from airflow_provider_vai.crystallizer.several.sources import Sources
from airflow_provider_vai.crystallizer.several.values import differ, has_prose, inside, is_plain, largest_limits
from airflow_provider_vai.crystallizer.several.volatile import WHAT, volatile
from airflow_provider_vai.crystallizer.wiring.settle import TAKEN_BACK
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import value_at, with_value
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.argument import Argument, Output, Undecided, Wire
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.secrets.masking import mask

OPEN = frozenset(
    {
        *("not_in_every_run", "credential_moves", "only_in_other_runs", "wired_in_newest_run", "position_in_every_run"),
        *("volatile", "differs", "differs_in_loop", "several_derivations"),
        *TAKEN_BACK,
    }
)
"""The codes of places that keep the newest run's value although other runs have a different one."""

EXPECTATIONS = ("expected_status", "expected_shape")
"""The arguments that are taken from the recorded answer. If the answers differ, they are left out."""


@dataclass
class Context:
    """The data shared by all decisions.

    :param playbacks: the runs, newest first.
    :param sources: the results of earlier steps.
    :param params: the params so far.
    :param derivations: the search for values that are worked out.
    :param freeze_all: make no params and no wires.
    :param notes: review items that do not belong to an argument of the automation.
    """

    playbacks: Sequence[Playback]
    sources: Sources
    params: Params
    derivations: Derivations
    freeze_all: bool = False
    notes: list[ReviewItem] = field(default_factory=list)


def arguments_of(column: AlignedStep, context: Context) -> dict[str, Argument]:
    """Return the arguments of a step, decided from all of its runs.

    :param column: the step's column, which has its key already.
    :param context: the shared data; params and notes are added to it.
    """
    newest = column.newest
    if newest.is_mapped:
        return _mapped(column, context)
    made: dict[str, Argument] = {}
    for name in newest.arguments:
        argument = _Walk(column, name, context).argument()
        if argument is not None:
            made[name] = argument
    only = sorted({name for played in column.of.values() for name in played.arguments} - newest.arguments.keys())
    if only:
        context.notes.append(review_item("arguments_left_out", step=column.key, names=[mask(name) for name in only]))
    return made


@dataclass
class _Walk:
    """Decides the places of one argument, outer values first."""

    column: AlignedStep
    name: str
    context: Context
    wires: list[Wire] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    undecided: list[Undecided] = field(default_factory=list)
    param_reasons: set[str] = field(default_factory=set)
    rivals: dict[At, tuple[str, ...]] = field(default_factory=dict)
    positions: dict[At, str] = field(default_factory=dict)
    tables: frozenset[int] = frozenset()
    _refuted: dict[At, str] = field(default_factory=dict)

    def argument(self) -> Argument | None:
        """Return the argument; ``None`` if it is left out."""
        newest = self.column.newest
        recorded = newest.arguments[self.name]
        values = {run: self.column.of[run].values[self.name] for run in self._runs() if self._gives(run)}
        secrets = {
            json_text.canonical([secret.model_dump() for secret in self.column.of[run].secrets(self.name)])
            for run in values
        }
        if len(values) < len(self.column.of):
            self._leave_open((), "not_in_every_run", self._by_run(values))
            values = {min(self.column.of): recorded.value}
        elif len(secrets) > 1:
            self._leave_open((), "credential_moves")
            values = {min(self.column.of): recorded.value}
        if self.name in EXPECTATIONS and differ(values):
            self.context.notes.append(review_item("nothing_expected", step=self.column.key, place=[self.name]))
            return None
        if self.name == "usage_limits" and differ(values):
            values = {0: largest_limits(list(values.values()))}
        value = self._walk(values, ())
        self._refuted = dict(self.context.derivations.refuted(self.column, self.name, values, self.context.sources))
        return self._made(value)

    def _runs(self) -> list[int]:
        return sorted(self.column.of)

    def _gives(self, run: int) -> bool:
        return self.name in self.column.of[run].arguments

    def _made(self, value: Any) -> Argument:
        newest = self.column.newest
        before = newest.step.arguments.get(self.name) or newest.arguments[self.name]
        prefix = "in the newest run: " if self.wires or self.undecided else ""
        proposed = tuple(f"{place_text(at)}: " for at, _ in before.trees())  # one run's word, which several replace
        older = [line for line in before.evidence if not (proposed and line.startswith(proposed))]
        refuted = [f"{place_text(at)}: {why}" for at, why in self._refuted.items()]
        notes: dict[str, Any] = {
            "evidence": [*self.evidence, *refuted, *(prefix + line for line in older)],
            "undecided": [*self.undecided, *(place for place in before.undecided if not self._is_decided(place.at))],
        }
        secrets = newest.secrets(self.name)
        if len(self.wires) == 1 and not self.wires[0].at:
            wire = self.wires[0]
            if wire.from_:
                return Argument(class_="wired", from_=wire.from_, origin="tool_output", **notes)
            if wire.param is not None:
                return Argument(class_="parameter", param=wire.param, origin=self._origin(before), **notes)
            if wire.derive:
                return Argument(class_="derived", value=newest.arguments[self.name].value, derive=wire.derive, **notes)
            return Argument(class_="template", value=wire.template, **notes)
        fields: dict[str, Any] = {"value": value, **notes, "origin": self._origin(before)}
        fields |= {"secrets": secrets} if secrets else {}
        fields |= {"origins": before.origins} if before.origins else {}
        fields |= {"wires": self.wires} if self.wires else {}
        return Argument(class_="wired" if self.wires else "frozen", **fields)

    def _is_decided(self, at: JsonPath) -> bool:
        """Return whether the comparison of the runs decided about a place of the newest run's argument."""
        is_filled = any(at[: len(wire.at)] == wire.at for wire in self.wires)
        return is_filled or any(place.at == at for place in self.undecided)

    def _origin(self, before: Argument) -> Any:
        return "user" if self.param_reasons == {SAID} else before.origin if not self.wires else None

    # --- one place ----------------------------------------------------------------------------------------------------

    def _walk(self, values: dict[int, Any], at: At) -> Any:
        """Return the value for the spec, with ``None`` at the places that wires fill in."""
        if self._template(at):
            return None
        if not differ(values):
            return self._constant(values, at)
        if self._param_that_was_said(values, at) or self._wire(values, at) or self._derived(values, at):
            return None
        newest = values[min(values)]
        if all(isinstance(value, dict) for value in values.values()) and newest:
            return self._object(values, at)
        if all(isinstance(value, list) and len(value) == len(newest) for value in values.values()) and newest:
            return [self._walk(inside(values, index), (*at, index)) for index in range(len(newest))]
        return newest if self._leave(values, at) else None

    def _object(self, values: dict[int, Any], at: At) -> dict[str, Any]:
        newest = values[min(values)]
        every = set.intersection(*(set(value) for value in values.values()))
        made = dict.fromkeys(newest)
        for key, part in sorted(newest.items(), key=lambda pair: is_json_number(pair[1]) and -abs(pair[1])):
            if key in every:
                made[key] = self._walk(inside(values, key), (*at, key))
            else:
                self._leave_open((*at, key), "not_in_every_run")
                made[key] = part
        for key in sorted({key for value in values.values() for key in value} - newest.keys()):
            self._leave_open((*at, key), "only_in_other_runs")
        return made

    def _constant(self, values: dict[int, Any], at: At) -> Any:
        """Return a value that is equal in all runs, with those wires of the newest run that are right in every run."""
        value = values[min(values)]
        sources, run = self.context.sources, self.column.newest.run
        for place, output in sources.own(self.column, self.name).items():
            if place[: len(at)] != at or self._is_below_another(place):
                continue
            source, path = sources.column_of(run, output.step), tuple(output.path)
            part = {number: value_at(whole, place[len(at) :]) for number, whole in values.items()}
            if source is not None and sources.holds(source, path, self.column, part):
                self.wires.append(Wire(at=list(place), from_=Output(step=source.key, path=list(path))))
                value = with_value(value, place[len(at) :], None)
            else:
                self._leave_open(place, "wired_in_newest_run", [f"from {mask(str(output.step))}"])
        return value

    def _is_below_another(self, place: At) -> bool:
        return any(place[: len(wire.at)] == tuple(wire.at) for wire in self.wires)

    def _template(self, at: At) -> bool:
        """Keep a template that every run has at this place, and return whether there is one.

        A template of params does not count: it is made again from the runs' values.
        """
        found = set()
        for played in self.column.of.values():
            argument = played.step.arguments.get(self.name)
            if argument is None:
                return False
            whole = argument.value if argument.class_ == "template" and not at else None
            found.add(next((wire.template for wire in argument.wires if tuple(wire.at) == at), whole))
        template = found.pop() if len(found) == 1 else None
        if not isinstance(template, str) or "params" in template or self.context.freeze_all:
            return False
        self.wires.append(Wire(at=list(at), template=template))
        return True

    def _param_that_was_said(self, values: dict[int, Any], at: At) -> bool:
        """Make a param from a value that the user said in each run, and return whether that was possible."""
        if not self._may_be_param(at) or not all(is_plain(value) for value in values.values()):
            return False
        if not all(self.context.playbacks[run].user_said(value) for run, value in values.items()):
            return False
        return self._param(values, at, SAID)

    def _wire(self, values: dict[int, Any], at: At) -> bool:
        if self._is_fixed():
            return False
        proposed = self.context.sources.proposals(self.column, self.name).get(at, [])
        found = self.context.sources.find(self.column, (self.name, *at), values, proposed)
        safe = [place for place in found if not (place.lengths and self.column.newest.step.effect == "write")]
        if not safe:
            if found:
                self.positions[at] = shown_source(found[0])
            return False
        best, *others = safe
        if best.lengths and self._derived(values, at, by_words=True):
            return True
        also = f"; other sources: {', '.join(map(shown_source, others[:3]))}" if others else ""
        self.wires.append(Wire(at=list(at), from_=Output(step=best.column.key, path=list(best.path))))
        self._say(
            at, f"from {shown_source(best)}; right in all {plural(len(values), 'run')}, with different values{also}"
        )
        return True

    def _derived(self, values: dict[int, Any], at: At, *, by_words: bool = False) -> bool:
        """Derive a value that one expression gives in every run, and return whether there is one.

        :param by_words: whether the user's words must say so.
        """
        newest = self.column.newest
        if self._is_fixed() or (newest.secrets(self.name) and not at):
            return False
        if in_list_of_several(newest.values[self.name], at):
            return False
        if not by_words and self._param_template(values, at):
            return True
        place, derivations = (self.name, *at), self.context.derivations
        sources = self.context.sources
        found = derivations.find(self.column, place, values, sources, by_words=by_words, beside=self.tables)
        if found.tree is not None:
            self.tables |= found.tables
            self.wires.append(Wire(at=list(at), derive=dict(found.tree)))
            self._say(at, found.why)
        elif found.rivals:
            self.rivals[at] = found.rivals
        return found.tree is not None

    def _param_template(self, values: dict[int, Any], at: At) -> bool:
        """Make a template of a text that is the same around params in every run, and return whether it is."""
        if not self._may_be_param(at) or not all(isinstance(value, str) for value in values.values()):
            return False
        template = self.context.params.template(values)
        if template:
            self.wires.append(Wire(at=list(at), template=template))
            self._say(at, f"the same text around params in every run; {'; '.join(self._by_run(values))}")
        return bool(template)

    def _leave(self, values: dict[int, Any], at: At) -> bool:
        """Decide about a value that the user did not say and no result contains; return whether it stays frozen."""
        if self._param_template(values, at):
            return False
        kind = volatile(list(values.values()))
        if kind:
            self._leave_open(at, "volatile", [f"differs {WHAT[kind]}", *self._by_run(values)])
            return True
        plain = all(is_plain(value) and not has_prose(value) for value in values.values())
        is_write = self.column.newest.step.effect == "write"  # which asks for such a value, see :mod:`.required`
        may_be = self._may_be_param(at) and plain and not is_write
        if may_be and differs_with_the_request(self.context.playbacks, values):
            self._param(values, at, WORKED_OUT)
            name, place = self.wires[-1].param, [self.name, *at]
            self.context.notes.append(
                review_item(
                    "param_worked_out", step=self.column.key, place=place, param=name, evidence=self._by_run(values)
                )
            )
            return False
        rivals, position = self.rivals.get(at, ()), self.positions.get(at)
        if position and not rivals:
            self._leave_open(at, "position_in_every_run", [position, *self._by_run(values)])
        else:
            self._leave_open(at, "several_derivations" if rivals else "differs", [*rivals, *self._by_run(values)])
        return True

    def _param(self, values: dict[int, Any], at: At, why: str) -> bool:
        name = self.context.params.give(self.column.key, (self.name, *at), values, why)
        self.wires.append(Wire(at=list(at), param=name))
        self.param_reasons.add(why)
        self._say(at, f"the param {name}; {'; '.join(self._by_run(values))}; {why}")
        return True

    def _is_fixed(self) -> bool:
        """Return whether the argument must stay frozen: it decides what runs, or ``freeze_all`` is set."""
        kind = by_name().get(self.column.newest.step.kind)
        return kind is None or self.name in kind.never_wired or self.context.freeze_all

    def _may_be_param(self, at: At) -> bool:
        """Return whether a value may become a param. It may not in a write without a gate."""
        if self._is_fixed() or decides(self.column.newest.draft, [self.name, *at]):
            return False
        guarded = any(played.step.approval.gate for played in self.column.of.values())
        return guarded or self.column.newest.step.effect != "write"

    def _say(self, at: At, what: str) -> None:
        self.evidence.append(f"{place_text(at)}: {what}")

    def _leave_open(self, at: At, code: str, evidence: Sequence[str] = ()) -> None:
        self.undecided.append(Undecided(at=list(at), code=code, evidence=list(evidence)))

    def _by_run(self, values: dict[int, Any]) -> list[str]:
        return by_run(self.context.playbacks, values)


SAID = "given by the user in each run"
WORKED_OUT = "worked out from the user's words"


def _mapped(column: AlignedStep, context: Context) -> dict[str, Argument]:
    """Return the arguments of a mapped step: the newest run's. Those that differ between the runs become undecided."""
    newest = column.newest
    made: dict[str, Argument] = {}
    for name, argument in newest.step.arguments.items():
        texts = {_canonical(played.step.arguments.get(name)) for played in column.of.values()}
        extra = [Undecided(at=[], code="differs_in_loop")] if len(texts) > 1 else []
        made[name] = argument.model_copy(update={"undecided": [*extra, *argument.undecided]})
    return made


def _canonical(argument: Argument | None) -> str:
    if argument is None:
        return ""
    return json_text.canonical(argument.model_dump(exclude={"evidence", "origin", "origins", "undecided"}))
