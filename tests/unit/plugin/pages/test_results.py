"""Flashboards are embedded; files are listed with their sizes, shown and downloaded; the run can be chosen."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from tests.unit.plugin.api_support import has_artifact, has_result, made, ran
from tests.unit.plugin.pages.reader import read_page

URL = "/ui/automations/nightly/results"
HOSTILE = "<script>alert(1)</script>{{ 7*7 }}' onload='x"
TOKEN = "ghp_" + "a1B2" * 9


def test_nothing_yet(op: Any, read_by_airflow: Any) -> None:
    """The page says what appears here, and what to do first."""
    made(op)
    assert "activate it" in read_page(op.get(URL)).find("div", class_="empty")[0].words

    ran(op, read_by_airflow)

    assert "No run wrote a file" in read_page(op.get(URL)).words


def test_results(op: Any, read_by_airflow: Any) -> None:
    """The newest run with files is open; a table is shown as text, masked; every file can be downloaded."""
    made(op)
    run = ran(op, read_by_airflow)
    content = json.dumps([{"a": 1, "note": TOKEN}] * 2).encode()
    has_artifact("nightly", run, "look", content, rows=2, columns=["a", "note"])
    has_artifact("nightly", run, "look_again", b"<h1>Board</h1>", "html", title=HOSTILE)

    page = read_page(op.get(URL))

    (frame,) = page.find("iframe")
    assert frame.attributes["title"] == f"Flashboard: {HOSTILE}"
    place = f"nightly/{quote(run, '')}/look_again"
    assert frame.attributes["src"] == f"../../../flashboards/{place}"
    assert op.get(f"/flashboards/{place}").status_code == 200
    (look, board) = (row.words for row in page.find("tbody")[0].find("tr"))
    assert "generate_query json" in look
    assert "a, note" in look
    assert "flashboard 14 bytes" in board
    download, show = (str(link.attributes["href"]) for link in page.find("tbody")[0].find("tr")[0].find("a"))
    assert op.get(f"/{download.removeprefix('../../../')}").content == content
    answer = op.get(f"/ui/automations/nightly/{show}")
    assert '"a": 1' in read_page(answer).find("pre", id="result")[0].text
    assert TOKEN not in answer.text


def test_a_run_is_chosen(op: Any, read_by_airflow: Any) -> None:
    """An older run by its name; an unknown name shows the newest."""
    made(op)
    old = ran(op, read_by_airflow)
    new = op.post("/api/v1/automations/nightly/runs").json()["runId"]
    for run, rows in ((old, 7), (new, 9)):
        has_artifact("nightly", run, "look", b"[]", rows=rows)

    for asked, rows in ((f"?run={quote(old, '')}", "7"), ("", "9"), ("?run=other", "9")):
        page = read_page(op.get(URL + asked))
        assert page.find("td", class_="number")[1].words == rows, asked
    missing = op.get(f"{URL}?run={quote(old, '')}&show=nothing")
    assert missing.status_code == 404


def test_hostile_results(op: Any, as_role: Any, read_by_airflow: Any) -> None:
    """Columns and titles are text; results that only look like ours are left out; a viewer may look."""
    made(op)
    run = ran(op, read_by_airflow)
    has_artifact("nightly", run, "look", b"{}", columns=[HOSTILE], rows=None)
    has_result("nightly", run, "look_again", {"path": 1, "sha256": 2, "bytes": "x", "title": HOSTILE, "charts": 1})

    page = read_page(as_role("viewer").get(URL))

    assert page.find("th", scope="row")[0].find("p")[0].words == HOSTILE
    assert len(page.find("tbody")[0].find("tr")) == 1
