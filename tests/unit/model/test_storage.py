"""Paths and URLs of options are opened in one way, and what cannot be opened names the option and the remedy."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.exceptions import ProviderMissing, UnusablePath
from airflow_provider_vai.model import storage

OPTION = "[vai] runs_path"


def test_local_folders_need_no_airflow(tmp_path: Path) -> None:
    """A path or a ``file://`` URL is opened in a process that never imports Airflow."""
    script = (
        "import sys; from airflow_provider_vai.model.storage import folder;"
        "print(folder(sys.argv[1]), folder('file://' + sys.argv[1]));"
        "assert not [m for m in sys.modules if m.split('.')[0] == 'airflow']"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)

    assert done.stdout.split() == [str(tmp_path)] * 2


@pytest.mark.parametrize("form", ["{}", "file://{}", "local://{}"])
def test_local_paths_as_airflows(form: str, tmp_path: Path) -> None:
    """Every form of a local path works where Airflow's class is needed."""
    root = storage.opened(form.format(tmp_path), OPTION)
    (root / "a").write_bytes(b"x")

    assert (tmp_path / "a").read_bytes() == b"x"


def test_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A leading ``~`` is the user's home in both functions."""
    monkeypatch.setenv("HOME", str(tmp_path))

    assert str(storage.folder("~/vai")) == storage.opened("~/vai").path == str(tmp_path / "vai")


@pytest.mark.parametrize("opens", [storage.folder, storage.opened])
@pytest.mark.parametrize(
    ("url", "package"),
    [
        ("gs://conn@bucket/a", "pip install 'apache-airflow-providers-google'"),
        ("abfs://conn@box/a", "pip install 'apache-airflow-providers-microsoft-azure'"),
        ("nosuchstore://bucket/a", "Install an Airflow provider of nosuchstore:// URLs"),
    ],
)
def test_a_missing_provider(opens: Any, url: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One message names the option, the URL and the package to install."""
    monkeypatch.setattr("airflow.sdk.io.fs._register_filesystems", dict)
    with pytest.raises(ProviderMissing) as refused:
        opens(url, OPTION)

    assert refused.value.where == f"{OPTION} = {url}"
    assert package in refused.value.remedy


def test_a_missing_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider without its optional library is a missing provider."""

    def get_fs(conn_id: str | None, options: Any = None) -> None:
        raise ImportError("s3fs is not installed")

    monkeypatch.setattr("airflow.sdk.io.store._STORE_CACHE", {})
    monkeypatch.setattr("airflow.sdk.io.fs._register_filesystems", lambda: {"s3": get_fs})
    with pytest.raises(ProviderMissing, match="s3fs is not installed") as refused:
        storage.opened("s3://bucket/a", OPTION)

    assert "'apache-airflow-providers-amazon[s3fs]'" in refused.value.remedy


def test_a_connection_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider's own error becomes a message that names the option and the connection."""

    def get_fs(conn_id: str | None, options: Any = None) -> None:
        raise RuntimeError(f"{conn_id} cannot sign in to s3://u:hush-hush@x")

    monkeypatch.setattr("airflow.sdk.io.store._STORE_CACHE", {})
    monkeypatch.setattr("airflow.sdk.io.fs._register_filesystems", lambda: {"s3": get_fs})
    monkeypatch.setenv("AIRFLOW_CONN_LOCKED", '{"conn_type": "aws"}')
    with pytest.raises(UnusablePath, match="locked cannot sign in") as refused:
        storage.folder("s3://locked@bucket/a", OPTION)

    assert not isinstance(refused.value, ProviderMissing)
    assert refused.value.where == f"{OPTION} = s3://locked@bucket/a"
    assert "connection" in refused.value.remedy
    assert "hush-hush" not in str(refused.value)


@pytest.mark.parametrize("conn_id", [None, "nobody"])
def test_a_connection_that_is_missing(conn_id: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider is not asked, because it might connect with other credentials."""
    asked: list[Any] = []
    monkeypatch.setattr("airflow.sdk.io.store._STORE_CACHE", {})
    monkeypatch.setattr("airflow.sdk.io.fs._register_filesystems", lambda: {"s3": lambda *given: asked.append(given)})
    with pytest.raises(UnusablePath, match="nobody") as refused:
        storage.opened("s3://bucket/a" if conn_id else "s3://nobody@bucket/a", OPTION, conn_id)

    assert not isinstance(refused.value, ProviderMissing)
    assert asked == []


@pytest.mark.parametrize("opens", [storage.folder, storage.opened])
def test_a_password_in_a_url(opens: Any) -> None:
    """Credentials come from a connection; a password in the URL is refused, and not shown."""
    with pytest.raises(UnusablePath, match="the URL has a password") as refused:
        opens("s3://key:hush-hush@bucket/a", OPTION)

    assert "hush-hush" not in str(refused.value)
    assert "conn_id@" in refused.value.remedy


def test_inside_an_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that starts an event loop to connect can do so although one is running, and the path keeps it."""
    from fsspec.implementations.memory import MemoryFileSystem

    class Connected(MemoryFileSystem):  # type: ignore[misc]
        cachable = False

    async def ready() -> None:
        """Do nothing."""

    def get_fs(conn_id: str | None, options: Any = None) -> Any:
        asyncio.run(ready())
        return Connected()

    monkeypatch.setattr("airflow.sdk.io.store._STORE_CACHE", {})
    monkeypatch.setattr("airflow.sdk.io.fs._register_filesystems", lambda: {"memory": get_fs})
    monkeypatch.setenv("AIRFLOW_CONN_CONN", '{"conn_type": "generic"}')

    async def write() -> Any:
        path = storage.opened("memory://conn@box/a", OPTION) / "b"
        path.write_bytes(b"x")
        return path

    path = asyncio.run(write())
    assert isinstance(path.fs, Connected)
    assert path.read_bytes() == b"x"
