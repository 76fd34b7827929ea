"""The forms of a step: change, move, remove, add; each is one version, and what is refused keeps what was typed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.model.kinds import by_name
from tests.unit.plugin.api_support import made
from tests.unit.plugin.pages.reader import Element, read_page
from tests.unit.plugin.pages.test_steps import HOSTILE, LOOK, SEND

ONE = "/api/v1/automations/nightly"
UI = "/ui/automations/nightly"
TOKEN = "ghp_" + "a1B2" * 9


@pytest.fixture
def nightly(op: Any) -> Any:
    """An automation that reads, asks and writes."""
    made(op, steps=[LOOK, SEND], params={"region": "EU"})
    return op


def form_of(client: Any, address: str, action: str) -> Element:
    """Return a form of a page."""
    (form,) = [form for form in read_page(client.get(address)).find("form") if form.attributes.get("action") == action]
    return form


def post(client: Any, address: str, data: dict[str, str]) -> Any:
    """Send a form."""
    return client.post(address, data=data, follow_redirects=False)


def step_of(client: Any, key: str) -> dict[str, Any]:
    """Return a step as the API shows it."""
    return next(one for one in client.get(f"{ONE}/steps").json()["items"] if one["key"] == key)


def version(client: Any) -> int:
    """Return the newest version."""
    return int(client.get(ONE).json()["version"])


def named(typed: dict[str, str]) -> dict[str, str]:
    """Return fields with the colon in their names."""
    return {re.sub("^(value|given|from)_", r"\1:", name): text for name, text in typed.items()}


def save(client: Any, key: str, **typed: str) -> Any:
    """Open a step, type something, and save."""
    fields = form_of(client, f"{UI}/steps/{key}", key).fields()
    return post(
        client, f"{UI}/steps/{key}", {**fields, **{name.replace("_", ":", 1): text for name, text in typed.items()}}
    )


def test_an_untouched_form(nightly: Any) -> None:
    """Saving without a change makes no version, whatever the arguments are."""
    for key in ("look", "send", "approve_send"):
        answer = save(nightly, key)
        assert answer.status_code == 303, answer.text
    assert version(nightly) == 1


def test_sql(nightly: Any) -> None:
    """A new text is one version, by the user, and the browser goes back to the step's row."""
    fields = form_of(nightly, f"{UI}/steps/look", "look").fields()
    fields |= {"value:sql": "SELECT 2 AS a\r\nFROM x", "summary": "Second"}
    for _ in range(2):  # a double click
        answer = post(nightly, f"{UI}/steps/look", fields)
        assert answer.headers["location"] == "../../../../ui/automations/nightly/steps#step-look"

    assert version(nightly) == 2
    assert step_of(nightly, "look")["arguments"]["sql"]["value"] == "SELECT 2 AS a\nFROM x"
    assert nightly.get(f"{ONE}/versions").json()["items"][0]["summary"] == "Second"


@pytest.mark.parametrize(
    ("typed", "name", "expected"),
    [
        ({"from_query": "param", "given_query": "region"}, "query", {"class": "parameter", "param": "region"}),
        ({"from_json": "wire", "given_json": "look.rows"}, "json", {"class": "wired"}),
        ({"from_json": "fixed", "value_json": '{"a": [1]}'}, "json", {"class": "frozen", "value": {"a": [1]}}),
        ({"from_endpoint": "template", "given_endpoint": "/{{ ds }}"}, "endpoint", {"class": "template"}),
        ({"value_method": "PUT"}, "method", {"value": "PUT"}),
        ({"value_expected_status": "201"}, "expected_status", {"value": 201}),
    ],
)
def test_where_a_value_comes_from(nightly: Any, typed: dict[str, str], name: str, expected: Any) -> None:
    """Each source can be chosen, and each shape of value typed."""
    fields = form_of(nightly, f"{UI}/steps/send", "send").fields()
    typed = {
        place.replace("_", ":", 1).replace("expected:status", "expected_status"): text for place, text in typed.items()
    }

    answer = post(nightly, f"{UI}/steps/send", {**fields, **typed})

    assert answer.status_code == 303, answer.text
    found = step_of(nightly, "send")["arguments"][name]
    assert {key: found[key] for key in expected} == expected


def test_what_decides_what_runs(nightly: Any) -> None:
    """No param, result or connection is offered for it, and none is taken."""
    form = form_of(nightly, f"{UI}/steps/send", "send")
    (choice,) = form.find("select", name="from:endpoint")
    assert [one.attributes["value"] for one in choice.find("option")] == ["fixed", "template"]
    assert save(nightly, "send", from_endpoint="param", given_endpoint="region").status_code == 422


def test_unset_options_and_name(nightly: Any) -> None:
    """Arguments are unset, options set and reset, and the step renamed, in one version."""
    nightly.patch(f"{ONE}/steps/look", json={"retries": 2, "arguments": {"max_rows": 5}}, headers={"If-Match": "*"})
    fields = form_of(nightly, f"{UI}/steps/look", "look").fields()
    fields |= {
        "value:retries": "",
        "value:timeout_seconds": "30",
        "from:max_rows": "unset",
        "name": "read",
        "value:asset": "true",
    }

    answer = post(nightly, f"{UI}/steps/look", fields)

    assert answer.headers["location"].endswith("steps#step-read")
    step = step_of(nightly, "read")
    assert "retries" not in step
    assert (step["timeoutSeconds"], step["asset"], version(nightly)) == (30, True, 3)
    assert "max_rows" not in step["arguments"]


def test_an_approval(nightly: Any) -> None:
    """A step gets one, its question is edited on the gate's page, and it is removed only with a tick."""
    save(nightly, "look", gate="on")
    assert step_of(nightly, "look")["approval"]["gate"] == "approve_look"
    save(nightly, "approve_look", value_subject="Really?", value_response_timeout="60", value_on_timeout="reject")
    arguments = step_of(nightly, "approve_look")["arguments"]
    assert arguments["subject"]["value"] == "Really?"
    assert (arguments["response_timeout"]["value"], arguments["on_timeout"]["value"]) == (60, "reject")

    fields = form_of(nightly, f"{UI}/steps/approve_send", "approve_send/remove").fields()
    assert post(nightly, f"{UI}/steps/approve_send/remove", fields).status_code == 422
    assert post(nightly, f"{UI}/steps/approve_send/remove", {**fields, "ungate": "on"}).status_code == 303
    assert "gate" not in {name for name, value in step_of(nightly, "send")["approval"].items() if value}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"value_json": "{"}, "json"),
        ({"value_sql": ""}, "sql"),
        ({"value_max_rows": "many"}, "is not a number"),
        ({"name": "not a name!"}, "name"),
        ({"from_question": "template", "given_question": "{{ params.region }}"}, "decides what runs"),
        ({"value_sql": f"SELECT '{TOKEN}'"}, "credential"),
    ],
)
def test_what_is_refused_keeps_what_was_typed(nightly: Any, typed: dict[str, str], words: str) -> None:
    """The page says why, shows the form as it was sent, and can be sent again."""
    key = "send" if "value_json" in typed else "look"
    if key == "send":
        nightly.patch(f"{ONE}/steps/send", json={"arguments": {"json": {"a": 1}}}, headers={"If-Match": "*"})
    before = version(nightly)
    fields = form_of(nightly, f"{UI}/steps/{key}", key).fields()
    typed = named(typed)
    answer = post(nightly, f"{UI}/steps/{key}", {**fields, "summary": "my words", **typed})

    assert answer.status_code == 422
    shown = read_page(answer)
    assert words in shown.find("div", role="alert")[0].words
    (form,) = [form for form in shown.find("form") if form.attributes.get("action") == key]
    again = form.fields()
    assert again["summary"] == "my words"
    assert {name: again[name] for name in typed if TOKEN not in typed[name]} == {
        name: text for name, text in typed.items() if TOKEN not in text
    }
    assert TOKEN not in answer.text
    assert version(nightly) == before
    if key == "look":
        fixed = {"value:sql": "SELECT 3", "from:question": "fixed", "value:max_rows": "", "name": "look"}
        assert post(nightly, f"{UI}/steps/look", {**again, **fixed}).status_code == 303
        assert step_of(nightly, "look")["arguments"]["sql"]["value"] == "SELECT 3"


def test_a_stale_page(nightly: Any) -> None:
    """The newer state is named; applied to it, only what was typed is written."""
    fields = form_of(nightly, f"{UI}/steps/look", "look").fields()
    nightly.patch(f"{ONE}/steps/look", json={"arguments": {"conn_id": "other"}}, headers={"If-Match": "*"})

    answer = post(nightly, f"{UI}/steps/look", {**fields, "value:sql": "SELECT 3"})

    assert answer.status_code == 412
    (form,) = read_page(answer).find("form", method="post")
    assert form.fields()["value:sql"] == "SELECT 3"
    assert post(nightly, f"{UI}/steps/look", form.fields()).status_code == 303
    arguments = step_of(nightly, "look")["arguments"]
    assert (arguments["sql"]["value"], arguments["conn_id"]["value"]) == ("SELECT 3", "other")


def test_move(nightly: Any) -> None:
    """Behind another step; without a place, the page asks for one."""
    nightly.post(f"{ONE}/steps", json={**LOOK, "key": "late"}, headers={"If-Match": "*"})
    fields = form_of(nightly, f"{UI}/steps/late", "late/move").fields()

    assert post(nightly, f"{UI}/steps/late/move", fields).status_code == 422
    assert post(nightly, f"{UI}/steps/late/move", {**fields, "before": "look"}).status_code == 303
    assert "late" in step_of(nightly, "look")["dependsOn"]


def test_remove(nightly: Any) -> None:
    """Each place that reads the result gets a value first."""
    form = form_of(nightly, f"{UI}/steps/look", "look/remove")
    (place,) = [name for name in form.fields() if name.startswith("freeze:")]
    assert place == "freeze:send.json.a"

    refused = post(nightly, f"{UI}/steps/look/remove", form.fields())
    assert refused.status_code == 422
    assert "send.json.a" in read_page(refused).find("div", role="alert")[0].words
    assert post(nightly, f"{UI}/steps/look/remove", {**form.fields(), place: "[1, 2]"}).status_code == 303
    assert [one["key"] for one in nightly.get(f"{ONE}/steps").json()["items"]] == ["approve_send", "send"]
    assert step_of(nightly, "send")["arguments"]["json"]["value"]["a"] == [1, 2]


def test_add(nightly: Any) -> None:
    """Choose the kind, fill in its arguments and its place; a write gets an approval."""
    links = {str(link.attributes["href"]) for link in read_page(nightly.get(f"{UI}/new-step")).find("a")}
    assert {
        f"new-step?kind={name}" for name, kind in by_name().items() if name == kind.name != "approval_gate"
    } <= links
    fields = form_of(nightly, f"{UI}/new-step?kind=http_request", "new-step").fields()
    assert fields["name"] == "http_request"
    typed = {"value:conn_id": "erp", "value:endpoint": "/y", "value:method": "PUT", "name": "tell", "after": "look"}

    refused = post(nightly, f"{UI}/new-step", {**fields, "name": "tell"})
    assert refused.status_code == 422
    answer = post(nightly, f"{UI}/new-step", {**fields, **typed})

    assert answer.headers["location"].endswith("ui/automations/nightly/steps#step-tell")
    assert step_of(nightly, "tell")["approval"]["gate"] == "approve_tell"
    assert step_of(nightly, "approve_tell")["dependsOn"] == ["look"]


@pytest.mark.parametrize("kind", sorted({kind.name for kind in by_name().values()}))
def test_every_kind_has_a_form(nightly: Any, kind: str) -> None:
    """Its required arguments stand first; a gate is not added by itself."""
    page = read_page(nightly.get(f"{UI}/new-step?kind={kind}"))

    assert bool(page.find("form", action="new-step")) == (kind != "approval_gate")


def test_a_credential_is_not_shown(op: Any, folder: Path) -> None:
    """Its field is not there, and a change of another argument leaves it as it is."""
    made(op)
    for file in (*folder.glob("*.vai.json"), *(folder / ".vai/nightly").glob("*.json")):
        file.write_text(file.read_text().replace("SELECT 1 AS a", f"SELECT '{TOKEN}'"))

    page = op.get(f"{UI}/steps/look")

    assert TOKEN not in page.text
    assert "value:sql" not in page.text
    assert "vai edit" in page.text


def test_roles(nightly: Any, as_role: Any) -> None:
    """Only who may author sees and may send the forms."""
    fields = form_of(nightly, f"{UI}/steps/look", "look").fields()
    for role in ("viewer", "user"):
        client = as_role(role)
        assert not read_page(client.get(f"{UI}/steps/look")).find("main")[0].find("form")
        for address in ("steps/look", "steps/look/move", "steps/look/remove", "new-step"):
            assert post(client, f"{UI}/{address}", fields).status_code == 403


def test_hostile_fields(nightly: Any) -> None:
    """Whatever is typed is shown as text, exactly as it was."""
    fields = form_of(nightly, f"{UI}/steps/look", "look").fields()
    answer = post(
        nightly, f"{UI}/steps/look", {**fields, "value:sql": HOSTILE, "value:conn_id": HOSTILE, "name": HOSTILE}
    )

    assert answer.status_code == 422
    (form,) = [form for form in read_page(answer).find("form") if form.attributes.get("action") == "look"]
    assert form.fields()["value:sql"] == form.fields()["value:conn_id"] == HOSTILE


def test_a_branch(nightly: Any) -> None:
    """A condition over earlier results, with the steps of both paths one to a line, is made and changed in the form."""
    nightly.post(f"{ONE}/steps", json={**LOOK, "key": "late"}, headers={"If-Match": "*"})
    fields = form_of(nightly, f"{UI}/new-step?kind=conditional_branch", "new-step").fields()
    typed = {
        "name": "enough", "value:condition": "count(rows) >= 2 and region = 'EU'", "value:if_true": "late\n",
        "from:inputs": "spec", "given:inputs": '{"rows": {"$from": ["look", "rows"]}, "region": {"$param": "region"}}',
        "after": "look", "before": "late",
    }  # fmt: skip
    answer = post(nightly, f"{UI}/new-step", {**fields, **typed})
    assert answer.status_code == 303, answer.text
    arguments = step_of(nightly, "enough")["arguments"]
    assert arguments["if_true"]["value"] == ["late"]
    assert [wire.get("param") or wire["from"]["step"] for wire in arguments["inputs"]["wires"]] == ["look", "region"]

    form = form_of(nightly, f"{UI}/steps/enough", "enough")
    assert form.fields()["value:if_true"] == "late"
    assert save(nightly, "enough", value_if_true="late\n\n").status_code == 303
    assert step_of(nightly, "enough")["arguments"]["if_true"]["value"] == ["late"]
