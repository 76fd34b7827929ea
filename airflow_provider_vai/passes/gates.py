"""Which steps a person must approve before they run."""

from __future__ import annotations

from airflow_provider_vai.passes.draft import Draft, Gates
from airflow_provider_vai.passes.redact import mask


def gate(draft: Draft, gates: Gates) -> tuple[bool, str]:
    """Return whether the step gets a gate, and the reason for that, as a sentence for the reviewer.

    An approval that was given in the recorded run never carries over: it becomes a gate. A rule of the tools file
    decides where it speaks; otherwise ``auto`` also guards each write that, for all the trace says, nobody approved.
    """
    if draft.kind.name == "unmapped_tool":
        return False, "it fails when run: its tool has no action kind yet"
    approval = draft.call.approval
    wish = draft.rule.approval if draft.rule else None
    if wish == "required":
        return True, "the tools file requires approval"
    if wish == "never":
        return False, "the tools file says that this tool needs no approval"
    if approval.state in ("approved", "edited"):
        by = f" by {mask(approval.by)}" if approval.by else ""
        at = f" at {approval.at.isoformat()}" if approval.at else ""
        edited = ", with edited arguments" if approval.state == "edited" else ""
        return True, f"a person approved this call in the recorded run{by}{at}{edited}; each run needs its own approval"
    if approval.state == "unknown" and draft.effect == "write":
        if gates == "auto" and wish != "recorded":
            return True, "it changes something outside, and the trace does not say whether anyone approved that"
        return False, "it changes something outside; no approval is recorded, and the policy guards recorded ones only"
    if approval.state == "not_required":
        return False, "the recorded run needed no approval for it"
    return False, f"its effect is {draft.effect}: it changes nothing outside"
