"""The record of approvals: one file for each decision. Files are never changed and can be read without Airflow.

The files are ``<artifacts>/@approvals/<dag_id>/<task_id>/<time>-<id>.json``. Each has ``{"schema_version": 1, "id",
"at", "decision": "approve" | "reject", "by": {"id", "name"} | null, "attributed", "automatic", "rests_on": id | null,
"timed_out", "note", "dag_id", "run_id", "task_id", "map_index", "round", "try_number", "subject", "steps": {task_id:
{"operator", "arguments_sha256", "edits": {place: {"from", "to"}}}}, "covers"}``. ``covers`` is the digest of everything
that was approved. ``rests_on`` is the id of the earlier decision that an automatic one repeats. Only gates in a loop
have a ``round``.

``<artifacts>/@spent/<dag_id>/<gate>/<decision>/<step>.json`` records which try of a step used an approval: one approval
allows one write. Airflow's users can change an XCom or a task's state, but not these files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.identifiers import folder_name

FOLDER, SPENT = "@approvals", "@spent"  # no DAG's folder has these names, because "@" in an id is quoted
SCHEMA_VERSION = 1


def write(root: Any, record: dict[str, Any]) -> str:
    """Write a decision to its own file. Its name comes after those of earlier decisions, even if a clock went back.

    :param root: the artifacts folder: a ``pathlib.Path`` or an object with the same methods.
    :param record: the decision; see the module.
    :return: the path of the file.
    :raises FileExistsError: the file exists already; a record is never replaced.
    """
    folder = root / FOLDER / folder_name(record["dag_id"]) / folder_name(record["task_id"])
    folder.mkdir(parents=True, exist_ok=True)
    # an object store has no empty folders
    names = [file.name for file in folder.iterdir()] if folder.exists() else []
    if same := [name for name in names if name.endswith(f"-{record['id']}.json")]:
        raise FileExistsError(str(folder / same[0]))
    file = folder / f"{_moment(names, record['at'])}-{record['id']}.json"
    file.write_bytes(json_text.pretty({"schema_version": SCHEMA_VERSION, **record}).encode("ascii"))
    return str(file)


def _moment(names: Iterable[str], at: str) -> str:
    """Return a time for a file's name: that of the decision, or one right after the newest file's.

    The order of the names decides which decision counts, so a rejection must not be named before the approval that it
    revokes.
    """
    wanted = at.replace(":", "")
    for name in sorted(names, reverse=True):
        newest = name.rpartition("-")[0]
        if newest < wanted:
            break
        with suppress(ValueError, OverflowError):  # not one of our names
            form = "%Y-%m-%dT%H%M%S.%f%z" if "." in newest else "%Y-%m-%dT%H%M%S%z"
            after = datetime.strptime(newest, form) + timedelta(microseconds=1)
            return after.isoformat(timespec="microseconds").replace(":", "")
    return wanted


def read(root: Any, dag_id: str, task_id: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the decisions of an automation, or of one gate, newest first.

    A file that is not a record of this version is yielded as ``{"unreadable": its path}``, so that no file is silently
    ignored.

    :param root: the artifacts folder.
    :param task_id: the gate's task id; ``None`` for every gate of the automation.
    """
    folder = root / FOLDER / folder_name(dag_id)
    gates = [folder / folder_name(task_id)] if task_id else list(folder.iterdir()) if folder.exists() else []
    files = [file for gate in gates if gate.exists() for file in gate.iterdir()]
    for file in sorted(files, key=lambda file: file.name, reverse=True):
        yield _record(file)


def vouches(
    root: Any,
    named: Any,
    *,
    dag_id: str,
    gate: str,
    expected: Mapping[str, Any],
    step: str,
    sha256: str,
    is_in_loop: bool = False,
) -> bool:
    """Return whether the record contains an approval of exactly these arguments. An XCom alone could be forged.

    Only the newest decision of a gate in a DAG run counts: a later rejection revokes an earlier approval.

    :param root: the artifacts folder.
    :param named: the record's file as given in the gate's result; only a file of this gate counts.
    :param gate: the gate's task id.
    :param expected: the fields that the decision must have: its run id, map index and round.
    :param step: the guarded step's task id.
    :param sha256: the digest of the arguments that the step is about to use.
    :param is_in_loop: whether the step is part of a loop. A decision outside the loop would count for every round.
    """
    if not isinstance(named, str):
        return False
    folder = root / FOLDER / folder_name(dag_id) / folder_name(gate)
    record = _record(folder / named.rpartition("/")[2])
    if is_in_loop and "round" not in record:
        return False
    approved = record.get("steps", {}).get(step, {}).get("arguments_sha256")
    if record.get("decision") != "approve" or not _is_about(record, expected) or approved != sha256:
        return False
    later = [file for file in folder.iterdir() if file.name > named.rpartition("/")[2]]
    return not any(_is_about(_record(file), expected) for file in later)


def spend(root: Any, named: str, note: dict[str, Any], *, dag_id: str, gate: str, step: str) -> dict[str, Any] | None:
    """Record that a step is using an approval now.

    :param named: the decision's file, as :func:`write` returned it.
    :param note: who uses it and for what, as JSON data.
    :return: the note of an earlier use, which is kept; ``None`` if this is the first use.
    :raises OSError: the note cannot be written. The approval must not be used then.
    """
    file = _spent(root, named, dag_id, gate, step)
    if file.exists():
        found = _record(file)
        return {"unreadable": str(file)} if "unreadable" in found else found
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(json_text.pretty({"schema_version": SCHEMA_VERSION, **note}).encode("ascii"))
    return None


def release(root: Any, named: str, *, dag_id: str, gate: str, step: str) -> None:
    """Delete the note that an approval was used, because the step failed before it sent anything."""
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
