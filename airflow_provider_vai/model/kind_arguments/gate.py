"""The argument model of a gate."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from airflow_provider_vai.model.kind_arguments import Arguments


class ApprovalGateArguments(Arguments):
    """The question that a person answers before a step runs. Times are in seconds."""

    subject: str
    reason: str | None = None
    recorded: dict[str, Any] | None = None
    editable: dict[str, dict[str, Any]] | None = None
    denied: list[dict[str, Any]] | None = None
    assigned_users: list[str] | None = None
    response_timeout: int | None = Field(default=None, ge=1)
    on_timeout: Literal["fail", "approve", "reject"] | None = None
    on_reject: Literal["skip", "fail"] | None = None
    remind_before: int | None = Field(default=None, ge=1)
    trust_for: int | None = Field(default=None, ge=1)
    trust_uses: int | None = Field(default=None, ge=1)
    wake_every: int | None = Field(default=None, ge=1)
    allow_unattributed: bool | None = None

    @model_validator(mode="after")
    def _fit_together(self) -> ApprovalGateArguments:
        if (self.trust_for is None) != (self.trust_uses is None):
            raise ValueError("trust_for and trust_uses must be given together")
        if self.remind_before is not None and self.response_timeout is None:
            raise ValueError("remind_before needs a deadline: give response_timeout as well")
        return self
