"""What a person sees and clicks: the DAG, the question at the gate, the flashboard."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.e2e


def _flashboard(home, dag_id: str) -> str:
    (page,) = (home / "artifacts" / dag_id).rglob("*.html")
    return page.read_text(encoding="utf-8")


def test_the_three_step_example_runs_and_shows_as_a_graph(start, home, browse, picture):
    """The seed's example runs without any gate; its graph has the three tasks, its flashboard the warehouse's rows."""
    run = start("monthly_revenue_dashboard")

    assert run.end() == "success"

    page = browse("admin")
    page.goto(run.page)
    page.get_by_text("create_flashboard").first.wait_for()
    page.locator('button[aria-label^="Show Graph"]').click()
    page.locator(".react-flow__node").nth(2).wait_for()
    picture(page, "dag")
    board = _flashboard(home, "monthly_revenue_dashboard")
    assert "<svg" in board
    assert "House blend, 1 kg" in board
    assert "<script" not in board


def test_a_person_reads_the_arguments_and_approves(airflow, start, home, reports, browse, picture):
    """The page shows what will be posted; after the click it is posted, once, and the record names the person."""
    run = start("monthly_revenue_report")
    run.settled("approve_http_request")
    before = len(reports.posts())

    page = browse("alice")
    page.goto(f"{run.page}/tasks/approve_http_request/required_actions")
    page.locator('[data-testid="hitl-option-Approve"]').wait_for()
    shown = page.locator("body").inner_text()
    assert "EUR 396,618" in shown
    assert re.search(r"\b[0-9a-f]{64}\b", shown)
    picture(page, "gate")
    page.locator('[data-testid="hitl-option-Approve"]').click()

    assert run.end() == "success"
    assert len(reports.posts()) == before + 1
    record = airflow.client.call("GET", f"{run._path()}/taskInstances/approve_http_request/xcomEntries/return_value")
    assert "alice" in str(record["value"])
    assert "EUR" in _flashboard(home, "monthly_revenue_report")


def test_a_rejection_sends_nothing(start, reports, browse):
    """After the click on Reject the guarded step is skipped, and the service gets nothing."""
    run = start("monthly_revenue_report")
    run.settled("approve_http_request")
    before = len(reports.posts())

    page = browse("alice")
    page.goto(f"{run.page}/tasks/approve_http_request/required_actions")
    page.locator('[data-testid="hitl-option-Reject"]').click()

    run.end()
    assert run.states["http_request"] == "skipped"
    assert len(reports.posts()) == before


def test_a_hand_marked_gate_does_not_open(airflow, start, reports):
    """Marking the gate as success by hand lets Airflow go on, and the guarded step refuses."""
    run = start("monthly_revenue_report")
    run.settled("approve_http_request")
    before = len(reports.posts())

    airflow.client.call("PATCH", f"{run._path()}/taskInstances/approve_http_request", {"new_state": "success"})

    assert run.end() == "failed"
    assert run.states["http_request"] == "failed"
    assert "has no approval" in run.failures()["http_request"]
    assert len(reports.posts()) == before


def test_the_flashboard_looks_right(start, home, browse, picture):
    """The page draws both charts, runs no script and asks for nothing outside itself."""
    run = start("monthly_revenue_dashboard")
    assert run.end() == "success"
    board = max((home / "artifacts/monthly_revenue_dashboard").rglob("*.html"), key=lambda path: path.stat().st_mtime)

    page = browse("admin").context.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(board.as_uri())

    assert page.locator("svg:visible").count() == 2  # one of two for each colour scheme
    assert requests == [board.as_uri()]
    picture(page, "flashboard")
