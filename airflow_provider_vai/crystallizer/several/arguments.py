"""What an argument of a step is in several runs: constant, wired, a param, or different for no known reason.

Every place is decided by the recorded values of all runs that made the step:

- the same in all of them: it stays frozen, or wired where the wire holds in every run;
- said by the user in each run, in that run's own words: a DAG param;
- held in every run by one place of an earlier result: wired to it;
- a short value that differs only where the user's words differ: a DAG param that the model worked out from them;
- anything else: frozen to the newest run's value, and listed for review with the others. That is what a crystallization
  of the newest run alone does; what nobody can explain is not turned into a knob.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.crystallizer.authorship import PROSE_WORDS
from airflow_provider_vai.crystallizer.evidence.result_values import place_text
from airflow_provider_vai.crystallizer.parameters.user_values import decides
from airflow_provider_vai.crystallizer.several.align import AlignedStep
from airflow_provider_vai.crystallizer.several.params import Params, differs_with_the_request
from airflow_provider_vai.crystallizer.several.playback import At, Playback
from airflow_provider_vai.crystallizer.several.sources import CommonPlace, Sources
from airflow_provider_vai.crystallizer.several.volatile import WHAT, volatile
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import value_at, with_value
from airflow_provider_vai.model.automation import Argument, Output, Wire
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.secrets.masking import mask

FROZEN = "left frozen"
"""Lines of evidence that end so are listed for review."""

LONGEST_PARAM = 80  # characters of a value that nobody said: longer ones are a model's prose
SHOWN_VALUES = 5
SHOWN_CHARACTERS = 60
EXPECTATIONS = ("expected_status", "expected_shape")
"""Arguments that are drawn from the answer: where the answers differ, nothing is expected."""


@dataclass
class Context:
    """What all arguments are decided with. ``notes``: lines for the review that belong to no argument that is left."""

    playbacks: Sequence[Playback]
    sources: Sources
    params: Params
    freeze_all: bool = False
    notes: list[str] = field(default_factory=list)


def arguments_of(column: AlignedStep, context: Context) -> dict[str, Argument]:
    """Return the arguments of a step as they are in all of its runs; its column has its key."""
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
        context.notes.append(
            f"{column.key}: not every run gave {', '.join(map(mask, only))}: left out, as in the newest"
        )
    return made


@dataclass
class _Walk:
    """Goes through the values of one argument, the largest first."""

    column: AlignedStep
    name: str
    context: Context
    wires: list[Wire] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    decided: list[At] = field(default_factory=list)

    def argument(self) -> Argument | None:
        """Return the argument; ``None`` where it is left out."""
        newest = self.column.newest
        recorded = newest.arguments[self.name]
        values = {run: self.column.of[run].values[self.name] for run in self._runs() if self._gives(run)}
        secrets = {
            json_text.canonical([it.model_dump() for it in self.column.of[run].secrets(self.name)]) for run in values
        }
        if len(values) < len(self.column.of):
            self._note((), values, "is not given in every run")
            values = {min(self.column.of): recorded.value}
        elif len(secrets) > 1:
            self._note((), {}, "holds a credential at other places in other runs")
            values = {min(self.column.of): recorded.value}
        if self.name in EXPECTATIONS and _differ(values):
            self.context.notes.append(f"{self.column.key}: {self.name} differs between the runs: nothing is expected")
            return None
        if self.name == "usage_limits" and _differ(values):
            values = {0: _largest(list(values.values()))}
        value = self._walk(values, ())
        return self._made(value)

    def _runs(self) -> list[int]:
        return sorted(self.column.of)

    def _gives(self, run: int) -> bool:
        return self.name in self.column.of[run].arguments

    def _made(self, value: Any) -> Argument:
        newest = self.column.newest
        before = newest.step.arguments.get(self.name) or newest.arguments[self.name]
        kept = [line for line in before.evidence if not self._is_decided(line)]
        evidence = [*self.evidence, *kept]
        secrets = newest.secrets(self.name)
        if len(self.wires) == 1 and not self.wires[0].at:
            wire = self.wires[0]
            if wire.from_:
                return Argument(class_="wired", from_=wire.from_, origin="tool_output", evidence=evidence)
            if wire.param is not None:
                return Argument(class_="parameter", param=wire.param, origin=self._origin(before), evidence=evidence)
            return Argument(class_="template", value=wire.template, evidence=evidence)
        fields: dict[str, Any] = {"value": value, "evidence": evidence, "origin": self._origin(before)}
        fields |= {"secrets": secrets} if secrets else {}
        fields |= {"wires": self.wires} if self.wires else {}
        return Argument(class_="wired" if self.wires else "frozen", **fields)

    def _origin(self, before: Argument) -> Any:
        said = {line.rpartition("; ")[2] for line in self.evidence if ": the param " in line}
        return "user" if said == {SAID} else before.origin if not self.wires else None

    def _is_decided(self, line: str) -> bool:
        """Return whether a line of the newest run's evidence is about a place that all runs decided anew."""
        return any(line.startswith(f"{place_text(at)}{mark}") for at in self.decided for mark in (":", " "))

    # --- one place ----------------------------------------------------------------------------------------------------

    def _walk(self, values: dict[int, Any], at: At) -> Any:
        """Return the value for the spec, with nothing at the places that wires fill in."""
        if self._template(at):
            return None
        if not _differ(values):
            return self._constant(values, at)
        if self._param_that_was_said(values, at) or self._wire(values, at):
            return None
        newest = values[min(values)]
        if all(isinstance(value, dict) for value in values.values()) and newest:
            return self._object(values, at)
        if all(isinstance(value, list) and len(value) == len(newest) for value in values.values()) and newest:
            return [self._walk(_inside(values, index), (*at, index)) for index in range(len(newest))]
        return newest if self._leave(values, at) else None

    def _object(self, values: dict[int, Any], at: At) -> dict[str, Any]:
        newest = values[min(values)]
        every = set.intersection(*(set(value) for value in values.values()))
        made = {}
        for key, part in newest.items():
            if key in every:
                made[key] = self._walk(_inside(values, key), (*at, key))
            else:
                self._note((*at, key), {}, "is not given in every run")
                made[key] = part
        for key in sorted({key for value in values.values() for key in value} - newest.keys()):
            self._note((*at, key), {}, "is given in other runs, not in the newest")
        return made

    def _constant(self, values: dict[int, Any], at: At) -> Any:
        """Return a value that is the same in all runs, with those wires of the newest run that hold in every run."""
        value = values[min(values)]
        sources, run = self.context.sources, self.column.newest.run
        for place, output in sources.own(self.column, self.name).items():
            if place[: len(at)] != at or self._is_below_another(place):
                continue
            source, path = sources.column_of(run, output.step), tuple(output.path)
            part = {it: value_at(whole, place[len(at) :]) for it, whole in values.items()}
            if source is not None and sources.holds(source, path, self.column, part):
                self._add(Wire(at=list(place), from_=Output(step=source.key, path=list(path))))
                value = with_value(value, place[len(at) :], None)
            else:
                self._note(place, {}, f"is taken from {mask(str(output.step))} in the newest run alone")
        return value

    def _is_below_another(self, place: At) -> bool:
        return any(place[: len(wire.at)] == tuple(wire.at) for wire in self.wires)

    def _template(self, at: At) -> bool:
        """Keep a template that every run has at this place; one of params is made anew from the runs' values."""
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
        """Make a param of a value that the user said in each run."""
        if not self._may_be_param(at) or not all(_is_plain(value) for value in values.values()):
            return False
        if not all(self.context.playbacks[run].user_said(value) for run, value in values.items()):
            return False
        return self._param(values, at, SAID)

    def _wire(self, values: dict[int, Any], at: At) -> bool:
        if self._is_fixed():
            return False
        proposed = self.context.sources.proposals(self.column, self.name).get(at, [])
        found = self.context.sources.find(self.column, (self.name, *at), values, proposed)
        safe = [it for it in found if not (it.lengths and self.column.newest.step.effect == "write")]
        if not safe:
            if found:
                self._note(at, {}, f"equals {_source(found[0])} in every run, picked by its position")
            return False
        best, *others = safe
        also = f"; as well: {', '.join(map(_source, others[:3]))}" if others else ""
        self._add(Wire(at=list(at), from_=Output(step=best.column.key, path=list(best.path))))
        self._say(at, f"from {_source(best)}; holds in all {len(values)} runs, with different values{also}")
        return True

    def _leave(self, values: dict[int, Any], at: At) -> bool:
        """Decide about a value that nobody said and nothing holds; return whether it is frozen."""
        if self._may_be_param(at) and all(isinstance(value, str) for value in values.values()):
            template = self.context.params.template(values)
            if template:
                self._add(Wire(at=list(at), template=template))
                self._say(at, f"the same words in every run around params; {self._by_run(values)}")
                return False
        kind = volatile(list(values.values()))
        if kind:
            self._note(at, values, f"volatile, differs between the runs {WHAT[kind]}")
            return True
        plain = all(_is_plain(value) and not _is_prose(value) for value in values.values())
        if self._may_be_param(at) and plain and differs_with_the_request(self.context.playbacks, values):
            self._param(values, at, WORKED_OUT)
            name = self.wires[-1].param
            self.context.notes.append(
                f"{self.column.key}.{self.name}: {place_text(at)} is the param {name}: it differs between the runs "
                f"({self._by_run(values)}), and the user said it in no such words"
            )
            return False
        self._note(at, values, "differs between the runs, and nothing in them says why")
        return True

    def _param(self, values: dict[int, Any], at: At, why: str) -> bool:
        name = self.context.params.give(self.column.key, (self.name, *at), values, why)
        self._add(Wire(at=list(at), param=name))
        self._say(at, f"the param {name}; {self._by_run(values)}; {why}")
        return True

    def _add(self, wire: Wire) -> None:
        self.wires.append(wire)
        self.decided.append(tuple(wire.at))

    def _is_fixed(self) -> bool:
        """Return whether the argument decides what runs, or nothing but literals is wanted."""
        kind = by_name().get(self.column.newest.step.kind)
        return kind is None or self.name in kind.never_wired or self.context.freeze_all

    def _may_be_param(self, at: At) -> bool:
        """Return whether whoever starts a run may choose the value: never in a write that no gate guards."""
        if self._is_fixed() or decides(self.column.newest.draft, [self.name, *at]):
            return False
        guarded = any(played.step.approval.gate for played in self.column.of.values())
        return guarded or self.column.newest.step.effect != "write"

    def _say(self, at: At, what: str) -> None:
        self.evidence.append(f"{place_text(at)}: {what}")

    def _note(self, at: At, values: dict[int, Any], what: str) -> None:
        self.decided.append(at)
        shown = f" ({self._by_run(values)})" if values else ""
        self._say(at, f"{what}{shown}: {FROZEN}")

    def _by_run(self, values: dict[int, Any]) -> str:
        by_value: dict[str, list[int]] = {}
        for run, value in values.items():
            by_value.setdefault(json_text.canonical(value), []).append(run)
        listed = []
        for runs in by_value.values():
            named = [self.context.playbacks[run].name for run in runs[:3]]
            listed.append(f"{_shown(values[runs[0]])} in {', '.join(named)}{', …' * (len(runs) > 3)}")
        return "; ".join(listed[:SHOWN_VALUES]) + ("; …" if len(listed) > SHOWN_VALUES else "")


SAID = "said by the user in each run"
WORKED_OUT = "worked out from what the user said"


def _mapped(column: AlignedStep, context: Context) -> dict[str, Argument]:
    """Return the arguments of a mapped step: the newest run's, where every run has the same."""
    newest = column.newest
    made: dict[str, Argument] = {}
    for name, argument in newest.step.arguments.items():
        texts = {_canonical(played.step.arguments.get(name)) for played in column.of.values()}
        line = f"the value: differs between the runs, in a step for each element: {FROZEN}"
        extra = [line] if len(texts) > 1 else []
        made[name] = argument.model_copy(update={"evidence": [*extra, *argument.evidence]})
    return made


def _canonical(argument: Argument | None) -> str:
    if argument is None:
        return ""
    return json_text.canonical(argument.model_dump(exclude={"evidence", "origin"}))


def _differ(values: dict[int, Any]) -> bool:
    return len({json_text.canonical(value) for value in values.values()}) > 1


def _inside(values: dict[int, Any], key: str | int) -> dict[int, Any]:
    return {run: value[key] for run, value in values.items()}


def _is_plain(value: Any) -> bool:
    return (
        value is not None
        and not isinstance(value, dict)
        and (not isinstance(value, list) or not any(isinstance(it, (dict, list)) for it in value))
    )


def _is_prose(value: Any) -> bool:
    texts = value if isinstance(value, list) else [value]
    return any(isinstance(it, str) and (len(it) > LONGEST_PARAM or len(it.split()) >= PROSE_WORDS) for it in texts)


def _largest(limits: Sequence[Any]) -> Any:
    if not all(isinstance(it, dict) for it in limits):
        return limits[0]
    return {name: max(it[name] for it in limits if name in it) for it in limits for name in it}


def _source(found: CommonPlace) -> str:
    return mask(
        found.column.key + "".join(f"[{str(part)[:60]}]" for part in found.path if not str(part).startswith("is:"))
    )


def _shown(value: Any) -> str:
    text = mask(value if isinstance(value, str) else json_text.canonical(value))
    text = " ".join(text.split())
    return repr(text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…")
