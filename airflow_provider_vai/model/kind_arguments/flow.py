"""The argument models of the kinds that decide which steps run."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AliasChoices, Field

from airflow_provider_vai.model.kind_arguments import Arguments


class ConditionalBranchArguments(Arguments):
    """A branch: the tasks in ``if_true`` run if the condition is true, else those in ``if_false``."""

    written_first = ("condition", "inputs")

    condition: str = Field(min_length=1, validation_alias=AliasChoices("condition", "expression"))
    if_true: list[str]
    if_false: list[str] | None = None
    inputs: dict[str, Any] | None = None
    missing: Literal["false", "fail"] | None = None


class CallAutomationArguments(Arguments):
    """One DAG run of another automation. The names are those of Airflow's own operator: a task already has a
    ``dag_id``."""

    trigger_dag_id: str = Field(
        min_length=1, validation_alias=AliasChoices("trigger_dag_id", "dag_id", "automation", "automationId")
    )
    conf: dict[str, Any] | None = Field(default=None, validation_alias=AliasChoices("conf", "params", "input"))
    wait: bool | None = None


class ConditionsArguments(Arguments):
    """Expressions, all of which must be true."""

    conditions: list[str]


class EachArguments(Arguments):
    """The list that a step is mapped over; usually wired."""

    items: Any
