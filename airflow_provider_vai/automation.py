"""Automation: the spec of a DAG to be. Knows no Run and no Airflow.

Everything that is decided stands here, and the renderer needs nothing else. ``vai schema automation`` prints the JSON
Schema; the sidecar (:mod:`airflow_provider_vai.sidecar`) is an Automation with its provenance and history.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from airflow_provider_vai import json_text

Determinism = Literal["exact", "live", "model_written", "model_at_run_time"]
Effect = Literal["read", "artifact", "write"]
Origin = Literal["user", "system", "tool_output", "model", "constant", "secret"]
Path = list[str | int]


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)


class Output(_Spec):
    """A place in an earlier step's result: the step's key, and keys and list positions inside the result."""

    step: str
    path: Path = Field(default_factory=list)


class Wire(_Spec):
    """A wire inside an argument: the value at ``at`` comes from ``from``."""

    at: Path
    from_: Output = Field(alias="from")


class Secret(_Spec):
    """A credential inside an argument: the value at ``at`` is the password of the Airflow connection."""

    at: Path
    connection: str


class Argument(_Spec):
    """Where one argument of a step takes its value from.

    ``frozen``: the literal ``value``. ``wired``: the whole value ``from`` an earlier step, or ``value`` with the places
    in ``wires`` (``null`` in it) filled in. ``template``: ``value`` is a Jinja template for Airflow. ``parameter``: the
    DAG param ``param``. ``secrets`` lists places (``null`` in ``value``) that a connection fills in.
    ``origin`` says who said the value first, ``None`` where that was not traced; ``evidence`` are ids of recorded
    calls, or sentences, that the choice rests on.
    """

    class_: Literal["frozen", "wired", "parameter", "template"] = Field(alias="class")
    value: Any = None
    from_: Output | None = Field(default=None, alias="from")
    wires: list[Wire] = Field(default_factory=list)
    secrets: list[Secret] = Field(default_factory=list)
    param: str | None = None
    origin: Origin | None = None
    evidence: list[str] = Field(default_factory=list)

    @model_serializer(mode="wrap")
    def _without_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what was never set (a frozen ``null`` and an absent value differ), but not origin and evidence."""
        everything: dict[str, Any] = handler(self)
        names = {type(self).model_fields[name].alias or name for name in self.model_fields_set}
        names |= {"origin", "evidence"}
        return {name: value for name, value in everything.items() if name in names}

    @classmethod
    def frozen(cls, value: Any) -> Argument:
        """Return an argument that is the literal ``value``."""
        return cls(class_="frozen", value=value)


class StepApproval(_Spec):
    """What the record says about a person's decision, which gate guards the step now, and why."""

    recorded: Literal["not_required", "approved", "edited", "denied", "unknown"]
    gate: str | None = None
    reason: str


class Recorded(_Spec):
    """The recorded result: its digest, and its shape as a small JSON Schema."""

    result_sha256: str
    result_schema: dict[str, Any]


class Step(_Spec):
    """One unit of the Automation; in Airflow it is the task ``task_id``."""

    key: str
    task_id: str
    kind: str
    operator: str
    depends_on: list[str] = Field(default_factory=list)
    non_deterministic: bool = False
    non_deterministic_reason: str | None = None
    determinism: Determinism = "exact"
    effect: Effect = "read"
    approval: StepApproval
    arguments: dict[str, Argument] = Field(default_factory=dict)
    call_ids: list[str] = Field(default_factory=list)
    recorded: Recorded | None = None


class LeftOut(_Spec):
    """A recorded call that became no step, and why."""

    call_id: str
    tool: str
    reason: str


class Source(_Spec):
    """The recording that the Automation was made from."""

    kind: Literal["agent_run", "chat_thread"]
    id: str
    format: str
    trace_sha256: str
    agent: str | None = None
    model: str | None = None
    captured_at: datetime | None = None


class ManualTrigger(_Spec):
    """A person starts the Automation; that is possible beside every other trigger, too."""

    type: Literal["manual"]

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, fields: Any) -> Any:
        """Read the triggers of earlier sidecars, which held the fields of every type."""
        if not isinstance(fields, dict):
            return fields
        return {name: value for name, value in fields.items() if value is not None}


class ScheduleTrigger(_Spec):
    """The clock: a cron expression or an Airflow preset, in an IANA time zone (left out: UTC)."""

    type: Literal["schedule"]
    schedule: str
    timezone: str | None = None


class EventTrigger(_Spec):
    """An event of an Airflow asset: ``vai://automations/<dag_id>`` when another Automation succeeded,
    ``vai://actions/<kind>/<dag_id>/<task_id>`` when one of its steps did, or any other asset's URI."""

    type: Literal["event"]
    uri: str = Field(min_length=1, max_length=1500)


Trigger = Annotated[ManualTrigger | ScheduleTrigger | EventTrigger, Field(discriminator="type")]


class Param(_Spec):
    """A value that whoever starts a run may choose: its default, what it means, and its JSON Schema."""

    default: Any = None
    description: str | None = None
    schema_: dict[str, Any] = Field(default_factory=dict, alias="schema")


class Advice(_Spec):
    """Whether crystallizing this run is worth it, and why."""

    recommendation: Literal["crystallize", "wait", "skip"]
    reasons: list[str]


class Savings(_Spec):
    """What one recorded run cost in model calls, and a run of the DAG no longer costs."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


class Automation(_Spec):
    """The spec of one DAG. ``steps`` stand in an order in which every step comes after those it depends on."""

    dag_id: str
    description: str = ""
    source_type: Literal["CRYSTALLIZED", "MANUAL"]
    source: Source | None = None
    non_deterministic: bool = False
    non_deterministic_steps: list[str] = Field(default_factory=list)
    steps: list[Step]
    not_crystallized: list[LeftOut] = Field(default_factory=list)
    params: dict[str, Param] = Field(default_factory=dict)
    triggers: list[Trigger] = Field(default_factory=list)
    conditions: list[str] = Field(default_factory=list)
    connections: list[str] = Field(default_factory=list)
    review: list[str] = Field(default_factory=list)
    advice: Advice | None = None
    savings: Savings | None = None

    @model_validator(mode="after")
    def _check_references(self) -> Automation:
        """Keys are unique; dependencies, wires and gates name earlier steps."""
        earlier: set[str] = set()
        for step in self.steps:
            wires = [wire.from_.step for argument in step.arguments.values() for wire in argument.wires]
            wholes = [argument.from_.step for argument in step.arguments.values() if argument.from_]
            gates = [step.approval.gate] if step.approval.gate else []
            for name in [*step.depends_on, *wires, *wholes, *gates]:
                if name not in earlier:
                    raise ValueError(f"the step {step.key!r} refers to {name!r}, which is no earlier step")
            if step.key in earlier:
                raise ValueError(f"two steps have the key {step.key!r}")
            earlier.add(step.key)
            for argument in step.arguments.values():
                if argument.class_ == "parameter" and argument.param not in self.params:
                    raise ValueError(
                        f"the step {step.key!r} takes the parameter {argument.param!r}, which is not declared"
                    )
        return self

    @property
    def spec_sha256(self) -> str:
        """SHA-256 of the spec as canonical JSON; whatever the sidecar adds to it does not count."""
        fields = set(Automation.model_fields)
        return json_text.digest(self.model_dump(mode="json", include=fields))
