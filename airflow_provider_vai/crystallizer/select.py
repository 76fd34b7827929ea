"""Selects the recorded calls that become steps, and states why the others do not."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.exceptions import NothingToCrystallize, RunNotSuccessful
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.languages.storable import unstorable
from airflow_provider_vai.model.automation import LeftOut
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.traces.reading.values import arguments_problem

STRUCTURED_OUTPUT = "final_result"  # pydantic-ai records the agent's structured answer as a call of this tool
STRUCTURED_OUTPUT_RESULT = "Final result processed."
SHOWN_CHARACTERS = 200

NOT_CHOSEN = "not_chosen"
FAILED_BY_RESULT = "failed_by_result"

Reason = tuple[str, str]
"""Why a call does not become a step: a code of ``review_codes.LEFT_OUT`` and a text."""


def require_success(run: Run, policy: Policy) -> None:
    """Refuse a run that failed.

    :raises RunNotSuccessful: the run's outcome is ``failed`` and the policy does not allow failed runs.
    """
    if run.outcome == "failed" and not policy.allow_unsuccessful:
        raise RunNotSuccessful(
            "the recorded run failed, so repeating it would repeat the failure",
            where=f"run {run.id}",
            remedy="Choose another run, or use its successful calls anyway with --allow-unsuccessful.",
        )


def select(run: Run, policy: Policy) -> tuple[list[ToolCall], list[LeftOut]]:
    """Return the calls that become steps, in recorded order, and the other calls with the reason for each.

    :raises NothingToCrystallize: no call becomes a step, or the policy names a turn or call that the run does not have.
    """
    _check_choice(run, policy)
    chosen: list[ToolCall] = []
    left_out: list[LeftOut] = []
    choice = _Choice(run.calls, policy)
    for number, call in enumerate(run.calls, 1):
        why_not = choice.reason_against(call, number)
        if why_not is None:
            chosen.append(call)
        else:
            code, reason = why_not
            left_out.append(LeftOut(call_id=call.id, tool=call.tool, code=code, reason=reason))
    if not chosen:
        raise NothingToCrystallize(_nothing(run, left_out), where=f"run {run.id}", remedy=_remedy(left_out))
    return chosen, left_out


class _Choice:
    """The checks that decide about each call; what they need to know about the run is computed once."""

    def __init__(self, calls: Sequence[ToolCall], policy: Policy) -> None:
        self.policy = policy
        self.ids = {call.id for call in calls}
        self.named = frozenset(policy.calls or ())
        self.excluded = frozenset(policy.exclude)
        self.retries = _retries(calls)

    def reason_against(self, call: ToolCall, number: int) -> Reason | None:
        """Return why a call does not become a step; ``None`` if it does.

        :param number: the call's number in the run, from 1.
        """
        if self.policy.turns is not None and call.turn not in self.policy.turns:
            return NOT_CHOSEN, f"turn {call.turn} was not chosen"
        names = {call.id, str(number)}
        if self.policy.calls is not None and self.named.isdisjoint(names):
            return NOT_CHOSEN, "was not chosen"
        if not self.excluded.isdisjoint(names) or any(fnmatchcase(call.tool, name) for name in self.policy.exclude):
            return NOT_CHOSEN, "was excluded"
        if call.actor == "user":
            return "made_by_user", "the user's side made it; later calls of the agent may have depended on it"
        if call.parent_id in self.ids:
            return "inside_call", f"was made inside the call {call.parent_id}, which is one step"
        if call.tool == STRUCTURED_OUTPUT and call.result == STRUCTURED_OUTPUT_RESULT:
            return "answer", "is the agent's answer, not an action"
        return self._reason_of_outcome(call, number)

    def _reason_of_outcome(self, call: ToolCall, number: int) -> Reason | None:
        if call.outcome == "success":
            problem = _problem_of_arguments(call.arguments)
            if isinstance(call.arguments, dict) and not problem:
                return None
            if problem:
                return "arguments_unknown", f"succeeded, but no step can have its recorded arguments: {_short(problem)}"
            return "arguments_unknown", "succeeded, but its executed arguments are not recorded"
        error = f": {_short(call.error)}" if call.error else ""
        if call.outcome == "failed":
            again = self.retries.get(number)
            if again:
                return "retried", f"failed{error}; succeeded when retried as {again.id}"
            if call.failed_by_result:
                return FAILED_BY_RESULT, f"its result reports a failure{error}"
            return "failed", f"failed{error}"
        if call.outcome == "denied":
            note = f": {_short(call.approval.note)}" if call.approval.note else error
            return "denied", f"a person denied it{note}"
        if call.outcome == "interrupted":
            return "interrupted", f"was interrupted{error}"
        return "no_result", "the trace contains no result for it"


def _problem_of_arguments(arguments: dict[str, Any] | str | None) -> str:
    """Return why no step can have a call's arguments; empty if one can, or if they are not recorded."""
    if isinstance(arguments, str):
        return arguments_problem(arguments)
    found = unstorable(arguments) if arguments else None
    return found[1] if found else ""


def _retries(calls: Sequence[ToolCall]) -> dict[int, ToolCall]:
    """Return the failed calls that were retried: their numbers (from 1), each with the call that succeeded.

    A retry is the tool's next successful call, provided that no call of another batch succeeded in between.
    """
    found: dict[int, ToolCall] = {}
    of_tool: dict[tuple[str, str | None], int] = {}  # the position of each tool's next success
    following: list[int] = []  # the position of the next success, and of the next one in a different batch
    for position in reversed(range(len(calls))):
        call = calls[position]
        tool = call.tool, call.server
        if call.outcome == "success":
            other = following if following and calls[following[0]].batch != call.batch else following[1:]
            following, of_tool[tool] = [position, *other[:1]], position
        elif call.outcome == "failed" and tool in of_tool:
            other_batch = next((number for number in following if calls[number].batch != call.batch), len(calls))
            if of_tool[tool] <= other_batch:
                found[position + 1] = calls[of_tool[tool]]
    return found


def _check_choice(run: Run, policy: Policy) -> None:
    turns = {turn.index for turn in run.turns} | {call.turn for call in run.calls}
    for turn in sorted((policy.turns or frozenset()) - turns):
        raise NothingToCrystallize(
            f"there is no turn {turn}", where=f"run {run.id}", remedy=f"It has the turns {_list(sorted(turns))}."
        )
    tools = {call.tool for call in run.calls}
    names = {name for number, call in enumerate(run.calls, 1) for name in (call.id, str(number))}
    named = [(name, "--calls", False) for name in policy.calls or ()]
    named += [(name, "--exclude", True) for name in policy.exclude]
    for name, option, takes_globs in named:
        if name not in names and not (takes_globs and any(fnmatchcase(tool, name) for tool in tools)):
            raise NothingToCrystallize(
                f"{option} names {name!r}, but no call has that number{', id or tool' if takes_globs else ' or id'}",
                where=f"run {run.id}",
                remedy="`vai inspect TRACE` lists the calls with their numbers and ids.",
            )


def _nothing(run: Run, left_out: Sequence[LeftOut]) -> str:
    if not run.calls:
        notes = f" ({'; '.join(run.notes[:3])})" if run.notes else ""
        return f"the run contains no tool calls{notes}"
    shown = "; ".join(f"{entry.tool} ({entry.call_id}) {entry.reason}" for entry in left_out[:5])
    more = f"; and {len(left_out) - 5} more" if len(left_out) > 5 else ""
    return f"no tool call (of {len(left_out)}) can become a step: {shown}{more}"


def _remedy(left_out: Sequence[LeftOut]) -> str:
    if any(entry.code == NOT_CHOSEN for entry in left_out):
        return "Choose other calls with --turns, --calls or --exclude."
    return "Only successful tool calls become steps: choose a run that has some."


def _short(text: str | None) -> str:
    return cut(" ".join(mask(text or "").split()), SHOWN_CHARACTERS)


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers[:20]) + (", …" if len(numbers) > 20 else "")
