"""The tools of coding agents that become steps without a rule in the tools file.

An agent's tool is recognised by its name and by its arguments together: many tools are called ``exec`` or ``edit``, but
only those of the table take just these arguments. The tool of an MCP server never counts.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

SHELL, WRITE, EDIT = "shell_command", "write_file", "edit_file"
KINDS = (SHELL, WRITE, EDIT)
"""The kinds of what coding agents do."""

_NOTES = frozenset(
    {"description", "explanation", "goal", "instruction", "justification", "summary", "thought", "title", "reasoning"}
)
_SCREEN = frozenset(
    {
        *("timeout", "timeout_ms", "timeout_secs", "timeout_seconds", "yield_time_ms", "initial_wait", "blocking"),
        *("max_output_tokens", "max_output_length", "login", "requires_approval", "security_risk", "prefix_rule"),
        *("with_escalated_permissions", "sandbox_permissions", "dangerouslyDisableSandbox", "user", "type"),
        *("shellId", "sessionId", "id", "interactive", "expected_replacements", "task_progress"),
    }
)
"""Arguments that say how the agent waits, asks or shows, and not what runs."""

_BACKGROUND = ("run_in_background", "is_background", "isBackground", "background", "detach", "detached")
_SETTINGS: Mapping[str, tuple[Any, ...]] = {
    **dict.fromkeys(_BACKGROUND, (False, None)),
    "mode": ("sync",),
    "tty": (False, None),
    "is_input": (False, "false", None),
    "shell": ("bash", "/bin/bash", "/usr/bin/bash", "sh", "/bin/sh", None),
}
"""Arguments that change what runs, each with the values that say: just this command, to its end."""

_SHELL = re.compile(r"(?:/\S*/)?(?:ba)?sh")


@dataclass(frozen=True)
class AgentTool:
    """One tool, as some coding agents have it.

    :param kind: the action kind.
    :param names: the tool's names, in lower case.
    :param arguments: recorded argument -> the kind's.
    :param required: the kind's arguments that a call must have.
    :param when: an argument, and the values of it with which the call is of this kind.
    """

    kind: str
    names: frozenset[str]
    arguments: Mapping[str, str]
    required: tuple[str, ...]
    when: tuple[str, tuple[str, ...]] | None = None
    ignored: frozenset[str] = field(default=_NOTES | _SCREEN)


_PATHS = dict.fromkeys(("path", "file_path", "filePath", "target_file", "filename"), "path")
_OLD = dict.fromkeys(("old_text", "old_string", "old_str", "oldString", "oldText"), "old_text")
_NEW = dict.fromkeys(("new_text", "new_string", "new_str", "newString", "newText"), "new_text")
_ALL = dict.fromkeys(("replace_all", "replaceAll", "allow_multiple"), "replace_all")
_TEXTS = dict.fromkeys(("content", "file_text", "contents", "text"), "content")
_FOLDERS = ("cwd", "workdir", "working_directory", "working_dir", "directory", "dir_path")
_EDITORS = frozenset(
    {
        *("str_replace_editor", "str_replace_based_edit_tool", "text_editor", "developer__text_editor"),
        *("edit", "editor", "file_editor", "str_replace"),
    }
)

AGENT_TOOLS = (
    AgentTool(
        SHELL,
        frozenset(
            {
                *("bash", "shell", "exec", "exec_command", "local_shell", "shell_command", "execute_bash"),
                *("run_shell_command", "run_in_terminal", "execute_command", "developer__shell", "command_execution"),
                *("run_terminal_cmd", "terminal", "execute_shell", "run_command", "bash_tool", "run_terminal_command"),
            }
        ),
        {
            **dict.fromkeys(("command", "cmd", "commands", "script", "command_line"), "command"),
            **dict.fromkeys(_FOLDERS, "cwd"),
            **dict.fromkeys(("environment", "env"), "environment"),
        },
        ("command",),
    ),
    AgentTool(
        WRITE,
        frozenset({"write", "write_file", "write_to_file", "create_file", "create", "developer__write", "save_file"}),
        {**_PATHS, **_TEXTS},
        ("path", "content"),
    ),
    AgentTool(WRITE, _EDITORS, {**_PATHS, **_TEXTS}, ("path", "content"), ("command", ("create", "write"))),
    AgentTool(
        EDIT,
        frozenset({"edit", "edit_file", "replace", "replace_string_in_file", "str_replace", "developer__edit"}),
        {**_PATHS, **_OLD, **_NEW, **_ALL},
        ("path", "old_text", "new_text"),
    ),
    AgentTool(
        EDIT,
        _EDITORS,
        {**_PATHS, **_OLD, **_NEW, **_ALL},
        ("path", "old_text", "new_text"),
        ("command", ("str_replace",)),
    ),
)

LOOKING = frozenset(
    {
        *(
            "read",
            "read_file",
            "glob",
            "grep",
            "ls",
            "list",
            "list_dir",
            "list_directory",
            "search_file_content",
            "view",
        ),
        *("read_many_files", "grep_search", "file_search", "list_files", "search_files", "notebookread", "codebase"),
        *("todowrite", "todoread", "todo_write", "write_todos", "update_plan", "manage_todo_list", "report_intent"),
        *(
            "exitplanmode",
            "enterplanmode",
            "askuserquestion",
            "ask_user",
            "ask_followup_question",
            "think",
            "task_progress",
        ),
        *("attempt_completion", "toolsearch", "skill", "update_topic", "save_memory", "bashoutput", "killshell", "lsp"),
        *("taskcreate", "taskupdate", "tasklist", "taskget", "store_memory", "read_bash", "stop_bash"),
    }
)
"""Tools with which a coding agent only looks, plans or asks, in lower case. No step needs them."""


class AgentStep(NamedTuple):
    """What a call of a coding agent's tool becomes.

    :param kind: the name of the action kind.
    :param values: the arguments under the kind's names; paths are as recorded.
    :param problem: why the call cannot become a step all the same; ``None``: it can.
    """

    kind: str
    values: dict[str, Any]
    problem: str | None = None


def agent_step(tool: str, arguments: Mapping[str, Any]) -> AgentStep | None:
    """Return what a call becomes if the tool is one of a coding agent, by its name and its arguments; else ``None``.

    :param tool: the recorded name.
    :param arguments: the recorded arguments.
    """
    for row in AGENT_TOOLS:
        if tool.lower() in row.names and (found := _by_row(row, arguments)):
            return found
    return None


def _by_row(row: AgentTool, arguments: Mapping[str, Any]) -> AgentStep | None:
    values: dict[str, Any] = {}
    problem = None
    if row.when and arguments.get(row.when[0]) not in row.when[1]:
        return None
    for name, value in arguments.items():
        if row.when and name == row.when[0]:
            continue
        if (new := row.arguments.get(name)) and new not in values:
            values |= {new: value} if value is not None else {}
        elif row.kind == SHELL and name in _SETTINGS:
            if value not in _SETTINGS[name]:
                problem = f"{name} is {value!r}, so it is more than one command that runs to its end"
        elif name not in row.ignored:
            return None
    if not all(isinstance(values.get(name), (str, list)) for name in row.required):
        return None
    if row.kind == SHELL:
        line = command_line(values["command"])
        return None if line is None else AgentStep(SHELL, {**values, "command": line}, problem)
    if row.kind == EDIT and values["old_text"] == "":  # how some agents make a new file
        return AgentStep(WRITE, {"path": values["path"], "content": values["new_text"]})
    return AgentStep(row.kind, values)


def command_line(command: Any) -> str | None:
    """Return a recorded command as one line for bash; ``None`` if it is none.

    :param command: a text, or the words of a command such as ``["bash", "-lc", "ls | wc"]``.
    """
    words = [command] if isinstance(command, str) else command
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        return None
    texts: list[str] = words
    if len(texts) == 1:
        return texts[0] if texts[0].strip() else None
    if len(texts) == 3 and _SHELL.fullmatch(texts[0]) and texts[1] in ("-c", "-lc", "-cl"):
        return texts[2]
    return shlex.join(texts)


def below(path: str, folder: str | None, root: str | None) -> str | None:
    """Return a recorded path relative to the folder in which the agent worked; ``None`` if it is not below it.

    :param path: the recorded path.
    :param folder: the folder in which the agent was when it made the call, if it is known.
    :param root: the folder in which it worked during the run, if it is known.
    """
    if "\\" in path or path.startswith("~"):
        return None
    if not posixpath.isabs(path):
        found = posixpath.join(_relative(folder, root) or "", path) if folder and root else path
    elif root is None:
        return None
    else:
        found = _relative(path, root) or ""
    found = posixpath.normpath(found) if found else ""
    return found if found and not found.startswith(("..", "/")) else None


def common_root(folders: Sequence[str]) -> str | None:
    """Return the folder that holds all these folders; ``None`` if there is none but the root of the file system."""
    known = [posixpath.normpath(folder) for folder in folders if posixpath.isabs(folder) and "\\" not in folder]
    root = posixpath.commonpath(known) if known else None
    return None if root in (None, "/") else root


def _relative(path: str, root: str | None) -> str | None:
    return posixpath.relpath(posixpath.normpath(path), root) if root else None
