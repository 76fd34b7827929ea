"""The page that proposes derivations of an argument: what gives the value, and a button for each proposal."""

from __future__ import annotations

from typing import Any

from tests.unit.plugin.pages.reader import read_page
from tests.unit.plugin.routes.test_derivations import sales

__all__ = ["sales"]

STEP = "/ui/automations/sales/steps/http_request"
WORDS = {"place": "json.summary", "say": "total of orders"}


def test_from_the_step_to_a_new_version(sales: Any) -> None:
    """The step's page offers the places; the proposals are shown with recorded values; one click writes one."""
    step = read_page(sales.get(STEP))
    (form,) = [one for one in step.find("form") if str(one.attributes.get("action", "")).endswith("/derive")]
    assert "json.summary" in form.text
    assert "endpoint" not in form.text

    page = read_page(sales.get(f"{STEP}/derive", params=WORDS))

    accept = next(one for one in page.find("form") if "Use proposal 1" in one.text)
    assert "Use proposal 1" in accept.text
    assert "fits your words" in accept.text
    answer = sales.post(f"{STEP}/derive", data=accept.fields(), follow_redirects=False)
    assert answer.status_code == 303, answer.text
    assert sales.get("/api/v1/automations/sales").json()["version"] == 2
    again = sales.post(f"{STEP}/derive", data={**accept.fields(), "key": "other"}, follow_redirects=False)
    assert again.status_code == 412


def test_refusals(sales: Any) -> None:
    """What is refused is said on the page, which keeps what was typed."""
    answer = sales.get(f"{STEP}/derive", params={**WORDS, "say": "banana <b>"})
    assert answer.status_code == 422
    assert "no word of" in answer.text
    assert "<b>" not in answer.text
    assert "banana &lt;b&gt;" in answer.text
    assert sales.get("/ui/automations/sales/steps/nope/derive", params=WORDS).status_code == 404


def test_who_may(sales: Any, as_role: Any) -> None:
    """Viewers see no recorded values."""
    assert as_role("viewer").get(f"{STEP}/derive", params=WORDS).status_code == 403
    assert "/derive" not in as_role("viewer").get(STEP).text


def test_the_other_choices(sales: Any) -> None:
    """Where nothing gives the value, it becomes a param, or a model writes it from results that the page names."""
    page = read_page(sales.get(f"{STEP}/derive", params={"place": "json.highlights.1"}))
    assert "nothing in an earlier result gives" in page.text
    forms = {one.fields().get("do"): one.fields() for one in page.find("form")}
    assert forms["model"]["reads"].split() == ["generate_query", "generate_query_2"]
    for do, typed in (("lift", {"name": "last_month"}), ("model", {"place": "json.title"})):
        fields = {**forms[do], **typed, "entry": str(sales.get("/api/v1/automations/sales").headers["etag"]).strip('"')}
        answer = sales.post(f"{STEP}/derive", data=fields, follow_redirects=False)
        assert answer.status_code == 303, answer.text
    shown = sales.get("/api/v1/automations/sales").json()
    assert "last_month" in shown["params"]
    assert "write_title" in [step["key"] for step in shown["steps"]]
