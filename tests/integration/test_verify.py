"""A replay in a real Airflow: how each step's result differs from the recording, and that no write takes place."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime, timezone
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.analysis.verify import baseline, page, report, stand_ins
from airflow_provider_vai.analysis.verify.replay import ReplayOptions
from airflow_provider_vai.analysis.verify.report import Report
from airflow_provider_vai.analysis.verify.verification import Wanted, verified
from airflow_provider_vai.cli.airflow_command import list_runs
from airflow_provider_vai.cli.main import main
from airflow_provider_vai.cli.savings_runs import dag_runs
from airflow_provider_vai.exceptions import PublishError, ReplayRefused, TraceError
from tests.integration.conftest import HEAD
from tests.outputs import check_output

pytestmark = pytest.mark.e2e  # each test starts Airflow, which takes minutes in total

HOSTILE = "</td><script>alert('x')</script>\"&{{ 1 }}\u202e\x00"
ROWS = [{"id": n, "name": f"n{n}", "total": n * 10.5} for n in (3, 1, 2)]
READ = {
    "same": {"rows": ROWS},
    "timed": {"fetched_at": "2026-01-05T08:00:05Z", "took_ms": 12, "rows": ROWS},
    "reordered": {"rows": ROWS},
    "renamed": {"rows": ROWS},
    "typed": {"rows": ROWS},
    "longer": {"rows": ROWS},
    "left_out": {"rows": ROWS, "price": 1},
    "hostile": {"text": "calm"},
}
TODAY = {
    **READ,
    "timed": {"fetched_at": datetime.now(timezone.utc).isoformat(), "took_ms": 31, "rows": ROWS},
    "reordered": {"rows": ROWS[::-1]},
    "renamed": {"rows": [{"id": it["id"], "name": it["name"], "amount": it["total"]} for it in ROWS]},
    "typed": {"rows": [{**it, "total": str(it["total"])} for it in ROWS]},
    "longer": {"rows": [*ROWS, {"id": 4, "name": "n4", "total": 1.5}]},
    "left_out": {"rows": ROWS, "price": 2},
    "hostile": {"text": HOSTILE, HOSTILE: 1},
}
SENT = {"sent": True, "number": "receipt-20931"}


def call(number: int, kind: str, definition: dict[str, Any], result: Any) -> dict[str, Any]:
    """Return a recorded call of the platform."""
    return {"id": f"c{number}", "kind": kind, "status": "completed", "definition": definition, "result": result}


RUN = {
    "agentRun": {"id": "r1", "status": "completed", "input": {"prompt": "Send n3 its total, and look at it"}},
    "actionRuns": [
        *(call(number, f"get_{name}", {}, found) for number, (name, found) in enumerate(READ.items())),
        call(20, "send", {"to": "n3"}, SENT),
        call(21, "look", {"number": SENT["number"]}, {"state": "open"}),
        call(22, "get_broken", {}, {"ok": True}),
        call(23, "get_last", {}, {"ok": True}),
    ],
}
RULES = """
[[tools]]
match = "get_*"
kind = "python_tool"
callable = "shop:*"
effect = "read"
[[tools]]
match = "look"
kind = "python_tool"
callable = "shop:look"
effect = "read"
[[tools]]
match = "send"
kind = "python_tool"
callable = "shop:send"
"""
TOOLS = """
import json, pathlib
HERE = pathlib.Path(__file__).parent

def _today(name):
    found = json.loads((HERE / "today.json").read_text()).get(name, {"ok": True})
    if "error" in found:
        raise ValueError(found["error"])
    return found

def send(to):
    (HERE / "sent").write_text(to)
    return {"sent": True, "number": "receipt-20932"}

def look(number):
    (HERE / "looked").write_text(number)
    return {"state": "open"}
"""


class Shop:
    """A crystallized DAG in a folder, and the data that its tools return today."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dags = folder / "dags"
        self.trace = folder / "run.json"
        self.trace.write_text(json.dumps(RUN))
        (folder / "vai-tools.toml").write_text(RULES)
        self.dags.mkdir()
        names = [*READ, "broken", "last"]
        functions = [f"def get_{name}():\n    return _today({name!r})\n" for name in names]
        (self.dags / "shop.py").write_text("\n".join([TOOLS, *functions]))
        assert main(["crystallize", str(self.trace), "--out", str(self.dags), "--dag-id", "send_total"]) == 0
        self.today(READ)

    def today(self, found: Any) -> None:
        """Set the data that the tools return from now on."""
        (self.dags / "today.json").write_text(json.dumps(found))

    def left(self, name: str) -> str | None:
        """Return the content of a file that a tool wrote."""
        file = self.dags / name
        return file.read_text() if file.exists() else None

    def verified(self, *, trace: bool = True, **options: Any) -> Report:
        """Replay the DAG."""
        how = {name: options.pop(name) for name in list(options) if name in ReplayOptions.__dataclass_fields__}
        traces = [self.trace] if trace else []
        wanted = Wanted(self.dags / "send_total.py", traces=traces, options=ReplayOptions(**how), **options)
        return verified(wanted, [str(self.dags)])


class Elements(HTMLParser):
    """The elements of a page, with their references."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect one element."""
        self.tags.add(tag)
        self.links += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "srcset", "action", "style")]
        self.links += [f"{tag} {name}" for name, _ in attrs if name.startswith("on")]


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The DAG, with today's data equal to the recorded; replays use a temporary folder of the test."""
    monkeypatch.setenv("VAI_AUTHOR", "ada")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    made = Shop(tmp_path)
    capsys.readouterr()
    return made


def verdicts(found: Report) -> dict[str, str]:
    """Return the verdicts by step."""
    return {step.key: step.verdict for step in found.steps}


def said(found: Report, key: str) -> str:
    """Return the report's text about a step."""
    return next("; ".join([step.note, *report.lines(step)]) for step in found.steps if step.key == key)


def test_every_level(shop: Shop) -> None:
    """Each kind of difference has its level and its text; no write takes place, and no file is left behind."""
    shop.today({**TODAY, "broken": {"error": f"{HOSTILE} password=hunter2hunter2"}})
    found = shop.verified(ignore=["get_left_out.price"])

    assert verdicts(found) == {
        "get_same": "equal bytes",
        "get_timed": "equal but for",
        "get_reordered": "equal but for",
        "get_renamed": "drifted",
        "get_typed": "drifted",
        "get_longer": "same schema",
        "get_left_out": "equal but for",
        "get_hostile": "drifted",
        "approve_send": "passed",
        "send": "stood in",
        "look": "equal bytes",
        "get_broken": "failed",
        "get_last": "not run",
    }
    assert not found.is_good
    assert "fetched_at: does not count: a time, and today's is within this replay" in said(found, "get_timed")
    assert "rows.*.total: renamed to amount (3 times)" in said(found, "get_renamed")
    assert "rows.*.total: type: number -> text (3 times)" in said(found, "get_typed")
    assert "rows: count: 3 elements -> 4 elements (1 new, 0 gone)" in said(found, "get_longer")
    assert "ValueError" in said(found, "get_broken")
    assert "hunter2" not in json.dumps(report.as_json(found)) + page.page(found)
    assert shop.left("sent") is None
    assert shop.left("looked") == SENT["number"]
    assert next(it.would_send for it in found.steps if it.key == "send")[0]["arguments"] == {"to": "n3"}
    assert list((shop.folder / "temporary").iterdir()) == []
    _check_page(page.page(found))


def _check_page(text: str) -> None:
    elements = Elements(text)
    assert elements.tags.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "base", "form"})
    assert elements.links == []
    assert "&lt;/td&gt;&lt;script&gt;alert" in text
    assert "default-src &#x27;none&#x27;" in text
    assert all(character.isprintable() or character == "\n" for character in text)


def test_accepted_results(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """Later results are compared with the accepted ones, which are listed by number, name and reason."""
    shop.today({**READ, "longer": TODAY["longer"]})
    file, html = str(shop.dags / "send_total.py"), shop.folder / "report.html"
    command = ["verify", file, "--replay", "--trace", str(shop.trace), "--accept", "--summary", "four rows now"]

    assert main([*command, "--html", str(html), "--json"]) == 1
    told = check_output("verify", capsys.readouterr().out, "--replay")
    assert [step["step"] for step in told["steps"] if not step["good"]] == ["get_longer"]
    assert "send_total" in html.read_text()

    assert main(["verify", file, "--replay"]) == 0
    out = capsys.readouterr().out
    assert "compared with the baseline 1, accepted by ada at" in out
    assert shop.left("sent") is None
    kept = baseline.newest(shop.dags, "send_total")
    assert kept is not None
    assert (kept.number, kept.by, kept.summary) == (1, "ada", "four rows now")
    assert (kept.steps["send"].value, kept.steps["send"].stood_in) == (SENT, True)
    assert "approve_send" not in kept.steps


def test_live_writes(shop: Shop) -> None:
    """With --live-writes the write takes place, approved by name; without the approval nothing runs."""
    with pytest.raises(ReplayRefused, match="nobody can answer their gates"):
        shop.verified(live_writes=True)
    assert shop.left("looked") is None

    found = shop.verified(live_writes=True, approver="ada")

    assert shop.left("sent") == "n3"
    assert shop.left("looked") == "receipt-20932"
    assert (verdicts(found)["approve_send"], verdicts(found)["send"]) == ("passed", "same schema")
    assert report.as_json(found)["approved_by"] == "ada"


def test_refused_without_a_result_that_stands_in(shop: Shop) -> None:
    """Digests and shapes cannot replace a result: a write without a recorded result is not run."""
    with pytest.raises(ReplayRefused, match="no recorded result for send"):
        shop.verified(trace=False)
    assert shop.left("sent") is None


def test_another_trace(shop: Shop) -> None:
    """A trace of another run is refused; another file with the same results is accepted, with a note."""
    other = json.loads(json.dumps(RUN))
    other["actionRuns"][0]["result"] = {"rows": []}
    shop.trace.write_text(json.dumps(other))
    with pytest.raises(ReplayRefused, match="it has other results for get_same"):
        shop.verified()
    shop.trace.write_text("{")
    with pytest.raises(TraceError):
        shop.verified()
    shop.trace.write_text(json.dumps(RUN, indent=1))
    found = shop.verified()
    assert found.is_good
    assert "not the file that the automation was made from" in found.notes[0]


def test_the_configured_airflow(database: Path, tmp_path: Path, run_dag: Callable[..., Any]) -> None:
    """With --here, a connection of the configured database is used, and the replay leaves nothing there."""
    import duckdb

    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute("create table t as select 42 as n")
    conn = json.dumps({"conn_type": "duckdb", "host": str(tmp_path / "w.duckdb"), "password": "opensesame7391"})
    add = [sys.executable, "-m", "airflow", "connections", "add", "verify_warehouse", "--conn-json", conn]
    subprocess.run(add, check=True, capture_output=True)
    arguments = {"conn_id": "verify_warehouse", "sql": "select n from t"}
    spec = {
        "dag_id": "counted",
        "steps": [{"key": "count", "kind": "generate_query", "arguments": arguments}],
    }
    (tmp_path / "counted.vai-spec.json").write_text(json.dumps(spec))
    assert main(["render", str(tmp_path / "counted.vai-spec.json"), "--out", str(tmp_path / "here")]) == 0
    wanted = Wanted(tmp_path / "here/counted.py", accept=True, options=ReplayOptions(here=True))
    found = verified(wanted, [])

    assert verdicts(found) == {"count": "unknown"}
    kept = baseline.newest(tmp_path / "here", "counted")
    assert kept is not None
    assert kept.steps["count"].value["rows"] == [{"n": 42}]
    with pytest.raises(PublishError):
        list_runs("counted")
    ran = run_dag("PythonToolOperator(task_id='t', python_callable='json:loads', arguments={'s': '1'}, effect='read')")
    assert [run["state"] for run in dag_runs(ran.dag_id)] == ["success"]


def test_a_mapped_write(shop: Shop, tmp_path: Path) -> None:
    """A write for each element of a list: each one gets the recorded result of its element."""
    steps = [
        {
            "key": "get_longer",
            "kind": "python_tool",
            "effect": "read",
            "arguments": {"python_callable": "shop:get_longer", "arguments": {}},
        },
        {
            "key": "send",
            "kind": "python_tool",
            "each": ["get_longer", "rows"],
            "arguments": {"python_callable": "shop:send", "arguments": {"to": {"$item": ["name"]}}},
        },
    ]
    (tmp_path / "mapped.vai-spec.json").write_text(json.dumps({"dag_id": "mapped", "steps": steps}))
    assert main(["render", str(tmp_path / "mapped.vai-spec.json"), "--out", str(shop.dags)]) == 0
    file = shop.dags / "mapped.py"
    live = ReplayOptions(live_writes=True, approver="ada")
    assert verified(Wanted(file, accept=True, options=live), [str(shop.dags)]).is_good
    assert shop.left("sent") in {"n1", "n2", "n3"}
    (shop.dags / "sent").unlink()

    assert verdicts(verified(Wanted(file), [str(shop.dags)]))["send"] == "stood in"
    assert shop.left("sent") is None


PLANNED = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow_provider_vai.operators.create_flashboard import CreateFlashboardOperator
from airflow_provider_vai.operators.duckdb_transform import DuckdbTransformOperator
from airflow_provider_vai.operators.arguments import item

with DAG("planned", schedule=None) as dag:
    gate = ApprovalGateSensor(task_id="gate", subject="?")
    PythonToolOperator(task_id="read", python_callable="m:f", effect="read")
    PythonToolOperator(task_id="guarded_read", python_callable="m:f", effect="read", gate=gate)
    PythonToolOperator(task_id="edited", python_callable="m:f", effect="read")
    write = PythonToolOperator(task_id="write", python_callable="m:f")
    PythonToolOperator.partial(task_id="mapped_read", python_callable="m:f", effect="read").expand(item=[1])
    PythonToolOperator.partial(task_id="mapped_write", python_callable="m:f").expand(item=[1])
    DuckdbTransformOperator(task_id="table", sql="select 1", conn_id="c", table="t")
    CreateFlashboardOperator(task_id="board", title="T", charts=[])
    EmptyOperator(task_id="empty")
    PythonOperator(task_id="by_hand", python_callable=print)
"""


def test_what_counts_as_a_write(database: Path, tmp_path: Path) -> None:
    """A step that is not known to be harmless is not run: a guarded one, an added one, or one that writes a table."""
    from tests.airflow_names import DagBag

    (tmp_path / "planned.py").write_text(HEAD + PLANNED)
    bag = DagBag(dag_folder=str(tmp_path / "planned.py"))
    assert bag.import_errors == {}
    dag = bag.dags["planned"]
    quiet = stand_ins.plan(dag, ["edited"], live_writes=False, live_artifacts=False)
    runs = {name for name, fate in quiet.items() if fate == "run"}

    assert runs == {"read", "mapped_read", "board", "empty"}
    assert quiet["gate"] == "gate"
    assert set(quiet.values()) == {"run", "gate", "stand in"}
    artifacts = stand_ins.plan(dag, ["edited"], live_writes=False, live_artifacts=True)
    assert {name for name in quiet if quiet[name] != artifacts[name]} == {"table"}
    live = stand_ins.plan(dag, ["edited"], live_writes=True, live_artifacts=False)
    assert {name for name, fate in live.items() if fate != "run"} == {"gate"}
