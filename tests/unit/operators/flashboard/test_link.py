"""The link leads to the page of exactly its task instance, and exists only if there is a page."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_vai.operators.flashboard.link import FlashboardLink


def link(**facts: Any) -> str:
    """Return the link of a task instance with these fields."""
    key = {"dag_id": "d", "run_id": "manual__1+00:00", "task_id": "t", "map_index": -1, "state": "success", **facts}
    return FlashboardLink().get_link(None, ti_key=SimpleNamespace(**key))


def test_names_are_quoted() -> None:
    """A run id may contain characters that have a meaning in a URL."""
    assert link() == "/vai/flashboards/d/manual__1%2B00%3A00/t"
    assert link(run_id="a/../b?c#d") == "/vai/flashboards/d/a%2F..%2Fb%3Fc%23d/t"


def test_mapped_task_names_its_index() -> None:
    """Each mapped task instance has its own page."""
    assert link(map_index=3).endswith("/t?map_index=3")


@pytest.mark.parametrize("state", [None, "failed", "up_for_retry", "skipped"])
def test_no_link_without_a_page(state: str | None) -> None:
    """A task that did not succeed has no link."""
    assert link(state=state) == ""


def test_server_below_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the path of the server's URL is used, because browsers may reach the server by another host name."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://inside:8080/airflow/")

    assert link().startswith("/airflow/vai/flashboards/d/")
