"""Proposes how each run can work out an argument of a step, and writes the proposal that a person accepts.

The proposals come from the recorded run, so the recording must be at hand: :func:`stored_run` finds it among the stored
ones. Nothing is guessed and no model is asked: a proposal gives exactly the recorded value, and the person's words are
read by a closed vocabulary, see :mod:`airflow_provider_vai.crystallizer.deriving.proposals`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from typing_extensions import TypedDict

from airflow_provider_vai.authoring import stored_recordings
from airflow_provider_vai.authoring.editing import set_argument
from airflow_provider_vai.authoring.editing.gates import with_facts, with_stale
from airflow_provider_vai.authoring.editing.steps import kind_of, path_in
from airflow_provider_vai.authoring.recorded_steps import TRACE, known_values, recorded_steps, recorded_value
from airflow_provider_vai.crystallizer.deriving.proposals import (
    FittingDerivation,
    is_understood,
    known_words,
    proposals,
)
from airflow_provider_vai.crystallizer.deriving.seen import RunTables, SeenBefore
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.value_places import leaves
from airflow_provider_vai.crystallizer.gate_facts import part_facts
from airflow_provider_vai.crystallizer.run_secrets import knowing_those_of
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.derivation.drawing import Known, drawn
from airflow_provider_vai.languages.derivation.source import written
from airflow_provider_vai.languages.derivation.words import words
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.model.argument import Argument, Undecided
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.recipients import is_target
from airflow_provider_vai.model.review_codes import STALE
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.model.step_graph import GATE, changed, dotted, finished, found
from airflow_provider_vai.model.tools_file import ToolsFile
from airflow_provider_vai.secrets.masking import mask, masked
from airflow_provider_vai.store.shared_files import AnyPath

SHOWN = 40
SHOWN_RIVALS = 3


class ProposalData(TypedDict):
    """A proposal as JSON data; see :class:`ProposedValue`.

    :param number: Counts from 1. ``--accept`` takes it.
    :param words: What it is, in words.
    :param expression: As it is in the DAG file.
    :param derive: The same as a tree, as the sidecar stores it.
    :param tree: A line for each function, with the value that it had in the recording.
    :param fits_words: Whether the words of ``--say`` mean it.
    :param rivals: The numbers of the other proposals that fit the words as well.
    :param kept: Of a text, the figures and names that would stay as recorded.
    :param also: Of a text, in words, what else gives its parts.
    """

    number: int
    words: str
    expression: str
    derive: dict[str, Any]
    tree: list[str]
    fits_words: bool
    rivals: list[int]
    kept: list[str]
    also: list[str]


class ProposalsData(TypedDict):
    """The proposals for one place as JSON data.

    :param step: The key of the step.
    :param place: The place in its arguments, the argument's name first.
    :param recorded: The recorded value.
    :param proposals: The proposals, the best first.
    """

    step: str
    place: list[str | int]
    recorded: Any
    proposals: list[ProposalData]


@dataclass(frozen=True)
class ProposedValue:
    """One way to work the value out.

    :param number: counts from 1. :param node: the derivation. :param words: what it is, in words.
    :param expression: as it is in the DAG file.
    :param tree: a line for each function, with the value that it had in the recording.
    :param fits_words: whether the person's words mean it.
    :param rivals: the numbers of the other proposals that fit the words as well.
    :param kept: of a text, the figures and names that would stay as recorded.
    :param also: of a text, in words, what else gives its parts.
    :param facts: what the step's gate shows of the recording, see :mod:`airflow_provider_vai.crystallizer.gate_facts`.
    """

    number: int
    node: Mapping[str, Any]
    words: str
    expression: str
    tree: tuple[str, ...]
    fits_words: bool
    rivals: tuple[int, ...] = ()
    kept: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    facts: tuple[dict[str, Any], ...] = ()

    def as_json(self) -> ProposalData:
        """Return the proposal as JSON data, with credentials masked."""
        return {
            "number": self.number,
            "words": self.words,
            "expression": mask(self.expression),
            "derive": masked(dict(self.node)),
            "tree": list(self.tree),
            "fits_words": self.fits_words,
            "rivals": list(self.rivals),
            "kept": list(self.kept),
            "also": list(self.also),
        }


@dataclass(frozen=True)
class Proposed:
    """The proposals for one place.

    :param step: the step's key. :param place: the place in its arguments, the argument's name first.
    :param value: the recorded value. :param proposals: the best first.
    """

    step: str
    place: JsonPath
    value: Any
    proposals: tuple[ProposedValue, ...]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Proposed:
        """Return the proposals that another process made.

        :param data: the fields, as :func:`dataclasses.asdict` and JSON give them.
        """
        found: list[dict[str, Any]] = [
            {name: tuple(value) if isinstance(value, list) else value for name, value in one.items()}
            for one in data["proposals"]
        ]
        return cls(data["step"], data["place"], data["value"], tuple(ProposedValue(**one) for one in found))

    def chosen(self, number: int) -> ProposedValue:
        """Return the proposal with a number.

        :raises SpecError: there is none.
        """
        if not 1 <= number <= len(self.proposals):
            count = len(self.proposals)
            problem = f"there is no proposal {number}"
            raise SpecError(problem, where=self.where, remedy=f"Choose 1{f' to {count}' * (count > 1)}.")
        return self.proposals[number - 1]

    def as_json(self) -> ProposalsData:
        """Return the proposals as JSON data, with credentials masked."""
        shown = [one.as_json() for one in self.proposals]
        return {"step": self.step, "place": self.place, "recorded": masked(self.value), "proposals": shown}

    @property
    def shown_value(self) -> str:
        """The recorded value as JSON text, with credentials masked."""
        return json.dumps(masked(self.value), ensure_ascii=False)

    @property
    def where(self) -> str:
        """The place for messages."""
        return f"step {self.step}: {dotted(self.place)}"


@dataclass(frozen=True)
class AcceptProposal:
    """Lets each run work a place out as one of its proposals says; an edit as in :mod:`.editing.edit_requests`.

    :param proposed: the proposals. :param number: the one that is accepted.
    :param ungated: as in :class:`~airflow_provider_vai.authoring.editing.edit_requests.ChangeStep`.
    """

    proposed: Proposed
    number: int
    ungated: bool = False

    def apply(self, automation: Automation, by: str) -> Automation:
        """Return the automation with the derived value.

        :param automation: the automation that the proposals are for. :param by: who accepts it.
        :raises SpecError: there is no such proposal, or the edit is refused.
        """
        one, at = self.proposed.chosen(self.number), self.proposed.place
        argument = Argument(class_="derived", derive=dict(one.node), value=self.proposed.value)
        made = set_argument(automation, self.proposed.step, at, argument, ungated=self.ungated, by=by)
        step = found(made.steps, self.proposed.step)
        made = finished(made, with_facts(made.steps, step, one.facts))
        return _with_stale(made, self.proposed, one) if one.kept else made


def propose(automation: Automation, key: str, place: str | JsonPath, run: Run, say: Sequence[str] = ()) -> Proposed:
    """Return how each run can work out a place in a step's arguments, with what gives the recorded value.

    :param automation: the automation.
    :param key: the step.
    :param place: the argument, or a place in it such as ``json.total``.
    :param run: the recorded run.
    :param say: what the value is, in words such as "total of revenue".
    :raises SpecError: nothing gives the value or fits the words, the place is one that is never derived or holds
        several values, or the run is not that of the automation.
    """
    step = found(automation.steps, key)
    path = path_in(step, place)
    where = f"step {key}: {dotted(path)}"
    _check_may_derive(step, path, where)
    with knowing_those_of(run):
        drafts = recorded_steps(automation, run)
        draft = next((one for one in drafts if one.key == key), None)
        if draft is None:
            problem = "the step was not recorded, so there is no value to compare with"
            raise SpecError(problem, where=where, remedy="Write the expression with `vai edit --derive`.")
        evidence = Evidence(run, ToolsFile()).with_steps(drafts)
        known = known_values(automation, evidence)
        value = recorded_value(step.arguments[str(path[0])], path, known, where)
        seen = SeenBefore(RunTables(evidence), draft, hints=say)
        _check_words(say, seen)
        return Proposed(key, path, value, tuple(_proposed(step, path, seen, value, known)))


def derivable_places(step: Step) -> list[str]:
    """Return the places in a step's arguments for which :func:`propose` may find something.

    :param step: the step.
    """
    if step.kind not in by_name() or not step.call_ids:
        return []
    pairs = [(name, argument) for name, argument in step.arguments.items() if argument.origin != "constant"]
    places = [at for name, argument in pairs for at, _ in leaves(argument.value, [name])]
    return [dotted(at) for at in places if not any("." in str(part) for part in at) and _may_derive(step, at)]


def _may_derive(step: Step, path: JsonPath) -> bool:
    try:
        _check_may_derive(step, path, "")
    except SpecError:
        return False
    return True


def stored_run(automation: Automation, folder: AnyPath) -> Run:
    """Return the stored recording that an automation was made from.

    :param automation: the automation.
    :param folder: the folder of all recordings.
    :raises SpecError: it was made without a recording, or its recording is not stored.
    :raises TraceError: the stored trace is damaged.
    """
    source = automation.source
    if source is None:
        _refuse_without_recording(automation)
    entry = stored_recordings.found(folder, source.kind, source.id, source.trace_sha256)
    entry = entry or stored_recordings.found(folder, source.kind, source.id)
    if entry is None:
        problem = f"its recording {source.id} is not stored in {folder}"
        raise SpecError(problem, where=automation.dag_id, remedy=f"{TRACE} Or send it to the HTTP API first.")
    return stored_recordings.run(folder, entry)


def _proposed(step: Step, path: JsonPath, seen: SeenBefore, value: Any, known: Known) -> Iterator[ProposedValue]:
    """Yield the proposals, numbered.

    :raises SpecError: nothing gives the value, or fits the person's words.
    """
    where = f"step {step.key}: {dotted(path)}"
    made = proposals(value, path, seen)
    if not made:
        _refuse_value(value, path, where)
    if seen.hints and not any(one.hint for one in made):
        count = f"{len(made)} expression{'s give' if len(made) > 1 else ' gives'} the recorded value"
        said = " and ".join(repr(hint.text.strip()) for hint in seen.hints)
        others = "; ".join(mask(words(one.node)) for one in made[:SHOWN_RIVALS])
        remedy = f"Say it in other words, or leave the words out: {others}."
        raise SpecError(f"{count}, but none is what {said} means", where=where, remedy=remedy)
    for number, one in enumerate(made, 1):
        equal = [other for other, it in enumerate(made, 1) if other != number and _points(it) == _points(one)]
        yield ProposedValue(
            number,
            one.node,
            mask(words(one.node)),
            written(one.node),
            tuple(map(mask, drawn(one.node, known))),
            bool(one.hint),
            tuple(equal),
            tuple(map(mask, one.kept)),
            tuple(mask(words(rival)) for rival in one.rivals[:SHOWN_RIVALS]),
            tuple(part_facts(path, one.node, known)),
        )


def _points(one: FittingDerivation) -> tuple[int, int]:
    return one.hint, one.said


def _check_may_derive(step: Step, path: JsonPath, where: str) -> None:
    """Refuse a place that no run works out.

    :raises SpecError: it decides what runs, holds a credential, or says whom a write reaches.
    """
    name = str(path[0])
    if step.kind == GATE:
        raise SpecError("a gate's arguments are never derived", where=where, remedy="Name the step that it guards.")
    if name in kind_of(step).never_wired:
        remedy = "Leave it as recorded, or set it with `vai edit`."
        raise SpecError(f"{name} decides what runs, so it is never derived", where=where, remedy=remedy)
    if name not in step.arguments:
        named = ", ".join(step.arguments) or "none"
        raise SpecError("the argument is not set", where=where, remedy=f"The step has set: {named}.")
    if any(list(secret.at[: len(path) - 1]) == path[1:] for secret in step.arguments[name].secrets):
        raise SpecError("it is a credential, which is never derived", where=where, remedy="Use a connection.")
    if step.each is not None:
        problem = "the step is mapped over a list, so it has a value for each element"
        raise SpecError(problem, where=where, remedy="Wire it to the element with `vai edit --wire`.")
    if step.effect == "write" and is_target(path):
        problem = "it says whom the write reaches or what it pays, and nothing is proposed for that"
        raise SpecError(problem, where=where, remedy="Wire it to a named record, or make it a DAG param.")


def _check_words(say: Sequence[str], seen: SeenBefore) -> None:
    unknown = [hint for hint in seen.hints if not is_understood(hint, seen)]
    if unknown or (say and not seen.hints):
        text = unknown[0].text.strip() if unknown else say[0]
        known = ", ".join(map(mask, known_words(seen)))
        raise SpecError(f"no word of {cut(text, SHOWN)!r} is known", where="--say", remedy=f"Known words: {known}.")


def _refuse_value(value: Any, path: JsonPath, where: str) -> NoReturn:
    shown = mask(cut(json_text.canonical(value), SHOWN))
    if isinstance(value, list) and value and isinstance(value[0], (dict, list)) and len(value) == 1:
        problem = f"nothing in an earlier result gives {shown} as a whole"
        raise SpecError(problem, where=where, remedy=f"Name a place in it, such as {dotted([*path, 0])}.")
    problem = f"nothing in an earlier result gives {shown}"
    remedy = (
        "Say what it is with --say, keep it, make it a DAG param (`vai edit lift`), or let a model write it in each "
        "run (`vai edit model`)."
    )
    raise SpecError(problem, where=where, remedy=remedy)


def _refuse_without_recording(automation: Automation) -> NoReturn:
    problem = "it was made without a recording, so there are no recorded values to compare with"
    remedy = "Write the expression with `vai edit --derive`."
    raise SpecError(problem, where=automation.dag_id, remedy=remedy)


def _with_stale(automation: Automation, proposed: Proposed, one: ProposedValue) -> Automation:
    """Return the automation with the text still listed for review: some of its figures stay as recorded."""
    name, at = str(proposed.place[0]), list(proposed.place[1:])
    step = found(automation.steps, proposed.step)
    argument = step.arguments[name]
    left = [*argument.undecided, Undecided(at=at, code=STALE, evidence=[", ".join(one.kept)])]
    now = step.model_copy(
        update={"arguments": {**step.arguments, name: argument.model_copy(update={"undecided": left})}}
    )
    return finished(automation, with_stale(changed(automation.steps, {step.key: now}), step, now))
