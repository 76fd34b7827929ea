"""Versions, status and runs, with a database in which Airflow has or has not read the DAG file."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.plugin.api import airflow_state
from airflow_provider_vai.plugin.api.airflow_state import AirflowDag
from airflow_provider_vai.store.sidecar_files import read_sidecar
from tests.unit.plugin.api_support import made
from tests.unit.plugin.conftest import BUNDLE

ONE = "/api/v1/automations/nightly"


def match(op: Any) -> dict[str, str]:
    """Return the header that names the newest entry."""
    return {"If-Match": op.get(f"{ONE}/versions").headers["etag"]}


def test_versions(op: Any) -> None:
    """Each change is listed, newest first, in pages; each version can be seen and compared."""
    made(op)
    op.patch(ONE, json={"description": "Second"}, headers=match(op))

    page = op.get(f"{ONE}/versions", params={"limit": 1, "offset": 1}).json()
    assert [(item["version"], item["by"]) for item in page["items"]] == [(1, "op-person")]
    first = op.get(f"{ONE}/versions/1").json()
    assert first["automation"]["description"] == "Nightly figures"
    assert first["dagFile"].startswith('"""Nightly figures\n')
    found = op.get(f"{ONE}/versions/2/diff", params={"to": 1}).json()
    assert (found["from"], found["to"]) == (2, 1)
    assert found["changes"] == [
        {"place": "description", "what": "changed", "before": "Second", "after": "Nightly figures"}
    ]
    assert '-    description="Second"' in found["dagFile"]
    for path in ("3", "0", "-1", "x", "1e3", "3/diff", "1/diff?to=9", "1/diff?to=x"):
        assert op.get(f"{ONE}/versions/{path}").status_code in (404, 422)


def test_restore(op: Any) -> None:
    """An earlier version becomes the newest; one that never was is not there."""
    made(op)
    op.patch(ONE, json={"description": "Second"}, headers=match(op))
    url = f"{ONE}/versions/1/restore"

    assert op.post(url).status_code == 428
    assert op.post(url, headers={"If-Match": '"1"'}).status_code == 412
    restored = op.post(url, headers=match(op))
    assert (restored.json()["version"], restored.json()["description"]) == (3, "Nightly figures")
    assert op.post(f"{ONE}/versions/9/restore", headers=match(op)).status_code == 404


def test_restore_after_deletion(op: Any, folder: Path) -> None:
    """A deleted automation comes back, unless somebody's own file took its name."""
    made(op)
    op.delete(ONE, headers=match(op))
    (folder / "nightly.py").write_text("# mine")

    assert op.post(f"{ONE}/versions/1/restore", headers=match(op)).status_code == 409
    assert (folder / "nightly.py").read_text() == "# mine"
    (folder / "nightly.py").unlink()
    assert op.post(f"{ONE}/versions/1/restore", headers=match(op)).status_code == 200


def test_activate(op: Any, read_by_airflow: Any, folder: Path) -> None:
    """Only what was reviewed, and what Airflow has read as it is now; then the DAG is unpaused."""
    made(op)
    url = f"{ONE}/activate"
    unread = op.post(url, json={"reviewed": "all"}, headers=match(op))
    assert (unread.status_code, unread.headers["retry-after"]) == (409, "15")
    read_by_airflow()

    refused = op.post(url, json={"reviewed": ["something else", 1]}, headers=match(op))
    assert refused.status_code == 409
    shown = op.get(ONE).json()
    assert refused.json()["open"] == shown["toReview"][1:]
    assert [(it["number"], it["code"], it["step"]) for it in shown["review"]] == [
        (1, "model_written", "look"), (2, "model_written", "look_again"),
    ]  # fmt: skip
    refused = op.post(url, headers=match(op))
    assert refused.json()["open"] == shown["toReview"] == shown["review"]
    done = op.post(url, json={"reviewed": refused.json()["open"]}, headers=match(op))

    assert done.status_code == 200, done.text
    assert (done.json()["status"], done.json()["isPaused"]) == ("active", False)
    assert read_sidecar(folder / "nightly.vai.json").status == "active"
    op.patch(ONE, json={"description": "Not read yet"}, headers=match(op))
    assert op.post(url, json={"reviewed": "all"}, headers=match(op)).status_code == 409
    read_by_airflow()
    assert op.get(ONE).json()["toReview"] == []
    assert op.post(url, json={"reviewed": "all"}, headers=match(op)).status_code == 200
    for bad in ({"reviewed": "some"}, {"reviewed": 1}, {"nonsense": 1}, {"reviewed": [3]}, {"reviewed": [None]}):
        assert op.post(url, json=bad, headers=match(op)).status_code == 422
    assert op.post(url, json={"reviewed": "all"}).status_code == 428


@pytest.mark.parametrize(
    "named",
    [
        [1, 2],
        ["look: its SQL is frozen as in the spec: review it like a model's", 2],
        ["its SQL is frozen as in the spec: review it like a model's"],
        "all",
    ],
)
def test_what_was_reviewed(named: Any, op: Any, read_by_airflow: Any, folder: Path) -> None:
    """Items are named by number, by their line or their words; the sidecar keeps them as they are."""
    made(op)
    read_by_airflow()
    done = op.post(f"{ONE}/activate", json={"reviewed": named}, headers=match(op))
    assert done.status_code == 200, done.text
    sidecar = read_sidecar(folder / "nightly.vai.json")
    assert sidecar.reviews[-1].items == sidecar.review


def test_pause(op: Any, read_by_airflow: Any) -> None:
    """The DAG is paused with it; deleting pauses, too."""
    made(op)
    assert op.post(f"{ONE}/pause", headers=match(op)).json()["isPaused"] is None  # Airflow does not know it
    read_by_airflow()
    assert op.post(f"{ONE}/activate", json={"reviewed": "all"}, headers=match(op)).status_code == 200

    paused = op.post(f"{ONE}/pause", headers=match(op)).json()
    assert (paused["status"], paused["isPaused"]) == ("paused", True)
    op.post(f"{ONE}/activate", json={"reviewed": "all"}, headers=match(op))
    op.delete(ONE, headers=match(op))
    restored = op.post(f"{ONE}/versions/1/restore", headers=match(op)).json()
    assert (restored["status"], restored["isPaused"]) == ("draft", True)


def test_runs(op: Any, read_by_airflow: Any, folder: Path) -> None:
    """A run is started of an active automation only, and names the version whose file Airflow has for it."""
    made(op, params={"top": {"default": 1, "schema": {"type": "integer"}}})
    url = f"{ONE}/runs"
    assert op.post(url).status_code == 409
    read_by_airflow()
    assert op.post(url).status_code == 409
    op.post(f"{ONE}/activate", json={"reviewed": "all"}, headers=match(op))

    bad = op.post(url, json={"conf": {"top": "many"}})
    started = op.post(url, json={"conf": {"top": 2}})

    assert bad.status_code == 422, bad.text
    assert started.status_code == 201, started.text
    run = started.json()
    assert (run["state"], run["version"], run["triggeringUser"], run["skipped"]) == ("queued", 1, "op-person", None)
    assert op.get(url).json() == {"items": [run], "total": 1, "limit": 100, "offset": 0}
    file = folder / "nightly.py"
    file.write_text(file.read_text().replace("SELECT 1 AS a", "SELECT 11 AS a"))
    read_by_airflow()
    edited = op.post(url).json()
    assert edited["version"] == "edited"
    for wrong in ({"conf": []}, {"conf": "x"}, {"nonsense": 1}):
        assert op.post(url, json=wrong).status_code == 422


def test_an_import_error(op: Any, read_by_airflow: Any, folder: Path) -> None:
    """Airflow's words are told without this server's folders; another file of the same name is another's."""
    from airflow.models.errors import ParseImportError
    from airflow.utils.session import create_session

    made(op)
    read_by_airflow()
    text = f'Traceback\n  File "{folder}/nightly.py", line 1\n  File "/usr/lib/python3/x.py", line 2\nValueError: no'
    with create_session() as session:
        now = datetime.now(timezone.utc)
        other = {"bundle_name": BUNDLE, "stacktrace": "another", "timestamp": now}
        session.add(ParseImportError(filename="elsewhere/nightly.py", **other))
    assert op.get(ONE).json()["status"] == "draft"
    with create_session() as session:
        session.add(ParseImportError(filename="nightly.py", bundle_name=BUNDLE, stacktrace=text, timestamp=now))

    shown = op.get(ONE).json()

    assert shown["status"] == "error"
    assert "ValueError: no" in shown["error"]
    assert "/" not in shown["error"]
    refused = op.post(f"{ONE}/activate", json={"reviewed": "all"}, headers=match(op))
    assert (refused.status_code, refused.json()["error"]) == (409, shown["error"])


@pytest.mark.parametrize(
    ("said", "dag", "status"),
    [
        ("draft", AirflowDag(), "draft"),
        ("active", AirflowDag(), "active"),
        ("draft", AirflowDag(is_paused=True), "draft"),
        ("active", AirflowDag(is_paused=True), "paused"),
        ("paused", AirflowDag(is_paused=True), "paused"),
        ("draft", AirflowDag(is_paused=False), "active"),
        ("paused", AirflowDag(is_paused=False), "active"),
        ("active", AirflowDag(is_paused=False, error="x"), "error"),
    ],
)
def test_status(op: Any, folder: Path, said: Any, dag: AirflowDag, status: str) -> None:
    """What the sidecar says counts as far as Airflow's switch agrees."""
    made(op)
    sidecar = read_sidecar(folder / "nightly.vai.json").model_copy(update={"status": said})

    assert airflow_state.status(sidecar.status, dag) == status


def test_a_file_that_was_read_long_after(op: Any, read_by_airflow: Any, folder: Path) -> None:
    """Airflow keeps an older source where only a comment changed; a later reading counts, one just then does not."""
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    from airflow_provider_vai.plugin.api.stored_automation import existing

    made(op)
    read_by_airflow()
    op.patch(ONE, json={"description": "Second"}, headers=match(op))
    state = existing("nightly")
    for seconds, is_refused in ((10, True), (600, False)):
        with create_session() as session:
            row = session.get(DagModel, "nightly")
            row.last_parsed_time = state.newest.at + timedelta(seconds=seconds)
        answer = op.post(f"{ONE}/activate", json={"reviewed": "all"}, headers=match(op))
        assert (answer.status_code == 409) is is_refused, answer.text


def test_edits_by_hand_become_a_version(op: Any, folder: Path) -> None:
    """What somebody changed in the DAG file or the sidecar is kept as a version; without an edit there is none."""
    made(op)
    url = "/api/v1/automations/nightly/versions"
    assert op.post(url, headers={"If-Match": "*"}).status_code == 409
    file, sidecar = folder / "nightly.py", folder / "nightly.vai.json"
    file.write_text(file.read_text() + "\nOWN = 1\n")
    sidecar.write_text(sidecar.read_text().replace("Nightly figures", "Daily figures"))
    assert op.post(url).status_code == 428

    answer = op.post(url, headers={"If-Match": '"1"'})

    assert answer.status_code == 201, answer.text
    assert (answer.json()["version"], answer.json()["description"]) == (2, "Daily figures")
    assert answer.json()["editedByHand"] is False
    assert "OWN = 1" in op.get(f"{url}/2").json()["dagFile"]


def test_dag_versions(op: Any, folder: Path, read_by_airflow: Any) -> None:
    """Airflow's own DAG versions name the version that they hold, or that no version does."""
    made(op)
    url = "/api/v1/automations/nightly/dag-versions"
    assert op.get(url).json() == {"items": []}
    read_by_airflow()

    assert [(one["dagVersion"], one["version"]) for one in op.get(url).json()["items"]] == [(1, 1)]
