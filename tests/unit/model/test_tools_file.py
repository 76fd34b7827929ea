"""The tools file: which rule applies, and the messages for invalid files."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import example, given, strategies as st

from airflow_provider_vai.exceptions import ToolsFileError
from airflow_provider_vai.model.kinds import callable_kinds
from airflow_provider_vai.model.tool_names import FILE_NAME
from airflow_provider_vai.model.tools_file import ToolsFile, read_tools, suggestion
from tests.unit.support import tools

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

WRONG = {
    "no TOML": ("[[tools", "not TOML"),
    "unknown table": ("[[tool]]\nmatch = 'x'", "unknown key tool"),
    "unknown key": ("[[tools]]\nmatch = 'x'\nkind = 'mcp_tool'\nconn = 'y'", "unknown key tools.0.conn"),
    "no match": ("[[tools]]\nkind = 'mcp_tool'", "tools.0.match is missing"),
    "unknown kind": ("[[tools]]\nmatch = 'x'\nkind = 'mcp'", "0.kind: there is no action kind 'mcp'"),
    "a gate is not a kind": ("[[tools]]\nmatch = 'x'\nkind = 'approval_gate'", "no action kind 'approval_gate'"),
    "second rule": (
        "[[tools]]\nmatch='a'\nkind='mcp_tool'\n[[tools]]\nmatch='b'\nkind='mcp_tool'\neffect='none'",
        "tools.1.effect: Input should be 'read', 'artifact' or 'write' (found 'none')",
    ),
    "another approval": ("[[tools]]\nmatch='a'\nkind='mcp_tool'\napproval='yes'", "tools.0.approval"),
    "number for text": ("[[tools]]\nmatch = 7\nkind = 'mcp_tool'", "tools.0.match: Input should be a valid string"),
    "argument is no name": ("[[tools]]\nmatch='a'\nkind='mcp_tool'\narguments={q=1}", "tools.0.arguments.q"),
    "rules in no list": ("tools = 'x'", "tools: Input should be a valid list"),
    "nested too deeply": ("a = " + "[" * 100_000, "not TOML"),
}


REMEDIES = {
    "[[tool]]\nmatch = 'x'": "Did you mean 'tools'?",
    "[[tools]]\nmatch = 'x'\nkind = 'mcp_tool'\nconn = 'y'": "Did you mean 'conn_id'?",
    "[[tools]]\nmatch = 'x'\nkind = 'mcp_tool'\n[tools.gate]\non_timeouts = 'fail'": "Did you mean 'on_timeout'?",
    "colour = 1": "The keys are: tools.",
    "[[tools]]\nkind = 'mcp_tool'": "Correct the file.",
}


def read(text: str, folder: Path) -> ToolsFile:
    """Read a tools file of that text, named by the user."""
    file = folder / "named.toml"
    file.write_text(text, encoding="utf-8")
    return read_tools(file, beside=folder / "trace.json")


@pytest.mark.parametrize("text", REMEDIES)
def test_remedy(text: str, tmp_path: Path) -> None:
    """An unknown key is compared with those of its own table."""
    with pytest.raises(ToolsFileError) as refusal:
        read(text, tmp_path)
    assert refusal.value.remedy == REMEDIES[text]


def test_first_rule_that_covers_counts() -> None:
    """Rules are asked in the file's order; `match` and `server` are globs, case counts."""
    file = tools(
        {"match": "mcp__shop__*", "kind": "mcp_tool", "conn_id": "first"},
        {"match": "send_*", "server": "mail*", "kind": "mcp_tool", "conn_id": "second"},
        {"match": "send_*", "kind": "mcp_tool", "conn_id": "third"},
    )
    expected = {
        ("mcp__shop__list", None): "first",
        ("send_all", "mailing"): "second",
        ("send_all", None): "third",
        ("send_all", "post"): "third",
        ("Send_all", "mailing"): None,
        ("resend_all", None): None,
    }
    rules = {key: file.rule(*key) for key in expected}
    assert {key: rule and rule.conn_id for key, rule in rules.items()} == expected


def test_camel_case() -> None:
    """Keys may be in camelCase, as in the HTTP API."""
    rule = {"match": "x", "kind": "mcp_tool", "connId": "c", "gate": {"onTimeout": "reject", "assignedUsers": ["7"]}}
    gate = {"on_timeout": "reject", "assigned_users": ["7"]}

    assert tools(rule) == tools({"match": "x", "kind": "mcp_tool", "conn_id": "c", "gate": gate})


def test_file_beside_the_trace_is_found(tmp_path: Path) -> None:
    """Without --tools, the file beside the trace is read; without a file there are no rules."""
    trace = tmp_path / "trace.json"
    assert read_tools(None, beside=trace).tools == []
    (tmp_path / FILE_NAME).write_text("[[tools]]\nmatch = 'x'\nkind = 'generate_query'\n")
    assert [rule.kind for rule in read_tools(None, beside=trace).tools] == ["generate_query"]


@pytest.mark.parametrize(("text", "problem"), WRONG.values(), ids=WRONG)
def test_wrong_files_are_refused(text: str, problem: str, tmp_path: Path) -> None:
    """The message names the file, the rule, the value and what is possible."""
    with pytest.raises(ToolsFileError) as refusal:
        read(text, tmp_path)
    assert problem in refusal.value.problem
    assert refusal.value.where == str(tmp_path / "named.toml")
    assert refusal.value.remedy


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    """Editors on Windows write one."""
    (tmp_path / "tools.toml").write_bytes(b"\xef\xbb\xbf[[tools]]\nmatch = 'look'\nkind = 'mcp_tool'\n")
    assert read_tools(tmp_path / "tools.toml", beside=tmp_path).rule("look", None) is not None


@pytest.mark.parametrize("name", ["missing.toml", "folder", "latin.toml"])
def test_unreadable_files_are_refused(name: str, tmp_path: Path) -> None:
    """Missing, a folder, not UTF-8: refused with the file's name."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9")
    with pytest.raises(ToolsFileError) as refusal:
        read_tools(tmp_path / name, beside=tmp_path)
    assert refusal.value.where == str(tmp_path / name)


@given(st.text(min_size=1), st.text())
@example("a*b?[c]", "axbyc")
@example('quo"te\\', "quote")
@example("a\nb\u2028\x00", "a")
def test_suggested_lines_map_exactly_that_tool(tool: str, other: str) -> None:
    """Pasted into a file, they are TOML, a valid rule, and cover that tool and no other."""
    file = ToolsFile.model_validate(tomllib.loads(suggestion(tool)))
    assert file.rule(tool, None) is not None
    assert file.rule(tool, "any server") is not None
    assert (file.rule(other, None) is None) == (other != tool)


def test_suggestion_for_a_tool_without_a_name_is_a_valid_rule() -> None:
    """Even for a tool with an empty name, the suggested lines are a valid tools file."""
    assert ToolsFile.model_validate(tomllib.loads(suggestion(""))).rule("", None) is not None


@pytest.mark.parametrize("server", [None, "crm"])
def test_suggestion_lists_every_kind(server: str | None) -> None:
    """The comment lists the other kinds."""
    assert all(kind in suggestion("x", server=server) for kind in callable_kinds())


@pytest.mark.parametrize(
    ("tool", "facts"), [("mcp__crm__find", {}), ("find", {"server": "crm"}), ("find", {"format": "mcp_log"})]
)
def test_suggestion_for_a_tool_of_an_mcp_server(tool: str, facts: dict[str, str]) -> None:
    """The lines name the connection of the server."""
    (rule,) = ToolsFile.model_validate(tomllib.loads(suggestion(tool, **facts))).tools  # type: ignore[arg-type]

    assert (rule.kind, rule.conn_id, rule.callable) == ("mcp_tool", "mcp_default", None)


@pytest.mark.parametrize(
    ("tool", "name"), [("send_money", "send_money"), ("Send Money!", "send_money"), ("1st", ""), ("", "")]
)
def test_suggestion_for_a_function(tool: str, name: str) -> None:
    """The lines name a function and its effect, and say where its module must be."""
    lines = suggestion(tool, format="pydantic_ai")
    (rule,) = ToolsFile.model_validate(tomllib.loads(lines)).tools

    assert (rule.kind, rule.conn_id, rule.effect) == ("python_tool", None, "write")
    module, _, function = (rule.callable or "").partition(":")
    assert module == "your_tools"
    assert function.isidentifier()
    assert name in function
    assert "dags or plugins folder, or in an installed package" in lines
