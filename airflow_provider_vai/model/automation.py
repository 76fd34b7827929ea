"""Automation: the spec of one DAG. It depends neither on the recorded Run nor on Airflow.

It contains every decision, and the renderer needs nothing else. ``vai schema automation`` prints the JSON Schema. The
sidecar (:mod:`airflow_provider_vai.model.sidecar`) is an Automation with its provenance and history.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticKnownError, to_jsonable_python

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model import derivation
from airflow_provider_vai.model.argument import Argument, Output
from airflow_provider_vai.model.base import JsonPath, Spec, known_data
from airflow_provider_vai.model.behaviour import Determinism, Effect
from airflow_provider_vai.model.factories import new_dict, new_list
from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.model.triggers import Trigger


def _no_switch(value: Any) -> Any:
    """Refuse ``true`` and ``false``, which Python takes for the numbers one and zero."""
    if isinstance(value, bool):
        raise PydanticKnownError("int_type")
    return value


Whole: TypeAlias = Annotated[int, BeforeValidator(_no_switch)]
Seconds: TypeAlias = Annotated[float, BeforeValidator(_no_switch)]


class Recorded(Spec):
    """The digest of the recorded result, and its shape as a small JSON Schema."""

    result_sha256: str
    result_schema: dict[str, Any]

    def json_data(self, known: dict[int, Any] | None = None) -> dict[str, Any]:
        """Return it as JSON data; a shape that several steps have is the same object for all of them.

        :param known: as for every model.
        """
        known = {} if known is None else known
        shape = known_data(self.result_schema, known, lambda _: to_jsonable_python(self.result_schema))
        return {"result_sha256": self.result_sha256, "result_schema": shape}


TriggerRule = Literal["all_success", "all_done", "none_failed", "none_failed_min_one_success", "one_success"]


class Step(Spec):
    """One step of the Automation; in Airflow it is the task ``task_id``.

    - ``each``: the list that the step is mapped over, with one task instance for each element. At most
      ``concurrency`` of them run at once.
    - ``trigger_rule``: Airflow's trigger rule. Without it a suitable rule is used, such as
      ``none_failed_min_one_success`` where the paths of a branch join.
    - ``retries``, ``retry_delay_seconds`` and ``timeout_seconds``: Airflow's ``retries``, ``retry_delay`` and
      ``execution_timeout``. Without them the automation's values apply.
    - ``model_words``: the places of texts that only a model wrote, the argument's name first. It is not set for steps
      that only read.
    - ``title``: Airflow's ``task_display_name``, for a step whose name has letters that its task id lacks.
    - ``asset``: whether the task emits ``vai://actions/<kind>/<dag_id>/<task_id>`` the moment it succeeds.
    """

    optional: ClassVar[tuple[str, ...]] = (
        "each", "concurrency", "trigger_rule", "retries", "retry_delay_seconds", "timeout_seconds",
        "model_words", "title", "asset",
    )  # fmt: skip

    key: str
    task_id: str
    title: str | None = None
    kind: str
    operator: str
    depends_on: list[str] = Field(default_factory=new_list)
    non_deterministic: bool = False
    non_deterministic_reason: str | None = None
    model_words: list[JsonPath] = Field(default_factory=new_list)
    determinism: Determinism = "exact"
    effect: Effect = "read"
    approval: StepApproval
    arguments: dict[str, Argument] = Field(default_factory=new_dict)
    call_ids: list[str] = Field(default_factory=new_list)
    recorded: Recorded | None = None
    each: Output | None = None
    concurrency: Whole | None = Field(default=None, ge=1)
    trigger_rule: TriggerRule | None = None
    retries: Whole | None = Field(default=None, ge=0, le=100)
    retry_delay_seconds: Seconds | None = Field(default=None, ge=0)
    timeout_seconds: Seconds | None = Field(default=None, gt=0)
    asset: bool = False

    def outputs(self) -> list[Output]:
        """Return every place in earlier results that the step is wired to, or derives values from."""
        reading = [one for one in self.arguments.values() if one.from_ or one.wires or one.derive]
        inside = [output for argument in reading for output in argument.outputs()]
        return [self.each, *inside] if self.each else inside

    def params(self) -> list[str]:
        """Return the names of the DAG params that the step reads."""
        reading = [one for one in self.arguments.values() if one.class_ == "parameter" or one.wires or one.derive]
        return [name for argument in reading for name in argument.params()]

    def given_arguments(self) -> list[tuple[str, str]]:
        """Return the arguments of earlier steps that the step's derived values read: step key and argument name."""
        derived = [one for one in self.arguments.values() if one.wires or one.derive]
        trees = [tree for argument in derived for _, tree in argument.trees()]
        return [given for tree in trees for given in derivation.given_arguments(tree)]


class LeftOut(Spec):
    """A recorded call that did not become a step. ``code`` is a key of
    :data:`~airflow_provider_vai.model.review_codes.LEFT_OUT`; ``reason`` explains it to people."""

    call_id: str
    tool: str
    code: str = "other"
    reason: str


class Source(Spec):
    """The recording that an Automation was made from."""

    kind: Literal["agent_run", "chat_thread"]
    id: str
    format: str
    trace_sha256: str
    agent: str | None = None
    model: str | None = None
    captured_at: datetime | None = None


class Notification(Spec):
    """A message when a DAG run fails or succeeds: the dotted class name of an Airflow notifier, and its arguments."""

    on: Literal["failure", "success"]
    notifier: str = Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")
    arguments: dict[str, Any] = Field(default_factory=new_dict)


class Param(Spec):
    """A DAG param: its default, its description and its JSON Schema. Whoever starts a DAG run may set it."""

    default: Any = None
    description: str | None = None
    schema_: dict[str, Any] = Field(default_factory=new_dict, alias="schema")


class Advice(Spec):
    """Whether it is worth crystallizing this run, and why."""

    recommendation: Literal["crystallize", "wait", "skip"]
    reasons: list[str]


class Savings(Spec):
    """What one recorded run cost in model calls: the cost that a DAG run saves."""

    optional: ClassVar[tuple[str, ...]] = ("duration_seconds",)

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    duration_seconds: float | None = None


class Automation(Spec):
    """The spec of one DAG.

    ``source`` is the recording that it was made from. If it was made from several runs of one task, ``source`` is the
    newest and ``other_sources`` lists the others. ``steps`` is ordered: every step comes after those it depends on.

    ``conditions`` lists expressions over ``params``, ``payload`` and ``event``. Unless all of them are true, a DAG run
    skips its steps and logs why. ``max_active_runs``, ``max_active_tasks`` and ``timeout_seconds``
    (``dagrun_timeout``) are Airflow's limits for the DAG. ``retries`` and ``retry_delay_seconds`` apply to steps
    without values of their own, but never to steps that write. ``title`` is Airflow's ``dag_display_name``; it is set
    if the name of the automation has letters that its DAG id lacks.
    """

    optional: ClassVar[tuple[str, ...]] = (
        "other_sources", "tags", "owner", "max_active_runs", "max_active_tasks", "timeout_seconds", "retries",
        "retry_delay_seconds", "notifications", "title",
    )  # fmt: skip

    dag_id: str
    title: str | None = None
    description: str = ""
    source_type: Literal["CRYSTALLIZED", "MANUAL"]
    source: Source | None = None
    other_sources: list[Source] = Field(default_factory=new_list)
    non_deterministic: bool = False
    non_deterministic_steps: list[str] = Field(default_factory=new_list)
    steps: list[Step]
    not_crystallized: list[LeftOut] = Field(default_factory=new_list)
    params: dict[str, Param] = Field(default_factory=new_dict)
    triggers: list[Trigger] = Field(default_factory=new_list)
    conditions: list[str] = Field(default_factory=new_list)
    connections: list[str] = Field(default_factory=new_list)
    review: list[ReviewItem] = Field(default_factory=new_list)
    advice: Advice | None = None
    savings: Savings | None = None
    tags: list[str] = Field(default_factory=new_list)
    owner: str | None = None
    max_active_runs: Whole = Field(default=1, ge=1)
    max_active_tasks: Whole | None = Field(default=None, ge=1)
    timeout_seconds: Seconds | None = Field(default=None, gt=0)
    retries: Whole | None = Field(default=None, ge=0, le=100)
    retry_delay_seconds: Seconds | None = Field(default=None, ge=0)
    notifications: list[Notification] = Field(default_factory=new_list)

    @model_validator(mode="after")
    def _check_references(self) -> Automation:
        """Check that keys are unique, params are declared, and dependencies, wires and gates refer to earlier steps."""
        has_payload = any(trigger.type == "webhook" for trigger in self.triggers)
        declared = {*self.params, *(["payload"] if has_payload else [])}
        earlier: dict[str, Step] = {}
        for step in self.steps:
            sources = [output.step for output in step.outputs()]
            for name in (*step.depends_on, *sources, step.approval.gate or None):
                if name is not None and name not in earlier:
                    raise ValueError(f"the step {step.key!r} refers to {name!r}, which is not an earlier step")
            if None in sources and step.each is None:
                raise ValueError(f"the step {step.key!r} reads a list element, but is not mapped over a list (each)")
            if step.key in earlier:
                raise ValueError(f"two steps have the key {step.key!r}")
            if all(map(_is_plain, step.arguments.values())):
                earlier[step.key] = step
                continue
            for source, name in step.given_arguments():
                if problem := _given_problem(earlier[source], name):
                    raise ValueError(f"the step {step.key!r} reads the argument {name!r} of {source!r}, {problem}")
            earlier[step.key] = step
            for name in step.params():
                if name not in declared:
                    raise ValueError(f"the step {step.key!r} uses the param {name!r}, which is not declared in params")
        return self

    @property
    def spec_sha256(self) -> str:
        """SHA-256 of the spec as canonical JSON, without the fields that the sidecar adds."""
        return json_text.digest(self.spec())

    def spec(self) -> dict[str, Any]:
        """Return the spec as JSON data, without the fields that the sidecar adds."""
        if type(self) is Automation:
            return self.json_data()
        return Automation.model_construct(**{name: getattr(self, name) for name in Automation.model_fields}).json_data()


def _is_plain(argument: Argument) -> bool:
    """Return whether an argument reads neither params nor the arguments of earlier steps."""
    return not (argument.wires or argument.derive or argument.class_ == "parameter")


def _given_problem(step: Step, name: str) -> str | None:
    """Return why a derived value cannot read an argument of a step, as a relative clause."""
    if step.each is not None:
        return "which is mapped over a list and was given several"
    return None if name in step.arguments else "which has no such argument"
