"""A list knows each automation without reading its sidecar again, and sees each change."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.model.sidecar import SUFFIX
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.store import lifecycle, shared_files
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.summaries import Summary, Unreadable, summaries

NOTE = ReviewItem(step="look", code="other", message="Look at this.")
TRIGGERS = [{"type": "manual"}, {"type": "schedule", "schedule": "@daily"}]


def automation(dag_id: str = "nightly", **fields: Any) -> Automation:
    """Return an automation of two queries."""
    approval = StepApproval(recorded="not_required", reason="reads")
    steps = [
        Step(
            key=key,
            task_id=key,
            kind="generate_query",
            operator=by_name()["generate_query"].operator,
            approval=approval,
            arguments={"conn_id": Argument.frozen("warehouse"), "sql": Argument.frozen("SELECT 1 AS a")},
        )
        for key in ("look", "again")
    ]
    return Automation(**{"dag_id": dag_id, "source_type": "MANUAL", "steps": steps, **fields})


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the sidecars that were read."""
    names: list[str] = []
    read = shared_files.read

    def counted(path: Any) -> bytes | None:
        if path.name.endswith(SUFFIX):
            names.append(path.name.removesuffix(SUFFIX))
        return read(path)

    monkeypatch.setattr(shared_files, "read", counted)
    return names


def test_what_it_says(tmp_path: Path) -> None:
    """Name, kinds, gates, schedule, versions, status and what is left to review."""
    publish(automation(title="Nächtlich", triggers=TRIGGERS, review=[NOTE], owner="ann"), tmp_path, by="ann")
    publish(automation(title="Nächtlich", triggers=TRIGGERS, review=[NOTE], tags=["a"]), tmp_path, by="bob")

    (found,) = summaries(tmp_path)

    assert isinstance(found, Summary)
    assert (found.dag_id, found.title, found.status, found.owner) == ("nightly", "Nächtlich", "draft", None)
    assert (found.version, found.versions, found.entry, found.updated_by) == (2, 2, 2, "bob")
    assert (found.kinds, found.gates, found.step_count) == (("generate_query",), 0, 2)
    assert [trigger.schedule for trigger in found.schedules] == ["@daily"]
    assert found.to_review == {1: NOTE}
    lifecycle.activate(tmp_path, "nightly", reviewed=[NOTE])
    (after,) = summaries(tmp_path)
    assert isinstance(after, Summary)
    assert (after.status, after.versions, after.entry, after.to_review) == ("active", 2, 3, {})


def test_gates_are_counted(tmp_path: Path) -> None:
    """A gate is a step, but not a kind of work."""
    example = Path(__file__).parents[2] / "golden/every_kind/expected"
    for file in example.glob(f"*{SUFFIX}"):
        shutil.copy(file, tmp_path)

    (found,) = summaries(tmp_path)

    assert isinstance(found, Summary)
    assert found.gates > 0
    assert "approval_gate" not in found.kinds
    assert len(found.kinds) > 5


def test_each_change_is_seen_and_read_once(tmp_path: Path, reads: list[str]) -> None:
    """Only a sidecar that changed is read: new, replaced, edited in place at the same size, or removed."""
    for name in ("a", "b", "c"):
        publish(automation(name), tmp_path)
    reads.clear()

    for _ in range(3):
        assert [found.dag_id for found in summaries(tmp_path)] == ["a", "b", "c"]
    assert reads == ["a", "b", "c"]
    publish(automation("b", description="new"), tmp_path)
    reads.clear()
    assert [found.description for found in summaries(tmp_path) if isinstance(found, Summary)] == ["", "new", ""]
    assert reads == ["b"]
    file = tmp_path / f"c{SUFFIX}"
    with file.open("r+b") as open_file:
        content = open_file.read().replace(b'"status": "draft"', b'"status": "error"')
        open_file.seek(0)
        open_file.write(content)
    os.utime(file, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns + 1))
    assert [found.status for found in summaries(tmp_path) if isinstance(found, Summary)] == ["draft", "draft", "error"]
    file.unlink()
    publish(automation("d"), tmp_path)
    assert [found.dag_id for found in summaries(tmp_path)] == ["a", "b", "d"]
    shutil.copy(tmp_path / f"a{SUFFIX}", file)  # back again, and not what was there before
    assert [found.dag_id for found in summaries(tmp_path)] == ["a", "b", "a", "d"]


def test_folders_are_apart(tmp_path: Path) -> None:
    """The same name in two folders is two automations."""
    for place in ("x", "y"):
        publish(automation(description=place), tmp_path / place)

    for place in ("x", "y", "x"):
        (found,) = summaries(tmp_path / place)
        assert isinstance(found, Summary)
        assert found.description == place
    assert summaries(tmp_path / "missing") == []


def test_those_that_are_not_wanted_are_not_read(tmp_path: Path, reads: list[str]) -> None:
    """Whoever may see two of four does not wait for the others."""
    for name in ("a", "b", "c", "d"):
        publish(automation(name), tmp_path)
    reads.clear()

    found = summaries(tmp_path, keep=lambda dag_ids: [dag_id for dag_id in dag_ids if dag_id in "bd"])

    assert [one.dag_id for one in found] == ["b", "d"]
    assert reads == ["b", "d"]


def test_a_damaged_sidecar(tmp_path: Path, reads: list[str]) -> None:
    """It is listed with the reason, read once, and listed as usual once it is restored."""
    publish(automation(), tmp_path)
    file = tmp_path / f"nightly{SUFFIX}"
    whole = file.read_bytes()
    file.write_bytes(b"{")
    reads.clear()

    for _ in range(2):
        (found,) = summaries(tmp_path)
        assert isinstance(found, Unreadable)
        assert "the sidecar cannot be read" in found.problem
    assert reads == ["nightly"]
    file.write_bytes(whole)
    (found,) = summaries(tmp_path)
    assert isinstance(found, Summary)


def test_the_description_is_shown_masked(tmp_path: Path) -> None:
    """A list may be searched without telling a credential."""
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    publish(automation(), tmp_path)
    file = tmp_path / f"nightly{SUFFIX}"
    file.write_text(file.read_text().replace('"description": ""', f'"description": "with {secret}"'))

    (found,) = summaries(tmp_path)

    assert isinstance(found, Summary)
    assert secret in found.description
    assert secret not in found.shown_description


def test_an_object_store(tmp_path: Path, reads: list[str], memory_store: None) -> None:
    """One listing tells which objects changed: by their ETag, also where size and time stay."""
    from airflow.sdk.io import attach
    from fsspec.implementations.memory import MemoryFileSystem

    publish(automation(), tmp_path)
    content = (tmp_path / f"nightly{SUFFIX}").read_bytes()
    etags = {"value": "one"}

    class Tagged(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
        """A store whose listing has ETags and no exact times."""

        def ls(self, path: str, detail: bool = True, **more: Any) -> Any:
            found = super().ls(path, detail=True, **more)
            return [{"name": e["name"], "type": e["type"], "size": e["size"], "ETag": etags["value"]} for e in found]

    attach("memory", fs=Tagged())
    store = shared_files.folder("memory://summaries")
    store.fs.pipe_file((store / f"nightly{SUFFIX}").path, content)
    reads.clear()

    for _ in range(3):
        assert [found.dag_id for found in summaries(store)] == ["nightly"]
    assert reads == ["nightly"]
    etags["value"] = "two"
    store.fs.pipe_file((store / f"nightly{SUFFIX}").path, content.replace(b'"status": "draft"', b'"status": "error"'))
    (found,) = summaries(store)
    assert isinstance(found, Summary)
    assert found.status == "error"
