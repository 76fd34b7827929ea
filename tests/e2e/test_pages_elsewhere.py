"""The pages below a path prefix and under a host name without TLS: where browsers hold back what they send at home."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e import pages_story
from tests.e2e.api_server import serving
from tests.e2e.person import Person

pytestmark = pytest.mark.e2e

HOST = "airflow.test"
PREFIX = "/data/airflow"


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory, received: Any) -> Iterator[Any]:
    """An Airflow that lies below a path, and that browsers know by a name."""
    reports = json.dumps({"conn_type": "http", "host": "127.0.0.1", "port": received.server_port})
    with serving(tmp_path_factory.mktemp("else"), host=HOST, prefix=PREFIX, AIRFLOW_CONN_REPORTS=reports) as running:
        yield running


@pytest.fixture
def chromium_arguments() -> list[str]:
    """The browser finds the host name on this machine."""
    return [f"--host-resolver-rules=MAP {HOST} 127.0.0.1"]


def test_the_whole_way_below_a_prefix(airflow: Any, person: Callable[[str], Person], received: Any) -> None:
    """Nothing leaves the prefix: each form, link, picture and request is answered."""
    missing: list[str] = []

    def watched(user: str) -> Person:
        who = person(user)
        who.page.on("response", lambda got: missing.append(got.url) if got.status == 404 else None)
        return who

    pages_story.tell(airflow, watched, received)
    assert [url for url in missing if "/vai/" in url] == []
