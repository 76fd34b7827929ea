"""A sidecar that does not exist: the message names those that do."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.store.sidecar_files import SHOWN, read_sidecar


def message(path: Path) -> str:
    """Return the message of reading a sidecar that does not exist."""
    with pytest.raises(SpecError, match="there is no such sidecar") as refused:
        read_sidecar(path)
    return str(refused.value)


def test_a_folder_has_automations(tmp_path: Path) -> None:
    """Whether the folder or a wrong name is given, the automations in the folder are named."""
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "sales.vai.json").touch()
    for path in (tmp_path / "dags.vai.json", tmp_path / "dags" / "sale.vai.json"):
        assert f"The folder {tmp_path / 'dags'} has sales." in message(path)


def test_a_folder_has_none(tmp_path: Path) -> None:
    """The message says that the folder is empty."""
    assert f"the folder {tmp_path} has none" in message(tmp_path / "sales.vai.json")


def test_a_folder_has_many(tmp_path: Path) -> None:
    """The list is cut."""
    for number in range(SHOWN + 1):
        (tmp_path / f"dag_{number:02}.vai.json").touch()
    told = message(tmp_path / "sales.vai.json")
    assert "dag_09, …" in told
    assert "dag_10" not in told
