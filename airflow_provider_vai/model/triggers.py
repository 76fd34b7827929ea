"""The triggers of an automation: manual, schedule, webhook and event. They are part of the spec (``automation.py``)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AliasChoices, Field, model_validator

from airflow_provider_vai.model.base import Spec

PAYLOAD_PARAM = "payload"
"""The DAG param that holds the body of a webhook's delivery."""


class ManualTrigger(Spec):
    """A person starts the Automation. That is also possible with every other trigger."""

    type: Literal["manual"]

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, fields: Any) -> Any:
        """Accept the triggers of older sidecars, which contain the fields of every type as ``null``."""
        if not isinstance(fields, dict):
            return fields
        return {name: value for name, value in fields.items() if value is not None}


class ScheduleTrigger(Spec):
    """A schedule: a cron expression or an Airflow preset, in an IANA time zone (default: UTC)."""

    type: Literal["schedule"]
    schedule: str
    timezone: str | None = None


class WebhookTrigger(Spec):
    """A signed ``POST /vai/webhooks/<path>``. Its body becomes the DAG param ``payload``.

    The secret is the password of the Airflow connection ``conn_id``. ``signature`` is the signature scheme.
    """

    type: Literal["webhook"]
    path: str = Field(pattern=r"^[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*$", max_length=200)
    conn_id: str = Field(min_length=1)
    signature: Literal["vai", "standard", "github", "stripe", "shopify"] = "vai"


EventName = Literal[
    "action.completed", "action.failed", "automation.completed", "automation.failed", "connection.data_available"
]


class EventFilters(Spec):
    """Restricts an event trigger to one action kind, one automation (its DAG id), one step of it (its task id) or one
    connection."""

    optional: ClassVar[tuple[str, ...]] = ("action_kind", "automation", "step", "connection")

    action_kind: str | None = None
    automation: str | None = None
    step: str | None = None
    connection: str | None = None


class EventTrigger(Spec):
    """An event: either an ``event`` of an automation that passes the ``filters``, or an event of an Airflow asset.

    ``uri`` names the asset. It can be any asset. ``vai://automations/<dag_id>`` is updated when that automation
    succeeds, ``vai://actions/<kind>/<dag_id>/<task_id>`` when one of its steps succeeds.
    """

    optional: ClassVar[tuple[str, ...]] = ("uri", "event", "filters")

    type: Literal["event"]
    uri: str | None = Field(default=None, min_length=1, max_length=1500)
    event: EventName | None = Field(default=None, validation_alias=AliasChoices("event", "eventType"))
    filters: EventFilters = Field(default_factory=EventFilters)

    @model_validator(mode="after")
    def _check_source(self) -> EventTrigger:
        if (self.uri is None) == (self.event is None):
            raise ValueError("an event trigger needs either an event or the uri of an asset, not both")
        return self


Trigger = Annotated[ManualTrigger | ScheduleTrigger | WebhookTrigger | EventTrigger, Field(discriminator="type")]
