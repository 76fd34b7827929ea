"""What people decide about review items is kept: nothing is overwritten, and the newest decision counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.store.review_decisions import ReviewDecision, item_digest, newest, save

AT = datetime(2026, 3, 1, tzinfo=timezone.utc)


def one(item: str = "a", **fields: Any) -> ReviewDecision:
    """Return a decision."""
    return ReviewDecision(**{"item": item, "seen": "x", "decision": "accepted", "by": "ann", "at": AT, **fields})


def test_the_newest_counts(tmp_path: Path) -> None:
    """Each save is a file of its own; an item keeps its decision until there is another one about it."""
    save(tmp_path, "report", [one("a"), one("b")])
    save(tmp_path, "report", [one("a", decision="to_change", note="too old", by="bob")])

    found = newest(tmp_path, "report")

    assert {name: (it.decision, it.note, it.by) for name, it in found.items()} == {
        "a": ("to_change", "too old", "bob"),
        "b": ("accepted", "", "ann"),
    }
    files = sorted((tmp_path / ".vai/@review/report").iterdir())
    assert [file.name for file in files] == ["000001.json", "000002.json"]
    assert newest(tmp_path, "other") == {}


def test_an_id_leads_nowhere_else(tmp_path: Path) -> None:
    """The folder's name is the quoted id."""
    save(tmp_path, "..", [one()])

    assert [path.name for path in (tmp_path / ".vai/@review").iterdir()] == ["%2E%2E"]


def test_writers_at_once(tmp_path: Path) -> None:
    """No save is lost if several people save at the same moment."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: save(tmp_path, "report", [one(str(name))]), range(16)))

    assert sorted(newest(tmp_path, "report"), key=int) == [str(name) for name in range(16)]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"a": 1}', b'[{"item": "a"}]'])
def test_a_damaged_file(tmp_path: Path, content: bytes) -> None:
    """The error names the file and what to do."""
    save(tmp_path, "report", [one()])
    (tmp_path / ".vai/@review/report/000002.json").write_bytes(content)

    with pytest.raises(SpecError, match=r"000002\.json.*(\n|.)*Restore the file"):
        newest(tmp_path, "report")


def test_the_identity_of_an_item() -> None:
    """Items of the steps are the same whatever their words are; notes are not."""
    step = {"code": "live", "step": "look", "message": "a"}
    note = {"code": "note", "message": "a"}

    def digest(fields: dict[str, Any]) -> str:
        return item_digest(ReviewItem(**fields))

    assert digest(step) == digest({**step, "message": "b"})
    assert digest(step) != digest({**step, "step": "other"})
    assert digest(note) != digest({**note, "message": "b"})
