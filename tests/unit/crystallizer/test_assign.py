"""Assigning action kinds to calls, and the kinds' names to their arguments."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.crystallizer.assign import assign
from airflow_provider_vai.crystallizer.draft import Draft, Policy
from airflow_provider_vai.exceptions import ArgumentsRefused, UnmappedTool
from airflow_provider_vai.model.run import ToolCall
from tests.unit.support import MCP, call, crystallized, findings, run, tools


def drafts(*calls: ToolCall, rules: tuple[Any, ...] = (), **policy: Any) -> list[Draft]:
    """Assign the calls of a run."""
    return assign(
        run(*calls).calls, tools(*rules) if rules else tools().model_copy(update={"tools": []}), Policy(**policy)
    )


def draft(one: ToolCall, **rule: Any) -> Draft:
    """Assign one call under one rule; without a rule the tool is a kind."""
    return drafts(one, rules=({"match": one.tool, **rule},) if rule else ())[0]


SQL = {"sql": "SELECT 1"}


@pytest.mark.parametrize(
    ("one", "rule", "kind", "values"),
    [
        (call("generate_query", SQL), {}, "generate_query", {**SQL, "conn_id": "warehouse"}),
        (call("silver_query", SQL), {}, "generate_query", {**SQL, "conn_id": "warehouse"}),
        (
            call("generate_query", {"prompt": "units"}, {"sql": "SELECT 2", "rows": []}),
            {},
            "generate_query",
            {"sql": "SELECT 2", "conn_id": "warehouse", "question": "units"},
        ),
        (  # the platform repeats the kind inside this definition
            call("call_agent", {"kind": "call_agent", "agent": "sql-expert", "question": "Which table?"}),
            {},
            "call_agent",
            {"agent": "sql-expert", "question": "Which table?", "conn_id": "pydanticai_default"},
        ),
        (
            call("run_sql", {"q": "SELECT 3"}, [[1, 2]]),
            {"kind": "generate_query", "conn_id": "dw", "arguments": {"q": "sql"}},
            "generate_query",
            {"sql": "SELECT 3", "conn_id": "dw", "rows_as": "arrays"},
        ),
        (
            call("generate_query", {**SQL, "connectionRef": {"slug": "shop"}}),
            {},
            "generate_query",
            {**SQL, "conn_id": "shop"},
        ),
        (
            call("generate_query", {**SQL, "connectionRef": {"slug": "shop"}}),
            {"kind": "generate_query", "conn_id": "mine"},
            "generate_query",
            {**SQL, "conn_id": "mine"},
        ),
        (
            call("http_request", {"url": "/x", "params": {"a": 1}, "body": {"b": 2}, "method": "POST"}),
            {},
            "http_request",
            {"conn_id": "http_default", "endpoint": "/x", "method": "POST", "query": {"a": 1}, "json": {"b": 2}},
        ),
        (
            call("create_flashboard", {"title": "T", "charts": [], "dataSnapshot": {"d": []}}),
            {},
            "create_flashboard",
            {"title": "T", "charts": [], "datasets": {"d": []}},
        ),
        (
            call("mcp__shop__list", {"n": 1}),
            {"kind": "mcp_tool", "conn_id": "shop_mcp"},
            "mcp_tool",
            {"tool": "list", "arguments": {"n": 1}, "conn_id": "shop_mcp"},
        ),
        (
            call("list", {"n": 1}),
            {"kind": "mcp_tool", "effect": "read", "arguments": {"n": "number"}},
            "mcp_tool",
            {"tool": "list", "arguments": {"number": 1}, "conn_id": "mcp_default", "effect": "read"},
        ),
        (
            call("send", {"to": "x"}),
            {"kind": "python_tool", "callable": "bank.tools:*"},
            "python_tool",
            {"python_callable": "bank.tools:send", "arguments": {"to": "x"}},
        ),
        (
            call("send", {}),
            {"kind": "python_tool", "callable": "bank.tools:send_money"},
            "python_tool",
            {"python_callable": "bank.tools:send_money", "arguments": {}},
        ),
    ],
)
def test_kind_and_arguments(one: ToolCall, rule: dict[str, Any], kind: str, values: dict[str, Any]) -> None:
    """Names of traces become the operator's own; values stay; the connection is the most exact one named."""
    found = draft(one, **rule)
    assert found.kind.name == kind
    assert found.values == values


@pytest.mark.parametrize(
    ("one", "rule", "effect"),
    [
        (call("generate_query", SQL), {}, "read"),
        (call("http_request", {"url": "/x"}), {}, "read"),
        (call("http_request", {"url": "/x", "method": "HEAD"}), {}, "read"),
        (call("http_request", {"url": "/x", "method": "DELETE"}), {}, "write"),
        (call("http_request", {"url": "/x", "method": "POST"}), {"kind": "http_request", "effect": "read"}, "read"),
        (call("x"), {"kind": "mcp_tool"}, "write"),
        (call("x"), {"kind": "mcp_tool", "effect": "artifact"}, "artifact"),
        (call("create_flashboard", {"title": "", "charts": []}), {}, "artifact"),
    ],
)
def test_effect(one: ToolCall, rule: dict[str, Any], effect: str) -> None:
    """The tools file decides, else the arguments, else the kind."""
    assert draft(one, **rule).effect == effect


def test_values_keep_their_types() -> None:
    """Checking against the kind converts nothing."""
    value = {"a": [1, 1.0, True, None, -0.0, "1"], "b": {"": [[]]}}
    assert repr(draft(call("x", value), kind="mcp_tool").values["arguments"]) == repr(value)


@pytest.mark.parametrize(
    ("one", "rule", "problem"),
    [
        (call("generate_query", {}), {}, "give sql (the statement to run), or a question"),
        (call("generate_query", {"sql": ""}), {}, "sql: String should have at least 1 character"),
        (call("generate_query", {"sql": "S", "limit": 1}), {}, "unknown key limit"),
        (call("generate_query", {"sql": "S", "max_rows": "5"}), {}, "max_rows: Input should be a valid integer"),
        (call("generate_query", {"sql": "S", "max_rows": True}), {}, "max_rows: Input should be a valid integer"),
        (call("http_request", {"url": "/x", "method": "post"}), {}, "method"),
        (call("http_request", {"method": "GET"}), {}, "endpoint is missing"),
        (call("create_flashboard", {"title": "T", "charts": {}}), {}, "charts: Input should be a valid list"),
        (call("send"), {"kind": "python_tool"}, "no function is given for it"),
        (call("send"), {"kind": "python_tool", "callable": "not a path"}, "python_callable"),
        (call("se nd"), {"kind": "python_tool", "callable": "m:*"}, "python_callable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_arguments_that_do_not_fit_are_refused(one: ToolCall, rule: dict[str, Any], problem: str) -> None:
    """The message names the call, the argument, and how to rename it."""
    with pytest.raises(ArgumentsRefused) as refusal:
        draft(one, **rule)
    assert problem in refusal.value.problem
    assert refusal.value.where == "call c1"
    assert "vai-tools.toml" in refusal.value.remedy


@pytest.mark.parametrize(
    ("one", "rule"),
    [
        (call("generate_query", {"sql": "S", "prompt": "a", "question": "b"}), {}),
        (call("x", {"q": 1, "query": 2}), {"kind": "mcp_tool", "arguments": {"q": "query"}}),
        (call("x", {"query": 2, "q": 1}), {"kind": "mcp_tool", "arguments": {"q": "query"}}),
    ],
    ids=["two names of the kind", "renamed first", "renamed last"],
)
def test_two_values_of_one_argument_are_refused(one: ToolCall, rule: dict[str, Any]) -> None:
    """Two recorded arguments that are renamed to the same name are refused, so that no value is lost."""
    with pytest.raises(ArgumentsRefused):
        draft(one, **rule)


@pytest.mark.parametrize("tool", ["nope", "approval_gate", "unmapped_tool"])
def test_unmapped_tools_are_refused(tool: str) -> None:
    """Each once, with the lines to add; or they become steps that fail when run."""
    with pytest.raises(UnmappedTool) as refusal:
        drafts(call(tool), call(tool), call("other"))
    assert refusal.value.problem == f"2 tools without an action kind: '{tool}', 'other'"
    assert refusal.value.remedy.count("[[tools]]") == 2
    allowed = drafts(call(tool, {"a": 1}), allow_unmapped=True)
    assert [(found.kind.name, found.effect, found.values) for found in allowed] == [
        ("unmapped_tool", "write", {"tool": tool, "arguments": {"a": 1}})
    ]


def test_keys_are_unique() -> None:
    """One key a call, in the recorded order."""
    assert [found.key for found in drafts(call("a"), call("a"), call("A_2"), rules=(MCP,))] == ["a", "a_2", "a_2_2"]


def effects(one: ToolCall, **rule: Any) -> tuple[str, Any, list[str]]:
    """Return the effect of the call's step, its declaration, and what the review says about the effect."""
    made = crystallized(run(one), {"match": one.tool, "kind": one.tool, **rule}, gates="recorded")
    step = made.steps[0]
    declared = step.arguments.get("own_destination")
    codes = [code for code in findings(made) if code.startswith("effect")]
    return step.effect, declared and declared.value, codes


SYNC = call("file_sync", {"source": "file:///a", "destination": "file:///b"})
LOAD = call("dlt_extract", {"source": "rest_api", "dataset": "shop"})


def test_destinations_are_shared_unless_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tools file declares a destination as the automation's own; the review lists that."""
    assert effects(SYNC) == ("write", None, [])
    assert effects(LOAD) == ("write", None, [])
    assert effects(SYNC, effect="artifact") == ("artifact", True, ["effect_of_tools_file"])
    assert effects(LOAD, effect="artifact") == ("artifact", True, ["effect_of_tools_file"])
    assert effects(SYNC, effect="write") == ("write", None, [])
    assert effects(SYNC, effect="read") == ("write", None, ["effect_raised"])
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", "file:///b")
    inside = call("file_sync", {"source": "file:///a", "destination": "file:///b/c"})
    assert effects(inside) == ("artifact", None, [])
    assert effects(inside, effect="write") == ("write", None, [])


def test_a_recorded_call_cannot_declare() -> None:
    """Only a person declares a destination: an agent's call that does is refused."""
    own = call("file_sync", {"source": "file:///a", "destination": "file:///b", "own_destination": True})
    with pytest.raises(ArgumentsRefused, match="which only a person may declare"):
        draft(own)
    renamed = call("copy", {"source": "file:///a", "destination": "file:///b", "mine": True})
    with pytest.raises(ArgumentsRefused, match="which only a person may declare"):
        draft(renamed, kind="file_sync", arguments={"mine": "own_destination"})


@pytest.mark.parametrize(
    "arguments",
    [
        {"method": "GET", "query": {"query": "mutation { pay }"}},
        {"method": "POST", "json": {"query": "mutation { pay }"}},
        {"method": "GET", "headers": {"X-HTTP-Method-Override": "DELETE"}},
        {"method": "GET", "query": {"_method": "DELETE"}},
    ],
)
def test_a_write_stays_one_whatever_the_tools_file_says(arguments: dict[str, Any]) -> None:
    """A mutation and an overridden method get a gate, and the review reports that the tools file says less."""
    sent = call("http_request", {"endpoint": "/x", **arguments})
    assert effects(sent, effect="read") == ("write", None, ["effect_raised"])
    steps = crystallized(run(sent), {"match": "http_request", "kind": "http_request", "effect": "read"}).steps
    assert [step.kind for step in steps] == ["approval_gate", "http_request"]
    query = call("http_request", {"endpoint": "/x", "method": "POST", "json": {"query": "{ a }"}})
    assert effects(query, effect="read") == ("read", None, ["effect_of_tools_file"])


@pytest.mark.parametrize("source", ["os.system", "antigravity.x", "shop.pipelines:orders"])
def test_a_recording_does_not_name_what_is_imported(source: str) -> None:
    """A dlt source of a module is used only if the tools file names it; a plain name imports nothing."""
    one = call("dlt_extract", {"source": source})

    with pytest.raises(ArgumentsRefused, match="which workers import") as caught:
        draft(one)
    assert "callable" in caught.value.remedy
    with pytest.raises(ArgumentsRefused):
        draft(one, kind="dlt_extract", callable="shop.pipelines:other")
    assert draft(one, kind="dlt_extract", callable=source).values["source"] == source
    assert draft(call("dlt_extract", {"source": "shop"})).values["source"] == "shop"
    mapped = draft(call("dlt_extract", {"source": "shop"}), kind="dlt_extract", callable="shop.pipelines:orders")
    assert mapped.values["source"] == "shop.pipelines:orders"


def test_a_star_stands_for_public_functions_only() -> None:
    """A recorded tool name cannot reach a module's private names."""
    with pytest.raises(ArgumentsRefused, match=r"private function of bank\.tools"):
        draft(call("_send"), kind="python_tool", callable="bank.tools:*")
    assert draft(call("_send"), kind="python_tool", callable="bank.tools:_send").values["python_callable"] == (
        "bank.tools:_send"
    )
