"""S3 with a local server: files are copied, artifacts stored and data loaded."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_file_sync import FILES, source, sync, tree

pytestmark = pytest.mark.integration
for module in ("s3fs", "airflow.providers.amazon", "moto.server"):
    pytest.importorskip(module, reason="the extras s3 and dev are not installed")

Run = Callable[..., Any]
__all__ = ["source"]  # a fixture


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    """A local S3 server; one for all tests, because a store stays attached in this process."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, s3_url: str) -> Any:
    """A client of the server with the empty bucket ``lake``; Airflow uses it with the connection ``s3``."""
    import boto3

    urllib.request.urlopen(f"{s3_url}/moto-api/reset", data=b"").close()
    region = {"endpoint_url": s3_url, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "key", "password": "hush-hush", "extra": region}
    monkeypatch.setenv("AIRFLOW_CONN_S3", json.dumps(connection))
    client = boto3.client("s3", **region, aws_access_key_id="k", aws_secret_access_key="s")
    client.create_bucket(Bucket="lake")
    return client


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Put two tools on the path."""
    folder = tmp_path_factory.mktemp("tools")
    (folder / "vai_text.py").write_text(
        "def repeated(times):\n    return {'text': 'x' * times}\n\ndef length(text):\n    return len(text)\n"
    )
    monkeypatch.syspath_prepend(str(folder))


def test_to_s3_and_back(run_dag: Run, source: Path, tmp_path: Path, s3: Any) -> None:
    """Files are uploaded, found unchanged, changed, copied within S3 and downloaded; the log has no secret."""
    up = sync(f"file://{source}", "s3://lake/raw", destination_conn_id="s3")
    ran = run_dag(up)
    assert ran.results["a"]["copied"] == 4
    assert sorted(item["Key"] for item in s3.list_objects_v2(Bucket="lake")["Contents"]) == [
        f"raw/{name}" for name in sorted(FILES)
    ]
    again = run_dag(up).results["a"]
    assert (again["copied"], again["unchanged"]) == (0, 4)
    s3.put_object(Bucket="lake", Key="raw/a.csv", Body=b"a,b\n9,9\n")
    s3.put_object(Bucket="lake", Key="raw/folder/", Body=b"")
    assert run_dag(up).results["a"]["files"] == ["a.csv"]
    across = sync("s3://lake/raw", "s3://lake/copy", source_conn_id="s3", destination_conn_id="s3")
    assert run_dag(across).results["a"]["sha256"] == ran.results["a"]["sha256"]
    down = run_dag(sync("s3://lake/copy", f"file://{tmp_path}/to", source_conn_id="s3"))
    assert tree(tmp_path / "to") == FILES
    assert down.results["a"]["sha256"] == ran.results["a"]["sha256"]
    assert "hush-hush" not in ran.log + down.log


@pytest.mark.parametrize("key", ["raw/../../up", "raw//double", "raw/d/./x"])
def test_keys_that_lead_out_are_refused(run_dag: Run, tmp_path: Path, s3: Any, key: str) -> None:
    """A key that a file system would follow upwards is refused, and nothing is copied."""
    s3.put_object(Bucket="lake", Key="raw/a", Body=b"good")
    s3.put_object(Bucket="lake", Key=key, Body=b"bad")
    ran = run_dag(sync("s3://lake/raw", f"file://{tmp_path}/x/y/to", source_conn_id="s3"))

    assert ran.states["a"] == "failed"
    assert "could lead out of" in ran.log
    assert tree(tmp_path) == {}


def test_parquet_goes_to_s3(run_dag: Run, tmp_path: Path, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transform writes its file to the store of the URL, which may name a connection."""
    duckdb = pytest.importorskip("duckdb")
    duckdb.connect(str(tmp_path / "wh.duckdb")).close()
    monkeypatch.setenv("AIRFLOW_CONN_WH", json.dumps({"conn_type": "duckdb", "host": str(tmp_path / "wh.duckdb")}))
    ran = run_dag(
        "from airflow_provider_vai.operators.duckdb_transform import DuckdbTransformOperator\n"
        "DuckdbTransformOperator(task_id='a', sql='select 42 as n', conn_id='wh', path='s3://s3@lake/gold/n.parquet')\n"
    )
    assert ran.results["a"] == {"path": "s3://s3@lake/gold/n.parquet", "rows": 1, "columns": ["n"]}
    (tmp_path / "n.parquet").write_bytes(s3.get_object(Bucket="lake", Key="gold/n.parquet")["Body"].read())
    assert duckdb.read_parquet(str(tmp_path / "n.parquet")).fetchall() == [(42,)]


def test_large_results_go_to_s3(run_dag: Run, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the artifacts folder on S3, a large result is stored there, and the next step reads it."""
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", "s3://s3@lake/artifacts")
    monkeypatch.setenv("AIRFLOW__VAI__RESULT_LIMIT_BYTES", "100")
    ran = run_dag(
        "a = PythonToolOperator(task_id='a', python_callable='vai_text:repeated', arguments={'times': 1000})\n"
        "PythonToolOperator(task_id='b', python_callable='vai_text:length', arguments={'text': wired(a, 'text')})\n"
        "a >> dag.get_task('b')\n"
    )

    assert ran.states == {"a": "success", "b": "success"}
    (kept,) = s3.list_objects_v2(Bucket="lake", Prefix="artifacts/")["Contents"]
    assert ran.results["a"]["path"] == f"s3://s3@lake/{kept['Key']}"
    assert ran.results["b"] == 1000
    assert "hush-hush" not in ran.log


def test_files_are_loaded_from_s3(run_dag: Run, tmp_path: Path, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """dlt reads a bucket with credentials from the worker's environment."""
    pytest.importorskip("dlt")
    duckdb = pytest.importorskip("duckdb")
    connection = {"conn_type": "duckdb", "host": str(tmp_path / "wh.duckdb")}
    monkeypatch.setenv("AIRFLOW_CONN_WH", json.dumps(connection))
    for name, value in {
        "AWS_ENDPOINT_URL": s3.meta.endpoint_url,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "hush-hush",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    s3.put_object(Bucket="lake", Key="in/a.jsonl", Body=b'{"n": 1}\n{"n": 2}\n')
    config = {"bucket_url": "s3://lake/in", "file_glob": "*.jsonl", "table_name": "events"}
    ran = run_dag(
        "from airflow_provider_vai.operators.dlt_extract import DltExtractOperator\n"
        f"DltExtractOperator(task_id='a', source='filesystem', source_config={config!r}, destination_conn_id='wh',"
        " dataset='raw')\n"
    )

    assert ran.results["a"]["tables"] == {"events": 2}
    with duckdb.connect(connection["host"], read_only=True) as database:
        assert database.execute("select n from raw.events order by n").fetchall() == [(1,), (2,)]
    assert "hush-hush" not in ran.log


# --- A connection in the path, in each place where [vai] options name one ---------------------------------------------

VAULT = "s3://s3@lake/vai"


@pytest.fixture
def vault(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """``[vai] artifacts_path`` on S3, with credentials from the connection alone."""
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", VAULT)
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    return s3


def keys(s3: Any, prefix: str) -> list[str]:
    """Return the names of the bucket's objects below a prefix."""
    return [item["Key"] for item in s3.list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", [])]


def test_the_approvals_record(vault: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """What a gate records, ``vai approvals`` and the gate itself read, with and without naming the folder."""
    from airflow_provider_vai.cli.main import main
    from airflow_provider_vai.model import approvals_record
    from airflow_provider_vai.operators.runtime import results

    record = {"id": "i1", "at": "2026-01-01T00:00:00Z", "decision": "approve", "dag_id": "d", "task_id": "gate"}
    assert list(approvals_record.read(results.artifacts_root(), "d")) == []
    named = approvals_record.write(results.artifacts_root(), {**record, "run_id": "r", "steps": {}})
    assert named.startswith(f"{VAULT}/@approvals/d/gate/")
    assert len(keys(vault, "vai/@approvals/d/gate/")) == 1
    assert [found["id"] for found in approvals_record.read(results.artifacts_root(), "d", "gate")] == ["i1"]

    for arguments in (["approvals", "d", "--json"], ["approvals", "d", "--artifacts", VAULT, "--json"]):
        assert main(arguments) == 0
        assert [found["id"] for found in json.loads(capsys.readouterr().out)] == ["i1"]


def test_the_approvals_command_prints_nothing_but_its_answer(vault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of its own, Airflow's log lines about the store do not mix with the JSON."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "key")
    monkeypatch.setenv("AWS_ENDPOINT_URL", vault.meta.endpoint_url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    command = [sys.executable, "-m", "airflow_provider_vai.cli.main", "approvals", "d", "--json", "--artifacts"]
    for url in (VAULT, "s3://lake/vai"):
        done = subprocess.run([*command, url], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout) == []


def test_the_deliveries_of_webhooks(vault: Any) -> None:
    """A delivery is claimed once, and a replay of its signature is refused."""
    from datetime import datetime, timezone

    from airflow_provider_vai.plugin.webhooks.deliveries import ReplayedDelivery, claim, note_started
    from airflow_provider_vai.plugin.webhooks.signatures import Delivery

    now = datetime.now(timezone.utc)
    first = claim("p", Delivery("vai", "a", now, "digest", "content", "signature"), now)
    note_started(first, "d")

    assert claim("p", Delivery("vai", "a", now, "digest", "content", "signature"), now).started_dag_id == "d"
    with pytest.raises(ReplayedDelivery):
        claim("q", Delivery("vai", "a", now, "digest", "content", "signature"), now)
    assert len(keys(vault, "vai/runs/@webhooks/")) == 4


@pytest.mark.parametrize("runs_path", ["", "s3://s3@lake/recorded"])
def test_recordings_over_http(vault: Any, runs_path: str, monkeypatch: pytest.MonkeyPatch, database: Path) -> None:
    """A run is handed in, listed and read."""
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi.testclient import TestClient

    from airflow_provider_vai.plugin.api import reading
    from airflow_provider_vai.plugin.app import app
    from airflow_provider_vai.plugin.routes.recordings import PLACES
    from tests.unit.plugin.api_support import run_id, seed

    monkeypatch.setenv("AIRFLOW__VAI__RUNS_PATH", runs_path)
    reading._processes.end()  # those of earlier tests do not have this store's connection
    monkeypatch.setitem(app.dependency_overrides, get_user, lambda: SimpleAuthManagerUser(username="op", role="op"))
    _ = create_auth_manager()
    client = TestClient(app, headers={"Authorization": "Bearer of-a-test"})
    place = PLACES["agent_run"]

    assert client.post(place, content=seed()).status_code == 201
    assert client.post(place, content=seed()).status_code == 200
    assert [item["runId"] for item in client.get(place).json()["items"]] == [run_id()]
    assert len(client.get(f"{place}/{run_id()}").json()["calls"]) == 3
    assert len(keys(vault, "recorded/@posted/traces/" if runs_path else "vai/runs/@posted/traces/")) == 1


def create_auth_manager() -> Any:
    """Return Airflow's auth manager, which the API's permissions ask."""
    from airflow import settings
    from airflow.api_fastapi.app import create_auth_manager

    settings.configure_orm()
    return create_auth_manager()


def test_the_recorder(vault: Any) -> None:
    """A recording is written from inside the agent's event loop, where a connection cannot start one of its own."""
    pytest.importorskip("pydantic_ai", reason="the extra agent is not installed")
    import asyncio
    from types import SimpleNamespace

    from airflow.sdk.io import store

    from airflow_provider_vai.operators.runtime import results
    from airflow_provider_vai.recorder import recorder

    ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1)
    store._STORE_CACHE.pop("s3-s3", None)

    async def record() -> None:
        results.write(recorder.path_of(ti), b"{}")

    asyncio.run(record())
    assert keys(vault, "vai/runs/") == ["vai/runs/d/r/t.json"]


def test_automations(vault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An automation is published and read, and its webhook is found."""
    from airflow_provider_vai.plugin.webhooks import triggers
    from tests.unit.plugin.webhooks.test_route import sidecar

    monkeypatch.setenv("AIRFLOW__VAI__AUTOMATIONS_PATH", "s3://s3@lake/dags/vai")
    vault.put_object(Bucket="lake", Key="dags/vai/d.vai.json", Body=sidecar("d", "p").encode())

    found = triggers.find("p")
    assert found is not None
    assert found.dag_id == "d"


def test_a_connection_that_is_missing(vault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the option, the URL and what to check."""
    from airflow_provider_vai.cli.main import main
    from airflow_provider_vai.exceptions import UnusablePath
    from airflow_provider_vai.plugin.api.configured_folders import recordings_folder

    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", "s3://nobody@lake/vai")
    with pytest.raises(UnusablePath, match="nobody") as refused:
        recordings_folder() / "a"
    assert refused.value.where == "[vai] artifacts_path = s3://nobody@lake/vai"
    assert main(["approvals", "d"]) == 1
