"""Which steps a person must approve before they run."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_vai.crystallizer.draft import Draft, Gates
from airflow_provider_vai.crystallizer.trust import asks_untrusted_address
from airflow_provider_vai.secrets.masking import mask

SHOWN_PLACES = 5
OUTSIDERS = "only text that outsiders can write says"

Untrusted = Sequence[tuple[str, str]]
"""Places of a step's arguments that only untrusted results said, each with the id of the call, see ``trust.py``."""


def gate(draft: Draft, gates: Gates, untrusted: Untrusted = ()) -> tuple[bool, str]:
    """Return whether the step gets a gate, and the reason for that, as a sentence for the reviewer.

    An approval that was given in the recorded run never carries over: it becomes a gate. A rule of the tools file
    decides where it speaks; otherwise ``auto`` also guards each write that, for all the trace says, nobody approved,
    and each step that rests on what outsiders wrote and is a write, or calls on a web address of theirs.
    """
    guarded, reason = _gate(draft, gates)
    if not untrusted or not (draft.effect == "write" or asks_untrusted_address(draft, untrusted)):
        return guarded, reason
    said = source_line(untrusted)
    if guarded:
        return True, f"{reason}; {said}"
    if gates == "auto" and not (draft.rule and draft.rule.approval):
        return True, said
    return False, f"{reason}; {said}"


def source_line(untrusted: Untrusted) -> str:
    """Return where the values came from that only outsiders' text said, as part of a sentence."""
    places = ", ".join(f"{place} (call {mask(call)})" for place, call in untrusted[:SHOWN_PLACES])
    more = f" and {len(untrusted) - SHOWN_PLACES} more" if len(untrusted) > SHOWN_PLACES else ""
    return f"{OUTSIDERS} {places}{more}"


def _gate(draft: Draft, gates: Gates) -> tuple[bool, str]:
    if draft.kind.name == "unmapped_tool":
        return False, "it fails when run: its tool has no action kind yet"
    approval = draft.approval
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
