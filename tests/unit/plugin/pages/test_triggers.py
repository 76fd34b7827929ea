"""The page of triggers: what starts an automation, when next, and the forms that change it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_provider_vai.model.triggers import ScheduleTrigger
from airflow_provider_vai.plugin.api.schedule_times import next_times
from tests.unit.plugin.api_support import made
from tests.unit.plugin.pages.reader import Element, read_page

URL = "/api/v1/automations/nightly"
PAGE = "/ui/automations/nightly/triggers"
SCHEDULE = {"type": "schedule", "schedule": "30 2 * * *", "timezone": "Europe/Berlin"}
WEBHOOK = {"type": "webhook", "path": "shop/orders", "conn_id": "shop", "signature": "standard"}
EVENT = {"type": "event", "event": "automation.completed", "filters": {"automation": "other"}}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def form_with(page: Element, **fields: str) -> dict[str, str]:
    """Return the fields of the one form with these fields."""
    found = [form.fields() for form in page.find("form", method="post")]
    (one,) = [given for given in found if all(given.get(name) == value for name, value in fields.items())]
    return one


def sent(client: Any, fields: dict[str, str], address: str = PAGE) -> Any:
    """Send a form."""
    return client.post(address, data=fields, follow_redirects=False)


def triggers(client: Any) -> list[dict[str, Any]]:
    """Return the triggers as they are now, without the manual one that a spec has by default."""
    return [one for one in client.get(URL).json()["triggers"] if one["type"] != "manual"]


def test_what_starts_it(op: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each trigger in words, with next times, address and example; the secret is not shown."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/x")
    made(op, triggers=[SCHEDULE, WEBHOOK])
    page = read_page(op.get(PAGE))

    assert "At 02:30" in page.text
    assert len(page.find("ol", class_="times")[0].find("li")) == 5
    assert "https://airflow.example.com/x/vai/webhooks/shop/orders" in page.text
    assert "The connection is missing" in page.text
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps({"conn_type": "generic", "password": "not base64!"}))
    assert "is not base64" in read_page(op.get(PAGE)).text
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps({"conn_type": "generic", "password": SECRET}))
    page = read_page(op.get(PAGE))
    assert "Not ready" not in page.text
    assert SECRET not in page.text


def test_add_change_and_remove(op: Any) -> None:
    """Each form makes a version; a double click makes one."""
    made(op)
    page = read_page(op.get(PAGE))
    assert "Nothing starts it by itself" in page.text
    new = form_with(page, do="add", type="schedule") | {"schedule": "0 7 * * 1-5", "timezone": ""}

    answers = [sent(op, new) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"].endswith("ui/automations/nightly/triggers")
    assert [one["schedule"] for one in triggers(op)] == ["0 7 * * 1-5"]
    assert op.get(URL).json()["version"] == 2
    fields = form_with(read_page(op.get(PAGE)), do="add", type="webhook")
    sent(op, fields | {"path": "a/b", "conn_id": "c", "signature": "standard"})
    fields = form_with(read_page(op.get(PAGE)), do="change", type="schedule")
    assert fields["schedule"] == "0 7 * * 1-5"
    sent(op, fields | {"timezone": "Europe/Berlin"})
    found = triggers(op)
    assert [(one["type"], one.get("timezone"), one.get("signature")) for one in found] == [
        ("schedule", "Europe/Berlin", None),
        ("webhook", None, "standard"),
    ]
    page = read_page(op.get(PAGE))
    removes = [form.fields() for form in page.find("form", method="post") if form.fields().get("do") == "remove"]
    sent(op, removes[1])
    assert [one["type"] for one in triggers(op)] == ["schedule"]
    assert op.get(f"{URL}/versions").json()["items"][0]["summary"] == "removed a trigger on the page Triggers"


def test_events(op: Any) -> None:
    """An event of an automation with filters, or an asset."""
    made(op, triggers=[EVENT])
    page = read_page(op.get(PAGE))
    assert "When an automation succeeds (automation other)" in [one.words for one in page.find("h2")]
    assert "vai://automations/other" in page.text
    fields = form_with(page, do="change", type="event")
    assert (fields["event"], fields["automation"], fields["uri"]) == ("automation.completed", "other", "")

    sent(op, fields | {"uri": "s3://bucket/orders"})

    assert triggers(op)[0]["uri"] == "s3://bucket/orders"


@pytest.mark.parametrize(
    "fields",
    [{"type": "schedule", "schedule": "at noon"}, {"type": "schedule", "schedule": "0 7 * * *", "timezone": "Mars"},
     {"type": "webhook", "path": "/a b", "conn_id": "c"}, {"type": "event"}, {"type": "none"}],
)  # fmt: skip
def test_what_is_refused(op: Any, fields: dict[str, str]) -> None:
    """Nothing is saved, and what was typed is kept."""
    made(op)
    page = read_page(op.get(PAGE))
    hidden = {name: form_with(page, do="add", type="event")[name] for name in ("entry", "key", "do")}

    answer = sent(op, {**hidden, **fields})

    assert answer.status_code == 422
    shown = read_page(answer).find("form", method="post")[0].fields()
    assert fields.items() <= shown.items()
    assert triggers(op) == []


def test_a_stale_page(op: Any) -> None:
    """A form of an older state is refused and can be sent on; a trigger that is gone is not changed by mistake."""
    made(op, triggers=[SCHEDULE, WEBHOOK])
    page = read_page(op.get(PAGE))
    change = form_with(page, do="change", type="webhook") | {"path": "new/path"}
    remove = [form.fields() for form in page.find("form", method="post") if form.fields().get("do") == "remove"]
    sent(op, remove[0])

    refused = sent(op, change)

    assert refused.status_code == 412
    again = read_page(refused).find("form", method="post")[0].fields()
    assert sent(op, again).status_code == 303
    assert [one.get("path") for one in triggers(op)] == ["new/path"]
    refused = sent(op, {**remove[0], "key": "other", "entry": again["entry"]})
    assert refused.status_code in (409, 412)


def test_conditions(op: Any) -> None:
    """Each condition has a field; an empty one removes it."""
    made(op, params={"n": {"default": 5}}, conditions=["params.n > 1"])
    page = read_page(op.get(PAGE))
    (form,) = [form for form in page.find("form", method="post") if form.find("textarea", name="condition")]
    assert [one.text.strip() for one in form.find("textarea")] == ["params.n > 1", ""]
    fields = {**form.fields(), "condition": ["params.n > 2", "params.n < 9"]}

    answer = sent(op, fields, f"{PAGE}/conditions")

    assert answer.status_code == 303
    assert answer.headers["location"].endswith("../ui/automations/nightly/triggers")
    assert op.get(URL).json()["conditions"] == ["params.n > 2", "params.n < 9"]
    (form,) = [one for one in read_page(op.get(PAGE)).find("form") if one.find("textarea", name="condition")]
    assert sent(op, {**form.fields(), "condition": ["os.system('x')"]}, f"{PAGE}/conditions").status_code == 422
    assert sent(op, {**form.fields(), "condition": ["", " "]}, f"{PAGE}/conditions").status_code == 303
    assert op.get(URL).json()["conditions"] == []


def test_who_may_change(op: Any, as_role: Any) -> None:
    """Viewers and users look; only those who may author change."""
    made(op, triggers=[SCHEDULE], params={"n": {"default": 5}}, conditions=["params.n > 1"])
    new = form_with(read_page(op.get(PAGE)), do="add", type="schedule")
    for role in ("viewer", "user"):
        client = as_role(role)
        page = read_page(client.get(PAGE))
        assert not page.find("form", method="post")
        assert "params.n > 1" in page.text
        assert sent(client, new).status_code == 403
        assert sent(client, new, f"{PAGE}/conditions").status_code == 403


def test_hostile_values(op: Any) -> None:
    """Whatever a trigger, a condition or a notifier's argument contains, the page shows it as text."""
    hostile = "x/<script>alert(1)</script>\u202e"
    event = {"type": "event", "uri": f"s3://b/{hostile}"}
    notify = {"on": "failure", "notifier": "airflow.providers.smtp.notifications.smtp.SmtpNotifier",
              "arguments": {"to": hostile, "smtp_password": "hunter2-x"}}  # fmt: skip
    answer = op.post("/api/v1/automations", json={
        "dagId": "nightly", "steps": [{"key": "look", "kind": "generate_query",
                                       "arguments": {"conn_id": hostile, "sql": "SELECT 1"}}],
        "params": {"n": {"default": "a"}}, "conditions": [f"params.n == {hostile!r}"], "triggers": [event],
        "notifications": [notify | {"arguments": {"to": hostile}}], "timeoutSeconds": 60})  # fmt: skip
    assert answer.status_code == 201, answer.text

    page = read_page(op.get(PAGE))

    assert page.text.count("<script>alert(1)</script>") >= 3
    assert "\u202e" not in page.text
    assert "Change it with" in page.text
    assert "The whole run" in page.text


def test_daylight_saving_time() -> None:
    """The times are those of Airflow's timetable: a time that a day lacks is moved, and none is left out."""
    trigger = ScheduleTrigger(type="schedule", schedule="30 2 * * *", timezone="Europe/Berlin")

    found = next_times(trigger, datetime(2026, 3, 27, 12, tzinfo=timezone.utc))

    assert [f"{at:%d %H:%M}" for at in found] == ["28 02:30", "29 03:30", "30 02:30", "31 02:30", "01 02:30"]
    assert next_times(ScheduleTrigger(type="schedule", schedule="@once"), datetime.now(timezone.utc)) == []
