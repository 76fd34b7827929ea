"""``/api/v1/automations/{dag_id}/triggers``: what starts an automation, and when next."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow.models.dag import DagModel
from airflow.utils.session import create_session
from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy import select

from airflow_provider_vai.model.triggers import EventTrigger, ScheduleTrigger, Trigger, WebhookTrigger
from airflow_provider_vai.plugin.api.access import reading
from airflow_provider_vai.plugin.api.json_response import MaskedJson, ResponseModel
from airflow_provider_vai.plugin.api.parameters import DagId
from airflow_provider_vai.plugin.api.schedule_times import next_times
from airflow_provider_vai.plugin.api.stored_automation import existing
from airflow_provider_vai.plugin.webhooks import examples
from airflow_provider_vai.renderer.event_assets import uris

router = APIRouter(prefix="/api/v1/automations/{dag_id}/triggers", tags=["automations"])


class WebhookShown(ResponseModel):
    """How to send to a webhook: its address, how its signature is made, and lines for a shell without the secret."""

    address: str
    signing: str
    example: str


class TriggerShown(ResponseModel):
    """A trigger. ``nextTimes`` are those of a schedule, ``assets`` those that an event trigger waits for."""

    trigger: Trigger
    next_times: list[datetime]
    webhook: WebhookShown | None
    assets: list[str]


class TriggersShown(ResponseModel):
    """What starts an automation. ``nextRunAt`` is what Airflow plans; null: nothing, or Airflow has not read the DAG.

    All ``conditions`` must hold, otherwise a run skips its steps.
    """

    items: list[TriggerShown]
    conditions: list[str]
    next_run_at: datetime | None = Field(description="When Airflow starts the next run by schedule.")


@router.get("", dependencies=reading(), response_model=TriggersShown)
def triggers(dag_id: DagId) -> Response:
    """Show what starts an automation: the next times of schedules, and the addresses of webhooks."""
    return MaskedJson(triggers_of(dag_id))


def triggers_of(dag_id: str) -> TriggersShown:
    """Return what starts an automation.

    :param dag_id: its DAG id.
    :raises HTTPException: 404 there is no such automation.
    """
    sidecar = existing(dag_id).sidecar
    assert sidecar is not None  # noqa: S101 - existing() checked it
    with create_session(scoped=False) as session:
        row = session.scalars(select(DagModel).where(DagModel.dag_id == dag_id)).first()
        planned = row.next_dagrun_create_after if row is not None and not row.is_paused and not row.is_stale else None
    now = datetime.now(timezone.utc)
    return TriggersShown(
        items=[_shown(trigger, now) for trigger in sidecar.triggers],
        conditions=sidecar.conditions,
        next_run_at=planned,
    )


def _shown(trigger: Any, now: datetime) -> TriggerShown:
    return TriggerShown(
        trigger=trigger,
        next_times=next_times(trigger, now) if isinstance(trigger, ScheduleTrigger) else [],
        webhook=_webhook(trigger) if isinstance(trigger, WebhookTrigger) else None,
        assets=list(uris(trigger)) if isinstance(trigger, EventTrigger) else [],
    )


def _webhook(trigger: WebhookTrigger) -> WebhookShown:
    return WebhookShown(
        address=examples.address(trigger), signing=examples.HOW[trigger.signature], example=examples.script(trigger)
    )
