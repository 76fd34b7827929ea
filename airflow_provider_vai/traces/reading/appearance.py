"""What a file that is not JSON looks like, and the export that can be read in its place."""

from __future__ import annotations

import re

from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.secrets.patterns import deferred

DATABASE = b"SQLite format 3\0"
TABLES = 1 << 16
"""The bytes at the start of a database in which the definitions of its tables are looked for."""

OTHER_DATABASE = "Export the run as JSON with the application that wrote it, or read the rows of the run out of it."
OWNERS: tuple[tuple[tuple[bytes, ...], str, str], ...] = (
    (
        (b"working_dir", b"sessions"),
        " of Goose's sessions",
        "Export the session: `goose session export --format json --session-id ID`.",
    ),
    (
        (b"ItemTable",),
        " of Cursor or VS Code",
        "It keeps no results of tools. In VS Code, export the chat with `Chat: Export Chat...`.",
    ),
    ((b"session", b"message", b"part"), " of OpenCode's sessions", "Export the session: `opencode export ID`."),
)
"""Words in the definitions of a database's tables, with whose it is and what to do."""
LOOKS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        deferred(r"\s*# aider chat started"),
        "a chat history of Aider, which holds text but no calls with their arguments",
        "Aider writes its edits as text in every export. Record the work with an agent that makes tool calls.",
    ),
    (
        deferred(r"\s*(TO LLM|LLM RESPONSE) \d{4}-\d\d-\d\d"),
        "a history of Aider's model requests, which holds text but no calls with their arguments",
        "Aider writes its edits as text in every export. Record the work with an agent that makes tool calls.",
    ),
    (
        deferred(r"\s*# [^\n]*\s+_Exported on [^\n]* from Cursor"),
        "an export of a chat in Cursor, which keeps no tool results",
        "Record the work with an agent that keeps its calls and results, such as Claude Code.",
    ),
    (
        deferred(r"\s*<(!doctype|html|\?xml)\b", re.IGNORECASE),
        "a web page or XML",
        "Export the run as JSON; a page saved from a browser is not an export.",
    ),
    (
        deferred(r"\s*[\[{]\s*'|.{0,200}\b(HumanMessage|AIMessage|ModelRequest|ModelResponse)\(", re.DOTALL),
        "a Python value as print() or str() writes it",
        "Write it with json.dumps(); for objects of a library use its own call, such as messages_to_dict() of "
        "LangChain or ModelMessagesTypeAdapter.dump_json() of pydantic-ai.",
    ),
    (
        deferred(r"\s*(data:|event:)\s"),
        "a stream of server-sent events",
        "Save the whole response, or the messages of the run, as JSON.",
    ),
    (deferred(r"\s*#{1,3} \S"), "Markdown", "Export the run as JSON: a transcript has no calls with arguments."),
)
"""Patterns of the start of a text, with what it is and what to do."""


def explained(error: UnreadableTrace, text: str) -> UnreadableTrace:
    """Return the refusal of a text that is not JSON, with what the text looks like.

    :param error: the parser's refusal, which is returned if the text looks like nothing that is known.
    """
    start = text[:2000]
    for pattern, name, remedy in LOOKS if "not JSON at line 1" in error.problem else ():
        if pattern.match(start):
            return UnreadableTrace(f"looks like {name}", where=error.where, remedy=remedy)
    return error


def refuse_database(content: bytes, where: str) -> None:
    """Refuse a database file.

    :raises UnreadableTrace: the bytes are those of SQLite.
    """
    if content.startswith(DATABASE):
        start = content[:TABLES]
        owner, remedy = next(
            (found for mark, *found in OWNERS if all(word in start for word in mark)), ("", OTHER_DATABASE)
        )
        raise UnreadableTrace(f"a SQLite database{owner}, not a trace", where=where, remedy=remedy)
