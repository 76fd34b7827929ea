"""The folder that the HTTP API serves is the one that the command line writes to."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_vai.model import airflow_settings
from airflow_provider_vai.store import served_folder


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No Airflow is configured, and none has been imported; the home folder is empty."""
    for name in served_folder.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(served_folder, "loaded", lambda: None)


@pytest.mark.parametrize(
    ("variables", "cfg", "expected"),
    [
        ({}, "", "~/airflow/dags/vai"),
        ({"AIRFLOW_HOME": "~/here"}, "", "~/here/dags/vai"),
        ({"AIRFLOW__CORE__DAGS_FOLDER": "/srv/dags/"}, "", "/srv/dags/vai"),
        ({"AIRFLOW__VAI__AUTOMATIONS_PATH": "file:///srv/vai", "AIRFLOW__CORE__DAGS_FOLDER": "/d"}, "", "/srv/vai"),
        ({}, "[core]\ndags_folder = /from/cfg", "/from/cfg/vai"),
        ({}, "[core]\ndags_folder = /from/cfg\n[vai]\nautomations_path = /own", "/own"),
        ({"AIRFLOW__CORE__DAGS_FOLDER": "/srv/dags"}, "[core]\ndags_folder = /from/cfg", "/srv/dags/vai"),
        ({}, "not a configuration", "~/airflow/dags/vai"),
    ],
)
def test_where_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], cfg: str, expected: str
) -> None:
    """The option of this provider decides, else Airflow's dags folder; the environment wins over the file."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    if cfg:
        (tmp_path / "airflow").mkdir()
        airflow_settings.airflow_cfg().write_text(cfg)

    assert served_folder.is_configured() is bool(variables or cfg)
    assert str(served_folder.served_folder()) == expected.replace("~", str(tmp_path))


def test_no_warning_without_airflow(tmp_path: Path) -> None:
    """On a machine without a configured Airflow, no folder is served, and none is read."""
    assert served_folder.warning(tmp_path) is None
    assert not served_folder.is_read_by_airflow(tmp_path)


def test_a_folder_that_is_not_served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The warning names both folders and the remedy; links and the folder itself do not count as outside."""
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(tmp_path / "dags"))
    served = tmp_path / "dags/vai"
    served.mkdir(parents=True)
    (tmp_path / "link").symlink_to(served)

    warning = served_folder.warning(tmp_path / "dags") or ""

    assert str(served) in warning
    assert "--out" in warning
    assert "AIRFLOW__VAI__AUTOMATIONS_PATH" in warning
    assert served_folder.warning(served) is None
    assert served_folder.warning(tmp_path / "link") is None
    assert served_folder.warning(served / "below") is not None


def test_what_airflow_reads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Airflow reads the dags folder with its subfolders, and the folder that is served."""
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(tmp_path / "dags"))
    monkeypatch.setenv("AIRFLOW__VAI__AUTOMATIONS_PATH", str(tmp_path / "bundle"))

    read = ["dags", "dags/vai", "dags/team/a", "bundle"]
    assert [name for name in [*read, "dags2", "elsewhere"] if served_folder.is_read_by_airflow(tmp_path / name)] == read


def test_object_storage_can_be_served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, memory_store: None) -> None:
    """A bucket is served as it is named, and no request to read a file is made for it."""
    monkeypatch.setenv("AIRFLOW__VAI__AUTOMATIONS_PATH", "memory://bucket/vai")
    served = served_folder.served_folder()

    assert served_folder.is_served(served)
    assert not served_folder.is_read_by_airflow(served)
    assert "memory://bucket/vai" in (served_folder.warning(tmp_path) or "")
