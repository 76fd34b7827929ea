"""Whatever happens at any file operation of a change, there is the old pair of files or the new one.

A killed process may stop between the two files. Then the mark in the log says so, and the next writer finishes.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.exceptions import EditedByHand, PublishError
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.store import lifecycle
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.state import settled
from airflow_provider_vai.store.versions import MARK, VersionLog
from tests.unit.store.file_faults import OPERATIONS, Faults, dies, files, in_child, refuses
from tests.unit.support import call, crystallized, run

PAIR = ("report.py", "report.vai.json")
ON_A_FULL_DISK = ("open", "link", "mkdir", "write", "fsync")
"""The operations that need space. A rename needs none once the new file is written."""

REFUSALS = (errno.EROFS, errno.EACCES, errno.EIO)
"""The errors of a read-only file system, of missing permissions and of a broken disk."""


def made(value: Any = 1) -> Automation:
    """Return an automation of one call."""
    return crystallized(run(call("look", {"value": value})), dag_id="report", gates="recorded")


def large(value: Any) -> Automation:
    """Return an automation whose log entries build on an earlier one."""
    calls = [call("look", {"value": f"{number} " * 200}) for number in range(60)]
    return crystallized(run(*calls, call("look", {"value": value})), dag_id="report", gates="recorded")


def edited(folder: Path) -> None:
    """Edit the DAG file by hand."""
    dag = folder / PAIR[0]
    dag.write_text(dag.read_text() + "# by hand\n")


def killed_between(folder: Path) -> None:
    """Leave the second version with its DAG file written and its sidecar not."""
    for number in count(1):
        trial = folder.with_name(f"{folder.name}-{number}")
        shutil.copytree(folder, trial)
        faults = Faults(number, dies)

        def work(trial: Path = trial, faults: Faults = faults) -> None:
            with faults.injected():
                publish(made(2), trial)

        assert in_child(work) == 9
        if (trial / PAIR[0]).read_bytes() != (folder / PAIR[0]).read_bytes():
            break
    assert (trial / PAIR[1]).read_bytes() == (folder / PAIR[1]).read_bytes()
    shutil.rmtree(folder)
    trial.rename(folder)


@dataclass(frozen=True)
class Change:
    """A change, and what comes before it."""

    prepare: tuple[Callable[[Path], object], ...]
    make: Callable[[Path], object]


FIRST: Callable[[Path], object] = lambda folder: publish(made(1), folder)  # noqa: E731
SECOND: Callable[[Path], object] = lambda folder: publish(made(2), folder)  # noqa: E731
DELETE: Callable[[Path], object] = lambda folder: lifecycle.delete(folder, "report")  # noqa: E731
CHANGES = {
    "create": Change((), FIRST),
    "replace": Change((FIRST,), SECOND),
    "replace a large one": Change(
        (lambda folder: publish(large(1), folder),), lambda folder: publish(large(2), folder)
    ),
    "merge an edit": Change((FIRST, edited), SECOND),
    "overwrite": Change((FIRST, edited), lambda folder: publish(made(2), folder, force=True)),
    "restore": Change((FIRST, SECOND), lambda folder: lifecycle.restore(folder, "report", 1)),
    "restore a deleted one": Change((FIRST, DELETE), lambda folder: lifecycle.restore(folder, "report", 1)),
    "delete": Change((FIRST,), DELETE),
    "activate": Change((FIRST,), lambda folder: lifecycle.activate(folder, "report", reviewed=made(1).review)),
    "pause": Change((FIRST,), lambda folder: lifecycle.pause(folder, "report")),
    "finish": Change((FIRST, killed_between), lambda folder: settled(folder, "report")),
}


@pytest.fixture(autouse=True)
def fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fix time and author, so that the same change writes the same bytes."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    monkeypatch.setenv("VAI_AUTHOR", "mia")


@dataclass(frozen=True)
class Trial:
    """A folder in which a fault is tried, and its files before and after the change."""

    folder: Path
    before: dict[str, bytes]
    after: dict[str, bytes]

    def pair(self) -> dict[str, bytes]:
        """Return the two files as they are."""
        return _pair(files(self.folder))

    def assert_old_or_new(self) -> None:
        """Check that each file is the old or the new one, and that the log knows if they do not belong together."""
        found, old, new = self.pair(), _pair(self.before), _pair(self.after)
        for name in PAIR:
            assert found.get(name) in (old.get(name), new.get(name)), name
        if found not in (old, new):
            newest = VersionLog(self.folder, "report").newest()
            assert newest is not None
            assert VersionLog(self.folder, "report").marked(newest.number) is not None

    def assert_usable(self) -> None:
        """Check that the next writer finds the old pair or the new one, and publishes a version after it."""
        settled(self.folder, "report")
        assert self.pair() in (_pair(self.before), _pair(self.after))
        publish(made(99), self.folder, force=True)
        found = settled(self.folder, "report")
        assert not found.is_edited
        numbers = [entry.number for entry in found.log.entries()]
        assert numbers == list(range(len(numbers), 0, -1))
        assert not (found.log.folder / MARK).exists()


def _pair(found: dict[str, bytes]) -> dict[str, bytes]:
    return {name: found[name] for name in PAIR if name in found}


def trials(change: Change, tmp_path: Path) -> Iterator[Trial]:
    """Yield a folder for each number of an operation, with what comes before the change. It is removed afterwards."""
    start, end = tmp_path / "start", tmp_path / "end"
    start.mkdir()
    for step in change.prepare:
        step(start)
    shutil.copytree(start, end)
    change.make(end)
    for number in count(1):
        folder = tmp_path / f"trial-{number}"
        shutil.copytree(start, folder)
        yield Trial(folder, files(start), files(end))
        shutil.rmtree(folder)


@pytest.mark.parametrize("name", CHANGES)
def test_killed_at_any_operation(name: str, tmp_path: Path) -> None:
    """A process that dies at any operation leaves the old pair or the new one, or a mark that says it is neither."""
    change = CHANGES[name]
    for number, trial in enumerate(trials(change, tmp_path), 1):

        def work(trial: Trial = trial, number: int = number) -> None:
            with Faults(number, dies).injected():
                change.make(trial.folder)

        code = in_child(work)
        assert code in (0, 9)
        trial.assert_old_or_new()
        trial.assert_usable()
        if code == 0:
            break
    assert number > 8


@pytest.mark.parametrize("lasts", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("kind", ["full", "refused"])
@pytest.mark.parametrize("name", CHANGES)
def test_refused_at_any_operation(name: str, kind: str, lasts: bool, tmp_path: Path) -> None:
    """An error names the file and the remedy. The old pair stays, or the next writer finishes the change."""
    change = CHANGES[name]
    for number, trial in enumerate(trials(change, tmp_path), 1):
        code = errno.ENOSPC if kind == "full" else REFUSALS[number % len(REFUSALS)]
        only = ON_A_FULL_DISK if kind == "full" else (*OPERATIONS, "write")
        faults, refusal = Faults(number, refuses(code), lasts=lasts, only=only), None
        with faults.injected():
            try:
                change.make(trial.folder)
            except PublishError as error:
                refusal = error
        trial.assert_old_or_new()
        if refusal is None:
            assert trial.pair() == _pair(trial.after)
        else:
            assert str(trial.folder) in refusal.where
            assert os.strerror(code) in refusal.problem
            assert refusal.remedy
            if kind == "full" or not lasts:  # what was done can be undone
                assert trial.pair() == _pair(trial.before)
        trial.assert_usable()
        if not faults.struck:
            break
    assert number > 5


def test_an_edit_while_a_change_is_unfinished_is_kept(tmp_path: Path) -> None:
    """If a person edits a file before the next writer comes, their edit is not overwritten: it is refused."""
    folder = tmp_path / "x"
    FIRST(folder)
    killed_between(folder)
    edited(folder)
    before = files(folder)
    with pytest.raises(EditedByHand, match="not finished") as refused:
        publish(made(3), folder)
    assert refused.value.where == str(folder / PAIR[0])
    assert files(folder) == before
    (folder / PAIR[0]).rename(folder / "mine.txt")
    assert publish(made(3), folder).version == 3
