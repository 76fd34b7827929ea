"""The review through the API: what each item is about, what people decide, and activation with what they accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugin.api_support import run_id, seed

ONE = "/api/v1/automations/revenue"
MATCH = {"If-Match": "*"}
TOKEN = "ghp_" + "a1B2" * 9


@pytest.fixture
def revenue(op: Any) -> Any:
    """The recorded example as an automation."""
    op.post("/api/v1/agents/runs", content=seed())
    answer = op.post(f"/api/v1/agents/runs/{run_id()}/crystallize", json={"dagId": "revenue"})
    assert answer.status_code == 201, answer.text
    return op


def items(client: Any) -> list[dict[str, Any]]:
    """Return the review items."""
    return list(client.get(f"{ONE}/review").json()["items"])


def decide(client: Any, number: int, decision: str, note: str = "", match: Any = MATCH) -> Any:
    """Decide about one item."""
    body = {"decisions": [{"number": number, "decision": decision, "note": note}]}
    return client.put(f"{ONE}/review", json=body, headers=match)


def test_what_an_item_says(revenue: Any) -> None:
    """Each has its action and its value, and nobody decided yet."""
    found = items(revenue)

    assert [item["number"] for item in found] == list(range(1, len(found) + 1))
    assert all(item["action"] for item in found)
    written = next(item for item in found if item["code"] == "model_written")
    assert "SELECT" in str(written["value"])
    assert not any("decision" in item or "reviewed" in item for item in found)


def test_decisions(revenue: Any, as_role: Any) -> None:
    """The newest counts, with who and when; it can be taken back; a credential in a note is not kept."""
    assert decide(revenue, 1, "accepted").json()["items"][0]["decision"]["by"] == "op-person"
    decide(as_role("user"), 1, "to_change", f"use {TOKEN}")
    shown = items(revenue)[0]["decision"]
    assert (shown["decision"], shown["by"]) == ("to_change", "user-person")
    assert TOKEN not in shown["note"]
    decide(revenue, 1, "open")
    assert "decision" not in items(revenue)[0]


def test_who_may_decide(revenue: Any, as_role: Any) -> None:
    """Whoever may activate may decide; a viewer only looks."""
    assert as_role("viewer").get(f"{ONE}/review").status_code == 200
    assert decide(as_role("viewer"), 1, "accepted").status_code == 403


def test_what_is_refused(revenue: Any) -> None:
    """A stale state, an unknown item, an unknown decision."""
    assert decide(revenue, 1, "accepted", match={}).status_code == 428
    assert decide(revenue, 1, "accepted", match={"If-Match": '"9"'}).status_code == 412
    assert decide(revenue, 999, "accepted").json()["detail"] == "there is no review item 999"
    assert decide(revenue, 1, "maybe").status_code == 422
    assert decide(revenue, 0, "accepted").status_code == 422


def test_a_decision_is_about_the_value(revenue: Any) -> None:
    """After a change of the text, the item needs a new look; with the old text back, the decision counts again."""
    number, step = next((item["number"], item["step"]) for item in items(revenue) if item["code"] == "model_written")
    decide(revenue, number, "accepted")
    before = next(item for item in items(revenue) if item["number"] == number)["value"]
    revenue.patch(f"{ONE}/steps/{step}", json={"arguments": {"sql": "SELECT 2"}}, headers=MATCH)

    same = [item for item in items(revenue) if item["code"] == "model_written" and item["step"] == step]

    assert before
    assert same
    assert not any("decision" in item for item in same)


def test_activation_with_what_was_accepted(revenue: Any, read_by_airflow: Any, folder: Path) -> None:
    """Open items are named; once all are accepted, the activation records them."""
    read_by_airflow("revenue")
    count = len(items(revenue))
    decide(revenue, 1, "accepted")
    refused = revenue.post(f"{ONE}/activate", json={"reviewed": "accepted"}, headers=MATCH)
    assert refused.status_code == 409
    assert [item["number"] for item in refused.json()["open"]] == list(range(2, count + 1))

    body = {"decisions": [{"number": number, "decision": "accepted"} for number in range(2, count + 1)]}
    revenue.put(f"{ONE}/review", json=body, headers=MATCH)
    answer = revenue.post(f"{ONE}/activate", json={"reviewed": "accepted"}, headers=MATCH)

    assert answer.json()["status"] == "active"
    assert all(item["reviewed"]["by"] == "op-person" for item in items(revenue))


def test_findings_and_explanation(revenue: Any, folder: Path) -> None:
    """Lint says what is wrong with the stored pair; each argument says where it comes from."""
    before = revenue.get(f"{ONE}/findings").json()["items"]
    rows = revenue.get(f"{ONE}/explanation").json()["items"]
    (folder / "revenue.py").write_text((folder / "revenue.py").read_text() + "\n# mine\n")
    after = revenue.get(f"{ONE}/findings").json()["items"]

    assert {"VAI602"} == {one["code"] for one in after} - {one["code"] for one in before}
    assert str(folder) not in str(after)
    fields = {"step", "argument", "class", "source", "origin", "originWords", "evidence", "candidates"}
    assert fields == set(rows[0])
