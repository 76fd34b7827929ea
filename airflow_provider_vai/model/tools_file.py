"""The tools file, ``vai-tools.toml``, maps recorded tools to action kinds."""

from __future__ import annotations

import glob
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from airflow_provider_vai.exceptions import ToolsFileError
from airflow_provider_vai.languages.identifiers import slug
from airflow_provider_vai.languages.short_text import similar_names
from airflow_provider_vai.model.base import SPELLINGS
from airflow_provider_vai.model.behaviour import Effect
from airflow_provider_vai.model.factories import new_dict, new_list
from airflow_provider_vai.model.kinds import callable_kinds
from airflow_provider_vai.model.tool_names import CALLABLE_PLACE, FILE_NAME, MCP_NAME
from airflow_provider_vai.model.validation import problems

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MCP_FORMATS = ("mcp_log",)

RULE = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True, alias_generator=SPELLINGS)
"""Exact types, unknown keys rejected. Keys may also be in camelCase, as in the HTTP API."""


class GateSettings(BaseModel):
    """The ``[tools.gate]`` table of a rule: the settings of the gates of its steps. Times are in seconds.

    ``editable`` lists the arguments that an approver may change. ``assigned_users`` lists the ids of the users who may
    answer. The other settings are those of ``ApprovalGateSensor`` with the same names.
    """

    model_config = RULE

    editable: list[str] | None = None
    assigned_users: list[str] | None = None
    response_timeout: int | None = Field(default=None, ge=1)
    on_timeout: Literal["fail", "approve", "reject"] | None = None
    on_reject: Literal["skip", "fail"] | None = None
    trust_for: int | None = Field(default=None, ge=1)
    trust_uses: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _both_limits(self) -> GateSettings:
        if (self.trust_for is None) != (self.trust_uses is None):
            raise ValueError("trust_for and trust_uses must be given together")
        return self


class ToolRule(BaseModel):
    """One ``[[tools]]`` table.

    ``match`` is a glob over the tool's name, ``server`` one over the name of its MCP server. ``conn_id`` is the Airflow
    connection. ``callable`` is the function of a ``python_tool``: ``package.module:function``, or ``package.module:*``
    for the public function with the tool's name. Of a ``dlt_extract``, it is the dlt source. ``effect``, ``approval``
    and ``trust`` override the kind and the gates policy. ``arguments`` maps recorded argument names to the kind's.
    ``gate`` sets the gates of its steps.
    """

    model_config = RULE

    match: str
    kind: str
    server: str | None = None
    conn_id: str | None = Field(default=None, min_length=1)
    callable: str | None = Field(default=None, min_length=1)
    effect: Effect | None = None
    approval: Literal["required", "recorded", "never"] | None = None
    trust: Literal["trusted", "untrusted"] | None = None
    arguments: dict[str, str] = Field(default_factory=new_dict)
    gate: GateSettings | None = None

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        if kind not in callable_kinds():
            raise ValueError(f"there is no action kind {kind!r}: choose one of {', '.join(callable_kinds())}")
        return kind

    def covers(self, tool: str, server: str | None) -> bool:
        """Return whether the rule applies to a tool of a server; the server is ``None`` if the tool has none."""
        return fnmatchcase(tool, self.match) and (self.server is None or fnmatchcase(server or "", self.server))


class ToolsFile(BaseModel):
    """The whole file: a list of rules. The first rule that covers a tool applies."""

    model_config = RULE

    tools: list[ToolRule] = Field(default_factory=new_list)

    def rule(self, tool: str, server: str | None) -> ToolRule | None:
        """Return the first rule that covers the tool; ``None`` if there is none."""
        return next((rule for rule in self.tools if rule.covers(tool, server)), None)


def read_tools(path: Path | None, beside: Path) -> ToolsFile:
    """Read the tools file.

    :param path: the file that the user named; with ``None``, ``vai-tools.toml`` beside the trace is read if it exists.
    :param beside: the path of the trace.
    :return: the rules; an empty list of rules if there is no file.
    :raises ToolsFileError: the file cannot be read, is not TOML, or breaks its schema. The message names the rule.
    """
    if path is None:
        path = beside.parent / FILE_NAME
        if not path.exists():
            return ToolsFile()
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        return ToolsFile.model_validate(document)
    except OSError as error:
        raise ToolsFileError(
            error.strerror or str(error), where=str(path), remedy="Check the path given with --tools."
        ) from None
    except ValidationError as error:
        raise ToolsFileError(problems(error), where=str(path), remedy=_remedy(error)) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ToolsFileError(f"not TOML: {error}", where=str(path), remedy="Correct the file.") from None
    except RecursionError:
        raise ToolsFileError(
            "not TOML: nested too deeply to read", where=str(path), remedy="Correct the file."
        ) from None


def _remedy(error: ValidationError) -> str:
    """Return how to correct a file: the name that an unknown key is most like, or the keys that there are."""
    unknown = next((problem["loc"] for problem in error.errors() if problem["type"] == "extra_forbidden"), ())
    if not unknown:
        return "Correct the file."
    tables: dict[int, type[BaseModel]] = {1: ToolsFile, 3: ToolRule}
    known = list(tables.get(len(unknown), GateSettings).model_fields)
    close = similar_names(str(unknown[-1]), known)
    return f"Did you mean {close[0]!r}?" if close else f"The keys are: {', '.join(known)}."


def suggested_kind(tool: str, *, server: str | None = None, format: str = "") -> str:
    """Return the kind that a tool without a rule probably is: ``mcp_tool`` or ``python_tool``.

    :param tool: the recorded name. :param server: the name of its MCP server, if the trace has one.
    :param format: the format of the trace; a log of MCP messages has only tools of MCP servers.
    """
    return "mcp_tool" if server or format in MCP_FORMATS or MCP_NAME.match(tool) else "python_tool"


def suggestion(
    tool: str,
    *,
    server: str | None = None,
    format: str = "",
    effect: Effect | None = None,
    why: str = "",
    is_brief: bool = False,
) -> str:
    """Return the TOML lines that map a tool, for the user to complete and add to the tools file.

    :param tool: the recorded name.
    :param server: the name of its MCP server, if the trace has one.
    :param format: the format of the trace; a log of MCP messages has only tools of MCP servers.
    :param effect: a proposed effect; ``None``: ``write`` for a ``python_tool``, and the kind's own for an ``mcp_tool``.
    :param why: the reason for the proposed effect, one line.
    :param is_brief: whether to leave out what is the same for every tool.
    :return: lines for an ``mcp_tool`` if the trace shows a tool of an MCP server, else for a ``python_tool``.
    """
    glob_text = "".join(map(_in_toml, glob.escape(tool)))
    kind = suggested_kind(tool, server=server, format=format)
    others = ", ".join(name for name in callable_kinds() if name != kind)
    lines = [f'[[tools]]\nmatch = "{glob_text}"\nkind = "{kind}"' + ("" if is_brief else f"  # or: {others}")]
    if kind == "mcp_tool":
        lines.append('conn_id = "mcp_default"' + ("" if is_brief else "  # the connection of the MCP server"))
    else:
        lines.append(f'callable = "your_tools:{slug(tool, "tool")}"' + ("" if is_brief else f"  # {CALLABLE_PLACE}"))
    if effect or kind == "python_tool":
        stated = effect or "write"
        rest = ", ".join(name for name in ("read", "artifact", "write") if name != stated)
        lines.append(f'effect = "{stated}"  # {why if is_brief else f"or: {rest}"}')
    return "\n".join(lines)


def _in_toml(character: str) -> str:
    """Return one character of a glob as it is written in a TOML string; TOML has no surrogates, so any one matches."""
    if "\ud800" <= character <= "\udfff":
        return "?"
    return character if character.isprintable() and character not in '"\\' else f"\\U{ord(character):08x}"
