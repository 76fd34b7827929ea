"""The deliveries that have arrived: files that only one request can create, so that all API servers agree.

There are four kinds of files in ``<runs_path>/@webhooks/``, each in a folder named by the first two digits of the
file's name:

- ``deliveries/…/<key>.json``: a delivery arrived; its run id, and the digest of its content,
- ``signed/…/<digest of the path and the signed bytes>.json``: these bytes came, and as which delivery,
- ``signatures/…/<digest of the signature>.json``: a signature was used, and by which delivery,
- ``started/…/<key>.json``: the delivery's run exists.

A delivery's key is the digest of the webhook's path, the signature scheme and the delivery id. A signature counts for
all paths and schemes together: if two webhooks share a secret, a delivery to one of them is refused at the other. The
signed bytes count for one path, whichever of two secrets signed them, because a sender that changes its secret sends
both signatures.

A delivery without the last file may still start its run, when the sender tries again. The files contain only digests of
bodies and signed bytes. Nothing here deletes them: as long as they exist, a delivery does not start a second run.
``dev/docs/webhooks.md`` says when you may delete them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from airflow_provider_vai.exceptions import PublishError, VaiError
from airflow_provider_vai.plugin.api.configured_folders import recordings_folder
from airflow_provider_vai.plugin.webhooks.signatures import Delivery
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import AnyPath

FOLDER = "@webhooks"
USED = "this signature was used for another delivery"


class ReplayedDelivery(VaiError):
    """A signature came again with another delivery id, path or scheme, or a delivery id with another content."""


@dataclass(frozen=True)
class Claim:
    """A delivery that was claimed.

    :param path: of the webhook. :param delivery_id: the sender's, or the digest of what was signed.
    :param key: by which the delivery is remembered. :param run_id: of the run that it starts.
    :param started_dag_id: the DAG of that run, if it was started already.
    """

    path: str
    delivery_id: str
    key: str
    run_id: str
    started_dag_id: str | None


def claim(path: str, delivery: Delivery, now: datetime) -> Claim:
    """Claim a delivery. The same delivery may be claimed any number of times, and always gets the same run id.

    :param path: of the webhook.
    :param delivery: a delivery whose signature was verified.
    :param now: the time of arrival.
    :raises ReplayedDelivery: its signature belongs to another delivery, or its id to another content.
    :raises PublishError: the storage refused, or a file is damaged.
    """
    delivery_id = delivery.id or delivery.digest
    key = _digest(path, delivery.scheme, delivery_id)
    run_id = f"webhook__{key[:32]}"
    arrived = {"runId": run_id, "content": delivery.content, "receivedAt": now.isoformat()}
    used = [_file("signed", _digest(path, delivery.digest)), _file("signatures", delivery.signature)]
    # The first check only keeps replays from creating files; between two requests at once the files below decide. The
    # delivery's own file comes first: a stranger who combines one delivery's signature with another one's id must not
    # use up the signature.
    for found in [_read(file) for file in used]:
        _check(found, {"delivery": key}, USED)
    _claim(_file("deliveries", key), arrived, "content", "this delivery id came with another content")
    for file in used:
        _claim(file, {"delivery": key}, "delivery", USED)
    started = _read(_file("started", key)) or {}
    return Claim(path, delivery_id, key, run_id, started.get("dagId"))


def note_started(claimed: Claim, dag_id: str) -> None:
    """Record that the delivery's run exists, so that it is not started again even if somebody deletes it."""
    noted = {"dagId": dag_id, "runId": claimed.run_id}
    shared_files.create(_file("started", claimed.key), _bytes(noted))


def _claim(file: AnyPath, content: dict[str, str], decides: str, problem: str) -> None:
    if not shared_files.create(file, _bytes(content)):
        _check(_read(file), {decides: content[decides]}, problem)


def _check(found: dict[str, str] | None, expected: dict[str, str], problem: str) -> None:
    if found is not None and any(found.get(name) != value for name, value in expected.items()):
        raise ReplayedDelivery(problem, remedy="Give each delivery its own id, and keep the id when you send it again.")


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


def _file(kind: str, digest: str) -> AnyPath:
    return recordings_folder() / FOLDER / kind / digest[:2] / f"{digest}.json"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8")).hexdigest()
