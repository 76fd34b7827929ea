"""Calls whose results report a failure: what the user may overrule, and what a reviewer should know of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_provider_vai.crystallizer.draft import Draft, Policy
from airflow_provider_vai.crystallizer.select import FAILED_BY_RESULT
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.model.automation import LeftOut
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.traces.formats.shared.reported_failures import failure_text

SHOWN_CALLS = 10
SHOWN_CHARACTERS = 120


def with_named_calls(run: Run, policy: Policy) -> Run:
    """Return the run in which the calls that ``--calls`` names are successful, whatever their results report.

    Only calls whose failure is read from the result are concerned, never one that the trace marks as failed.
    """
    if not policy.calls:
        return run
    named = frozenset(policy.calls)
    calls = [
        call.model_copy(update={"outcome": "success", "error": None})
        if call.failed_by_result and not named.isdisjoint((call.id, str(number)))
        else call
        for number, call in enumerate(run.calls, 1)
    ]
    return run.model_copy(update={"calls": calls})


def failures_to_review(run: Run, drafts: Sequence[Draft], left_out: Sequence[LeftOut]) -> Iterator[ReviewItem]:
    """Yield what a reviewer should know about failures in the run.

    :param drafts: the calls that become steps. :param left_out: the others.
    """
    missing = [f"{entry.tool} ({entry.call_id})" for entry in left_out if entry.code == FAILED_BY_RESULT]
    if missing:
        more = [f"and {len(missing) - SHOWN_CALLS} more"] if len(missing) > SHOWN_CALLS else []
        evidence = [mask(line) for line in missing[:SHOWN_CALLS]]
        yield review_item("results_report_failure", count=len(missing), evidence=[*evidence, *more])
    failed: dict[str, ToolCall] = {_request(call): call for call in run.calls if call.outcome == "failed"}
    made: dict[str, str] = {}
    for draft in drafts:
        text = failure_text(draft.call.result)
        if text is not None:
            yield review_item("success_reports_failure", step=draft.key, evidence=[_shown(text)])
        first = failed.get(_request(draft.call)) if draft.effect == "write" and failed else None
        if first is not None:
            yield review_item(
                "write_after_failure", step=draft.key, evidence=[f"{mask(first.id)}: {_shown(first.error)}"]
            )
        if draft.effect == "write":
            before = made.setdefault(_request(draft.call), draft.key)
            if before != draft.key:
                yield review_item("write_repeated", step=draft.key, before=before)


def _request(call: ToolCall) -> str:
    """Return what two calls have in common that ask for the same."""
    arguments = call.proposed_arguments if call.arguments is None else call.arguments
    return json_text.canonical([call.tool, call.server, arguments])


def _shown(text: str | None) -> str:
    return cut(" ".join(mask(text or "").split()), SHOWN_CHARACTERS)
