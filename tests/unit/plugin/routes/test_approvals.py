"""The approvals route pages through the record and shows it in the platform's spelling."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.model.approvals_record import write
from airflow_provider_vai.plugin.routes.approvals import approvals


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Seven decisions of one gate, and a file that is none."""
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", f"file://{tmp_path}")
    for number in range(7):
        steps = {"send_mail": {"kind": "mcp_tool", "arguments_sha256": "0", "edits": {"arguments.to_whom": {}}}}
        at = f"2026-03-0{number + 1}T08:00:00+00:00"
        decided = {"id": str(number), "at": at, "dag_id": "d", "task_id": "gate", "timed_out": False, "steps": steps}
        write(tmp_path, decided)
    (tmp_path / "@approvals/d/gate/2026-03-04T09-broken.json").write_text("{")
    return tmp_path


def page_of(dag_id: str, **asked: Any) -> dict[str, Any]:
    """Return the answer of the route."""
    answer: dict[str, Any] = json.loads(approvals(dag_id, **asked).body)
    return answer


def test_pages(record: Path) -> None:
    """Each page goes on where the one before ended; the last one says that it is the last."""
    seen: list[str] = []
    after: str | None = None
    for _ in range(9):
        page = page_of("d", limit=3, after=after)
        seen += [item["id"] for item in page["items"]]
        after = page["nextCursor"]
        if after is None:
            break

    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


def test_spelling(record: Path) -> None:
    """Our own keys are in camel case; task ids and places are names and stay."""
    (item, *_) = page_of("d", gate="gate", limit=1)["items"]

    assert {"dagId", "taskId", "timedOut", "schemaVersion"} <= set(item)
    assert item["steps"] == {
        "send_mail": {"kind": "mcp_tool", "argumentsSha256": "0", "edits": {"arguments.to_whom": {}}}
    }


def test_nothing_decided(record: Path) -> None:
    """An automation without a decision has an empty record."""
    assert page_of("other", limit=50) == {"items": [], "nextCursor": None}
