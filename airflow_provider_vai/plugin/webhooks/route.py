"""``POST /vai/webhooks/<path>`` starts the automation with this webhook path, if the delivery is signed correctly.

The sender is not an Airflow user: :func:`signed_delivery` takes the place of the permission that other routes require.
An unknown path is answered by 404 and a bad signature by 401. A path is not a secret (the sender's settings and logs
contain it), and people who set up a webhook must see which of the two is wrong. Only the secret protects the webhook.
Logs and messages contain nothing of a body or a signature.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Annotated, ClassVar
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from airflow_provider_vai.exceptions import PublishError, VaiError
from airflow_provider_vai.operators.runtime.compat import configuration
from airflow_provider_vai.plugin.api.json_response import MaskedJson, ResponseModel
from airflow_provider_vai.plugin.api.request_body import read_bytes
from airflow_provider_vai.plugin.webhooks import (
    deliveries as webhook_deliveries,
    payload as webhook_payload,
    runs as webhook_runs,
    triggers as webhook_triggers,
)
from airflow_provider_vai.plugin.webhooks.signatures import BadSignature, Delivery, UnusableSecret, verify
from airflow_provider_vai.plugin.webhooks.triggers import Webhook

log = logging.getLogger(__name__)

LIMIT_BYTES = 1024 * 1024
"""Default of ``[vai] webhook_limit_bytes``."""

BODY_SECONDS = 30
"""How long a sender may take to send its body."""

RETRY_SECONDS = "60"


@dataclass(frozen=True)
class SignedDelivery:
    """A delivery whose sender knows the secret."""

    webhook: Webhook
    delivery: Delivery
    body: bytes
    received_at: datetime


class StartedRun(ResponseModel):
    """The run of a delivery; ``duplicate``: an earlier try of the same delivery started it."""

    optional: ClassVar[tuple[str, ...]] = ("duplicate",)

    dag_id: str
    run_id: str
    duplicate: bool = False


async def signed_delivery(path: str, request: Request) -> SignedDelivery:
    """Return the delivery, if the path is known and the signature is valid.

    :raises HTTPException: 404 no automation has the path; 413 the body is larger than ``[vai] webhook_limit_bytes``;
        401 the signature is missing, invalid or too old; 500 the secret cannot be found, 503 the automations cannot be
        read (the log says why).
    """
    received_at = datetime.now(timezone.utc)
    try:
        webhook = await run_in_threadpool(webhook_triggers.find, path)
        if webhook is None:
            raise HTTPException(404, "no automation has this webhook path")
        secret = await run_in_threadpool(webhook_triggers.secret, webhook.trigger)
    except webhook_triggers.Misconfigured as error:
        raise _not_set_up(error) from None
    except PublishError as error:
        raise _storage_failed(error) from None
    limit = configuration().getint("vai", "webhook_limit_bytes", fallback=LIMIT_BYTES)
    body = await read_bytes(request, limit, BODY_SECONDS, "[vai] webhook_limit_bytes")
    try:
        delivery = verify(webhook.trigger.signature, secret, request.headers, body, received_at)
    except UnusableSecret as error:
        raise _not_set_up(error) from None
    except BadSignature as error:
        raise HTTPException(401, f"{error.problem}. {error.remedy}", {"WWW-Authenticate": "Signature"}) from None
    return SignedDelivery(webhook, delivery, body, received_at)


def _not_set_up(error: VaiError) -> HTTPException:
    log.error("A webhook cannot be served: %s", error)
    return HTTPException(500, "the webhook is not fully set up; the server's log says what to do")


router = APIRouter(prefix="/webhooks")


@router.post("/{path:path}", status_code=202, response_model=StartedRun)
def receive(request: Request, path: str, signed: Annotated[SignedDelivery, Depends(signed_delivery)]) -> Response:
    """Start the run of a delivery, once, and answer with its run id."""
    try:
        payload = webhook_payload.parse(signed.body, request.headers.get("content-type", ""))
        claimed = webhook_deliveries.claim(path, signed.delivery, signed.received_at)
    except webhook_payload.BadPayload as error:
        raise HTTPException(400, f"{error.problem}. {error.remedy}") from None
    except webhook_deliveries.ReplayedDelivery as error:
        raise HTTPException(409, f"{error.problem}. {error.remedy}") from None
    except PublishError as error:
        raise _storage_failed(error) from None
    is_new = claimed.started_dag_id is None and _start(signed, claimed, payload)
    dag_id = claimed.started_dag_id or signed.webhook.dag_id
    if is_new:
        log.info("The webhook %s started the run %s of %s", path, claimed.run_id, dag_id)
    started = StartedRun(dag_id=dag_id, run_id=claimed.run_id, duplicate=not is_new)
    # relative: a proxy may serve Airflow below a path that it does not know
    up = "../" * (path.count("/") + 2)
    place = f"{up}api/v2/dags/{quote(dag_id, '')}/dagRuns/{quote(claimed.run_id, '')}"
    return MaskedJson(started, 202, {"Location": place})


def _start(signed: SignedDelivery, claimed: webhook_deliveries.Claim, payload: object) -> bool:
    """Start the run unless it exists, and return whether this request started it."""
    dag_id = signed.webhook.dag_id
    if not signed.webhook.is_active:
        raise HTTPException(409, f"the automation {dag_id!r} is not active. Activate it and send the delivery again.")
    origin = {
        "path": claimed.path,
        "deliveryId": claimed.delivery_id,
        "receivedAt": signed.received_at.isoformat(timespec="milliseconds"),
    }
    try:
        is_new = webhook_runs.start(dag_id, claimed.run_id, {"payload": payload, "webhook": origin})
    except webhook_runs.Paused as error:
        raise HTTPException(409, f"{error.problem}. {error.remedy}") from None
    except webhook_runs.Unfit as error:
        raise HTTPException(422, f"{error.problem}. {error.remedy}") from None
    except webhook_runs.CannotStart as error:
        raise HTTPException(503, f"{error.problem}. {error.remedy}", {"Retry-After": RETRY_SECONDS}) from None
    try:
        webhook_deliveries.note_started(claimed, dag_id)
    except PublishError as error:  # the run exists, and a later try finds it by its id
        log.warning("The run %s of %s was started, but could not be recorded: %s", claimed.run_id, dag_id, error)
    return is_new


def _storage_failed(error: PublishError) -> HTTPException:
    log.error("A webhook cannot be served: %s", error)
    return HTTPException(503, "the server's storage refused; its log says why", {"Retry-After": RETRY_SECONDS})
