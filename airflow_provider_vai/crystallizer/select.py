"""Which calls become steps, and why the others do not."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.exceptions import NothingToCrystallize, RunNotSuccessful
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.model.automation import LeftOut
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.secrets.masking import mask

STRUCTURED_OUTPUT = "final_result"  # pydantic-ai's name for "the answer, as a tool call"
STRUCTURED_OUTPUT_RESULT = "Final result processed."
SHOWN_CHARACTERS = 200

NOT_CHOSEN = "not_chosen"
FAILED_BY_RESULT = "failed_by_result"

Reason = tuple[str, str]
"""Why a call becomes no step: a code of ``review_codes.LEFT_OUT``, and the same in words."""


def require_success(run: Run, policy: Policy) -> None:
    """Refuse a run that failed.

    :raises RunNotSuccessful: the run's outcome is ``failed`` and the policy does not allow that.
    """
    if run.outcome == "failed" and not policy.allow_unsuccessful:
        raise RunNotSuccessful(
            "the recorded run did not succeed, so repeating it repeats a failure",
            where=f"run {run.id}",
            remedy="Choose another run, or take its successful calls all the same with --allow-unsuccessful.",
        )


def select(run: Run, policy: Policy) -> tuple[list[ToolCall], list[LeftOut]]:
    """Return the calls that become steps, in recorded order, and the others with the reason for each.

    :raises NothingToCrystallize: no call is left, or the policy names a turn or call that the run does not have.
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
    """What is asked of each call, found out once for all of them."""

    def __init__(self, calls: Sequence[ToolCall], policy: Policy) -> None:
        self.policy = policy
        self.ids = {call.id for call in calls}
        self.named = frozenset(policy.calls or ())
        self.excluded = frozenset(policy.exclude)
        self.retries = _retries(calls)

    def reason_against(self, call: ToolCall, number: int) -> Reason | None:
        """Return why a call does not become a step; ``None`` if it does.

        :param number: of the call in the run, from 1.
        """
        if self.policy.turns is not None and call.turn not in self.policy.turns:
            return NOT_CHOSEN, f"turn {call.turn} was not chosen"
        names = {call.id, str(number)}
        if self.policy.calls is not None and self.named.isdisjoint(names):
            return NOT_CHOSEN, "was not chosen"
        if not self.excluded.isdisjoint(names) or any(fnmatchcase(call.tool, name) for name in self.policy.exclude):
            return NOT_CHOSEN, "was excluded"
        if call.actor == "user":
            return "made_by_user", "the user's side made it; the agent's later calls may have depended on it"
        if call.parent_id in self.ids:
            return "inside_call", f"was made inside the call {call.parent_id}, which is one step"
        if call.tool == STRUCTURED_OUTPUT and call.result == STRUCTURED_OUTPUT_RESULT:
            return "answer", "is the agent's answer, not an action"
        return self._reason_of_outcome(call, number)

    def _reason_of_outcome(self, call: ToolCall, number: int) -> Reason | None:
        if call.outcome == "success":
            if isinstance(call.arguments, dict):
                return None
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
        return "no_result", "the trace holds no result of it"


def _retries(calls: Sequence[ToolCall]) -> dict[int, ToolCall]:
    """Return the failed calls, by their number from 1, with the call that succeeded in place of each.

    It is the same tool's next success, if only the same tool's failures and calls of the same batch stand between.
    """
    found: dict[int, ToolCall] = {}
    of_tool: dict[tuple[str, str | None], int] = {}  # of each tool, where its next success is
    following: list[int] = []  # where the next success is, and the next one in another batch than that
    for position in reversed(range(len(calls))):
        call = calls[position]
        tool = call.tool, call.server
        if call.outcome == "success":
            other = following if following and calls[following[0]].batch != call.batch else following[1:]
            following, of_tool[tool] = [position, *other[:1]], position
        elif call.outcome == "failed" and tool in of_tool:
            elsewhere = next((it for it in following if calls[it].batch != call.batch), len(calls))
            if of_tool[tool] <= elsewhere:
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
                f"{option} names {name!r}, and no call has that number, id{' or tool' if takes_globs else ''}",
                where=f"run {run.id}",
                remedy="`vai inspect TRACE` lists the calls with their numbers and ids.",
            )


def _nothing(run: Run, left_out: Sequence[LeftOut]) -> str:
    if not run.calls:
        notes = f" ({'; '.join(run.notes[:3])})" if run.notes else ""
        return f"the run made no tool call{notes}"
    shown = "; ".join(f"{entry.tool} ({entry.call_id}) {entry.reason}" for entry in left_out[:5])
    more = f"; and {len(left_out) - 5} more" if len(left_out) > 5 else ""
    return f"no successful tool call is left of {len(left_out)}: {shown}{more}"


def _remedy(left_out: Sequence[LeftOut]) -> str:
    if any(entry.code == NOT_CHOSEN for entry in left_out):
        return "Choose other calls with --turns, --calls or --exclude."
    return "Only successful tool calls become steps: choose a run that did something."


def _short(text: str | None) -> str:
    return cut(" ".join(mask(text or "").split()), SHOWN_CHARACTERS)


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers[:20]) + (", …" if len(numbers) > 20 else "")
