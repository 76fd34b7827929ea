"""A request that is sent again under its key is done once, and answered the same."""

from __future__ import annotations

import itertools
import json
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import HTTPException, Response

from airflow_provider_vai.plugin.api import idempotency
from airflow_provider_vai.plugin.api.idempotency import Once
from tests.unit.plugin.api_support import SPEC, made, run_id, seed

KEY = {"Idempotency-Key": "client-made-key-1"}


def once(key: str = "k") -> Once:
    """Return what does a request once."""
    return Once(f"name-{key}", key, "POST /x?")


def files(folder: Path) -> list[Path]:
    """Return the claims."""
    return sorted((folder / ".vai/@idempotency").glob("*"))


def test_the_same_request_again(op: Any, folder: Path) -> None:
    """The first answer comes again, headers and all; nothing is done a second time."""
    first = op.post("/api/v1/automations", json=SPEC, headers=KEY)
    again = op.post("/api/v1/automations", json=SPEC, headers=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    for name in ("etag", "location", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert len(op.get("/api/v1/automations/nightly/versions").json()["items"]) == 1


def test_another_request_under_the_key(op: Any, folder: Path) -> None:
    """422 for another body or another address, and nothing is done."""
    made(op)
    first = op.post("/api/v1/automations/nightly/steps", json={}, headers={**KEY, "If-Match": '"1"'})
    assert first.status_code == 422  # refused, so the key is free again
    step = {"kind": "generate_query", "key": "more", "arguments": {"conn_id": "w", "sql": "SELECT 3 AS c"}}
    url = "/api/v1/automations/nightly/steps"
    assert op.post(url, json=step, headers={**KEY, "If-Match": '"1"'}).status_code == 201

    other = op.post(url, json={**step, "key": "other"}, headers={**KEY, "If-Match": '"2"'})
    elsewhere = op.post("/api/v1/automations", json=step, headers=KEY)

    assert (other.status_code, elsewhere.status_code) == (422, 422)
    assert op.get("/api/v1/automations/nightly").headers["etag"] == '"2"'


def test_a_key_is_its_users(as_role: Any) -> None:
    """Another user's request under the same key is a request of its own."""
    content = seed()
    first = as_role("op").post("/api/v1/agents/runs", content=content, headers=KEY)
    other = as_role("admin").post("/api/v1/agents/runs", content=content, headers=KEY)

    assert (first.status_code, other.status_code) == (201, 200)
    assert "idempotency-replayed" not in other.headers


def test_nothing_secret_is_kept(op: Any, folder: Path) -> None:
    """The stored claim holds neither the key nor the body, whose digest is made with the key."""
    op.post("/api/v1/agents/runs", content=seed(), headers=KEY)
    answer = op.post(f"/api/v1/agents/runs/{run_id()}/crystallize", json={}, headers=KEY | {"Idempotency-Key": "k2"})

    assert answer.status_code == 201
    kept = "".join(file.read_text() + file.name for file in files(folder))
    assert len(files(folder)) == 2
    assert KEY["Idempotency-Key"] not in kept
    assert "k2" not in [part for file in files(folder) for part in (file.name, json.loads(file.read_text())["body"])]


def test_at_once(folder: Path) -> None:
    """Of twenty requests at the same moment one is done; the others are told to wait, or get its answer."""
    done, going = [], threading.Event()
    gate = threading.Barrier(20)

    def do() -> Response:
        done.append(1)
        going.wait(10)
        return Response(b"{}", 201)

    def ask(number: int) -> int:
        gate.wait()
        try:
            answer = once()(b"body", do)
        except HTTPException as error:
            return error.status_code
        return answer.status_code

    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(ask, number) for number in range(20)]
        list(itertools.islice(as_completed(asked), 19))
        going.set()
        statuses = sorted(it.result() for it in asked)

    assert statuses == [201] + [409] * 19
    assert done == [1]


def test_what_failed_may_be_tried_again(folder: Path) -> None:
    """A refusal or an error frees the key."""
    with pytest.raises(RuntimeError):
        once()(b"", lambda: (_ for _ in ()).throw(RuntimeError))
    assert once()(b"", lambda: Response(status_code=404)).status_code == 404
    assert once()(b"", lambda: Response(b"", 201)).status_code == 201
    assert once()(b"", lambda: Response(b"", 500)).status_code == 201


def test_an_abandoned_claim_is_taken_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim whose server was killed holds for some minutes, then one of those who ask goes on."""
    claims = folder / ".vai/@idempotency"
    claims.mkdir(parents=True)
    begun = {"at": idempotency._now().isoformat(), "body": once()._digest(b""), "answer": None}
    (claims / "name-k.000001.json").write_text(json.dumps(begun))
    with pytest.raises(HTTPException) as refused:
        once()(b"", lambda: Response(b"", 201))
    assert refused.value.status_code == 409

    later = idempotency._now() + idempotency.ABANDONED + timedelta(seconds=1)
    monkeypatch.setattr(idempotency, "_now", lambda: later)
    assert once()(b"", lambda: Response(b"x", 201)).body == b"x"
    assert once()(b"", lambda: Response(b"y", 201)).body == b"x"


def test_answers_are_forgotten_after_a_day(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After that the key may be used again, and old claims do not pile up."""
    assert once("a")(b"", lambda: Response(b"a", 201)).body == b"a"
    later = idempotency._now() + idempotency.KEPT + timedelta(seconds=1)
    monkeypatch.setattr(idempotency, "_now", lambda: later)

    assert once("b")(b"", lambda: Response(b"b", 201)).body == b"b"
    assert [file.name.partition(".")[0] for file in files(folder)] == ["name-b"]
    assert once("a")(b"", lambda: Response(b"new", 201)).body == b"new"


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_keys_that_are_none(op: Any, key: str) -> None:
    """An empty or endless key is refused, not ignored."""
    assert op.post("/api/v1/automations", json=SPEC, headers={"Idempotency-Key": key}).status_code == 422
