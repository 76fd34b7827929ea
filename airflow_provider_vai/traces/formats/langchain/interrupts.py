"""What LangGraph asked a person, and what the person decided: interrupts, and what resumed them."""

from __future__ import annotations

from typing import Any, NamedTuple

from airflow_provider_vai.traces.formats.langchain.state import GraphState, listed, writes
from airflow_provider_vai.traces.reading.values import as_object, text_or_none


class CallReview(NamedTuple):
    """One call that waited for a person, and the decision where it is recorded."""

    call: dict[str, Any]
    decision: dict[str, Any]


def reviews(states: list[GraphState], resumes: list[Any]) -> list[CallReview]:
    """Return what waited for a person, and the decisions, in order.

    :param states: the states on the path, oldest first.
    :param resumes: what ``Command(resume=...)`` held where the file keeps it apart.
    """
    asked: dict[str, tuple[Any, Any]] = {}
    for state in states:
        for task, interrupt in _interrupts(state):
            key = text_or_none(interrupt.get("id", interrupt.get("interrupt_id"))) or repr(interrupt.get("value"))
            answers = _resumed(state, task)
            asked[key] = (interrupt.get("value"), answers if answers is not None else asked.get(key, (0, None))[1])
    given = list(resumes)
    found: list[CallReview] = []
    for key, (value, written) in asked.items():
        answer = written
        if answer is None:
            answer = next((item[key] for item in given if isinstance(item, dict) and key in item), None)
        if answer is None and given and not any(key in as_object(item) for item in given):
            answer = given.pop(0)
        found += _paired(value, answer)
    return found


def resumes(item: Any) -> list[Any]:
    """Return what ``Command(resume=...)`` held, where a file keeps the commands themselves. Never raises."""
    facts = as_object(item)
    commands = [facts, facts.get("command"), *listed(facts.get("commands"))]
    return [as_object(command)["resume"] for command in commands if "resume" in as_object(command)]


def _paired(value: Any, answer: Any) -> list[CallReview]:
    """Return one review for each call that an interrupt asks about: decisions are told by position."""
    request = as_object(value)
    if isinstance(value, list):  # the prebuilt agent's older form: a list with one request each
        requests = [as_object(item.get("action_request")) for item in value if isinstance(item, dict)]
        calls = [{"name": item.get("action"), "args": item.get("args")} for item in requests if item]
    elif "action_request" in request:
        return _paired([value], answer)
    elif isinstance(request.get("action_requests"), list):
        calls = [item for item in request["action_requests"] if isinstance(item, dict)]
    else:
        calls = [request] if "tool_call_id" in request or {"name", "args"} <= request.keys() else []
    decided = as_object(answer).get("decisions", answer)
    decisions = decided if isinstance(decided, list) else [decided]
    return [CallReview(call, as_object(decisions[n]) if n < len(decisions) else {}) for n, call in enumerate(calls)]


def _interrupts(state: GraphState) -> list[tuple[Any, dict[str, Any]]]:
    found: list[tuple[Any, Any]] = [
        (write[0], item) for write in writes(state) if write[1] == "__interrupt__" for item in listed(write[2])
    ]
    for task in listed(state.source.get("tasks")):
        found += [(as_object(task).get("id"), item) for item in listed(as_object(task).get("interrupts"))]
    for holder in (
        state.values.get("__interrupt__"),
        state.source.get("interrupts"),
        state.source.get("__interrupt__"),
    ):
        found += [(None, item) for item in listed(holder)]
    return [(task, item) for task, item in found if isinstance(item, dict)]


def _resumed(state: GraphState, task: Any) -> Any:
    """Return what a task was resumed with: the last of its answers."""
    for write in writes(state):
        if write[1] == "__resume__" and write[0] == task and write[2]:
            return write[2][-1] if isinstance(write[2], list) else write[2]
    return None
