"""What the plugin serves, and to whom: a flashboard from the task to the page, and the record of approvals."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.paths import ROOT

pytestmark = pytest.mark.e2e

HOSTILE = ["<script>window.hit = 1</script>", "<img src=x onerror='window.hit = 2'>", "</svg><svg onload=alert(3)>"]
ROWS = [{"region": text, "orders": 3 + number} for number, text in enumerate(["North", "South", *HOSTILE])]
ENTRIES = [
    {"kind": "number", "title": "Orders", "data": {"values": [{"n": 25400.5}]}, "format": ",.1f", "unit": "EUR"},
    {"kind": "number", "title": HOSTILE[0], "data": {"values": [{"text": HOSTILE[1]}]}, "unit": HOSTILE[2]},
    {
        "title": f"By region {HOSTILE[1]}",
        "data": {"name": "orders"},
        "mark": "bar",
        "encoding": {"y": {"field": "region"}, "x": {"field": "orders", "type": "quantitative"}},
    },
    {"kind": "table", "title": "Rows", "data": {"name": "orders"}, "max_rows": 4},
    {"kind": "table", "title": "Broken", "data": {"name": "orders"}, "columns": [HOSTILE[1]]},
]
DAG = f"""
from airflow.sdk import DAG
from airflow_provider_vai.operators.create_flashboard import CreateFlashboardOperator

with DAG("board", schedule=None):
    CreateFlashboardOperator(
        task_id="board", title={"Orders " + HOSTILE[0]!r}, charts={ENTRIES!r}, datasets={{"orders": {ROWS!r}}}
    )
"""


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """A healthy Airflow with the DAG, and a user who may see no DAG."""
    from airflow_process import Airflow

    home = tmp_path_factory.mktemp("board")
    (home / "dags").mkdir()
    (home / "dags/board.py").write_text(DAG, encoding="utf-8")
    settings = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__VAI__ARTIFACTS_PATH": f"file://{home / 'artifacts'}",
        "PYTHONPATH": str(ROOT),
    }
    users = {"admin": "admin", "victor": "viewer", "nora": ""}
    with Airflow(home / "airflow", Path(sys.executable), settings, users) as running:
        running.wait_healthy()
        running.artifacts = home / "artifacts"
        yield running


@pytest.fixture(scope="module")
def run(airflow):
    """A finished run of the DAG."""
    from dag_run import DagRun

    finished = DagRun(airflow, "board", print)
    finished.wait_known()
    finished.start()
    assert finished.follow(300, lambda gate: None) == "success", finished.failures()
    return finished


def open_board(page, run) -> None:
    """Click the link on the task's page, and wait for the flashboard."""
    page.goto(f"{run.page}/tasks/board/details")
    page.get_by_role("link", name="Flashboard", exact=True).click()
    page.wait_for_url("**/vai/flashboards/**")
    page.locator("h1").wait_for()


def test_the_link_leads_to_the_page(run, browse, picture):
    """A viewer clicks the link on the task's page and sees the numbers, the chart, the table and the message."""
    page = browse("victor")
    open_board(page, run)

    assert page.locator(".value").first.inner_text() == "25,400.5 EUR"
    assert page.locator(".chart svg:visible").count() == 1  # one for each colour scheme
    assert page.locator(".card > .table tbody tr").count() == 4
    assert page.locator(".more").inner_text() == "… 1 more row"
    assert "there is no column" in page.locator(".error").inner_text()
    picture(page, "flashboard_entries")

    of_run = page.url
    page.goto(f"{run.airflow.url}/vai/flashboards/board/board/latest")
    assert page.url == of_run


def test_the_page_has_no_rights_and_asks_for_nothing(run, browse):
    """The answer carries the policy, and the page is the only thing that is loaded."""
    page = browse("victor")
    open_board(page, run)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    answer = page.reload()

    assert requests == [page.url]
    policy = answer.all_headers()["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert policy.endswith("frame-ancestors 'self'; sandbox")
    assert answer.all_headers()["x-content-type-options"] == "nosniff"
    assert answer.all_headers()["referrer-policy"] == "no-referrer"
    assert answer.all_headers()["cache-control"] == "no-store"


def test_hostile_text_does_nothing(run, browse, tmp_path):
    """Markup in rows, titles and messages is text; the page alone, without the server's policy, runs none either."""
    page = browse("victor")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    open_board(page, run)
    saved = tmp_path / "board.html"
    unprotected = page.content().replace('http-equiv="Content-Security-Policy"', "")
    saved.write_text(unprotected, encoding="utf-8")

    for address in (page.url, saved.as_uri()):
        page.goto(address)
        assert HOSTILE[0] in page.locator("h1").inner_text()
        assert HOSTILE[1] in page.locator(".card > .table").inner_text()
        assert page.locator("script, img, iframe, [onerror], [onload]").count() == 0
        assert page.evaluate("window.hit") is None
    assert dialogs == []


def test_only_who_may_see_the_dag_sees_the_page(run, browse):
    """Nobody gets 401, a user without the permission 403, for the run's page and for the latest."""
    viewer = browse("victor")
    open_board(viewer, run)
    outsider = browse("nora").context.request

    for address in (viewer.url, f"{run.airflow.url}/vai/flashboards/board/board/latest"):
        assert outsider.get(address).status == 403
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=30)


def status(airflow, path: str, user: str | None) -> tuple[int, str]:
    """Return how the server answers a user, or nobody: the status and the text."""
    headers = {}
    if user:
        client = airflow.client_of(user)
        client._log_in()
        headers["Authorization"] = f"Bearer {client._token}"
    request = urllib.request.Request(f"{airflow.url}{path}", headers=headers)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_only_who_may_see_the_questions_reads_the_record(run):
    """The decisions of a DAG are for those who may see its questions; what is no DAG's record is refused."""
    from airflow_provider_vai.model.approvals_record import write

    at = "2026-03-01T08:00:00+00:00"
    decided = {"id": "one", "at": at, "dag_id": "board", "task_id": "gate", "decision": "approve", "steps": {}}
    write(run.airflow.artifacts, decided)
    path = "/vai/api/v1/approvals?dag_id=board"

    for user in ("admin", "victor"):
        code, text = status(run.airflow, path, user)
        assert (code, [item["id"] for item in json.loads(text)["items"]]) == (200, ["one"])
    assert status(run.airflow, path, "nora")[0] == 403
    assert status(run.airflow, path, None)[0] == 401
    assert status(run.airflow, "/vai/api/v1/approvals", "admin")[0] == 422
    assert status(run.airflow, f"{path}&limit=0", "admin")[0] == 422
