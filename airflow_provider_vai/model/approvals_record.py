"""The record of approvals: one file for each decision, never changed, readable without Airflow.

``<artifacts>/@approvals/<dag_id>/<task_id>/<time>-<id>.json``. A file holds ``{"schema_version": 1, "id", "at",
"decision": "approve" | "reject", "by": {"id", "name"} | null, "attributed", "automatic", "rests_on": id | null,
"timed_out", "note", "dag_id", "run_id", "task_id", "map_index", "try_number", "subject", "steps": {task_id:
{"operator", "arguments_sha256", "edits": {place: {"from", "to"}}}}, "covers"}``. ``covers`` is the digest of everything
that an approval was about; ``rests_on`` the decision that an automatic one repeats.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.identifiers import folder_name

FOLDER = "@approvals"  # no DAG has a folder of this name: an id's "@" is quoted
SCHEMA_VERSION = 1


def write(root: Any, record: dict[str, Any]) -> str:
    """Write a decision into its own file.

    :param root: the artifacts folder: a ``pathlib.Path``, or anything with its methods.
    :param record: the decision, see the module.
    :return: the file.
    :raises FileExistsError: the file is there already; no record is ever replaced.
    """
    folder = root / FOLDER / folder_name(record["dag_id"]) / folder_name(record["task_id"])
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{record['at'].replace(':', '')}-{record['id']}.json"
    if file.exists():
        raise FileExistsError(str(file))
    file.write_bytes(json_text.pretty({"schema_version": SCHEMA_VERSION, **record}).encode("ascii"))
    return str(file)


def read(root: Any, dag_id: str, task_id: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the decisions of an automation, or of one gate, newest first.

    A file that is no record of this version is yielded as ``{"unreadable": its path}``: nothing is left out in silence.
    """
    folder = root / FOLDER / folder_name(dag_id)
    gates = [folder / folder_name(task_id)] if task_id else list(folder.iterdir()) if folder.exists() else []
    files = [file for gate in gates if gate.exists() for file in gate.iterdir()]
    for file in sorted(files, key=lambda file: file.name, reverse=True):
        yield _record(file)


def vouches(
    root: Any, named: Any, *, dag_id: str, gate: str, expected: Mapping[str, Any], step: str, sha256: str
) -> bool:
    """Return whether a decision was written down that approves exactly this; an XCom alone may be made by hand.

    :param named: the record's file as the gate's result names it; only a file of this gate counts.
    :param expected: what the decision must say of itself: its run and map index.
    :param step: the guarded step's task id. :param sha256: the digest of what it is about to use.
    """
    if not isinstance(named, str):
        return False
    file = root / FOLDER / folder_name(dag_id) / folder_name(gate) / named.rpartition("/")[2]
    record = _record(file)
    approved = record.get("steps", {}).get(step, {}).get("arguments_sha256")
    about = {name: record.get(name) for name in expected} == dict(expected)
    return record.get("decision") == "approve" and about and approved == sha256


def _record(file: Any) -> dict[str, Any]:
    try:
        record = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {"unreadable": str(file)}
    known = isinstance(record, dict) and record.get("schema_version") == SCHEMA_VERSION
    return record if known else {"unreadable": str(file)}
