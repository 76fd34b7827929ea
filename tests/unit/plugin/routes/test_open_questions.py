"""The questions that wait for an answer are listed over all DAGs, with what the approver needs to know."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.unit.plugin.questions import ASKED, GATE, REPORT, ask, report

URL = "/api/v1/approvals/open"


def test_an_open_question(op: Any, read_by_airflow: Any, folder: Path) -> None:
    """A real gate of a crystallized run: its text, its deadline, and what earlier steps of the run found."""
    run_id = report(op, read_by_airflow, onTimeout="reject", responseTimeout=3600)
    assert op.get(URL).json()["items"] == []
    body = ask(folder, REPORT, run_id, GATE, deadline=ASKED + timedelta(hours=1))

    answer = op.get(URL).json()

    assert (answer["total"], answer["limit"], answer["offset"]) == (1, 50, 0)
    (item,) = answer["items"]
    assert (item["dagId"], item["runId"], item["taskId"], item["mapIndex"]) == (REPORT, run_id, GATE, -1)
    assert item["body"] == body
    assert item["sha256"] in body
    assert item["askedAt"] == "2026-03-01T08:00:00Z"
    assert item["deadline"] == "2026-03-01T09:00:00Z"
    assert (item["onTimeout"], item["onReject"]) == ("reject", "skip")
    assert (item["version"], item["newestVersion"]) == (1, 1)
    assert item["mayAnswer"] is True
    assert list(item["fields"]) == ["note"]
    found = {one["taskId"]: one for one in item["results"]}
    assert set(found) == {"generate_query", "create_flashboard"}
    assert found["generate_query"]["result"]["rows"][-1] == "… 25 more items"
