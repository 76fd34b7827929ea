"""The pages about savings: of one automation, and of all that the user may see."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from airflow_provider_vai.model.sidecar import SUFFIX
from airflow_provider_vai.plugin.pages.amounts import dollars, seconds
from airflow_provider_vai.plugin.routes.savings import CostShown
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.versions import FOLDER
from tests.unit.plugin.api_support import made, run_id, seed
from tests.unit.plugin.pages.reader import read_page

RUNS, URL = "/api/v1/agents/runs", "/api/v1/automations"


def crystallized(client: Any, read_by_airflow: Any, dag_id: str = "saves") -> None:
    """Make the automation of the example, active."""
    assert client.post(RUNS, content=seed()).status_code in (200, 201)
    assert client.post(f"{RUNS}/{run_id()}/crystallize", json={"dagId": dag_id}).status_code == 201
    read_by_airflow(dag_id)
    answer = client.post(f"{URL}/{dag_id}/activate", json={"reviewed": "all"}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text


def ended(dag_id: str, state: str = "success", seconds_: int | None = 30) -> None:
    """Let the newest run of a DAG end."""
    from airflow.models.dagrun import DagRun
    from airflow.sdk.timezone import utcnow
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(DagRun).where(DagRun.dag_id == dag_id).order_by(DagRun.id.desc())
        run = session.scalars(query).first()
        assert run is not None
        run.state = state
        run.start_date = utcnow()
        run.end_date = None if seconds_ is None else run.start_date + timedelta(seconds=seconds_)


def test_one_automation(op: Any, read_by_airflow: Any) -> None:
    """The recorded cost, what each run saved, and a link to the run."""
    crystallized(op, read_by_airflow)
    assert "No runs yet" in read_page(op.get("/ui/automations/saves/savings")).text
    run = op.post(f"{URL}/saves/runs").json()["runId"]
    ended("saves")

    page = read_page(op.get("/ui/automations/saves/savings"))

    assert "1 run saved" in [heading.words for heading in page.find("h2")]
    (row,) = page.find("tbody")[0].find("tr")
    assert row.find("td")[0].words == "success"
    assert row.find("td")[3].words == "30 s"
    assert str(row.find("a")[0].attributes["href"]).endswith(f"ui/automations/saves/runs/{quote(run, '')}")


def test_all_automations(op: Any, as_role: Any, read_by_airflow: Any) -> None:
    """The sum is that of the ledgers; automations without runs are left out."""
    assert "Nothing saved yet" in read_page(op.get("/ui/savings")).text
    crystallized(op, read_by_airflow)
    made(op)
    for state, took in (("success", 30), ("failed", 40), ("success", 50)):
        op.post(f"{URL}/saves/runs")
        ended("saves", state, took)

    found = op.get("/api/v1/savings").json()

    (item,) = found["items"]
    ledger = op.get(f"{URL}/saves/savings").json()
    assert (item["dagId"], item["runs"], item["successes"]) == ("saves", 3, 2)
    for name in ("inputTokens", "outputTokens", "costUsd", "seconds"):
        assert item["saved"][name] == pytest.approx(ledger["saved"][name], abs=0.01), name
        assert found["saved"][name] == pytest.approx(ledger["saved"][name], abs=0.01), name
        assert found["unknown"][name] == (ledger["saved"][name] is None), name
    page = read_page(as_role("viewer").get("/ui/savings"))
    assert [link.words for link in page.find("tbody")[0].find("a")] == ["saves"]


def test_sidecars_are_not_read_again(op: Any, read_by_airflow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page about thousands of automations asks the cached summaries; only steps that ask a model need more."""
    crystallized(op, read_by_airflow)
    op.post(f"{URL}/saves/runs")
    ended("saves")
    before = op.get("/api/v1/savings").json()
    assert before["total"] == 1
    read: list[str] = []
    original = shared_files.read
    monkeypatch.setattr(shared_files, "read", lambda path: read.append(path.name) or original(path))

    assert op.get("/api/v1/savings").json() == before

    assert [name for name in read if name.endswith(SUFFIX)] == []


def test_an_unknown_time_is_not_zero(op: Any, read_by_airflow: Any) -> None:
    """A run without an end takes an unknown time, so the sum is unknown, too."""
    crystallized(op, read_by_airflow)
    op.post(f"{URL}/saves/runs")
    ended("saves", "success", None)

    found = op.get("/api/v1/savings").json()

    assert found["items"][0]["saved"]["seconds"] is None
    assert found["unknown"]["seconds"] == 1
    assert "unknown" in read_page(op.get("/ui/savings")).find("tbody")[0].text


def test_a_hostile_model_is_text(op: Any, folder: Any) -> None:
    """The name of the model comes from the trace."""
    made(op)
    shutil.rmtree(folder / FOLDER)  # without a log, the sidecar counts as it is
    file = folder / "nightly.vai.json"
    sidecar = json.loads(file.read_text())
    hostile = "<script>x</script>\u202e"
    sidecar["source"] = {"kind": "agent_run", "id": "r", "format": "made", "trace_sha256": "0" * 64, "model": hostile}
    file.write_text(json.dumps(sidecar))

    page = read_page(op.get("/ui/automations/nightly/savings"))

    assert "<script>x</script>⟨U+202E⟩" in page.text


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "$0.00"),
        (1234.5, "$1,234.50"),
        (0.0312, "$0.0312"),
        (-2, "\u2212$2.00"),
        (0.00001, "<$0.0001"),
        (None, "unknown"),
    ],
)
def test_dollars(amount: float | None, shown: str) -> None:
    """Small amounts keep the digits that say something."""
    assert dollars(amount) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0.25, "0.2 s"), (59.7, "1 min"), (125, "2 min 5 s"), (3600, "1 h"), (90061, "1 d 1 h"), (-61, "\u22121 min 1 s")],
)
def test_seconds(amount: float, shown: str) -> None:
    """Two units at most."""
    assert seconds(amount) == shown
    assert CostShown(input_tokens=None, output_tokens=None, cost_usd=None, seconds=amount).seconds == amount
