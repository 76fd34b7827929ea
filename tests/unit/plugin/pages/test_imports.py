"""A trace is chosen or pasted, its recording shown, previewed and crystallized; what is refused is said on the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.unit.plugin.api_support import run_id, seed
from tests.unit.plugin.pages.reader import Element, read_page

HOSTILE = "<script>alert(1)</script>{{ 7*7 }}\u202e\x1b[31m' onload='x"
SHOWN = "<script>alert(1)</script>{{ 7*7 }}⟨U+202E⟩␛[31m' onload='x"
TOKEN = "ghp_" + "a1B2" * 9


def handed_in(op: Any, content: bytes | None = None, **fields: str) -> Any:
    """Send the form with a file."""
    files = {"trace": ("run.json", content or seed(), "application/json")}
    return op.post("/ui/import", files=files, data={"text": "", "format": "", **fields}, follow_redirects=False)


def recorded(op: Any, document: Any = None) -> str:
    """Hand in a trace with one recording, and return the address of its page."""
    answer = handed_in(op, json.dumps(document).encode() if document else None)
    assert answer.status_code == 303, read_page(answer).words
    return "/ui/" + answer.headers["location"].partition("ui/")[2]


def main_form(page: Element) -> Element:
    """Return the form of a recording's page."""
    (form,) = page.find("form", method="post")
    return form


def sent(op: Any, address: str, **changes: Any) -> Any:
    """Send the form of a recording as a browser would, with some fields changed."""
    fields = {**main_form(read_page(op.get(address))).fields(), **changes}
    return op.post(address, data=fields, follow_redirects=False)


def below(folder: Path) -> set[str]:
    """Return the files below a folder."""
    return {str(path) for path in folder.rglob("*") if path.is_file()}


def test_import(op: Any) -> None:
    """A file opens its recording; the list names it; handed in again it stays one."""
    assert "No recording yet" in read_page(op.get("/ui/import")).text

    address = recorded(op)

    assert address == f"/ui/recordings/agent_run/{run_id()}"
    assert recorded(op) == address
    page = read_page(op.get("/ui/import"))
    (row,) = page.find("th", scope="row")
    assert row.find("a")[0].attributes["href"] == f"recordings/agent_run/{run_id()}"
    assert read_page(op.get(address)).find("h1")


def test_paste(op: Any) -> None:
    """Text is read as a file is; the page says what is wrong with it, and keeps it."""
    files = {"trace": ("", b"", "application/octet-stream")}
    answer = op.post("/ui/import", files=files, data={"text": seed().decode(), "format": ""}, follow_redirects=False)
    assert answer.status_code == 303

    refused = op.post("/ui/import", files=files, data={"text": '{"nonsense": 1}', "format": ""})

    page = read_page(refused)
    assert refused.status_code == 422
    assert page.find("div", role="alert")[0].words
    assert page.find("textarea")[0].text.removeprefix("\n") == '{"nonsense": 1}'
    secret = op.post("/ui/import", files=files, data={"text": f"[{TOKEN}", "format": ""})
    assert TOKEN not in secret.text
    assert "There is no trace" in read_page(op.post("/ui/import", files=files, data={"text": " "})).text
    assert op.post("/ui/import", data={"text": "{}"}).status_code == 415


def test_too_large(op: Any, monkeypatch: Any) -> None:
    """The limit of trace files counts here as well."""
    monkeypatch.setenv("AIRFLOW__VAI__TRACE_LIMIT_BYTES", "100")

    assert handed_in(op).status_code == 413


def test_several_recordings_in_a_file(op: Any) -> None:
    """The list shows those of the file alone."""
    recorded(op)
    second = json.loads(seed())
    second["agentRun"]["id"] = "second"
    third = json.loads(seed())
    third["agentRun"]["id"] = "third"
    lines = "\n".join(json.dumps(one) for one in (second, third)).encode()
    answer = handed_in(op, lines)
    assert answer.status_code == 303, read_page(answer).words

    page = read_page(op.get("/ui/" + answer.headers["location"].partition("ui/")[2]))

    assert len(page.find("th", scope="row")) == 2


def test_preview_then_crystallize(op: Any, folder: Path) -> None:
    """The preview writes nothing; crystallizing opens the review; a second click makes nothing new."""
    address = recorded(op)
    before = below(folder.parent)

    page = read_page(sent(op, address, do="preview", dag_id="figures", exclude="3", schedule="0 7 * * 1"))

    assert below(folder.parent) == before
    assert "A new automation, figures." in page.words
    assert "Left out: was excluded" in page.words
    fields = {**main_form(page).fields(), "do": "crystallize"}
    assert (fields["dag_id"], fields["exclude"], fields["schedule"]) == ("figures", "3", "0 7 * * 1")
    made = op.post(address, data=fields, follow_redirects=False)
    assert made.status_code == 303, read_page(made).words
    assert made.headers["location"].endswith("ui/automations/figures/review")
    again = op.post(address, data=fields, follow_redirects=False)
    assert again.headers["location"] == made.headers["location"]
    assert op.get("/api/v1/automations/figures").json()["entry"] == 1


def test_a_new_version_is_made_on_purpose(op: Any) -> None:
    """If the DAG id is taken by the same recording, the preview says so before a version is made."""
    address = recorded(op)
    sent(op, address, do="crystallize", dag_id="figures")

    refused = sent(op, address, do="crystallize", dag_id="figures", exclude="3", entry="")
    assert refused.status_code == 428
    page = read_page(refused)
    assert "exists already" in page.find("div", role="alert")[0].words
    fields = {**main_form(page).fields(), "do": "crystallize"}
    assert fields["entry"] == "1"
    assert op.post(address, data=fields, follow_redirects=False).status_code == 303
    assert op.get("/api/v1/automations/figures").json()["version"] == 2
    stale = op.post(address, data={**fields, "key": "other", "exclude": "2"})
    assert stale.status_code == 412
    assert read_page(stale).find("h1")[0].words == "Somebody changed it meanwhile"


def test_refusals_keep_what_was_chosen(op: Any) -> None:
    """What is wrong is said above the form, in the page's own words."""
    address = recorded(op)

    answer = sent(op, address, do="crystallize", dag_id="../evil", schedule="every day", gates="recorded")

    page = read_page(answer)
    assert answer.status_code == 422
    assert "--" not in page.find("div", role="alert")[0].words
    fields = main_form(page).fields()
    assert (fields["dag_id"], fields["schedule"], fields["gates"]) == ("../evil", "every day", "recorded")


def other_tool() -> dict[str, Any]:
    """Return a run whose first call is of a tool that no kind is named like."""
    document = json.loads(seed())
    document["agentRun"]["id"] = "own"
    document["actionRuns"][0]["kind"] = "look_up"
    return document


def test_tools_get_a_kind(op: Any) -> None:
    """A tool without a kind is refused until the form says what it is."""
    address = recorded(op, other_tool())
    page = read_page(op.get(address))
    assert "Choose a kind" in page.find("div", role="alert")[0].words
    assert [one.words for one in page.find("legend")] == ["look_up (1 call)"]

    shown = read_page(sent(op, address, do="preview", kind="mcp_tool", conn_id="own_mcp", effect="read"))

    assert "You chose this kind." in shown.words
    assert main_form(shown).fields()["conn_id"] == "own_mcp"
    kept = read_page(sent(op, address, do="preview", option="allow_unmapped"))
    assert "unmapped_tool" in kept.words


def test_several_runs(op: Any) -> None:
    """Other recordings are chosen by a box each, and crystallized together."""
    first = recorded(op)
    second = json.loads(seed())
    second["agentRun"]["id"] = "second"
    recorded(op, second)
    (box,) = main_form(read_page(op.get(first))).find("input", name="further")

    page = read_page(sent(op, first, do="preview", further=str(box.attributes["value"])))

    assert "Several recordings: treating" in page.words


def test_hostile_recording(op: Any) -> None:
    """Whatever a trace says is text: the title, tools, arguments, results, ids, errors."""
    document = json.loads(seed())
    document["agentRun"]["id"] = f"a/b {HOSTILE}".replace("\x1b", "")
    document["agentSpec"] = {**document.get("agentSpec", {}), "name": HOSTILE, "slug": HOSTILE}
    action = document["actionRuns"][0]
    action["kind"] = HOSTILE
    action["result"] = {HOSTILE: HOSTILE, "token": TOKEN}
    action["definition"] = {**action["definition"], HOSTILE: HOSTILE}
    address = recorded(op, document)

    answer = op.get(address)

    page = read_page(answer)
    assert SHOWN in page.text
    assert TOKEN not in answer.text
    assert read_page(op.get("/ui/import")).find("th", scope="row")
    assert quote("a/b ", "") in address


def test_roles(as_role: Any) -> None:
    """What a person said to an agent is for those who may make automations of it."""
    op = as_role("op")
    address = recorded(op)
    for role in ("viewer", "user"):
        client = as_role(role)
        assert client.get("/ui/import").status_code == 403
        assert client.get(address).status_code == 403
        assert client.post(address, data={"do": "crystallize"}).status_code == 403
        assert client.post("/ui/import", files={"trace": ("x", b"{}")}).status_code == 403
