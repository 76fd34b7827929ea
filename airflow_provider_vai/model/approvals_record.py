"""The record of approvals: one file for each decision, never changed, readable without Airflow.

``<artifacts>/@approvals/<dag_id>/<task_id>/<time>-<id>.json``. A file holds ``{"schema_version": 1, "id", "at",
"decision": "approve" | "reject", "by": {"id", "name"} | null, "attributed", "automatic", "rests_on": id | null,
"timed_out", "note", "dag_id", "run_id", "task_id", "map_index", "try_number", "subject", "steps": {task_id:
{"operator", "arguments_sha256", "edits": {place: {"from", "to"}}}}, "covers"}``. ``covers`` is the digest of everything
that an approval was about; ``rests_on`` the decision that an automatic one repeats.

``<artifacts>/@spent/<dag_id>/<gate>/<decision>/<step>.json`` says which try of a step used an approval: one approval is
one write. Airflow's users can change an XCom or a task's state; they cannot change these files through Airflow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.identifiers import folder_name

FOLDER, SPENT = "@approvals", "@spent"  # no DAG has a folder of these names: an id's "@" is quoted
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

    Only the newest decision of a gate in a run counts: an earlier approval does not outlive a later rejection.

    :param named: the record's file as the gate's result names it; only a file of this gate counts.
    :param expected: what the decision must say of itself: its run and map index.
    :param step: the guarded step's task id. :param sha256: the digest of what it is about to use.
    """
    if not isinstance(named, str):
        return False
    folder = root / FOLDER / folder_name(dag_id) / folder_name(gate)
    record = _record(folder / named.rpartition("/")[2])
    approved = record.get("steps", {}).get(step, {}).get("arguments_sha256")
    if record.get("decision") != "approve" or not _is_about(record, expected) or approved != sha256:
        return False
    later = [file for file in folder.iterdir() if file.name > named.rpartition("/")[2]]
    return not any(_is_about(_record(file), expected) for file in later)


def spend(root: Any, named: str, note: dict[str, Any], *, dag_id: str, gate: str, step: str) -> dict[str, Any] | None:
    """Note that a step uses an approval now.

    :param named: the decision's file, as :func:`write` returned it.
    :param note: who uses it, for what: plain JSON data.
    :return: the note of an earlier use, which stays; ``None`` if this is the first one.
    :raises OSError: the note cannot be written; the approval must not be used then.
    """
    file = _spent(root, named, dag_id, gate, step)
    if file.exists():
        found = _record(file)
        return {"unreadable": str(file)} if "unreadable" in found else found
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(json_text.pretty({"schema_version": SCHEMA_VERSION, **note}).encode("ascii"))
    return None


def release(root: Any, named: str, *, dag_id: str, gate: str, step: str) -> None:
    """Take back the note of a use: the step failed before it sent anything."""
    file = _spent(root, named, dag_id, gate, step)
    if file.exists():
        file.unlink()


def _spent(root: Any, named: str, dag_id: str, gate: str, step: str) -> Any:
    decision = named.rpartition("/")[2].removesuffix(".json")
    return root / SPENT / folder_name(dag_id) / folder_name(gate) / folder_name(decision) / f"{folder_name(step)}.json"


def _is_about(record: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    return {name: record.get(name) for name in expected} == dict(expected)


def _record(file: Any) -> dict[str, Any]:
    try:
        record = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {"unreadable": str(file)}
    known = isinstance(record, dict) and record.get("schema_version") == SCHEMA_VERSION
    return record if known else {"unreadable": str(file)}
