"""Assembles the automation from aligned runs, based on the newest run's automation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from airflow_provider_vai.crystallizer.authorship import authorship
from airflow_provider_vai.crystallizer.draft import DECIDED, Policy
from airflow_provider_vai.crystallizer.evidence.result_values import place_text
from airflow_provider_vai.crystallizer.several import proof
from airflow_provider_vai.crystallizer.several.align import Aligned, AlignedStep, tool_of
from airflow_provider_vai.crystallizer.several.arguments import EXPECTATIONS, OPEN, Context, arguments_of
from airflow_provider_vai.crystallizer.several.branches import blocks, laid_out
from airflow_provider_vai.crystallizer.several.derived import Derivations
from airflow_provider_vai.crystallizer.several.params import Params
from airflow_provider_vai.crystallizer.several.playback import Playback, Played
from airflow_provider_vai.crystallizer.several.predicates import (
    FEWEST,
    RESERVED,
    ConditionSubject,
    Predicate,
    separating,
    written,
)
from airflow_provider_vai.crystallizer.several.required import REASON, gate_of, with_required_params
from airflow_provider_vai.crystallizer.several.sources import Sources
from airflow_provider_vai.crystallizer.several.volatile import in_results
from airflow_provider_vai.crystallizer.wiring.settle import WiredStep, settle
from airflow_provider_vai.exceptions import RunsDiffer
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.identifiers import Names, identifier
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model import review
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Automation, LeftOut, Step
from airflow_provider_vai.model.flags import flag
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.model.review_lines import line
from airflow_provider_vai.model.step_graph import finished, gate_subject, taken_out, unit
from airflow_provider_vai.secrets.masking import mask

SHOWN_RUNS = 20


def assembled(
    playbacks: Sequence[Playback], aligned: Aligned, notes: Sequence[ReviewItem], policy: Policy
) -> Automation:
    """Return the automation of several runs.

    :param playbacks: the runs, newest first.
    :param aligned: their aligned steps.
    :param notes: further review items.
    :param policy: the user's choices.
    :raises RunsDiffer: no step is left, a run's writes would be lost, or the automation would not repeat the runs.
    """
    return _Assembly(playbacks, aligned, policy).automation(notes)


@dataclass
class _Assembly:
    playbacks: Sequence[Playback]
    aligned: Aligned
    policy: Policy
    names: Names = field(init=False)
    context: Context = field(init=False)
    arguments: dict[str, dict[str, Argument]] = field(default_factory=dict)
    predicates: dict[frozenset[int], Predicate] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        base = self.playbacks[0].automation
        self.every = frozenset(playback.number for playback in self.playbacks)
        self.names = Names(frozenset(step.key for step in base.steps), make=identifier)
        for column in self.aligned.columns:
            key = column.newest.step.key
            column.key = key if 0 in column.of else self.names.give(key)
        self.always = [column for column in self.aligned.columns if column.runs == self.every]
        sources, derivations = Sources(self.always, self.playbacks), Derivations(self.playbacks, self.policy.derive)
        self.context = Context(self.playbacks, sources, Params(base), derivations, self.policy.freeze_all)

    def automation(self, notes: Sequence[ReviewItem]) -> Automation:
        """Return the automation. Steps that every run made are decided first, then those of only some runs."""
        self._decide(self.always)
        self._separate()
        kept = [column for column in self.aligned.columns if self._is_kept(column)]
        self.context.sources = Sources(kept, self.playbacks)
        self._decide([column for column in kept if column.runs != self.every])
        if not kept:
            raise RunsDiffer(
                "no step is made in every run", where=f"run {self.playbacks[0].name}", remedy="Name runs of one task."
            )
        left = [column for column in self.aligned.columns if column not in kept]
        self._check_writes(kept, left)
        self._settle(kept)
        for column in kept:
            self.arguments[column.key] = with_required_params(column, self.arguments[column.key], self.context)
        steps = self._steps(kept)
        self._prove(kept, steps)
        base = self.playbacks[0].automation
        branches = [step for step in steps if step.kind == "conditional_branch"]
        used = {name for step in steps for name in step.params()}
        used |= {name for name in self.context.params.made for step in steps if _in_template(step, name)}
        used |= {name for name in self.context.params.made for step in branches if _names(_condition(step), name)}
        params = {name: param for name, param in self.context.params.made.items() if name in used}
        others = [playback.automation.source for playback in self.playbacks[1:] if playback.automation.source]
        update = {"params": params, "not_crystallized": list(self._left_out(left)), "other_sources": others}
        added = [*self._items(branches, left), *notes, *self._other_notes()]
        return finished(base.model_copy(update=update), steps, added=added)

    # --- what is kept -------------------------------------------------------------------------------------------------

    def _decide(self, columns: Sequence[AlignedStep]) -> None:
        for column in columns:
            self.arguments[column.key] = arguments_of(column, self.context)

    def _settle(self, kept: Sequence[AlignedStep]) -> None:
        """Settle the wires of the steps against each other, see :mod:`~..wiring.settle`."""
        steps = [
            WiredStep(
                key=column.key,
                arguments=self.arguments[column.key],
                each=column.newest.step.each,
                values=column.newest.values,
                writes=column.writes,
            )
            for column in kept
        ]
        if unmappable := settle(steps, self.context.sources.holders):
            key = min(unmappable)
            raise RunsDiffer(
                f"the mapped step {key} changes something, and its list depends on a position in other runs",
                where=f"step {key}",
                remedy="Crystallize the runs without --loops.",
            )

    def _separate(self) -> None:
        """Find the conditions that separate the runs that made a step from those that did not."""
        for number, column in enumerate(self.aligned.columns):
            if column.runs == self.every or column.runs in self.predicates or self.policy.freeze_all:
                continue
            before = self.aligned.columns[:number]
            earlier = [source for source in before if source.runs == self.every and not source.newest.is_mapped]
            found = separating(self._subjects(earlier), column.runs, self.every)
            if found:
                self.predicates[column.runs] = found

    def _subjects(self, earlier: Sequence[AlignedStep]) -> list[ConditionSubject]:
        params = self.context.params.values
        complete = [name for name, values in params.items() if values.keys() == self.every]
        given = {run: {name: params[name][run] for name in complete} for run in self.every}
        subjects = [ConditionSubject("params", given)] if complete else []
        for column in reversed(earlier):
            results = {run: played.left for run, played in column.of.items()}
            if all(result is not None for result in results.values()):
                subjects.append(ConditionSubject(self._input(column.key), results))
        return subjects

    def _input(self, key: str) -> str:
        """Return the name of a step's result in conditions."""
        name = f"{key}_result" if key in RESERVED or key in ("params", "payload", "event") else key
        self.inputs[name] = key
        return name

    def _is_kept(self, column: AlignedStep) -> bool:
        if column.runs == self.every:
            return True
        return column.runs in self.predicates and not any(played.is_mapped for played in column.of.values())

    def _check_writes(self, kept: Sequence[AlignedStep], left: Sequence[AlignedStep]) -> None:
        """Refuse an automation that contains none of the steps with which a run made or changed something."""
        for playback in self.playbacks:
            lost = [column for column in left if playback.number in column.of and column.writes]
            if lost and not any(column.writes for column in kept if playback.number in column.of):
                tools = ", ".join(dict.fromkeys(tool_of(column.newest) for column in lost))
                raise RunsDiffer(
                    f"the run {playback.name} changes something with {tools}, but "
                    f"not all {plural(len(self.every), 'run')} do. "
                    f"It was {self._reason(lost[0])}. Without it, the automation would change nothing that this run "
                    "changed",
                    where=f"run {playback.name}",
                    remedy="Name runs of one task, name more of them, or leave that step out with --exclude.",
                )

    # --- steps --------------------------------------------------------------------------------------------------------

    def _steps(self, kept: Sequence[AlignedStep]) -> list[Step]:
        found = blocks(kept, self.every)
        if any(block.runs != self.every for block in found):
            return laid_out(found, self._unit, self.predicates, self.inputs, self.names)
        steps = list(self.playbacks[0].automation.steps)
        for column in self.aligned.columns:
            if column not in kept and 0 in column.of:
                steps = taken_out(steps, unit(steps, column.key))
        units = {column.key: self._unit(column) for column in kept}
        made: list[Step] = []
        for step in steps:
            if step.key in units:
                head = [part.key for part in units[step.key]][:-1]
                new_gate = [part.model_copy(update={"depends_on": step.depends_on}) for part in units[step.key][:-1]]
                is_new = bool(head) and not any(other.key == head[0] for other in steps)
                waits = head if head else step.depends_on
                made += [*(new_gate if is_new else []), units[step.key][-1].model_copy(update={"depends_on": waits})]
            else:
                gates = (gate for parts in units.values() for gate in parts[:-1])
                gate = next((gate for gate in gates if gate.key == step.key), step)
                made.append(gate.model_copy(update={"depends_on": step.depends_on}))
        return made

    def _unit(self, column: AlignedStep) -> list[Step]:
        """Return a step, decided from all of its runs, preceded by its gate if any of the runs guards it."""
        newest = column.newest
        arguments = self.arguments[column.key]
        if newest.is_mapped:
            words = newest.step.model_words
            determinism, reason = newest.step.determinism, newest.step.non_deterministic_reason
        else:
            draft = replace(newest.draft, arguments=arguments)
            words = authorship(draft, self.playbacks[newest.run].evidence)
            determinism, reason = flag(*draft.kind.determinism_of(draft.values), words)
        gate = self._gate(column)
        state = max((played.step.approval.recorded for played in column.of.values()), key=DECIDED.index)
        guarded = next((played for played in self._ordered(column) if played.step.approval.gate), newest)
        why_guarded = guarded.step.approval.reason if guarded.step.approval.gate or not gate else REASON
        update = {"recorded": state, "gate": gate.key if gate else None, "reason": why_guarded}
        approval = guarded.step.approval.model_copy(update=update)
        step = newest.step.model_copy(
            update={
                "key": column.key,
                "task_id": column.key,
                "arguments": arguments,
                "approval": approval,
                "determinism": determinism,
                "non_deterministic": reason is not None,
                "non_deterministic_reason": reason,
                "model_words": words,
                "call_ids": self._call_ids(column),
            }
        )
        return [*([gate] if gate else []), step]

    def _gate(self, column: AlignedStep) -> Step | None:
        found = [(played, self._gate_of(played)) for played in self._ordered(column)]
        gates = [(played, gate) for played, gate in found if gate is not None]
        if not gates:
            return self._gate_for_params(column)
        played, gate = gates[0]
        key = gate.key if played.run == 0 else f"approve_{column.key}"
        if played.run:
            key = self.gate_names.setdefault(
                column.key, key if key in self.gate_names.values() else self.names.give(key)
            )
        arguments = dict(gate.arguments)
        denied = {json_text.canonical(given): given for _, other in gates for given in _denied(other)}
        if denied:
            arguments["denied"] = Argument.frozen(list(denied.values()))
        if arguments.get("subject") == Argument.frozen(gate_subject(played.step.key)):
            arguments["subject"] = Argument.frozen(gate_subject(column.key))
        return gate.model_copy(
            update={"key": key, "task_id": key, "arguments": arguments, "call_ids": self._call_ids(column)}
        )

    def _gate_for_params(self, column: AlignedStep) -> Step | None:
        """Return a gate for a write that reads a required param, because no run guards it."""
        arguments, run = self.arguments[column.key], self.playbacks[column.newest.run]
        read = {name for argument in arguments.values() for name in argument.params()}
        if column.newest.step.effect != "write" or read.isdisjoint(self.context.params.required):
            return None
        if column.key not in self.gate_names:
            self.gate_names[column.key] = self.names.give(f"approve_{column.key}")
        gate = gate_of(column, self.gate_names[column.key], arguments, run, self.policy)
        return gate.model_copy(update={"call_ids": self._call_ids(column)})

    gate_names: dict[str, str] = field(default_factory=dict)

    def _gate_of(self, played: Played) -> Step | None:
        key = played.step.approval.gate
        steps = self.playbacks[played.run].automation.steps
        return next((step for step in steps if step.key == key), None) if key else None

    def _ordered(self, column: AlignedStep) -> list[Played]:
        return [column.of[run] for run in sorted(column.of)]

    def _call_ids(self, column: AlignedStep) -> list[str]:
        """Return the ids of the calls of all runs. An id that another run also uses is prefixed with its run's id."""
        found: list[str] = []
        for played in self._ordered(column):
            for name in played.step.call_ids:
                is_shared = played.run and any(
                    name in other.call_names for other in self.playbacks if other.number != played.run
                )
                found.append(f"{mask(self.playbacks[played.run].run.id)}:{name}" if is_shared else name)
        return found

    # --- the proof and the review items -------------------------------------------------------------------------------

    def _prove(self, kept: Sequence[AlignedStep], steps: Sequence[Step]) -> None:
        """Refuse steps whose arguments would differ from a run's recorded ones at a place that is not for review."""
        by_key = {step.key: step for step in steps}
        for run, key, at in proof.differences(kept, by_key, self.context.params.values):
            argument = by_key[key].arguments.get(str(at[0]))
            if at[0] in (*EXPECTATIONS, "usage_limits") or argument is None:
                continue
            open_ = [place.at for place in argument.undecided if place.code in OPEN]
            if not any(list(at[1:])[: len(place)] == place for place in open_):
                raise RunsDiffer(
                    f"with the values of the run {self.playbacks[run].name}, {place_text(at)} of the step {key} would "
                    "differ from the recorded value",
                    where=f"step {key}",
                    remedy="Crystallize the runs one by one, and report this as a bug.",
                )

    def _items(self, branches: Sequence[Step], left: Sequence[AlignedStep]) -> Iterator[ReviewItem]:
        yield review_item("made_of_runs", count=len(self.playbacks), evidence=self._sources())
        for column in sorted(left, key=lambda column: not column.writes):
            yield review_item("step_left_out", tool=tool_of(column.newest), reason=self._reason(column))
        for step in branches:
            condition = _condition(step)
            for runs, found in self.predicates.items():
                if found.condition == condition:
                    also = [f"these conditions fit as well: {', '.join(found.others)}"] if found.others else []
                    yield review_item(
                        "branch_condition", step=step.key, condition=condition, count=len(runs),
                        total=len(self.every), evidence=[*([found.open] if found.open else []), *also],
                    )  # fmt: skip
                    break
        yield from self.context.notes
        for run, column in self.aligned.moved:
            if column not in left:
                yield review_item("order_differs", step=column.key, run=self.playbacks[run].name)
        yield from in_results(self.always)

    def _sources(self) -> list[str]:
        """Return the names of the runs. The sidecar has the digests of their traces among its sources."""
        named = [playback.name for playback in self.playbacks[:SHOWN_RUNS]]
        return named + ([f"and {len(self.playbacks) - SHOWN_RUNS} more"] if len(self.playbacks) > SHOWN_RUNS else [])

    def _reason(self, column: AlignedStep) -> str:
        named = [self.playbacks[run].name for run in sorted(column.of)]
        listed = ", ".join(named[:5]) + (", …" if len(named) > 5 else "")
        side = min(len(column.of), len(self.every) - len(column.of))
        why = (
            f"too few to find a condition, which takes {FEWEST} runs with it and {FEWEST} without"
            if side < FEWEST
            else "no condition over params and earlier results fits"
        )
        if column.runs in self.predicates:
            why = "it is mapped over a list"
        writes = "; it has external side effects" if column.newest.step.effect == "write" else ""
        return f"made in {len(column.of)} of {plural(len(self.every), 'run')} ({listed}): {why}{writes}"

    def _left_out(self, left: Sequence[AlignedStep]) -> Iterator[LeftOut]:
        for number, playback in enumerate(self.playbacks):
            for entry in playback.automation.not_crystallized:
                reason = f"{entry.reason} (in the run {playback.name})" if number else entry.reason
                yield entry.model_copy(update={"reason": reason})
        for column in left:
            for played in self._ordered(column):
                for name in played.step.call_ids:
                    reason = self._reason(column)
                    yield LeftOut(call_id=name, tool=mask(tool_of(played)), code="not_in_every_run", reason=reason)

    def _other_notes(self) -> Iterator[ReviewItem]:
        known = review.notes(self.playbacks[0].automation)
        for playback in self.playbacks[1:]:
            for item in review.notes(playback.automation):
                if item not in known:
                    yield review_item("other_run", run=playback.name, text=line(item))


def _in_template(step: Step, param: str) -> bool:
    arguments = step.arguments.values()
    texts = [argument.value for argument in arguments if argument.class_ == "template"]
    texts += [wire.template for argument in arguments for wire in argument.wires if wire.template]
    return any(f"{{{{ params[{param!r}] }}}}" in str(text) for text in texts)


def _names(condition: str, param: str) -> bool:
    path = written("params", (param,))
    return path is not None and re.search(rf"{re.escape(path)}(?!\w)", condition) is not None


def _condition(step: Step) -> str:
    return str(step.arguments["condition"].value)


def _denied(gate: Step) -> list[object]:
    argument = gate.arguments.get("denied")
    return list(argument.value) if argument and isinstance(argument.value, list) else []
