"""The lines for a shell make deliveries that are accepted."""

from __future__ import annotations

import shutil
import subprocess
from datetime import datetime, timezone
from typing import get_args

import pytest

from airflow_provider_vai.model.triggers import WebhookTrigger
from airflow_provider_vai.plugin.webhooks.examples import HOW, address, script
from airflow_provider_vai.plugin.webhooks.signatures import verify

SCHEMES = get_args(WebhookTrigger.model_fields["signature"].annotation)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
INSTEAD_OF_CURL = """curl() { printf '%s\\0' "$@"; }\n"""


def webhook(scheme: str = "vai") -> WebhookTrigger:
    """Return a webhook."""
    return WebhookTrigger.model_validate({"type": "webhook", "path": "a/b", "conn_id": "c", "signature": scheme})


@pytest.mark.skipif(not (shutil.which("openssl") and shutil.which("bash")), reason="needs a shell and openssl")
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_lines_sign(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the lines would send has a valid signature; they contain no secret."""
    monkeypatch.setenv("SECRET", SECRET)
    lines = script(webhook(scheme))

    ran = subprocess.run(["bash", "-c", INSTEAD_OF_CURL + lines], capture_output=True, text=True, check=True)

    sent = ran.stdout.split("\0")
    headers = dict(sent[at + 1].split(": ", 1) for at, word in enumerate(sent) if word == "-H")
    body = sent[sent.index("--data-binary") + 1].encode()
    assert verify(scheme, SECRET, headers, body, datetime.now(timezone.utc)).scheme == scheme
    assert sent[1] == address(webhook())
    assert SECRET not in lines
    assert scheme in HOW


@pytest.mark.parametrize("base", ["https://airflow.example.com/x", "https://airflow.example.com/x/"])
def test_the_address(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is absolute: a sender knows nothing of Airflow's pages."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", base)
    assert address(webhook()) == "https://airflow.example.com/x/vai/webhooks/a/b"
