"""Lint reports each problem once, and a bad file does not hide the problems of other files."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from airflow_provider_vai.analysis.lint import CHECKS, Finding, installed, lint
from airflow_provider_vai.analysis.lint.dag_file import DagFile, parsed
from airflow_provider_vai.analysis.lint.data import missing_paths
from airflow_provider_vai.analysis.lint.subjects import Subject
from airflow_provider_vai.analysis.lint.table import found_in
from airflow_provider_vai.authoring.specs.file import read_spec
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.sidecar import Generator, Sidecar, Version
from airflow_provider_vai.renderer.render import render, templates_sha256
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.sidecar_files import read_sidecar
from tests.paths import GOLDEN, ROOT
from tests.unit.support import MCP, call, crystallized, run

SPEC = """
dag_id: orders
trigger: {type: schedule, schedule: "0 6 * * *", timezone: Europe/Berlin}
params: {region: EU}
conditions: ['params.region = "EU"']
steps:
  - key: look
    kind: mcp_tool
    effect: read
    arguments: {tool: look, conn_id: shop, arguments: {region: {$param: region}}}
  - {key: branch, kind: conditional_branch, arguments: {condition: "x > 1", inputs: {x: 2}, if_true: [post]}}
  - key: post
    kind: http_request
    gate: {response_timeout: 3600}
    arguments: {endpoint: /x, method: POST, json: {order: {$from: [look, id]}, key: {$secret: pager}}}
"""
BELL = "airflow.providers.mine.notifications.bell.BellNotifier"
SHAPE: dict[str, Any] = {"type": "object", "properties": {"id": {"type": "string"}}}


def good(folder: Path) -> dict[str, Any]:
    """Return the full form of a spec without problems."""
    (folder / "orders.yaml").write_text(SPEC)
    document: dict[str, Any] = read_spec(folder / "orders.yaml").model_dump(mode="json")
    (folder / "orders.yaml").unlink()
    document["steps"][0]["recorded"] = {"result_sha256": "0" * 64, "result_schema": SHAPE}
    return document


def step(document: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a step by its key."""
    found: dict[str, Any] = next(entry for entry in document["steps"] if entry["key"] == key)
    return found


def pair(folder: Path, document: dict[str, Any], **facts: Any) -> Path:
    """Write a sidecar and its DAG file, and return the sidecar."""
    draft = {
        "schema_version": 2, "dag_sha256": "", "status": "draft", "version": 1,
        "generator": Generator(name="x", version="1", templates_sha256=templates_sha256()).model_dump(),
        "history": [Version(version=1, at=datetime(2026, 1, 1, tzinfo=timezone.utc), by="a", summary="s",
                            spec_sha256="0" * 64).model_dump(mode="json")],
    }  # fmt: skip
    sidecar = Sidecar.model_validate({**document, **draft, **facts})
    text = render(sidecar.automation)
    digest = hashlib.sha256(text.encode()).hexdigest()
    (folder / f"{sidecar.dag_id}.py").write_text(text)
    path = folder / f"{sidecar.dag_id}.vai.json"
    path.write_text(sidecar.model_copy(update={"dag_sha256": digest}).text())
    return path


def codes(findings: list[Finding]) -> list[str]:
    """Return the codes of findings."""
    return [finding.code for finding in findings]


def changed(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change a JSON file."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def put(*place: str | int, value: Any) -> Callable[[dict[str, Any]], None]:
    """Return a change that puts a value at a place; the second part of ``steps`` is a key."""

    def change(document: dict[str, Any]) -> None:
        holder: Any = step(document, str(place[1])) if place[0] == "steps" else document
        parts = place[2:] if place[0] == "steps" else place
        for part in parts[:-1]:
            holder = holder[part]
        holder[parts[-1]] = value

    return change


def frozen(value: Any) -> dict[str, Any]:
    """Return a frozen argument."""
    return {"class": "frozen", "value": value}


def without_gate(document: dict[str, Any]) -> None:
    """Remove the gate, and let the branch lead to the step itself."""
    document["steps"] = [entry for entry in document["steps"] if entry["key"] != "approve_post"]
    post = step(document, "post")
    post["depends_on"], post["approval"]["gate"] = ["branch"], None
    step(document, "branch")["arguments"]["if_true"]["value"] = ["post"]


def hidden_write(**arguments: Any) -> Callable[[dict[str, Any]], None]:
    """Return a change to a request without a gate that is said to read, and does not."""

    def change(document: dict[str, Any]) -> None:
        without_gate(document)
        post = step(document, "post")
        post["effect"] = "read"
        post["arguments"] |= {"method": frozen("GET"), **{name: frozen(value) for name, value in arguments.items()}}

    return change


def only_tools(document: dict[str, Any]) -> None:
    """Write only what a tool returned, without a gate."""
    without_gate(document)
    sent = {"class": "wired", "from": {"step": "look", "path": []}, "origin": "tool_output"}
    step(document, "post")["arguments"]["json"] = sent


def outsiders(document: dict[str, Any]) -> None:
    """Mark a value as coming only from an outsider's mail."""
    step(document, "post")["approval"]["untrusted"] = [{"place": ["json", "iban"], "call_id": "c1"}]


def idle_gate(document: dict[str, Any]) -> None:
    """Keep a gate that no step names."""
    step(document, "post")["approval"]["gate"] = None
    step(document, "post")["effect"] = "read"


def circle(document: dict[str, Any]) -> None:
    """Let the first step wait for the last one."""
    step(document, "look")["depends_on"] = ["post"]


def twice(document: dict[str, Any]) -> None:
    """Give two steps the same task id."""
    step(document, "post")["task_id"] = "look"


def unmapped(document: dict[str, Any]) -> None:
    """Make a step an unmapped tool."""
    look = step(document, "look")
    look |= {"kind": "unmapped_tool", "operator": "airflow_provider_vai.operators.unmapped_tool.UnmappedToolOperator"}
    look["arguments"] = {"tool": frozen("look"), "arguments": frozen({"region": "params.region"})}
    document["connections"].remove("shop")


def by_position(path: list[Any], target: str = "post") -> Callable[[dict[str, Any]], None]:
    """Return a change that lets a step take something by the path, of a result that has it."""

    def change(document: dict[str, Any]) -> None:
        properties = {**SHAPE["properties"], "ids": {"type": "array", "items": {"type": "string"}}}
        step(document, "look")["recorded"]["result_schema"] = {"type": "object", "properties": properties}
        if target == "post":
            step(document, "post")["arguments"]["json"]["wires"][0]["from"]["path"] = path
        else:
            wired = {"class": "wired", "value": {"x": None}, "wires": [{"at": ["x"], "from": {"path": path}}]}
            wired["wires"][0]["from"]["step"] = "look"
            step(document, "branch")["arguments"]["inputs"] = wired

    return change


def through_a_read(document: dict[str, Any]) -> None:
    """Let the write read a step whose own argument is picked by position."""
    by_position(["ids", 0], "branch")(document)
    step(document, "post")["arguments"]["json"]["wires"][0]["from"] = {"step": "branch", "path": []}


def continuous(document: dict[str, Any]) -> None:
    """Let the automation run continuously, with two active runs."""
    document["triggers"] = [{"type": "schedule", "schedule": "@continuous"}]
    document["max_active_runs"] = 2


JSON = ("steps", "post", "arguments", "json")
CASES: list[tuple[str, Callable[[dict[str, Any]], None], str]] = [
    ("VAI004", put("descripton", value="x"), "descripton"),
    ("VAI004", put("steps", "look", "depend_on", value=[]), "steps.look.depend_on"),
    ("VAI005", put("steps", "look", "non_deterministic", value=[]), "steps.look.non_deterministic"),
    ("VAI005", lambda document: document.pop("source_type") and document.update(source_type="X"), "source_type"),
    ("VAI101", put("steps", "look", "kind", value="mcp_tol"), "steps.look.kind"),
    ("VAI102", put("steps", "look", "operator", value="os.system"), "steps.look.operator"),
    ("VAI103", put("steps", "branch", "depends_on", value=["look", "lok"]), "steps.branch.depends_on[1]"),
    ("VAI104", circle, "steps.look.depends_on"),
    ("VAI105", lambda document: document["steps"].insert(1, document["steps"].pop(2)), "steps.approve_post.depends_on"),
    ("VAI106", twice, "steps[3].task_id"),
    ("VAI107", put("steps", "post", "arguments", "methd", value=frozen("GET")), "steps.post.arguments.methd"),
    ("VAI107", put("steps", "post", "arguments", "method", value=frozen("SEND")), "steps.post.arguments.method"),
    ("VAI108", unmapped, "steps.look.kind"),
    ("VAI109", put(*JSON, "wires", 0, "at", value=["ordr"]), "steps.post.arguments.json.wires[0].at"),
    ("VAI110", put("steps", "post", "arguments", "endpoint",
                   value={"class": "template", "value": "/{{ triggering_asset_events }}"}),
     "steps.post.arguments.endpoint"),
    ("VAI110", put("steps", "post", "arguments", "endpoint", value={"class": "parameter", "param": "region"}),
     "steps.post.arguments.endpoint"),
    ("VAI201", put("params", value={}), "conditions[0]"),
    ("VAI202", put("params", "top", value={"default": 5}), "params.top"),
    ("VAI203", put(*JSON, "wires", 0, "from", "step", value="lok"), "steps.post.arguments.json.wires[0].from"),
    ("VAI203", put("steps", "branch", "depends_on", value=[]), "steps.post.arguments.json.wires[0].from"),
    ("VAI204", put(*JSON, "wires", 0, "from", "path", value=["nr"]), "steps.post.arguments.json.wires[0].from"),
    ("VAI205", put(*JSON, "wires", 0, "from", value={"path": ["id"]}), "steps.post.arguments.json.wires[0].from"),
    ("VAI206", put("params", "region", value={"default": 5, "schema": {"type": "string"}}), "params.region"),
    ("VAI206", put("params", "region", "schema", value={"type": "strng"}), "params.region"),
    ("VAI206", put("params", "region", "schema", value={"$ref": "http://127.0.0.1:9/x"}), "params.region"),
    ("VAI207", by_position(["ids", 0], "branch"), "steps.branch.arguments.inputs.wires[0].from"),
    ("VAI407", by_position(["ids", 0]), "steps.post.arguments.json.wires[0].from"),
    ("VAI407", through_a_read, "steps.post.arguments.json.wires[0].from"),
    ("VAI408", put("steps", "approve_post", "arguments", "response_timeout", value=frozen(None)),
     "steps.approve_post.arguments.response_timeout"),
    ("VAI411", put("steps", "approve_post", "arguments", "on_timeout", value=frozen("approve")),
     "steps.approve_post.arguments.on_timeout"),
    ("VAI210", put(*JSON, "undecided", value=[{"at": ["order"], "code": "stale_text", "evidence": ["396,618"]}]),
     "steps.post.arguments.json.order"),
    ("VAI301", put("connections", value=["http_default", "shop"]), "steps.post.arguments.json.secrets[0].connection"),
    ("VAI303", put(*JSON, "value", value={"order": None, "key": None, "api_key": "abcdefgh1234"}),
     "steps.post.arguments.json.api_key"),
    ("VAI303", put("params", "region", "default", value="https://a:hunter22@b.example/EU"), "params.region"),
    ("VAI303", put("description", value="use ghp_abcdefghijklmnopqrstuvwxyz0123456789"), "description"),
    ("VAI304", put(*JSON, "wires", 0, value={"at": ["order"], "template": "{{ conn.shop.password }}"}),
     "steps.post.arguments.json.order"),
    ("VAI304", put("notifications", value=[{"on": "failure", "notifier": BELL, "arguments": {"a": "{{ var.x }}"}}]),
     "notifications[0].arguments.a"),
    ("VAI401", idle_gate, "steps.approve_post.key"),
    ("VAI402", put("steps", "post", "approval", "gate", value="branch"), "steps.post.approval.gate"),
    ("VAI403", put("steps", "post", "depends_on", value=["branch"]), "steps.post.depends_on"),
    ("VAI404", without_gate, "steps.post.approval.gate"),
    ("VAI404", hidden_write(query={"query": "mutation { pay }"}), "steps.post.approval.gate"),
    ("VAI404", hidden_write(headers={"X-HTTP-Method-Override": "DELETE"}), "steps.post.approval.gate"),
    ("VAI405", only_tools, "steps.post.approval.gate"),
    ("VAI406", outsiders, "steps.post.approval.reason"),
    ("VAI501", put("triggers", 0, "schedule", value="0 25 * * *"), "triggers[0].schedule"),
    ("VAI501", put("triggers", 0, "schedule", value="0 0 6 * * *"), "triggers[0].schedule"),
    ("VAI501", put("triggers", 0, "schedule", value="0 0 31 2 *"), "triggers[0].schedule"),
    ("VAI502", put("triggers", 0, "timezone", value="Europe/Berln"), "triggers[0].timezone"),
    ("VAI503", put("conditions", value=["f(params.region)"]), "conditions[0]"),
    ("VAI503", put("steps", "branch", "arguments", "condition", "value", value="x >"),
     "steps.branch.arguments.condition"),
    ("VAI506", lambda document: document["triggers"].append(document["triggers"][0] | {"timezone": "Asia/Tokyo"}),
     "triggers"),
    ("VAI506", continuous, "max_active_runs"),
    ("VAI506", lambda document: document["triggers"].append({"type": "event", "uri": "airflow://x"}), "triggers"),
    ("VAI506", put("params", "region", value={"schema": {"type": "string"}}), "params.region"),
    ("VAI508", put("steps", "look", "task_id", value="größe"), "steps.look.task_id"),
    ("VAI507", put("tags", value=["t" * 101]), "tags[0]"),
    ("VAI507", put("owner", value="o" * 2001), "owner"),
    ("VAI507", put("steps", "look", "timeout_seconds", value=1e15), "steps.look.timeout_seconds"),
    ("VAI507", put("notifications", value=[{"on": "failure", "notifier": "subprocess.getoutput", "arguments": {}}]),
     "notifications[0].notifier"),
    ("VAI504", put("steps", "branch", "arguments", "if_true", "value", value=["post"]),
     "steps.branch.arguments.if_true[0]"),
]  # fmt: skip
ALSO = {"VAI402": {"VAI401", "VAI403"}, "VAI407": {"VAI207"}}
"""Further findings for a wrong gate: the right one guards no step, and the step does not depend on the wrong one; for a
write that reads a step which picks by position: that step."""


@pytest.mark.parametrize(("code", "change", "field"), CASES, ids=[f"{case[0]}-{case[2]}" for case in CASES])
def test_a_bad_spec_has_its_finding(
    tmp_path: Path, code: str, change: Callable[[dict[str, Any]], None], field: str
) -> None:
    """One problem gives one finding, with its code and at its place."""
    document = good(tmp_path)
    path = tmp_path / "orders.vai-spec.json"
    path.write_text(json.dumps(document))
    assert lint([path]) == []

    changed(path, change)
    found = lint([tmp_path])

    assert set(codes(found)) - ALSO.get(code, set()) == {code}
    (finding,) = [one for one in found if one.code == code and one.field == field]
    assert finding.file == str(path)
    assert finding.problem
    assert finding.suggestion
    assert not re.search("hunter22|ghp_a|abcdefgh1234", repr(found))
    assert finding.level == next(check.level for check in CHECKS if check.code == code)


@pytest.mark.parametrize("kind", ["file_sync", "duckdb_transform", "dlt_extract"])
def test_an_artifact_outside_is_a_write(tmp_path: Path, kind: str) -> None:
    """A sidecar that calls a shared destination an artifact has an unguarded write, unless the step declares it."""
    given: dict[str, Any] = {
        "file_sync": {"source": "file:///a", "destination": "file:///b"},
        "duckdb_transform": {"sql": "SELECT 1", "conn_id": "warehouse", "table": "t"},
        "dlt_extract": {"source": "rest_api", "destination_conn_id": "warehouse"},
    }[kind]
    spec = {"dag_id": "load", "steps": [{"key": "load", "kind": kind, "effect": "artifact", "arguments": given}]}
    (path := tmp_path / "load.vai-spec.json").write_text(json.dumps(spec))
    document = read_spec(path).model_dump(mode="json")
    path.write_text(json.dumps(document))
    assert lint([path]) == []

    del step(document, "load")["arguments"]["own_destination"]
    path.write_text(json.dumps(document))
    assert codes(lint([path])) == ["VAI404"]


@pytest.mark.parametrize(
    ("kind", "sql", "found"),
    [
        ("generate_query", "SELECT 1", []),
        ("generate_query", "-- DELETE\n(SELECT 1)", []),
        ("generate_query", "/* all */ delete from orders", ["VAI113"]),
        ("duckdb_transform", "DROP TABLE orders", ["VAI113"]),
    ],
)
def test_a_query_that_writes(tmp_path: Path, kind: str, sql: str, found: list[str]) -> None:
    """A query whose statement writes is an error before its step fails."""
    given = {"sql": sql, "conn_id": "warehouse", **({"table": "t"} if kind == "duckdb_transform" else {})}
    spec = {"dag_id": "look", "steps": [{"key": "look", "kind": kind, "effect": "write", "arguments": given}]}
    spec["steps"][0] |= {"effect": "read"} if kind == "generate_query" else {}
    (path := tmp_path / "look.vai-spec.json").write_text(json.dumps(spec))
    assert [code for code in codes(lint([path])) if code != "VAI404"] == found


def active(document: dict[str, Any]) -> None:
    """Set the status to active."""
    document["status"] = "active"


def test_what_was_crystallized_has_no_wrong_paths(tmp_path: Path) -> None:
    """The one item of a list and the one value of an object are places that the recorded result has."""
    reads = {"match": "get_*", "kind": "mcp_tool", "conn_id": "mcp", "effect": "read"}
    found = {"orders": ["ord-503"], "by_id": {"pay-9003": {"note": "ref 77123"}}}
    calls = call("get_customer", {"id": "cus-1"}, found), call("send", {"order": "ord-503", "reference": "ref 77123"})
    automation = crystallized(run(*calls), reads, MCP)
    paths = {part for output in automation.steps[-1].outputs() for part in output.path}
    assert "[only]" in paths

    publish(automation, tmp_path)
    assert [finding.code for finding in lint([tmp_path]) if finding.level == "error"] == []


def test_active_without_a_review(tmp_path: Path) -> None:
    """A flagged step of an active automation that nobody reviewed is a finding."""
    path = pair(tmp_path, good(tmp_path))
    assert lint([path]) == []
    changed(path, active)
    assert [(finding.code, finding.field) for finding in lint([path])] == [("VAI505", "steps.look.non_deterministic")]
    item = {"code": "live", "step": "look", "message": "an MCP server answers"}
    review = {"version": 1, "at": "2026-01-01T00:00:00Z", "by": "ada", "items": [item]}
    changed(path, lambda document: document.update(reviews=[review]))
    assert lint([path]) == []


@pytest.mark.parametrize(("place", "missing"), [([0, "id"], None), ([0], None), ([0, "nr"], "nr"), (["id"], "id")])
def test_a_place_in_the_results_of_a_mapped_step(place: list[str | int], missing: str | None) -> None:
    """A mapped step has a list of results, each with the recorded schema."""
    look = {"key": "look", "kind": "mcp_tool", "each": {"step": "list", "path": []}}
    look["recorded"] = {"result_sha256": "0" * 64, "result_schema": SHAPE}
    post = {"key": "post", "arguments": {"json": {"class": "wired", "from": {"step": "look", "path": place}}}}

    found = list(missing_paths(Subject(Path("orders.json"), "spec", {"steps": [look, post]})))

    problems = [f'the recorded result of "look" has no "{missing}" at this place'] if missing else []
    assert [result.problem for result in found] == problems


def edited(path: Path) -> None:
    """Append a comment to the DAG file."""
    with path.with_name("orders.py").open("a") as file:
        file.write("# mine\n")


def renamed_task(path: Path) -> None:
    """Rename a task, and store the new digest in the sidecar."""
    dag = path.with_name("orders.py")
    dag.write_text(dag.read_text().replace('task_id="look"', 'task_id="lokk"'))
    digest = hashlib.sha256(dag.read_bytes()).hexdigest()
    rendered = json.loads(path.read_text())["dag_sha256"]
    changed(path, lambda document: document.update(dag_sha256=digest, rendered_sha256=rendered))


def renamed_pair(path: Path) -> None:
    """Rename both files."""
    path.with_name("orders.py").rename(path.with_name("other.py"))
    path.rename(path.with_name("other.vai.json"))


PAIRS: list[tuple[str, Callable[[Path], Any], list[str]]] = [
    ("missing", lambda path: path.with_name("orders.py").unlink(), ["VAI601"]),
    ("edited", edited, ["VAI602"]),
    ("not rendered", lambda path: changed(path, put("description", value="Other")), ["VAI603"]),
    ("tasks", renamed_task, ["VAI604"]),
    ("name", renamed_pair, ["VAI605"]),
    ("not Python", lambda path: path.with_name("x.py").write_text("def"), ["VAI003"]),
    ("newer", lambda path: changed(path, put("schema_version", value=7)), ["VAI006"]),
    ("same DAG id", lambda path: path.with_name("mine.py").write_text('DAG("orders")'), ["VAI701"]),
    ("same DAG id of a function", lambda path: path.with_name("mine.py").write_text("@dag\ndef orders(): ..."),
     ["VAI701"]),
    ("other DAG id", lambda path: path.with_name("mine.py").write_text('with DAG(dag_id="mine"): ...'), []),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), [case[1:] for case in PAIRS], ids=[case[0] for case in PAIRS])
def test_a_pair_has_its_finding(tmp_path: Path, change: Callable[[Path], Any], expected: list[str]) -> None:
    """A sidecar is compared with its DAG file and with the other files in the folder."""
    path = pair(tmp_path, good(tmp_path))
    assert lint([tmp_path]) == []

    change(path)

    assert codes(lint([tmp_path])) == expected


def test_a_credential_in_a_dag_file(tmp_path: Path) -> None:
    """A credential in the DAG file is reported with its line, and is not repeated in the message."""
    path = pair(tmp_path, good(tmp_path))
    with path.with_name("orders.py").open("a") as file:
        file.write('KEY = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"\n')

    found = lint([path.with_name("orders.py")])

    assert codes(found) == ["VAI303", "VAI602"]
    assert re.fullmatch(r"orders.py, line \d+", found[0].field)
    assert "ghp_" not in repr(found)


def test_a_template_in_a_dag_file_that_reads_a_credential(tmp_path: Path) -> None:
    """Only rendered texts count: those of ``template`` and of notifiers, with the line of each."""
    path = pair(tmp_path, good(tmp_path))
    dag = path.with_name("orders.py")
    lines = len(dag.read_text().splitlines())
    with dag.open("a") as file:
        file.write(
            'PLAIN = "{{ conn.shop.password }}"\n'
            'KEY = template("{{ var.value" + ".key }}")\n'
            'DAY = template(f"{PLAIN} {{{{ ds }}}} {{{{ ti.task }}}}")\n'
            'BELL = BellNotifier(text="{{ dag.dag_id }}", blocks=[{"text": "{{ conn.shop.login }}"}])\n'
        )

    found = lint([dag])

    assert codes(found) == ["VAI304", "VAI304", "VAI304", "VAI602"]
    assert [one.field for one in found[:3]] == [f"orders.py, line {lines + number}" for number in (2, 3, 4)]
    assert [re.findall(r'reads "(.+?)"', one.problem)[0] for one in found[:3]] == ["var", "ti.task", "conn"]


def test_connections_that_do_not_exist(tmp_path: Path) -> None:
    """Each missing connection is reported once, where it is used, and only if the existing ones are given."""
    path = tmp_path / "orders.vai-spec.json"
    path.write_text(json.dumps(good(tmp_path)))

    found = lint([path], known_connections={"http_default", "shopp"})

    assert [(finding.code, finding.field) for finding in found] == [
        ("VAI302", "steps.look.arguments.conn_id"),
        ("VAI302", "steps.post.arguments.json.secrets[0].connection"),
    ]
    assert "'shopp'" in found[0].suggestion
    assert lint([path], known_connections={"http_default", "shop", "pager"}) == []


def test_unique_ids_and_paths(tmp_path: Path) -> None:
    """Two specs with one DAG id and two webhooks with one path are findings; a spec and its own sidecar are not."""
    document = good(tmp_path)
    hook = {"type": "webhook", "path": "a/b", "conn_id": "hook", "signature": "vai"}
    document |= {"triggers": [hook], "connections": [*document["connections"], "hook"]}
    pair(tmp_path, document)
    (tmp_path / "a.vai-spec.json").write_text(json.dumps(document))
    assert lint([tmp_path]) == []

    other = {**copy.deepcopy(document), "triggers": [hook, hook]}
    (tmp_path / "b.vai-spec.json").write_text(json.dumps(other))

    assert [(finding.code, Path(finding.file).name, finding.field) for finding in lint([tmp_path])] == [
        ("VAI701", "b.vai-spec.json", "dag_id"),
        ("VAI702", "b.vai-spec.json", "triggers[0].path"),
        ("VAI702", "b.vai-spec.json", "triggers[1].path"),
        ("VAI703", "b.vai-spec.json", "triggers[0].conn_id"),
        ("VAI703", "b.vai-spec.json", "triggers[1].conn_id"),
    ]


def test_one_secret_for_two_webhooks(tmp_path: Path) -> None:
    """Webhooks of one or of two automations that share a connection give a warning; a spec and its sidecar do not."""
    document = good(tmp_path)
    hook = {"type": "webhook", "conn_id": "sender", "signature": "vai"}
    document["connections"] = [*document["connections"], "sender", "own"]
    document["triggers"] = [{**hook, "path": "a"}, {**hook, "path": "b", "conn_id": "own"}]
    pair(tmp_path, document)
    (tmp_path / "a.vai-spec.json").write_text(json.dumps(document))
    assert "VAI703" not in codes(lint([tmp_path]))

    other = {**copy.deepcopy(document), "dag_id": "other", "triggers": [{**hook, "path": "c"}, {**hook, "path": "d"}]}
    (tmp_path / "b.vai-spec.json").write_text(json.dumps(other))
    found = [finding for finding in lint([tmp_path]) if finding.code == "VAI703"]

    assert {finding.level for finding in found} == {"warning"}
    assert [(Path(finding.file).name, finding.field) for finding in found] == [
        ("b.vai-spec.json", "triggers[0].conn_id"),
        ("b.vai-spec.json", "triggers[1].conn_id"),
    ]


def with_function(folder: Path, name: str, kind: str) -> Path:
    """Write a spec with a step that names a function."""
    document = good(folder)
    arguments: dict[str, Any] = {"python_callable": frozen(name), "arguments": frozen({})}
    if kind == "dlt_extract":
        arguments = {"source": frozen(name), "destination_conn_id": frozen("shop")}
    step(document, "post").update({"kind": kind, "arguments": arguments})
    path = folder / "a.vai-spec.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("kind", ["python_tool", "dlt_extract"])
def test_the_module_of_a_function_is_looked_for(kind: str, tmp_path: Path) -> None:
    """A missing module is a warning with the places where it may be; packages are not imported to look into them."""
    package = tmp_path / "vai_own_package"
    (package / "deep").mkdir(parents=True)
    (package / "__init__.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    (package / "deep" / "tools.py").write_text("raise SystemExit")
    (tmp_path / "vai_own_module.py").write_text("raise SystemExit")

    def found(name: str) -> list[Finding]:
        return [each for each in lint([with_function(tmp_path, name, kind)]) if each.code == "VAI112"]

    for name in ("vai_own_module:f", "vai_own_package.deep.tools:f", "vai_own_package:f", "pytest:f", "json:dumps"):
        assert found(name) == []
    for name in ("vai_nowhere:f", "vai_own_package.nowhere:f", "vai_own_module.nowhere:f", "pytest.nowhere:f"):
        (finding,) = found(name)
        assert finding.level == "warning"
        assert finding.field.startswith("steps.post.arguments.")
        assert "dags or plugins folder" in finding.suggestion
    assert not (tmp_path / "ran").exists()


def test_missing_extras_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a step needs and is not installed is a warning with the command."""
    lines = ['nosuch-dist[x]>=1 ; extra == "http"', "pytest>=8; python_version >= '3.10' and extra == 'mcp'"]
    monkeypatch.setattr(installed, "requires", lambda _: lines)
    installed.missing_of.cache_clear()
    path = pair(tmp_path, good(tmp_path))
    (finding,) = [found for found in lint([path]) if found.code == "VAI111"]
    installed.missing_of.cache_clear()

    assert (finding.level, finding.field) == ("warning", "steps.post.kind")
    assert "nosuch-dist" in finding.problem
    assert "pip install 'airflow-provider-vai[http]'" in finding.suggestion


def test_every_extra_of_a_kind_exists() -> None:
    """The names are those of `pyproject.toml`."""
    page = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert all(re.search(rf"^{extra} = \[", page, re.MULTILINE) for extra in {*installed.EXTRAS.values(), "s3"})
    assert set(installed.EXTRAS) <= set(by_name())


def test_all_problems_of_a_file_are_reported(tmp_path: Path) -> None:
    """The first problem does not hide the others, in the full and in the short form."""
    document = good(tmp_path)
    for change in (CASES[0][1], CASES[4][1], put("triggers", 0, "schedule", value="x"), put("params", value={})):
        change(document)
    (tmp_path / "a.vai-spec.json").write_text(json.dumps(document))
    (tmp_path / "b.vai.yaml").write_text("steps: [{kind: nope}, {kind: http_request, arguments: {endpoint: 5}}]")

    found = lint([tmp_path])

    assert codes([finding for finding in found if finding.file.endswith("a.vai-spec.json")]) == [
        "VAI004", "VAI101", "VAI201", "VAI201", "VAI501",
    ]  # fmt: skip
    assert [(finding.code, finding.field) for finding in found if finding.file.endswith("b.vai.yaml")] == [
        ("VAI002", "steps[0].kind"),
        ("VAI002", "steps[1].arguments.endpoint"),
    ]


def test_golden_files_have_no_errors() -> None:
    """Crystallized automations have no errors; writes without a gate give warnings."""
    found = lint([ROOT / "tests/golden"])

    assert [finding for finding in found if finding.level == "error"] == []
    assert "VAI404" in codes(found)


HOSTILE: list[tuple[str, bytes]] = [
    ("a.vai.json", b""),
    ("a.vai.json", b"\x00\xff"),
    ("a.vai.json", b"[1]"),
    ("a.vai.json", b"[" * 100_000),
    ("a.vai.json", b'{"a":' * 120 + b"1" + b"}" * 120),
    ("a.vai.json", b'"' + b"x" * 5_000_001 + b'"'),
    ("a.vai-spec.json", b'{"steps": "\\ud800"}'),
    ("a.vai.yaml", b"a: !!python/object/apply:os.system [true]"),
    ("a.vai.yaml", b"a: &a [*a]"),
    ("a.py", b"x = " + b"(" * 100_000),
    ("a.py", b"\x00"),
    ("a.py", b"x" * 2_000_001),
]


@pytest.mark.parametrize(("name", "content"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_files_are_findings(tmp_path: Path, name: str, content: bytes) -> None:
    """A file that cannot be read is one finding, and the automation beside it is still checked."""
    path = pair(tmp_path, good(tmp_path))
    changed(path, put("steps", "look", "kind", value="nope"))
    (tmp_path / name).write_bytes(content)

    found = lint([tmp_path])

    assert len([finding for finding in found if finding.file == str(tmp_path / name)]) == 1
    assert "VAI101" in codes([finding for finding in found if finding.file == str(path)])


def test_missing_and_special_files(tmp_path: Path) -> None:
    """A missing path is a finding, a pipe does not block, and hidden folders and loops of links are skipped."""
    os.mkfifo(tmp_path / "pipe.vai.json")
    (tmp_path / ".vai").mkdir()
    (tmp_path / ".vai" / "x.vai.json").write_text("{")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "notes.json").write_text("{")

    found = lint([tmp_path, tmp_path / "missing.vai.json", Path("a\0b")])

    assert codes(found) == ["VAI001", "VAI001", "VAI001"]


def test_nothing_is_imported_or_executed(tmp_path: Path) -> None:
    """Neither the code of a DAG file nor Airflow is imported."""
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nDAG('x')\n")
    script = (
        "import sys; from pathlib import Path; from airflow_provider_vai.analysis.lint import lint;"
        "lint([Path(sys.argv[1])]); assert not [m for m in sys.modules if m.split('.')[0] in ('airflow', 'evil')]"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
    assert not (tmp_path / "ran").exists()


def test_the_order_is_stable(tmp_path: Path) -> None:
    """The same files give the same findings, in whatever order they are given, and each file is checked once."""
    for name in ("b.vai.json", "a.vai.json"):
        (tmp_path / name).write_text('{"steps": [{"kind": "x"}, {"kind": "y"}]}')
    found = lint([tmp_path])

    assert found == lint([tmp_path / "b.vai.json", tmp_path, tmp_path / "a.vai.json"])
    assert found == sorted(found, key=lambda finding: (finding.file, finding.code, finding.field, finding.problem))


def test_ids_in_a_dag_file() -> None:
    """Ids are read from keywords, first arguments and decorated functions, if they are literals."""
    source = b"""
with models.DAG("a"): EmptyOperator(task_id="t")
@dag(dag_id="b")
def c(): ...
@dag
def d(): ...
@dag(schedule=None)
def e(): ...
DAG(dag_id=computed)
"""
    found = parsed(Path("x.py"), source)

    assert isinstance(found, DagFile)
    assert found.dag_ids == ("a", "b", "d", "e")
    assert found.task_ids == {"t"}


def test_the_page_lists_the_checks() -> None:
    """`dev/docs/lint.md` has a row for each check, in order, with its level and description."""
    page = (ROOT / "dev/docs/lint.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (VAI\d+) \| (\w+) \| (.+) \|$", page, re.MULTILINE)

    assert rows == [(check.code, check.level, check.about) for check in CHECKS]
    assert len({check.code for check in CHECKS}) == len(CHECKS)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6)
WORDS = st.sampled_from([
    "look", "post", "approve_post", "http_request", "approval_gate", "generate_query", "frozen", "wired", "schedule",
    "webhook", "parameter", "params.x", "{{ params['y'] }}", "@daily", "conditional_branch", "write",
])  # fmt: skip
NAMES = st.sampled_from([
    "steps", "key", "kind", "operator", "depends_on", "arguments", "approval", "gate", "value", "class", "from", "step",
    "path", "wires", "at", "secrets", "connection", "param", "each", "recorded", "result_schema", "properties", "items",
    "type", "triggers", "params", "conditions", "connections", "schedule", "timezone", "status", "reviews", "json",
    "schema_version", "dag_id", "template", "if_true", "condition", "inputs", "conn_id", "sql", "effect",
])  # fmt: skip
VALUES = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=4),
    max_leaves=10,
)


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """Return a golden sidecar with up to four places deleted, doubled or given another value."""
    path = draw(st.sampled_from(sorted((ROOT / "tests/golden").glob("*/expected/*.json"))))
    document = json.loads(path.read_text())
    for _ in range(draw(st.integers(1, 4))):
        holder: Any = document
        key: Any = draw(st.sampled_from(sorted(holder)))
        for _ in range(draw(st.integers(0, 5))):
            inner = holder[key]
            if not isinstance(inner, (dict, list)) or not inner:
                break
            holder, key = inner, draw(st.sampled_from(sorted(inner) if isinstance(inner, dict) else range(len(inner))))
        action = draw(st.sampled_from(["delete", "replace", "double"]))
        if action == "delete" and len(holder) > 1:
            del holder[key]
        elif action == "double" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        else:
            holder[key] = draw(VALUES)
    return document


@settings(max_examples=150, deadline=None)
@given(mutated() | st.dictionaries(NAMES, VALUES, max_size=5), st.sampled_from(["sidecar", "spec"]))
def test_any_json_gives_findings(document: dict[str, Any], form: Any) -> None:
    """No document causes an exception, and each finding has a problem, a suggestion and a known code."""
    for finding in found_in(Subject(Path("x.vai.json"), form, document), frozenset()):
        assert finding.problem
        assert finding.suggestion
        assert finding.code in {check.code for check in CHECKS}


def test_later_versions_and_recorded_edits_are_in_order(tmp_path: Path) -> None:
    """A new version has no findings; tasks added by hand stay a warning after the edit became a version."""
    golden = GOLDEN / "example/expected/monthly_revenue_dashboard.vai.json"
    automation = read_sidecar(golden).automation
    published = publish(automation, tmp_path)
    publish(automation.model_copy(update={"tags": ["sales"]}), tmp_path)
    assert lint([tmp_path]) == []

    more = "    more = EmptyOperator(task_id='more')\n    generate_query >>"
    published.dag.write_text(published.dag.read_text().replace("    generate_query >>", more))
    assert {finding.code for finding in lint([tmp_path])} == {"VAI602", "VAI604"}
    publish(read_sidecar(published.sidecar).automation, tmp_path)
    assert [(finding.code, finding.level) for finding in lint([tmp_path])] == [("VAI604", "warning")]
