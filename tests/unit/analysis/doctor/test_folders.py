"""The doctor's checks of folders on this machine: permissions are asked for, and nothing is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from airflow_provider_vai.analysis.doctor import folders
from airflow_provider_vai.analysis.doctor.diagnosis import Diagnosis

ARTIFACTS = "AIRFLOW__VAI__ARTIFACTS_PATH"


def found(code: str, automations: Path | None = None) -> Diagnosis:
    """Return the diagnosis with a code."""
    (one,) = [one for one in folders.local_ones(automations) if one.code == code]
    return one


def test_a_folder_that_can_be_created_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not created by the check."""
    monkeypatch.setenv(ARTIFACTS, str(tmp_path / "deep" / "artifacts"))

    assert found("DOC204").level == "ok"
    assert found("DOC205").message.startswith(str(tmp_path / "deep" / "artifacts" / "runs"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a folder that would have to be created in a file."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(ARTIFACTS, str(tmp_path / "file"))

    assert found("DOC204").level == "error"
    assert "not a folder" in found("DOC204").message
    assert found("DOC205").level == "error"


def test_a_folder_without_permission_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what is not allowed."""
    monkeypatch.setattr(os, "access", lambda place, rights: not rights & os.W_OK)
    monkeypatch.setenv(ARTIFACTS, f"file://{tmp_path}")

    assert found("DOC204").level == "error"
    assert "cannot be read and written" in found("DOC204").message
    assert "cannot be created" in found("DOC203", tmp_path / "new").message


def test_an_unusable_path_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The problem is that of the option, as the commands report it."""
    monkeypatch.setenv(ARTIFACTS, "~nobodyofthatname/x")

    assert found("DOC204").level == "error"


def test_folders_on_object_stores_are_for_the_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are asked about with Airflow, which opens them with its connections."""
    monkeypatch.setenv(ARTIFACTS, "s3://store@bucket/vai")
    codes = {one.code for one in folders.local_ones(None)}

    assert not codes & {"DOC203", "DOC204", "DOC205"}
    assert folders.remote_ones() == [
        (folders.ARTIFACTS, "s3://store@bucket/vai"), (folders.RUNS, "s3://store@bucket/vai/runs")
    ]  # fmt: skip
