"""Known credentials: those in the environment, and those that the caller passes.

The environment is read without Airflow: passwords and extras in ``AIRFLOW_CONN_*``, secrets in ``AIRFLOW_VAR_*``, and
variables with a name that suggests a secret. A caller that knows more, for example from Airflow's database, passes it
to :func:`knowing`.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from airflow_provider_vai.secrets.key_names import is_secret_key
from airflow_provider_vai.secrets.plausible import is_stand_in
from airflow_provider_vai.secrets.span import SecretSpan

SHORTEST = 6
"""In characters. A shorter password occurs in texts by chance, so it is found only under a key that names it."""

_COMMON = frozenset(
    (
        "airflow",
        "admin",
        "administrator",
        "password",
        "postgres",
        "mysql",
        "root",
        "username",
        "default",
        "localhost",
        "secret",
        "token",
        "testing",
        "example",
        "changeme",
        "anonymous",
        "public",
        "private",
        "enabled",
        "disabled",
        "required",
        "optional",
        "production",
        "staging",
        "development",
        "database",
        "warehouse",
        "server",
        "string",
        "bearer",
    )
)
Read = dict[tuple[str, int], list[SecretSpan]]
"""Cache of results: (text, number of nested encodings to decode) -> spans found."""


@dataclass(frozen=True)
class _Knowledge:
    """The known credentials, and the cache of results found with them; ``None`` if there is no cache."""

    secrets: frozenset[str] = frozenset()
    read: Read | None = None


_NOTHING = _Knowledge()
_knowledge: ContextVar[_Knowledge] = ContextVar("known_secrets")


@contextmanager
def knowing(secrets: Iterable[str]) -> Iterator[None]:
    """Treat these texts as credentials, wherever they occur, while the block runs.

    Results are cached until the block ends, so that the same text is searched only once.

    :param secrets: The credentials, decoded. Short and common words among them are ignored.
    """
    before = _knowledge.get(_NOTHING)
    known = before.secrets | {secret for secret in secrets if is_distinctive(secret)}
    is_unchanged = before.read is not None and len(known) == len(before.secrets)
    token = _knowledge.set(before if is_unchanged else _Knowledge(known, {}))
    try:
        yield
    finally:
        _knowledge.reset(token)


def already_read() -> Read | None:
    """Return the cache of results for the credentials known now; ``None`` outside of :func:`knowing`."""
    return _knowledge.get(_NOTHING).read


def is_distinctive(secret: str) -> bool:
    """Return whether a credential can be searched for in any text without matching ordinary words."""
    bare = secret.strip()
    if len(bare) < SHORTEST or bare.lower() in _COMMON or is_stand_in(bare) or re.fullmatch(r"[\d.,:/ -]+", bare):
        return False
    return len(bare) >= 12 or bool(re.search(r"\d|[^\w\s]|_|[a-z][A-Z]", bare)) or (len(bare) >= 8 and " " not in bare)


def recognised(text: str) -> Iterator[SecretSpan]:
    """Yield the known credentials in a text, plain or encoded."""
    pattern = _pattern(_knowledge.get(_NOTHING).secrets, environment())
    if pattern is None:
        return
    for found in pattern.finditer(text):
        yield SecretSpan(*found.span(), found[0])


@lru_cache(maxsize=64)
def _pattern(given: frozenset[str], from_environment: frozenset[str]) -> re.Pattern[str] | None:
    known = given | from_environment
    if not known:
        return None
    forms = sorted({form for secret in known for form in spellings(secret)}, key=lambda form: (-len(form), form))
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, forms))})(?![A-Za-z0-9])")


def spellings(secret: str) -> set[str]:
    """Return the forms in which a credential may occur in a text: plain, and encoded for JSON, URLs, base64 and hex."""
    data = secret.encode("utf-8", "surrogatepass")
    plain = {secret, secret.strip(), json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    urls = {quote(secret, "", errors="replace"), quote(secret, errors="replace"), quote_plus(secret, errors="replace")}
    b64 = {base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()}
    return plain | urls | b64 | {form.rstrip("=") for form in b64} | {data.hex(), data.hex().upper()}


@cache
def environment() -> frozenset[str]:
    """Return the distinctive credentials in this process's environment, which is read once."""
    return frozenset(secret for secret in _of_environment(dict(os.environ)) if is_distinctive(secret))


def _of_environment(variables: dict[str, str]) -> Iterator[str]:
    for name, value in variables.items():
        if name.startswith(("AIRFLOW_CONN_", "AIRFLOW_VAR_")) and value.lstrip().startswith("{"):
            yield from _of_json(value)
        elif "://" in value:
            yield from _of_uri(value)
        elif is_secret_key(name) and not value.startswith(("/", "~")):
            yield value


def _of_json(text: str) -> Iterator[str]:
    try:
        value = json.loads(text)
    except ValueError:
        return
    places: list[Any] = [value]
    while places:
        part = places.pop()
        if isinstance(part, str) and part.lstrip().startswith("{"):  # a connection's extra may be JSON in text
            yield from _of_json(part)
        elif isinstance(part, list):
            places += part
        elif isinstance(part, dict):
            places += part.values()
            yield from (text for key, text in part.items() if isinstance(text, str) and is_secret_key(key))


def _of_uri(uri: str) -> Iterator[str]:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return
    if parts.password:
        yield unquote(parts.password)
    for name, value in parse_qsl(parts.query):
        if value.startswith("{"):  # __extra__
            yield from _of_json(value)
        elif is_secret_key(name):
            yield value
