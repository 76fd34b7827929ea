"""Which deliveries have been here: files that only one request can create, so that every API server agrees.

Below ``<runs_path>/@webhooks/<digest of the webhook's path>/`` stand, each in a folder of its first two digits,

- ``deliveries/…/<digest of the id>.json``: a delivery arrived; its run id, and the digest of its content,
- ``signatures/…/<digest of what was signed>.json``: a signature was used; for which delivery,
- ``started/…/<digest of the id>.json``: the delivery's run exists.

A delivery without the last file may still start its run, in the sender's next try. Of bodies and signed bytes the files
hold digests alone. Nothing here deletes one: as long as they stand, a delivery starts no second run; see
``dev/docs/webhooks.md`` for when they may go.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from airflow_provider_vai.exceptions import PublishError, VaiError
from airflow_provider_vai.plugin.api import folders
from airflow_provider_vai.plugin.webhooks.signatures import Delivery
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import AnyPath

FOLDER = "@webhooks"


class ReplayedDelivery(VaiError):
    """What was signed once came again under another name, or a delivery's name with another content."""


@dataclass(frozen=True)
class Claim:
    """A delivery's place among all: its id (the sender's, else the digest), the run that it starts, and the DAG of
    which that run was started before, if it was."""

    path: str
    delivery_id: str
    run_id: str
    started_dag_id: str | None


def claim(path: str, delivery: Delivery, now: datetime) -> Claim:
    """Claim a delivery; the same delivery may be claimed any number of times, and always gets the same run id.

    :param path: the webhook's.
    :param delivery: verified.
    :param now: the time of arrival.
    :raises Replayed: its signature was used for another delivery, or its id with another content.
    :raises PublishError: the storage refuses, or a file is damaged.
    """
    delivery_id = delivery.id or delivery.digest
    key = _digest(delivery_id)
    run_id = f"webhook__{_digest(path, delivery_id)[:32]}"
    arrived = {"runId": run_id, "content": delivery.content, "receivedAt": now.isoformat()}
    used = _file(path, "signatures", delivery.digest)
    # The first look only keeps replays from leaving a file each. Of two requests at once the files decide, and the
    # delivery's own comes first: a stranger's mix of one delivery's signature and another one's id must not use up
    # the signature.
    _check(_read(used), {"delivery": key}, "this signature was used for another delivery")
    _claim(_file(path, "deliveries", key), arrived, "content", "this delivery id came with another content")
    _claim(used, {"delivery": key}, "delivery", "this signature was used for another delivery")
    started = _read(_file(path, "started", key)) or {}
    return Claim(path, delivery_id, run_id, started.get("dagId"))


def note_started(claimed: Claim, dag_id: str) -> None:
    """Note that the delivery's run exists, so that it is not made again, also when somebody deletes it."""
    noted = {"dagId": dag_id, "runId": claimed.run_id}
    shared_files.create(_file(claimed.path, "started", _digest(claimed.delivery_id)), _bytes(noted))


def _claim(file: AnyPath, content: dict[str, str], decides: str, problem: str) -> None:
    if not shared_files.create(file, _bytes(content)):
        _check(_read(file), {decides: content[decides]}, problem)


def _check(found: dict[str, str] | None, expected: dict[str, str], problem: str) -> None:
    if found is not None and any(found.get(name) != value for name, value in expected.items()):
        raise ReplayedDelivery(problem, remedy="Give each delivery an id of its own, and each try of it the same one.")


def _read(file: AnyPath) -> dict[str, str] | None:
    content = shared_files.read(file)
    try:
        return None if content is None else dict(json.loads(content))
    except (TypeError, ValueError):  # damaged; or not written yet, on a file system without hard links
        raise PublishError(
            "the file about a delivery cannot be read", where=str(file), remedy="Delete it if it stays so."
        ) from None


def _bytes(content: dict[str, str]) -> bytes:
    return json.dumps(content).encode("ascii")


def _file(path: str, kind: str, digest: str) -> AnyPath:
    return folders.runs_folder() / FOLDER / _digest(path)[:32] / kind / digest[:2] / f"{digest}.json"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8")).hexdigest()
