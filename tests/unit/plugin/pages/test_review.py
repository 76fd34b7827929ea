"""The Review page: what is found, what people decide, and what activation does with it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.model.review_codes import CODES
from airflow_provider_vai.plugin.pages.finding_groups import GROUPS, OTHER, group_of
from tests.unit.plugin.api_support import made, run_id, seed
from tests.unit.plugin.pages.reader import Element, read_page

PAGE = "/ui/automations/revenue/review"
HOSTILE = "<script>alert(1)</script>{{ 7*7 }}\u202e\x1b[31m' onload='x"
SHOWN = "<script>alert(1)</script>{{ 7*7 }}⟨U+202E⟩␛[31m' onload='x"
TOKEN = "ghp_" + "a1B2" * 9


@pytest.fixture
def revenue(op: Any) -> Any:
    """The recorded example as an automation."""
    op.post("/api/v1/agents/runs", content=seed())
    answer = op.post(f"/api/v1/agents/runs/{run_id()}/crystallize", json={"dagId": "revenue"})
    assert answer.status_code == 201, answer.text
    return op


def forms(page: Element) -> list[Element]:
    """Return the forms of the findings."""
    return page.find("form", action="review")


def send(client: Any, form: Element, *numbers: int, **fields: Any) -> Any:
    """Send a form with some of its items ticked."""
    ticks = [str(number) for number in numbers]
    return client.post(PAGE, data={**form.fields(), "item": ticks, **fields}, follow_redirects=False)


def numbers(page: Element) -> list[int]:
    """Return the numbers of the items that can be ticked."""
    return [int(str(tick.attributes["value"])) for form in forms(page) for tick in form.find("input", name="item")]


def accept_all(client: Any) -> None:
    """Accept every item, group by group."""
    page = read_page(client.get(PAGE))
    for form in forms(page):
        ticks = [int(str(tick.attributes["value"])) for tick in form.find("input", name="item")]
        assert send(client, form, *ticks, decision="accepted").status_code == 303


def test_every_code_has_a_kind() -> None:
    """No finding of this version is filed under the others, and none twice."""
    codes = [code for group in GROUPS for code in group.codes]

    assert sorted(codes) == sorted(CODES)
    assert group_of("of_the_future") is OTHER


def test_the_findings(revenue: Any) -> None:
    """Each item once, under its kind, with its step, message, value and what to do."""
    items = revenue.get("/api/v1/automations/revenue/review").json()["items"]
    page = read_page(revenue.get(PAGE))

    assert sorted(numbers(page)) == [item["number"] for item in items]
    for item in items:
        (shown,) = page.find("li", id=f"item-{item['number']}")
        assert " ".join(item["message"].split()) in shown.words
        assert item["action"] in shown.words
        if item["step"]:
            assert shown.find("a", href=f"steps#step-{item['step']}")
    written = next(item for item in items if item["code"] == "model_written")
    text = page.find("li", id=f"item-{written['number']}")[0].text
    assert next(iter(written["value"].values())).splitlines()[-1] in text


def test_a_decision_is_kept(revenue: Any) -> None:
    """With who, when and why; a second sending changes nothing; it can be taken back."""
    form = forms(read_page(revenue.get(PAGE)))[0]
    number = int(str(form.find("input", name="item")[0].attributes["value"]))

    answer = send(revenue, form, number, decision="to_change", note=f"wrong month {TOKEN}")
    assert answer.headers["location"] == f"../../../ui/automations/revenue/review#item-{number}"
    shown = read_page(revenue.get(PAGE)).find("li", id=f"item-{number}")[0]
    assert "To change by op-person" in shown.words
    assert "wrong month" in shown.words
    assert TOKEN not in shown.words
    send(revenue, form, number, decision="open")
    assert "op-person" not in read_page(revenue.get(PAGE)).find("li", id=f"item-{number}")[0].words


@pytest.mark.parametrize(
    ("ticks", "fields", "status"),
    [
        ([], {"decision": "accepted"}, 422),
        ([1], {"decision": "maybe"}, 422),
        ([999], {"decision": "accepted"}, 422),
        ([1], {"decision": "accepted", "note": "x" * 2001}, 422),
        ([1], {"decision": "accepted", "entry": "7"}, 412),
        ([1], {"decision": "accepted", "entry": ""}, 428),
    ],
)
def test_what_is_refused(revenue: Any, ticks: list[int], fields: Any, status: int) -> None:
    """Nothing is kept, and the page says why."""
    form = forms(read_page(revenue.get(PAGE)))[0]

    answer = send(revenue, form, *ticks, **fields)

    assert answer.status_code == status
    read_page(answer)
    items = revenue.get("/api/v1/automations/revenue/review").json()["items"]
    assert not any("decision" in item for item in items)


def test_activation(revenue: Any, read_by_airflow: Any) -> None:
    """Open items are named; with all of them accepted the DAG runs, and the page says who decided what."""
    read_by_airflow("revenue")
    page = read_page(revenue.get(PAGE))
    (form,) = page.find("form", action="activate")

    refused = revenue.post("/ui/automations/revenue/activate", data=form.fields(), follow_redirects=False)
    assert refused.status_code == 409
    (alert,) = read_page(refused).find("div", role="alert")
    assert [link.words for link in alert.find("a")] == [str(number) for number in sorted(numbers(page))]

    accept_all(revenue)
    (form,) = read_page(revenue.get(PAGE)).find("form", action="activate")
    for _ in range(2):  # a double click
        answer = revenue.post("/ui/automations/revenue/activate", data=form.fields(), follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "../../../ui/automations/revenue/review")
    shown = revenue.get("/api/v1/automations/revenue").json()
    assert (shown["status"], len(shown["reviews"])) == ("active", 1)

    page = read_page(revenue.get(PAGE))
    assert not page.find("form", action="activate")
    assert not forms(page)
    assert "Accepted by op-person" in page.words
    assert "Activated with version 1 by op-person" in page.words


def test_pause(revenue: Any, read_by_airflow: Any) -> None:
    """There is a button while the DAG runs."""
    read_by_airflow("revenue")
    assert not read_page(revenue.get(PAGE)).find("form", action="pause")
    accept_all(revenue)
    (form,) = read_page(revenue.get(PAGE)).find("form", action="activate")
    revenue.post("/ui/automations/revenue/activate", data=form.fields())
    (form,) = read_page(revenue.get(PAGE)).find("form", action="pause")

    assert revenue.post("/ui/automations/revenue/pause", data=form.fields(), follow_redirects=False).status_code == 303

    page = read_page(revenue.get(PAGE))
    assert revenue.get("/api/v1/automations/revenue").json()["status"] == "paused"
    assert page.find("form", action="activate")
    assert not page.find("form", action="pause")


def test_roles(revenue: Any, as_role: Any) -> None:
    """A viewer looks and has no buttons; a user decides; only who may author gets a link to edit."""
    viewer = read_page(as_role("viewer").get(PAGE))
    assert not viewer.find("main")[0].find("form")
    assert viewer.find("li", id="item-1")
    form = forms(read_page(as_role("user").get(PAGE)))[0]
    number = int(str(form.find("input", name="item")[0].attributes["value"]))
    assert send(as_role("viewer"), form, number, decision="accepted").status_code == 403
    assert send(as_role("user"), form, number, decision="accepted").status_code == 303
    links = {role: read_page(as_role(role).get(PAGE)).words.count("Edit the step") for role in ("user", "op")}
    assert links["user"] == 0
    assert links["op"] > 0


def test_what_runs_is_said_before(op: Any) -> None:
    """Writes without an approval, connections and the schedule stand above the button."""
    tell = {"key": "tell", "kind": "http_request", "arguments": {"conn_id": "erp", "endpoint": "/y", "method": "PUT"}}
    made(op, steps=[tell], triggers=[{"type": "schedule", "schedule": "0 6 * * 1", "timezone": "Europe/Berlin"}])

    (card,) = read_page(op.get("/ui/automations/nightly/review")).find("section", class_="card")

    assert "1 step writes without asking anybody: tell" in card.words
    assert "At 06:00, only on Monday (Europe/Berlin)" in card.words
    assert "erp" in card.words


@pytest.mark.parametrize(("days", "words"), [(-1, "it may start one as soon as you activate"), (1, "The first run")])
def test_the_next_run(op: Any, read_by_airflow: Any, days: int, words: str) -> None:
    """Airflow's own plan is shown; one that has passed is not announced as the next run."""
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    made(op, triggers=[{"type": "schedule", "schedule": "0 6 * * 1"}])
    read_by_airflow()
    with create_session() as session:
        row = session.get(DagModel, "nightly")
        assert row
        row.next_dagrun_create_after = datetime.now(timezone.utc) + timedelta(days=days)

    assert words in read_page(op.get("/ui/automations/nightly/review")).words


def test_hostile_text_is_text(op: Any, folder: Path) -> None:
    """Whatever a spec, a note or a value says, the page shows it as text."""
    look = {
        "key": "look",
        "kind": "generate_query",
        "arguments": {"conn_id": "warehouse", "sql": f"SELECT '{HOSTILE}'"},
    }
    made(op, steps=[look])
    form = forms(read_page(op.get("/ui/automations/nightly/review")))[0]
    number = form.find("input", name="item")[0].attributes["value"]
    op.post(
        "/ui/automations/nightly/review",
        data={**form.fields(), "item": number, "decision": "accepted", "note": HOSTILE},
    )

    page = read_page(op.get("/ui/automations/nightly/review"))

    assert SHOWN in " ".join(page.find("q")[0].words.split())
    assert "alert(1)" in page.find("li", id=f"item-{number}")[0].words
    assert not [script for script in page.find("script") if "src" not in script.attributes]


def test_nothing_to_review(op: Any) -> None:
    """The page says what to do then."""
    made(
        op,
        steps=[
            {
                "key": "look",
                "kind": "duckdb_transform",
                "arguments": {"conn_id": "w", "sql": "SELECT 1", "table": "t"},
                "gate": True,
            }
        ],
    )
    page = read_page(op.get("/ui/automations/nightly/review"))

    assert "Nothing to review" in page.words or forms(page)
