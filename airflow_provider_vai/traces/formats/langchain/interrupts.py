"""LangGraph's questions to a person and the decisions: interrupts, and the values that resumed them."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.traces.formats.langchain.state import GraphState, writes
from airflow_provider_vai.traces.formats.shared.content import parse_python_repr
from airflow_provider_vai.traces.reading.values import as_list, as_object, parse_json, text_or_none

REPR = re.compile(
    r"Interrupt\(value=(?P<value>.*)(?:, id='(?P<id>[^']*)'|, resumable=(?:True|False)(?:, ns=.*|, when=.*)?)\)",
    re.DOTALL,
)
"""What Python prints for an interrupt, of LangGraph 1 and of earlier versions."""


class CallReview(NamedTuple):
    """One call that waited for a person, and the decision; an empty object if it is not recorded."""

    call: dict[str, Any]
    decision: dict[str, Any]


def reviews(states: list[GraphState], resumes: list[Any]) -> list[CallReview]:
    """Return the calls that waited for a person, with the decisions, in order.

    :param states: the states on the path, oldest first.
    :param resumes: the values of ``Command(resume=...)``, if the file keeps them separately.
    """
    interrupts: dict[str, tuple[Any, Any]] = {}  # an interrupt's key -> its value, and the value that resumed it
    for state in states:
        for task, interrupt in _interrupts(state):
            key = text_or_none(interrupt.get("id", interrupt.get("interrupt_id"))) or repr(interrupt.get("value"))
            resumed = _resumed(state, task)
            earlier = interrupts.get(key, (0, None))[1]
            interrupts[key] = (interrupt.get("value"), resumed if resumed is not None else earlier)
    unused = list(resumes)
    paired: list[CallReview] = []
    for key, (value, recorded) in interrupts.items():
        resumed = recorded
        if resumed is None:
            resumed = next((item[key] for item in unused if isinstance(item, dict) and key in item), None)
        if resumed is None and unused and not any(key in as_object(item) for item in unused):
            resumed = unused.pop(0)
        paired += _paired(value, resumed)
    return paired


def resumes(item: Any) -> list[Any]:
    """Return the values of ``Command(resume=...)`` in an item that holds the commands themselves. Never raises."""
    facts = as_object(item)
    commands = [facts, facts.get("command"), *as_list(facts.get("commands"))]
    return [as_object(command)["resume"] for command in commands if "resume" in as_object(command)]


def _paired(value: Any, resumed: Any) -> list[CallReview]:
    """Return one review for each call in an interrupt; calls and decisions are paired by position.

    :param value: the interrupt's value.
    :param resumed: the value that resumed it.
    """
    request = as_object(value)
    if isinstance(value, list):  # the prebuilt agent's older form: a list with one request each
        requests = [as_object(item.get("action_request")) for item in value if isinstance(item, dict)]
        calls = [{"name": item.get("action"), "args": item.get("args")} for item in requests if item]
    elif "action_request" in request:
        return _paired([value], resumed)
    elif isinstance(request.get("action_requests"), list):
        calls = [item for item in request["action_requests"] if isinstance(item, dict)]
    else:
        calls = [request] if "tool_call_id" in request or {"name", "args"} <= request.keys() else []
    decided = as_object(resumed).get("decisions", resumed)
    decisions = decided if isinstance(decided, list) else [decided]
    return [CallReview(call, as_object(decisions[n]) if n < len(decisions) else {}) for n, call in enumerate(calls)]


def _interrupts(state: GraphState) -> list[tuple[Any, dict[str, Any]]]:
    """Return the interrupts of a state, each with its task's id; ``None`` if the task is unknown."""
    placed: list[tuple[Any, Any]] = [
        (write[0], item) for write in writes(state) if write[1] == "__interrupt__" for item in as_list(write[2])
    ]
    for task in as_list(state.source.get("tasks")):
        placed += [(as_object(task).get("id"), item) for item in as_list(as_object(task).get("interrupts"))]
    for holder in (
        state.values.get("__interrupt__"),
        state.source.get("interrupts"),
        state.source.get("__interrupt__"),
    ):
        placed += [(None, item) for item in as_list(holder)]
    return [(task, _interrupt(item, state.place)) for task, item in placed if item is not None]


def _interrupt(item: Any, where: str) -> dict[str, Any]:
    """Return an interrupt as an object with ``value`` and ``id``.

    ``json.dumps(state, default=str)`` writes the text that Python prints for it, and LangChain's ``dumpd`` an object
    with that text.

    :raises MalformedTrace: the text is not that of a plain value, so the question in it cannot be told.
    """
    text = as_object(item).get("repr") if as_object(item).get("type") == "not_implemented" else item
    if isinstance(text, dict):
        return text
    found = REPR.fullmatch(text) if isinstance(text, str) else None
    value: Any = parse_json(found["value"]) if found else None
    if isinstance(value, str) and value.startswith(("{", "[")):
        value = parse_python_repr(value)
    if found is None or (isinstance(value, str) and not value.startswith(("'", '"'))):
        raise MalformedTrace(
            "an interrupt is a text in which the question to a person cannot be told",
            where=where,
            remedy='Write interrupts as {"id": interrupt.id, "value": interrupt.value}: see the how-to of LangGraph.',
        )
    return {"value": value, **({"id": found["id"]} if found["id"] else {})}


def _resumed(state: GraphState, task: Any) -> Any:
    """Return the last value that a task was resumed with."""
    for write in writes(state):
        if write[1] == "__resume__" and write[0] == task and write[2]:
            return write[2][-1] if isinstance(write[2], list) else write[2]
    return None
