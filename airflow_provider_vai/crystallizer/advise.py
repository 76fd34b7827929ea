"""Advises whether the run is worth crystallizing, with reasons. The rules are the platform's own guidance."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.source_code import only_edits_code
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.automation import Advice
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.secrets.masking import mask


def advise(drafts: Sequence[Draft], run: Run) -> Advice:
    """Return ``skip`` for a single call, exploration or changes to source code, ``wait`` for unfinished work, else
    ``crystallize``.
    """
    if only_edits_code([(draft.kind.name, draft.values) for draft in drafts]):
        reason = (
            "the run only edits source code: commit the change instead, because a DAG would make it again and again"
        )
        return Advice(recommendation="skip", reasons=[reason])
    if len(drafts) == 1:
        return Advice(recommendation="skip", reasons=["one tool call: calling the tool directly is simpler than a DAG"])
    unsettled = _unsettled(drafts, run)
    if unsettled:
        return Advice(recommendation="wait", reasons=unsettled)
    makes = [draft.key for draft in drafts if draft.effect != "read"]
    if not makes:
        return Advice(
            recommendation="skip",
            reasons=["every step only reads and nothing is made or changed: this looks like exploration"],
        )
    kinds = sorted({draft.kind.name for draft in drafts})
    return Advice(
        recommendation="crystallize",
        reasons=[
            f"{plural(len(drafts), 'step')} of {', '.join(kinds)}; these make or change something: {', '.join(makes)}"
        ],
    )


def _unsettled(drafts: Sequence[Draft], run: Run) -> list[str]:
    reasons = []
    failed = [call for call in run.calls if call.actor == "agent" and call.outcome in ("failed", "interrupted")]
    if len(failed) > len(drafts):
        reasons.append(
            f"{plural(len(failed), 'call')} failed and {len(drafts)} succeeded: the run was still trying things out"
        )
    last = max(draft.call.turn for draft in drafts)
    earlier = {draft.call.tool for draft in drafts if draft.call.turn < last and draft.effect != "read"}
    for draft in drafts:
        if draft.call.turn == last and draft.call.tool in earlier and draft.effect != "read":
            reasons.append(f"{mask(draft.call.tool)} ran again in the last turn: the work was still changing")
            break
    return reasons
