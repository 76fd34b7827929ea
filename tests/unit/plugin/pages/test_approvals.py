"""The inbox shows what waits for an answer and takes the answer, as Airflow's own endpoint would."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.models.taskinstance import TaskInstance

from airflow_provider_vai.model import approvals_record
from tests.unit.plugin.pages.reader import Element, read_page
from tests.unit.plugin.questions import ASKED, GATE, REPORT, ask, audit, detail, in_loop, report, small

PAGE = "/ui/approvals"


def cards(page: Element) -> list[Element]:
    """Return the cards of a page."""
    return page.find("article")


def send(client: Any, form: Element, decision: str, **typed: str) -> Any:
    """Send a form of a card as a browser without script does."""
    address = str(form.attributes["action"]).replace("../", "")
    return client.post(f"/{address}", data={**form.fields(), **typed, "decision": decision}, follow_redirects=False)


@pytest.fixture
def waiting(op: Any, read_by_airflow: Any, folder: Path) -> SimpleNamespace:
    """A run of the crystallized report whose gate waits; the endpoint and the body may be changed."""
    gate = {"editable": ["endpoint", "json"], "responseTimeout": 3600, "onTimeout": "reject"}
    run_id = report(op, read_by_airflow, **gate)
    body = ask(folder, REPORT, run_id, GATE, deadline=ASKED + timedelta(hours=1))
    return SimpleNamespace(run_id=run_id, body=body, op=op, folder=folder)


def test_the_card_of_a_question(waiting: Any) -> None:
    """What will run, who wrote it, what earlier steps found, until when, and the two buttons."""
    page = read_page(waiting.op.get(PAGE))

    (card,) = cards(page)
    assert card.find("h2")[0].words == "Run http_request?"
    links = [str(link.attributes["href"]) for link in card.find("a")]
    assert f"../ui/automations/{REPORT}/review" in links
    assert any("required_actions" in link for link in links)
    assert "then the question counts as rejected. A rejection skips the steps." in card.words
    assert "kind http_request · connection reports · effect write" in card.words
    assert "The model, in the recorded run: " in card.words
    arguments = [json.loads(pre.text) for pre in card.find("pre") if pre.text.startswith("{")]
    assert any(given.get("method") == "POST" for given in arguments)
    assert "generate_query" in card.find("dl", class_="found")[0].words
    assert [button.words for button in card.find("button")] == ["Approve", "Reject"]
    assert page.find("nav", class_="site")[0].find("span", class_="count")[0].words == "1"
    assert page.find("h1")[0].words == "Approvals"


def test_an_approval(waiting: Any) -> None:
    """The gate goes on with the name of the user, the note and the changed value; Airflow's audit log has it."""
    (form,) = read_page(waiting.op.get(PAGE)).find("form", method="post")

    answer = send(waiting.op, form, "approve", note="half", **{"edit.endpoint": "a\r\nb", "edit.json": '{"a": 1.5}'})

    assert (answer.status_code, answer.headers["location"]) == (303, "../../../../ui/approvals?answered=approve")
    row = detail(REPORT, waiting.run_id, GATE)
    assert row.responded_by == {"id": "op-person", "name": "op-person"}
    assert row.chosen_options == ["Approve"]
    assert row.params_input == {"endpoint": "a\nb", "json": {"a": 1.5}, "note": "half"}
    assert row.state in ("scheduled", "deferred")  # Airflow 3.1 leaves it to the triggerer to resume the gate
    (entry,) = audit(waiting.run_id)
    assert entry[:3] == ("op-person", GATE, waiting.run_id)
    assert json.loads(entry[3])["chosen_options"] == ["Approve"]
    assert not cards(read_page(waiting.op.get(PAGE)))


def test_a_rejection_changes_nothing(waiting: Any) -> None:
    """A rejection sends the note, and no value that somebody typed."""
    (form,) = read_page(waiting.op.get(PAGE)).find("form", method="post")

    send(waiting.op, form, "reject", note="no", **{"edit.endpoint": "x"})

    row = detail(REPORT, waiting.run_id, GATE)
    assert (row.chosen_options, row.params_input) == (["Reject"], {"note": "no"})


def test_an_untouched_form_changes_nothing(waiting: Any) -> None:
    """What nobody touched is not sent, and a second click answers nothing twice."""
    (form,) = read_page(waiting.op.get(PAGE)).find("form", method="post")

    first = send(waiting.op, form, "approve")
    again = send(waiting.op, form, "approve")

    assert (first.status_code, again.status_code) == (303, 303)
    assert detail(REPORT, waiting.run_id, GATE).params_input == {}
    assert len(audit(waiting.run_id)) == 1


def test_refused_answers(waiting: Any, as_role: Any) -> None:
    """A viewer, a second answer, another question, an unknown field: nothing is stored, and the page says why."""
    (form,) = read_page(waiting.op.get(PAGE)).find("form", method="post")
    viewer = as_role("viewer")
    assert not read_page(viewer.get(PAGE)).find("form", method="post")
    assert "Your role may read questions" in read_page(viewer.get(PAGE)).words
    assert send(viewer, form, "approve").status_code == 403
    op = as_role("op")

    changed = send(op, form, "approve", entry=f"-1 {'0' * 64}", note="my note")
    unknown = send(op, form, "approve", **{"edit.method": "DELETE"})
    unfit = send(op, form, "approve", **{"edit.json": "{"})
    neither = send(op, form, "perhaps")
    nothing = send(op, form, "approve", entry="")
    unstorable = send(op, form, "approve", note="a\0b")

    refused = (changed, unknown, unfit, neither, nothing, unstorable)
    assert [answer.status_code for answer in refused] == [409] + [422] * 5
    assert "has changed since you opened the page" in read_page(changed).words
    assert "my note" in read_page(changed).words
    assert detail(REPORT, waiting.run_id, GATE).responded_at is None
    assert audit(waiting.run_id) == []
    send(op, form, "approve")
    assert send(op, form, "reject", key="other").status_code == 409
    assert detail(REPORT, waiting.run_id, GATE).chosen_options == ["Approve"]


def test_assigned_people(op: Any, as_role: Any, read_by_airflow: Any, folder: Path) -> None:
    """Only those who are named may answer, whatever their role; the filter shows what names you."""
    run_id = report(op, read_by_airflow)
    ask(folder, REPORT, run_id, GATE, users=["user-person"])
    (card,) = cards(read_page(op.get(PAGE)))
    assert card.find("dl", class_="pairs")[0].find("dd")[-1].words == "user-person"
    assert not card.find("form")
    assert not cards(read_page(op.get(f"{PAGE}?mine=true")))
    user = as_role("user")
    (form,) = read_page(user.get(f"{PAGE}?mine=true")).find("form", method="post")
    assert send(as_role("admin"), form, "approve").status_code == 403
    assert send(as_role("user"), form, "approve").status_code == 303
    assert detail(REPORT, run_id, GATE).responded_by["id"] == "user-person"


@pytest.fixture
def mapped(op: Any, read_by_airflow: Any, folder: Path) -> str:
    """A run whose gate asks three questions that differ in one line."""
    run_id = small(op, read_by_airflow)
    for index in range(3):
        body = f'### Step `tell`\n\n```json\n{{\n  "id": {index}\n}}\n```\n\n{COVERS.format(index)}'
        ask(folder, "asks", run_id, "approve_tell", map_index=index, body=body, results={})
    return run_id


COVERS = "An approval covers exactly these arguments: sha256 `" + "0" * 63 + "{}`"


def test_several_questions_at_once(op: Any, mapped: str) -> None:
    """One card has all of a gate; the ticked ones get the answer, the others stay."""
    (card,) = cards(read_page(op.get(PAGE)))
    summaries = [one.find("summary")[0].words for one in card.find("details", class_="element")]
    assert summaries == ['Map index 0: "id": 0', 'Map index 1: "id": 1', 'Map index 2: "id": 2']
    form = card.find("form")[-1]
    ticks = [str(tick.attributes["value"]) for tick in form.find("input", name="question")]
    address = str(form.attributes["action"]).replace("../", "")
    fields = {**form.fields(), "decision": "reject", "note": "no"}

    none = op.post(f"/{address}", data=fields)
    two = op.post(f"/{address}", data={**fields, "question": [ticks[0], ticks[2]]}, follow_redirects=False)

    assert none.status_code == 422
    assert "Tick the questions" in read_page(none).words
    assert two.status_code == 303
    answers = [detail("asks", mapped, "approve_tell", index) for index in range(3)]
    assert [one.chosen_options for one in answers] == [["Reject"], None, ["Reject"]]
    assert [one.params_input for one in answers] == [{"note": "no"}, {}, {"note": "no"}]
    assert len(audit(mapped)) == 2


def test_one_of_several_was_answered_meanwhile(op: Any, mapped: str) -> None:
    """The others are answered, and the page says which one was not, and why."""
    (card,) = cards(read_page(op.get(PAGE)))
    single, *_, all_ = card.find("form")
    send(op, single, "approve")
    address = str(all_.attributes["action"]).replace("../", "")
    ticks = [str(tick.attributes["value"]) for tick in all_.find("input", name="question")]

    answer = op.post(f"/{address}", data={**all_.fields(), "decision": "reject", "question": ticks})

    assert answer.status_code == 409
    assert "2 of 3 questions were answered. map index 0: somebody has answered it already" in read_page(answer).words
    answers = [detail("asks", mapped, "approve_tell", index) for index in range(3)]
    assert [one.chosen_options for one in answers] == [["Approve"], ["Reject"], ["Reject"]]


@pytest.mark.skipif(not hasattr(TaskInstance, "region_id"), reason="loops are new in Airflow 3.4")
def test_questions_of_the_rounds_of_a_loop(op: Any, mapped: str) -> None:
    """Each round is named, in the list and on the card, and gets its own answer."""
    region = in_loop("asks", mapped, "approve_tell")

    items = op.get("/api/v1/approvals/open").json()["items"]

    assert [(one["mapIndex"], one["round"]) for one in items] == [(-1, f"{region.hex}.{number}") for number in range(3)]
    (card,) = cards(read_page(op.get(PAGE)))
    summaries = [one.find("summary")[0].words for one in card.find("details", class_="element")]
    assert summaries == ['Round 0: "id": 0', 'Round 1: "id": 1', 'Round 2: "id": 2']
    second = card.find("form")[1]
    assert send(op, second, "approve").status_code == 303
    answers = [detail("asks", mapped, "approve_tell", index) for index in range(3)]
    assert [one.chosen_options for one in answers] == [None, ["Approve"], None]


@pytest.mark.parametrize(
    "stamp", ["x", "", "-1", "99999999999 0", "1 2 3", "--1 0", "-1 " + "0" * 64 + " " + "0" * 32 + ".1"]
)
def test_forged_stamps(op: Any, mapped: str, stamp: str) -> None:
    """Whatever a form sends as the question, nothing but a question that was seen is answered."""
    form = cards(read_page(op.get(PAGE)))[0].find("form")[0]

    assert send(op, form, "approve", entry=stamp).status_code in (404, 409, 422)
    assert audit(mapped) == []


def test_what_was_decided_before(waiting: Any) -> None:
    """Of the chosen automation, with who, the note and what was changed."""
    steps = {"http_request": {"kind": "http_request", "arguments_sha256": "0",
                              "edits": {"json.summary": {"from": "<i>a</i>", "to": "b"}}}}  # fmt: skip
    for number in range(25):
        at = f"2026-02-{number + 1:02}T08:00:00+00:00"
        decided = {"id": str(number), "at": at, "dag_id": REPORT, "task_id": GATE, "run_id": "r", "map_index": -1}
        who = {"decision": "approve", "by": {"id": "1", "name": "Ann <b>"}, "note": "fine", "timed_out": False}
        approvals_record.write(waiting.folder.parent / "artifacts", {**decided, **who, "steps": steps})

    assert not read_page(waiting.op.get(PAGE)).find("table")
    page = read_page(waiting.op.get(f"{PAGE}?dag_id={REPORT}"))

    rows = page.find("table")[0].find("tbody")[0].find("tr")
    assert len(rows) == 20
    assert "approved" in rows[0].words
    assert "Ann <b>" in rows[0].words
    assert "from <i>a</i> to b" in rows[0].words
    (link,) = page.find("a", rel="next")
    later = read_page(waiting.op.get(f"/{str(link.attributes['href']).removeprefix('../')}"))
    assert len(later.find("table")[0].find("tbody")[0].find("tr")) == 5


def test_the_page_of_one_gate(waiting: Any) -> None:
    """A link leads to one gate of one run; after the answer it says so."""
    address = f"{PAGE}/{REPORT}/{waiting.run_id}/{GATE}"
    (form,) = read_page(waiting.op.get(address)).find("form", method="post")

    send(waiting.op, form, "approve")

    assert "does not wait for an answer" in read_page(waiting.op.get(address)).words


def test_nothing_waits(op: Any) -> None:
    """An empty inbox says what would be here, and where to go."""
    page = read_page(op.get(PAGE))

    assert "Nothing waits for you" in page.words
    assert page.find("a", class_="button")
    assert "No open question matches" in read_page(op.get(f"{PAGE}?dag_id=other")).words


HOSTILE = "<script>alert(1)</script>{{ 7*7 }}' onload='x\n</textarea><h1>x</h1>"


def test_hostile_values(op: Any, read_by_airflow: Any, folder: Path) -> None:
    """Text from outside is text, in every place of a card, and what people type comes back as it was."""
    run_id = report(op, read_by_airflow)
    field = {
        "value": HOSTILE,
        "description": HOSTILE,
        "schema": {"title": HOSTILE, "type": "string", "description": HOSTILE},
    }
    choice = {"value": HOSTILE, "description": "", "schema": {"enum": [HOSTILE, 1]}}
    secret = {"value": "AKIAIOSFODNN7EXAMPLE", "description": "", "schema": {"type": "string"}}
    blocks = ["> {0}", "### Step `<b>`", "{0}", "```json\n{0}\n```", "```diff\n+{0}\n```", "- {0}"]
    body = "\n\n".join(blocks).replace("{0}", HOSTILE)
    ask(
        folder, REPORT, run_id, GATE,
        users=["op-person", HOSTILE], subject=HOSTILE, body=body,
        params={HOSTILE: field, "choice": choice, "key": secret},
        results={"generate_query": {HOSTILE: [HOSTILE, "AKIAIOSFODNN7EXAMPLE"]}},
    )  # fmt: skip

    answer = op.get(PAGE)
    (card,) = cards(read_page(answer))

    assert not card.find("script")
    assert not card.find("h1")
    assert "AKIAIOSFODNN7EXAMPLE" not in answer.text
    assert "contains what looks like a credential" in card.words
    (form,) = card.find("form")
    sent = form.fields()
    assert sent[f"edit.{HOSTILE}"] == HOSTILE
    assert sent["edit.choice"] == HOSTILE
    assert "edit.key" not in sent
    assert send(op, form, "approve").status_code == 303
    assert detail(REPORT, run_id, GATE).params_input == {}
