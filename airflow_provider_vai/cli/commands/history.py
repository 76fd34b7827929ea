"""``vai versions``, ``restore``, ``repair``, ``activate``, ``pause`` and ``delete``: versions and status."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_vai.authoring import activation
from airflow_provider_vai.cli.airflow_command import pause_unreviewed, set_paused, unpause
from airflow_provider_vai.cli.publishing import read_soon, warn_if_not_served
from airflow_provider_vai.cli.reports import after_writing, print_json
from airflow_provider_vai.cli.terminal import next_step, say, table, tell, words
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages.printable import plain
from airflow_provider_vai.model.sidecar import SUFFIX, Sidecar
from airflow_provider_vai.store import lifecycle
from airflow_provider_vai.store.damage import logged_dag_ids
from airflow_provider_vai.store.repair import Repair, repair as repaired
from airflow_provider_vai.store.versions import Entry, VersionLog

if TYPE_CHECKING:
    from airflow_provider_vai.cli.outputs import (
        AutomationStatus,
        DeletedAutomation,
        ListedEntry,
        RepairedFile,
        RestoredAutomation,
    )


def versions(arguments: Namespace) -> None:
    """List an automation's versions and status changes, newest first; or print one version."""
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
            f"there is no automation {dag_id!r} in {folder}, and it has no versions there",
            where=str(arguments.dag),
            remedy="Give the DAG file or its sidecar.",
        )
    rows = [_row(entry) for entry in entries]
    if arguments.json:
        print_json(rows)
    else:
        table(("entry", "version", "what", "at", "by", "summary"), [list(row.values()) for row in rows])


def _row(entry: Entry) -> ListedEntry:
    return {
        "entry": entry.number,
        "version": entry.sidecar.version,
        "change": entry.change,
        "at": f"{entry.at:%Y-%m-%dT%H:%M:%SZ}",
        "by": entry.by,
        "summary": entry.summary,
    }


def restore(arguments: Namespace) -> None:
    """Restore an earlier version as a new version."""
    folder, dag_id = place(arguments.dag)
    files = lifecycle.restore(folder, dag_id, arguments.version, pause=pause_unreviewed)
    read_soon([files])
    if arguments.json:
        done: RestoredAutomation = {
            "dag_id": dag_id,
            "version": files.version,
            "entry": files.entry,
            "status": files.status,
        }
        print_json(done)
    else:
        restored = f"version {arguments.version} was restored as version {files.version} ({files.status_text})"
        tell(f"{plain(dag_id)}: {restored}")
        after_writing([files])


def repair(arguments: Namespace) -> int:
    """Repair the files of automations from each other; return 1 if something is left."""
    found: list[Repair] = []
    for path in map(Path, arguments.path):
        is_folder = path.is_dir()
        for folder, dag_id in [(path, one) for one in logged_dag_ids(path)] if is_folder else [place(str(path))]:
            found += repaired(folder, dag_id)
    if arguments.json:
        rows: list[RepairedFile] = [
            {"file": str(one.path), "problem": one.problem, "outcome": one.outcome, "is_repaired": one.is_repaired}
            for one in found
        ]
        print_json(rows)
    for one in found if not arguments.json else ():
        say(f"{plain(one.path, 500)}: {plain(one.problem, 1000)}", f"  {plain(one.outcome, 1000)}")
    if not found and not arguments.json:
        tell("nothing to repair")
    return 0 if all(one.is_repaired for one in found) else 1


def activate(arguments: Namespace) -> None:
    """Record who reviewed an automation, and unpause its DAG."""
    folder, dag_id = place(arguments.dag)
    switch = (lambda: None) if arguments.record_only else (lambda: unpause(dag_id, folder / f"{dag_id}.py"))
    after = activation.activate(folder, dag_id, reviewed=arguments.reviewed, carry_out=switch)
    _print_status(after, as_json=arguments.json)
    if not arguments.json:
        next_step(f"airflow dags trigger {plain(dag_id)}")
    warn_if_not_served([folder])


def pause(arguments: Namespace) -> None:
    """Record that an automation is paused, and pause its DAG."""
    folder, dag_id = place(arguments.dag)
    switch = (lambda: None) if arguments.record_only else (lambda: set_paused(dag_id, paused=True))
    after = lifecycle.pause(folder, dag_id, carry_out=switch)
    _print_status(after, as_json=arguments.json)
    if not arguments.json:
        next_step(f"vai activate {words(arguments.dag)}, when it may run again")


def delete(arguments: Namespace) -> None:
    """Delete an automation's DAG file and sidecar; its versions are kept."""
    folder, dag_id = place(arguments.dag)
    lifecycle.delete(folder, dag_id)
    if arguments.json:
        done: DeletedAutomation = {"dag_id": dag_id, "deleted": True}
        print_json(done)
    else:
        tell(f"{plain(dag_id)}: deleted; to restore a version, run `vai restore {plain(arguments.dag)} VERSION`")


def place(dag: str) -> tuple[Path, str]:
    """Return the folder and DAG id of an automation, given the path of its DAG file or sidecar."""
    path = Path(dag)
    name = path.name
    return path.parent, name[: -len(SUFFIX)] if name.endswith(SUFFIX) else name.removesuffix(".py")


def _print_status(sidecar: Sidecar, *, as_json: bool) -> None:
    if as_json:
        done: AutomationStatus = {"dag_id": sidecar.dag_id, "status": sidecar.status, "version": sidecar.version}
        print_json(done)
    else:
        tell(f"{plain(sidecar.dag_id)}: {sidecar.status} (version {sidecar.version})")
