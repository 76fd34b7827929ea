"""Secrets never land: a credential in an argument becomes a reference to an Airflow connection, or is refused.

Found are text under a secret-like key, text of the well-known key shapes, and credentials inside URLs. A whole text
becomes ``connection_secret(…)``, the password of a connection that the user makes; one inside a longer text cannot be
replaced, so the crystallization is refused with the place.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from airflow_provider_vai.automation import Argument, Path, Secret
from airflow_provider_vai.exceptions import SecretFound
from airflow_provider_vai.identifiers import slug
from airflow_provider_vai.operators.http_guard import carries_credentials
from airflow_provider_vai.passes.draft import Draft

MASK = "***"
SECRET_KEY = re.compile(
    r"(^|_)(password|passwd|pwd|passphrase|secret|token|api_?key|access_?key|private_?key|credentials?|authorization)$"
)
NOT_SECRET_KEY = re.compile(r"(page|next|continuation|sync|cursor)_token$")  # they say where to go on, not who asks
AUTH_HEADER = re.compile(r"^(proxy-)?authorization$|^cookie$|api-?key|token|secret", re.IGNORECASE)
SHAPES = re.compile(
    r"\bsk-[\w-]{16,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{20,}|\bxox[abeprs]-[\w-]{10,}"
    r"|\bAKIA[0-9A-Z]{16}\b|\bAIza[\w-]{35}|\bwhsec_\w{8,}|\bvai_pat_\w{8,}|\bnpm_\w{36}\b"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY-----|\b[Bb]earer [\w.~+/-]{16,}=*"
)
IN_URL = re.compile(  # bounded, so that a long text without a URL takes time in proportion to its length
    r"(?<=://)[^\s/:@]{0,256}:[^\s/@]{1,512}@|[?&](password|token|access_token|api_?key|secret|sig|signature)=[^&\s]{4,}",
    re.IGNORECASE,
)


def redact(drafts: list[Draft]) -> tuple[list[Draft], list[str]]:
    """Return the drafts with their frozen arguments, free of credentials, and what a reviewer should know about them.

    :raises SecretFound: a credential stands inside a longer text; the message names the call and the place.
    """
    notes: list[str] = []
    return [_redacted(draft, notes) for draft in drafts], notes


def mask(text: str) -> str:
    """Return free text (a title, an error, a person's note) with every credential in it masked."""
    return IN_URL.sub(MASK, SHAPES.sub(MASK, text))


def masked(value: Any) -> Any:
    """Return JSON data with every credential in its texts and keys masked."""
    if isinstance(value, dict):
        return {mask(key): masked(part) for key, part in value.items()}
    if isinstance(value, list):
        return [masked(part) for part in value]
    return mask(value) if isinstance(value, str) else value


def _redacted(draft: Draft, notes: list[str]) -> Draft:
    arguments = {}
    for name, value in _without_auth_headers(draft, notes).items():
        found: list[Path] = []
        kept = _without_secrets(value, [name], found, draft)
        secrets = [Secret(at=place[1:], connection=_connection(draft.key, place)) for place in found]
        notes += [
            f"{draft.key}: the recorded value of {_dotted(place)} looks like a credential and was not kept. Make the "
            f"connection {secret.connection!r} with it as the password."
            for place, secret in zip(found, secrets, strict=True)
        ]
        arguments[name] = (
            Argument(class_="frozen", value=kept, secrets=secrets, origin="secret")
            if secrets
            else Argument.frozen(kept)
        )
    return replace(draft, arguments=arguments)


def _without_auth_headers(draft: Draft, notes: list[str]) -> dict[str, Any]:
    headers = draft.values.get("headers")
    if draft.kind.name != "http_request" or not isinstance(headers, dict):
        return draft.values
    dropped = sorted(name for name in headers if AUTH_HEADER.search(name) or carries_credentials(name))
    if dropped:
        notes.append(
            f"{draft.key}: the recorded headers {', '.join(dropped)} were not kept. The connection "
            f"{draft.values.get('conn_id')!r} must supply them."
        )
    kept = {name: value for name, value in headers.items() if name not in dropped}
    return {name: value for name, value in {**draft.values, "headers": kept}.items() if name != "headers" or kept}


def _without_secrets(value: Any, place: Path, found: list[Path], draft: Draft) -> Any:
    if isinstance(value, dict):
        for key in value:
            _refuse_inside(key, [*place, key], draft)
        return {key: _without_secrets(part, [*place, key], found, draft) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_secrets(part, [*place, index], found, draft) for index, part in enumerate(value)]
    if not isinstance(value, str) or not value:
        return value
    if _is_secret_key(place) or SHAPES.fullmatch(value):
        found.append(place)
        return None
    _refuse_inside(value, place, draft)
    return value


def _is_secret_key(place: Path) -> bool:
    key = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[\s.-]+", "_", str(place[-1])).lower()
    return bool(SECRET_KEY.search(key)) and not NOT_SECRET_KEY.search(key)


def _refuse_inside(text: str, place: Path, draft: Draft) -> None:
    if SHAPES.search(text) or IN_URL.search(text):
        raise SecretFound(
            f"{mask(text)[:120]!r} holds something that looks like a credential",
            where=f"call {draft.call.id} ({mask(draft.call.tool)}): {mask(_dotted(place))}",
            remedy="Move it to an Airflow connection and record the run again, or leave the call out with --exclude.",
        )


def _connection(key: str, place: Path) -> str:
    return f"{key}_{slug(str(place[-1]), 'secret').rstrip('_')}"


def _dotted(place: Path) -> str:
    return ".".join(str(part)[:60] for part in place)
