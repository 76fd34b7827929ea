"""What starts an automation: a person, the clock, a webhook, an event. Part of the spec, see ``automation.py``."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AliasChoices, Field, model_validator

from airflow_provider_vai.model.base import Spec


class ManualTrigger(Spec):
    """A person starts the Automation; that is possible beside every other trigger, too."""

    type: Literal["manual"]

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, fields: Any) -> Any:
        """Read the triggers of earlier sidecars, which held the fields of every type."""
        if not isinstance(fields, dict):
            return fields
        return {name: value for name, value in fields.items() if value is not None}


class ScheduleTrigger(Spec):
    """The clock: a cron expression or an Airflow preset, in an IANA time zone (left out: UTC)."""

    type: Literal["schedule"]
    schedule: str
    timezone: str | None = None


class WebhookTrigger(Spec):
    """A signed ``POST /vai/webhooks/<path>``, the body of which is the DAG param ``payload``.

    The secret is the password of the Airflow connection ``conn_id``; ``signature`` says whose way of signing it is.
    """

    type: Literal["webhook"]
    path: str = Field(pattern=r"^[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*$", max_length=200)
    conn_id: str = Field(min_length=1)
    signature: Literal["vai", "github", "stripe", "shopify"] = "vai"


EventName = Literal[
    "action.completed", "action.failed", "automation.completed", "automation.failed", "connection.data_available"
]


class EventFilters(Spec):
    """Which of the events: of actions of one kind, of one automation (its DAG id), of one step of it (its task id), or
    of data for one connection."""

    optional: ClassVar[tuple[str, ...]] = ("action_kind", "automation", "step", "connection")

    action_kind: str | None = None
    automation: str | None = None
    step: str | None = None
    connection: str | None = None


class EventTrigger(Spec):
    """Something happened: an ``event`` of an automation that passes the ``filters``, or an event of the Airflow asset
    ``uri`` (``vai://automations/<dag_id>``: that automation succeeded,
    ``vai://actions/<kind>/<dag_id>/<task_id>``: one of its steps did; or any asset)."""

    optional: ClassVar[tuple[str, ...]] = ("uri", "event", "filters")

    type: Literal["event"]
    uri: str | None = Field(default=None, min_length=1, max_length=1500)
    event: EventName | None = Field(default=None, validation_alias=AliasChoices("event", "eventType"))
    filters: EventFilters = Field(default_factory=EventFilters)

    @model_validator(mode="after")
    def _check_source(self) -> EventTrigger:
        if (self.uri is None) == (self.event is None):
            raise ValueError("an event trigger names either an event or an asset's uri")
        return self


Trigger = Annotated[ManualTrigger | ScheduleTrigger | WebhookTrigger | EventTrigger, Field(discriminator="type")]
