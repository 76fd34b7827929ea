"""Which URLs are below the artifacts folder, and where that folder is."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_vai.model import artifacts
from airflow_provider_vai.model.artifacts import OPTION, artifacts_path, is_below

LOCAL, STORE = "file:///data/artifacts", "s3://aws@bucket/vai"


@pytest.mark.parametrize(
    ("url", "root", "conn_id"),
    [
        ("file:///data/artifacts/a", LOCAL, None),
        ("/data/artifacts/a/b.parquet", LOCAL, None),
        ("local:///data/artifacts/a", LOCAL, None),
        ("file:////data//artifacts/./a", LOCAL, None),
        ("file:///data/artifacts/{{ ds }}", LOCAL, None),
        ("file:///data/artifacts/a", "/data/artifacts/", None),
        ("file:///data/artifacts/a", LOCAL, "any"),
        ("s3://aws@bucket/vai/a", STORE, None),
        ("s3a://bucket/vai/a", STORE, "aws"),
        ("s3://bucket/vai/a", "s3://bucket/vai/", None),
    ],
)
def test_below(url: str, root: str, conn_id: str | None) -> None:
    """Spellings of one path are one path."""
    assert is_below(url, root, conn_id)


@pytest.mark.parametrize(
    ("url", "root", "conn_id"),
    [
        ("file:///data/artifacts", LOCAL, None),
        ("file:///data/artifacts/", LOCAL, None),
        ("file:///data/artifacts2/a", LOCAL, None),
        ("file:///data/artifacts/../a", LOCAL, None),
        ("file:///data/artifacts/%2e%2e/a", LOCAL, None),
        ("file:///data/artifacts/a\\..\\b", LOCAL, None),
        ("file:///data/artifacts/@approvals/d", LOCAL, None),
        ("data/artifacts/a", LOCAL, None),
        ("~/artifacts/a", LOCAL, None),
        ("file://host/data/artifacts/a", LOCAL, None),
        ("simplecache::file:///data/artifacts/a", LOCAL, None),
        ("s3://bucket/data/artifacts/a", LOCAL, None),
        ("gs://aws@bucket/vai/a", STORE, None),
        ("s3://bucket/vai/a", STORE, None),
        ("s3://bucket/vai/a", STORE, "other"),
        ("s3://aws@bucket/vai/a", STORE, "other"),
        ("s3://aws@other/vai/a", STORE, None),
        ("s3://aws@bucket/vai/../a", STORE, None),
        ("s3://aws@bucket/vai/@spent/a", STORE, None),
        ("", LOCAL, None),
    ],
)
def test_not_below(url: str, root: str, conn_id: str | None) -> None:
    """Neighbours, the folder itself, ways out, other stores and the approvals record do not count."""
    assert not is_below(url, root, conn_id)


def test_where_the_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment counts before airflow.cfg, and that before the default. A loaded Airflow is asked instead."""
    monkeypatch.setattr(artifacts, "_loaded", lambda: None)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.delenv("AIRFLOW_CONFIG", raising=False)
    monkeypatch.delenv(OPTION, raising=False)
    assert artifacts_path() == f"file://{tmp_path}/vai/artifacts"
    (tmp_path / "airflow.cfg").write_text("[vai]\nartifacts_path = s3://b/%a\n", encoding="utf-8")
    assert artifacts_path() == "s3://b/%a"
    monkeypatch.setenv(OPTION, "gs://c/d")
    assert artifacts_path() == "gs://c/d"
    monkeypatch.delenv(OPTION)
    (tmp_path / "airflow.cfg").write_text("no section", encoding="utf-8")
    assert artifacts_path() == f"file://{tmp_path}/vai/artifacts"
    monkeypatch.setattr(artifacts, "_loaded", Loaded)
    assert artifacts_path() == "s3://loaded/a"


class Loaded:
    """Stands in for Airflow's configuration."""

    def get(self, section: str, option: str, fallback: None) -> str | None:
        """Return the option's value."""
        return "s3://loaded/a" if (section, option) == ("vai", "artifacts_path") else fallback
