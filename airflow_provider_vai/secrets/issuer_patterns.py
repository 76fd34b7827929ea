"""The published key formats of issuers: one table with one line for each format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from airflow_provider_vai.secrets.distinct_words import long_words
from airflow_provider_vai.secrets.patterns import deferred
from airflow_provider_vai.secrets.span import SecretSpan


class Shape(NamedTuple):
    """A key format.

    :param hint: A string that every such key contains, so that most texts are skipped at once.
    :param pattern: The pattern of the keys.
    :param is_first: Whether every such key begins with the hint.
    """

    hint: str
    pattern: re.Pattern[str]
    is_first: bool = False


_BEFORE = "(?<![A-Za-z0-9])"


def _shape(hint: str, pattern: str) -> Shape:
    """Return a format whose first character is at the beginning of a word."""
    return Shape(hint, deferred(f"{_BEFORE}(?:{pattern})"), pattern.replace("\\", "").startswith(hint))


SHAPES = (
    _shape("sk-", r"sk-(?=[\w-]*\d)[\w-]{16,}"),  # OpenAI, Anthropic, OpenRouter, DeepSeek
    _shape("gh", r"gh[pousr]_\w{20,}"),
    _shape("github_pat_", r"github_pat_\w{20,}"),
    _shape("gl", r"gl(?:pat|ptt|dt|rt|cbt|soat|ft|imt|agent|oas|ffct|wt)-[\w.-]{20,}"),
    _shape("_gitlab_session", r"_gitlab_session=[0-9a-z]{32}"),
    _shape("xox", r"xox[abceoprsd](?:\.xox[bp])?-[\w-]{10,}"),
    _shape("xapp-", r"xapp-\d-[\w-]{10,}"),
    _shape("hooks.slack.com", r"https?://hooks\.slack\.com/(?:services|workflows|triggers)/[\w/+-]{20,}"),
    _shape("discord", r"https?://(?:\w+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d+/[\w-]{20,}"),
    _shape("webhook.office.com", r"https?://[\w.-]+\.webhook\.office\.com/[\w@/-]{20,}"),
    _shape("chat.googleapis.com", r"https?://chat\.googleapis\.com/v1/spaces/[\w-]+/messages\?[^\s\"'<>]{10,}"),
    _shape("hooks.zapier.com", r"https?://hooks\.zapier\.com/hooks/catch/[\w/]{8,}"),
    _shape("A", r"(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}(?![A-Za-z0-9])"),
    _shape("ABSK", r"ABSK[\w+/]{60,}={0,2}"),
    _shape("AIza", r"AIza[\w-]{35}"),
    _shape("GOCSPX-", r"GOCSPX-[\w-]{20,}"),
    _shape("ya29.", r"ya29\.[\w-]{20,}"),
    _shape("1//0", r"1//0[\w-]{30,}"),
    _shape("GOOG", r"GOOG[0-9A-Z]{16,}"),
    _shape("8Q~", r"[\w~.-]{3}8Q~[\w~.-]{31,34}"),  # Microsoft Entra client secret
    _shape("k_", r"(?:sk|rk|pk)_(?:live|test|prod)_\w{10,}"),  # Stripe, Clerk
    _shape("whsec_", r"whsec_[\w+/=]{8,}"),
    _shape("SK", r"SK[0-9a-f]{32}(?![0-9A-Za-z])"),  # Twilio API key
    _shape("SG.", r"SG\.[\w-]{16,}\.[\w-]{16,}"),
    _shape("key-", r"key-[0-9a-f]{32}(?![0-9A-Za-z])"),  # Mailgun
    _shape("-us", r"[0-9a-f]{32}-us\d{1,2}(?![0-9A-Za-z])"),  # Mailchimp
    _shape("xkeysib-", r"xkeysib-[0-9a-f]{32,}-\w{8,}"),
    _shape("hf_", r"hf_[A-Za-z0-9]{30,}"),
    _shape("api_org_", r"api_org_[A-Za-z0-9]{30,}"),
    _shape("gsk_", r"gsk_[A-Za-z0-9]{40,}"),
    _shape("xai-", r"xai-[A-Za-z0-9]{60,}"),
    _shape("pplx-", r"pplx-[A-Za-z0-9]{40,}"),
    _shape("r8_", r"r8_[A-Za-z0-9]{30,}"),
    _shape("tvly-", r"tvly-[\w-]{16,}"),
    _shape("lsv2_", r"lsv2_(?:pt|sk)_[0-9a-f]{16,}_[0-9a-f]{6,}"),
    _shape("k-lf-", r"[sp]k-lf-[0-9a-f-]{36}"),
    _shape("npm_", r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
    _shape("pypi-", r"pypi-[\w-]{40,}"),
    _shape("rubygems_", r"rubygems_[0-9a-f]{40,}"),
    _shape("dckr_", r"dckr_(?:pat|oat)_[\w-]{20,}"),
    _shape("cio", r"cio[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    _shape("dop_v1_", r"dop_v1_[0-9a-f]{40,}"),
    _shape("do", r"do[or]_v1_[0-9a-f]{40,}"),
    _shape("dapi", r"dapi[0-9a-f]{32}(?:-\d)?(?![0-9A-Za-z])"),
    _shape("shp", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    _shape("sq0", r"sq0(?:atp|csp|idp)-[\w-]{20,}"),
    _shape("EAA", r"EAA[A-Za-z]\w{60,}"),  # Facebook, Square
    _shape("hvs.", r"hv[sbr]\.[\w-]{20,}"),
    _shape("atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,}"),
    _shape("glsa_", r"glsa_\w{32}_[0-9a-f]{8}"),
    _shape("glc_", r"glc_[\w+/]{32,}={0,2}"),
    _shape("NRAK-", r"NRAK-[A-Z0-9]{27}"),
    _shape("sntry", r"sntry[su]_[\w+/=.-]{40,}"),
    _shape("phc_", r"ph[cx]_[A-Za-z0-9]{40,}"),
    _shape("phx_", r"phx_[A-Za-z0-9]{40,}"),
    _shape("lin_api_", r"lin_(?:api|oauth)_[A-Za-z0-9]{32,}"),
    _shape("secret_", r"secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])"),  # Notion, before 2024
    _shape("ntn_", r"ntn_[A-Za-z0-9]{40,}"),
    _shape("pat", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),  # Airtable
    _shape("pat-", r"pat-(?:na|eu)\d-[0-9a-f-]{36}"),  # HubSpot
    _shape("figd_", r"figd_[\w-]{36,}"),
    _shape("ATATT3", r"ATATT3[\w=-]{60,}"),
    _shape("ATBB", r"ATBB[A-Za-z0-9]{28,}"),
    _shape("CFPAT-", r"CFPAT-[\w-]{40,}"),
    _shape("sbp_", r"sbp_[0-9a-f]{40}"),
    _shape("PMAK-", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    _shape("AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{50,}"),
    _shape("tskey-", r"tskey-[a-z]+-[\w-]{16,}"),
    _shape("dp.", r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,}"),
    _shape("FLWSECK", r"FLWSECK(?:_TEST)?-[0-9a-f]{30,}-X"),
    _shape("vai_pat_", r"vai_pat_\w{8,}"),
    _shape(":AA", r"\d{8,10}:AA[\w-]{33}"),  # Telegram
    _shape(".", r"[MNO][A-Za-z\d]{23,25}\.[\w-]{6}\.[\w-]{27,38}(?![\w-])"),  # Discord
    _shape("eyJ", r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]{8,}){0,2}"),  # JWT, JWE
    _shape("eyJ", r"eyJ[\w-]{8,}\.\.[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"),  # JWE, direct
    _shape("PuTTY-User-Key-File", r"PuTTY-User-Key-File-\d:[\s\S]*"),
    Shape(
        "PRIVATE KEY",
        deferred(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:(?:(?!-----)[\s\S]){1,20000}-----END [A-Z0-9 ]{1,60}-----"
            r"|(?:\s|\\+[rn]){0,8}[A-Za-z0-9+/=\\\r\n]{16,})?"
        ),
    ),
)  # fmt: skip


_BESIDE_AN_AWS_KEY = re.compile(
    r"(?:AKIA|ASIA)[0-9A-Z]{16}(?![A-Za-z0-9])[^A-Za-z0-9/+][^\n]{0,80}?"
    r"(?<![A-Za-z0-9/+])(?![0-9a-f]{40})([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)
"""The secret key that follows an access key: it has no form of its own."""

_PATTERNS = {one.hint: [other.pattern for other in SHAPES if other.hint == one.hint] for one in SHAPES}

_FIRST = list(dict.fromkeys(one.hint for one in SHAPES if one.is_first))
_INSIDE = [hint for hint in _PATTERNS if hint not in _FIRST and " " not in hint]
_PHRASES = [hint for hint in _PATTERNS if " " in hint]
_BEGINNING = deferred(f"{_BEFORE}(?:{'|'.join(map(re.escape, _FIRST))})")

SHORTEST_KEY = 14
"""Characters of the shortest key in any of the formats."""


LONG = 200
"""Characters of a text in which each hint is looked for by itself. In a shorter one, one pattern tells whether a word
begins like a key."""


def shaped(text: str) -> Iterator[SecretSpan]:
    """Yield every key of a known format in a text."""
    if len(text) < SHORTEST_KEY:
        return
    words = long_words(text, SHORTEST_KEY)  # no key has a space, but private keys
    hints = [*filter(words.__contains__, _INSIDE)]
    if len(words) > LONG or _BEGINNING.search(words):
        hints += filter(words.__contains__, _FIRST)
    for hint in (*hints, *filter(text.__contains__, _PHRASES)):
        for pattern in _PATTERNS[hint]:
            for found in pattern.finditer(text):
                yield SecretSpan(*found.span(), found[0])
    if "AKIA" in words or "ASIA" in words:
        for found in _BESIDE_AN_AWS_KEY.finditer(text):
            yield SecretSpan(*found.span(1), found[1])
