"""``vai versions``, ``restore``, ``activate``, ``pause`` and ``delete``: an automation's log."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from airflow_provider_vai.cli.airflow_command import set_paused
from airflow_provider_vai.cli.reports import print_json
from airflow_provider_vai.cli.terminal import say, table
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages.printable import plain
from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.model.sidecar import SUFFIX, Sidecar
from airflow_provider_vai.store import lifecycle
from airflow_provider_vai.store.state import read_state
from airflow_provider_vai.store.versions import Entry, VersionLog


def versions(arguments: Namespace) -> None:
    """List an automation's versions and changes of status, newest first, or show one version."""
    folder, dag_id = place(arguments.dag)
    log = VersionLog(folder, dag_id)
    if arguments.show is not None:
        entry = log.version(arguments.show)
        if arguments.json:
            print_json(entry.model_dump(mode="json"))
        else:
            say((entry.dag_file or "").rstrip("\n"))
        return
    entries = list(log.entries())
    if not entries:
        raise SpecError(
            "no version of it was logged", where=str(arguments.dag), remedy="Name the DAG file or its sidecar."
        )
    rows = [_row(entry) for entry in entries]
    if arguments.json:
        print_json(rows)
    else:
        table(("entry", "version", "what", "at", "by", "summary"), [list(row.values()) for row in rows])


def _row(entry: Entry) -> dict[str, object]:
    return {
        "entry": entry.number,
        "version": entry.sidecar.version,
        "change": entry.change,
        "at": f"{entry.at:%Y-%m-%dT%H:%M:%SZ}",
        "by": entry.by,
        "summary": entry.summary,
    }


def restore(arguments: Namespace) -> None:
    """Make an earlier version the newest one."""
    folder, dag_id = place(arguments.dag)
    files = lifecycle.restore(folder, dag_id, arguments.version)
    if arguments.json:
        print_json({"dag_id": dag_id, "version": files.version, "entry": files.entry})
    else:
        say(f"{plain(dag_id)}: version {files.version} is what version {arguments.version} was")


def activate(arguments: Namespace) -> None:
    """Record who reviewed an automation, and unpause its DAG."""
    folder, dag_id = place(arguments.dag)
    sidecar = read_state(folder, dag_id).sidecar
    reviewed = _reviewed(sidecar, arguments.reviewed) if sidecar else []
    after = lifecycle.activate(
        folder, dag_id, reviewed=reviewed, carry_out=_switch(dag_id, arguments.record_only, paused=False)
    )
    _tell(after, as_json=arguments.json)


def pause(arguments: Namespace) -> None:
    """Record that an automation is paused, and pause its DAG."""
    folder, dag_id = place(arguments.dag)
    after = lifecycle.pause(folder, dag_id, carry_out=_switch(dag_id, arguments.record_only, paused=True))
    _tell(after, as_json=arguments.json)


def delete(arguments: Namespace) -> None:
    """Remove an automation's files; its log stays."""
    folder, dag_id = place(arguments.dag)
    lifecycle.delete(folder, dag_id)
    if arguments.json:
        print_json({"dag_id": dag_id, "deleted": True})
    else:
        say(f"{plain(dag_id)}: deleted; `vai restore {plain(arguments.dag)} VERSION` brings a version back")


def place(dag: str) -> tuple[Path, str]:
    """Return the folder and the DAG id of an automation that is named by its DAG file or its sidecar."""
    path = Path(dag)
    name = path.name
    return path.parent, name[: -len(SUFFIX)] if name.endswith(SUFFIX) else name.removesuffix(".py")


def _reviewed(sidecar: Sidecar, wanted: str | None) -> list[ReviewItem]:
    """Return the review items that the user names: ``all``, or numbers and ranges of numbers (``1,3-5``).

    :raises SpecError: there is no such number.
    """
    if wanted is None:
        return []
    if wanted == "all":
        return list(sidecar.review)
    items = []
    for part in wanted.split(","):
        span = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", part.strip())
        first, last = (int(span[1]), int(span[2] or span[1])) if span else (0, 0)
        if not 1 <= first <= last <= len(sidecar.review):
            known = f"numbers from 1 to {len(sidecar.review)}" if sidecar.review else "nothing else: no item is listed"
            raise SpecError(
                f"--reviewed takes `all`, or {known}, found {wanted!r}",
                remedy="`vai activate` without it lists the open items with their numbers.",
            )
        items += sidecar.review[first - 1 : last]
    return items


def _switch(dag_id: str, record_only: bool, *, paused: bool) -> Callable[[], None]:
    return (lambda: None) if record_only else (lambda: set_paused(dag_id, paused=paused))


def _tell(sidecar: Sidecar, *, as_json: bool) -> None:
    if as_json:
        print_json({"dag_id": sidecar.dag_id, "status": sidecar.status, "version": sidecar.version})
    else:
        say(f"{plain(sidecar.dag_id)}: {sidecar.status} (version {sidecar.version})")
