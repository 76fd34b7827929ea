"""Every page for every role: who sees it, with which forms; and what becomes of a form that may not be carried out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.unit.plugin.api_support import made, ran, run_id, seed
from tests.unit.plugin.pages.reader import Element, read_page
from tests.unit.plugin.pages.test_steps import LOOK, SEND

ONE, API = "/ui/automations/nightly", "/api/v1/automations/nightly"
ROLES = ("viewer", "user", "op", "admin")
AUTHORS = ("op", "admin")
SIGNED_OUT = {"Sec-Fetch-Site": "same-origin"}
"""The headers of a browser without a login, on a page of ours."""


class View(NamedTuple):
    """A page.

    :param address: below ``/ui``; ``RUN`` and ``RECORDED`` stand for the run and the recording.
    :param roles: who sees it. :param of_user: the ends of its forms for a user. :param of_author: and for an author.
    """

    address: str
    roles: tuple[str, ...] = ROLES
    of_user: frozenset[str] = frozenset()
    of_author: frozenset[str] = frozenset()


def of(*ends: str) -> frozenset[str]:
    """Return the ends of forms."""
    return frozenset(ends)


VIEWS = (
    View("automations"),
    View("approvals"),
    View("approvals/nightly/RUN/approve_send"),
    View("import", AUTHORS, of_author=of("import")),
    View("recordings/agent_run/RECORDED", AUTHORS, of_author=of("#preview")),
    View("savings"),
    View("setup", AUTHORS),
    View("dag/nightly", of_user=of("pause"), of_author=of("pause")),
    View("task/nightly/RUN/look/-1"),
    View("automations/nightly/review", of_user=of("pause"), of_author=of("pause")),
    View("automations/nightly/steps"),
    View("automations/nightly/steps/look", of_author=of("look", "look/move", "look/remove")),
    View(
        "automations/nightly/steps/approve_send",
        of_author=of("approve_send", "approve_send/move", "approve_send/remove"),
    ),
    View("automations/nightly/new-step"),
    View("automations/nightly/new-step?kind=http_request", of_author=of("new-step")),
    View("automations/nightly/runs", of_user=of("runs"), of_author=of("runs")),
    View("automations/nightly/runs/RUN"),
    View("automations/nightly/triggers", of_author=of("triggers", "triggers/conditions")),
    View("automations/nightly/results"),
    View("automations/nightly/versions", of_author=of("delete")),
    View("automations/nightly/versions/1/diff", of_author=of("versions/1/restore")),
    View("automations/nightly/savings"),
)
POSTS = {
    "automations/nightly/review": {"item": "1", "decision": "accepted"},
    "automations/nightly/activate": {},
    "automations/nightly/pause": {},
    "automations/nightly/steps/look": {"value:sql": "SELECT 9 AS a"},
    "automations/nightly/steps/look/source": {"place": "sql", "choice": "0"},
    "automations/nightly/steps/late/move": {"before": "look"},
    "automations/nightly/steps/late/remove": {},
    "automations/nightly/new-step": {"kind": "http_request", "value:conn_id": "c", "value:endpoint": "/", "name": "n"},
    "automations/nightly/runs": {},
    "automations/nightly/triggers": {"do": "add", "type": "schedule", "schedule": "@hourly"},
    "automations/nightly/triggers/conditions": {"condition": "params.region = 'US'"},
    "automations/nightly/versions/1/restore": {},
    "automations/nightly/versions/edits": {"keep": "both"},
    "automations/nightly/delete": {"confirm": "nightly"},
    "recordings/agent_run/RECORDED": {"do": "crystallize", "dag_id": "other"},
    "import/source": {"source": "x"},
}
"""Every form, with what a person typed."""

OF_USERS = ("review", "activate", "pause", "runs")
"""What a user may do; only authors may do the rest."""


@pytest.fixture
def run(as_role: Any, read_by_airflow: Any) -> str:
    """A run of an automation with two versions; a recording is stored, too."""
    op = as_role("op")
    made(op, steps=[LOOK, SEND, {**LOOK, "key": "late"}], params={"region": "EU"},
         triggers=[{"type": "schedule", "schedule": "@daily"}], conditions=["params.region = 'EU'"])  # fmt: skip
    assert op.patch(API, json={"description": "Second"}, headers={"If-Match": "*"}).status_code == 200
    assert op.post("/api/v1/agents/runs", content=seed()).status_code == 201
    return ran(op, read_by_airflow)


def address(text: str, run: str) -> str:
    """Return an address of a page."""
    return "/ui/" + text.replace("RUN", run).replace("RECORDED", run_id())


def ends(page: Element) -> set[str]:
    """Return the ends of the forms that change something."""
    actions = [str(one.attributes["action"]) for one in page.find("form", method="post")]
    return {action.rpartition("ui/automations/nightly/")[2] for action in actions}


def traces(folder: Path) -> dict[str, bytes]:
    """Return what is stored, without the keys of sent forms."""
    files = [path for path in folder.parent.rglob("*") if path.is_file() and "@idempotency" not in path.parts]
    return {str(path): path.read_bytes() for path in files}


def test_every_page_for_every_role(as_role: Any, run: str) -> None:
    """A role sees its pages, with the forms that it may send and no others; signed out, nobody sees anything."""
    for view in VIEWS:
        where = address(view.address, run)
        for role in ROLES:
            answer = as_role(role).get(where)
            assert answer.status_code == (200 if role in view.roles else 403), (role, where)
            page = read_page(answer)
            wanted = {"viewer": frozenset(), "user": view.of_user}.get(role, view.of_author)
            assert ends(page) == (wanted if role in view.roles else frozenset()), (role, where)
        answer = as_role(None, **SIGNED_OUT).get(where)
        assert answer.status_code == 401, where
        assert [link.words for link in read_page(answer).find("a", class_="button")] == ["Log in"]


@pytest.mark.parametrize("form", POSTS)
def test_a_form_without_permission(as_role: Any, run: str, folder: Path, form: str) -> None:
    """It is refused with 403, or 401 without a login, and leaves no trace; so is one that another site sends."""
    op = as_role("op")
    entry = {"entry": str(op.get(API).headers["etag"]).strip('"'), "key": "of-the-form"}
    runs, before = op.get(f"{API}/runs").json()["total"], traces(folder)
    is_of_user = form.rpartition("/")[2] in OF_USERS

    answers = {role: as_role(role).post(address(form, run), data={**POSTS[form], **entry}) for role in ("viewer",)}
    if not is_of_user:
        answers["user"] = as_role("user").post(address(form, run), data={**POSTS[form], **entry})
    other_site = as_role("op", **{"Sec-Fetch-Site": "cross-site"})
    answers["other site"] = other_site.post(address(form, run), data={**POSTS[form], **entry})
    signed_out = as_role(None, **SIGNED_OUT).post(address(form, run), data={**POSTS[form], **entry})

    assert {who: answer.status_code for who, answer in answers.items()} == dict.fromkeys(answers, 403)
    assert signed_out.status_code == 401
    assert traces(folder) == before
    assert as_role("op").get(f"{API}/runs").json()["total"] == runs


def test_signed_out_meanwhile(as_role: Any, run: str) -> None:
    """What was typed is on the page beside the login, and can be sent again; not if another site sent it."""
    typed = {"value:sql": "SELECT '\u202e'\n\tAS a", "summary": "mine"}
    fields = read_page(as_role("op").get(f"{ONE}/steps/look")).find("form", action="look")[0].fields() | typed
    refused = as_role(None, **SIGNED_OUT).post(f"{ONE}/steps/look", data=fields)
    assert refused.status_code == 401
    assert "another tab" in read_page(refused).words

    again = read_page(refused).find("form", method="post")[0].fields()

    assert {name: again[name] for name in typed} == typed
    assert as_role("op").post(f"{ONE}/steps/look", data=again, follow_redirects=False).status_code == 303
    shown = as_role("op").get(f"{API}/steps").json()["items"][0]["arguments"]["sql"]["value"]
    assert shown == typed["value:sql"]
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Accept": "text/html"}):
        other = as_role(None, **headers).post(f"{ONE}/steps/look", data=fields)
        assert other.status_code == 401
        assert "SELECT" not in other.text
    large = as_role(None, **SIGNED_OUT).post(f"{ONE}/steps/look", data={"value:sql": "x" * 300_000})
    assert (large.status_code, "xxx" in large.text) == (401, False)


def test_a_login_that_the_server_no_longer_knows(as_role: Any, run: str) -> None:
    """After a new secret, an old login is no reason to say that the person may not do this."""
    client = as_role(None, **SIGNED_OUT)
    client.cookies.set("_token", "of.another.secret")
    answer = client.get(f"{ONE}/steps")
    assert answer.status_code == 401
    assert "Log in" in read_page(answer).words
    assert client.get("/api/v1/automations").status_code in (401, 403)  # the first one in Airflow 3.1.0


@pytest.mark.parametrize("form", [form for form in POSTS if "source" not in form and not form.endswith("edits")])
def test_a_form_that_is_sent_twice(as_role: Any, run: str, folder: Path, form: str) -> None:
    """A double click does nothing twice."""
    op = as_role("op")
    fields = {**POSTS[form], "entry": str(op.get(API).headers["etag"]).strip('"'), "key": "of-the-form"}
    if form.startswith("recordings"):
        fields["entry"] = ""

    first = op.post(address(form, run), data=fields, follow_redirects=False)
    assert first.status_code == 303, first.text
    after, runs = traces(folder), op.get("/ui/automations/nightly/runs").text.count("<tr>")
    second = op.post(address(form, run), data=fields, follow_redirects=False)

    assert (second.status_code, second.headers["location"]) == (303, first.headers["location"])
    assert traces(folder) == after
    assert op.get("/ui/automations/nightly/runs").text.count("<tr>") == runs


@pytest.mark.parametrize(
    "form", [form for form in POSTS if "nightly" in form and not form.endswith(("runs", "edits", "source"))]
)
def test_a_form_of_an_older_version(as_role: Any, run: str, folder: Path, form: str) -> None:
    """Nothing is changed; the page shows what changed meanwhile and what was typed, to be applied to the newest."""
    op = as_role("op")
    entry = str(op.get(API).headers["etag"]).strip('"')
    newer = {"description": "Third", "summary": "of somebody else"}
    assert op.patch(API, json=newer, headers={"If-Match": "*"}).status_code == 200
    before = traces(folder)

    answer = op.post(address(form, run), data={**POSTS[form], "entry": entry, "key": "k"})

    assert answer.status_code == 412, answer.text
    page = read_page(answer)
    assert "of somebody else" in page.words
    assert "description before Second after Third" in page.words
    sent = page.find("form", method="post")[0].fields() if POSTS[form] else {}
    assert {name: sent[name] for name in POSTS[form]} == POSTS[form]
    assert traces(folder) == before
