"""The history is shown with what changed, what Airflow holds and edits by hand; versions are restored, DAGs deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugin.api_support import made
from tests.unit.plugin.pages.reader import Element, read_page

URL = "/ui/automations/nightly"
API = "/api/v1/automations/nightly"
HOSTILE = "<script>alert(1)</script>{{ 7*7 }}\u202e' onload='x"


def changed(op: Any, **fields: Any) -> None:
    """Make a new version."""
    assert op.patch(API, json=fields, headers={"If-Match": "*"}).status_code == 200


def form_to(page: Element, end: str) -> Element:
    """Return the form that is sent to an address with this end."""
    (form,) = [one for one in page.find("form") if str(one.attributes["action"]).endswith(end)]
    return form


def rows(page: Element) -> list[str]:
    """Return the lines of the history."""
    return [row.words for row in page.find("table")[0].find("tbody")[0].find("tr")]


def test_history(op: Any, read_by_airflow: Any) -> None:
    """Each entry with its author and summary, and the DAG version of Airflow that holds it."""
    made(op)
    read_by_airflow()
    changed(op, description="Second", summary="a better text")

    lines = rows(read_page(op.get(f"{URL}/versions")))

    assert len(lines) == 2
    assert "a better text" in lines[0]
    assert "op-person" in lines[0]
    assert "not read" in lines[0]
    assert "DAG version 1" in lines[1]


def test_diff_and_restore(op: Any) -> None:
    """The difference is said in words and shown on both sides; restoring is one button away, and works once."""
    made(op)
    changed(op, arguments={"look": {"sql": "SELECT 5 AS a"}})

    page = read_page(op.get(f"{URL}/versions/1/diff"))

    assert "steps.look.arguments.sql" in page.words
    for region in page.find("div", class_="sides"):
        assert [one.text for one in region.find("del")] == ["1"]
        assert [one.text for one in region.find("ins")] == ["5"]
        assert region.find("details")
    fields = form_to(page, "/restore").fields()
    for _ in range(2):
        answer = op.post(f"{URL}/versions/1/restore", data=fields, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"].endswith("ui/automations/nightly/versions")
    shown = op.get(API).json()
    assert (shown["version"], shown["steps"][0]["arguments"]["sql"]["value"]) == (3, "SELECT 1 AS a")


def test_a_stale_page(op: Any) -> None:
    """Somebody changed it meanwhile: nothing is restored, and the page says what happened."""
    made(op)
    changed(op, description="Second")
    fields = form_to(read_page(op.get(f"{URL}/versions/1/diff")), "/restore").fields()
    changed(op, description="Third", summary="of somebody else")

    answer = op.post(f"{URL}/versions/1/restore", data=fields)

    assert answer.status_code == 412
    assert "of somebody else" in read_page(answer).words
    assert op.get(API).json()["version"] == 3


def test_delete_and_restore(op: Any, folder: Path) -> None:
    """Deleting needs the DAG id; the versions stay at their address, with a way back."""
    made(op)
    fields = form_to(read_page(op.get(f"{URL}/versions")), "/delete").fields()
    refused = op.post(f"{URL}/delete", data={**fields, "confirm": "nightl"})
    assert refused.status_code == 422
    assert (folder / "nightly.py").exists()

    answer = op.post(f"{URL}/delete", data={**fields, "confirm": "nightly"}, follow_redirects=False)

    assert answer.status_code == 303
    assert not (folder / "nightly.py").exists()
    page = read_page(op.get(f"{URL}/versions"))
    assert "deleted" in page.find("h1")[0].words
    assert not page.find("nav", class_="tabs")
    back = form_to(read_page(op.get(f"{URL}/versions/1/diff")), "/restore").fields()
    assert op.post(f"{URL}/versions/1/restore", data=back, follow_redirects=False).status_code == 303
    assert (folder / "nightly.py").exists()
    assert op.get("/ui/automations/none/versions").status_code == 404


def test_edits_by_hand(op: Any, folder: Path) -> None:
    """An edit that no version contains is shown for both files and can become a version."""
    made(op)
    file, sidecar = folder / "nightly.py", folder / "nightly.vai.json"
    file.write_text(file.read_text() + "\nOWN = 1\n")
    sidecar.write_text(sidecar.read_text().replace("Nightly figures", "Daily figures"))
    page = read_page(op.get(f"{URL}/versions"))
    assert "OWN = 1" in [one.text for one in page.find("div", class_="sides")[0].find("ins")]
    assert "Daily figures" in page.words

    answer = op.post(f"{URL}/versions/edits", data=form_to(page, "/edits").fields(), follow_redirects=False)

    assert answer.status_code == 303
    page = read_page(op.get(f"{URL}/versions"))
    assert "edited by hand" in rows(page)[0]
    assert not page.find("div", class_="sides")


def test_edits_that_contradict(op: Any, folder: Path) -> None:
    """If the DAG file and the sidecar were edited at the same place, both sides are shown and nothing is written."""
    made(op)
    file, sidecar = folder / "nightly.py", folder / "nightly.vai.json"
    file.write_text(file.read_text().replace("SELECT 1 AS a", "SELECT 11 AS a"))
    sidecar.write_text(sidecar.read_text().replace("SELECT 1 AS a", "SELECT 12 AS a"))
    fields = form_to(read_page(op.get(f"{URL}/versions")), "/edits").fields()

    answer = op.post(f"{URL}/versions/edits", data=fields)

    assert answer.status_code == 409
    page = read_page(answer)
    (sides,) = page.find("div", class_="sides")
    assert [one.text for one in sides.find("del") + sides.find("ins")] == ["11", "12"]
    assert "<<<<" not in page.text
    assert "--force" not in page.text
    choices = form_to(page, "/edits")
    assert [one.attributes["value"] for one in choices.find("button")] == ["dag_file", "sidecar"]
    sent = {**choices.fields(), "keep": "sidecar"}
    assert op.post(f"{URL}/versions/edits", data=sent, follow_redirects=False).status_code == 303
    assert op.get(API).json()["steps"][0]["arguments"]["sql"]["value"] == "SELECT 12 AS a"


def test_a_change_that_contradicts_a_kept_edit(op: Any, folder: Path) -> None:
    """Both sides are shown. The edits can be dropped, and what was typed is still there to be sent again."""
    made(op)
    file = folder / "nightly.py"
    file.write_text(file.read_text().replace("SELECT 1 AS a", "SELECT 11 AS a"))
    edits = form_to(read_page(op.get(f"{URL}/versions")), "/edits").fields()
    assert op.post(f"{URL}/versions/edits", data=edits, follow_redirects=False).status_code == 303
    typed = {"value:sql": "SELECT '\u202e\t' AS a", "summary": "mine"}
    sent = form_to(read_page(op.get(f"{URL}/steps/look")), "look").fields() | typed
    refused = op.post(f"{URL}/steps/look", data=sent)
    assert refused.status_code == 409

    choices = form_to(read_page(refused), "/edits")
    assert [one.attributes["value"] for one in choices.find("button")] == ["none"]
    dropped = op.post(f"{URL}/versions/edits", data={**choices.fields(), "keep": "none"}, follow_redirects=False)

    assert "SELECT 11" not in file.read_text()
    again = form_to(read_page(dropped), "steps/look").fields()
    assert {name: again[name] for name in typed} == typed
    saved = op.post(f"{URL}/steps/look", data=again, follow_redirects=False)
    assert saved.status_code == 303, saved.text
    shown = op.get(API).json()
    assert (shown["version"], shown["steps"][0]["arguments"]["sql"]["value"]) == (4, typed["value:sql"])


@pytest.mark.parametrize(
    "then", ["https://example.com/", "ui/automations/other/steps/x", "ui/automations/nightly/../x"]
)
def test_a_form_is_sent_on_to_the_automation_only(op: Any, folder: Path, then: str) -> None:
    """The address of the form comes with the request, so it could be anything."""
    made(op)
    file = folder / "nightly.py"
    file.write_text(file.read_text() + "\nOWN = 1\n")
    edits = form_to(read_page(op.get(f"{URL}/versions")), "/edits").fields()

    answer = op.post(f"{URL}/versions/edits", data={**edits, "then": then, "then:a": "b"}, follow_redirects=False)

    assert answer.status_code == 303


def test_edits_are_dropped_only_if_a_version_keeps_them(op: Any, folder: Path) -> None:
    """Edits that no version contains would be lost, so they are not dropped; without edits there is nothing to do."""
    made(op)
    file = folder / "nightly.py"
    drop = {"json": {"keep": "none"}, "headers": {"If-Match": "*"}}
    assert op.post(f"{API}/versions", **drop).status_code == 409
    file.write_text(file.read_text() + "\nOWN = 1\n")
    assert op.post(f"{API}/versions", **drop).status_code == 409
    assert "OWN" in file.read_text()
    assert op.post(f"{API}/versions", headers={"If-Match": "*"}).status_code == 201
    assert op.post(f"{API}/versions", **drop).status_code == 201
    assert "OWN" not in file.read_text()


@pytest.mark.parametrize(("keep", "sql"), [("dag_file", "SELECT 1 AS a"), ("sidecar", "SELECT 12 AS a")])
def test_one_side_of_a_contradiction_is_kept(op: Any, folder: Path, keep: str, sql: str) -> None:
    """The way out: the edits in one file are kept, those in the other dropped, and nothing is edited any more."""
    made(op)
    file, sidecar = folder / "nightly.py", folder / "nightly.vai.json"
    file.write_text(file.read_text().replace("SELECT 1 AS a", "SELECT 11 AS a"))
    sidecar.write_text(sidecar.read_text().replace("SELECT 1 AS a", "SELECT 12 AS a"))
    fields = form_to(read_page(op.get(f"{URL}/versions")), "/edits").fields()

    answer = op.post(f"{URL}/versions/edits", data={**fields, "keep": keep}, follow_redirects=False)

    assert answer.status_code == 303
    shown = op.get(API).json()
    assert (shown["version"], shown["editedByHand"]) == (2, False)
    assert shown["steps"][0]["arguments"]["sql"]["value"] == sql
    assert ("SELECT 11 AS a" if keep == "dag_file" else "SELECT 12 AS a") in file.read_text()


def test_roles(as_role: Any) -> None:
    """Who may only look sees no button, and is refused."""
    made(as_role("op"))
    changed(as_role("op"), description="Second")
    viewer = as_role("viewer")
    for address in (f"{URL}/versions", f"{URL}/versions/1/diff"):
        page = read_page(viewer.get(address))
        assert [one for one in page.find("form") if one.attributes.get("method") == "post"] == []
    for address in ("versions/1/restore", "versions/edits", "delete"):
        assert viewer.post(f"{URL}/{address}", data={"entry": "2", "confirm": "nightly"}).status_code == 403


def test_hostile_text(op: Any) -> None:
    """Summaries, descriptions and values are text."""
    made(op, description=HOSTILE)
    changed(op, description="x", summary=HOSTILE, arguments={"look": {"sql": f"SELECT '{HOSTILE}'"}})

    for address in (f"{URL}/versions", f"{URL}/versions/1/diff", f"{URL}/versions/2/diff?to=2"):
        assert "<script>alert(1)</script>{{ 7*7 }}⟨U+202E⟩" in read_page(op.get(address)).text
