"""The pages inside Airflow, as two people use them: from a trace file to an approved, scheduled DAG, in the browser."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.api_server import client, serving
from tests.paths import ROOT

pytestmark = pytest.mark.e2e

DAG_ID = "monthly_revenue_report"
ONE = f"automations/{DAG_ID}"
AXE = "axe-core@4.11"
DESK = 1280
OTHER = "VAI_AIRFLOW_PYTHON" in os.environ
"""Whether it is not the Airflow of the project's environment."""
DESK = 1280
NARROW = ("approvals", "review")
SHOWN = "quarterly_report"
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The service that the automation posts its summary to."""
    import receiver

    service = receiver.start(tmp_path_factory.mktemp("service") / "received.jsonl")
    yield service
    service.shutdown()


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory, received: Any) -> Iterator[Any]:
    """An Airflow without any automation: olga may author, ursula may approve, victor may look."""
    reports = {"conn_type": "http", "host": "127.0.0.1", "port": received.server_port}
    # before Airflow 3.3, waiting gates need the triggerer
    components = ("api-server", "scheduler", "dag-processor", *(["triggerer"] if OTHER else []))
    home = tmp_path_factory.mktemp("pages")
    with serving(home, components, AIRFLOW_CONN_REPORTS=json.dumps(reports)) as running:
        yield running


class Person:
    """A person in front of a browser.

    :param page: the browser's page, logged in. :param url: where Airflow is.
    """

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url
        self.complaints: list[str] = []
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", self._heard)
        page.on("request", self._asked)

    @property
    def frame(self) -> Any:
        """Our page inside Airflow's."""
        return self.page.frame_locator("iframe").first

    @property
    def title(self) -> str:
        """The heading of our page."""
        return str(self.frame.locator("h1").inner_text())

    def open(self, path: str) -> None:
        """Open one of our pages by its address inside Airflow."""
        self.page.goto(f"{self.url}/plugin/vai/vai/ui/{path}")
        self.frame.locator("main h1").wait_for()

    def settle(self) -> None:
        """Wait until our page is loaded and its place is in the browser's address.

        Airflow copies the place after the page is loaded, and a click at that very moment is lost.
        """
        end = time.monotonic() + 60
        while _place(self.page.url, "/plugin/vai/vai/") != _place(self.inner().url, "/vai/"):
            assert time.monotonic() < end, (self.page.url, self.inner().url)
            self.page.wait_for_timeout(100)
        self.inner().wait_for_load_state("load")
        self.page.wait_for_timeout(200)

    def click(self, name: str, role: str = "button", exact: bool = True) -> None:
        """Click a button or link of our page by its words."""
        self.settle()
        self.frame.get_by_role(role, name=name, exact=exact).first.click()

    def wait_for(self, path: str) -> None:
        """Wait until our page has an address that ends like this."""
        end = time.monotonic() + 60
        while not any(frame.url.split("#")[0].split("?")[0].endswith(path) for frame in self.page.frames):
            assert time.monotonic() < end, self.frame.locator("main").inner_text()
            self.page.wait_for_timeout(100)
        self.frame.locator("main h1").wait_for()

    def inner(self) -> Any:
        """Our page as a frame that scripts of the test can run in."""
        return next(frame for frame in self.page.frames[1:] if "/vai/ui/" in frame.url)

    def _heard(self, message: Any) -> None:
        """Note errors of our pages. What Airflow's own page complains about is not ours."""
        if message.type == "error" and "/vai/" in (message.location or {}).get("url", ""):
            self.complaints.append(f"console: {message.text} ({message.location['url']})")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.url, "blob:", "data:")):
            self.complaints.append(f"asked elsewhere: {request.url}")


@pytest.fixture
def person(airflow: Any, browse: Callable[[str], Any]) -> Iterator[Callable[[str], Person]]:
    """Return a function that logs a user in; after the test, nobody's browser may have complained."""
    people: list[Person] = []

    def one(user: str) -> Person:
        people.append(Person(browse(user), airflow.url))
        return people[-1]

    yield one
    assert [complaint for who in people for complaint in who.complaints] == []


def test_from_a_trace_to_an_approved_run(airflow: Any, person: Callable[[str], Person], received: Any) -> None:
    """Import, edit, review, activate, start, approve on a phone, look at the result, change it, and go back."""
    olga = person("olga")
    olga.page.goto(airflow.url)
    link = olga.page.get_by_role("link", name="VirtuousAI")
    olga.page.get_by_role("link", name="Dags").first.wait_for()
    if link.count():
        link.first.click()
    else:  # before Airflow 3.3 it is in the menu "Plugins"
        olga.open("automations")
    olga.frame.get_by_text("Nothing here yet").wait_for()

    _import(olga)
    _edit(olga)
    _accept_all(olga)
    _activate(airflow, olga)
    olga.open(f"{ONE}/runs")
    olga.click("Start a run")
    olga.frame.locator("table tbody tr").first.wait_for()

    ursula = person("ursula")
    ursula.page.set_viewport_size({"width": 390, "height": 844})
    _approve(airflow, ursula)
    _wait_for_success(airflow)
    (posted,) = received.posts()
    assert "EUR" in json.dumps(posted)

    olga.open(f"{ONE}/results")
    board = olga.page.frame_locator("iframe").first.frame_locator("iframe.board")
    board.locator("svg").first.wait_for()

    olga.open(f"{ONE}/steps/create_flashboard")
    olga.frame.locator('[name="value:title"]').fill("Revenue, month by month")
    olga.click("Save as a new version")
    olga.wait_for(f"{ONE}/steps")
    olga.open(f"{ONE}/versions")
    before = _newest_version(airflow)
    olga.frame.get_by_role("link", name="Restore version 1", exact=True).first.click()
    olga.frame.get_by_role("heading", name="Restore version 1").wait_for()
    olga.click("Restore version 1")
    olga.wait_for(f"{ONE}/versions")
    assert _newest_version(airflow) == before + 1


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
    victor.page.goto(f"{airflow.url}/plugin/vai/vai/ui/import")
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


def _place(address: str, below: str) -> str:
    """Return the part of an address that names our page."""
    return address.partition(below)[2].partition("#")[0]


def _import(olga: Person) -> None:
    olga.click("Import a recording", role="link")
    olga.wait_for("/import")
    olga.frame.locator("input[type=file]").set_input_files(str(ROOT / "dev/example/run.json"))
    olga.click("Import")
    olga.frame.get_by_role("heading", name="Tool calls").wait_for()
    olga.frame.get_by_label("DAG id").fill(DAG_ID)
    olga.click("Preview")
    olga.inner().wait_for_url("**#preview")
    assert "Nothing is written yet" in olga.frame.locator("#preview").inner_text()
    olga.click("Crystallize")
    olga.wait_for(f"{ONE}/review")


def _edit(olga: Person) -> None:
    """Take the right connection, and order the months the other way round."""
    olga.open(f"{ONE}/steps/http_request")
    olga.frame.locator('[name="value:conn_id"]').fill("reports")
    olga.click("Save as a new version")
    olga.wait_for(f"{ONE}/steps")
    olga.open(f"{ONE}/steps/generate_query")
    sql = olga.frame.locator('[name="value:sql"]')
    sql.fill(f"{sql.input_value().rstrip()}\n-- read by olga")
    olga.click("Save as a new version")
    olga.wait_for(f"{ONE}/steps")
    assert "read by olga" in olga.frame.locator("#step-generate_query").inner_text()


def _accept_all(olga: Person) -> None:
    """Tick and accept the items of every group, among them the derived values."""
    olga.open(f"{ONE}/review")
    groups = olga.frame.locator("section.findings h2").all_inner_texts()
    assert len(groups) > 1
    for number in range(1, len(groups) + 1):
        section = olga.frame.locator(f'section[aria-labelledby="group-{number}"]')
        for tick in section.locator("input[name=item]").all():
            tick.check()
        section.get_by_role("button", name="Accept ticked").click()
        olga.frame.locator(f'section[aria-labelledby="group-{number}"] .badge.ok').first.wait_for()
    olga.frame.get_by_text("All items are accepted").wait_for()


def _activate(airflow: Any, olga: Person) -> None:
    """Activate, as soon as Airflow has read the newest version."""
    with client(airflow, "olga") as api:
        for _ in range(60):
            olga.open(f"{ONE}/review")
            olga.frame.get_by_role("button", name="Activate version").click()
            olga.page.wait_for_timeout(2000)
            if api.get(f"/automations/{DAG_ID}").json()["status"] == "active":
                olga.open(f"{ONE}/review")
                assert "is live" in olga.frame.locator(".state").inner_text()
                return
    raise AssertionError(olga.frame.locator("main").inner_text())


def _approve(airflow: Any, ursula: Person) -> None:
    end = time.monotonic() + 180
    ursula.open("approvals")
    while not ursula.frame.locator("article.gate").count():
        assert time.monotonic() < end, ursula.frame.locator("main").inner_text()
        ursula.page.wait_for_timeout(2000)
        ursula.open("approvals")
    card = ursula.frame.locator("article.gate").first
    assert "EUR" in card.inner_text()
    assert ursula.inner().evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    card.locator("textarea[name=note]").fill("Figures checked")
    card.get_by_role("button", name="Approve").click()
    card.get_by_text("Approved: the run goes on.").wait_for()


def _wait_for_success(airflow: Any) -> None:
    with client(airflow, "olga") as api:

        def ended() -> bool:
            (run,) = api.get(f"/automations/{DAG_ID}/runs").raise_for_status().json()["items"]
            assert run["state"] != "failed"
            return bool(run["state"] == "success")

        airflow.wait(f"the run of {DAG_ID} to succeed", ended, 180)


def _newest_version(airflow: Any) -> int:
    with client(airflow, "olga") as api:
        return int(api.get(f"/automations/{DAG_ID}").raise_for_status().json()["version"])


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
