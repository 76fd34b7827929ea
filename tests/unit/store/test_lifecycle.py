"""Draft, active, paused, deleted, restored: each change is a log entry, and the two files follow."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.cli import main as cli
from airflow_provider_vai.exceptions import Conflict, EditedByHand, NotReviewed, PublishError, SpecError
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.model.sidecar import Sidecar, to_review
from airflow_provider_vai.store import lifecycle
from airflow_provider_vai.store.publisher import Published, publish
from airflow_provider_vai.store.sidecar_files import read_sidecar
from airflow_provider_vai.store.versions import VersionLog
from tests.unit.support import call, crystallized, run


def made(value: Any = 1) -> Automation:
    """Return an automation of one call, with two review items."""
    automation = crystallized(run(call("look", {"value": value})), dag_id="report", gates="recorded")
    return automation.model_copy(update={"review": [note("a"), note("b")]})


def note(what: str) -> ReviewItem:
    """Return a review item."""
    return review_item("note", text=f"look at {what}")


def sidecar(folder: Path) -> Sidecar:
    """Return the sidecar as it is now."""
    return read_sidecar(folder / "report.vai.json")


def logged(folder: Path) -> list[tuple[str, int]]:
    """Return the changes and versions in the log, newest first."""
    return [(entry.change, entry.sidecar.version) for entry in VersionLog(folder, "report").entries()]


@pytest.fixture
def published(tmp_path: Path) -> Published:
    """The first version of an automation in the folder."""
    return publish(made(), tmp_path)


def test_an_unreviewed_version_of_an_active_automation_pauses_its_dag(published: Published, tmp_path: Path) -> None:
    """The DAG is paused before its file is replaced; the new version is a draft until somebody has reviewed it."""
    lifecycle.activate(tmp_path, "report", reviewed=[note("a"), note("b")])
    before = published.dag.read_bytes()
    seen: list[bytes] = []
    unreviewed = made(2).model_copy(update={"review": [note("a"), note("c")]})

    with pytest.raises(PublishError, match="nobody has reviewed 1 item"):
        publish(unreviewed, tmp_path)
    assert (published.dag.read_bytes(), sidecar(tmp_path).status) == (before, "active")

    files = publish(unreviewed, tmp_path, pause=lambda dag_id: seen.append(published.dag.read_bytes()))
    assert (files.status, seen) == ("draft", [before])
    assert to_review(sidecar(tmp_path)) == {2: note("c")}


def test_a_dag_that_cannot_be_paused_keeps_its_reviewed_version(published: Published, tmp_path: Path) -> None:
    """Nothing is written, and the automation stays active with what was reviewed."""
    lifecycle.activate(tmp_path, "report", reviewed=[note("a"), note("b")])
    before = published.dag.read_bytes()

    def fail(dag_id: str) -> None:
        raise PublishError("Airflow does not answer")

    with pytest.raises(PublishError, match="does not answer"):
        publish(made(2).model_copy(update={"review": [note("c")]}), tmp_path, pause=fail)
    assert published.dag.read_bytes() == before
    assert (sidecar(tmp_path).status, sidecar(tmp_path).version) == ("active", 1)


def test_a_reviewed_change_of_an_active_automation_stays_active(published: Published, tmp_path: Path) -> None:
    """The same review items were reviewed already."""
    lifecycle.activate(tmp_path, "report", reviewed=[note("a"), note("b")])
    assert publish(made(2), tmp_path).status == "active"


def test_activation_names_the_reviewer_and_what_was_reviewed(published: Published, tmp_path: Path) -> None:
    """The sidecar and the log record the status; the DAG file does not change."""
    before = published.dag.read_bytes()
    after = lifecycle.activate(tmp_path, "report", reviewed=[note("a"), note("b"), note("else")], by="mia")

    assert sidecar(tmp_path) == after
    (review,) = after.reviews
    assert (after.status, review.by, review.version, review.items) == ("active", "mia", 1, [note("a"), note("b")])
    assert logged(tmp_path) == [("activated", 1), ("version", 1)]
    assert published.dag.read_bytes() == before


def test_what_nobody_looked_at_is_not_activated(published: Published, tmp_path: Path) -> None:
    """The message names the open items; nothing changes."""
    with pytest.raises(NotReviewed, match=r"1 of 2 items are not reviewed:\n  2\. look at b"):
        lifecycle.activate(tmp_path, "report", reviewed=[note("a")])
    assert logged(tmp_path) == [("version", 1)]


def test_a_later_version_asks_only_for_what_is_new(published: Published, tmp_path: Path) -> None:
    """An item that was reviewed once is not open again."""
    lifecycle.activate(tmp_path, "report", reviewed=[note("a"), note("b")])
    publish(made(2).model_copy(update={"review": [note("b"), note("c")]}), tmp_path, pause=lambda dag_id: None)

    now = sidecar(tmp_path)
    assert now.status == "draft"
    assert to_review(now) == {2: note("c")}
    assert lifecycle.activate(tmp_path, "report", reviewed=[note("c")]).reviews[-1].version == 2


def test_a_flag_in_other_words_is_not_asked_for_again(tmp_path: Path) -> None:
    """An item is the same as long as its code, step and place are the same."""
    flag = review_item("model_written", step="look", reason="a model wrote this SQL")
    publish(made().model_copy(update={"review": [flag]}), tmp_path)
    lifecycle.activate(tmp_path, "report", reviewed=[flag])
    again = [
        flag.model_copy(update={"message": "this SQL is a model's"}),
        review_item("live", step="look", reason="a model wrote this SQL"),
        review_item("write_without_gate", step="look", evidence=["nobody asked for one"]),
    ]
    publish(made(2).model_copy(update={"review": again}), tmp_path, pause=lambda dag_id: None)
    assert list(to_review(sidecar(tmp_path))) == [2, 3]


def test_what_cannot_be_carried_out_is_not_recorded(published: Published, tmp_path: Path) -> None:
    """If Airflow refuses, the automation stays a draft, and the log has no gap."""

    def refuse() -> None:
        raise PublishError("Airflow does not know the DAG")

    with pytest.raises(PublishError, match="does not know"):
        lifecycle.activate(tmp_path, "report", reviewed=made().review, carry_out=refuse)
    assert sidecar(tmp_path).status == "draft"
    assert logged(tmp_path) == [("version", 1)]
    assert lifecycle.pause(tmp_path, "report").entry == 2


@pytest.mark.parametrize("name", ["report.py", "report.vai.json"])
def test_an_unrecorded_edit_is_not_activated(name: str, published: Published, tmp_path: Path) -> None:
    """An automation with an edit that no version contains cannot be activated."""
    path = tmp_path / name
    path.write_text(path.read_text().replace("look at a", "look at A"))
    with pytest.raises(PublishError, match="edited by hand"):
        lifecycle.activate(tmp_path, "report", reviewed=made().review)


def test_a_deleted_automation_can_be_restored(published: Published, tmp_path: Path) -> None:
    """Both files are removed, every version is kept, and numbers continue."""
    publish(made(2), tmp_path)
    lifecycle.delete(tmp_path, "report")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".vai"]

    restored = lifecycle.restore(tmp_path, "report", 1)
    assert (restored.version, restored.change) == (3, "created")
    assert sidecar(tmp_path).automation == made(1)
    assert logged(tmp_path)[0] == ("version", 3)
    with pytest.raises(SpecError, match="no automation 'other'"):
        lifecycle.delete(tmp_path, "other")


def test_a_version_comes_back_with_its_edits_by_hand(published: Published, tmp_path: Path) -> None:
    """Restoring brings back the file of that version, without later edits."""
    text = published.dag.read_text()
    published.dag.write_text(text.replace("schedule=None", 'schedule="@daily"'))
    publish(made(), tmp_path)
    publish(made(), tmp_path, force=True)
    assert 'schedule="@daily"' not in published.dag.read_text()

    lifecycle.restore(tmp_path, "report", 2)
    assert 'schedule="@daily"' in published.dag.read_text()


def test_restoring_drops_no_unrecorded_edit(published: Published, tmp_path: Path) -> None:
    """An edit that no version contains would be lost, so restoring is refused until it is published."""
    publish(made(2), tmp_path)
    published.dag.write_text(published.dag.read_text().replace("schedule=None", 'schedule="@daily"'))
    with pytest.raises(EditedByHand, match="no version contains the edit"):
        lifecycle.restore(tmp_path, "report", 1)
    with pytest.raises(SpecError, match="no version 9"):
        lifecycle.restore(tmp_path, "report", 9)


def test_who_read_an_older_entry_is_refused(published: Published, tmp_path: Path) -> None:
    """Changes of status need the newest entry as well."""
    lifecycle.pause(tmp_path, "report", expected=1)
    for change in (lifecycle.pause, lifecycle.delete):
        with pytest.raises(Conflict):
            change(tmp_path, "report", expected=1)


def test_fifty_editors_at_once_lose_nothing(published: Published, tmp_path: Path) -> None:
    """With several writers, each change is in exactly one version, and all are in the newest."""

    def edit(number: int) -> int:
        refusals = 0
        while True:
            now = sidecar(tmp_path)
            spec = now.automation
            changed = spec.model_copy(update={"tags": [*spec.tags, f"editor-{number}"]})
            try:
                publish(changed, tmp_path, expected=now.entry)
            except Conflict:
                refusals += 1
            else:
                return refusals

    with ThreadPoolExecutor(50) as editors:
        refusals = sum(editors.map(edit, range(50)))

    assert set(sidecar(tmp_path).tags) == {f"editor-{number}" for number in range(50)}
    assert len(logged(tmp_path)) == 51
    assert refusals > 0


def vai(*arguments: object) -> int:
    """Run a command."""
    return cli.main([str(argument) for argument in arguments])


def test_the_commands(published: Published, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Versions, activation without Airflow, pausing, deleting and restoring work with the DAG file or the sidecar."""
    assert vai("activate", published.dag, "--record-only") == 1
    assert "  1. look at a\n  2. look at b\n" in capsys.readouterr().err
    assert vai("activate", published.dag, "--record-only", "--reviewed", "2") == 1
    assert "1 of 2 items are not reviewed:\n  1. look at a" in capsys.readouterr().err
    for wrong in ("3", "0", "2-1", "1-3", "1,", "x", ""):
        assert vai("activate", published.dag, "--record-only", "--reviewed", wrong) == 1
        assert "numbers from 1 to 2" in capsys.readouterr().err
    assert vai("activate", published.dag, "--record-only", "--reviewed", "1,2") == 0
    assert vai("activate", published.dag, "--record-only", "--reviewed", "1-2") == 0
    assert vai("pause", published.sidecar, "--record-only", "--json") == 0
    assert '"status": "paused"' in capsys.readouterr().out
    assert vai("versions", published.dag) == 0
    listed = capsys.readouterr().out
    assert all(word in listed for word in ("paused", "activated", "crystallized"))
    assert vai("versions", published.dag, "--show", 1) == 0
    assert capsys.readouterr().out == published.dag.read_text()
    assert vai("delete", published.dag) == 0
    assert vai("restore", published.dag, 1) == 0
    assert vai("versions", tmp_path / "nothing.py") == 1
    assert published.dag.exists()


def test_airflows_switch_is_asked(
    published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """If Airflow cannot be run, nothing is recorded, and the message suggests --record-only."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    assert vai("activate", published.dag, "--reviewed", "all") == 1
    assert "--record-only" in capsys.readouterr().err
    assert sidecar(tmp_path).status == "draft"
