"""The whole life of an automation over HTTP, on a real Airflow; many editors, two servers, lost answers."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.e2e.api_server import API, ROOT, RUN_ID, SEED, TWO_STEPS, client, serving, token, wait_read

pytestmark = pytest.mark.e2e

DOCS = ROOT / "dev/docs/api.md"
EDITORS = 50
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A healthy Airflow without automations."""
    with serving(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture(scope="module")
def olga(server: Any) -> Iterator[httpx.Client]:
    """Somebody who may author."""
    with client(server, "olga") as api:
        yield api


def made(api: httpx.Client, **fields: Any) -> str:
    """Make an automation of two steps and return its DAG id."""
    dag_id = f"made_{next(numbers)}"
    answer = api.post("/automations", json={**TWO_STEPS, "dagId": dag_id, **fields})
    assert answer.status_code == 201, answer.text
    return dag_id


def tag(api: httpx.Client, dag_id: str) -> dict[str, str]:
    """Return the header that names an automation's newest state."""
    return {"If-Match": api.get(f"/automations/{dag_id}").headers["etag"]}


def activated(server: Any, api: httpx.Client, dag_id: str) -> httpx.Response:
    """Activate an automation as soon as Airflow has read it."""

    def done() -> httpx.Response | None:
        answer = api.post(f"/automations/{dag_id}/activate", json={"reviewed": "all"}, headers=tag(api, dag_id))
        return answer if answer.status_code != 409 else None

    answer: httpx.Response = server.wait(f"{dag_id} to be activated", done, 180)
    assert answer.status_code == 200, answer.text
    return answer


def ended(server: Any, api: httpx.Client, dag_id: str, run_id: str) -> dict[str, Any]:
    """Wait until a run ends; return it as the API shows it."""

    def over() -> dict[str, Any] | None:
        items = api.get(f"/automations/{dag_id}/runs").raise_for_status().json()["items"]
        run: dict[str, Any] = next(item for item in items if item["runId"] == run_id)
        return run if run["state"] in ("success", "failed") else None

    run: dict[str, Any] = server.wait(f"{run_id} of {dag_id} to end", over, 300)
    return run


def test_the_whole_life(server: Any, olga: httpx.Client) -> None:
    """From a trace to a run that says which version it ran, by way of edits, a stale one, and a restored version."""
    posted = olga.post("/agents/runs", content=SEED.read_bytes(), headers={"Content-Type": "application/json"})
    assert posted.status_code == 201, posted.text
    crystallized = olga.post(f"/agents/runs/{RUN_ID}/crystallize", json={"dagId": "life"})
    assert crystallized.status_code == 201, crystallized.text
    one = crystallized.headers["location"].removeprefix(API)
    assert olga.get(one).json()["status"] == "draft"

    first = tag(olga, "life")
    assert olga.patch(one, json={"description": "Edited"}, headers=first).status_code == 200
    assert olga.patch(one, json={"description": "Too late"}, headers=first).status_code == 412
    step = {"key": "extra", "kind": "generate_query", "arguments": {"conn_id": "warehouse", "sql": "SELECT 7 AS n"}}
    assert olga.post(f"{one}/steps", json=step, headers=tag(olga, "life")).status_code == 201
    assert [item["version"] for item in olga.get(f"{one}/versions").json()["items"]] == [3, 2, 1]
    changes = olga.get(f"{one}/versions/1/diff", params={"to": 3}).json()["changes"]
    assert {change["place"] for change in changes} >= {"description", "steps.extra"}
    restored = olga.post(f"{one}/versions/2/restore", headers=tag(olga, "life"))
    assert (restored.status_code, restored.json()["version"]) == (200, 4)
    assert "extra" not in [it["key"] for it in restored.json()["steps"]]

    assert activated(server, olga, "life").json()["status"] == "active"
    started = olga.post(f"{one}/runs", json={})
    assert started.status_code == 201, started.text
    run = ended(server, olga, "life", started.json()["runId"])
    assert (run["state"], run["version"], run["triggeringUser"]) == ("success", 4, "olga")
    assert run["startedAt"] <= run["endedAt"]
    assert (run["skipped"], run["runType"], run["triggeredBy"]) == (None, "manual", "rest_api")

    paused = olga.post(f"{one}/pause", headers=tag(olga, "life"))
    assert (paused.json()["status"], paused.json()["isPaused"]) == ("paused", True)
    assert olga.post(f"{one}/runs", json={}).status_code == 409
    changes_of_status = [item["change"] for item in olga.get(f"{one}/versions").json()["items"]]
    assert changes_of_status[:2] == ["paused", "activated"]


def test_several_recordings(server: Any, olga: httpx.Client) -> None:
    """Two runs of one task become one automation with a param, which Airflow reads; the answer says so."""
    for name, order in (("monday", "ORD-1001"), ("tuesday", "ORD-1002")):
        asked = {"id": name, "type": "function", "function": {"name": "get_order", "arguments": {"id": order}}}
        messages = [
            {"role": "user", "content": f"Look up order {order} please"},
            {"role": "assistant", "content": None, "tool_calls": [asked]},
            {"role": "tool", "tool_call_id": name, "content": '{"state": "open"}'},
        ]
        posted = olga.post("/chat/threads", json={"id": name, "title": f"Look up {order}", "messages": messages})
        assert posted.status_code == 201, posted.text
    rule = {"match": "*", "kind": "mcp_tool", "connId": "shop", "effect": "read"}

    body = {"dagId": "orders", "traces": ["tuesday"], "tools": [rule]}
    made = olga.post("/chat/threads/monday/crystallize", json=body)

    assert made.status_code == 201, made.text
    assert made.json()["takenFor"] == "treating monday, tuesday as 2 runs of one task"
    assert made.json()["params"]["id"]["default"] == "ORD-1002"
    assert wait_read(server, olga, "orders")["error"] is None


def test_review_comes_first(server: Any, olga: httpx.Client) -> None:
    """What is flagged has to be named; the answer lists what is open. Whoever did so stands in the record."""
    dag_id = made(olga)
    wait_read(server, olga, dag_id)

    refused = olga.post(f"/automations/{dag_id}/activate", headers=tag(olga, dag_id))
    assert refused.status_code == 409
    assert refused.json()["open"] == olga.get(f"/automations/{dag_id}").json()["toReview"] != []

    named = {"reviewed": refused.json()["open"]}

    def done() -> httpx.Response | None:
        answer = olga.post(f"/automations/{dag_id}/activate", json=named, headers=tag(olga, dag_id))
        return answer if answer.status_code != 409 else None

    shown = server.wait("it to be activated", done, 120).json()
    assert (shown["status"], shown["toReview"], shown["reviews"][-1]["by"]) == ("active", [], "olga")


def test_status_follows_airflows_switch(server: Any, olga: httpx.Client) -> None:
    """Whoever pauses the DAG on Airflow's own page pauses the automation, and the list says so."""
    dag_id = made(olga)
    activated(server, olga, dag_id)
    server.client.call("PATCH", f"/dags/{dag_id}", {"is_paused": True})

    assert olga.get(f"/automations/{dag_id}").json()["status"] == "paused"
    items = olga.get("/automations", params={"status": "paused", "q": dag_id}).json()["items"]
    assert [item["dagId"] for item in items] == [dag_id]


def test_a_file_that_airflow_cannot_read(server: Any, olga: httpx.Client) -> None:
    """The status is error, with Airflow's words and without the server's folders; it cannot be activated."""
    dag_id = made(olga)
    wait_read(server, olga, dag_id)
    file = server.folder / f"{dag_id}.py"
    good = file.read_text()
    file.write_text(good + "\nraise ValueError('by hand')\n")

    def broken() -> dict[str, Any] | None:
        shown: dict[str, Any] = olga.get(f"/automations/{dag_id}").json()
        return shown if shown["status"] == "error" else None

    shown = server.wait("the import error", broken, 120)
    assert "by hand" in shown["error"]
    assert str(server.folder) not in shown["error"]
    assert shown["editedByHand"] is True
    refused = olga.post(f"/automations/{dag_id}/activate", json={"reviewed": "all"}, headers=tag(olga, dag_id))
    assert refused.status_code == 409
    assert str(server.home) not in refused.text
    file.write_text(good)


def test_runs_of_versions_and_conditions(server: Any, olga: httpx.Client) -> None:
    """Each run names the version that it ran, and says which condition made it skip; params are Airflow's to check."""
    dag_id = made(
        olga,
        params={"top": {"default": 1, "schema": {"type": "integer"}}},
        conditions=["params.top > 3"],
    )
    activated(server, olga, dag_id)
    bad = olga.post(f"/automations/{dag_id}/runs", json={"conf": {"top": "many"}})
    assert bad.status_code == 422, bad.text
    first = olga.post(f"/automations/{dag_id}/runs", json={}).raise_for_status().json()
    skipped = ended(server, olga, dag_id, first["runId"])
    assert "params.top > 3" in skipped["skipped"]
    assert skipped["version"] == 1

    changed = olga.patch(f"/automations/{dag_id}", json={"description": "Second"}, headers=tag(olga, dag_id))
    assert changed.status_code == 200
    activated(server, olga, dag_id)
    second = olga.post(f"/automations/{dag_id}/runs", json={"conf": {"top": 5}}).raise_for_status().json()
    ran = ended(server, olga, dag_id, second["runId"])
    assert (ran["state"], ran["version"], ran["skipped"]) == ("success", 2, None)
    page = olga.get(f"/automations/{dag_id}/runs", params={"limit": 1}).json()
    assert ([item["runId"] for item in page["items"]], page["total"]) == ([second["runId"]], 2)


def test_a_deleted_automation_comes_back_as_a_draft(server: Any, olga: httpx.Client) -> None:
    """Deleting pauses the DAG, so that a version that is restored later does not run before somebody looks at it."""
    dag_id = made(olga)
    activated(server, olga, dag_id)
    assert olga.delete(f"/automations/{dag_id}", headers=tag(olga, dag_id)).status_code == 204
    assert olga.get(f"/automations/{dag_id}").status_code == 404
    state = {"If-Match": olga.get(f"/automations/{dag_id}/versions").headers["etag"]}

    restored = olga.post(f"/automations/{dag_id}/versions/1/restore", headers=state)

    assert restored.status_code == 200, restored.text
    assert wait_read(server, olga, dag_id)["status"] == "draft"


def test_fifty_editors_at_once(server: Any, olga: httpx.Client) -> None:
    """Everybody gets in in the end; each change that was answered with 200 is in exactly one version."""
    dag_id = made(olga)

    def edit(number: int) -> int:
        refusals = 0
        while True:
            shown = olga.get(f"/automations/{dag_id}")
            tags = [*shown.json().get("tags", []), f"editor{number}"]
            answer = olga.patch(
                f"/automations/{dag_id}",
                json={"tags": tags, "summary": f"by editor {number}"},
                headers={"If-Match": shown.headers["etag"]},
            )
            if answer.status_code == 200:
                return refusals
            assert answer.status_code == 412, answer.text
            refusals += 1

    with ThreadPoolExecutor(EDITORS) as pool:
        refusals = sum(pool.map(edit, range(EDITORS)))

    shown = olga.get(f"/automations/{dag_id}").json()
    assert Counter(shown["tags"]) == Counter(f"editor{number}" for number in range(EDITORS))
    items = olga.get(f"/automations/{dag_id}/versions").json()["items"]
    assert [item["version"] for item in items] == list(range(EDITORS + 1, 0, -1))
    said = Counter(item["summary"] for item in items[:-1])
    assert said == Counter(f"by editor {number}" for number in range(EDITORS))
    assert refusals > 0, "nobody met anybody: the test tests nothing"


def test_a_lost_answer(server: Any, olga: httpx.Client) -> None:
    """Twenty times the same request at once is one automation; whoever asks later gets its answer again."""
    dag_id = f"made_{next(numbers)}"
    headers = {"Idempotency-Key": f"key-{dag_id}"}

    def ask(_: int) -> httpx.Response:
        return olga.post("/automations", json={**TWO_STEPS, "dagId": dag_id}, headers=headers)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, range(20)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    fresh = [it for it in answers if it.status_code == 201 and "idempotency-replayed" not in it.headers]
    assert len(fresh) == 1
    again = ask(0)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert again.json() == fresh[0].json()
    other = olga.post("/automations", json={**TWO_STEPS, "dagId": f"{dag_id}_x"}, headers=headers)
    assert other.status_code == 422
    assert olga.get(f"/automations/{dag_id}/versions").json()["total"] == 1


def test_two_servers(server: Any, olga: httpx.Client) -> None:
    """Two API servers on one storage: what one writes, the other shows; of two changes of one state one gets in."""
    from airflow_process import SUPERVISOR, free_port

    port = free_port()
    command = [str(SUPERVISOR), str(server.home), str(server.python), "api-server", "--port", str(port)]
    server._launch("second", command)
    url = f"http://127.0.0.1:{port}"

    def up() -> bool:
        try:
            return httpx.get(f"{url}/api/v2/monitor/health", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    server.wait("the second server", up, 180)
    with client(server, "olga", url) as second:
        dag_id = made(olga)
        wait_read(server, olga, dag_id)  # or Airflow reads it between the two answers
        assert second.get(f"/automations/{dag_id}").json() == olga.get(f"/automations/{dag_id}").json()
        for number in range(1, 11):
            state = {"If-Match": f'"{number}"'}

            def change(api: httpx.Client, state: dict[str, str] = state) -> int:
                body = {"description": f"{state} by {api.base_url}"}
                return api.patch(f"/automations/{dag_id}", json=body, headers=state).status_code

            with ThreadPoolExecutor(2) as pool:
                assert sorted(pool.map(change, (olga, second))) == [200, 412]
        assert olga.get(f"/automations/{dag_id}").json() == second.get(f"/automations/{dag_id}").json()
        key = {"Idempotency-Key": "on-two-servers"}
        spec = {**TWO_STEPS, "dagId": f"{dag_id}_twice"}
        with ThreadPoolExecutor(10) as pool:
            both = list(
                pool.map(lambda n: (olga, second)[n % 2].post("/automations", json=spec, headers=key), range(10))
            )
        assert sum(it.status_code == 201 and "idempotency-replayed" not in it.headers for it in both) == 1
        assert {it.status_code for it in both} <= {201, 409}


def test_a_webhooks_literal_secret(server: Any, olga: httpx.Client) -> None:
    """It becomes the password of a connection; no file of the folder and no answer holds it."""
    secret = "whsec_0b7a91c4d2e85f36"
    config = {
        "path": "shop/paid",
        "secret": secret,
        "action": {"kind": "generate_query", "definition": {"sql": "SELECT 1 AS a", "conn_id": "warehouse"}},
    }
    body = {"name": "Paid order", "triggerType": "webhook", "config": config}

    answer = olga.post("/automations", json=body)

    assert answer.status_code == 201, answer.text
    conn_id = answer.json()["triggers"][0]["connId"]
    assert server.client.call("GET", f"/connections/{conn_id}")["connection_id"] == conn_id
    assert secret not in answer.text
    stored = [file for file in server.folder.rglob("*") if file.is_file()]
    assert not [file for file in stored if secret.encode() in file.read_bytes()]


def test_the_documented_commands(server: Any, olga: httpx.Client) -> None:
    """The curl lines of the page crystallize a run, activate it, start it, and list its runs, as they stand there."""
    blocks = re.findall(r"<!-- run: api -->\n```bash\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    environment = {**os.environ, "AIRFLOW": server.url, "TOKEN": token(server, "olga"), "NO_PROXY": "127.0.0.1"}

    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    last = json.loads(ran.stdout.strip().splitlines()[-1])
    assert [item["version"] for item in last["items"]] == [1]
    (run,) = last["items"]
    assert ended(server, olga, "monthly_revenue", run["runId"])["state"] == "success"
