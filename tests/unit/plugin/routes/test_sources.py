"""Traces on the server are listed only where an administrator allows it, and stored when somebody imports one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from airflow.models.taskinstance import TaskInstance

from airflow_provider_vai.plugin.api.task_places import newest_round
from tests.unit.plugin.api_support import SPEC, made, ran, run_id, seed
from tests.unit.plugin.pages.reader import read_page
from tests.unit.plugin.questions import in_two_rounds

URL = "/api/v1/sources"
HOSTILE = "<script>alert(1)</script>\u202e"
SESSION = "\n".join(
    json.dumps(line)
    for line in (
        {"type": "user", "sessionId": "s1", "uuid": "u1", "cwd": "/w", "timestamp": "2025-03-01T10:00:00Z",
         "message": {"role": "user", "content": "List the files"}},
        {"type": "assistant", "sessionId": "s1", "uuid": "u2", "parentUuid": "u1", "timestamp": "2025-03-01T10:00:01Z",
         "message": {"role": "assistant", "id": "m1", "model": "claude-x", "content": [
             {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}}]}},
        {"type": "user", "sessionId": "s1", "uuid": "u3", "parentUuid": "u2", "timestamp": "2025-03-01T10:00:02Z",
         "message": {"role": "user", "content": [
             {"type": "tool_result", "tool_use_id": "t1", "content": "a.txt"}]}},
    )
)  # fmt: skip


@pytest.fixture
def allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the configuration allows, with a file, a session, something else, and links that lead out."""
    folder = tmp_path / "traces"
    (folder / "projects" / "p").mkdir(parents=True)
    write(folder / "old.json", seed(), 1_000)
    write(folder / "projects" / "p" / "s1.jsonl", SESSION.encode(), 2_000)
    write(folder / "other.json", b'{"a": 1}', 3_000)
    write(folder / "notes.txt", b"x", 4_000)
    write(tmp_path / "outside.json", seed(), 5_000)
    (folder / "link.json").symlink_to(tmp_path / "outside.json")
    monkeypatch.setenv("AIRFLOW__VAI__IMPORT_PATHS", f" {folder} , relative, {tmp_path}/none")
    return folder


def write(path: Path, content: bytes, at: int) -> None:
    """Write a file that was changed at a time."""
    path.write_bytes(content)
    os.utime(path, (at, at))


def listed(client: Any) -> list[dict[str, Any]]:
    """Return the sources."""
    answer = client.get(URL)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_nothing_is_read_by_default(op: Any, tmp_path: Path) -> None:
    """Reading on the server is opt-in."""
    write(tmp_path / "old.json", seed(), 1_000)
    assert listed(op) == []
    assert not read_page(op.get("/ui/import")).find("h2", id="server")


def test_files_and_sessions(op: Any, allowed: Path) -> None:
    """Newest first, with title, calls and outcome; what is no trace says why, and a link does not lead out."""
    other, session, file = listed(op)

    assert (file["kind"], file["name"], file["calls"], file["outcome"]) == ("file", "traces/old.json", 3, "success")
    assert file["title"]
    assert (session["kind"], session["agent"], session["calls"]) == ("session", "claude-code", 1)
    assert other["problem"]
    assert str(allowed.parent) not in json.dumps([other, session, file])


def test_import(op: Any, allowed: Path) -> None:
    """A source is stored as if it was posted, once; an id that is not listed is not found."""
    file = listed(op)[-1]

    first, again = op.post(f"{URL}/{file['id']}"), op.post(f"{URL}/{file['id']}")

    assert (first.status_code, again.status_code) == (201, 200)
    assert [one["runId"] for one in first.json()["items"]] == [run_id()]
    assert op.get("/api/v1/agents/runs").json()["total"] == 1
    for wrong in ("0" * 32, "..%2foutside.json", "outside.json"):
        assert op.post(f"{URL}/{wrong}").status_code == 404


def test_a_file_that_changed(op: Any, allowed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is read again only after it changed; one over the limit is not read."""
    assert listed(op)[-1]["calls"] == 3
    document = json.loads(seed())
    document["agentRun"]["title"] = HOSTILE
    write(allowed / "old.json", json.dumps(document).encode(), 9_000)
    assert listed(op)[0]["name"] == "traces/old.json"
    monkeypatch.setenv("AIRFLOW__VAI__TRACE_LIMIT_BYTES", "100")
    write(allowed / "large.json", seed(), 10_000)
    assert "larger than 100 bytes" in listed(op)[0]["problem"]


def test_roles(as_role: Any, allowed: Path) -> None:
    """What a person said to an agent is only for those who may make automations of it."""
    source = listed(as_role("op"))[-1]["id"]
    for role in ("viewer", "user"):
        client = as_role(role)
        assert client.get(URL).status_code == 403
        assert client.post(f"{URL}/{source}").status_code == 403
        assert client.get("/ui/import").status_code == 403
        assert client.post("/ui/import/source", data={"source": source}).status_code == 403
    assert as_role("op").get("/api/v1/agents/runs").json()["total"] == 0


def test_the_page(op: Any, allowed: Path) -> None:
    """Each source has a button that opens its recording; a double click stores it once."""
    write(allowed / f"{HOSTILE[:8]}.json".replace("/", ""), b"[]", 500)
    page = read_page(op.get("/ui/import"))
    forms = [one for one in page.find("form") if one.attributes["action"] == "import/source"]
    assert len(forms) == 2
    for _ in range(2):
        answer = op.post("/ui/import/source", data=forms[-1].fields(), follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"].endswith(f"ui/recordings/agent_run/{run_id()}")
    assert op.post("/ui/import/source", data={"source": "none"}).status_code == 404


def test_the_recorder(op: Any, as_role: Any, read_by_airflow: Any) -> None:
    """The recordings of tasks whose instances a user may see are listed, whatever folders are allowed."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    from airflow_provider_vai.operators.runtime import results
    from airflow_provider_vai.recorder.places import XCOM_KEY, recording_path

    made(op, **SPEC)
    run = ran(op, read_by_airflow)
    path = recording_path("nightly", run, "look", None)
    results.write(path, seed())
    with create_session() as session:
        names = {"dag_id": "nightly", "task_id": "look", "run_id": run}
        XComModel.set(key=XCOM_KEY, value=str(path), **names, session=session)

    (source,) = listed(op)

    assert (source["kind"], source["calls"]) == ("recorder", 3)
    assert source["name"].startswith("nightly · look")
    assert op.post(f"{URL}/{source['id']}").status_code == 201


@pytest.mark.skipif(not hasattr(TaskInstance, "region_id"), reason="loops are new in Airflow 3.4")
def test_the_recordings_of_two_rounds(op: Any, read_by_airflow: Any) -> None:
    """Each round of an agent in a loop is a source of its own, with its own content; the task's page has the newest."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    from airflow_provider_vai.operators.runtime import results
    from airflow_provider_vai.recorder.places import XCOM_KEY, recording_path

    made(op, **SPEC)
    run = ran(op, read_by_airflow)
    region = in_two_rounds("nightly", run, "look")
    for index, content in enumerate((seed(), b"{")):
        path = recording_path("nightly", run, "look", None, f"{region.hex}.{index}")
        results.write(path, content)
        with create_session() as session:
            names = {"dag_id": "nightly", "task_id": "look", "run_id": run, "map_index": index, "region_id": region}
            XComModel.set(key=XCOM_KEY, value=str(path), **names, session=session)

    sources = sorted(listed(op), key=lambda one: str(one["name"]))

    assert [one["name"].startswith(f"nightly · look, round {index} ·") for index, one in enumerate(sources)] == [
        True
    ] * 2
    assert (sources[0]["calls"], sources[1]["problem"] is not None) == (3, True)
    assert op.post(f"{URL}/{sources[0]['id']}").status_code == 201
    with create_session() as session:
        assert newest_round(session, "nightly", run, "look", -1) == f"{region.hex}.1"
        assert newest_round(session, "nightly", run, "look_again", -1) is None
