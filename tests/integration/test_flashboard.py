"""Flashboards of real DAG runs, and their pages as Airflow's web application serves them."""

from __future__ import annotations

import html
import importlib.util
import itertools
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import pytest

pytest.importorskip("vl_convert")
pytestmark = pytest.mark.integration

DAG_FILE = """
from airflow.sdk import DAG
from airflow_provider_vai.operators.create_flashboard import CreateFlashboardOperator

with DAG({dag_id!r}, schedule=None) as dag:
    CreateFlashboardOperator(task_id="board", title={title!r}, charts={charts!r}, datasets={datasets!r})
    CreateFlashboardOperator.partial(task_id="boards", charts=[]).expand(title=["first", "second"])
"""
BAR = {
    "title": "Sales",
    "data": {"name": "sales"},
    "mark": "bar",
    "encoding": {"x": {"field": "k"}, "y": {"field": "v", "type": "quantitative"}},
}
TABLE = {"kind": "table", "title": "All sales", "data": {"name": "sales"}}
NUMBER = {"kind": "number", "title": "Best", "data": {"name": "sales"}, "field": "v"}
WRONG = {"kind": "table", "title": "Wrong", "data": {"name": "sales"}, "columns": ["<b>nope</b>"]}
DATASETS = {"sales": {"columns": ["k", "v"], "rows": [["A", 3], ["B", 5]]}}
NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
_numbers = itertools.count(1)


class Board:
    """A DAG with a flashboard that can run several times."""

    def __init__(self, home: Path, charts: list[Any], title: str = "T") -> None:
        self.dag_id = f"board_{next(_numbers)}"
        self.path = home / "dags" / f"{self.dag_id}.py"
        content = DAG_FILE.format(dag_id=self.dag_id, title=title, charts=charts, datasets=DATASETS)
        self.path.write_text(content, encoding="utf-8")

    def run(self, run_after: datetime = NOON) -> str:
        """Run the DAG to its end and return the run id."""
        spec = importlib.util.spec_from_file_location(self.dag_id, self.path)
        module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
        spec.loader.exec_module(module)  # type: ignore[union-attr]
        return str(module.dag.test(run_after=run_after, logical_date=run_after).run_id)

    def xcom(self, run_id: str, key: str = "return_value", task_id: str = "board") -> Any:
        """Return a task's result."""
        from airflow.models.xcom import XComModel
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session() as session:
            query = select(XComModel).where(XComModel.dag_id == self.dag_id, XComModel.run_id == run_id)
            row = session.scalars(query.where(XComModel.key == key, XComModel.task_id == task_id)).first()
            return None if row is None else XComModel.deserialize_value(row)

    def stored(self, run_id: str) -> Path:
        """Return the file of a run's page."""
        return Path(self.xcom(run_id)["path"].removeprefix("file://"))

    def address(self, run_id: str, task: str = "board") -> str:
        """Return the URL path of a run's page."""
        return f"/vai/flashboards/{self.dag_id}/{quote(run_id, safe='')}/{task}"


@pytest.fixture
def board(database: Path) -> Iterator[Callable[..., Board]]:
    """Return a function that writes a DAG with a flashboard of these entries."""
    made: list[Board] = []

    def make(*charts: Any, **facts: Any) -> Board:
        made.append(Board(database, list(charts), **facts))
        return made[-1]

    yield make
    for entry in made:
        entry.path.unlink()


@pytest.fixture(scope="module")
def get(database: Path) -> Iterator[Callable[..., Any]]:
    """Return a function that requests a path from Airflow's web application, as a user or anonymously."""
    from airflow.api_fastapi.app import create_app
    from starlette.testclient import TestClient

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "victor:viewer,nora:")
        client = TestClient(create_app("core"), follow_redirects=False)
        passwords = json.loads((database / "simple_auth_manager_passwords.json.generated").read_text())

        def ask(address: str, user: str | None = "victor") -> Any:
            headers = {}
            if user is not None:
                login = client.post("/auth/token", json={"username": user, "password": passwords[user]})
                headers["Authorization"] = f"Bearer {login.json()['access_token']}"
            return client.get(address, headers=headers)

        yield ask


# --- making -------------------------------------------------------------------------------------------------


def test_a_broken_entry_does_not_take_the_others_along(
    board: Callable[..., Board], capfd: pytest.CaptureFixture[str]
) -> None:
    """The page shows a message in the entry's place, the result counts it, and the log has a warning."""
    made = board(NUMBER, BAR, WRONG, TABLE)
    result = made.xcom(run_id := made.run())
    text = made.stored(run_id).read_text(encoding="utf-8")

    assert (result["charts"], result["broken"], result["rows"]) == (4, 1, {"sales": 2})
    assert "there is no column &#x27;&lt;b&gt;nope&lt;/b&gt;&#x27;" in text
    assert text.count('<div class="wide">') == 1
    assert '<p class="value">3</p>' in text
    assert "<h2>All sales</h2>" in text
    assert "An entry cannot be shown; the page has the other entries: charts[2]" in "".join(capfd.readouterr())


def test_the_step_fails_if_nothing_can_be_shown(board: Callable[..., Board]) -> None:
    """A page of messages alone is not a result and has no link."""
    made = board(WRONG, {**BAR, "mark": "no such mark"})
    run_id = made.run()

    assert made.xcom(run_id) is None
    assert not made.xcom(run_id, "_link_FlashboardLink")


def test_same_rows_give_the_same_bytes(board: Callable[..., Board]) -> None:
    """Two runs with the same rows write the same page, each to its own file."""
    made = board(NUMBER, BAR, WRONG, TABLE)
    first, second = made.stored(made.run()), made.stored(made.run(NOON + timedelta(days=1)))

    assert first != second
    assert first.read_bytes() == second.read_bytes()


# --- serving ------------------------------------------------------------------------------------------------


def test_the_page_is_served_with_a_strict_policy(board: Callable[..., Board], get: Callable[..., Any]) -> None:
    """The task's link leads to the stored bytes; the response's headers forbid scripts and caching."""
    made = board(BAR)
    run_id = made.run()
    answer = get(made.xcom(run_id, "_link_FlashboardLink"))

    assert answer.status_code == 200
    assert re.sub(rb"<footer.*</footer>\n", b"", answer.content) == made.stored(run_id).read_bytes()
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert {"default-src 'none'", "frame-ancestors 'self'", "sandbox"} <= set(policy.split("; "))
    assert "script-src" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


def test_the_footer_names_the_run_and_leads_back(board: Callable[..., Board], get: Callable[..., Any]) -> None:
    """The served page says when it was made and in which run, and links to the task, also below a path prefix."""
    made = board(BAR)
    run_id = made.run()
    address = made.address(run_id)
    footer = re.search("<footer.*</footer>", get(address).text)

    assert footer
    assert re.search(r"Made \d{4}-\d\d-\d\d \d\d:\d\d UTC", footer[0])
    assert f"Run {html.escape(run_id)}" in footer[0]
    assert f"DAG {made.dag_id}" in footer[0]
    link = re.search('href="([^"]+)"', footer[0])
    assert link
    expected = f"/dags/{made.dag_id}/runs/{quote(run_id, safe='')}/tasks/board"
    assert urljoin(address, html.unescape(link[1])) == expected
    assert urljoin(f"/prefix{address}", html.unescape(link[1])) == f"/prefix{expected}"
    mapped = get(f"{made.address(run_id, 'boards')}?map_index=1").text
    assert "/tasks/boards/mapped/1" in mapped


def test_mapped_tasks_have_a_page_each(board: Callable[..., Board], get: Callable[..., Any]) -> None:
    """The map index selects the page; without it there is no page."""
    made = board(BAR)
    address = made.address(made.run(), "boards")

    assert "<h1>second</h1>" in get(f"{address}?map_index=1").text
    assert get(address).status_code == 404
    assert get(f"{address}?map_index=x").status_code == 422
    latest = get(f"/vai/flashboards/{made.dag_id}/boards/latest?map_index=0")
    assert latest.headers["location"].endswith("/boards?map_index=0")


@pytest.mark.parametrize(("user", "status"), [(None, 401), ("nora", 403), ("victor", 200)])
def test_only_who_may_see_the_task_sees_its_page(
    board: Callable[..., Board], get: Callable[..., Any], user: str | None, status: int
) -> None:
    """Anonymous users and users without permission are refused before anything is looked up."""
    made = board(BAR)
    run_id = made.run()

    assert get(made.address(run_id), user).status_code == status
    if status != 200:
        assert get(f"/vai/flashboards/{made.dag_id}/board/latest", user).status_code == status
        assert get("/vai/flashboards/no/such/page", user).status_code == status


def test_latest_is_the_newest_run_not_the_last_one_to_run(board: Callable[..., Board], get: Callable[..., Any]) -> None:
    """A later run with an earlier logical date is not the latest one, and each run keeps its page."""
    made = board(BAR)
    address = f"/vai/flashboards/{made.dag_id}/board/latest"
    newest, older = made.run(NOON), made.run(NOON - timedelta(days=1))
    answer = get(address)

    assert answer.status_code == 307
    assert urljoin(address, answer.headers["location"]) == made.address(newest)
    assert get(made.address(older)).status_code == 200
    assert get(f"/vai/flashboards/{made.dag_id}/none/latest").status_code == 404


def test_a_changed_page_is_not_served(board: Callable[..., Board], get: Callable[..., Any]) -> None:
    """A file that does not have the digest in the task's result is not served."""
    made = board(BAR)
    run_id = made.run()
    made.stored(run_id).write_text("<script>alert(1)</script>")
    answer = get(made.address(run_id))

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "was changed" in answer.json()["detail"]
    made.stored(run_id).unlink()
    assert "is missing" in get(made.address(run_id)).json()["detail"]


@pytest.mark.parametrize("names", ["%2e%2e/%2e%2e/x", "d/..%2F..%2Fetc/passwd", "d/r/%2Fetc%2Fpasswd"])
def test_no_name_leads_elsewhere(get: Callable[..., Any], names: str) -> None:
    """A request names an existing task instance, or the response is 404."""
    assert get(f"/vai/flashboards/{names}").status_code == 404


def test_a_large_result_is_found_too(
    board: Callable[..., Board], get: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digest is also found if XCom has only a reference to the result."""
    monkeypatch.setenv("AIRFLOW__VAI__RESULT_LIMIT_BYTES", "10")
    made = board(BAR)
    run_id = made.run()

    assert "artifact" in made.xcom(run_id)
    assert get(made.address(run_id)).status_code == 200
