"""`vai explain`: shows where each argument of an automation comes from, and why.

Only the sidecar is read, and the trace if it is given. For each argument, the output shows its class (frozen, wired,
parameter, template or derived), the source of its value, its origin, the evidence, and other places that the value
could have come from. Credentials were masked when the evidence was written.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from typing_extensions import NotRequired, TypedDict

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages.derivation.drawing import Known, drawn, recorded
from airflow_provider_vai.languages.derivation.source import written
from airflow_provider_vai.languages.derivation.words import parts, words
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.model.argument import Argument, Output
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.review import undecided
from airflow_provider_vai.model.review_lines import line as review_line, place_text
from airflow_provider_vai.model.step_result import step_result
from airflow_provider_vai.model.triggers import PAYLOAD_PARAM
from airflow_provider_vai.secrets.masking import mask

WIDTH = 110
SHOWN_CHARACTERS = 80
ORIGINS = {
    "user": "from the user's words",
    "system": "from the instructions",
    "tool_output": "from an earlier result",
    "model": "written by the model",
    "constant": "set by the action kind or the tools file",
    "secret": "a credential, which is not stored",
}
"""An argument's origin, in words; see :func:`origin_words`."""

WEBHOOK = "from the body of the webhook's delivery"
EDITED, EDIT = "edited by ", "set by an edit"

_Class = TypedDict("_Class", {"class": str})


class ExplainedArgument(_Class):
    """Where the value of an argument comes from.

    :param step: The key of the step.
    :param argument: The name of the argument.
    :param class: Its class: frozen, wired, parameter, template or derived.
    :param source: Where its value comes from, as a phrase.
    :param origin: Who said the value first; null: its parts have different origins, or were not traced.
    :param origin_words: The same for people; empty if there is no origin.
    :param evidence: Why, as sentences.
    :param candidates: The sentences in ``evidence`` that a person should decide about.
    :param derived: With the trace: lines that draw each derived value as a tree, with the recorded values of its parts.
    """

    step: str
    argument: str
    source: str
    origin: str | None
    origin_words: str
    evidence: list[str]
    candidates: list[str]
    derived: NotRequired[list[str]]


def explain(
    automation: Automation, step: str | None = None, results: Mapping[str, Any] | None = None
) -> list[ExplainedArgument]:
    """Return the explanation as JSON data: one object per argument, step by step in the order of the DAG file.

    :param automation: An automation or a sidecar.
    :param step: The key of one step; ``None``: all steps.
    :param results: The recorded results by step key, if the recording is at hand.
    :raises SpecError: if there is no such step; the message lists the existing ones.
    """
    known = _known(automation, results)
    return [_explained(automation, one, name, known) for one in _steps(automation, step) for name, _ in _sorted(one)]


def lines(automation: Automation, step: str | None = None, results: Mapping[str, Any] | None = None) -> list[str]:
    """Return the explanation as text lines: a heading per step, a line per argument, and the evidence below it.

    :param automation: An automation or a sidecar.
    :param step: The key of one step; ``None``: all steps.
    :param results: The recorded results by step key, as for :func:`explain`.
    :raises SpecError: if there is no such step; the message lists the existing ones.
    """
    known = _known(automation, results)
    shown: list[str] = []
    for one in _steps(automation, step):
        shown += ["", *_heading(one)] if shown else _heading(one)
        for name, _ in _sorted(one):
            found = _explained(automation, one, name, known)
            shown += [*_argument_lines(found), *(f"    {line}" for line in found.get("derived", []))]
    return shown


def _known(automation: Automation, results: Mapping[str, Any] | None) -> Known | None:
    """Return how to look up recorded values; ``None`` without a recording."""
    if results is None:
        return None
    kinds = by_name()
    of_steps = {key: step_result(kinds.get(_steps(automation, key)[0].kind), value) for key, value in results.items()}
    arguments = {step.key: {name: one.value for name, one in step.arguments.items()} for step in automation.steps}
    return recorded(of_steps, arguments)


def _steps(automation: Automation, step: str | None) -> Sequence[Step]:
    chosen = [one for one in automation.steps if step in (None, one.key)]
    if not chosen and step is not None:
        raise SpecError(
            f"there is no step {step!r}",
            where=automation.dag_id,
            remedy=f"Its steps are {', '.join(one.key for one in automation.steps)}.",
        )
    return chosen


def _sorted(step: Step) -> Iterator[tuple[str, Argument]]:
    """Yield the arguments; constants of the action kind or tools file come last, because nobody has to look at them."""
    yield from sorted(step.arguments.items(), key=lambda pair: pair[1].origin == "constant")


def _heading(step: Step) -> list[str]:
    calls = f", call {', '.join(step.call_ids)}" if step.call_ids else ""
    asset = ", emits its asset" if step.asset else ""
    return [f"{step.key} ({step.kind}, {step.effect}{calls}{asset})"]


def origin_words(automation: Automation, argument: Argument) -> str:
    """Return where an argument's value comes from, for people; empty if its parts differ or were not traced.

    :param automation: The automation. :param argument: An argument of one of its steps.
    """
    words = ORIGINS.get(argument.origin or "", "")
    if argument.origin == "user" and any(line.startswith(EDITED) for line in argument.evidence):
        words = EDIT
    is_started_by_webhook = any(trigger.type == "webhook" for trigger in automation.triggers)
    if not is_started_by_webhook or PAYLOAD_PARAM not in argument.params():
        return words
    return WEBHOOK if argument.is_filled_in or not words else f"{WEBHOOK}, the rest {words}"


def _explained(automation: Automation, step: Step, name: str, known: Known | None) -> ExplainedArgument:
    argument = step.arguments[name]
    trees = [(place_text(None, at), tree) for at, tree in argument.trees()] if known else []
    derived = [line for place, tree in trees if known for line in drawn(tree, known, place)]
    candidates = list(_undecided(step, name, argument))
    found: ExplainedArgument = {
        "step": step.key,
        "argument": name,
        "class": argument.class_,
        "source": source_words(argument),
        "origin": argument.origin,
        "origin_words": origin_words(automation, argument),
        "evidence": [*argument.evidence, *candidates],
        "candidates": candidates,
    }
    if derived:
        found["derived"] = [mask(line) for line in derived]
    return found


def _undecided(step: Step, name: str, argument: Argument) -> Iterator[str]:
    """Yield a sentence for each place in an argument that a person should decide about."""
    for item in undecided(step.key, name, argument):
        place = place_text(None, (item.place or [])[1:]) or "the value"
        yield f"{place} {review_line(item.model_copy(update={'step': None, 'place': None}))}"


def source_words(argument: Argument) -> str:
    """Return where the value of an argument comes from, in words.

    :param argument: the argument of a step.
    """
    return "; ".join(_sources(argument))


def _sources(argument: Argument) -> Iterator[str]:
    if argument.derive:
        yield from _derived("the value", argument.derive)
        if "value" in argument.model_fields_set:
            yield f"recorded: {_short(argument.value)}"
    elif argument.class_ == "template":
        yield f"rendered by Airflow from {_short(argument.value)}"
    elif argument.class_ == "parameter":
        yield f"the DAG param {_place([argument.param or '', *argument.path])}"
    elif argument.from_:
        yield _output(argument.from_)
    elif argument.class_ == "frozen" and not argument.secrets:
        yield f"always {_short(argument.value)}"
    for wire in argument.wires:
        if wire.from_:
            yield f"{_place(wire.at)} is {_output(wire.from_)}"
        elif wire.derive:
            yield from _derived(_place(wire.at), wire.derive)
        elif wire.param is not None:
            yield f"{_place(wire.at)} is the DAG param {_place([wire.param, *wire.path])}"
        else:
            yield f"{_place(wire.at)} is rendered by Airflow from {_short(wire.template)}"
    for secret in argument.secrets:
        place = _place(secret.at) if secret.at else "the value"
        yield f"{place} is the password of the connection `{secret.connection}`"


def _derived(what: str, tree: dict[str, Any]) -> Iterator[str]:
    """Yield how a value is worked out: in words, and as the expression of the DAG file."""
    for slot, part in parts(tree):
        yield f"{what}{f', {slot}' if slot else ''} is the {words(part).removeprefix('the ')}"
    yield f"as `{written(tree)}`"


def _output(output: Output) -> str:
    if output.step is None:
        return f"the {_place(output.path)} of the list element" if output.path else "the whole list element"
    return f"the {_place(output.path)} of `{output.step}`'s result" if output.path else f"the result of `{output.step}`"


def _place(path: Sequence[str | int]) -> str:
    """Return a path for people, such as ```rows[0][id]```; one that starts with a position is written `[0][id]`."""
    parts = [str(part) if str(part).startswith("[") else f"[{part}]" for part in path]
    if parts and isinstance(path[0], str) and not path[0].startswith("["):
        parts[0] = path[0]
    return f"`{''.join(parts)}`"


def _short(value: Any) -> str:
    return cut(json.dumps(value, ensure_ascii=False), SHOWN_CHARACTERS)


def _argument_lines(found: ExplainedArgument) -> list[str]:
    origin = f"; {found['origin_words']}" if found["origin_words"] else ""
    head = textwrap.wrap(
        f"{found['argument']}: {found['class']}, {found['source']}{origin}",
        WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    decided = found["evidence"][: len(found["evidence"]) - len(found["candidates"])]
    marked = [*(f"- {line}" for line in decided), *(f"? {line}" for line in found["candidates"])]
    return head + [
        part
        for line in marked
        for part in textwrap.wrap(
            line,
            WIDTH,
            initial_indent="    ",
            subsequent_indent="      ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]
