"""Finds credentials in URLs and connection strings: in the user info, the query and the fragment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

from airflow_provider_vai.secrets.key_names import family, spelled
from airflow_provider_vai.secrets.patterns import deferred, may_match
from airflow_provider_vai.secrets.plausible import is_stand_in, is_token_like, is_told
from airflow_provider_vai.secrets.span import SecretSpan

# Each part is bounded, so that the time is proportional to the length of the text.
_USER = deferred(r"://([^\s/:@\"'<>]{0,256}):(?!\d{1,5}(?:[/?#]|$))(?:([^\s\"'<>/?#]{1,512})|([^\s\"'<>@]{1,512}))@")
_TOKEN_AS_USER = deferred(r"://([A-Za-z0-9_.~%-]{16,256})@(?=[\w.-])")
# "&amp;" before a name ends with ";".
_PARAMETER = deferred(r"[?&#;]([\w.\-%\[\]~]{1,64})=([^&\s\"'<>#;]{1,4096})")
_ORACLE = deferred(
    r"(?:jdbc:oracle:\w+:|oracle(?:\+\w+)?://|\b(?:sqlplus|sqlldr|expdp|impdp|exp|imp|rman target)\s+(?:-\w+\s+){0,8})"
    r"([\w$#]{1,64})/([^\s@\"'/]{2,256})@"
)
_BRACED = deferred(r"(?i)(?<![\w{$])(?:pwd|password)=\{([^{}\n]{3,256})\}(?=;|$|[\"'\s])")
_PATH = deferred(  # services that take a key as a part of the path
    r"(?i)(?:/bot(?=\d{6,12}:)|/(?:api[-_]?)?key/|/token/|\bmaker\.ifttt\.com/use/|\.infura\.io/(?:ws/)?v3/|"
    r"\.alchemy(?:api)?\.(?:com|io)/(?:ws/)?v2/|\.quiknode\.pro/|\bhook\.[\w.]{2,20}\.?make\.com/|\bhook\.integromat\.com/|"
    r"\bevents\.pagerduty\.com/integration/|\bloggly\.com/inputs/|\bwebexapis\.com/v1/webhooks/incoming/|"
    r"\bopen\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/|\bqyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=|"
    r"\balert\.victorops\.com/integrations/generic/\d{1,12}/alert/|/private-(?=[0-9a-f]{32}/basic\.ics)|\bhc-ping\.com/(?=[\w-]{20,40}/)|"
    r"://[\w.-]{3,80}/hooks/(?=[a-z0-9]{26}(?![\w-]))|://[\w.-]{3,80}/hooks/(?=[A-Za-z0-9]{17,24}/[A-Za-z0-9]{40,}))"
    r"([\w:.~%/-]{16,256}?)(?=[/?#\s\"'<>),;]|$)"
)
_HOSTS_OF_PATHS = (
    *("/bot", "key/", "/token/", "ifttt", "infura", "alchemy", "quiknode", "hook.", "hooks/", "pagerduty", "loggly"),
    *("webexapis", "feishu", "larksuite", "qyapi", "victorops", "/private-", "hc-ping"),
)
"""One of them is in every match of the pattern above."""
_KEYS_OF_QUERIES = deferred(
    r"^(sig|signature|x_amz_(signature|security_token)|x_goog_signature|auth|session|session_?id|sid|hmac|key|code|ticket|"
    r"subscription|app_?id|appid|hash|h|s|k|t)$"
)
_DIGEST = deferred(r"sha\d{3}:")  # an image digest follows, not a host
_SIGNATURES = deferred(r"^(sig|signature|x_amz_signature|x_goog_signature|x_amz_security_token)$")


def in_urls(text: str) -> Iterator[SecretSpan]:
    """Yield the credentials in the URLs of a text, and in query strings and fragments without a URL."""
    if "://" in text:
        yield from _users(text)
    if "=" in text:
        yield from _parameters(text)
        yield from _braced(text) if "={" in text else ()
    if "/" in text and may_match(text, _HOSTS_OF_PATHS):
        yield from _paths(text)
    if "/" in text and "@" in text:
        for found in _ORACLE.finditer(text):
            if not is_stand_in(found[2]):
                yield SecretSpan(*found.span(2), found[2], is_password=True)


def _users(text: str) -> Iterator[SecretSpan]:
    for found in _USER.finditer(text):
        password = found[2] or found[3]
        if not is_stand_in(password) and not _DIGEST.match(text, found.end()):
            yield SecretSpan(found.start(1), found.end(), unquote(password), is_password=True)
    for found in _TOKEN_AS_USER.finditer(text):
        if is_token_like(found[1]) and not re.search(r"[a-z]{6}|@", found[1]):
            yield SecretSpan(found.start(1), found.end(), found[1])


def _parameters(text: str) -> Iterator[SecretSpan]:
    has_user = re.search(r"[?&]u=[^&\s]", text) is not None
    for found in _PARAMETER.finditer(text):
        name, value = unquote_plus(found[1]), unquote_plus(found[2])
        if is_stand_in(value):
            continue
        kind = family(name)
        if has_user and name == "p" and is_told(value, "password"):  # ?u=mia&p=…, as InfluxDB takes them
            kind = "password"
        if kind in ("password", "token") or _SIGNATURES.match(spelled(name)):
            secret = len(value) >= 4
        else:
            secret = bool(_KEYS_OF_QUERIES.match(spelled(name))) and _is_opaque(value)
        if secret:
            yield SecretSpan(*found.span(2), value, is_password=kind == "password")


def _braced(text: str) -> Iterator[SecretSpan]:
    """Yield the passwords in ``Driver=…;PWD={…}``."""
    for found in _BRACED.finditer(text):
        if is_told(found[1], "password"):
            yield SecretSpan(*found.span(1), found[1], is_password=True)


def _paths(text: str) -> Iterator[SecretSpan]:
    for found in _PATH.finditer(text):
        is_general = found[0].startswith("/") and not found[0].startswith(("/bot", "/private"))
        if is_token_like(found[1]) and not (is_general and not _is_opaque(found[1])):
            yield SecretSpan(*found.span(1), found[1])


def _is_opaque(value: str) -> bool:
    """Return whether a value looks like a key, and not like a slug (``?key=reports/2024-06``), UUID or digest."""
    if not is_token_like(value) or re.search(r"[a-z]{6}|[/.]", value):
        return False
    return not re.fullmatch(
        r"[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value, re.IGNORECASE
    )
