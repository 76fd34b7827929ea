"""Secrets never land: a credential in an argument becomes a reference to an Airflow connection, or is refused.

What a credential is, says :mod:`airflow_provider_vai.secrets`. A value that is nothing but one becomes
``connection_secret(…)``, the password of a connection that the user makes; one inside a longer text, in a key, or a
number under such a key cannot be replaced, so the crystallization is refused with the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from airflow_provider_vai.automation import Argument, Secret
from airflow_provider_vai.exceptions import SecretFound, VaiError
from airflow_provider_vai.identifiers import slug
from airflow_provider_vai.operators.http_guard import carries_credentials
from airflow_provider_vai.passes.draft import Draft
from airflow_provider_vai.run import Run
from airflow_provider_vai.secrets import Sighting, find, knowing, visit
from airflow_provider_vai.secrets.values import starred
from airflow_provider_vai.spec_base import Path

P = ParamSpec("P")
T = TypeVar("T")
AUTH_HEADER = re.compile(r"^(proxy-)?authorization$|^cookie$|api-?key|token|secret", re.IGNORECASE)
SHORTEST_TOKEN = 8
"""Characters. What stands under ``token`` may be a word; with letters and digits it is looked for elsewhere, too."""


def redact(drafts: list[Draft], known: Iterable[str] = ()) -> tuple[list[Draft], list[str]]:
    """Return the drafts with their frozen arguments, free of credentials, and what a reviewer should know about them.

    :param known: credentials that are known as such (of Airflow's connections, say), beside those of the environment.
    :raises SecretFound: a credential stands inside a longer text; the message names the call and the place.
    """
    notes: list[str] = []
    with knowing(known):
        return [_redacted(draft, notes) for draft in drafts], notes


def mask(text: str) -> str:
    """Return free text (a title, an error, a person's note) with every credential in it masked."""
    return starred(text, find(text))


def masked(value: Any) -> Any:
    """Return JSON data with every credential in its texts and keys masked, and all text under a secret-like key."""
    return visit(value, [], lambda sighting: sighting.shown)


def masked_run(run: Run) -> Run:
    """Return a run as it may be shown: each credential masked, also where only another place tells that it is one."""
    with knowing_those_of(run):
        return Run.model_validate(masked(run.model_dump()))


def with_its_secrets(function: Callable[Concatenate[Run, P], T]) -> Callable[Concatenate[Run, P], T]:
    """Let a function of a run know the run's own credentials (see :func:`knowing_those_of`)."""

    @wraps(function)
    def knowing_them(run: Run, /, *args: P.args, **keywords: P.kwargs) -> T:
        with knowing_those_of(run):
            return function(run, *args, **keywords)

    return knowing_them


@contextmanager
def knowing_those_of(run: Run, known: Iterable[str] = ()) -> Iterator[None]:
    """Take what a run shows as a credential in one place for one in every other place, as long as the block runs.

    A password stands under its key in a call's arguments; in the user's sentence nothing else tells it from a word. An
    error that leaves the block has its text masked.

    :param known: credentials that are known from elsewhere, as :func:`redact` takes them.
    """
    with knowing(known), knowing(secrets_of(run)):
        try:
            yield
        except VaiError as error:
            error.problem, error.where, error.remedy = mask(error.problem), mask(error.where), mask(error.remedy)
            error.args = (error.problem, error.where, error.remedy)
            raise


def secrets_of(run: Run) -> set[str]:
    """Return the credentials that the arguments, results and texts of a run show, in no order."""
    found: set[str] = set()

    def note(sighting: Sighting) -> Any:
        for span in sighting.secrets:
            has_both = re.search(r"\d", span.secret) and re.search(r"[^\W\d_]", span.secret)
            if span.is_password or (len(span.secret) >= SHORTEST_TOKEN and has_both):
                found.add(span.secret)
        return sighting.shown

    for call in run.calls:
        for part in (call.arguments, call.proposed_arguments, call.result, call.error, call.approval.note):
            visit(part, [], note)
    for text in (run.title, run.system_text, *(turn.user_text for turn in run.turns)):
        visit(text, [], note)
    return found


def _redacted(draft: Draft, notes: list[str]) -> Draft:
    arguments = {}
    values = _without_auth_headers(draft, notes)
    for name, value in values.items():
        found: list[Path] = []
        kept = _without_secrets(value, [name], found, draft)
        secrets = [Secret(at=place[1:], connection=_connection(draft.key, place)) for place in found]
        notes += [
            f"{draft.key}: the recorded value of {mask(_dotted(place))} looks like a credential and was not kept. Make "
            f"the connection {secret.connection!r} with it as the password."
            for place, secret in zip(found, secrets, strict=True)
        ]
        arguments[name] = (
            Argument(class_="frozen", value=kept, secrets=secrets, origin="secret")
            if secrets
            else Argument.frozen(kept)
        )
    return replace(draft, values=values, arguments=arguments)


def _without_auth_headers(draft: Draft, notes: list[str]) -> dict[str, Any]:
    headers = draft.values.get("headers")
    if draft.kind.name != "http_request" or not isinstance(headers, dict):
        return draft.values
    dropped = sorted(name for name in headers if AUTH_HEADER.search(name) or carries_credentials(name))
    if dropped:
        notes.append(
            f"{draft.key}: the recorded headers {', '.join(map(mask, dropped))} were not kept. The connection "
            f"{draft.values.get('conn_id')!r} must supply them."
        )
    kept = {name: value for name, value in headers.items() if name not in dropped}
    return {name: value for name, value in {**draft.values, "headers": kept}.items() if name != "headers" or kept}


def _without_secrets(value: Any, place: Path, found: list[Path], draft: Draft) -> Any:
    def answer(sighting: Sighting) -> None:
        if sighting.kind == "whole":
            found.append(sighting.at)
            return
        what = {"number": "a number under a secret-like key", "key": f"the key {sighting.shown[:120]!r}"}
        raise SecretFound(
            f"{what.get(sighting.kind, repr(sighting.shown[:120]))} holds something that looks like a credential",
            where=f"call {mask(draft.call.id)} ({mask(draft.call.tool)}): {mask(_dotted(sighting.at))}",
            remedy="Move it to an Airflow connection and record the run again, or leave the call out with --exclude.",
        )

    return visit(value, place, answer)


def _connection(key: str, place: Path) -> str:
    return f"{key}_{slug(str(place[-1]), 'secret').rstrip('_')}"


def _dotted(place: Path) -> str:
    return ".".join(mask(str(part))[:60] for part in place)
