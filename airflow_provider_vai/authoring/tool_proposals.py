"""Proposes a tools file for the tools of recorded runs: an action kind and an effect for each, and why.

The proposals are for a person to correct. In doubt, a tool is a write: a gate too many is noticed, a gate too few is
not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from airflow_provider_vai.languages.printable import plain
from airflow_provider_vai.model import verbs
from airflow_provider_vai.model.behaviour import Effect
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.model.tool_names import CALLABLE_PLACE, MCP_NAME
from airflow_provider_vai.model.tools_file import suggested_kind, suggestion

ASKED = ("approved", "edited", "denied")
"""The approval of a call about which a person was asked."""

QUERY = "generate_query"
"""The action kind of a tool that queries a database."""

STATEMENTS = ("sql", "query", "statement")
"""Arguments in which tools that query a database take the statement."""

SELECT = re.compile(r"\s*(?:select|with)\s", re.IGNORECASE)

HEAD = """\
# Maps the tools of {traces} to action kinds. Correct what is wrong; the first rule that matches a tool applies.
#
# kind      what runs; `vai kinds` lists them
# callable  {callable}
# conn_id   the Airflow connection of the database or the MCP server
# effect    read, artifact or write; every write waits for a person's approval before it runs
"""


@dataclass(frozen=True)
class ToolProposal:
    """What is proposed for one tool.

    :param tool: Its recorded name.
    :param server: The name of its MCP server; ``None``: the trace has none.
    :param kind: The proposed action kind.
    :param effect: The proposed effect.
    :param why: The reason for the effect.
    :param calls: How often it was called.
    :param needs_rule: Whether it needs a rule; the name of an action kind needs none.
    :param format: The format of its trace.
    :param statement: The argument with the SQL statement, if it is a tool that only queries a database.
    """

    tool: str
    server: str | None
    kind: str
    effect: Effect
    why: str
    calls: int
    needs_rule: bool
    format: str
    statement: str | None = None


def proposals(runs: Iterable[Run]) -> list[ToolProposal]:
    """Return a proposal for each tool of these runs, in the order of their first calls.

    :param runs: The recorded runs.
    """
    calls: dict[tuple[str, str | None], list[ToolCall]] = {}
    formats: dict[tuple[str, str | None], str] = {}
    for run in runs:
        for call in run.calls:
            calls.setdefault((call.tool, call.server), []).append(call)
            formats.setdefault((call.tool, call.server), run.format)
    return [_proposal(made, formats[key]) for key, made in calls.items()]


def tools_file(found: Sequence[ToolProposal], traces: str) -> str:
    """Return the text of the tools file.

    :param found: The proposals.
    :param traces: The names of the traces, for the head of the file.
    """
    own = [f"# {plain(one.tool)}: {one.why}, so it needs no rule ({one.effect})" for one in found if not one.needs_rule]
    parts = [
        HEAD.format(traces=plain(traces, 200), callable=CALLABLE_PLACE).rstrip("\n"),
        *(["\n".join(own)] if own else []),
    ]
    for one in found:
        if one.needs_rule:
            times = f"# called {one.calls} time{'s' * (one.calls != 1)}"
            parts.append(f"{times}\n{_rule(one)}")
    return "\n\n".join(parts) + "\n"


def _rule(one: ToolProposal) -> str:
    """Return the lines of a tool's rule."""
    lines = suggestion(one.tool, server=one.server, format=one.format, effect=one.effect, why=one.why, is_brief=True)
    if one.statement is None:
        return lines
    match = lines.splitlines()[:2]
    renamed = [f'arguments = {{ {one.statement} = "sql" }}'] if one.statement != "sql" else []
    return "\n".join([*match, f'kind = "{QUERY}"  # {one.why}', 'conn_id = "warehouse"', *renamed])


def _proposal(calls: Sequence[ToolCall], format: str) -> ToolProposal:
    tool, server = calls[0].tool, calls[0].server
    known = by_name().get(tool)
    if known and known.name not in ("approval_gate", "unmapped_tool"):
        why = "the name of an action kind"
        return ToolProposal(tool, server, known.name, known.effect, why, len(calls), needs_rule=False, format=format)
    if not server and (statement := _statement(calls)):
        why = "each call is one SELECT statement"
        return ToolProposal(tool, server, QUERY, "read", why, len(calls), True, format, statement)
    effect, why = _effect(tool, calls)
    kind = suggested_kind(tool, server=server, format=format)
    return ToolProposal(tool, server, kind, effect, why, len(calls), needs_rule=True, format=format)


def _statement(calls: Sequence[ToolCall]) -> str | None:
    """Return the argument with the SQL, if a tool takes nothing else, every call selects, and nobody was asked."""
    if any(call.approval.state in ASKED for call in calls):
        return None
    successful = [call.arguments for call in calls if call.outcome == "success"]
    made = [given if isinstance(given, dict) else {} for given in successful]
    for name in STATEMENTS:
        if made and all(list(given) == [name] and SELECT.match(str(given[name])) for given in made):
            return name
    return None


def _effect(tool: str, calls: Sequence[ToolCall]) -> tuple[Effect, str]:
    if any(call.approval.state in ASKED for call in calls):
        return "write", "a person was asked before it ran"
    spelled = MCP_NAME.match(tool)
    words = verbs.words(spelled["tool"] if spelled else tool)
    if writing := next((word for word in words if word in verbs.WRITES), None):
        return "write", f"its name has the word {writing}"
    if words and words[0] in verbs.NOUNS_TOO:
        return "write", f"its name begins with {words[0]}"
    if words and words[0] in verbs.READS:
        return "read", f"its name begins with {words[0]}"
    return "write", "its name does not say that it only reads"
