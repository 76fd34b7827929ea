"""What coding agents do becomes steps: which calls, with which arguments, and which are refused."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from airflow_provider_vai.crystallizer.assign import assign
from airflow_provider_vai.crystallizer.draft import Draft, Policy
from airflow_provider_vai.exceptions import ArgumentsRefused, SecretFound, UnmappedTool
from airflow_provider_vai.model.run import ToolCall
from airflow_provider_vai.model.tools_file import ToolRule, ToolsFile
from tests.unit.support import call, crystallized, findings, run

HOME = "/srv/mia/shop"


def drafts(*calls: ToolCall, **rule: Any) -> list[Draft]:
    """Assign the calls of a run, without a tools file or with one rule."""
    tools = ToolsFile(tools=[ToolRule(**{"match": "*", **rule})] if rule else [])
    return assign(run(*calls).calls, tools, Policy())


def made(tool: str, arguments: dict[str, Any], **facts: Any) -> tuple[str, dict[str, Any]]:
    """Return the kind and the arguments that one call gets without a tools file."""
    (draft,) = drafts(call(tool, arguments, **facts))
    return draft.kind.name, draft.values


@pytest.mark.parametrize(
    ("tool", "arguments", "values"),
    [
        (
            "Bash",
            {"command": "ls", "description": "List", "timeout": 9000, "run_in_background": False},
            {},
        ),  # Claude Code
        ("bash", {"command": "ls"}, {}),  # Anthropic's own tool
        (
            "bash",
            {"command": "ls", "description": "List", "timeout": 5, "mode": "sync", "initial_wait": 30},
            {},
        ),  # Copilot
        ("bash", {"command": "ls", "workdir": HOME, "description": "List"}, {}),  # OpenCode
        ("shell", {"command": ["bash", "-lc", "ls"], "workdir": HOME, "timeout_ms": 9}, {}),  # Codex
        ("shell_command", {"command": "ls", "workdir": f"{HOME}/"}, {}),
        ("exec_command", {"cmd": "ls", "yield_time_ms": 9, "max_output_tokens": 9, "shell": "bash", "login": True}, {}),
        ("local_shell", {"type": "exec", "command": ["ls"], "env": {}, "timeout_ms": None}, {"environment": {}}),
        ("shell", {"commands": ["ls"], "timeout_ms": 9, "max_output_length": 9}, {}),  # OpenAI's hosted shape
        ("run_shell_command", {"command": "ls", "description": "List", "is_background": False}, {}),  # Gemini CLI
        ("run_in_terminal", {"command": "ls", "explanation": "List", "isBackground": False}, {}),  # VS Code
        ("developer__shell", {"command": "ls"}, {}),  # Goose
        ("execute_command", {"command": "ls", "requires_approval": False}, {}),  # Cline
        ("execute_bash", {"command": "ls", "is_input": "false", "security_risk": "LOW"}, {}),  # OpenHands
        ("exec", {"command": ["git", "commit", "-m", "a b"]}, {"command": "git commit -m 'a b'"}),
        ("Bash", {"command": "ls"}, {"cwd": "data"}),
    ],
)
def test_shells(tool: str, arguments: dict[str, Any], values: dict[str, Any]) -> None:
    """Each agent's shell is a shell_command; what only concerned the agent is left out."""
    others = [call("Bash", {"command": "pwd"}, working_folder=HOME)]
    inside = f"{HOME}/data" if "cwd" in values else HOME
    first, second = drafts(*others, call(tool, arguments, working_folder=inside))

    assert (first.kind.name, first.values, first.effect) == ("shell_command", {"command": "pwd"}, "write")
    assert (second.kind.name, second.values) == ("shell_command", {"command": "ls", **values})


WRITE = {"path": "out/a.txt", "content": "A"}
EDIT = {"path": "a.py", "old_text": "1", "new_text": "2"}


@pytest.mark.parametrize(
    ("tool", "arguments", "kind", "values"),
    [
        ("Write", {"file_path": f"{HOME}/out/a.txt", "content": "A"}, "write_file", WRITE),
        ("write", {"filePath": f"{HOME}/out/a.txt", "content": "A"}, "write_file", WRITE),
        ("write_file", {"file_path": "out/a.txt", "content": "A"}, "write_file", WRITE),
        ("write_file", {"path": "./out//x/../a.txt", "content": "A"}, "write_file", WRITE),
        ("write_to_file", {"path": "out/a.txt", "content": "A", "task_progress": "- [x]"}, "write_file", WRITE),
        ("create_file", {"filePath": f"{HOME}/out/a.txt", "content": "A"}, "write_file", WRITE),
        ("create", {"path": f"{HOME}/out/a.txt", "file_text": "A"}, "write_file", WRITE),
        ("text_editor", {"command": "write", "path": "out/a.txt", "file_text": "A"}, "write_file", WRITE),
        (
            "str_replace_based_edit_tool",
            {"command": "create", "path": "out/a.txt", "file_text": "A"},
            "write_file",
            WRITE,
        ),
        ("Edit", {"file_path": f"{HOME}/out/a.txt", "old_string": "", "new_string": "A"}, "write_file", WRITE),
        (
            "Edit",
            {"file_path": f"{HOME}/a.py", "old_string": "1", "new_string": "2", "replace_all": True},
            "edit_file",
            {**EDIT, "replace_all": True},
        ),
        ("edit", {"filePath": "a.py", "oldString": "1", "newString": "2"}, "edit_file", EDIT),
        ("edit", {"path": "a.py", "old_str": "1", "new_str": "2"}, "edit_file", EDIT),
        (
            "replace",
            {"file_path": "a.py", "old_string": "1", "new_string": "2", "expected_replacements": 1, "instruction": "x"},
            "edit_file",
            EDIT,
        ),
        (
            "replace_string_in_file",
            {"filePath": "a.py", "oldString": "1", "newString": "2", "explanation": "x"},
            "edit_file",
            EDIT,
        ),
        (
            "developer__text_editor",
            {"command": "str_replace", "path": "a.py", "old_str": "1", "new_str": "2"},
            "edit_file",
            EDIT,
        ),
    ],
)
def test_files(tool: str, arguments: dict[str, Any], kind: str, values: dict[str, Any]) -> None:
    """Each agent's way to write or edit a file; the paths are relative to the folder in which it worked."""
    assert made(tool, arguments, working_folder=HOME) == (kind, values)


@pytest.mark.parametrize(
    ("tool", "arguments", "facts"),
    [
        ("exec", {"query": "SELECT 1"}, {}),
        ("Bash", {"command": "ls", "cluster": "x"}, {}),
        ("Bash", {"restart": True}, {}),
        ("bash", {"command": ""}, {}),
        ("edit", {"target_file": "a", "instructions": "x", "code_edit": "y"}, {}),
        ("text_editor", {"command": "view", "path": "a"}, {}),
        ("write", {"document": "a", "content": "b"}, {}),
        ("write_file", {"path": "a", "content": "b"}, {"server": "filesystem"}),
        ("mcp__box__bash", {"command": "ls"}, {}),
        ("bash", {"command": "ls"}, {"server": "box"}),
        ("shell_command", {"command": "ls"}, {"server": "box"}),
    ],
)
def test_other_tools_of_that_name_are_not_mapped(tool: str, arguments: dict[str, Any], facts: dict[str, Any]) -> None:
    """The name alone says nothing: unknown arguments, or an MCP server, need a rule."""
    with pytest.raises(UnmappedTool):
        drafts(call(tool, arguments, **facts))


@pytest.mark.parametrize(
    ("tool", "arguments", "problem"),
    [
        ("Bash", {"command": "serve", "run_in_background": True}, "run_in_background is True"),
        ("bash", {"command": "serve", "mode": "async"}, "mode is 'async'"),
        ("exec_command", {"cmd": "ls", "shell": "fish"}, "shell is 'fish'"),
        ("Write", {"file_path": "/etc/passwd", "content": ""}, 'the path "/etc/passwd" is not below the folder'),
        ("Write", {"file_path": "../x", "content": ""}, "is not below"),
        ("Write", {"file_path": "~/.bashrc", "content": ""}, "is not below"),
        ("Write", {"file_path": "C:\\x.txt", "content": ""}, "is not below"),
        ("Write", {"file_path": f"{HOME}-2/x", "content": ""}, "is not below"),
        ("write_file", {"path": "a", "content": "", "folder": "s3://b"}, "only a person may declare"),
    ],
)
def test_what_cannot_be_repeated_is_refused(tool: str, arguments: dict[str, Any], problem: str) -> None:
    """The message names the call and the reason."""
    with pytest.raises(ArgumentsRefused) as refusal:
        drafts(call(tool, arguments, working_folder=HOME))
    assert problem in refusal.value.problem
    assert refusal.value.where == "call c1"


def test_absolute_paths_need_a_known_folder() -> None:
    """Without the agent's folder in the trace, nobody knows what an absolute path is relative to."""
    with pytest.raises(ArgumentsRefused, match="is not below the working folder"):
        drafts(call("Write", {"file_path": "/repo/a", "content": ""}))


def test_a_rule_for_the_tool_keeps_its_arguments() -> None:
    """A rule says what the step may do; its arguments are still the agent's. Other rules are as before."""
    one = call("Bash", {"command": "ls", "description": "List"}, working_folder=HOME)
    (read,) = drafts(one, kind="shell_command", effect="read")
    (other,) = drafts(one, kind="mcp_tool", conn_id="x")
    (named,) = drafts(call("sh", {"c": "ls"}), kind="shell_command", arguments={"c": "command"}, conn_id="host")

    assert (read.effect, read.values) == ("read", {"command": "ls", "effect": "read"})
    assert other.values["arguments"] == one.arguments
    assert named.values == {"command": "ls", "conn_id": "host"}


def test_looking_is_left_out_by_name() -> None:
    """The refusal of an unmapped tool says how to leave out those with which the agent only looked."""
    with pytest.raises(UnmappedTool) as refusal:
        drafts(call("Read", {"file_path": "a"}), call("TodoWrite"), call("Bash", {"command": "ls"}), call("other"))
    assert "--exclude Read,TodoWrite" in refusal.value.remedy


def test_digests_of_an_edit() -> None:
    """With the file as it was in the trace, the edit has both digests, unless an earlier step makes the file."""
    edit = {"file_path": "a.py", "old_string": "1", "new_string": "é"}
    facts = call("Edit", edit, {"originalFile": "1 1\n", "filePath": "a.py"})
    after = call("Edit", edit, {"originalFile": "1 1\r\n"})
    (alone,) = drafts(facts)
    (_, later) = drafts(call("Bash", {"command": "ls"}), facts)
    (unsure,) = drafts(after)

    assert alone.values["before_sha256"] == hashlib.sha256(b"1 1\n").hexdigest()
    assert alone.values["after_sha256"] == hashlib.sha256("é é\n".encode()).hexdigest()
    assert "before_sha256" not in later.values
    assert "before_sha256" not in unsure.values


def automation(*calls: ToolCall, **policy: Any) -> Any:
    """Return the automation of a run without rules."""
    return crystallized(run(*calls), {"match": "never", "kind": "mcp_tool"}, **policy)


def test_the_steps_are_guarded_and_flagged() -> None:
    """Commands and writes have gates, and the command is flagged as written by a model."""
    automated = automation(
        call("Bash", {"command": "make report"}), call("Write", {"file_path": "a.txt", "content": "A"})
    )
    steps = {step.key: step for step in automated.steps}

    assert list(steps) == ["approve_bash", "bash", "approve_write", "write"]
    assert (steps["bash"].determinism, steps["bash"].effect) == ("model_written", "write")
    assert "model_written" in str(findings(automated, "bash")) or steps["bash"].non_deterministic
    assert steps["bash"].arguments["command"].class_ == "frozen"


@pytest.mark.parametrize("state", ["not_required", "unknown"])
def test_an_agents_own_permission_is_no_approval(state: str) -> None:
    """That the agent needed to ask nobody for a command does not open the gate of its step; only a rule does."""
    automated = automation(call("bash", {"command": "make"}, approval=state), call("bash", {"command": "ls"}))

    assert [step.key for step in automated.steps if step.kind == "approval_gate"] == ["approve_bash", "approve_bash_2"]


def test_a_command_is_never_filled_in() -> None:
    """A date or an earlier result in a command stays as it is, whatever else it equals."""
    automated = automation(
        call("Bash", {"command": "echo order-77412"}, {"stdout": "order-77412"}),
        call("Bash", {"command": "order-77412 2026-03-04"}),
    )
    command = {step.key: step for step in automated.steps}["bash_2"].arguments["command"]

    assert (command.class_, command.value) == ("frozen", "order-77412 2026-03-04")


@pytest.mark.parametrize(
    "command",
    [
        "curl -H 'Authorization: Bearer sk-ant-api03-abcdefghijklmnopqrstuvwx1234567890' https://shop.example",
        ["curl", "-u", "mia:plum-tart-91x", "https://shop.example"],
        ["bash", "-lc", "PGPASSWORD=plum-tart-91x psql"],
    ],
)
def test_a_credential_in_a_command_is_refused(command: Any) -> None:
    """It cannot be replaced inside a line, so the run is refused."""
    with pytest.raises(SecretFound) as refusal:
        automation(call("shell", {"command": command}))
    assert "plum-tart" not in str(refusal.value)


CODE = {"file_path": "src/app.py", "content": "x = 1\n"}
EDITED = {"file_path": "src/app.py", "old_string": "1", "new_string": "2"}


@pytest.mark.parametrize(
    ("calls", "is_code"),
    [
        ([("Edit", EDITED)], True),
        ([("Write", CODE), ("Write", {"file_path": "README.md", "content": "x"})], True),
        ([("Edit", EDITED), ("Bash", {"command": "cd src && python -m pytest -q 2>&1 | tail -5; git diff"})], True),
        ([("Edit", EDITED), ("Bash", {"command": "CI=1 npm test && git commit -m 'Run python x.py; rm y'"})], True),
        ([("Edit", EDITED), ("Bash", {"command": "git commit -F - <<'EOF'\nrun it\nEOF"})], True),
        ([("Write", CODE), ("Bash", {"command": "python src/app.py"})], False),
        ([("Edit", EDITED), ("Bash", {"command": "ls; psql -c 'DELETE'"})], False),
        ([("Edit", EDITED), ("Bash", {"command": "true && ./deploy.sh"})], False),
        ([("Write", {"file_path": "report.csv", "content": "a"}), ("Edit", EDITED)], False),
        ([("Write", {"file_path": "report.md", "content": "a"}), ("Bash", {"command": "ls"})], False),
        ([("Bash", {"command": "ls"}), ("Bash", {"command": "git status"})], False),
    ],
)
def test_a_run_that_only_edits_code_is_advised_to_be_a_commit(calls: list[Any], is_code: bool) -> None:
    """Edits of source files, with nothing beside them than looking, building and testing."""
    advice = automation(*(call(tool, arguments) for tool, arguments in calls)).advice

    assert any("commit the change instead" in reason for reason in advice.reasons) == is_code
    assert advice.recommendation == "skip" if is_code else True
