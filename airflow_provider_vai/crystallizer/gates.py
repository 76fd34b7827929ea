"""Decides which steps a person must approve before they run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from airflow_provider_vai.crystallizer.draft import Draft, Gates
from airflow_provider_vai.crystallizer.trust import asks_untrusted_address
from airflow_provider_vai.model.flags import outsiders
from airflow_provider_vai.model.kinds_coding import KINDS as CODING
from airflow_provider_vai.model.step_approval import UntrustedValue
from airflow_provider_vai.secrets.masking import mask


@dataclass(frozen=True)
class GateDecision:
    """Whether a step gets a gate.

    :param reason: why or why not, for the reviewer.
    :param untrusted: the values that appear only in text that outsiders can write, if they matter for the step.
    """

    is_guarded: bool
    reason: str
    untrusted: Sequence[UntrustedValue] = ()


def gate(draft: Draft, gates: Gates, untrusted: Sequence[UntrustedValue] = ()) -> GateDecision:
    """Return whether the step gets a gate, and why.

    An approval from the recorded run never applies to later runs; it becomes a gate. If the tools file has a rule about
    approval, the rule decides. Otherwise ``auto`` also guards writes for which the trace records no approval. With
    untrusted values it also guards writes, and steps that request a web address from outsiders.

    :param untrusted: what :func:`~airflow_provider_vai.crystallizer.trust.untrusted_arguments` found in the step.
    """
    is_guarded, reason = _gate(draft, gates)
    if not untrusted or not (draft.effect == "write" or asks_untrusted_address(draft, untrusted)):
        return GateDecision(is_guarded, reason)
    clause = outsiders(untrusted)
    if not is_guarded and gates == "auto" and not (draft.rule and draft.rule.approval):
        return GateDecision(True, clause, untrusted)
    return GateDecision(is_guarded, f"{reason}; {clause}", untrusted)


def _gate(draft: Draft, gates: Gates) -> tuple[bool, str]:
    if draft.kind.name == "unmapped_tool":
        return False, "it fails when it runs, because its tool has no action kind yet"
    approval = draft.approval
    rule = draft.rule.approval if draft.rule else None
    if rule == "required":
        return True, "the tools file requires approval"
    if rule == "never":
        return False, "according to the tools file, this tool needs no approval"
    if approval.state in ("approved", "edited"):
        by = f" ({mask(approval.by)})" if approval.by else ""
        at = f" on {_moment(approval.at)}" if approval.at else ""
        edited = ", with edited arguments" if approval.state == "edited" else ""
        return True, f"a person{by} approved this call in the recorded run{at}{edited}; each run needs its own approval"
    is_own_work = draft.effect == "write" and draft.kind.name in CODING
    if approval.state == "not_required" and is_own_work and gates == "auto" and rule != "recorded":
        return True, "the agent's own settings allowed it without a question; they do not hold for this step"
    if approval.state == "unknown" and draft.effect == "write":
        if gates == "auto" and rule != "recorded":
            return True, "it has external side effects, and the trace does not record whether anyone approved them"
        return False, "it has external side effects; no approval is recorded, and the policy guards only recorded ones"
    if approval.state == "not_required":
        return False, "the recorded run needed no approval for it"
    return False, f"its effect is {draft.effect}, so it has no external side effects"


def _moment(at: datetime) -> str:
    zone = at.tzname() or ""
    return f"{at:%Y-%m-%d} at {at:%H:%M} {zone}".rstrip()
