"""``Idempotency-Key``: a request that is sent again, because its answer was lost, is done once
(https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/).

A key is claimed by creating a file, which one of several requests can; the file then holds the answer. It holds no
key, no body and no credential: its name and the body's digest are made with the key, which only the client has.
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

from airflow_provider_vai.plugin.api import folders
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.versions import FOLDER

NAME = "@idempotency"
KEPT = timedelta(hours=24)
"""How long an answer is repeated."""

ABANDONED = timedelta(minutes=15)
"""After this a request whose answer never came is taken for one whose server was killed."""

TOLD = ("location", "etag", "content-type", "cache-control")
"""Headers of an answer that are repeated with it."""


@dataclass(frozen=True)
class Once:
    """Does what a request asks for once for each key; without a key, each time.

    :param name: the start of the key's file names; ``None``: the request has no key.
    :param key: the client's key. :param asked: method, path and query of the request.
    """

    name: str | None
    key: str
    asked: str

    def __call__(self, body: bytes, do: Callable[[], Response]) -> Response:
        """Return what ``do`` answers, or answered when the same request came before.

        Only success is kept: what was refused may be tried again under its key.

        :param body: of the request.
        :raises HTTPException: 409 the first request is not done yet, 422 the key was another request's.
        """
        if self.name is None:
            return do()
        folder = folders.automations_folder() / FOLDER / NAME
        digest = self._digest(body)
        earlier = _newest(folder, self.name)
        if earlier and not _is_over(earlier):
            return _repeated(earlier, digest)
        number = earlier["number"] + 1 if earlier else 1
        path = folder / f"{self.name}.{number:06}.json"
        claim: dict[str, Any] = {"at": _now().isoformat(), "body": digest, "answer": None}
        if not shared_files.create(path, _text(claim)):
            raise HTTPException(409, "a request with this Idempotency-Key is under way", {"Retry-After": "1"})
        _forget(folder)
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


def once(
    request: Request,
    user: GetUserDep,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
) -> Once:
    """Return what does this request once, for this user."""
    if idempotency_key is None:
        return Once(None, "", "")
    owner = json.dumps([str(user.get_id()), idempotency_key])
    asked = f"{request.method} {request.url.path}?{request.url.query}"
    return Once(hashlib.sha256(owner.encode()).hexdigest(), idempotency_key, asked)


OnceDep = Annotated[Once, Depends(once)]


def _newest(folder: AnyPath, name: str) -> dict[str, Any] | None:
    """Return the newest claim of a key with its number."""
    found = [file for file in shared_files.names(folder, ".json") if file.startswith(f"{name}.")]
    if not found:
        return None
    content = shared_files.read(folder / found[-1])
    number = int(found[-1].split(".")[1])
    if content is None:  # removed in this moment: the request was refused
        return None if number == 1 else {"number": number, "at": datetime.min.isoformat(), "body": "", "answer": None}
    try:
        return {**json.loads(content), "number": number}
    except ValueError:  # a file system without hard links shows it empty for a moment
        return {"number": number, "at": _now().isoformat(), "body": "", "answer": None}


def _is_over(claim: dict[str, Any]) -> bool:
    age = _now() - datetime.fromisoformat(claim["at"]).replace(tzinfo=timezone.utc)
    return age > (KEPT if claim["answer"] else ABANDONED)


def _repeated(claim: dict[str, Any], digest: str) -> Response:
    if claim["body"] and not hmac.compare_digest(claim["body"], digest):
        raise HTTPException(422, "this Idempotency-Key was used for another request")
    answer = claim["answer"]
    if answer is None:
        raise HTTPException(409, "the first request with this Idempotency-Key is under way", {"Retry-After": "1"})
    headers = {**answer["headers"], "Idempotency-Replayed": "true"}
    return Response(answer["body"].encode("utf-8"), answer["status"], headers)


def _kept(answer: Response) -> dict[str, Any]:
    headers = {name: answer.headers[name] for name in TOLD if name in answer.headers}
    return {"status": answer.status_code, "headers": headers, "body": bytes(answer.body).decode("utf-8")}


def _forget(folder: AnyPath) -> None:
    """Remove the oldest claims that are over, a few at a time: nobody waits for this."""
    for file in shared_files.names(folder, ".json")[:20]:
        content = shared_files.read(folder / file)
        try:
            is_over = content is not None and _is_over(json.loads(content))
        except (ValueError, KeyError):
            continue
        if is_over:
            shared_files.remove(folder / file)


def _text(claim: dict[str, Any]) -> bytes:
    return json.dumps(claim).encode("ascii")


def _now() -> datetime:
    return datetime.now(timezone.utc)
