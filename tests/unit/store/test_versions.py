"""The log of a large automation stores what changed, and every entry of it can be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.store.lifecycle import activate, delete, pause, restore
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.sidecar_files import read_sidecar
from airflow_provider_vai.store.versions import WHOLE_EVERY, VersionLog
from tests.unit.support import call, crystallized, run

CALLS = 40


def made(last: str) -> Automation:
    """Return an automation of many steps, the last of which has a certain argument."""
    calls = [call(f"look_{number}", {"value": "x" * 50}) for number in range(CALLS)]
    return crystallized(run(*calls, call("look", {"value": last}), id="run-1"), dag_id="report", gates="recorded")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a large automation in two versions."""
    publish(made("one"), tmp_path)
    publish(made("two"), tmp_path)
    return tmp_path


def stored(folder: Path, number: int) -> dict[str, Any]:
    """Return the content of an entry's file."""
    content: dict[str, Any] = json.loads((folder / f".vai/report/{number:06}.json").read_text())
    return content


def last_values(folder: Path) -> Iterator[Any]:
    """Yield the last step's argument in each version, newest first."""
    for entry in VersionLog(folder, "report").versions():
        yield entry.sidecar.steps[-1].arguments["arguments"].value["value"]


def test_a_version_stores_what_changed(folder: Path) -> None:
    """The first entry is whole; the next one is small, and reads back with its whole sidecar and both texts."""
    sizes = [(folder / f".vai/report/00000{number}.json").stat().st_size for number in (1, 2)]
    assert sizes[1] < sizes[0] / 20
    newest = VersionLog(folder, "report").newest()
    assert newest is not None
    assert newest.sidecar == read_sidecar(folder / "report.vai.json")
    assert newest.rendered == newest.dag_file == (folder / "report.py").read_text()
    assert list(last_values(folder)) == ["two", "one"]


def test_changes_of_the_status_are_small_too(folder: Path) -> None:
    """Activating, pausing and deleting store no second copy, and an earlier version can be restored from them."""
    items = read_sidecar(folder / "report.vai.json").review
    activate(folder, "report", reviewed=items)
    pause(folder, "report")
    delete(folder, "report")
    assert [stored(folder, number)["based_on"]["number"] for number in (2, 3, 4, 5)] == [1, 1, 1, 1]
    restore(folder, "report", 1)
    assert read_sidecar(folder / "report.vai.json").steps[-1].arguments["arguments"].value["value"] == "one"
    changes = [entry.change for entry in VersionLog(folder, "report").entries()]
    assert changes == ["version", "deleted", "paused", "activated", "version", "version"]


def test_an_entry_builds_on_a_whole_one_that_is_near(folder: Path) -> None:
    """Reading takes two files at most, and a damaged file loses a limited number of entries."""
    for number in range(3, WHOLE_EVERY + 4):
        publish(made(f"value {number}"), folder)
    based = [stored(folder, number).get("based_on", {}).get("number") for number in range(1, WHOLE_EVERY + 4)]
    assert based == [None, *[1] * WHOLE_EVERY, None, WHOLE_EVERY + 2]
    assert len(list(last_values(folder))) == WHOLE_EVERY + 3


def test_small_entries_are_whole(tmp_path: Path) -> None:
    """Where there is little to save, each entry can be read alone."""
    for value in (1, 2):
        automation = crystallized(run(call("look", {"value": value}), id="run-1"), dag_id="report", gates="recorded")
        publish(automation, tmp_path)
    assert "based_on" not in stored(tmp_path, 2)


def test_other_line_ends_do_not_matter(folder: Path) -> None:
    """Git may check out the files of a log with other line ends."""
    file = folder / ".vai/report/000001.json"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert list(last_values(folder)) == ["two", "one"]


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda file: file.unlink(), "the file is missing"),
        (lambda file: file.write_text("{"), "not JSON"),
        (lambda file: file.write_text(file.read_text().replace("xx", "xy", 1)), "is based on entry 1"),
    ],
)
def test_a_damaged_base_is_reported(folder: Path, damage: Any, problem: str) -> None:
    """An entry is never rebuilt from a file that is not the one that it was based on."""
    damage(folder / ".vai/report/000001.json")
    with pytest.raises(SpecError, match=problem) as caught:
        VersionLog(folder, "report").newest()
    assert "vai repair" in str(caught.value)


@pytest.mark.parametrize("based_on", [7, {}, {"number": "x", "sha256": ""}, {"number": 2, "sha256": ""}, None])
def test_a_damaged_reference_is_reported(folder: Path, based_on: Any) -> None:
    """An entry that names no other entry as its base is refused."""
    file = folder / ".vai/report/000002.json"
    file.write_text(json.dumps({**stored(folder, 2), "based_on": based_on}))
    with pytest.raises(SpecError, match="vai repair"):
        VersionLog(folder, "report").newest()


def test_an_entry_that_another_one_builds_on_stays(folder: Path) -> None:
    """A failed writer does not take its entry back after another writer has built on it."""
    log = VersionLog(folder, "report")
    log.take_back(log.version(1))
    assert list(last_values(folder)) == ["two", "one"]
    log.take_back(log.version(2))
    assert list(last_values(folder)) == ["one"]
