"""Finds credentials in URLs and connection strings: in the user info, the query and the fragment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

from airflow_provider_vai.secrets.key_names import family, spelled
from airflow_provider_vai.secrets.plausible import is_stand_in, is_token_like
from airflow_provider_vai.secrets.span import SecretSpan

# Each part is bounded, so that the time is proportional to the length of the text.
_USER = re.compile(
    r"(?<=://)([^\s/:@\"'<>]{0,256}):(?!\d{1,5}(?:[/?#]|$))(?:([^\s\"'<>/?#]{1,512})|([^\s\"'<>@]{1,512}))@"
)
_TOKEN_AS_USER = re.compile(r"(?<=://)([A-Za-z0-9_.~%-]{16,256})@(?=[\w.-])")
_PARAMETER = re.compile(r"(?:[?&#;]|&amp;)([\w.\-%\[\]~]{1,64})=([^&\s\"'<>#;]{1,4096})")
_ORACLE = re.compile(r"(?:jdbc:oracle:\w+:|sqlplus\s+(?:-\w+\s+)*)([\w$#]{1,64})/([^\s@\"'/]{2,256})@")
_KEYS_OF_QUERIES = re.compile(
    r"^(sig|signature|x_amz_(signature|security_token)|x_goog_signature|auth|session|session_?id|sid|hmac|key|code|ticket|"
    r"subscription|app_?id|appid|hash|h|s|k|t)$"
)
_DIGEST = re.compile(r"sha\d{3}:")  # an image digest follows, not a host
_SIGNATURES = re.compile(r"^(sig|signature|x_amz_signature|x_goog_signature|x_amz_security_token)$")


def in_urls(text: str) -> Iterator[SecretSpan]:
    """Yield the credentials in the URLs of a text, and in query strings and fragments without a URL."""
    if "://" in text:
        yield from _users(text)
    if "=" in text:
        yield from _parameters(text)
    if "/" in text and "@" in text:
        for found in _ORACLE.finditer(text):
            if not is_stand_in(found[2]):
                yield SecretSpan(*found.span(2), found[2], is_password=True)


def _users(text: str) -> Iterator[SecretSpan]:
    for found in _USER.finditer(text):
        password = found[2] or found[3]
        if not is_stand_in(password) and not _DIGEST.match(text, found.end()):
            yield SecretSpan(*found.span(), unquote(password), is_password=True)
    for found in _TOKEN_AS_USER.finditer(text):
        if is_token_like(found[1]) and not re.search(r"[a-z]{6}|@", found[1]):
            yield SecretSpan(*found.span(), found[1])


def _parameters(text: str) -> Iterator[SecretSpan]:
    for found in _PARAMETER.finditer(text):
        name, value = unquote_plus(found[1]), unquote_plus(found[2])
        if is_stand_in(value):
            continue
        kind = family(name)
        if kind in ("password", "token") or _SIGNATURES.match(spelled(name)):
            secret = len(value) >= 4
        else:
            secret = bool(_KEYS_OF_QUERIES.match(spelled(name))) and _is_opaque(value)
        if secret:
            yield SecretSpan(*found.span(2), value, is_password=kind == "password")


def _is_opaque(value: str) -> bool:
    """Return whether a value looks like a key, and not like a slug (``?key=reports/2024-06``), UUID or digest."""
    if not is_token_like(value) or re.search(r"[a-z]{6}|[/.]", value):
        return False
    return not re.fullmatch(
        r"[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value, re.IGNORECASE
    )
