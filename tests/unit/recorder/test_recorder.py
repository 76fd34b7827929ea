"""The recorder without the library that it needs."""

from __future__ import annotations

import sys

import pytest


def test_a_missing_library_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """A DAG file that imports the Recorder fails with the command that installs what is missing."""
    for name in ["pydantic_ai", *(name for name in sys.modules if name.startswith("pydantic_ai."))]:
        monkeypatch.setitem(sys.modules, name, None)
    for name in [name for name in sys.modules if name.startswith("airflow_provider_vai.recorder")]:
        monkeypatch.delitem(sys.modules, name)

    with pytest.raises(ImportError, match=r"pip install 'airflow-provider-vai\[agent\]'"):
        from airflow_provider_vai.recorder import Recorder  # noqa: F401
