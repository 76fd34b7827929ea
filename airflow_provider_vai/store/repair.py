"""Repairs the files of an automation from each other: the sidecar and DAG file from the log, the log from both.

Nothing is thrown away: a damaged file is kept beside the new one, with ``.damaged`` after its name. An edit by hand is
no damage and stays.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from airflow_provider_vai.exceptions import PublishError, SpecError, VaiError
from airflow_provider_vai.model.sidecar import SUFFIX, Sidecar, parse_sidecar
from airflow_provider_vai.renderer.render import render
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.damage import SET_ASIDE, Damage, damages, newer_files
from airflow_provider_vai.store.edits import dag_sha256, dag_text
from airflow_provider_vai.store.publisher import author, now, writing
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.state import settled
from airflow_provider_vai.store.versions import Change, Entry, VersionLog


@dataclass(frozen=True)
class Repair:
    """What became of one thing that was wrong.

    :param path: The file.
    :param problem: What was wrong.
    :param outcome: What was done about it, or what you can do.
    :param is_repaired: Whether everything that the file contained is there again.
    """

    path: AnyPath
    problem: str
    outcome: str
    is_repaired: bool


def repair(folder: AnyPath, dag_id: str) -> list[Repair]:
    """Repair what is damaged or unfinished among the files of an automation.

    :param folder: The folder of the DAG file and sidecar.
    :param dag_id: The automation's DAG id.
    :return: What was wrong, and what was done; empty if nothing was.
    :raises PublishError: a file cannot be written.
    :raises SpecError: there is no such automation, or a newer version of this package wrote one of its files.
    """
    log = VersionLog(folder, dag_id)
    if not log.numbers() and shared_files.read(folder / (dag_id + SUFFIX)) is None:
        raise SpecError(
            f"there is no automation {dag_id!r}, and none was there",
            where=str(folder),
            remedy="`vai lint` lists the automations in a folder.",
        )
    if newer := newer_files(folder, dag_id):
        raise SpecError(
            "a newer version wrote the file, so this one cannot tell what is damaged",
            where=str(newer[0]),
            remedy="Upgrade airflow-provider-vai.",
        )
    with writing(folder):
        found = damages(folder, dag_id)
        known = _sidecar(folder, dag_id)
        done = [_entry(folder, dag_id, one, known) for one in found if one.kind in ("entry", "gap")]
        left = [one for one in damages(folder, dag_id) if one.kind in ("sidecar", "unfinished")]
        done += [_sidecar_repair(folder, dag_id, one) for one in left if one.kind == "sidecar"]
        done += [_finished(folder, dag_id, one) for one in left if one.kind == "unfinished"]
        return [*done, *_dag_file(folder, dag_id)]


def _sidecar(folder: AnyPath, dag_id: str) -> Sidecar | None:
    """Return the sidecar in the folder; ``None``: it is missing or damaged."""
    path = folder / (dag_id + SUFFIX)
    try:
        content = shared_files.read(path)
        return None if content is None else parse_sidecar(content, str(path))
    except VaiError:
        return None


def _entry(folder: AnyPath, dag_id: str, damage: Damage, known: Sidecar | None) -> Repair:
    """Write an entry of the log again if the sidecar and the DAG file have all that it held, else set it aside."""
    log = VersionLog(folder, dag_id)
    made = _rebuilt(folder, log, damage.number, known) if known else None
    if damage.kind == "entry":
        _set_aside(damage.path)
    if made is not None:
        log.append(made.fields())
        return Repair(damage.path, damage.problem, "it was written again from the sidecar and the DAG file", True)
    outcome = "it was set aside, and its change is no longer in the history"
    if damage.kind == "gap":
        shared_files.create(damage.path.parent / (damage.path.name + SET_ASIDE), b"")  # so that it is not missed again
        outcome = "nothing has all that it held: its change is no longer in the history, unless you have a backup"
    return Repair(damage.path, damage.problem, outcome, False)


def _rebuilt(folder: AnyPath, log: VersionLog, number: int, known: Sidecar) -> Entry | None:
    """Return the entry with a number as the sidecar and the DAG file tell it; ``None``: they do not have all of it."""
    dag_file = shared_files.read(folder / f"{log.dag_id}.py")
    text = None if dag_file is None else dag_text(dag_file)
    rendered = None if text is None or dag_sha256(text) != known.dag_sha256 else _rendered(known, text)
    if not known.history:
        return None
    before = _earlier(log, number)
    is_version = before is None or before.sidecar.version != known.version
    if number != known.entry:
        if not (is_version and _is_newest_version(log, number, known)):
            return None
        reviews = [review for review in known.reviews if review.version < known.version]
        known = known.model_copy(update={"entry": number, "status": "draft", "reviews": reviews})
    if is_version and rendered is None:
        return None
    made = known.history[-1]
    change: Change = "version" if is_version else "activated" if known.status == "active" else "paused"
    at, by, summary = (made.at, made.by, made.summary) if is_version else (now(), author(), change)
    if change == "activated" and known.reviews:
        at, by = known.reviews[-1].at, known.reviews[-1].by
    texts = (rendered, text) if is_version else (None, None)
    return Entry(
        number=number,
        change=change,
        at=at,
        by=by,
        summary=summary,
        sidecar=known,
        rendered=texts[0],
        dag_file=texts[1],
    )


def _is_newest_version(log: VersionLog, number: int, known: Sidecar) -> bool:
    """Return whether a missing entry must be the newest version: the one before and all after it are no such entry."""
    present = log.numbers()
    later = [one for one in present if one > number]
    if (number > 1 and number - 1 not in present) or len(later) != known.entry - number:
        return False
    try:
        return all(
            log.entry(one).change != "version" and log.entry(one).sidecar.version == known.version for one in later
        )
    except SpecError:
        return False


def _rendered(known: Sidecar, text: str) -> str | None:
    """Return the DAG file of a sidecar without edits by hand; ``None``: this release renders another one."""
    if known.rendered_sha256 in (None, known.dag_sha256):
        return text
    try:
        again = render(known.automation)
    except VaiError:
        return None
    return again if dag_sha256(again) == known.rendered_sha256 else None


def _earlier(log: VersionLog, number: int) -> Entry | None:
    """Return the newest readable entry before a number."""
    for earlier in log.numbers():
        if earlier < number:
            try:
                return log.entry(earlier)
            except SpecError:
                continue
    return None


def _sidecar_repair(folder: AnyPath, dag_id: str, damage: Damage) -> Repair:
    """Write the sidecar again from the newest entry of the log."""
    newest = VersionLog(folder, dag_id).newest()
    if newest is None:
        outcome = "there is no log to write it again from: restore it from a backup, or crystallize the recording again"
        return Repair(damage.path, damage.problem, outcome, False)
    if newest.change == "deleted":
        _set_aside(damage.path)
        return Repair(damage.path, damage.problem, "it was set aside: the automation was deleted", True)
    if shared_files.read(damage.path) is not None:
        _set_aside(damage.path)
    shared_files.replace(damage.path, newest.sidecar.text().encode("ascii"))
    outcome = f"it was written again from the log: {newest.summary} by {newest.by}"
    return Repair(damage.path, damage.problem, outcome, True)


def _finished(folder: AnyPath, dag_id: str, damage: Damage) -> Repair:
    """Finish the change of a writer that was interrupted."""
    try:
        settled(folder, dag_id)
    except PublishError as error:
        return Repair(damage.path, f"{damage.problem}; {error.where}: {error.problem}", error.remedy, False)
    return Repair(damage.path, damage.problem, "the change was finished", True)


def _dag_file(folder: AnyPath, dag_id: str) -> list[Repair]:
    """Write the DAG file again from the newest version if it is missing or not Python."""
    log, path = VersionLog(folder, dag_id), folder / f"{dag_id}.py"
    newest = log.newest()
    version = next(log.versions(), None) if newest and newest.change != "deleted" else None
    if version is None or version.dag_file is None:
        return []
    content = shared_files.read(path)
    problem = "the DAG file is missing" if content is None else _python_problem(content)
    if problem is None:
        return []
    if content is not None:
        _set_aside(path)
    shared_files.replace(path, version.dag_file.encode("utf-8", "surrogateescape"))
    return [Repair(path, problem, f"it was written again from version {version.sidecar.version}", True)]


def _python_problem(content: bytes) -> str | None:
    try:
        ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"the DAG file is not Python: {error}"
    return None


def _set_aside(path: AnyPath) -> None:
    """Keep a damaged file under another name."""
    content = shared_files.read(path)
    if content is None:
        return
    number = 0
    while True:
        kept = path.parent / f"{path.name}{f'.{number}' if number else ''}{SET_ASIDE}"
        if shared_files.create(kept, content) or shared_files.read(kept) == content:
            break
        number += 1
    shared_files.remove(path)
