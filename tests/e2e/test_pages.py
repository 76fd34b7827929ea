"""The pages inside Airflow, as two people use them: from a trace file to an approved, scheduled DAG, in the browser."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e import pages_story
from tests.e2e.api_server import client, serving
from tests.e2e.person import Person
from tests.paths import ROOT

pytestmark = pytest.mark.e2e

AXE = "axe-core@4.11"
DESK = 1280
OTHER = "VAI_AIRFLOW_PYTHON" in os.environ
"""Whether it is not the Airflow of the project's environment."""
NARROW = ("approvals", "review")
SHOWN = "quarterly_report"
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory, received: Any) -> Iterator[Any]:
    """An Airflow without any automation: olga may author, ursula may approve, victor may look."""
    reports = {"conn_type": "http", "host": "127.0.0.1", "port": received.server_port}
    # before Airflow 3.3, waiting gates need the triggerer
    components = ("api-server", "scheduler", "dag-processor", *(["triggerer"] if OTHER else []))
    home = tmp_path_factory.mktemp("pages")
    with serving(home, components, AIRFLOW_CONN_REPORTS=json.dumps(reports)) as running:
        yield running


def test_from_a_trace_to_an_approved_run(airflow: Any, person: Callable[[str], Person], received: Any) -> None:
    """Import, edit, review, activate, start, approve on a phone, look at the result, change it, and go back."""
    if airflow.client.call("GET", "/version")["version"] == "3.1.0":
        pytest.skip("Airflow 3.1.0 does not tell the pages of a plugin who is logged in")
    pages_story.tell(airflow, person, received)


def test_a_viewer_looks(airflow: Any, person: Callable[[str], Person]) -> None:
    """Somebody who may only look sees every page of an automation, and no button that would be refused."""
    with client(airflow, "olga") as api:
        _made(api, "looked_at")
    victor = person("victor")
    for name in ("review", "steps", "runs", "triggers", "results", "versions", "savings"):
        victor.open(f"automations/looked_at/{name}")
        assert "looked_at" in victor.title
        names = [button.inner_text() for button in victor.frame.locator("main form[method=post] button").all()]
        assert names == [], (name, names)
    victor.complaints.clear()  # a page that is refused is an error in the console
    victor.page.goto(f"{airflow.seen_at}/plugin/vai/vai/ui/import")
    victor.frame.get_by_text("You may not do this").wait_for()
    victor.complaints.clear()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible(
    airflow: Any, person: Callable[[str], Person], theme: str, axe: str, picture: Callable[..., None]
) -> None:
    """No serious finding of axe, nothing wider than the window, in both themes, on a desk and on a phone."""
    with client(airflow, "olga") as api:
        run_id = _crystallized(api)
    olga = person("olga")
    olga.page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    tabs = ("review", "steps", "runs", "triggers", "results", "versions", "savings", "steps/generate_query")
    pages = [f"automations/{SHOWN}/{name}" for name in tabs]
    pages += ["automations", "approvals", "import", "savings", "setup", f"recordings/agent_run/{run_id}"]
    serious = []
    for path in pages:
        for width, height in ((DESK, 900), (390, 844)):
            olga.page.set_viewport_size({"width": width, "height": height})
            olga.open(path)
            inner = olga.inner()
            inner.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
            assert inner.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (path, width)
            name = path.removeprefix(f"automations/{SHOWN}/").split("/")[0]
            if "steps/" not in path and (width == DESK or name in NARROW):
                picture(olga.page, f"page-{name}-{theme}{'' if width == DESK else '-narrow'}")
            inner.evaluate(axe)
            found = inner.evaluate("axe.run().then(found => found.violations)")
            serious += [(path, width, one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS]
    assert serious == []


def test_hostile_text_in_every_page(airflow: Any, person: Callable[[str], Person]) -> None:
    """Text that wants to be a script, a template or a style is shown as text, on every page."""
    hostile = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>{{ 7*7 }}\u202eevil\u0007"
    with client(airflow, "olga") as api:
        _made(api, "hostile", description=hostile, question=hostile, tag="t<b>ag")
        trace = json.loads((ROOT / "dev/example/seed.json").read_text("utf-8").replace("best sellers", "BEST"))
        text = json.dumps(trace).replace("BEST", json.dumps(hostile)[1:-1])
        api.post("/agents/runs", content=text, headers={"Content-Type": "application/json"}).raise_for_status()
    olga = person("olga")
    for name in ("review", "steps", "runs", "triggers", "results", "versions", "savings", "steps/one"):
        olga.open(f"automations/hostile/{name}")
        assert olga.inner().evaluate("document.querySelectorAll('main script, main img').length") == 0
    for path in ("automations", "import"):
        olga.open(path)
        assert olga.inner().evaluate("document.querySelectorAll('main script, main img').length") == 0


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core, from npm; nothing of it is part of the package."""
    folder = tmp_path_factory.mktemp("axe")
    subprocess.run(["npm", "pack", "--silent", AXE], cwd=folder, check=True, capture_output=True)
    (archive,) = folder.glob("axe-core-*.tgz")
    with tarfile.open(archive) as packed:
        source = packed.extractfile("package/axe.min.js")
        assert source is not None
        return source.read().decode()


def _made(api: Any, dag_id: str, **texts: str) -> None:
    """Make an automation of two queries and a gated request, unless it exists."""
    if api.get(f"/automations/{dag_id}").status_code == 200:
        return
    question = texts.get("question", "How many?")
    steps = [
        {
            "key": "one",
            "kind": "generate_query",
            "arguments": {"conn_id": "warehouse", "question": question, "sql": "SELECT 1 AS a"},
        },
        {
            "key": "send",
            "kind": "http_request",
            "arguments": {"conn_id": "reports", "method": "POST", "endpoint": "/x", "json": {"rows": question}},
        },
    ]
    document = {"dagId": dag_id, "description": texts.get("description", "Two steps"), "steps": steps}
    answer = api.post("/automations", json={**document, "tags": [texts.get("tag", "look")]})
    assert answer.status_code == 201, answer.text


def _crystallized(api: Any) -> str:
    """Store the example's two recordings and make one automation of them, unless it exists; return a run's id."""
    runs = []
    for name in ("run.json", "run_2024.json"):
        recording = (ROOT / "dev/example" / name).read_bytes()
        answer = api.post("/agents/runs", content=recording, headers={"Content-Type": "application/json"})
        runs.append(str(answer.raise_for_status().json()["items"][0]["runId"]))
    if api.get(f"/automations/{SHOWN}").status_code != 200:
        options = {"dagId": SHOWN, "traces": runs[1:]}
        api.post(f"/agents/runs/{runs[0]}/crystallize", json=options).raise_for_status()
    return runs[0]
