"""``/api/v1/setup``: what ``vai doctor`` finds about this API server's installation."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

from fastapi import APIRouter, Response

from airflow_provider_vai.analysis import doctor
from airflow_provider_vai.analysis.doctor.diagnosis import Severity
from airflow_provider_vai.plugin.api.access import READ_SETUP
from airflow_provider_vai.plugin.api.json_response import MaskedJson, ResponseModel

router = APIRouter(prefix="/api/v1/setup", tags=["setup"])

KEPT = timedelta(minutes=1)
"""How long an examination is kept: it starts a process, so many requests at once must not each start one."""


class DiagnosisShown(ResponseModel):
    """The outcome of one check, see ``dev/docs/doctor.md``."""

    code: str
    level: Severity
    subject: str
    message: str
    remedy: str


class Setup(ResponseModel):
    """What the checks found, and when; ``healthy``: nothing is an error."""

    items: list[DiagnosisShown]
    healthy: bool
    checked_at: datetime


class _Examinations:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.newest: Setup | None = None


_examinations = _Examinations()


@router.get("", dependencies=READ_SETUP, response_model=Setup)
def setup() -> Response:
    """Check the installation of this API server, and what the automations need. It takes some seconds."""
    return MaskedJson(examined())


def examined() -> Setup:
    """Return what the checks find now, or found less than a minute ago."""
    with _examinations.lock:
        newest, now = _examinations.newest, datetime.now(timezone.utc)
        if newest is None or now - newest.checked_at > KEPT:
            found = doctor.examine()
            items = [DiagnosisShown.model_validate(one) for one in found]
            newest = Setup(items=items, healthy=doctor.is_healthy(found), checked_at=datetime.now(timezone.utc))
            _examinations.newest = newest
    return newest


def forget() -> None:
    """Let the next request check again."""
    _examinations.newest = None
