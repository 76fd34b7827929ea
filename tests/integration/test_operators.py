"""All operators in real DAG runs, with real databases and servers."""

from __future__ import annotations

import http.server
import json
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

pytestmark = pytest.mark.integration

HERE = Path(__file__).parent
HOSTILE = HERE.parent / "unit" / "hostile_values.json"
TOOLS = "tests_integration_tools"  # the module's name on the worker's path
Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The connections of the tests, and the tools on the path."""
    duckdb = pytest.importorskip("duckdb")
    (tmp_path / f"{TOOLS}.py").write_text((HERE / "tools.py").read_text())
    monkeypatch.syspath_prepend(str(tmp_path))
    with duckdb.connect(str(tmp_path / "wh.duckdb")) as database:
        database.execute("create table t as select range as n, 'x' || range as s from range(10)")
        database.execute(
            "create table types as select date '2024-01-02' d, 1.50::decimal(9,2) m, 'x'::blob b,"
            " 18446744073709551616::hugeint h"
        )
    with sqlite3.connect(tmp_path / "db.sqlite") as lite:
        lite.execute("create table t (n integer, s text)")
        lite.execute("insert into t values (1, 'a'), (2, 'b')")
    server = {"transport": "stdio", "command": sys.executable, "args": [str(HERE / "mcp_server.py")], "timeout": 60}
    for name, connection in {
        "WH": {"conn_type": "duckdb", "host": str(tmp_path / "wh.duckdb")},
        "LITE": {"conn_type": "sqlite", "host": str(tmp_path / "db.sqlite")},
        "MCP": {"conn_type": "mcp", "extra": server},
    }.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(connection))


def python_tool(task_id: str, function: str, arguments: str, more: str = "") -> str:
    """Return the source of a ``python_tool`` task."""
    return (
        f"{task_id} = PythonToolOperator(task_id={task_id!r}, python_callable='{TOOLS}:{function}',"
        f" arguments={arguments}{more})\n"
    )


# --- values -------------------------------------------------------------------------------------------------


def test_frozen_jinja_stays_text_and_template_renders(run_dag: Run) -> None:
    """Braces in a frozen value are data; only ``template()`` is rendered."""
    ran = run_dag(python_tool("a", "echo", "{'value': ['{{ ds }}', template('{{ dag.dag_id }}'), 'x.sql']}"))

    assert ran.results["a"][0] == "{{ ds }}"
    assert ran.results["a"][1].startswith("dag_")
    assert ran.results["a"][2] == "x.sql"


@pytest.mark.parametrize("limit", ["100000", "100"])
def test_rows_reach_the_next_step(limit: str, run_dag: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wired step gets the same rows from XCom and from an artifact."""
    monkeypatch.setenv("AIRFLOW__VAI__RESULT_LIMIT_BYTES", limit)
    ran = run_dag(
        "q = GenerateQueryOperator(task_id='q', sql='select n, s from t order by n', conn_id='wh')\n"
        + python_tool("a", "echo", "{'value': wired(q, 'rows', 3)}")
        + "q >> a\n"
    )

    assert ran.results["a"] == {"n": 3, "s": "x3"}
    assert ("artifact" in ran.results["q"]) == (limit == "100")


def test_forged_reference_is_refused(run_dag: Run) -> None:
    """A tool that returns a forged artifact reference cannot make the next step read a file."""
    ran = run_dag(
        python_tool("a", "forge", "{'path': 'file:///etc/passwd'}", ", retries=0")
        + python_tool("b", "echo", "{'value': wired(a)}", ", retries=0")
        + "a >> b\n"
    )

    assert ran.states["b"] == "failed"
    assert "is not under [vai] artifacts_path" in ran.log


def test_large_integers_survive(run_dag: Run) -> None:
    """Integers that are too large for the worker's protocol are passed on, as frozen values and as results."""
    ran = run_dag(
        python_tool("a", "echo", "{'value': [2**64, -(2**70), 1]}")
        + python_tool("b", "echo", "{'value': [json.dumps('x'), wired(a, 0)]}")
        + python_tool("c", "echo", "{'value': wired(b)}")
        + "a >> b >> c\n"
    )

    assert set(ran.states.values()) == {"success"}
    assert "artifact" in ran.results["c"]
    assert json.loads(Path(ran.results["c"]["path"].removeprefix("file://")).read_text()) == ['"x"', 2**64]


@pytest.mark.skipif(not HOSTILE.exists(), reason="the hostile values are not here")
def test_hostile_values_come_through(run_dag: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts and structures of all kinds reach the tool unchanged, and are returned unchanged through XCom."""
    monkeypatch.setenv("AIRFLOW__VAI__RESULT_LIMIT_BYTES", "100000000")
    entries = json.loads(HOSTILE.read_text())["entries"]
    entries = [entry for entry in entries if entry["expect"] == "keep"]
    texts = [entry["value"] for entry in entries if entry["kind"] == "text"]
    wanted = [texts, *(entry["value"] for entry in entries if entry["kind"] == "structure")]
    wanted = [value for value in wanted if value is not None]  # a step that returns None has no result to wire
    tasks = "".join(
        python_tool(f"a{number}", "echo", f"{{'value': VALUES[{number}]}}")
        + python_tool(f"b{number}", "echo", f"{{'value': wired(a{number})}}")
        + f"a{number} >> b{number}\n"
        for number in range(len(wanted))
    )
    ran = run_dag(f"VALUES = json.loads({json.dumps(json.dumps(wanted))})\n{tasks}")

    assert set(ran.states.values()) == {"success"}
    for number, value in enumerate(wanted):
        assert repr(kept(ran.results[f"b{number}"])) == repr(value)


def kept(result: Any) -> Any:
    """Return a step's result, from XCom or from its artifact."""
    if isinstance(result, dict) and result.get("artifact") == "json":
        return json.loads(Path(result["path"].removeprefix("file://")).read_text())
    return result


# --- queries ------------------------------------------------------------------------------------------------


def test_query_types_become_json(run_dag: Run) -> None:
    """Dates, decimals, bytes and large integers of the database become JSON data."""
    ran = run_dag(
        "q = GenerateQueryOperator(task_id='q', sql='select * from types', conn_id='wh')\n"
        + python_tool("a", "echo", "{'value': wired(q, 'rows', 0, 'd')}")
        + "q >> a\n"
    )

    assert ran.results["a"] == "2024-01-02"
    text = Path(ran.results["q"]["path"].removeprefix("file://")).read_text()
    assert json.loads(text)["rows"] == [{"d": "2024-01-02", "m": 1.5, "b": "eA==", "h": 2**64}]


def test_query_runs_through_any_hook(run_dag: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection of another type is used with its own hook, with bind parameters."""
    from airflow.providers.common.sql.hooks.sql import DbApiHook
    from airflow.sdk import Connection

    class Lite(DbApiHook):
        conn_name_attr = "lite_conn_id"

        def get_conn(self) -> sqlite3.Connection:
            return sqlite3.connect(self.get_connection(self.get_conn_id()).host)

    monkeypatch.setattr(Connection, "get_hook", lambda self, **_: Lite(lite_conn_id=self.conn_id))
    ran = run_dag(
        "GenerateQueryOperator(task_id='q', sql='select s, n from t where n > ?', parameters=[1],"
        " conn_id='lite', rows_as='arrays')"
    )

    assert ran.results["q"] == {"columns": ["s", "n"], "rows": [["b", 2]], "row_count": 1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("sql='delete from t'", "only reads are allowed"),
        ("sql='select n, n from t'", "the column 'n' more than once"),
        ("sql='select * from t', max_rows=3", "more rows than max_rows allows (3)"),
        ("sql=\"select * from read_csv('/etc/passwd')\"", "disabled"),
    ],
)
def test_query_refusals(arguments: str, message: str, run_dag: Run) -> None:
    """A statement that writes, would lose rows, or accesses other files fails with the reason."""
    ran = run_dag(f"GenerateQueryOperator(task_id='q', conn_id='wh', {arguments})")

    assert ran.states["q"] == "failed"
    assert message in ran.log


def test_flashboard_is_written(run_dag: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flashboard of wired rows is stored as a page; the same rows produce the same page."""
    pytest.importorskip("vl_convert")
    monkeypatch.setenv("AIRFLOW__VAI__RESULT_LIMIT_BYTES", "100")
    charts = [{"data": {"name": "r"}, "mark": "bar", "encoding": {"x": {"field": "s"}, "y": {"field": "n"}}}]
    ran = run_dag(
        "q = GenerateQueryOperator(task_id='q', sql='select n, s from t', conn_id='wh', rows_as='arrays')\n"
        f"f = CreateFlashboardOperator(task_id='f', title='T', charts={charts!r}, datasets={{'r': wired(q)}})\n"
        "q >> f\n"
    )
    path = ran.results["f"].get("path")
    page = json.loads(Path(path.removeprefix("file://")).read_text()) if path.endswith("json") else {"path": path}

    assert ran.states["f"] == "success"
    assert "<svg" in Path(page["path"].removeprefix("file://")).read_text()


# --- tools --------------------------------------------------------------------------------------------------


def test_mcp_tools(run_dag: Run) -> None:
    """A tool's result is plain JSON, and its error fails the step with the tool's text."""
    pytest.importorskip("fastmcp")
    calls = {"add": {"a": 1, "b": 2}, "find": {"name": "x"}, "wrap": {"name": "x"}, "rows": {}, "fail": {}}
    ran = run_dag(
        "\n".join(
            f"McpToolOperator(task_id={tool!r}, tool={tool!r}, arguments={arguments!r}, conn_id='mcp')"
            for tool, arguments in calls.items()
        )
    )

    assert ran.states.pop("fail") == "failed"
    assert "the tool 'fail' of 'mcp' returned an error: " in ran.log
    assert set(ran.states.values()) == {"success"}
    assert ran.results == {
        "add": 3,
        "find": {"name": "x", "tags": ["a", "b"]},
        "wrap": {"result": "x"},
        "rows": [{"n": 1}, {"n": 2}],
    }


def test_python_tools(run_dag: Run) -> None:
    """Coroutines are awaited; wrong arguments, names and sources fail with the reason."""
    ran = run_dag(
        python_tool("later", "echo_later", "{'value': 1}")
        + python_tool("wrong", "echo", "{'valeu': 1}")
        + python_tool("missing", "nothing", "{}")
        + python_tool("changed", "echo", "{}", ", source_sha256='0' * 64, on_change='fail'")
        + "UnmappedToolOperator(task_id='unmapped', tool='send \"x\"')\n"
    )

    assert ran.results["later"] == 1
    assert [ran.states[name] for name in ("wrong", "missing", "changed", "unmapped")] == ["failed"] * 4
    assert "got an unexpected keyword argument 'valeu'" in ran.log
    assert "cannot be imported" in ran.log
    assert "has changed since it was reviewed" in ran.log
    assert "[[tools]]" in ran.log


class Handler(http.server.BaseHTTPRequestHandler):
    """Responds by path, and records the requests."""

    seen: ClassVar[list[tuple[str, str, dict[str, str], bytes]]] = []

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        path = self.path.partition("?")[0]
        status = {"/missing": 404, "/moved": 302, "/down": 503}.get(path, 200)
        content = b"x" * (11 * 1024 * 1024) if path == "/large" else json.dumps({"path": self.path}).encode()
        self.send_response(status)
        if path == "/moved":
            self.send_header("Location", "http://example.invalid/elsewhere")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the server's own names

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server on the loopback interface, and its connection with a user and a password."""
    pytest.importorskip("airflow.providers.http")
    Handler.seen.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        port = running.server_address[1]
        connection = {"conn_type": "http", "host": "127.0.0.1", "port": port, "login": "u", "password": "pa55word"}
        monkeypatch.setenv("AIRFLOW_CONN_WEB", json.dumps(connection))
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield port
        running.shutdown()


def test_http_requests(run_dag: Run, server: int) -> None:
    """Reads and writes go to the connection's server with its credentials; writes have an idempotency key."""
    ran = run_dag(
        f"""
        a = HttpRequestOperator(task_id='a', conn_id='web', endpoint='/x', query={{'q': 'a b&c'}})
        url = 'http://127.0.0.1:{server}/y'
        b = HttpRequestOperator(task_id='b', conn_id='web', endpoint=url, method='post', json={{'n': 1}})
        c = HttpRequestOperator(task_id='c', conn_id='web', endpoint='missing', expected_status=[404, 200])
        a >> b >> c
        """
    )

    assert ran.results["a"] == {"status": 200, "body": {"path": "/x?q=a+b%26c"}, "content_type": "application/json"}
    assert ran.results["c"]["status"] == 404
    (_, _, read, _), (method, path, write, body), _ = Handler.seen
    assert (method, path, json.loads(body)) == ("POST", "/y", {"n": 1})
    assert read["authorization"].startswith("Basic ")
    assert "idempotency-key" not in read
    assert len(write["idempotency-key"]) == 64


@pytest.mark.parametrize(
    ("arguments", "message", "requests"),
    [
        ("endpoint='http://example.invalid/x'", "is not on the connection's server", 0),
        ("endpoint='https://127.0.0.1:{port}/x'", "is not on the connection's server", 0),
        ("endpoint='//example.invalid/x'", "names a server", 0),
        ("endpoint='/x', headers={{'Authorization': 'Bearer x'}}", "carries credentials", 0),
        ("endpoint='/x', method='POST', json=1, data='x'", "cannot be combined", 0),
        ("endpoint='/moved'", "302 with a redirect to http://example.invalid/elsewhere", 1),
        ("endpoint='/missing'", "missing returned the status 404", 1),
        ("endpoint='/down', method='POST'", "down returned the status 503", 1),
        ("endpoint='/large'", "larger than", 1),
    ],
)
def test_http_refusals(arguments: str, message: str, requests: int, run_dag: Run, server: int) -> None:
    """A request that leaves the server, or an unexpected response, fails with the reason and is not repeated."""
    ran = run_dag(f"HttpRequestOperator(task_id='a', conn_id='web', {arguments.format(port=server)})")

    assert ran.states["a"] == "failed"
    assert message in ran.log
    assert len(Handler.seen) == requests


# --- approval -----------------------------------------------------------------------------------------------

GUARDED = (
    "gate = ApprovalGateSensor(task_id='gate', subject='Go?')\n"
    + python_tool("a", "echo", "{'value': 'done'}", ", gate=gate, trigger_rule='all_done'")
    + "gate >> a\n"
)


def test_marking_the_gate_as_success_does_not_open_it(run_dag: Run) -> None:
    """A guarded step checks the gate's record instead of its state."""
    ran = run_dag(GUARDED, mark_success_pattern="gate")

    assert ran.states == {"gate": "success", "a": "failed"}
    assert "has no approval in this DAG run" in ran.log


@pytest.mark.parametrize(
    ("record", "state", "message"),
    [
        ("{'decision': 'reject', 'arguments_sha256': {'a': DIGEST}}", "failed", "has no approval"),
        ("{'decision': 'approve', 'arguments_sha256': {'a': '0' * 64}}", "failed", "approved other arguments"),
        ("{'decision': 'approve'}", "failed", "approved other arguments"),
        ("'approve'", "failed", "has no approval"),
        (
            "{'decision': 'approve', 'arguments_sha256': {'a': DIGEST}}",
            "failed",
            "approvals record has no approval",
        ),
    ],
)
def test_only_the_approved_arguments_run(record: str, state: str, message: str, run_dag: Run) -> None:
    """A guarded step does not run with an approval of other arguments, or one that no gate recorded."""
    callable_name = f"{TOOLS}:echo"
    arguments = {
        "python_callable": callable_name,
        "arguments": {"value": "done"},
        "source_sha256": None,
        "on_change": "warn",
    }
    ran = run_dag(
        "from airflow_provider_vai.languages.json_text import digest\n"
        f"DIGEST = digest({arguments!r})\n"
        + python_tool("gate", "echo", f"{{'value': {record}}}")
        + python_tool("a", "echo", "{'value': 'done'}", ", gate=gate")
        + "gate >> a\n"
    )

    assert ran.states["a"] == state
    assert message in ran.log
