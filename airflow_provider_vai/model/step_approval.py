"""What a person decided about a recorded call, and what guards its step now."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from airflow_provider_vai.model.base import JsonPath, Spec
from airflow_provider_vai.model.factories import new_list


class UntrustedValue(Spec):
    """A value of a step that appears only in text that outsiders can write.

    ``place`` starts with the argument's name. ``call_id`` is the call whose result contained the value.
    """

    place: JsonPath
    call_id: str


class StepApproval(Spec):
    """The recorded decision of a person about the step's call, the gate that guards the step now, and why.

    ``untrusted`` lists the values that come from outsiders. ``reason`` is for people; no code reads it.
    """

    optional: ClassVar[tuple[str, ...]] = ("untrusted",)

    recorded: Literal["not_required", "approved", "edited", "denied", "unknown"]
    gate: str | None = None
    reason: str
    untrusted: list[UntrustedValue] = Field(default_factory=new_list)
