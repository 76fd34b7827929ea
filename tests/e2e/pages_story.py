"""The way through the pages, without leaving the browser: from a trace file to an approved run, and back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from tests.e2e.api_server import client
from tests.e2e.person import Person
from tests.paths import ROOT

DAG_ID = "monthly_revenue_report"
ONE = f"automations/{DAG_ID}"


def tell(airflow: Any, person: Callable[[str], Person], received: Any) -> None:
    """Import, edit, review, activate, start, approve on a phone, look at the result, change it, and go back.

    :param airflow: an Airflow without automations. :param person: logs a user in; olga may author, ursula may approve.
    :param received: the service that the automation posts to.
    """
    olga = person("olga")
    olga.page.goto(airflow.seen_at)
    link = olga.page.get_by_role("link", name="VirtuousAI")
    olga.page.get_by_role("link", name="Dags").first.wait_for()
    if link.count():
        link.first.click()
    else:  # before Airflow 3.3 it is in the menu "Plugins"
        olga.open("automations")
    olga.frame.get_by_text("Nothing here yet").wait_for()

    _import(olga)
    _edit(olga)
    _accept_all(olga)
    _activate(airflow, olga)
    olga.open(f"{ONE}/runs")
    olga.click("Start a run")
    olga.frame.locator("table tbody tr").first.wait_for()

    ursula = person("ursula")
    ursula.page.set_viewport_size({"width": 390, "height": 844})
    _approve(airflow, ursula)
    _wait_for_success(airflow)
    (posted,) = received.posts()
    assert "EUR" in json.dumps(posted)

    olga.open(f"{ONE}/results")
    board = olga.page.frame_locator("iframe").first.frame_locator("iframe.board")
    board.locator("svg").first.wait_for()

    olga.open(f"{ONE}/steps/create_flashboard")
    olga.frame.locator('[name="value:title"]').fill("Revenue, month by month")
    olga.click("Save as a new version")
    olga.wait_for(f"{ONE}/steps")
    olga.open(f"{ONE}/versions")
    before = _newest_version(airflow)
    olga.frame.get_by_role("link", name="Restore version 1", exact=True).first.click()
    olga.frame.get_by_role("heading", name="Restore version 1").wait_for()
    olga.click("Restore version 1")
    olga.wait_for(f"{ONE}/versions")
    assert _newest_version(airflow) == before + 1


def _import(olga: Person) -> None:
    olga.click("Import a recording", role="link")
    olga.wait_for("/import")
    olga.frame.locator("input[type=file]").set_input_files(str(ROOT / "dev/example/run.json"))
    olga.click("Import")
    olga.frame.get_by_role("heading", name="Tool calls").wait_for()
    olga.frame.get_by_label("DAG id").fill(DAG_ID)
    olga.click("Preview")
    olga.inner().wait_for_url("**#preview")
    assert "Nothing is written yet" in olga.frame.locator("#preview").inner_text()
    olga.click("Crystallize")
    olga.wait_for(f"{ONE}/review")


def _edit(olga: Person) -> None:
    """Take the right connection, and order the months the other way round."""
    olga.open(f"{ONE}/steps/http_request")
    olga.frame.locator('[name="value:conn_id"]').fill("reports")
    olga.click("Save as a new version")
    olga.wait_for(f"{ONE}/steps")
    olga.open(f"{ONE}/steps/generate_query")
    sql = olga.frame.locator('[name="value:sql"]')
    sql.fill(f"{sql.input_value().rstrip()}\n-- read by olga")
    olga.click("Save as a new version")
    olga.wait_for(f"{ONE}/steps")
    assert "read by olga" in olga.frame.locator("#step-generate_query").inner_text()


def _accept_all(olga: Person) -> None:
    """Tick and accept the items of every group, among them the derived values."""
    olga.open(f"{ONE}/review")
    groups = olga.frame.locator("section.findings h2").all_inner_texts()
    assert len(groups) > 1
    for number in range(1, len(groups) + 1):
        section = olga.frame.locator(f'section[aria-labelledby="group-{number}"]')
        for tick in section.locator("input[name=item]").all():
            tick.check()
        section.get_by_role("button", name="Accept ticked").click()
        olga.frame.locator(f'section[aria-labelledby="group-{number}"] .badge.ok').first.wait_for()
    olga.frame.get_by_text("All items are accepted").wait_for()


def _activate(airflow: Any, olga: Person) -> None:
    """Activate, as soon as Airflow has read the newest version."""
    with client(airflow, "olga") as api:
        for _ in range(60):
            olga.open(f"{ONE}/review")
            olga.frame.get_by_role("button", name="Activate version").click()
            olga.page.wait_for_timeout(2000)
            if api.get(f"/automations/{DAG_ID}").json()["status"] == "active":
                olga.open(f"{ONE}/review")
                assert "is live" in olga.frame.locator(".state").inner_text()
                return
    raise AssertionError(olga.frame.locator("main").inner_text())


def _approve(airflow: Any, ursula: Person) -> None:
    end = time.monotonic() + 180
    ursula.open("approvals")
    while not ursula.frame.locator("article.gate").count():
        assert time.monotonic() < end, ursula.frame.locator("main").inner_text()
        ursula.page.wait_for_timeout(2000)
        ursula.open("approvals")
    card = ursula.frame.locator("article.gate").first
    assert "EUR" in card.inner_text()
    assert ursula.inner().evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    card.locator("textarea[name=note]").fill("Figures checked")
    card.get_by_role("button", name="Approve").click()
    card.get_by_text("Approved: the run goes on.").wait_for()


def _wait_for_success(airflow: Any) -> None:
    with client(airflow, "olga") as api:

        def ended() -> bool:
            (run,) = api.get(f"/automations/{DAG_ID}/runs").raise_for_status().json()["items"]
            assert run["state"] != "failed"
            return bool(run["state"] == "success")

        airflow.wait(f"the run of {DAG_ID} to succeed", ended, 180)


def _newest_version(airflow: Any) -> int:
    with client(airflow, "olga") as api:
        return int(api.get(f"/automations/{DAG_ID}").raise_for_status().json()["version"])
