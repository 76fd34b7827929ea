"""The record of approvals is only ever added to, and read back newest first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.model.approvals_record import read, vouches, write


def record(number: int, **more: Any) -> dict[str, Any]:
    """Return a decision."""
    at = f"2026-03-0{number}T08:00:00+00:00"
    return {"id": f"id{number}", "at": at, "dag_id": "sales", "task_id": "gate", "decision": "approve", **more}


def test_newest_first(tmp_path: Path) -> None:
    """Decisions of all gates come back by time, those of one gate alone too."""
    for number in (1, 2, 3):
        write(tmp_path, record(number))
    write(tmp_path, record(4, task_id="other"))

    assert [kept["id"] for kept in read(tmp_path, "sales")] == ["id4", "id3", "id2", "id1"]
    assert [kept["id"] for kept in read(tmp_path, "sales", "gate")] == ["id3", "id2", "id1"]
    assert list(read(tmp_path, "unknown")) == []


def test_nothing_is_replaced(tmp_path: Path) -> None:
    """The same decision cannot be written twice."""
    write(tmp_path, record(1))

    with pytest.raises(FileExistsError):
        write(tmp_path, record(1, decision="reject"))
    assert [kept["decision"] for kept in read(tmp_path, "sales")] == ["approve"]


def test_a_clock_that_goes_back(tmp_path: Path) -> None:
    """A rejection revokes the approval before it, whatever the clock said; and so on, for each later decision."""
    expected = {"run_id": "r", "map_index": -1}
    steps = {"step": {"arguments_sha256": "0"}}
    given = []
    for number, (at, decision) in enumerate(
        [
            ("2026-03-02T08:00:00+00:00", "approve"),
            ("2026-03-01T08:00:00+00:00", "reject"),
            ("2026-02-01T08:00:00.000001+00:00", "approve"),
            ("2027-03-01T08:00:00+00:00", "reject"),
        ]
    ):
        made = {**record(number), "at": at, "decision": decision, "steps": steps, **expected}
        given.append((write(tmp_path, made), made))
        found = [one["id"] for one in read(tmp_path, made["dag_id"])]
        assert found == [one["id"] for _, one in reversed(given)]
        is_approved = [
            vouches(
                tmp_path, named, dag_id=made["dag_id"], gate=made["task_id"], expected=expected, step="step", sha256="0"
            )
            for named, _ in given
        ]
        assert is_approved == [False] * number + [decision == "approve"]


@pytest.mark.parametrize("name", ["..", ".", "a/../../b", "a b", "@approvals", "ü"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    """Ids are quoted: each automation has a folder of its own inside the record's."""
    file = Path(write(tmp_path / "artifacts", record(1, dag_id=name, task_id=name)))

    assert file.resolve().is_relative_to(tmp_path / "artifacts/@approvals")
    assert len(file.relative_to(tmp_path / "artifacts/@approvals").parts) == 3
    assert [kept["dag_id"] for kept in read(tmp_path / "artifacts", name)] == [name]


@pytest.mark.parametrize("content", ["{", "[]", '{"schema_version": 2}', "\x00"])
def test_what_cannot_be_read_is_said(tmp_path: Path, content: str) -> None:
    """A broken file, or one of a newer version, is no decision, and is not hidden."""
    file = Path(write(tmp_path, record(1)))
    file.write_text(content)

    assert list(read(tmp_path, "sales")) == [{"unreadable": str(file)}]


APPROVED = {"run_id": "r", "map_index": -1, "steps": {"send": {"arguments_sha256": "abc"}}}
ASKED: dict[str, Any] = {
    "dag_id": "sales",
    "gate": "gate",
    "expected": {"run_id": "r", "map_index": -1},
    "step": "send",
    "sha256": "abc",
}


def test_a_decision_vouches_for_what_it_was_about(tmp_path: Path) -> None:
    """The file that the gate named approves this step's arguments in this run."""
    assert vouches(tmp_path, write(tmp_path, record(1, **APPROVED)), **ASKED)


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ({"decision": "reject"}, {}),
        ({"run_id": "other"}, {}),
        ({"map_index": 2}, {}),
        ({"steps": {"send": {"arguments_sha256": "else"}}}, {}),
        ({"steps": {}}, {}),
        ({}, {"step": "other"}),
        ({}, {"gate": "other"}),
        ({}, {"dag_id": "other"}),
        ({}, {"sha256": "else"}),
    ],
)
def test_a_decision_about_something_else_does_not(tmp_path: Path, kept: dict[str, Any], asked: dict[str, Any]) -> None:
    """Another decision, run, iteration, step, gate, automation or digest is no approval of this."""
    assert not vouches(tmp_path, write(tmp_path, record(1, **{**APPROVED, **kept})), **{**ASKED, **asked})


@pytest.mark.parametrize("named", [None, 7, "", "gone.json", "/etc/passwd", "../../../x.json"])
def test_no_file_of_the_gate_vouches_for_nothing(tmp_path: Path, named: Any) -> None:
    """What names no record of this gate approves nothing, wherever it points."""
    write(tmp_path, record(1, **APPROVED))

    assert not vouches(tmp_path, named, **ASKED)
