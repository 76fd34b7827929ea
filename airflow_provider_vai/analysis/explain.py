"""explain: where each argument of a generated DAG comes from, and why, as a compiler explains a line.

Reads a sidecar and nothing else. For each argument: what it is (frozen, wired, parameter, template), where its value
comes from, who said it first, on what evidence, and which other places it could have come from. The evidence was
masked when it was written.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.model.automation import Argument, Automation, Output, Step
from airflow_provider_vai.model.review import undecided
from airflow_provider_vai.model.review_lines import line as review_line, place_text

WIDTH = 110
SHOWN_CHARACTERS = 80
ORIGINS = {
    "user": "the user",
    "system": "the instructions",
    "tool_output": "an earlier result",
    "model": "the model",
    "constant": "no call: the kind or the tools file",
    "secret": "a credential, which is not kept",
}


def explain(automation: Automation, step: str | None = None) -> list[dict[str, Any]]:
    """Return what is known about the arguments, as JSON data: one object an argument, in the order of the DAG file.

    Its keys: ``step``, ``argument``, ``class``, ``source`` (a phrase), ``origin`` (``None`` where its values do not
    agree or were not traced), ``evidence`` (sentences) and ``candidates`` (those of them that wait for a decision).

    :param automation: an automation or a sidecar. :param step: the key of one step; ``None``: all of them.
    :raises SpecError: there is no such step; the message lists those there are.
    """
    return [_explained(one, name, argument) for one in _steps(automation, step) for name, argument in _sorted(one)]


def lines(automation: Automation, step: str | None = None) -> list[str]:
    """Return the same for people: a heading a step, a line an argument, the evidence below it.

    :param automation: an automation or a sidecar. :param step: the key of one step; ``None``: all of them.
    :raises SpecError: there is no such step; the message lists those there are.
    """
    shown: list[str] = []
    for one in _steps(automation, step):
        shown += ["", *_heading(one)] if shown else _heading(one)
        for name, argument in _sorted(one):
            shown += _argument_lines(_explained(one, name, argument))
    return shown


def _steps(automation: Automation, step: str | None) -> Sequence[Step]:
    chosen = [one for one in automation.steps if step in (None, one.key)]
    if not chosen and step is not None:
        raise SpecError(
            f"no step {step!r}",
            where=automation.dag_id,
            remedy=f"Its steps are {', '.join(one.key for one in automation.steps)}.",
        )
    return chosen


def _sorted(step: Step) -> Iterator[tuple[str, Argument]]:
    """Yield the arguments, those first that somebody may have to look at."""
    yield from sorted(step.arguments.items(), key=lambda pair: pair[1].origin == "constant")


def _heading(step: Step) -> list[str]:
    calls = f", call {', '.join(step.call_ids)}" if step.call_ids else ""
    return [f"{step.key} ({step.kind}, {step.effect}{calls})"]


def _explained(step: Step, name: str, argument: Argument) -> dict[str, Any]:
    candidates = list(_undecided(step, name, argument))
    return {
        "step": step.key,
        "argument": name,
        "class": argument.class_,
        "source": "; ".join(_sources(argument)),
        "origin": argument.origin,
        "evidence": [*argument.evidence, *candidates],
        "candidates": candidates,
    }


def _undecided(step: Step, name: str, argument: Argument) -> Iterator[str]:
    """Yield a sentence about each place of an argument that a person should decide about."""
    for item in undecided(step.key, name, argument):
        place = place_text(None, (item.place or [])[1:]) or "the value"
        yield f"{place} {review_line(item.model_copy(update={'step': None, 'place': None}))}"


def _sources(argument: Argument) -> Iterator[str]:
    if argument.class_ == "template":
        yield f"Airflow renders {_short(argument.value)}"
    elif argument.class_ == "parameter":
        yield f"the DAG param {_place(argument.param or '', argument.path)}"
    elif argument.from_:
        yield _output(argument.from_)
    elif argument.class_ == "frozen" and not argument.secrets:
        yield f"always {_short(argument.value)}"
    for wire in argument.wires:
        if wire.from_:
            yield f"{_place('', wire.at)} is {_output(wire.from_)}"
        elif wire.param is not None:
            yield f"{_place('', wire.at)} is the DAG param {_place(wire.param, wire.path)}"
        else:
            yield f"{_place('', wire.at)} is what Airflow renders of {_short(wire.template)}"
    for secret in argument.secrets:
        yield f"{_place('', secret.at) or 'the value'} is the password of the connection {secret.connection}"


def _output(output: Output) -> str:
    if output.step is None:
        return f"{_place('', output.path) or 'all'} of the element at hand"
    return f"what the step {output.step} leaves" + (f", at {_place('', output.path)}" if output.path else "")


def _place(start: str, path: Sequence[str | int]) -> str:
    return start + "".join(str(part) if str(part).startswith("[") else f"[{part}]" for part in path)


def _short(value: Any) -> str:
    return cut(json.dumps(value, ensure_ascii=False), SHOWN_CHARACTERS)


def _argument_lines(found: dict[str, Any]) -> list[str]:
    first = f"; first said by {ORIGINS[found['origin']]}" if found["origin"] else ""
    head = textwrap.wrap(
        f"{found['argument']}: {found['class']}, {found['source']}{first}",
        WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    settled = found["evidence"][: len(found["evidence"]) - len(found["candidates"])]
    marked = [*(f"- {line}" for line in settled), *(f"? {line}" for line in found["candidates"])]
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
