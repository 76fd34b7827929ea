"""How to send a delivery to a webhook: its address, how its signature is made, and lines for a shell.

The lines never contain the secret: they read it from the variable ``SECRET``.
"""

from __future__ import annotations

import shlex

from airflow_provider_vai.model.triggers import WebhookTrigger
from airflow_provider_vai.operators.runtime.compat import configuration

LOCAL = "http://localhost:8080"
"""Airflow's own default address."""

HOW = {
    "vai": "HMAC-SHA256 of <timestamp>.<body>, in hex, as X-Vai-Signature: v1=<hex>, with the time in X-Vai-Timestamp."
    " X-Vai-Delivery is the id of the delivery: tries with the same id start one run.",
    "standard": "HMAC-SHA256 of <id>.<timestamp>.<body>, in base64, as webhook-signature: v1,<base64>, with webhook-id"
    " and webhook-timestamp. The key is the base64 after whsec_ in the secret, decoded. See"
    " https://www.standardwebhooks.com.",
    "github": "HMAC-SHA256 of the body, in hex, as X-Hub-Signature-256: sha256=<hex>. GitHub does this once you enter"
    " the secret in the settings of its webhook; choose the content type application/json there.",
    "stripe": "HMAC-SHA256 of <timestamp>.<body>, in hex, as Stripe-Signature: t=<timestamp>,v1=<hex>. Stripe does this"
    " by itself; the connection's password is the signing secret of its endpoint.",
    "shopify": "HMAC-SHA256 of the body, in base64, as X-Shopify-Hmac-Sha256. Shopify does this by itself; the"
    " connection's password is the secret of the app, or that of the shop's notifications.",
}
"""How each scheme signs, in words."""

_TIMED = """signature=$(printf '%s.%s' "$now" "$body" | openssl dgst -sha256 -hmac "$SECRET" | sed 's/^.* //')"""
_BODY = """signature=$(printf '%s' "$body" | openssl dgst -sha256 -hmac "$SECRET" | sed 's/^.* //')"""
_NOW = "now=$(date +%s)"
_STANDARD = (
    _NOW,
    'id="msg_$(openssl rand -hex 12)"',
    """key=$(printf '%s' "${SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')""",
    """signature=$(printf '%s.%s.%s' "$id" "$now" "$body" |"""
    ' openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)',
)
_SHOPIFY = """signature=$(printf '%s' "$body" | openssl dgst -sha256 -hmac "$SECRET" -binary | openssl base64 -A)"""

_SCRIPTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "vai": (
        (_NOW, _TIMED),
        ("X-Vai-Timestamp: $now", "X-Vai-Signature: v1=$signature", "X-Vai-Delivery: try-$now"),
    ),
    "standard": (
        _STANDARD,
        ("webhook-id: $id", "webhook-timestamp: $now", "webhook-signature: v1,$signature"),
    ),
    "github": ((_BODY,), ("X-Hub-Signature-256: sha256=$signature", "X-GitHub-Delivery: $(openssl rand -hex 16)")),
    "stripe": ((_NOW, _TIMED), ("Stripe-Signature: t=$now,v1=$signature",)),
    "shopify": ((_SHOPIFY,), ("X-Shopify-Hmac-Sha256: $signature", "X-Shopify-Webhook-Id: $(openssl rand -hex 16)")),
}
"""For each scheme the lines that make its signature, and its headers."""


def address(trigger: WebhookTrigger) -> str:
    """Return the absolute address of a webhook, below ``[api] base_url``.

    :param trigger: the webhook. Its path needs no quoting: it has only characters that addresses may contain.
    """
    base = configuration().get("api", "base_url", fallback="") or LOCAL
    return f"{base.rstrip('/')}/vai/webhooks/{trigger.path}"


def script(trigger: WebhookTrigger) -> str:
    """Return lines for a shell that sign a small body with ``$SECRET`` and send it to a webhook.

    :param trigger: the webhook.
    """
    made, headers = _SCRIPTS[trigger.signature]
    sent = "".join(f' \\\n  -H "{header}"' for header in headers)
    lines = ["""body='{"id": "example-1"}'""", *made]
    call = f"curl -sS {shlex.quote(address(trigger))} \\\n  -H 'Content-Type: application/json'{sent}"
    return "\n".join(lines) + f'\n{call} \\\n  --data-binary "$body"\n'
