"""A signature proves its sender: the published examples hold, and whatever differs from them by one bit is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.plugin.webhooks.signatures import TOLERANCE_SECONDS, BadSignature, UnusableSecret, verify

SECRET = "whsec_S3cr3tOfTheSenderInBase64ForStandardWebhooks=="
NOW = datetime(2026, 3, 1, 8, 0, tzinfo=timezone.utc)
SECONDS = str(int(NOW.timestamp()))
BODY = b'{"id": "evt_1", "order": "\xc3\xa9"}'
SCHEMES = ("vai", "standard", "github", "stripe", "shopify")
TIMED = ("vai", "standard", "stripe")
SIGNATURES = {
    "vai": "X-Vai-Signature",
    "standard": "webhook-signature",
    "github": "X-Hub-Signature-256",
    "stripe": "Stripe-Signature",
    "shopify": "X-Shopify-Hmac-Sha256",
}


def mac(signed: bytes, secret: str = SECRET) -> bytes:
    """Return the HMAC-SHA256."""
    return hmac.new(secret.encode(), signed, hashlib.sha256).digest()


def sign(scheme: str, body: bytes = BODY, seconds: str = SECONDS, secret: str = SECRET) -> dict[str, str]:
    """Return the headers that a sender of the scheme sends."""
    timed = seconds.encode() + b"." + body
    key = base64.b64decode(secret.removeprefix("whsec_") + "==") if scheme == "standard" else b""
    return {
        "vai": {"X-Vai-Timestamp": seconds, "X-Vai-Signature": f"v1={mac(timed, secret).hex()}", "X-Vai-Delivery": "d"},
        "standard": {
            "webhook-id": "d",
            "webhook-timestamp": seconds,
            "webhook-signature": "v1," + base64.b64encode(hmac.digest(key, b"d." + timed, "sha256")).decode(),
        },
        "github": {"X-Hub-Signature-256": f"sha256={mac(body, secret).hex()}", "X-GitHub-Delivery": "d"},
        "stripe": {"Stripe-Signature": f"t={seconds},v1={mac(timed, secret).hex()},v0=aa"},
        "shopify": {
            "X-Shopify-Hmac-Sha256": base64.b64encode(mac(body, secret)).decode(),
            "X-Shopify-Webhook-Id": "d",
        },
    }[scheme]


def test_the_example_of_github() -> None:
    """The values of GitHub's page "Validating webhook deliveries"."""
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    headers = {"X-Hub-Signature-256": signature, "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}

    delivery = verify("github", "It's a Secret to Everybody", headers, b"Hello, World!", NOW)

    assert delivery.id == "72d3162e-cc78-11e3-81ab-4c9367dc0958"
    assert delivery.sent_at is None
    assert delivery.digest == delivery.content == hashlib.sha256(b"Hello, World!").hexdigest()
    assert delivery.signature == hashlib.sha256(bytes.fromhex(signature.removeprefix("sha256="))).hexdigest()


STANDARD = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD_NOW = datetime.fromtimestamp(1614265330, timezone.utc)


@pytest.mark.parametrize("secret", [STANDARD_SECRET, STANDARD_SECRET.removeprefix("whsec_"), f" {STANDARD_SECRET}\n"])
def test_the_example_of_standard_webhooks(secret: str) -> None:
    """The values that the libraries of Standard Webhooks document; the prefix of the secret may be missing."""
    delivery = verify("standard", secret, STANDARD, b'{"test": 2432232314}', STANDARD_NOW)

    assert (delivery.id, delivery.sent_at) == ("msg_p5jXN8AQM9LWM0D4loKWxJek", STANDARD_NOW)


def test_an_id_of_standard_webhooks_is_signed() -> None:
    """A captured delivery cannot be sent again under another id."""
    with pytest.raises(BadSignature, match="does not fit"):
        verify("standard", STANDARD_SECRET, {**STANDARD, "webhook-id": "msg_2"}, b'{"test": 2432232314}', STANDARD_NOW)


def test_rotation_of_standard_webhooks() -> None:
    """A sender that changes its secret signs with both; signatures with another kind of key do not count."""
    secrets = ("whsec_" + base64.b64encode(b"new" * 8).decode(), "whsec_" + base64.b64encode(b"old" * 8).decode())
    new, old = (sign("standard", secret=secret)["webhook-signature"] for secret in secrets)
    headers = {**sign("standard"), "webhook-signature": f"v1a,x {new} {old}"}

    assert len({verify("standard", secret, headers, BODY, NOW) for secret in secrets}) == 1
    with pytest.raises(BadSignature, match="malformed"):
        verify("standard", secrets[0], {**headers, "webhook-signature": new.replace("v1,", "v1a,")}, BODY, NOW)


@pytest.mark.parametrize("secret", ["whsec_", "not base64!", "whsec_é", "whsec_a"])
def test_a_secret_that_is_not_base64(secret: str) -> None:
    """That is a mistake in the connection, and not of the sender; the message does not tell the secret."""
    with pytest.raises(UnusableSecret) as told:
        verify("standard", secret, sign("standard"), BODY, NOW)

    assert secret.removeprefix("whsec_") == "" or secret not in str(told.value)


def test_a_vector_of_our_own_scheme() -> None:
    """Made with `printf '1772352000.{"n": 1}' | openssl dgst -sha256 -hmac secret`: the form is a contract."""
    headers = {
        "x-vai-timestamp": "1772352000",
        "x-vai-signature": "v1=47c9c5d4c91279bab7007fe0eea06b762d41673b6b292bb2d9bfc4630046c124",
    }

    delivery = verify("vai", "secret", headers, b'{"n": 1}', NOW)

    assert (delivery.id, delivery.sent_at) == (None, NOW)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_signed_delivery(scheme: str) -> None:
    """Each scheme gives the id and, where it signs one, the time; header names count in any case."""
    headers = {name.swapcase(): value for name, value in sign(scheme).items()}

    delivery = verify(scheme, SECRET, headers, BODY, NOW)

    assert delivery.id == ("evt_1" if scheme == "stripe" else "d")
    assert delivery.sent_at == (NOW if scheme in TIMED else None)


@pytest.mark.parametrize("scheme", SCHEMES)
@given(data=st.data())
def test_one_flipped_bit_is_refused(scheme: str, data: st.DataObject) -> None:
    """Of the body, the time, the signature or the secret: one changed bit, and the delivery is nobody's."""
    body = data.draw(st.binary(min_size=1, max_size=60))
    headers = sign(scheme, body)
    verify(scheme, SECRET, headers, body, NOW)
    signed = [name for name in headers if name in (SIGNATURES[scheme], "X-Vai-Timestamp", "webhook-timestamp")]
    # the secret of Standard Webhooks is base64: with a bit flipped, it may not be a secret any more
    place = data.draw(st.sampled_from(["body", *signed, *(["secret"] if scheme != "standard" else [])]))
    values = {"body": body, "secret": SECRET.encode(), **{name: headers[name].encode() for name in signed}}
    until = len(values[place]) - (len(",v0=aa") if place == "Stripe-Signature" else 0)  # no one looks at the rest
    bit = data.draw(st.integers(0, until * 8 - 1))
    changed = bytearray(values[place])
    changed[bit // 8] ^= 1 << bit % 8
    values[place] = bytes(changed)

    with pytest.raises(BadSignature):
        verify(
            scheme,
            values["secret"].decode("latin-1"),
            {**headers, **{name: values[name].decode("latin-1") for name in signed}},
            values["body"],
            NOW,
        )


@pytest.mark.parametrize("scheme", SCHEMES)
@given(noise=st.text(st.characters(max_codepoint=255), max_size=80), body=st.binary(max_size=20))
def test_any_header_is_answered_with_a_refusal(scheme: str, noise: str, body: bytes) -> None:
    """Whatever stands in the headers, the answer is a refusal and no other error, and it tells no secret."""
    headers = dict.fromkeys(sign(scheme), noise)

    with pytest.raises(BadSignature) as told:
        verify(scheme, SECRET, headers, body, NOW)

    expected = mac(body).hex()
    assert SECRET not in str(told.value)
    assert expected not in str(told.value)


@pytest.mark.parametrize("scheme", TIMED)
@pytest.mark.parametrize("side", [-1, 1])
def test_the_tolerance(scheme: str, side: int) -> None:
    """Five minutes to the second are good, before and after; a moment more is not."""
    edge = NOW + timedelta(seconds=side * TOLERANCE_SECONDS)
    verify(scheme, SECRET, sign(scheme), BODY, edge)

    with pytest.raises(BadSignature, match="300 seconds"):
        verify(scheme, SECRET, sign(scheme), BODY, edge + timedelta(milliseconds=side))


@pytest.mark.parametrize("seconds", ["", "-1", "1e9", "١٢٣", "1772352000.0", "9" * 13, "0x10", " 1", "1\n"])
@pytest.mark.parametrize("scheme", TIMED)
def test_a_time_is_digits(scheme: str, seconds: str) -> None:
    """What is no plain number of seconds is refused, although it is signed."""
    with pytest.raises(BadSignature):
        verify(scheme, SECRET, sign(scheme, seconds=seconds), BODY, NOW)


@pytest.mark.parametrize("scheme", TIMED)
def test_a_far_time_is_refused_and_not_an_error(scheme: str) -> None:
    """The largest number that is read lies beyond Python's calendar."""
    with pytest.raises(BadSignature, match="in the future"):
        verify(scheme, SECRET, sign(scheme, seconds="9" * 12), BODY, NOW)


@pytest.mark.parametrize("between", [",", ", ", " ", "  "])
@pytest.mark.parametrize("order", [1, -1])
def test_rotation_of_our_scheme(between: str, order: int) -> None:
    """A sender that changes its secret signs with both; either one is enough."""
    new, old = (sign("vai", secret=secret)["X-Vai-Signature"] for secret in ("new", "old"))
    headers = {**sign("vai"), "X-Vai-Signature": between.join([new, old, "v2=later"][::order])}

    deliveries = {verify("vai", secret, headers, BODY, NOW) for secret in ("new", "old")}

    assert len(deliveries) == 1, "a delivery is the same one, whichever secret proves it"
    with pytest.raises(BadSignature, match="does not fit"):
        verify("vai", "third", headers, BODY, NOW)


def test_rotation_of_stripe() -> None:
    """Stripe sends a ``v1`` for each secret that is valid for the moment."""
    new, old = (sign("stripe", secret=secret)["Stripe-Signature"] for secret in ("new", "old"))
    header = {"Stripe-Signature": f"{new},v1={old.partition('v1=')[2]}"}

    for secret in ("new", "old"):
        assert verify("stripe", secret, header, BODY, NOW).id == "evt_1"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_header_that_is_missing_or_stands_twice(scheme: str) -> None:
    """The message names the header."""
    name = SIGNATURES[scheme]
    headers = sign(scheme)
    without = {key: value for key, value in headers.items() if key != name}

    with pytest.raises(BadSignature, match=f"{name} is missing"):
        verify(scheme, SECRET, without, BODY, NOW)
    with pytest.raises(BadSignature, match="2 times"):
        verify(scheme, SECRET, {**headers, name.upper(): "x"}, BODY, NOW)


def test_upper_case_hex_is_another_spelling() -> None:
    """One signature has one spelling."""
    headers = sign("github")
    headers["X-Hub-Signature-256"] = "sha256=" + headers["X-Hub-Signature-256"][7:].upper()

    with pytest.raises(BadSignature, match="malformed"):
        verify("github", SECRET, headers, BODY, NOW)


def test_the_scheme_before_stripes_v1_does_not_count() -> None:
    """A downgrade: a good signature under the name ``v0``."""
    header = sign("stripe")["Stripe-Signature"].replace("v1=", "v0=")

    with pytest.raises(BadSignature):
        verify("stripe", SECRET, {"Stripe-Signature": header}, BODY, NOW)


def test_two_times_of_stripe_are_refused() -> None:
    """Which of them was signed would be a guess."""
    header = sign("stripe")["Stripe-Signature"]

    with pytest.raises(BadSignature):
        verify("stripe", SECRET, {"Stripe-Signature": f"t=1,{header}"}, BODY, NOW)


@pytest.mark.parametrize("delivery_id", ["", "a b", "é", "x" * 256, "a\0"])
@pytest.mark.parametrize("scheme", ["vai", "standard", "github", "shopify"])
def test_a_delivery_id_that_is_none(scheme: str, delivery_id: str) -> None:
    """An id becomes a name: odd ones are refused, not tidied up."""
    headers = sign(scheme)
    name = next(it for it in headers if it.lower().endswith(("delivery", "id")))

    with pytest.raises(BadSignature, match=r"malformed|missing"):
        verify(scheme, SECRET, {**headers, name: delivery_id}, BODY, NOW)


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"id": 7}', b'{"id": ""}', b"\xff", b"[" * 100_000])
def test_an_event_of_stripe_without_an_id(body: bytes) -> None:
    """What is signed and has no id has none; nothing fails."""
    assert verify("stripe", SECRET, sign("stripe", body), body, NOW).id is None


def test_what_stays_the_same_in_each_try() -> None:
    """A later try is signed anew; its content is the body, or with Stripe the event, whose body may count the tries."""
    later = str(int(SECONDS) + 9)
    event = {"id": "evt_1", "pending_webhooks": 1}
    bodies = [json.dumps({**event, "pending_webhooks": count}).encode() for count in (2, 1)]

    first, second = (
        verify("stripe", SECRET, sign("stripe", body, seconds), body, NOW)
        for body, seconds in zip(bodies, (SECONDS, later), strict=True)
    )
    assert first.digest != second.digest
    assert first.content == second.content
    first, second, other = (
        verify("vai", SECRET, sign("vai", body, seconds), body, NOW)
        for body, seconds in ((BODY, SECONDS), (BODY, later), (b"other", SECONDS))
    )
    assert len({first.digest, second.digest, other.digest}) == 3
    assert first.content == second.content != other.content


def test_an_empty_secret_proves_nothing() -> None:
    """Anyone can sign with an empty secret, so that is a mistake on this side."""
    with pytest.raises(ValueError, match="empty"):
        verify("github", "", sign("github", secret=""), BODY, NOW)
    with pytest.raises(ValueError, match="no signature scheme 'gitlab'"):
        verify("gitlab", SECRET, {}, BODY, NOW)


def test_a_bad_signature_is_an_error_of_ours() -> None:
    """It has the parts that every error has."""
    with pytest.raises(VaiError) as told:
        verify("vai", SECRET, {}, BODY, NOW)
    assert told.value.remedy
