"""A store in memory, as if a provider of Airflow offered it."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def memory_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make Airflow open ``memory://`` URLs, whichever tests ran before."""
    from airflow.sdk.io import fs
    from fsspec.implementations.memory import MemoryFileSystem

    def opened(conn_id: str | None, options: Any) -> MemoryFileSystem:
        return MemoryFileSystem()

    monkeypatch.setitem(fs._register_filesystems(), "memory", opened)
