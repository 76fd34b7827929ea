"""An Airflow on several machines: Celery workers without a shared disk, an object store, Git, and FAB's logins.

The machines are network namespaces, see ``dev/machines.py``. What must be shared all the same, the DuckDB file and the
working folders, is on a volume that both workers mount.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.e2e.conftest import GateRun
from tests.paths import ROOT
from tests.s3_server import Server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

PYTHON = os.environ.get("VAI_CLUSTER_PYTHON", "")
EXAMPLE, CASE = ROOT / "dev/example", ROOT / "tests/golden/every_kind"
PREFIX = "/data/airflow"
KEY, SECRET = "key", "hush-hush"
NOTES_PORT = 7300
DEMO, EVERY_KIND = "monthly_revenue_report", "every_kind"
AUTOMATIONS, ARTIFACTS = "s3://store@lake/automations", "s3://store@lake/vai"
ON_TWO = {
    *(f"{DEMO}.{task}" for task in ("generate_query_2", "create_flashboard", "http_request")),
    *(f"{EVERY_KIND}.{task}" for task in ("explain_schema", "generate_query", "fetch_page", "create_flashboard")),
    *(f"{EVERY_KIND}.{task}" for task in ("call_agent", "http_request", "edit_file", "conditional_branch")),
    *("publish_report.publish", "pay_cut.pay", "pay_killed.pay", "pay_slow.pay"),
}
"""What the second worker runs; the first one runs the rest, so that most steps follow one of the other worker."""
PAYMENTS = """
from datetime import timedelta

from airflow.sdk import DAG
from airflow_provider_vai.operators.arguments import template
from airflow_provider_vai.operators.http_request import HttpRequestOperator

for moment in ("cut", "killed", "slow"):
    with DAG(f"pay_{moment}", schedule=None):
        HttpRequestOperator(
            task_id="pay",
            conn_id="bank",
            endpoint=f"pay/{moment}",
            method="POST",
            json={"run": template("{{ run_id }}")},
            retries=1,
            retry_delay=timedelta(seconds=1),
        )
"""


@dataclass
class Bank:
    """The target of payments: it counts them, and lets the ones of the test wait for their answer.

    :ivar got: path -> how many payments came.
    :ivar arrived: is set once a payment came.
    :ivar answers: payments are answered once it is set.
    """

    got: Counter[str] = field(default_factory=Counter)
    arrived: threading.Event = field(default_factory=threading.Event)
    answers: threading.Event = field(default_factory=threading.Event)

    def answer(self, request: Any) -> Any:
        """Count a payment; answer late."""
        self.got[request.path] += 1
        self.arrived.set()
        self.answers.wait(600)
        return {"paid": True}


@dataclass(frozen=True)
class Site:
    """The running Airflow and what is around it."""

    airflow: Any
    reports: Any
    bank: Bank
    store: Server
    folder: Path
    volume: Path

    def begin(self, dag_id: str) -> GateRun:
        """Start a run of a DAG."""
        return GateRun(self.airflow, dag_id, print).begin()

    def keys(self, prefix: str) -> list[str]:
        """Return the names of the objects below a prefix of the bucket."""
        found = client(self.store).list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", [])
        return [entry["Key"] for entry in found]

    def text(self, key: str) -> str:
        """Return the text of an object of the bucket."""
        return str(client(self.store).get_object(Bucket="lake", Key=key)["Body"].read().decode())


def client(store: Server) -> Any:
    """Return a client of the object store."""
    import boto3

    keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, **place_of(store)}
    return boto3.client("s3", **keys)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The machines, their services and a healthy Airflow with the DAGs of the bucket and of the repository."""
    import cluster
    import machines
    import receiver
    import services
    import warehouse

    if not PYTHON:
        pytest.skip("the environment for several machines is not there: run `dev/e2e cluster`")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # moto's: a line for each request
    folder = tmp_path_factory.mktemp("cluster")
    for name in ("homes", "redis", "git"):
        (folder / name).mkdir()
    bank = Bank()
    with ExitStack() as stack:
        try:
            network = stack.enter_context(machines.Network(folder / "homes", ("web", "control", *cluster.WORKERS)))
            stack.enter_context(cluster.services(folder / "redis"))
        except machines.NotPossibleError as error:
            pytest.skip(str(error))
        hub, volume = machines.HUB, network.root / "volume"
        store = Server(hub)
        stack.callback(store.stop)
        reports = receiver.start(folder / "reports.jsonl", hub)
        stack.callback(reports.shutdown)
        payments = stack.enter_context(services.serving(bank.answer, hub))
        stack.callback(bank.answers.set)
        repository = stack.enter_context(git_server(folder / "git", hub))
        shop = stack.enter_context(services.serving(services.shop, hub))
        http = {"conn_type": "http", "host": hub}
        connections = {
            "store": {"conn_type": "aws", "login": KEY, "password": SECRET, "extra": place_of(store)},
            "repository": {"conn_type": "git", "host": repository},
            "shop_api": {**http, "port": shop.server_port},
            "web_search": {**http, "port": shop.server_port},
            "news_site": {**http, "extra": {"allow_private": True}},
            "reports": {**http, "port": reports.server_port},
            "bank": {**http, "port": payments.server_port},
            "warehouse": {"conn_type": "duckdb", "host": str(volume / "warehouse.duckdb")},
            **stack.enter_context(agent(folder / "notes.txt", hub)),
        }
        warehouse.build(volume / "warehouse.duckdb")  # the DAG every_kind adds its tables to it
        fill(store, folder, shop.url, connections["store"])
        made = {"connections": connections, "on_two": ON_TWO, "prefix": PREFIX}
        users = {"mia": "Admin", "victor": "Viewer"}
        running = stack.enter_context(cluster.Cluster(network, Path(PYTHON), settings(volume), users, **made))
        running.wait_healthy()
        yield Site(running, reports, bank, store, folder, volume)


def place_of(store: Server) -> dict[str, str]:
    """Return what a connection says about the place of the object store."""
    return {"endpoint_url": store.url, "region_name": "us-east-1"}


@contextmanager
def agent(notes: Path, host: str) -> Iterator[dict[str, dict[str, Any]]]:
    """Run the model and the notebook of the DAG ``every_kind``; yield the connections to them."""
    import services

    served = [sys.executable, str(EXAMPLE / "services.py"), str(NOTES_PORT), str(notes), host]
    answer = services.model(lambda question: ("add_note", {"text": "North leads."}))
    with services.serving(answer, host) as model, services.listening(served, NOTES_PORT, host):
        extra = {"model": "openai-chat:scripted"}
        yield {
            "team_notes": {"conn_type": "mcp", "host": f"http://{host}:{NOTES_PORT}/mcp"},
            "analyst_model": {"conn_type": "pydanticai", "host": f"{model.url}/v1", "password": "none", "extra": extra},
        }


def settings(volume: Path) -> dict[str, str]:
    """Return what every component is told about folders, DAG bundles and lost tasks."""
    bucket = {"aws_conn_id": "store", "bucket_name": "lake", "prefix": "automations", "refresh_interval": 10}
    repository = {"git_conn_id": "repository", "tracking_ref": "main", "subdir": "dags", "refresh_interval": 10}
    bundles = [
        {"name": "bucket", "classpath": "airflow.providers.amazon.aws.bundles.s3.S3DagBundle", "kwargs": bucket},
        {"name": "repository", "classpath": "airflow.providers.git.bundles.git.GitDagBundle", "kwargs": repository},
    ]
    return {
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles),
        "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "5",
        "AIRFLOW__VAI__AUTOMATIONS_PATH": AUTOMATIONS,
        "AIRFLOW__VAI__ARTIFACTS_PATH": ARTIFACTS,
        "AIRFLOW__VAI__WORK_PATH": str(volume / "work"),
        "AIRFLOW__VAI__RESULT_LIMIT_BYTES": "40",  # so that steps find earlier results in the bucket
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
        "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "40",
    }


def fill(store: Server, folder: Path, shop: str, connection: dict[str, Any]) -> None:
    """Crystallize the two recordings into the bucket, as a person does from their own machine."""
    from airflow_provider_vai.cli.main import main

    bucket = client(store)
    bucket.create_bucket(Bucket="lake")
    bucket.put_object(Bucket="lake", Key="data/partner/targets.csv", Body=b"region,target\nNorth,150\n")
    bucket.upload_file(str(EXAMPLE / "dags/sales_tools.py"), "lake", "automations/sales_tools.py")
    trace = (CASE / "trace.json").read_text(encoding="utf-8")
    trace = trace.replace("file:///data", "s3://store@lake/data").replace("https://news.example", f"{shop}/news")
    (folder / "trace.json").write_text(trace, encoding="utf-8")
    recordings = [str(EXAMPLE / name) for name in ("run.json", "run_2024.json")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_STORE", json.dumps(connection))
        patch.syspath_prepend(str(EXAMPLE / "dags"))
        for traces, tools, options in (
            (recordings, EXAMPLE, ["--dag-id", DEMO]),
            ([str(folder / "trace.json")], CASE, ["--dag-id", EVERY_KIND, "--parallel", "--gates", "recorded"]),
        ):
            tools_file = str(tools / "vai-tools.toml")
            assert main(["crystallize", *traces, "--tools", tools_file, "--out", AUTOMATIONS, *options]) == 0


def git_server(folder: Path, host: str) -> Any:
    """Serve a repository with the DAG that ``every_kind`` calls, and the payments; return its address."""
    import cluster

    dags = folder / "work/dags"
    shutil.copytree(EXAMPLE / "dags", dags, ignore=shutil.ignore_patterns("__pycache__"))
    (dags / "payments.py").write_text(PAYMENTS, encoding="utf-8")
    return cluster.git_daemon(folder / "work", host)


# --- the two automations ----------------------------------------------------------------------------------------------


def machine_of(run: GateRun) -> dict[str, str]:
    """Return the machine on which each task ran."""
    return {instance["task_id"]: instance["hostname"] for instance in run._instances() if instance["hostname"]}


def test_the_demo(site: Site) -> None:
    """The queries run on two workers, the page and the post on one of them each, with the other one's results."""
    run = site.begin(DEMO)

    assert run.follow(600, lambda gate: None, answer="Approve") == "success", run.failures()

    on = machine_of(run)
    assert (on["generate_query"], on["generate_query_2"], on["create_flashboard"]) == ("one", "two", "two")
    assert (on["approve_http_request"], on["http_request"]) == ("one", "two")
    (post,) = [post for post in site.reports.posts() if "summary" in post]
    assert post["summary"] == "Completed orders brought EUR 396,618; 4,050 orders from 5 regions."
    assert any(key.endswith(".html") for key in site.keys("vai/"))


def test_every_kind(site: Site) -> None:
    """Each kind of step succeeds, with its input from steps on the other worker."""
    run = site.begin(EVERY_KIND)

    assert run.follow(900, lambda gate: None, answer="Approve") == "success", run.failures()

    assert {task: state for task, state in run.states.items() if state != "success"} == {"plan_discount": "skipped"}
    assert Counter(machine_of(run).values()).keys() >= {"one", "two"}
    assert site.text("data/archive/2025-03/targets.csv") == "region,target\nNorth,150\n"
    assert [post for post in site.reports.posts() if "regions" in post] == [
        {"month": "2025-03", "regions": [{"region": "North", "revenue": 180}, {"region": "South", "revenue": 80}]}
    ]
    notes = (site.folder / "notes.txt").read_text(encoding="utf-8").splitlines()
    assert notes == ["North leads.", "A good March: no discount is needed."]
    (sorted_file,) = site.volume.glob(f"work/{EVERY_KIND}/*/report/sorted.txt")
    assert sorted_file.read_text(encoding="utf-8") == "North 180\nSouth 80\n"
    (called,) = run.client.call("GET", "/dags/publish_report/dagRuns")["dag_runs"]
    assert called["state"] == "success"


def test_workers_keep_nothing(site: Site) -> None:
    """No result and no automation stays on a worker's disk; each fetches the DAG bundles that its steps need."""
    fetched = {"one": {"bucket"}, "two": {"bucket", "repository"}}
    for name, bundles in fetched.items():
        disk = site.airflow.machines[name].disk
        assert not (disk / "vai").exists()
        assert {path.name for path in (disk / "tmp/airflow/dag_bundles").glob("[!_]*")} == bundles


# --- the API server's machine -----------------------------------------------------------------------------------------


def ask(site: Site, method: str, path: str, user: str = "mia", **more: Any) -> httpx.Response:
    """Send a request to the provider's routes as a user who logged in by a token."""
    login = {"username": user, "password": site.airflow.passwords[user]}
    token = httpx.post(f"{site.airflow.url}/auth/token", json=login, trust_env=False).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
    address = f"{site.airflow.url}/vai{path}"
    return httpx.request(method, address, headers=headers, trust_env=False, timeout=60, **more)


def test_automations_of_the_bucket(site: Site) -> None:
    """The API server lists what the bucket holds, through a connection of the database."""
    listed = ask(site, "GET", "/api/v1/automations")

    assert listed.status_code == 200, listed.text
    assert {one["dagId"] for one in listed.json()["items"]} == {DEMO, EVERY_KIND}
    assert httpx.get(f"{site.airflow.url}/vai/api/v1/automations", trust_env=False).status_code == 401
    outside = site.airflow.url.removesuffix(PREFIX)
    assert httpx.get(f"{outside}/vai/api/v1/automations", trust_env=False).status_code == 404


def test_roles_of_fab(site: Site) -> None:
    """A viewer reads; an admin changes, and the change is in the bucket."""
    path = f"/api/v1/automations/{DEMO}"
    shown = ask(site, "GET", path, "victor")
    assert shown.status_code == 200, shown.text
    same = {"headers": {"If-Match": shown.headers["ETag"]}}

    assert ask(site, "POST", f"{path}/pause", "victor", **same).status_code == 403
    paused = ask(site, "POST", f"{path}/pause", **same)

    assert paused.status_code == 200, paused.text
    assert json.loads(site.text(f"automations/{DEMO}.vai.json"))["status"] == "paused"


@pytest.mark.parametrize("page", ["/", "/automations", f"/automations/{DEMO}/steps", "/approvals"])
def test_pages_below_the_prefix(site: Site, page: str) -> None:
    """Each page answers, and its addresses stay below the prefix."""
    shown = ask(site, "GET", f"/ui{page}")
    if shown.is_redirect:
        address = shown.url.join(shown.headers["location"])
        assert address.path.startswith(f"{PREFIX}/vai/")
        shown = ask(site, "GET", address.path.removeprefix(f"{PREFIX}/vai"))

    assert shown.status_code == 200, shown.text
    absolute = re.findall(r'(?:href|src|action)="(/[^"]*)"', shown.text)
    assert [address for address in absolute if not address.startswith(f"{PREFIX}/")] == []


def test_files_of_a_run(site: Site) -> None:
    """The page that a worker drew is served from the bucket, and so is the record of the approval."""
    found = ask(site, "GET", f"/api/v1/automations/{DEMO}/artifacts")
    assert found.status_code == 200, found.text
    decided = ask(site, "GET", "/api/v1/approvals", params={"dag_id": DEMO})
    assert decided.status_code == 200, decided.text
    (record,) = decided.json()["items"]
    assert (record["decision"], record["by"]["name"]) == ("approve", "mia")
    (run,) = site.airflow.client.call("GET", f"/dags/{DEMO}/dagRuns")["dag_runs"]
    page = ask(site, "GET", f"/artifacts/{DEMO}/{quote(run['dag_run_id'])}/create_flashboard")
    assert page.status_code == 200, page.text
    assert "Revenue and orders" in page.text


# --- a worker that is lost --------------------------------------------------------------------------------------------


def test_a_worker_is_cut_off_in_mid_write(site: Site) -> None:
    """The payment was made, its answer is lost: the next try pays nothing, says why, and the run fails."""
    run, worker = paying(site, "pay_cut"), site.airflow.machines["two"]
    try:
        worker.cut_off()
        run.wait_state("pay", "up_for_retry", "queued", "failed", limit=240)
    finally:
        worker.join()
        site.bank.answers.set()

    assert run.end(600) == "failed"
    assert site.bank.got["pay/cut"] == 1
    assert "unknown outcome" in run.log("pay")


def test_a_worker_is_killed_in_mid_write(site: Site) -> None:
    """The same, if the worker loses its power and starts again."""
    run = paying(site, "pay_killed")
    site.airflow.kill("two")
    site.bank.answers.set()
    run.wait_state("pay", "up_for_retry", "queued", "failed", limit=240)
    site.airflow.restart("two")

    assert run.end(600) == "failed"
    assert site.bank.got["pay/killed"] == 1
    assert "unknown outcome" in run.log("pay")


def test_a_task_that_redis_delivers_twice(site: Site) -> None:
    """A payment that takes longer than Redis waits for a worker is made once.

    Airflow refuses the second delivery while the task runs. If the scheduler hears of that before the task has ended,
    it gives the task up; the next try then finds that the payment began, and does not send it again.
    """
    run = paying(site, "pay_slow")
    log = site.airflow.home / "two.log"

    def delivered() -> bool:
        return log.read_text(errors="replace").count("run_id=" + run.run_id) > 1

    site.airflow.wait("the second delivery", delivered, 240)
    site.bank.answers.set()
    state = run.end(600)

    log_of_step = run.log("pay")
    assert site.bank.got["pay/slow"] == 1, log_of_step
    assert state == "success" or "unknown outcome" in log_of_step, log_of_step


def paying(site: Site, dag_id: str) -> GateRun:
    """Start a run, and wait until its payment has come and waits for its answer."""
    site.bank.arrived.clear()
    site.bank.answers.clear()
    run = site.begin(dag_id)
    site.airflow.wait(f"the payment of {dag_id}", site.bank.arrived.is_set, 180)
    return run
