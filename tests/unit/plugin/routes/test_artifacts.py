"""The files that steps wrote are listed and sent, by task instance and never by a path of the request."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tests.unit.plugin.api_support import has_artifact, has_result, made, ran

ROWS = b'[{"a": 1}, {"a": 2}]'


def test_listed_and_sent(op: Any, read_by_airflow: Any) -> None:
    """Large results with their size and rows, flashboards with their title; a small result is no file."""
    made(op)
    run = ran(op, read_by_airflow)
    has_artifact("nightly", run, "look", ROWS, rows=2, columns=["a"], preview=[{"a": 1}])
    has_artifact("nightly", run, "look_again", b"<h1>Board</h1>", "html")

    items = op.get("/api/v1/automations/nightly/artifacts").json()["items"]

    assert [(one["taskId"], one["form"], one["rows"], one["title"]) for one in items] == [
        ("look", "json", 2, None),
        ("look_again", "html", None, "Board"),
    ]
    assert op.get(f"/api/v1/automations/nightly/artifacts?run_id={quote(run, '')}").json()["items"] == items
    assert op.get("/api/v1/automations/nightly/artifacts?run_id=other").json()["items"] == []
    sent = op.get(f"/artifacts/nightly/{quote(run, '')}/look")
    assert sent.content == ROWS
    assert sent.headers["content-disposition"] == "attachment; filename*=UTF-8''look.json"
    assert sent.headers["content-type"] == "application/json"
    board = op.get(f"/artifacts/nightly/{quote(run, '')}/look_again")
    assert board.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in board.headers["content-security-policy"]


def test_only_its_own_file(op: Any, as_role: Any, read_by_airflow: Any) -> None:
    """A result that names another file, a file that was changed, and a result of other kinds send nothing."""
    made(op)
    run = ran(op, read_by_airflow)
    address = f"/artifacts/nightly/{quote(run, '')}"
    file = has_artifact("nightly", run, "look", ROWS, path="file:///etc/passwd")
    assert op.get(f"{address}/look").content == ROWS  # where the task instance keeps its own, whatever the result says
    file.write_bytes(b"[]")
    assert op.get(f"{address}/look").status_code == 404
    file.unlink()
    assert op.get(f"{address}/look").status_code == 404
    for value in ({"sha256": "x"}, [1], {"artifact": "../x", "path": "", "sha256": "", "bytes": 1, "rows": None,
                                         "columns": None, "preview": None}):  # fmt: skip
        has_result("nightly", run, "look_again", value)
        assert op.get(f"{address}/look_again").status_code == 404
        assert [one["taskId"] for one in op.get("/api/v1/automations/nightly/artifacts").json()["items"]] == ["look"]
    assert op.get("/artifacts/nightly/none/look").status_code == 404
    assert op.get("/artifacts/..%2fx/none/look").status_code == 404
    assert as_role("viewer").get("/api/v1/automations/nightly/artifacts").status_code == 200
