"""Which steps a person must approve before they run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_vai.crystallizer.draft import Draft, Gates
from airflow_provider_vai.crystallizer.trust import asks_untrusted_address
from airflow_provider_vai.model.automation import UntrustedValue
from airflow_provider_vai.model.flags import outsiders
from airflow_provider_vai.secrets.masking import mask


@dataclass(frozen=True)
class GateDecision:
    """Whether a step gets a gate.

    :param reason: why, or why not, for the reviewer. :param untrusted: the values that only outsiders' text said, where
        that counts for the step.
    """

    is_guarded: bool
    reason: str
    untrusted: Sequence[UntrustedValue] = ()


def gate(draft: Draft, gates: Gates, untrusted: Sequence[UntrustedValue] = ()) -> GateDecision:
    """Return whether the step gets a gate, and why.

    An approval that was given in the recorded run never carries over: it becomes a gate. A rule of the tools file
    decides where it speaks; otherwise ``auto`` also guards each write that, for all the trace says, nobody approved,
    and each step that rests on what outsiders wrote and is a write, or calls on a web address of theirs.

    :param untrusted: what :func:`~airflow_provider_vai.crystallizer.trust.untrusted_arguments` found in the step.
    """
    is_guarded, reason = _gate(draft, gates)
    if not untrusted or not (draft.effect == "write" or asks_untrusted_address(draft, untrusted)):
        return GateDecision(is_guarded, reason)
    said = outsiders(untrusted)
    if not is_guarded and gates == "auto" and not (draft.rule and draft.rule.approval):
        return GateDecision(True, said, untrusted)
    return GateDecision(is_guarded, f"{reason}; {said}", untrusted)


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
