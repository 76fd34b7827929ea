"""Specs written by hand become automations, or are refused with the place of the error."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from pydantic.alias_generators import to_camel

from airflow_provider_vai.authoring.specs import short as spec_short, steps as spec_steps, values as spec_values
from airflow_provider_vai.authoring.specs.file import all_refusals, read_platform, read_spec
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.renderer.render import render
from tests.paths import DOCS, GOLDEN
from tests.unit import support
from tests.unit.support import findings, review_lines

SHORT = """
dag_id: nightly_revenue
description: Nightly revenue
triggers: [{type: schedule, schedule: "0 6 * * *", timezone: Europe/Berlin}]
params:
  region: {default: EU, description: Which shops, schema: {type: string, enum: [EU, US]}}
  top: 5
conditions: ['params.region in ["EU", "US"]']
retries: 2
steps:
  - key: revenue
    kind: silver_query
    arguments: {sql: "SELECT * FROM orders WHERE region = ?", conn_id: shop, parameters: [{$param: [region]}]}
  - kind: create_flashboard
    arguments:
      title: {$template: "Revenue of {{ ds }}"}
      charts: [{kind: table, title: Orders, data: {name: revenue}}]
      datasets: {revenue: {$from: [revenue, rows]}}
  - key: post
    kind: http_request
    gate: {subject: Send it, editable: [query], on_timeout: reject, response_timeout: 600}
    each: [revenue, rows]
    arguments:
      endpoint: /orders
      method: POST
      query: {top: "5"}
      json: {id: {$item: [id]}, key: {$secret: pager}, note: {$literal: {$from: [x]}}}
"""
QUERY = {"kind": "generate_query", "key": "q", "arguments": {"sql": "SELECT 1", "conn_id": "db"}}
POST = {"kind": "http_request", "key": "post", "arguments": {"endpoint": "/x", "method": "POST", "json": {"a": 1}}}


def written(folder: Path, document: Any, name: str = "spec.json") -> Path:
    """Write a document and return its path; text is written unchanged."""
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def read(folder: Path, document: Any, name: str = "spec.json") -> Automation:
    """Return the automation of a document."""
    return read_spec(written(folder, document, name))


def step_of(automation: Automation, key: str) -> Step:
    """Return the step with a key."""
    return next(step for step in automation.steps if step.key == key)


def refusal(folder: Path, document: Any, name: str = "spec.json") -> SpecError:
    """Return why a document is refused."""
    with pytest.raises(SpecError) as caught:
        read(folder, document, name)
    assert str(folder / name) in caught.value.where
    assert caught.value.remedy
    return caught.value


@pytest.fixture
def short(tmp_path: Path) -> Automation:
    """The automation of the short form above."""
    return read(tmp_path, SHORT, "spec.vai.yaml")


def test_short_form_is_filled_in(short: Automation) -> None:
    """Names, order, connections and flags follow from the spec."""
    assert (short.dag_id, short.source_type, short.source) == ("nightly_revenue", "MANUAL", None)
    assert [(one.key, one.task_id, one.depends_on) for one in short.steps] == [
        ("revenue", "revenue", []),
        ("create_flashboard", "create_flashboard", ["revenue"]),
        ("approve_post", "approve_post", ["create_flashboard"]),
        ("post", "post", ["approve_post"]),
    ]
    assert step_of(short, "revenue").kind == "generate_query"
    assert step_of(short, "revenue").arguments["tables"].value == ["orders"]
    assert short.connections == ["http_default", "pager", "shop"]
    assert short.non_deterministic_steps == ["revenue"]
    assert short.params["top"].default == 5
    assert short.params["region"].schema_ == {"type": "string", "enum": ["EU", "US"]}
    assert (short.retries, short.conditions) == (2, ['params.region in ["EU", "US"]'])
    assert all(one.operator.startswith("airflow_provider_vai.") for one in short.steps)


def test_references_become_wires(short: Automation) -> None:
    """A whole argument has the class of its reference; leaves are wires and secrets, with null in their places."""
    assert step_of(short, "create_flashboard").arguments["title"] == Argument(
        class_="template", value="Revenue of {{ ds }}"
    )
    sent = step_of(short, "post").arguments["json"]
    assert sent.class_ == "wired"
    assert sent.value == {"id": None, "key": None, "note": {"$from": ["x"]}}
    assert [(one.at, one.from_ and one.from_.path) for one in sent.wires] == [(["id"], ["id"])]
    assert [(one.at, one.connection) for one in sent.secrets] == [(["key"], "pager")]
    each = step_of(short, "post").each
    assert each
    assert (each.step, each.path) == ("revenue", ["rows"])


def test_whole_arguments_take_their_class(tmp_path: Path) -> None:
    """A parameter keeps its path, an output its origin."""
    post = {
        **POST,
        "arguments": {**POST["arguments"], "json": {"$from": ["q", "rows", 0]}, "query": {"$param": ["f", "x"]}},
    }
    made = step_of(read(tmp_path, {"params": {"f": {"default": {"x": {}}}}, "steps": [QUERY, post]}), "post").arguments

    assert (made["json"].class_, made["json"].origin, made["json"].from_.path) == ("wired", "tool_output", ["rows", 0])
    assert (made["query"].class_, made["query"].param, made["query"].path) == ("parameter", "f", ["x"])


def test_a_gate_is_the_crystallizers(tmp_path: Path) -> None:
    """The gate of a step by hand equals a crystallized one, except for what comes from the recording."""
    recorded = support.run(support.call("http_request", {**POST["arguments"]}, {"status": 200, "body": {}}))
    crystallized = support.crystallized(recorded, {"match": "http_request", "kind": "http_request"}).steps
    by_hand = read(tmp_path, {"steps": [{**POST, "key": "http_request", "gate": True}]}).steps

    for theirs, ours in zip(crystallized, by_hand, strict=True):
        same = {"key", "task_id", "kind", "operator", "depends_on", "effect", "determinism", "trigger_rule"}
        assert theirs.model_dump(include=same) == ours.model_dump(include=same)
        assert theirs.approval.gate == ours.approval.gate
    theirs, ours = crystallized[0].arguments, by_hand[0].arguments
    assert {name: it for name, it in theirs.items() if name != "reason"} == {
        name: it for name, it in ours.items() if name != "reason"
    }
    assert ours["reason"].value == "The spec asks for approval."


def test_an_unguarded_write_is_for_review(tmp_path: Path) -> None:
    """A write without a gate is allowed, and reported."""
    automation = read(tmp_path, {"steps": [POST]})

    assert step_of(automation, "post").effect == "write"
    assert "write_without_gate" in findings(automation, "post")


def test_effect_may_be_said(tmp_path: Path) -> None:
    """A step declared as read needs no review itself; the declaration is listed."""
    mcp = {"kind": "mcp_tool", "key": "look", "effect": "read", "arguments": {"tool": "look", "arguments": {}}}
    made = read(tmp_path, {"steps": [mcp]})

    assert (made.steps[0].effect, made.steps[0].arguments["effect"].value) == ("read", "read")
    assert review_lines(made)[-1] == "look: the spec says that it has no external side effects (effect: read)"


@pytest.mark.parametrize("how", ["effect", "argument"])
def test_an_own_destination_is_listed(tmp_path: Path, how: str) -> None:
    """Both ways to declare the destination give the same step, and the declaration is listed."""
    sync: dict[str, Any] = {"kind": "file_sync", "arguments": {"source": "file:///a", "destination": "file:///b"}}
    assert read(tmp_path, {"steps": [sync]}).steps[0].effect == "write"
    if how == "effect":
        sync["effect"] = "artifact"
    else:
        sync["arguments"]["own_destination"] = True
    made = read(tmp_path, {"steps": [sync]})

    assert (made.steps[0].effect, made.steps[0].arguments["own_destination"].value) == ("artifact", True)
    assert findings(made) == ["effect_of_spec"]


def test_who_owns_a_destination_is_fixed(tmp_path: Path) -> None:
    """Whoever starts a run cannot declare the destination."""
    sync = {"source": "file:///a", "destination": "file:///b", "own_destination": {"$param": "own"}}
    document = {"params": {"own": {"default": True}}, "steps": [{"kind": "file_sync", "arguments": sync}]}

    assert "own_destination" in str(refusal(tmp_path, document))


def test_a_question_alone_is_flagged(tmp_path: Path) -> None:
    """A query without SQL is flagged, and the model's connection is listed."""
    made = read(tmp_path, {"steps": [{"kind": "generate_query", "arguments": {"question": "How many?"}}]})

    assert (made.steps[0].determinism, made.connections) == ("model_at_run_time", ["pydanticai_default", "warehouse"])
    assert review_lines(made) == ["generate_query: the spec has no SQL: a model writes it anew in each run"]


def test_results_make_dependencies(tmp_path: Path) -> None:
    """A step waits for the steps whose results it reads, even if it names other dependencies."""
    post = {**POST, "depends_on": [], "arguments": {**POST["arguments"], "json": {"$from": ["q", "rows"]}}}
    made = read(tmp_path, {"steps": [QUERY, {**QUERY, "key": "q2"}, post, {**QUERY, "key": "q3"}]})

    assert step_of(made, "post").depends_on == ["q"]
    assert step_of(made, "q3").depends_on == ["post"]


def test_a_branch_leads_to_the_gate(tmp_path: Path) -> None:
    """A branch leads to the gates of guarded steps."""
    branch = {"kind": "conditional_branch", "key": "b", "arguments": {"condition": "params.x > 1", "if_true": ["post"]}}
    made = read(tmp_path, {"params": {"x": 1}, "steps": [branch, {**POST, "gate": True}]})

    assert step_of(made, "b").arguments["if_true"].value == ["approve_post"]
    assert step_of(made, "approve_post").depends_on == ["b"]


@pytest.mark.parametrize("field", ["dag_id", "name", None])
def test_where_the_dag_id_comes_from(tmp_path: Path, field: str | None) -> None:
    """The DAG id comes from its own field, the name, or the file's name."""
    given = {field: {"dag_id": "a-b.c", "name": "Late parcels"}[field]} if field else {}
    made = read(tmp_path, {**given, "steps": [QUERY]}, "from_file.vai-spec.json")

    assert made.dag_id == {"dag_id": "a-b.c", "name": "late_parcels", None: "from_file"}[field]
    assert [one.type for one in made.triggers] == ["manual"]


def test_the_full_form_reads_back(tmp_path: Path, short: Automation) -> None:
    """The full form of `vai schema automation` is read."""
    assert read(tmp_path, short.model_dump(mode="json"), "full.vai-spec.json") == short


def test_the_full_form_has_no_login(tmp_path: Path, short: Automation) -> None:
    """A credential in the URI of an event is refused there, too, and not shown."""
    full = short.model_dump(mode="json") | {"triggers": [{"type": "event", "uri": "s3://ABC:aB3dE5gH7jK9@bucket/a"}]}
    with pytest.raises(SpecError, match="contains what looks like a credential") as refusal:
        read(tmp_path, full, "full.vai-spec.json")
    assert "aB3dE5" not in repr(refusal.value) + str(refusal.value)


def test_a_sidecars_spec_becomes_one_by_hand(tmp_path: Path) -> None:
    """A recording in the full form is named for the reviewer, and no longer the source."""
    golden = GOLDEN / "example/expected/monthly_revenue_dashboard.vai.json"
    made = read(tmp_path, golden.read_text())

    assert (made.source_type, made.source) == ("MANUAL", None)
    assert review_lines(made)[0].startswith("written by hand from the spec of the recording c0ffee00")


def test_what_is_read_renders(tmp_path: Path) -> None:
    """A spec by hand becomes a DAG file with its steps."""
    text = render(read(tmp_path, {"dag_id": "d", "steps": [QUERY, {**POST, "gate": True}]}))

    assert set(support.tasks(text)) == {"q", "approve_post", "post"}


BAD: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("unknown key", {"stepps": []}, "stepps", "unknown key", "'steps'"),
    ("step key", {"steps": [{**QUERY, "argument": {}}]}, "steps[0].argument", "unknown key", "'arguments'"),
    ("kind", {"steps": [{"kind": "http_requst"}]}, "steps[0].kind", "http_requst", "'http_request'"),
    ("gate kind", {"steps": [{"kind": "approval_gate"}]}, "steps[0].kind", "not written as a step", "gate: true"),
    ("no step", {"steps": []}, "steps", "not a list of steps", "at least one"),
    ("key", {"steps": [{**QUERY, "key": "A b"}]}, "steps[0].key", "A b", "'a_b'"),
    ("two keys", {"steps": [QUERY, QUERY]}, "steps[1].key", "two steps", "its own"),
    ("argument", {"steps": [{**QUERY, "arguments": {"sqll": "x"}}]}, "steps[0].arguments.sqll", "sqll", "'sql'"),
    ("type", {"steps": [{**QUERY, "arguments": {"sql": 5}}]}, "steps[0].arguments.sql", "5", "Correct"),
    ("missing", {"steps": [{"kind": "http_request"}]}, "steps[0].arguments.endpoint", "missing", "Add it"),
    ("two names", {"steps": [{**POST, "arguments": {"url": "/x", "endpoint": "/x"}}]}, "endpoint", "twice", "one of"),
    ("nested type", {"steps": [{"kind": "explain_schema", "arguments": {"tables": [{"$param": "t"}, 5]}}],
                     "params": {"t": "x"}}, "steps[0].arguments.tables[1]", "5", "Correct"),
    ("source", {"steps": [{**POST, "arguments": {"endpoint": "/x", "json": {"a": [{"$from": ["qq"]}]}}}]},
     "steps[0].arguments.json.a[0].$from", "not an earlier step", ""),
    ("forward", {"steps": [{**QUERY, "depends_on": ["post"]}, POST]}, "steps[0].depends_on[0]", "not an earlier", ""),
    ("item", {"steps": [{**POST, "arguments": {"endpoint": "/x", "json": {"$item": []}}}]}, "json", "mapped", "each"),
    ("each", {"steps": [{**POST, "each": ["q", "rows"]}]}, "steps[0].each", "not an earlier step", ""),
    ("param", {"steps": [{**QUERY, "arguments": {"sql": "SELECT 1", "parameters": [{"$param": ["nope"]}]}}]},
     "", "nope", ""),
    ("marker", {"steps": [{**POST, "arguments": {"endpoint": "/x", "json": {"$form": ["q"]}}}]}, "json", "$form",
     "'$from'"),
    ("mixed", {"steps": [{**POST, "arguments": {"endpoint": "/x", "json": {"$from": ["q"], "b": 1}}}]}, "json",
     "must be the only key", "Remove the other keys"),
    ("template", {"steps": [{**POST, "arguments": {"endpoint": "/x", "data": {"$template": "{{ ds "}}}]},
     "data.$template", "not a valid Jinja template", "Correct"),
    ("sql from outside", {"params": {"p": "x"}, "steps": [{**QUERY, "arguments": {"sql": {"$param": "p"}}}]},
     "arguments.sql", "decides what runs", "parameters"),
    ("sql template", {"steps": [{**QUERY, "arguments": {"sql": {"$template": "SELECT {{ params.p }}"}}}]},
     "arguments.sql", "decides what runs", "dates"),
    ("sql of an event", {"steps": [{**QUERY, "arguments": {"sql": {"$template": "SELECT {{ inlet_events }}"}}}]},
     "arguments.sql", "inlet_events", "dates"),
    ("sql of the environment", {"steps": [{**QUERY, "arguments": {"sql": {"$template": "{{ macros.uuid.os }}"}}}]},
     "arguments.sql", "macros.uuid", "dates"),
    ("password", {"steps": [{**POST, "arguments": {"endpoint": "/x", "data": {"$template": "{{ conn.x.password }}"}}}]},
     "arguments.data", "conn", "connection in the field of the step"),
    ("template filter", {"steps": [{**POST, "arguments": {"endpoint": "/x", "data": {"$template": "{{ ds|no }}"}}}]},
     "data.$template", "No filter named", "Correct"),
    ("secret", {"steps": [{**POST, "arguments": {"endpoint": "/x", "json": {"password": "hunter2 hunter2"}}}]},
     "arguments.json.password", "credential", "$secret"),
    ("header", {"steps": [{**POST, "arguments": {"endpoint": "/x", "headers": {"Authorization": "Basic abc"}}}]},
     "arguments.headers.Authorization", "header", "connection"),
    ("param secret", {"params": {"api_key": "abcdefgh12345678"}, "steps": [QUERY]}, "params.api_key", "credential",
     "$secret"),
    ("param shape", {"params": {"p": {"defaul": 1}}, "steps": [QUERY]}, "params.p.defaul", "unknown key", "'default'"),
    ("default", {"params": {"p": {"default": 5, "schema": {"type": "string"}}}, "steps": [QUERY]}, "params.p",
     "the default 5", "Correct"),
    ("cron", {"trigger": {"type": "schedule", "schedule": "0 25 * * *"}, "steps": [QUERY]}, "trigger.schedule",
     "0 25", "five fields"),
    ("zone", {"triggers": [{"type": "schedule", "schedule": "@daily", "timezone": "Mars"}], "steps": [QUERY]},
     "triggers[0].timezone", "Mars", "Europe/Berlin"),
    ("trigger type", {"trigger": {"type": "schedul"}, "steps": [QUERY]}, "trigger.type", "schedul", "'schedule'"),
    ("webhook secret", {"trigger": {"type": "webhook", "path": "a", "secret": "whsec_12345678"}, "steps": [QUERY]},
     "trigger.secret", "the file contains the webhook's secret", "conn_id"),
    ("webhook path", {"trigger": {"type": "webhook", "path": "a b", "conn_id": "c"}, "steps": [QUERY]},
     "trigger.path", "a b", "Correct"),
    ("webhook token", {"trigger": {"type": "webhook", "path": "a/ghp_" + "aB3" * 12, "conn_id": "c"},
                       "steps": [QUERY]}, "trigger.path", "credential", "sign"),
    ("event login", {"trigger": {"type": "event", "uri": "s3://ABC:aB3dE5gH7jK9@bucket/a.csv"}, "steps": [QUERY]},
     "trigger.uri", "s3://***bucket/a.csv", "Leave the login out"),
    ("event kind", {"trigger": {"type": "event", "event": "action.completed", "filters": {"action_kind": "dlt"}},
                    "steps": [QUERY]}, "trigger.filters", "dlt", "Use one of"),
    ("condition", {"conditions": ["f(x)"], "steps": [QUERY]}, "conditions[0]", "f(x)", "Write it like"),
    ("gate key", {"steps": [{**POST, "gate": {"subjct": "x"}}]}, "steps[0].gate.subjct", "unknown key", "'subject'"),
    ("gate value", {"steps": [{**POST, "gate": {"on_timeout": "maybe"}}]}, "steps[0].gate.on_timeout", "maybe", ""),
    ("editable", {"steps": [{**POST, "gate": {"editable": ["jso"]}}]}, "steps[0].gate.editable[0]", "jso", "'json'"),
    ("dag id", {"dag_id": "a b", "steps": [QUERY]}, "dag_id", "a b", "a_b"),
    ("retries", {"retries": -1, "steps": [QUERY]}, "retries", "-1", ""),
    ("effect", {"steps": [{**POST, "effect": "reads"}]}, "steps[0].effect", "reads", "read"),
    ("effect of a mutation", {"steps": [{"kind": "http_request", "effect": "read", "arguments": {
        "endpoint": "/x", "method": "POST", "json": {"query": "mutation { pay }"}}}]},
     "steps[0].effect", "GraphQL mutation", "write"),
    ("effect of an override", {"steps": [{"kind": "http_request", "effect": "artifact", "arguments": {
        "endpoint": "/x", "headers": {"X-HTTP-Method-Override": "DELETE"}}}]},
     "steps[0].effect", "overrides its method", "Leave it out"),
    ("effect of a copy", {"steps": [{"kind": "file_sync", "effect": "read", "arguments": {
        "source": "file:///a", "destination": "file:///b"}}]}, "steps[0].effect", "copies files", "write"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("document", "place", "problem", "remedy"), [one[1:] for one in BAD], ids=[one[0] for one in BAD]
)
def test_refusals_name_place_value_and_remedy(
    tmp_path: Path, document: dict[str, Any], place: str, problem: str, remedy: str
) -> None:
    """Each error names its place, the problem and a remedy."""
    error = refusal(tmp_path, {"steps": [QUERY], **document})

    assert place in error.where
    assert problem in error.problem
    assert remedy in error.remedy
    assert "hunter2" not in str(error)
    assert "whsec_" not in str(error)


def test_every_wrong_step_is_told(tmp_path: Path) -> None:
    """One error does not hide the others, and a wrong step does not cause errors in its readers."""
    document = {"steps": [{**QUERY, "arguments": {"sql": 1}}, {**POST, "gate": 5}, {"kind": "nope"}]}
    found = all_refusals(document, tmp_path / "x.json")

    assert [error.where for error in found] == ["steps[1].gate", "steps[2].kind", "steps[0].arguments.sql"]
    assert "2 more problems" in refusal(tmp_path, document).problem


FILES: list[tuple[str, bytes | str, str]] = [
    ("a.yaml", "steps: [a\n", "line 2, column 1"),
    ("a.yaml", "a: 1\na: 2\n", "twice"),
    ("a.yaml", "a: !!python/object/apply:os.system [true]\n", "python/object"),
    ("a.yaml", "a: &a [*a]\n", "contains itself"),
    ("a.json", '{"a": 1,}', "line 1, column "),
    ("a.json", '{"a": 1, "a": 2}', "twice"),
    ("a.json", "[1]", "not an object"),
    ("a.json", "", "empty"),
    ("a.json", b"\xff\xfe\x00", "not UTF-8"),
    ("a.json", '{"a":' * 150 + "1" + "}" * 150, "nested"),
    ("a.json", "[" * 100_000, "nested"),
    ("a.json", '{"dag_id": "\\ud800"}', "half a surrogate pair"),
    ("a.json", '{"dag_id": "\\u0000"}', "U+0000"),
    ("a.yaml", 'params: {"a\\0b": 1}', "U+0000"),
    ("a.yaml", "tags: ['']\nsteps: [{kind: web_search, arguments: {query: x}}]", "the tag is empty"),
    (
        "a.yaml",
        "notifications: [{on: failure, notifier: os.system}]\nsteps: [{kind: web_search, arguments: {query: x}}]",
        "not an allowed notifier",
    ),
    ("a.json", '"' + "x" * 5_000_001 + '"', "more than 5 MB"),
    ("a.vai.json", '{"schema_version": 99}', "newer"),
    ("a.json", '{"source_type": "MANUAL", "dag_id": "d", "steps": [], "stepps": 1}', "unknown key"),
]


@pytest.mark.parametrize(("name", "content", "said"), FILES, ids=range(len(FILES)))
def test_files_that_hold_no_spec(tmp_path: Path, name: str, content: bytes | str, said: str) -> None:
    """Each unreadable file is refused by name; YAML and JSON errors have the line and column."""
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SpecError) as caught:
        read_spec(tmp_path / name)
    assert said in caught.value.problem
    assert name in caught.value.where


def test_what_is_no_file(tmp_path: Path) -> None:
    """A missing file, a folder and a pipe without a writer are refused."""
    os.mkfifo(tmp_path / "pipe")
    for name in ("missing", "pipe", "."):
        with pytest.raises(SpecError):
            read_spec(tmp_path / name)


CONFIG: dict[str, Any] = {
    "name": "Order",
    "triggerType": "webhook",
    "config": {
        "path": "/hooks/orders",
        "secretConnId": "shop_hook",
        "action": {"kind": "insight_delegate", "definition": {"prompt": "Process this: {{payload}}"}},
    },
}


def test_platform_webhook() -> None:
    """The path loses its slash; a text with the payload becomes a template that writes non-text values as JSON."""
    from jinja2 import Environment

    made = read_platform(CONFIG)

    assert made.triggers[0].model_dump() == {
        "type": "webhook", "path": "hooks/orders", "conn_id": "shop_hook", "signature": "vai",
    }  # fmt: skip
    assert (made.dag_id, made.description, made.steps[0].kind) == ("order", "Order", "call_agent")
    assert made.connections == ["pydanticai_default", "shop_hook"]
    question = made.steps[0].arguments["question"]
    assert question.class_ == "template"
    template = Environment().from_string(question.value)
    assert template.render(params={"payload": {"id": 1}}) == 'Process this: {"id": 1}'
    assert template.render(params={"payload": "a"}) == "Process this: a"


def with_definition(definition: dict[str, Any], **config: Any) -> dict[str, Any]:
    """Return the platform document with another action."""
    action = {"kind": "http_request", "definition": {"method": "POST", **definition}}
    return {**CONFIG, "config": {**CONFIG["config"], "action": action, **config}}


def test_platform_payload_and_data() -> None:
    """The payload alone and places in it keep their type; references and Jinja in the document are data."""
    body = {"all": "{{payload}}", "id": "{{ payload.order['id'][0] }}", "d": {"$from": ["x"]}, "j": "{{ ds }} {% x"}
    document = with_definition({"url": "/x", "json": body, "data": "{{ ds }}: {{payload}}"})
    made = read_platform(document).steps[0].arguments

    assert made["json"].value == {"all": None, "id": None, "d": {"$from": ["x"]}, "j": "{{ ds }} {% x"}
    assert [(one.at, one.param, one.path) for one in made["json"].wires] == [
        (["all"], "payload", []),
        (["id"], "payload", ["order", "id", 0]),
    ]
    from jinja2 import Environment

    assert Environment().from_string(made["data"].value).render(params={"payload": 5}) == "{{ ds }}: 5"


def test_platform_schedule_and_nested_trigger() -> None:
    """Both shapes of the trigger, a connection beside the definition, and a repeated kind are read."""
    action = {"kind": "dlt_extract", "connectionRef": {"slug": "shop"},
              "definition": {"kind": "dlt_extract", "source": "shopify", "resources": ["orders"]}}  # fmt: skip
    flat = read_platform({
        "name": "Sync", "triggerType": "schedule", "status": "draft",
        "config": {"schedule": "0 6 * * *", "timezone": "America/New_York", "action": action},
    })  # fmt: skip
    nested = read_platform({
        "name": "Sync", "config": {"action": action},
        "trigger": {"type": "event", "eventType": "action.completed", "filters": {"actionKind": "silver_query"}},
    })  # fmt: skip

    assert flat.triggers[0].model_dump() == {
        "type": "schedule", "schedule": "0 6 * * *", "timezone": "America/New_York",
    }  # fmt: skip
    assert flat.steps[0].arguments["conn_id"].value == "shop"
    assert flat.steps[0].arguments["resource_names"].value == ["orders"]
    assert review_lines(flat)[-1] == "not imported from the platform's document: status"
    assert nested.triggers[0].filters.action_kind == "generate_query"


def test_camel_case(tmp_path: Path) -> None:
    """Names may be in camelCase at every level; both spellings of one name at once are refused."""
    snake = {
        "dag_id": "every", "max_active_runs": 2, "params": {"p_q": 1},
        "triggers": [
            {"type": "webhook", "path": "a", "conn_id": "shop"},
            {"type": "event", "event": "action.failed", "filters": {"action_kind": "http_request"}},
        ],
        "steps": [
            QUERY,
            {**POST, "gate": {"on_timeout": "reject"}, "depends_on": [], "retry_delay_seconds": 5,
             "each": ["q", "rows"], "trigger_rule": "all_done",
             "arguments": {**POST["arguments"], "json": {"some_key": {"$param": "p_q"}}}},
        ],
    }  # fmt: skip
    text = json.dumps(snake)
    for name in ("dag_id", "max_active_runs", "action_kind", "on_timeout", "depends_on", "retry_delay_seconds"):
        text = text.replace(f'"{name}"', f'"{to_camel(name)}"')
    text = text.replace('"trigger_rule"', '"triggerRule"').replace('"conn_id": "shop"', '"connId": "shop"')

    assert read(tmp_path, text) == read(tmp_path, snake)
    assert "are the same key" in refusal(tmp_path, {**snake, "dagId": "other"}).problem


def test_the_full_form_in_camel_case(tmp_path: Path) -> None:
    """The API's form of a version is read, with camelCase keys."""
    made = read(tmp_path, {"dag_id": "one", "steps": [QUERY]})
    shown = made.model_dump(mode="json", by_alias=True)

    assert shown["sourceType"] == "MANUAL"
    assert read(tmp_path, shown) == made


def test_platform_document_with_its_state(tmp_path: Path) -> None:
    """A platform document with ``sourceType`` is not mistaken for the full form."""
    made = read(tmp_path, {**CONFIG, "sourceType": "MANUAL", "createdBy": "ann"})

    assert made.review[-1].message == "not imported from the platform's document: sourceType, createdBy"


@pytest.mark.parametrize("name", ["secretConnId", "conn_id", "connId"])
def test_platform_connection(name: str) -> None:
    """The connection of the secret may be named in three ways."""
    config = {key: value for key, value in CONFIG["config"].items() if key != "secretConnId"}

    assert read_platform({**CONFIG, "config": {**config, name: "hook"}}).triggers[0].conn_id == "hook"


def test_platform_secret() -> None:
    """A literal secret is refused unless a connection is named for it, and appears in no message or automation."""
    config = {name: value for name, value in CONFIG["config"].items() if name != "secretConnId"}
    document = {**CONFIG, "config": {**config, "secret": "whsec_abcdefgh"}}
    with pytest.raises(SpecError, match="the file contains the webhook's secret") as caught:
        read_platform(document)
    assert "whsec_" not in str(caught.value)
    named = {**document, "config": {**document["config"], "secretConnId": "hook"}}
    for made in (read_platform(document, secret_conn_id="hook"), read_platform(named)):
        assert made.triggers[0].conn_id == "hook"
        assert review_lines(made)[-1].startswith("the webhook's secret was not imported")
        assert "whsec_" not in made.model_dump_json()


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({**CONFIG, "tirgger": 1}, "tirgger"),
        ({**CONFIG, "config": {**CONFIG["config"], "shedule": 1}}, "config.shedule"),
        ({**CONFIG, "config": {"path": "x", "secretConnId": "c"}}, "config"),
        ({**CONFIG, "triggerType": "cron"}, "triggerType"),
        (with_definition({"url": "/{{payload}}"}), "arguments.endpoint"),
        (with_definition({"url": "/x", "kind": "other"}), "config.action.definition.kind"),
        ([], ""),
    ],
)
def test_platform_refusals(document: Any, place: str) -> None:
    """Unknown keys are refused with their place, and the payload never decides what runs."""
    with pytest.raises(SpecError) as caught:
        read_platform(document)
    assert place in caught.value.where


def test_nothing_imports_airflow(tmp_path: Path) -> None:
    """Specs can be read without Airflow."""
    path = written(tmp_path, SHORT, "s.yaml")
    script = (
        "import sys; from pathlib import Path; from airflow_provider_vai.authoring.specs.file import read_spec;"
        "read_spec(Path(sys.argv[1])); assert not [m for m in sys.modules if m.split('.')[0] == 'airflow']"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
MARKERS = st.sampled_from(["$from", "$item", "$param", "$secret", "$template", "$literal", "a", "kind", "q"])
VALUES = st.recursive(
    SCALARS | st.just("SELECT 1") | st.just("{{payload}}"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MARKERS | st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from([
    "dag_id", "name", "description", "trigger", "triggers", "params", "conditions", "steps", "retries", "tags",
    "config", "action", "source_type", "schema_version", "notifications", "owner", "triggerType",
])  # fmt: skip
STEPS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["http_request", "generate_query", "mcp_tool", "call_agent"])},
    optional={
        "key": st.text(max_size=4) | st.just("q"),
        "arguments": st.dictionaries(
            st.sampled_from(["sql", "endpoint", "json", "tool", "arguments", "question", "query", "conn_id"]), VALUES
        ),
        "gate": st.booleans() | VALUES,
        "each": VALUES,
        "depends_on": VALUES,
        "effect": VALUES,
    },
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(FIELDS, VALUES, max_size=4), st.lists(STEPS, max_size=3))
def test_any_document_is_an_automation_or_a_refusal(document: dict[str, Any], steps: list[Any]) -> None:
    """No document causes a traceback, and accepted ones have the guarantees of a crystallized automation."""
    found = all_refusals({**document, **({"steps": steps} if steps else {})}, Path("x.json"))
    if not isinstance(found, Automation):
        assert found
        assert all(isinstance(error, SpecError) for error in found)
        return
    by_key = {one.key: one for one in found.steps}
    for made in found.steps:
        assert made.approval.gate is None or by_key[made.approval.gate].kind == "approval_gate"
        assert made.approval.gate is None or made.depends_on == [made.approval.gate]
    assert found.source_type == "MANUAL"


@pytest.mark.parametrize(("mark", "name"), [("spec", "x.vai.yaml"), ("platform", "x.json")])
def test_the_page_shows_what_is_read(tmp_path: Path, mark: str, name: str) -> None:
    """The examples in `dev/docs/spec.md` are valid, and every field and marker is documented there."""
    page = (DOCS / "spec.md").read_text(encoding="utf-8")
    shown = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```\n", page, re.DOTALL)

    assert shown
    assert read(tmp_path, shown[1], name).steps
    for word in (*spec_values.MARKERS, *spec_steps.KEYS, *spec_steps.GATE_KEYS, *spec_short.OPTIONS):
        assert word in page
