"""What coding agents do: their tools under the arguments of the action kinds, and their folders as the working folder.

The folder in which an agent worked becomes the working folder of the DAG run, so paths are written relative to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.exceptions import ArgumentsRefused
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.model import kinds_coding
from airflow_provider_vai.model.kinds_coding import EDIT, SHELL, AgentStep, agent_step
from airflow_provider_vai.model.tool_names import FILE_NAME, MCP_NAME
from airflow_provider_vai.secrets.masking import mask

if TYPE_CHECKING:
    from airflow_provider_vai.model.kinds import Kind
    from airflow_provider_vai.model.run import ToolCall
    from airflow_provider_vai.model.tools_file import ToolRule

ORIGINAL = "originalFile"
"""The key of a result under which Claude Code keeps a file as it was before an edit."""


def is_of_server(call: ToolCall) -> bool:
    """Return whether an MCP server has the tool of a call, so that its name says nothing about what it does."""
    return call.server is not None or MCP_NAME.match(call.tool) is not None


def found_step(call: ToolCall, rule: ToolRule | None) -> AgentStep | None:
    """Return what a call of a coding agent's tool becomes; ``None`` if it is no such call, or has another rule.

    :param call: the recorded call.
    :param rule: its rule in the tools file.
    """
    if not isinstance(call.arguments, dict) or (rule is None and is_of_server(call)):
        return None
    renames = rule.arguments if rule else {}
    found = agent_step(call.tool, {renames.get(name, name): value for name, value in call.arguments.items()})
    return found if found and (rule is None or rule.kind == found.kind) else None


def root_of(calls: Sequence[ToolCall]) -> str | None:
    """Return the folder in which a coding agent worked; ``None`` if the trace does not record it.

    :param calls: the calls that become steps.
    """
    folders = []
    for call in calls:
        found = agent_step(call.tool, call.arguments) if isinstance(call.arguments, dict) else None
        given = found.values.get("cwd") if found else None
        is_absolute = isinstance(given, str) and given.startswith("/")
        folders += [folder for folder in (given if is_absolute else call.working_folder,) if folder]
    return kinds_coding.common_root(folders)


def placed(call: ToolCall, kind: Kind, values: Mapping[str, Any], root: str | None) -> dict[str, Any]:
    """Return the arguments of a coding agent's call with paths relative to the working folder.

    :param call: the recorded call.
    :param kind: one of :data:`~airflow_provider_vai.model.kinds_coding.KINDS`.
    :param values: its arguments under the kind's names.
    :param root: the folder in which the agent worked, see :func:`root_of`.
    :raises ArgumentsRefused: a path leads elsewhere, or the recording names the folder of a file.
    """
    if values.get("folder") is not None:
        raise _refused(
            call,
            "the recorded call gives folder, which only a person may declare",
            "Remove the argument from the trace, or leave the call out; then set folder with `vai edit`.",
        )
    name = "cwd" if kind.name == SHELL else "path"
    path = values.get(name, call.working_folder if name == "cwd" else None)
    if not isinstance(path, str):
        return dict(values)
    if name == "cwd" and (root is None or path == ".") and not path.startswith(("/", "~")):
        found: str | None = path
    else:
        found = kinds_coding.below(path, call.working_folder, root) or ("." if name == "cwd" and path == root else None)
    if found is None:
        where = f"the folder {shown(mask(root))}, in which the agent worked" if root else "the working folder"
        raise _refused(
            call,
            f"the path {shown(mask(path))} is not below {where}",
            f"A step can only use files of its working folder. Leave the call out with --exclude, or map the tool in "
            f"{FILE_NAME} to a python_tool of yours.",
        )
    return {key: value for key, value in {**values, name: found}.items() if (key, value) != ("cwd", ".")}


def digests(calls: Sequence[tuple[ToolCall, Kind, Mapping[str, Any]]]) -> list[dict[str, str]]:
    """Return, for each call, the digests of an edited file before and after, if the trace has the file as it was.

    A file that an earlier step may make differs from run to run, so an edit of it has none.

    :param calls: the calls that become steps, each with its kind and its arguments.
    """
    found: list[dict[str, str]] = []
    is_made = False
    for call, kind, values in calls:
        before = call.result.get(ORIGINAL) if isinstance(call.result, dict) else None
        known = kind.name == EDIT and not is_made and isinstance(before, str) and "\r" not in before
        found.append(_digests(before, values) if known else {})
        is_made = is_made or kind.name in kinds_coding.KINDS
    return found


def refuse_problem(call: ToolCall, step: AgentStep | None) -> None:
    """Refuse a call that cannot become a step although its tool can.

    :raises ArgumentsRefused: it ran in the background, or is the input of another command.
    """
    if step and step.problem:
        raise _refused(call, step.problem, "Leave the call out with --exclude, or record the command to its end.")


def only_looked(tools: Sequence[str]) -> list[str]:
    """Return the tools with which a coding agent only looks, plans or asks.

    :param tools: recorded names.
    """
    return [tool for tool in tools if tool.lower() in kinds_coding.LOOKING]


def _digests(before: Any, values: Mapping[str, Any]) -> dict[str, str]:
    old, new = values.get("old_text"), values.get("new_text")
    if not isinstance(old, str) or not isinstance(new, str) or old not in before:
        return {}
    try:
        contents = {"before_sha256": before.encode(), "after_sha256": before.replace(old, new).encode()}
    except UnicodeEncodeError:
        return {}
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def _refused(call: ToolCall, problem: str, remedy: str) -> ArgumentsRefused:
    return ArgumentsRefused(f"{mask(call.tool)!r}: {problem}", where=f"call {mask(call.id)}", remedy=remedy)
