"""Replay recordings with frozen and with wired arguments: does a crystallized run repeat what was recorded?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_provider_vai.crystallizer.crystallize import crystallize
from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.exceptions import NothingToCrystallize
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.model.tools_file import ToolsFile, read_tools
from airflow_provider_vai.traces.formats.shared.content import result_value
from truth import interpreter, masks
from truth.dojo import Answer, Dojo
from truth.recordings import Recording

TOOLS_FILE = Path(__file__).with_name("agentdojo-tools.toml")


def tools() -> ToolsFile:
    """Return the tools file for AgentDojo's tools."""
    return read_tools(TOOLS_FILE, TOOLS_FILE)


loops = True
"""Whether calls that go through a whole list become one mapped step, as with ``vai crystallize --loops``."""


def automation(run: Run, rules: ToolsFile, sha256: str, *, freeze_all: bool) -> Automation | None:
    """Crystallize a run, even a failed one; return ``None`` if no call of it succeeded."""
    policy = Policy(freeze_all=freeze_all, allow_unsuccessful=True, loops=loops)
    try:
        return crystallize(run, rules, policy, trace_sha256=sha256)
    except NothingToCrystallize:
        return None


def recorded_calls(spec: Automation, run: Run) -> dict[str, list[int]]:
    """Return the positions in ``run.calls`` of the calls that each step was made from, by step key, without gates."""
    found: dict[str, list[int]] = {}
    position = 0
    for step in spec.steps:
        for _ in step.call_ids if step.kind != interpreter.GATE else ():
            while run.calls[position].id not in step.call_ids or run.calls[position].outcome != "success":
                position += 1
            found.setdefault(step.key, []).append(position)
            position += 1
    return found


def in_pairs(right: Sequence[Any], taken: Sequence[Any]) -> list[int | None]:
    """Return for each call that a mapped step makes which of the recorded calls it is judged as.

    It is the one that has the same arguments, or else the next that is left: the order of a list's elements does not
    count, only that each of them is there. ``None``: there are more calls than were recorded.

    :param right: the arguments that the recorded calls should have. :param taken: those of the step's calls.
    """
    left = list(range(len(right)))
    found: list[int | None] = []
    for arguments in taken:
        number = next((number for number in left if same(right[number], arguments)), None)
        if number is not None:
            left.remove(number)
        found.append(number)
    return [left.pop(0) if number is None and left else number for number in found]


def passwords(spec: Automation, run: Run) -> dict[str, str]:
    """Return the password of each connection that replaces a credential of the recording: that credential."""
    calls = recorded_calls(spec, run)
    found = {}
    for step in spec.steps:
        for argument in step.arguments.values():
            for secret in argument.secrets:
                value: Any = run.calls[calls[step.key][0]].arguments
                for key in secret.at:
                    value = value[key]
                found[secret.connection] = value
    return found


def same(left: Any, right: Any) -> bool:
    """Return whether two JSON values are written the same way: ``1`` differs from ``1.0`` and from ``true``."""
    return json_text.canonical(left) == json_text.canonical(right)


@dataclass
class Unequal:
    """A step that did not repeat what was recorded."""

    recording: str
    step: str
    cause: str
    shown: str


@dataclass
class Tally:
    """Counts of one suite."""

    runs: int = 0
    without_steps: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    unequal: list[Unequal] = field(default_factory=list)


def frozen(recording: Recording, dojo: Dojo, rules: ToolsFile, tally: Tally) -> None:
    """Replay one recording with literals only, and count the steps that answer as recorded.

    Counts ``steps``, and of those ``published`` (the published version, with today's clock), ``raw`` (the environment
    of the recording: inputs as its sources accepted them, and the recorded clock if the answer shows it) and
    ``masked``.
    """
    spec = automation(recording.run, rules, recording.sha256, freeze_all=True)
    tally.runs += 1
    if spec is None:
        tally.without_steps += 1
        return
    of_the_day = _answers(spec, recording, dojo, published=False)
    published = _answers(spec, recording, dojo, published=True)
    for key, (position,) in recorded_calls(spec, recording.run).items():
        text = recording.texts[position]
        tally.counts["steps"] += 1
        tally.counts["published"] += _equals(published[key], text)
        tally.counts["raw"] += _equals(of_the_day[key], text)
        used = None if of_the_day[key].error else masks.difference(text, of_the_day[key].text)
        tally.counts["masked"] += used is not None
        for level, answer in (("published", published[key]), ("raw", of_the_day[key])):
            if not _equals(answer, text):
                cause = f"{level}: {_cause(answer, text)}"
                shown = answer.error or masks.first_difference(text, answer.text)
                tally.unequal.append(Unequal(recording.name, key, cause, " ".join(shown.split())[:200]))


def _equals(answer: Answer, text: str) -> bool:
    return not answer.error and answer.text == text


def _cause(answer: Answer, text: str) -> str:
    if answer.error:
        return "the published input schema refuses it" if "ValidationError" in answer.error else "the tool failed"
    used = masks.difference(text, answer.text)
    if used:
        return ", ".join(used)
    return "another spelling of a number" if _numbers(answer.text) == _numbers(text) else "another answer"


def _numbers(text: str) -> str:
    return text.replace(".0 ", " ")


def _answers(spec: Automation, recording: Recording, dojo: Dojo, *, published: bool) -> dict[str, Answer]:
    calls = recorded_calls(spec, recording.run)
    answers: dict[str, Answer] = {}

    def perform(step: Step, arguments: dict[str, Any]) -> Any:
        (position,) = calls[step.key]  # with literals only, no step is mapped
        call = recording.run.calls[position]
        clock = None if published else masks.clock_of(call.tool, recording.texts[position])
        answer = dojo.call(call.tool, arguments["arguments"], clock=clock, published=published)
        answers[step.key] = answer
        return result_value(answer.text)

    dojo.open(recording.document, [])
    interpreter.run(spec, perform, interpreter.Context(passwords=passwords(spec, recording.run)))
    return answers


@dataclass(frozen=True)
class Judged:
    """One call of a wired replay: the arguments that its step took for it, and the ones that it should have taken."""

    step: Step
    position: int
    call: ToolCall
    expected: dict[str, Any]
    taken: dict[str, Any] | None
    refusal: str | None


def wired(
    recording: Recording,
    dojo: Dojo,
    rules: ToolsFile,
    *,
    changes: Sequence[Any] = (),
    expected: Callable[[ToolCall], dict[str, Any]] = lambda call: dict(call.arguments or {}),  # type: ignore[arg-type]
) -> tuple[list[Judged], Unequal | None]:
    """Replay one recording with its wires, in its environment after ``changes``.

    Each tool is run with the *right* arguments, whatever the step took. So a wrong argument does not affect later
    steps, and each step is judged on its own.

    :param expected: the right arguments of a recorded call in the changed environment.
    :return: every step up to the first whose tool failed on the right arguments, and that failure.
    """
    spec = automation(recording.run, rules, recording.sha256, freeze_all=False)
    if spec is None:
        return [], None
    judged: list[Judged] = []
    params = interpreter.defaults(spec)
    context = interpreter.Context(params=params, passwords=passwords(spec, recording.run))
    dojo.open(recording.document, list(changes))
    calls = recorded_calls(spec, recording.run)
    for step in spec.steps:
        if step.kind == interpreter.GATE:
            continue
        positions = calls[step.key]
        right = [expected(recording.run.calls[position]) for position in positions]
        taken, refusal = taken_of(step, context)
        order = [number for number in in_pairs(right, taken) if number is not None]
        given = dict(zip(order, taken, strict=False))
        order += [number for number in range(len(right)) if number not in given]
        results = []
        for number in order:
            position, call = positions[number], recording.run.calls[positions[number]]
            judged.append(Judged(step, position, call, right[number], given.get(number), refusal))
            answer = dojo.call(call.tool, right[number], clock=masks.clock_of(call.tool, recording.texts[position]))
            if answer.error:
                shown = " ".join(answer.error.split())[:200]
                return judged, Unequal(recording.name, step.key, "the tool failed", shown)
            results.append(result_value(answer.text))
        context.results[step.key] = results if step.each else results[0]
        context.given[step.key] = {"arguments": right[0]}
    return judged, None


def taken_of(step: Step, context: interpreter.Context) -> tuple[list[Any], str | None]:
    """Return the arguments that a step takes for each of its calls, and why it takes none if it does not."""
    try:
        return [given["arguments"] for given in interpreter.each_arguments(step, context)], None
    except LookupError as error:
        return [], str(error)


def wired_as_recorded(recording: Recording, dojo: Dojo, rules: ToolsFile, tally: Tally) -> None:
    """Count the steps that have the recorded arguments when their wires are filled in the recorded environment."""
    judged, failure = wired(recording, dojo, rules)
    tally.runs += 1
    if failure:
        tally.unequal.append(failure)
    for one in judged:
        tally.counts["steps"] += 1
        tally.counts["wires"] += sum(len(argument.outputs()) for argument in one.step.arguments.values())
        if one.taken is not None and same(one.taken, one.expected):
            tally.counts["equal"] += 1
        else:
            shown = one.refusal or f"took {json_text.canonical(one.taken)[:200]}"
            tally.unequal.append(Unequal(recording.name, one.step.key, "other arguments", shown))
