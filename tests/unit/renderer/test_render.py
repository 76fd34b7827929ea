"""Rendering: whatever a run contains, the file can be parsed, contains it unchanged, and executes none of it."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.exceptions import RenderError, VaiError
from airflow_provider_vai.get_provider_info import get_provider_info
from airflow_provider_vai.languages.storable import unstorable
from airflow_provider_vai.model.argument import Argument, Output, Wire
from airflow_provider_vai.model.automation import Automation, Notification, Param
from airflow_provider_vai.model.kinds import KINDS, Kind
from airflow_provider_vai.model.run import Approval, Run, Turn
from airflow_provider_vai.renderer import render as renderer
from airflow_provider_vai.renderer.render import render, templates_folder, templates_sha256
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.sidecar_files import read_sidecar
from airflow_provider_vai.traces.formats import read
from tests.unit.support import Operator, call, crystallized, executed, hostile, run, tasks

TEXTS, STRUCTURES = hostile("text"), hostile("structure")
NAMES = [pytest.param(entry, id=entry["name"]) for entry in TEXTS]
WHOLE = [  # a trace with half a character is refused when it is read
    pytest.param(entry, id=entry["name"]) for entry in TEXTS if not re.search("[\ud800-\udfff]", entry["value"])
]
ALL = [pytest.param(entry, id=entry["name"]) for entry in TEXTS + STRUCTURES]


@pytest.fixture(autouse=True)
def nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Check after each test that no hostile value was executed."""
    monkeypatch.chdir(tmp_path)
    yield
    assert "VAI_HOSTILE" not in os.environ
    assert not list(tmp_path.rglob("vai_hostile*"))


def landed(recorded: Run, folder: Path, **policy: Any) -> tuple[dict[str, Operator], Automation]:
    """Publish the DAG of a run; return its executed tasks, and the automation as read from the sidecar."""
    automation = crystallized(recorded, dag_id="one", **policy)
    text = render(automation)
    assert text == render(automation)
    files = publish(automation, folder)
    assert files.dag.read_text(encoding="utf-8") == text
    sidecar = read_sidecar(files.sidecar).automation
    assert repr(sidecar) == repr(automation)
    body = ast.parse(text).body
    assert [type(node) for node in body if not isinstance(node, ast.ImportFrom)] == [ast.Expr, ast.With]
    assert all(line.isprintable() for line in text.split("\n"))
    return tasks(text), sidecar


@pytest.mark.parametrize("entry", ALL)
def test_hostile_argument_values(entry: dict[str, Any], tmp_path: Path) -> None:
    """Types and values are unchanged in the file and in the sidecar, at the top level and nested."""
    value = entry["value"]
    arguments = {"v": value, "deep": [{"k": [value, value]}]}
    try:
        found, sidecar = landed(run(call("look", arguments)), tmp_path)
    except VaiError:
        assert entry["expect"] == "keep_or_refuse"
        return
    assert repr(found["look"].keywords["arguments"]) == repr(arguments)
    assert repr(sidecar.steps[-1].arguments["arguments"].value) == repr(arguments)


@pytest.mark.parametrize("entry", NAMES)
def test_hostile_argument_names(entry: dict[str, Any], tmp_path: Path) -> None:
    """Keys are data, even if they look like arguments of the operator."""
    arguments = {entry["value"]: 1, "deep": {entry["value"]: [True, {entry["value"]: None}]}}
    try:
        found, _ = landed(run(call("look", arguments)), tmp_path)
    except VaiError:
        assert entry["expect"] == "keep_or_refuse"
        return
    assert repr(found["look"].keywords["arguments"]) == repr(arguments)


@pytest.mark.parametrize("entry", NAMES)
def test_hostile_tool_names(entry: dict[str, Any], tmp_path: Path) -> None:
    """A tool's name becomes a valid task id, and its original text is kept as data."""
    name = entry["value"]
    try:
        found, _ = landed(run(call(name), call(name)), tmp_path, gates="recorded")
    except VaiError:
        assert entry["expect"] == "keep_or_refuse" or not name  # an MCP tool has a name
        return
    assert [made.keywords["tool"] for made in found.values()] == [name, name]
    assert all(re.fullmatch(r"[\w.-]{1,250}", made) for made in found)


FIELDS: dict[str, Callable[[str], Run]] = {
    "title": lambda text: run(call(), title=text),
    "agent": lambda text: run(call(), agent=text),
    "model": lambda text: run(call(), model=text),
    "run id": lambda text: run(call(), id=text),
    "format": lambda text: run(call(), format=text),
    "user's words": lambda text: run(call(), turns=[Turn(index=0, user_text=text)]),
    "note": lambda text: run(call(), notes=[text, text]),
    "call id": lambda text: run(call(id=text)),
    "server": lambda text: run(call(server=text)),
    "approval by": lambda text: run(call(approval=Approval(state="approved", by=text))),
    "approval note": lambda text: run(call(approval=Approval(state="approved", note=text))),
    "denial": lambda text: run(call(), call(text, outcome="denied", approval=Approval(state="denied", note=text))),
    "error": lambda text: run(call(), call(text, outcome="failed", error=text)),
    "retry": lambda text: run(call("x", outcome="failed"), call("x", id=text)),
    "result": lambda text: run(call(result=text), call("send", {"x": [text]})),
    "result's key": lambda text: run(call(result={text: [text]}), call("send", {"x": {text: [text]}})),
    "rows": lambda text: run(call(result={"rows": [{text: text}]}), call("send", {"x": [{text: text}]})),
    "tie": lambda text: run(call(result=text), call(result=text), call("send", {text: text})),
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("entry", WHOLE)
def test_hostile_text_in_every_field(entry: dict[str, Any], field: str, tmp_path: Path) -> None:
    """Hostile text cannot end a docstring, comment or literal, and the sidecar reads back."""
    recorded = FIELDS[field](entry["value"])
    try:
        found, sidecar = landed(recorded, tmp_path)
    except VaiError:
        assert entry["expect"] == "keep_or_refuse"
        return
    assert len(found) == len(sidecar.steps)
    assert [step.call_ids for step in sidecar.steps if step.kind == "mcp_tool"] == [
        [one.id] for one in recorded.calls if one.outcome == "success" and not unstorable(one.arguments)
    ]
    if field.startswith("approval"):
        (value,) = set(found["approve_look"].keywords["recorded"].values()) - {"approved"} or {entry["value"]}
        assert value == entry["value"]


@pytest.mark.parametrize("entry", ALL)
def test_hostile_results_are_wired_or_frozen(entry: dict[str, Any], tmp_path: Path) -> None:
    """A hostile result that a later call repeats becomes a wire or the same literal, and nothing else."""
    value = entry["value"]
    try:
        found, _ = landed(run(call(result=value), call("send", {"x": value})), tmp_path)
    except VaiError:
        assert entry["expect"] == "keep_or_refuse"
        return
    if unstorable(value):
        assert "send" not in found
        return
    passed = found["send"].keywords["arguments"]
    passed = passed["x"] if isinstance(passed, dict) else passed
    if isinstance(passed, Operator):
        assert (passed.name, passed.args) == ("wired", (found["look"],))
    else:
        assert repr(passed) == repr(value)


def generated(rule: dict[str, Any]) -> str:
    """Return the JSON text of a generated hostile value."""
    if "repeat" in rule:
        return json.dumps(rule["repeat"] * rule["times"])
    if "digits" in rule:
        return "9" * rule["digits"]
    if rule.get("nest") == "list":
        return "[" * rule["depth"] + "0" + "]" * rule["depth"]
    if rule.get("nest") == "object":
        return '{"k":' * rule["depth"] + "0" + "}" * rule["depth"]
    if "keys" in rule:
        return json.dumps({f"k{number}": number for number in range(rule["keys"] + 1)})
    return json.dumps(list(range(rule["items"])))


def chat(calls: list[tuple[str, str]]) -> str:
    """Return an OpenAI chat with these calls: tool, and arguments as JSON text."""
    messages = []
    for number, (tool, arguments) in enumerate(calls):
        asked = f'{{"id": "c{number}", "function": {{"name": {tool}, "arguments": {arguments}}}}}'
        messages.append(f'{{"role": "assistant", "tool_calls": [{asked}]}}')
        messages.append(f'{{"role": "tool", "tool_call_id": "c{number}", "content": "ok"}}')
    return '[{"role": "user", "content": "go"}, ' + ", ".join(messages) + ', {"role": "assistant", "content": "done"}]'


@contextlib.contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Fail if the block takes too much processor time, so that a backtracking pattern does not hang the tests."""

    def expired(*_: object) -> None:
        pytest.fail(f"took more than {seconds} seconds")

    before = signal.signal(signal.SIGPROF, expired)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@pytest.mark.parametrize("entry", hostile("generate"), ids=lambda entry: entry["name"])
def test_large_values(entry: dict[str, Any], tmp_path: Path) -> None:
    """Long, wide and deep values are kept or refused with a message within seconds."""
    rule, name = entry["generate"], '"look"'
    if "calls" in rule:
        calls = [(name, "{}")] * rule["calls"]
    elif entry["expect"] == "derive":
        calls = [(generated(rule), "{}")]
    else:
        calls = [(name, f'{{"v": {generated(rule)}}}')]
    trace = tmp_path / "trace.json"
    trace.write_text(chat(calls))
    try:
        with at_most(20):
            found, _ = landed(read(trace)[1][0], tmp_path / "out", gates="recorded")
    except VaiError as refusal:
        message = str(refusal)
        assert entry["expect"] in ("refuse", "keep_or_refuse")
        assert len(message) < 1000
    else:
        assert entry["expect"] != "refuse"
        assert len(found) == len(calls)
        value = json.loads(calls[0][1])
        assert repr(next(iter(found.values())).keywords["arguments"]) == repr(value)


# --- what the file looks like -----------------------------------------------------------------------------------------


def test_file_of_two_steps() -> None:
    """The file has a docstring, imports, a paused DAG, one assignment per task, and the edges."""
    automation = crystallized(
        run(
            call("look", {"q": 1}, "record 4711"), call("send", {"id": "record 4711"}, approval="approved"), title="Two"
        ),
        gates="recorded",
    )
    text = render(automation)
    made = executed(text)
    dag = made[0]
    assert (dag.name, dag.keywords["is_paused_upon_creation"], dag.keywords["catchup"]) == ("DAG", True, False)
    assert dag.keywords["tags"] == ["vai", "crystallized"]
    assert [operator.name for operator in made[1:]] == [
        "McpToolOperator",
        "ApprovalGateSensor",
        "wired",
        "asset",
        "McpToolOperator",
    ]
    assert made[-1].keywords["gate"] is made[2]
    assert text.rstrip().endswith("    look >> approve_send >> send")
    assert (ast.get_docstring(ast.parse(text)) or "").startswith("Two\n\nCrystallized from a recorded agent run")


def test_long_chains_are_called() -> None:
    """Edges that do not fit on a line are written with `chain(...)`, even if a tool has that name."""
    found = tasks(render(crystallized(run(*[call("a_rather_long_tool_name")] * 12), gates="recorded")))
    order = list(found.values())
    assert [made.after for made in order] == [[], *([made] for made in order[:-1])]


@pytest.mark.parametrize(
    "name", ["chain", "wired", "template", "connection_secret", "DAG", "datetime", "McpToolOperator"]
)
def test_tools_named_like_the_files_own_names(name: str) -> None:
    """A variable never hides a name that the file uses."""
    calls = [call(name, result="record 4711"), call(name, {"id": "record 4711", "token": "x y"}), *[call(name * 5)] * 9]
    assert len(tasks(render(crystallized(run(*calls), gates="recorded")))) == 11


def test_templates_and_wires_are_written_as_such() -> None:
    """Jinja templates and wires with a path are written inside values."""
    one = crystallized(run(call("look"), call("send")), gates="recorded")
    arguments = {
        "arguments": Argument(
            class_="wired", value={"a": [None]}, wires=[Wire(at=["a", 0], from_=Output(step="look", path=["rows", 0]))]
        ),
        "tool": Argument(class_="template", value="{{ ds }}"),
        "conn_id": Argument.frozen("{{ ds }}"),
    }
    step = one.steps[1].model_copy(update={"arguments": arguments})
    found = tasks(render(one.model_copy(update={"steps": [one.steps[0], step]})))
    wired = found["send"].keywords["arguments"]["a"][0]
    assert (wired.name, wired.args) == ("wired", (found["look"], "rows", 0))
    template = found["send"].keywords["tool"]
    assert (template.name, template.args) == ("template", ("{{ ds }}",))
    assert found["send"].keywords["conn_id"] == "{{ ds }}"


BELL = "airflow.providers.mine.notifications.bell.BellNotifier"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"notifications": [Notification(on="failure", notifier="subprocess.getoutput", arguments={})]},
            "is not an allowed notifier",
        ),
        (
            {"notifications": [Notification(on="failure", notifier=BELL, arguments={"text": "{{ conn.a.password }}"})]},
            'reads "conn"',
        ),
        ({"kind": "send_pigeon"}, "unknown action kind 'send_pigeon'"),
        ({"operator": "os.system;x"}, "not 'os.system;x'"),
        ({"operator": "os.path.join"}, "os.path"),
        ({"arguments": {"x; y": Argument.frozen(1)}}, "has the arguments"),
        (
            {
                "arguments": {
                    "tool": Argument(class_="wired", value={"a": 1}, wires=[Wire(at=["b"], template="{{ ds }}")])
                }
            },
            "the place 'b', which does not exist",
        ),
        ({"arguments": {"unknown": Argument.frozen(1)}}, "has the arguments"),
        (
            {"arguments": {"tool": Argument(class_="template", value="{{ params.tool }}")}},
            "'tool' of mcp_tool decides what runs",
        ),
        (
            {"arguments": {"conn_id": Argument(class_="parameter", param="p")}},
            "'conn_id' of mcp_tool decides what runs",
        ),
    ],
)
def test_what_cannot_be_rendered_is_refused(change: dict[str, Any], problem: str) -> None:
    """A spec that this version cannot render is refused, and nothing is left out silently."""
    one = crystallized(run(call("look")), gates="recorded")
    if set(change) <= set(Automation.model_fields):
        one = one.model_copy(update=change)
    else:
        one = one.model_copy(update={"steps": [one.steps[0].model_copy(update=change)]})
    with pytest.raises(RenderError) as refusal:
        render(one)
    assert problem in refusal.value.problem


def test_places_inside_arguments_take_params_templates_and_elements() -> None:
    """Each place gets its own reference, and everything around it stays frozen."""
    one = crystallized(run(call("look", {"value": {"a": [1], "b": 2}}), call("send", {"value": 1})), gates="recorded")
    wires = [
        Wire(at=["a"], param="payload", path=["order", 0]),
        Wire(at=["b"], template="{{ ds }}"),
        Wire(at=["c"], from_=Output(path=["id"])),
    ]
    argument = Argument(class_="wired", value={"a": None, "b": None, "c": None, "d": "{{ ds }}"}, wires=wires)
    arguments = {**one.steps[1].arguments, "arguments": argument}
    step = one.steps[1].model_copy(update={"arguments": arguments, "each": Output(step="look", path=["rows"])})
    text = render(one.model_copy(update={"steps": [one.steps[0], step], "params": {"payload": Param()}}))

    assert 'item("id")' in text
    assert 'parameter("payload", "order", 0)' in text
    assert 'template("{{ ds }}")' in text
    assert '"d": "{{ ds }}"' in text
    assert 'items=wired(look, "rows")' in text
    assert "send = McpToolOperator.partial(" in text
    assert ").expand(item=each_send.output)" in text


def test_limits_and_notifications_are_airflows_own() -> None:
    """Each option of the automation and of a step is written with Airflow's name for it."""
    one = crystallized(run(call("look")), gates="recorded")
    options = {
        "retries": 3,
        "retry_delay_seconds": 1.5,
        "timeout_seconds": 60,
        "concurrency": 2,
        "trigger_rule": "all_done",
    }
    change = {
        "steps": [one.steps[0].model_copy(update=options)],
        "tags": ["sales"],
        "owner": "mia",
        "retries": 1,
        "retry_delay_seconds": 30,
        "timeout_seconds": 3600,
        "max_active_runs": 4,
        "max_active_tasks": 5,
        "notifications": [
            Notification(
                on="success",
                notifier=BELL,
                arguments={"text": "it's {{ ds }}"},
            ),
            Notification(on="failure", notifier="airflow.providers.mine.notifications.bell.SirenNotifier"),
        ],
    }
    text = render(one.model_copy(update=change))

    for line in (
        "from datetime import datetime, timedelta, timezone",
        "from airflow.providers.mine.notifications.bell import BellNotifier, SirenNotifier",
        "max_active_runs=4,",
        "max_active_tasks=5,",
        "dagrun_timeout=timedelta(seconds=3600),",
        "default_args={",
        '"action_asset": False,',
        '"owner": "mia",',
        '"retry_delay": timedelta(seconds=30),',
        """on_success_callback=[BellNotifier(text="it's {{ ds }}")],""",
        "on_failure_callback=[SirenNotifier()],",
        f"Change it on [its page](vai/ui/automations/{one.dag_id}/steps)",
        'tags=["vai", "crystallized", "sales"],',
        "retries=3,",
        "retry_delay=timedelta(seconds=1.5),",
        "execution_timeout=timedelta(seconds=60),",
        "max_active_tis_per_dagrun=2,",
        'trigger_rule="all_done",',
    ):
        assert line in text


# --- templates, kinds, operators --------------------------------------------------------------------------------------

TEMPLATES = sorted((templates_folder() / "tasks").glob("*.jinja"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_each_template_is_a_kinds_and_short(template: Path) -> None:
    """Besides the shared template there are only templates of action kinds; all of them are used and short."""
    assert f"tasks/{template.name}" in {"tasks/_call.jinja", *(kind.template for kind in KINDS)}
    assert len(template.read_text(encoding="utf-8").splitlines()) <= 25


def test_a_kind_may_have_a_template(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The template of an action kind can add text and set the order of the arguments."""
    folder = shutil.copytree(templates_folder(), tmp_path / "dag_templates")
    own = '    # its own\n{% set names = ["tool", "arguments", "conn_id"] %}\n{% include "tasks/_call.jinja" %}\n'
    (folder / "tasks" / "mcp_tool.py.jinja").write_text(own)
    one = crystallized(run(call("look", {"a": 1})), gates="recorded")
    shared = render(one)
    monkeypatch.setattr(renderer, "templates_folder", lambda: folder)
    renderer._environment.cache_clear()
    try:
        text = render(one)
    finally:
        renderer._environment.cache_clear()

    assert "    # its own\n" in text
    assert text.index('tool="look"') < text.index("conn_id=")
    assert shared.index("conn_id=") < shared.index('tool="look"')


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kinds_operator_is_there_and_listed(kind: Kind) -> None:
    """The operator's module is a file in its package and is listed in the provider info."""
    module, _, name = kind.operator.rpartition(".")
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text())
    assert name in [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    info = get_provider_info()
    listed = [path for group in ("operators", "sensors") for entry in info[group] for path in entry["python-modules"]]
    assert module in listed
    assert (module in info["sensors"][0]["python-modules"]) is (kind.name == "approval_gate")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_operator_takes_the_kinds_arguments(kind: Kind) -> None:
    """Each argument is a keyword argument of the operator's constructor."""
    module, _, name = kind.operator.rpartition(".")
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    (cls,) = (
        node
        for node in ast.parse(Path(spec.origin).read_text()).body
        if isinstance(node, ast.ClassDef) and node.name == name
    )
    (init,) = (node for node in cls.body if isinstance(node, ast.FunctionDef) and node.name == "__init__")
    keywords = {argument.arg for argument in init.args.kwonlyargs} | {"effect"}  # the base class takes the effect
    assert {field.alias or name for name, field in kind.arguments.model_fields.items()} <= keywords


def test_digest_of_the_templates_is_stable() -> None:
    """The sidecar contains the digest of the DAG templates that wrote the file."""
    assert re.fullmatch("[0-9a-f]{64}", templates_sha256())
    assert templates_sha256() == templates_sha256()
