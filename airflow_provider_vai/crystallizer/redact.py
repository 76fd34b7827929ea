"""Keeps credentials out of the spec: a credential in an argument is replaced by a connection's password, or refused.

:mod:`airflow_provider_vai.secrets` decides what a credential is. A value that consists of a credential becomes
``connection_secret(…)``, the password of an Airflow connection that the user creates. A credential inside a longer
text or in a key, or a number under a secret-like key, cannot be replaced. Then the run is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.exceptions import SecretFound
from airflow_provider_vai.languages.identifiers import slug
from airflow_provider_vai.model.argument import Argument, Secret
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.secrets import Sighting, knowing, visit
from airflow_provider_vai.secrets.headers import carries_credentials
from airflow_provider_vai.secrets.masking import mask


def redact(drafts: list[Draft], known: Iterable[str] = ()) -> tuple[list[Draft], list[ReviewItem]]:
    """Return the drafts with frozen arguments that contain no credentials, and the notes for the reviewer.

    :param known: additional known credentials (of Airflow's connections, for example); those of the environment are
        always known.
    :raises SecretFound: a credential cannot be replaced; the message names the call and the place.
    """
    notes: list[ReviewItem] = []
    with knowing(known):
        return [_redacted(draft, notes) for draft in drafts], notes


def _redacted(draft: Draft, notes: list[ReviewItem]) -> Draft:
    arguments = {}
    values = _without_auth_headers(draft, notes)
    for name, value in values.items():
        found: list[JsonPath] = []
        kept = _without_secrets(value, [name], found, draft)
        secrets = [Secret(at=place[1:], connection=_connection(draft.key, place)) for place in found]
        notes += [
            review_item("credential_removed", step=draft.key, place=place, connection=secret.connection)
            for place, secret in zip(found, secrets, strict=True)
        ]
        arguments[name] = (
            Argument(class_="frozen", value=kept, secrets=secrets, origin="secret")
            if secrets
            else Argument.frozen(kept)
        )
    return replace(draft, values=values, arguments=arguments)


def _without_auth_headers(draft: Draft, notes: list[ReviewItem]) -> dict[str, Any]:
    headers = draft.values.get("headers")
    if draft.kind.name != "http_request" or not isinstance(headers, dict):
        return draft.values
    dropped = sorted(name for name in headers if carries_credentials(name))
    if dropped:
        names, connection = [mask(name) for name in dropped], draft.values.get("conn_id")
        notes.append(
            review_item("headers_removed", step=draft.key, place=["headers"], names=names, connection=connection)
        )
    kept = {name: value for name, value in headers.items() if name not in dropped}
    return {name: value for name, value in {**draft.values, "headers": kept}.items() if name != "headers" or kept}


def _without_secrets(value: Any, place: JsonPath, found: list[JsonPath], draft: Draft) -> Any:
    def answer(sighting: Sighting) -> None:
        if sighting.kind == "whole":
            found.append(sighting.at)
            return
        place = mask(_dotted(sighting.at))
        what = {"number": "a number under a secret-like key", "key": f"the key {sighting.shown[:120]!r}"}
        raise SecretFound(
            f"{what.get(sighting.kind, repr(sighting.shown[:120]))} contains something that looks like a credential",
            place=place,
            where=f"call {mask(draft.call.id)} ({mask(draft.call.tool)}): {place}",
            remedy="Move it to an Airflow connection and record the run again, or leave the call out with --exclude.",
        )

    return visit(value, place, answer)


def _connection(key: str, place: JsonPath) -> str:
    return f"{key}_{slug(str(place[-1]), 'secret').rstrip('_')}"


def _dotted(place: JsonPath) -> str:
    return ".".join(mask(str(part))[:60] for part in place)
