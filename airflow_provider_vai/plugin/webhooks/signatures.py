"""Verifies the signature of a delivery over the bytes as they arrived, in the five ways in which senders sign.

============ ============================================================ ===================== ======================
scheme       signature                                                    signed                id of the delivery
============ ============================================================ ===================== ======================
``vai``      ``X-Vai-Signature: v1=<hex>``, ``X-Vai-Timestamp: <unix s>`` ``<timestamp>.<body>`` ``X-Vai-Delivery``
``standard`` ``webhook-signature: v1,<base64>``, ``webhook-timestamp``    ``<id>.<time>.<body>`` ``webhook-id``
``github``   ``X-Hub-Signature-256: sha256=<hex>``                        ``<body>``            ``X-GitHub-Delivery``
``stripe``   ``Stripe-Signature: t=<unix s>,v1=<hex>``                    ``<timestamp>.<body>`` ``id`` in the JSON body
``shopify``  ``X-Shopify-Hmac-Sha256: <base64>``                          ``<body>``            ``X-Shopify-Webhook-Id``
============ ============================================================ ===================== ======================

Each signature is an HMAC-SHA256. Sources: "Validating webhook deliveries" (docs.github.com), "Verify webhook
signatures" (docs.stripe.com/webhooks/signature), "Verify webhook deliveries" (shopify.dev), and the specification at
https://www.standardwebhooks.com. The library ``standardwebhooks`` is not used: it decides by the clock of its own
process, accepts several spellings of one signature, cannot read a body that is not UTF-8, and does not say which
delivery it verified. This module imports neither Airflow nor an HTTP library. No message contains the secret, the
expected signature or anything of the body.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from airflow_provider_vai.exceptions import UnreadableTrace, VaiError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.plural import plural

TOLERANCE_SECONDS = 300
"""How many seconds a signed time may be off, before or after now: Stripe's own default."""

_SECONDS = re.compile("[0-9]{1,12}")
_HEX = re.compile("[0-9a-f]{64}")
_BASE64 = re.compile("[A-Za-z0-9+/]{43}=")
_ID = re.compile("[!-~]{1,255}")
_STANDARD_FORM = "v1,<32 bytes in base64>"
SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets of Standard Webhooks begin with


class BadSignature(VaiError):
    """A delivery is not signed correctly, or was signed too long ago."""


class UnusableSecret(VaiError):
    """The secret does not have the form that its signature scheme needs. The message is for the log."""


@dataclass(frozen=True)
class Delivery:
    """A delivery signed with the secret.

    :param scheme: how it is signed.
    :param id: the sender's id of it, the same in each try; ``None``: the sender gave none.
    :param sent_at: the signed time in UTC; ``None``: the scheme does not sign the time.
    :param digest: SHA-256 in hex of what was signed: two deliveries with the same digest use one signature twice.
    :param content: SHA-256 in hex of what is the same in each try of a delivery: the body, or the id if the id itself
        is signed.
    :param signature: SHA-256 in hex of the signature itself: it is the same only for the same bytes and secret.
    """

    scheme: str
    id: str | None
    sent_at: datetime | None
    digest: str
    content: str
    signature: str = field(compare=False)  # while a secret changes, one delivery has two signatures


@dataclass(frozen=True)
class _Signed:
    """What one scheme finds in a delivery: its id, the signed time, the signed bytes, and what each try repeats."""

    id: str | None
    sent_at: datetime | None
    signed: bytes
    content: bytes


def verify(scheme: str, secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Delivery:
    """Return the delivery, if exactly these bytes were signed with the secret.

    :param scheme: ``vai``, ``standard``, ``github``, ``stripe`` or ``shopify``.
    :param secret: the shared secret as the sender has it, as text. Only ``standard`` decodes it (not Stripe, whose
        secrets begin with ``whsec_``, too).
    :param headers: of the request, their names in upper or lower case.
    :param body: of the request, as it arrived.
    :param now: the time of arrival, with its time zone.
    :raises BadSignature: a header is missing, repeated or malformed; no signature fits; or the signed time is more than
        :data:`TOLERANCE_SECONDS` off.
    :raises UnusableSecret: the secret is not base64, which ``standard`` needs.
    :raises ValueError: the scheme is unknown, or the secret is empty: everybody could sign with it.
    """
    if scheme not in _SCHEMES:
        raise ValueError(f"there is no signature scheme {scheme!r}: choose one of {', '.join(_SCHEMES)}")
    if not secret:
        raise ValueError("the secret is empty")
    key = key_of(scheme, secret)
    found = _SCHEMES[scheme](key, headers, body, now)
    return Delivery(
        scheme=scheme,
        id=found.id,
        sent_at=found.sent_at,
        digest=_sha256(found.signed),
        signature=_sha256(hmac.digest(key, found.signed, "sha256")),
        content=_sha256(found.content),
    )


def key_of(scheme: str, secret: str) -> bytes:
    """Return the key that a secret stands for.

    :param scheme: the signature scheme.
    :param secret: the secret as the sender has it.
    :raises UnusableSecret: it does not have the form that the scheme needs.
    """
    return _standard_key(secret) if scheme == "standard" else secret.encode("utf-8")


def _vai(secret: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> _Signed:
    """Several signatures, separated by commas or spaces, let a sender change its secret without a gap."""
    timestamp = _required(headers, "X-Vai-Timestamp")
    given = re.split(r"[,\s]+", _required(headers, "X-Vai-Signature"))
    signatures = [value[3:] for value in given if value.startswith("v1=")]
    signed = _timed(timestamp, body, "X-Vai-Timestamp")
    _check(secret, signed, signatures, "X-Vai-Signature", "v1=<64 hex digits>")
    sent_at = _fresh(timestamp, now)
    return _Signed(_given_id(headers, "X-Vai-Delivery"), sent_at, signed, body)


def _standard(secret: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> _Signed:
    """Each try is signed anew with its own time; the id and the body stay the same. Several signatures are separated by
    spaces; those of other versions, such as ``v1a``, do not count."""
    header = "webhook-signature"
    message_id, timestamp = _required(headers, "webhook-id"), _required(headers, "webhook-timestamp")
    if not _ID.fullmatch(message_id):
        raise _malformed("webhook-id", "1 to 255 visible ASCII characters")
    given = [value.partition(",") for value in _required(headers, header).split(" ")]
    signed = message_id.encode("ascii") + b"." + _timed(timestamp, body, "webhook-timestamp")
    signatures = [value for version, _, value in given if version == "v1"]
    _check_base64(secret, signed, signatures, header, _STANDARD_FORM)
    return _Signed(message_id, _fresh(timestamp, now), signed, body)


def _standard_key(secret: str) -> bytes:
    """Return the bytes that a secret of Standard Webhooks stands for: base64 after the prefix, which may be missing."""
    text = secret.strip().removeprefix(SECRET_PREFIX).rstrip("=")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if not key:
        raise UnusableSecret(
            "the secret of a webhook with the signature 'standard' is not base64",
            remedy=f"Set the connection's password to the sender's secret, {SECRET_PREFIX}<base64>.",
        )
    return key


def _github(secret: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> _Signed:
    name, _, value = _required(headers, "X-Hub-Signature-256").partition("=")
    _check(secret, body, [value] if name == "sha256" else [], "X-Hub-Signature-256", "sha256=<64 hex digits>")
    return _Signed(_given_id(headers, "X-GitHub-Delivery"), None, body, body)


def _stripe(secret: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> _Signed:
    """Stripe signs every try anew, and the body may count the tries; only the event's id stays the same."""
    header = "Stripe-Signature"
    pairs = [part.strip().partition("=") for part in _required(headers, header).split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1:
        raise _malformed(header, "t=<seconds>,v1=<64 hex digits>")
    signed = _timed(times[0], body, header)
    signatures = [value for name, _, value in pairs if name == "v1"]
    _check(secret, signed, signatures, header, "t=<seconds>,v1=<64 hex digits>")
    sent_at = _fresh(times[0], now)
    event_id = _event_id(body)
    return _Signed(event_id, sent_at, signed, body if event_id is None else event_id.encode())


def _shopify(secret: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> _Signed:
    header = "X-Shopify-Hmac-Sha256"
    _check_base64(secret, body, [_required(headers, header)], header, "32 bytes in base64")
    return _Signed(_given_id(headers, "X-Shopify-Webhook-Id"), None, body, body)


_SCHEMES: dict[str, Callable[[bytes, Mapping[str, str], bytes, datetime], _Signed]] = {
    "vai": _vai,
    "standard": _standard,
    "github": _github,
    "stripe": _stripe,
    "shopify": _shopify,
}


def _header(headers: Mapping[str, str], name: str) -> str | None:
    """Return a header. It must not be repeated: proxies and senders do not agree which of two values counts."""
    found = [value for given, value in headers.items() if given.lower() == name.lower()]
    if len(found) > 1:
        raise BadSignature(f"the header {name} was sent {plural(len(found), 'time')}", remedy="Send it once.")
    return found[0] if found else None


def _required(headers: Mapping[str, str], name: str) -> str:
    value = _header(headers, name)
    if not value:
        raise BadSignature(f"the header {name} is missing", remedy="Sign the delivery; see dev/docs/webhooks.md.")
    return value


def _given_id(headers: Mapping[str, str], name: str) -> str | None:
    value = _header(headers, name)
    if value is not None and not _ID.fullmatch(value):
        raise _malformed(name, "1 to 255 visible ASCII characters")
    return value


def _event_id(body: bytes) -> str | None:
    try:
        event: Any = json_text.loads(body.decode("utf-8"), where="the body")
    except (UnicodeDecodeError, UnreadableTrace):
        return None
    found = event.get("id") if isinstance(event, dict) else None
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def _timed(timestamp: str, body: bytes, header: str) -> bytes:
    if not _SECONDS.fullmatch(timestamp):
        raise _malformed(header, "the seconds since 1970 in digits")
    return timestamp.encode("ascii") + b"." + body


def _check(secret: bytes, signed: bytes, signatures: Sequence[str], header: str, form: str) -> None:
    """Accept only lower-case hex digits, so that a signature has one spelling."""
    expected = hmac.new(secret, signed, "sha256").hexdigest().encode("ascii")
    _compare(expected, [value for value in signatures if _HEX.fullmatch(value)], header, form)


def _check_base64(secret: bytes, signed: bytes, signatures: Sequence[str], header: str, form: str) -> None:
    """Compare the text, not the bytes that it stands for, so that a signature has one spelling."""
    expected = base64.b64encode(hmac.digest(secret, signed, "sha256"))
    _compare(expected, [value for value in signatures if _BASE64.fullmatch(value)], header, form)


def _compare(expected: bytes, well_formed: Sequence[str], header: str, form: str) -> None:
    candidates = [value.encode("ascii") for value in well_formed]
    if not candidates:
        raise _malformed(header, form)
    if not any([hmac.compare_digest(expected, candidate) for candidate in candidates]):  # noqa: C419 - compare them all
        raise _unfit(header)


def _fresh(timestamp: str, now: datetime) -> datetime:
    off = int(timestamp) - now.timestamp()
    if abs(off) > TOLERANCE_SECONDS:
        side = "in the future" if off > 0 else "ago"
        raise BadSignature(
            f"the delivery was signed more than {TOLERANCE_SECONDS} seconds {side}",
            remedy="Sign it when it is sent; check the clocks of both machines.",
        )
    return datetime.fromtimestamp(int(timestamp), timezone.utc)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _malformed(header: str, form: str) -> BadSignature:
    return BadSignature(f"the header {header} is malformed", remedy=f"Send {form}.")


def _unfit(header: str) -> BadSignature:
    return BadSignature(
        f"the signature in {header} does not fit the body",
        remedy="Sign the bytes that are sent, with the secret of this webhook.",
    )
