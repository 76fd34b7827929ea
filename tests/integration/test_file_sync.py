"""Files between real stores: the local file system, and S3 as a local server speaks it."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration

Run = Callable[..., Any]
IMPORT = "from airflow_provider_vai.operators.file_sync import FileSyncOperator\n"
FILES = {"a.csv": b"a,b\n1,2\n", "d/e/b.bin": bytes(range(256)) * 9000, "d/empty": b"", "d/sp ace #1%20é.txt": b"x"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with files of every sort."""
    for name, content in FILES.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "source"


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    """A local S3 server; one for all tests, as a store stays attached in this process."""
    pytest.importorskip("s3fs")
    pytest.importorskip("airflow.providers.amazon")
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, s3_url: str) -> Any:
    """A client of the server with the empty bucket ``lake``; Airflow reaches it by the connection ``s3``."""
    import boto3

    urllib.request.urlopen(f"{s3_url}/moto-api/reset", data=b"").close()
    region = {"endpoint_url": s3_url, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "key", "password": "hush-hush", "extra": region}
    monkeypatch.setenv("AIRFLOW_CONN_S3", json.dumps(connection))
    client = boto3.client("s3", **region, aws_access_key_id="k", aws_secret_access_key="s")
    client.create_bucket(Bucket="lake")
    return client


def sync(source: Any, destination: Any, **arguments: Any) -> str:
    """Return a task's source."""
    given = {"source": str(source), "destination": str(destination), "retries": 0, **arguments}
    return f"{IMPORT}FileSyncOperator(task_id='a', **{given!r})\n"


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_only_what_changed_is_copied(run_dag: Run, source: Path, tmp_path: Path) -> None:
    """The layout is kept; a second run copies nothing, a third the one that changed; nothing is deleted."""
    task = sync(f"file://{source}", f"file://{tmp_path}/to")
    first = run_dag(task).results["a"]
    again = run_dag(task).results["a"]
    (source / "a.csv").write_bytes(b"a,b\n1,3\n")  # the same size
    (tmp_path / "to" / "mine").write_bytes(b"stays")
    third = run_dag(task).results["a"]

    assert tree(tmp_path / "to") == {**FILES, "a.csv": b"a,b\n1,3\n", "mine": b"stays"}
    total = sum(len(content) for content in FILES.values())
    assert first == {"copied": 4, "unchanged": 0, "bytes": total, "files": sorted(FILES), "sha256": first["sha256"]}
    assert again == {"copied": 0, "unchanged": 4, "bytes": 0, "files": [], "sha256": first["sha256"]}
    assert third == {"copied": 1, "unchanged": 3, "bytes": 8, "files": ["a.csv"], "sha256": third["sha256"]}
    assert third["sha256"] != first["sha256"]


def test_manifest_digest_is_of_names_sizes_and_contents(run_dag: Run, source: Path, tmp_path: Path) -> None:
    """Anybody can compute the digest again from the source."""
    manifest = [[name, len(FILES[name]), hashlib.sha256(FILES[name]).hexdigest()] for name in ("a.csv",)]
    text = json.dumps(manifest, separators=(",", ":"))
    ran = run_dag(sync(f"file://{source}", f"file://{tmp_path}/to", pattern="*.csv"))

    assert ran.results["a"]["files"] == ["a.csv"]
    assert ran.results["a"]["sha256"] == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("case", ["no source", "overlap", "folder in the way"])
def test_mistakes_are_final(run_dag: Run, source: Path, tmp_path: Path, case: str) -> None:
    """A wrong path fails without a retry and leaves the destination as it was."""
    (tmp_path / "to" / "a.csv").mkdir(parents=True)
    given, message = {
        "no source": ((source / "x", tmp_path / "to"), "no file and no folder"),
        "overlap": ((source, source / "d"), "overlap"),
        "folder in the way": ((source, tmp_path / "to"), "is a folder"),
    }[case]
    ran = run_dag(sync(*(f"file://{path}" for path in given), retries=1, retry_delay=1.0))

    assert ran.states["a"] == "failed"
    assert message in ran.log
    assert tree(source) == FILES
    assert tree(tmp_path / "to") == {}


def test_interrupted_try_is_mended(run_dag: Run, source: Path, tmp_path: Path) -> None:
    """After a failure half-way the rerun copies the rest."""
    blocked = tmp_path / "to" / "d"
    blocked.parent.mkdir()
    blocked.write_bytes(b"a file where a folder must be")
    task = sync(f"file://{source}", f"file://{tmp_path}/to")
    failed = run_dag(task)
    blocked.unlink()
    ran = run_dag(task)

    assert failed.states["a"] == "failed"
    assert (ran.results["a"]["copied"], ran.results["a"]["unchanged"]) == (3, 1)
    assert tree(tmp_path / "to") == FILES


def test_to_s3_and_back(run_dag: Run, source: Path, tmp_path: Path, s3: Any) -> None:
    """Up, unchanged, changed at the other side, within S3, and down again; the secret is in no log."""
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
    """An object store takes names that a file system would follow upwards: none is copied, nor any other file."""
    s3.put_object(Bucket="lake", Key="raw/a", Body=b"good")
    s3.put_object(Bucket="lake", Key=key, Body=b"bad")
    ran = run_dag(sync("s3://lake/raw", f"file://{tmp_path}/x/y/to", source_conn_id="s3"))

    assert ran.states["a"] == "failed"
    assert "does not stay inside" in ran.log
    assert tree(tmp_path) == {}


def test_parquet_goes_to_s3(run_dag: Run, tmp_path: Path, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transform's file goes to the store of a URL, which may name its connection."""
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
