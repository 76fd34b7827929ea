"""``Idempotency-Key``: a request that a client repeats, because the answer was lost, is carried out once
(https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/).

A request claims its key by creating a file, which only one of several requests can do; the file then keeps the answer.
It contains neither the key nor the body nor a credential: its name and the digest of the body are computed with the
key, which only the client has.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import Depends, Header, HTTPException, Request, Response

from airflow_provider_vai.plugin.api.configured_folders import automations_folder
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.versions import FOLDER

NAME = "@idempotency"
KEPT = timedelta(hours=24)
"""How long an answer is kept for repeated requests."""

ABANDONED = timedelta(minutes=15)
"""A claim without an answer is abandoned after this time: its server must have been killed."""

KEPT_HEADERS = ("location", "etag", "content-type", "cache-control")
"""The headers that are kept with an answer."""


@dataclass(frozen=True)
class Once:
    """Carries out a request once per key; without a key, every time.

    :param name: the start of the names of the key's files; ``None``: the request has no key.
    :param key: the client's key. :param asked: method, path and query of the request.
    """

    name: str | None
    key: str
    asked: str

    def __call__(self, body: bytes, do: Callable[[], Response]) -> Response:
        """Return the answer of ``do``, or the answer to the same request earlier.

        Only success is kept: a request that was refused may be sent again with its key.

        :param body: the body of the request. :param do: carries out the request.
        :raises HTTPException: 409 the first request is still running, 422 the key belongs to another request.
        """
        if self.name is None:
            return do()
        folder = automations_folder() / FOLDER / NAME
        digest = self._digest(body)
        earlier = _newest(folder, self.name)
        if earlier and not _is_expired(earlier):
            return _repeated(earlier, digest)
        number = earlier["number"] + 1 if earlier else 1
        path = folder / f"{self.name}.{number:06}.json"
        claim: dict[str, Any] = {"at": _now().isoformat(), "body": digest, "answer": None}
        if not shared_files.create(path, _text(claim)):
            raise HTTPException(409, "a request with this Idempotency-Key is still running", {"Retry-After": "1"})
        _purge_expired(folder)
        try:
            answer = do()
            if answer.status_code < 300:
                shared_files.replace(path, _text({**claim, "answer": _kept(answer)}))
                return answer
        except BaseException:
            shared_files.remove(path)
            raise
        shared_files.remove(path)
        return answer

    def _digest(self, body: bytes) -> str:
        return hmac.new(self.key.encode(), self.asked.encode() + b"\0" + body, hashlib.sha256).hexdigest()


KEY = "A text of your choice: the request is carried out once, and repeated with the same key it gets the same answer."


def once(
    request: Request,
    user: GetUserDep,
    idempotency_key: Annotated[str | None, Header(description=KEY, min_length=1, max_length=255)] = None,
) -> Once:
    """Return what carries out this user's request once."""
    if idempotency_key is None:
        return Once(None, "", "")
    owner = json.dumps([str(user.get_id()), idempotency_key])
    asked = f"{request.method} {request.url.path}?{request.url.query}"
    return Once(hashlib.sha256(owner.encode()).hexdigest(), idempotency_key, asked)


OnceDep = Annotated[Once, Depends(once)]


def _newest(folder: AnyPath, name: str) -> dict[str, Any] | None:
    """Return the newest claim of a key with its number, ``None`` if the key was never used."""
    found = [file for file in shared_files.names(folder, ".json") if file.startswith(f"{name}.")]
    if not found:
        return None
    content = shared_files.read(folder / found[-1])
    number = int(found[-1].split(".")[1])
    if content is None:  # just removed: the request was refused
        return None if number == 1 else {"number": number, "at": datetime.min.isoformat(), "body": "", "answer": None}
    try:
        claim = {**json.loads(content), "number": number}
        _is_expired(claim)
        return {**claim, "body": str(claim["body"])}
    except (ValueError, TypeError, KeyError):  # damaged, or, without hard links, empty for a moment
        return {"number": number, "at": _now().isoformat(), "body": "", "answer": None}


def _is_expired(claim: dict[str, Any]) -> bool:
    age = _now() - datetime.fromisoformat(claim["at"]).replace(tzinfo=timezone.utc)
    return age > (KEPT if claim["answer"] else ABANDONED)


def _repeated(claim: dict[str, Any], digest: str) -> Response:
    if claim["body"] and not hmac.compare_digest(claim["body"], digest):
        raise HTTPException(422, "this Idempotency-Key was used for another request")
    answer = claim["answer"]
    if answer is None:
        raise HTTPException(409, "the first request with this Idempotency-Key is still running", {"Retry-After": "1"})
    headers = {**answer["headers"], "Idempotency-Replayed": "true"}
    return Response(answer["body"].encode("utf-8"), answer["status"], headers)


def _kept(answer: Response) -> dict[str, Any]:
    headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
    return {"status": answer.status_code, "headers": headers, "body": bytes(answer.body).decode("utf-8")}


def _purge_expired(folder: AnyPath) -> None:
    """Purge a few expired claims per request, so that no request waits long."""
    for file in shared_files.names(folder, ".json")[:20]:
        content = shared_files.read(folder / file)
        try:
            is_expired = content is not None and _is_expired(json.loads(content))
        except (ValueError, TypeError, KeyError):
            continue
        if is_expired:
            shared_files.remove(folder / file)


def _text(claim: dict[str, Any]) -> bytes:
    return json.dumps(claim).encode("ascii")


def _now() -> datetime:
    return datetime.now(timezone.utc)
