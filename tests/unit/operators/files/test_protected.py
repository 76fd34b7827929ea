"""No step writes to code or settings of Airflow, nor to settings of users and the system."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath

from airflow_provider_vai.operators.files import protected
from airflow_provider_vai.operators.files.protected import TargetRefused, check, check_database, check_target
from airflow_provider_vai.operators.runtime.errors import NothingSent


class Options:
    """Stands in for Airflow's configuration."""

    def __init__(self, values: dict[tuple[str, str], str]) -> None:
        self.values = values

    def get(self, section: str, option: str, fallback: Any = None) -> Any:
        """Return the option's value."""
        return self.values.get((section, option), fallback)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an Airflow home and a user's home."""
    home = tmp_path / "airflow"
    bundles = [
        {"name": "a", "classpath": "x.LocalDagBundle", "kwargs": {"path": str(tmp_path / "bundle")}},
        {"name": "b", "classpath": "x.S3DagBundle", "kwargs": {"bucket_name": "dags", "prefix": "team"}},
        {"name": "c", "classpath": "x.GCSDagBundle", "kwargs": {"bucket_name": "dags"}},
    ]
    options = {
        ("core", "dags_folder"): str(tmp_path / "dags"),
        ("core", "plugins_folder"): str(tmp_path / "plugins"),
        ("dag_processor", "dag_bundle_storage_path"): str(tmp_path / "stored"),
        ("dag_processor", "dag_bundle_config_list"): json.dumps(bundles),
        ("vai", "automations_path"): "s3://conn@bucket/automations",
        ("database", "sql_alchemy_conn"): f"sqlite:///{tmp_path}/meta/data.sqlite?x=1",
    }
    for name in ("airflow/config", "dags", "plugins", "bundle", "stored", "user/.ssh", "user/work", "out"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "to_dags").symlink_to(tmp_path / "dags")
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("AIRFLOW_HOME", str(home))
    monkeypatch.setenv("AIRFLOW_CONFIG", str(tmp_path / "settings" / "own.conf"))
    monkeypatch.setattr(protected, "configuration", lambda: Options(options))
    monkeypatch.setattr(protected.results, "artifacts_root", lambda: ObjectStoragePath(f"file://{home}/vai/artifacts"))
    return tmp_path


@pytest.mark.parametrize(
    "path",
    [
        "dags/a.py",
        "dags",
        "to_dags/a.py",
        "out/../dags/a.py",
        "plugins/a.py",
        "bundle/a.py",
        "stored/b/a.py",
        "user/.ssh/authorized_keys",
        "user/.bashrc",
        "user/work/../.config/a",
        "user/work/.git/hooks/a",
        "airflow/airflow.cfg",
        "airflow/airflow.db",
        "airflow/airflow.db-wal",
        "airflow/webserver_config.py",
        "airflow/simple_auth_manager_passwords.json.generated",
        "airflow/config/airflow_local_settings.py",
        "settings/own.conf",
        "meta/data.sqlite",
        "meta/data.sqlite-journal",
        "airflow/vai/artifacts/@approvals/a.json",
        "airflow/vai/artifacts/a/../@spent/a.json",
        "/etc/passwd",
        "/out/../etc/passwd",
        "/proc/self/mem",
        json.__file__,
    ],
)
@pytest.mark.parametrize("form", ["file://{}", "{}", "local://{}"])
def test_protected_places(place: Path, path: str, form: str) -> None:
    """Links and dots are resolved first, in each spelling of a local path."""
    target = form.format(path if path.startswith("/") else place / path)
    opened = ObjectStoragePath(target) if not target.startswith("local:") else ObjectStoragePath(f"file{target[5:]}")
    with pytest.raises(TargetRefused, match="choose another destination"):
        check_target(opened)
    with pytest.raises(NothingSent, match="nothing was written"):
        check_database(opened.path)


@pytest.mark.parametrize(
    "path",
    ["out/a.csv", "out/.hidden/a", "user/work/a", "airflow/data/a.csv", "airflow/sales.duckdb", "dags2/a",
     "airflow/vai/artifacts/a", "airflow/vai/artifacts/a/.part"],
)  # fmt: skip
def test_other_places(place: Path, path: str) -> None:
    """Neighbours of protected places can be written."""
    check_target(ObjectStoragePath(f"file://{place}/{path}"))
    check_database(str(place / path))


def test_artifacts_below_a_dot_folder(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The artifacts folder may be below a dot-folder of a home."""
    root = ObjectStoragePath(f"file://{place}/user/.local/artifacts")
    monkeypatch.setattr(protected.results, "artifacts_root", lambda: root)
    check(root / "a", is_owned=False)
    with pytest.raises(NothingSent, match="approvals record"):
        check(root / "@approvals" / "a", is_owned=True)


class Remote:
    """Stands in for a path in a store, whose library need not be installed."""

    def __init__(self, url: str, conn_id: str | None = None) -> None:
        self.url, self.conn_id = url, conn_id
        self.protocol, _, self.path = url.partition("://")

    def __str__(self) -> str:
        return self.url


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket/automations/a.py",
        "s3a://bucket/x/../automations/a.py",
        "s3://other@bucket/automations/a.py",
        "s3://dags/team/a.py",
        "gs://dags/a.py",
        "simplecache::s3://bucket/automations/a.py",
        "sftp:///etc/passwd",
        "sftp:///home/a/.ssh/authorized_keys",
    ],
)
def test_protected_places_elsewhere(place: Path, url: str) -> None:
    """Folders of DAG files in a store are protected, whatever the connection and the spelling of the protocol."""
    with pytest.raises(TargetRefused):
        check_target(Remote(url))  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["s3://bucket/automations2/a", "s3://dags/other/a", "gs://bucket/a", "sftp:///data/a"])
def test_other_places_elsewhere(place: Path, url: str) -> None:
    """Other folders in a store can be written."""
    check_target(Remote(url))  # type: ignore[arg-type]


def test_approvals_record_in_a_store(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The approvals record is protected in a store as well, and ownership needs the same store."""
    root = Remote("s3://bucket/vai", "aws")
    monkeypatch.setattr(protected.results, "artifacts_root", lambda: root)
    with pytest.raises(TargetRefused, match="approvals record"):
        check_target(Remote("s3://bucket/vai/@approvals/d", "aws"))  # type: ignore[arg-type]
    check(Remote("s3://bucket/vai/a", "aws"), is_owned=False)  # type: ignore[arg-type]
    with pytest.raises(NothingSent, match="not below"):
        check(Remote("s3://bucket/vai/a", "other"), is_owned=False)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["out/a", "airflow/vai/artifacts/../a", "airflow/vai/artifacts", "to_out/a"])
def test_what_is_no_artifact(place: Path, path: str) -> None:
    """A step that is no write stays below the artifacts folder; a link there leads out of it."""
    folder = place / "airflow/vai/artifacts"
    folder.mkdir(parents=True)
    (folder / "to_out").symlink_to(place / "out")
    target = folder / path if path.startswith("to_out") else place / path
    check(ObjectStoragePath(f"file://{target}"), is_owned=True)
    with pytest.raises(NothingSent, match="own_destination"):
        check(ObjectStoragePath(f"file://{target}"), is_owned=False)
    check(ObjectStoragePath(f"file://{folder}/a"), is_owned=False)


def test_addresses_of_servers_are_no_files(place: Path) -> None:
    """Databases in memory and on servers have no file to protect."""
    for path in ("", ":memory:", "md:sales", "postgresql://server/etc"):
        check_database(path)
    with pytest.raises(NothingSent):
        check_database(f"file:{place}/dags/a.db")
    with pytest.raises(NothingSent):
        check_database("~/.data/a.db")


def test_the_default_folder_of_dag_bundles(tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the option, Airflow keeps what it fetched from Git and buckets below the folder of temporary files."""
    from airflow.dag_processing.bundles import base

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.delitem(protected.configuration().values, ("dag_processor", "dag_bundle_storage_path"))
    folder = base.get_bundle_storage_root_path()
    assert folder.is_relative_to(tmp_path)

    with pytest.raises(TargetRefused, match="the folder of DAG bundles"):
        protected.check_local(str(folder / "repository/tracking_repo/dags/a.py"))
    protected.check_local(str(tmp_path / "temporary/a.csv"))
