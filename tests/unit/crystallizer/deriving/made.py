"""What these tests share: a small table, sentences, and the arguments that a run's last call gets."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from airflow_provider_vai.crystallizer.deriving.sentences import Sentence, sentences_of
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable
from airflow_provider_vai.languages.derivation.source import written
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.run import Turn
from tests.unit.support import call, crystallized, run

READS = {"match": "list_*", "kind": "mcp_tool", "conn_id": "mcp", "effect": "read"}
OPENS = {"match": "get_*", "kind": "mcp_tool", "conn_id": "mcp", "effect": "read"}
WRITES = {"match": "*", "kind": "mcp_tool", "conn_id": "mcp", "effect": "write"}

FIELDS = ("berth_id", "ship", "quay", "dues", "crates", "docked_on")
BERTHS: list[dict[str, Any]] = [
    dict(zip(FIELDS, values, strict=True))
    for values in (
        ("BT-0417", "Grey Heron", "North", 1284.5, 31, "2026-03-04"),
        ("BT-0982", "Salt Maiden", "South", 377.25, 12, "2026-03-19"),
        ("BT-0233", "Blue Lantern", "North", 2410.75, 8, "2026-02-11"),
        ("BT-0751", "Iron Duke", "East", 918.0, 44, "2026-03-30"),
        ("BT-0664", "Last Tern", "South", 655.4, 27, "2026-01-23"),
        ("BT-0108", "Quick Otter", "East", 1733.1, 19, "2026-02-27"),
    )
]
"""Six berths of a harbour: the dues add up to 7379."""


def table(rows: Any = None, tool: str = "list_berths", keys: tuple[str, ...] | None = None) -> ResultTable:
    """Return a table in the result of a step."""
    source: Any = SimpleNamespace(step=tool, call=SimpleNamespace(tool=tool))
    return ResultTable(source, ("rows",), BERTHS if rows is None else rows, keys)


def said(text: str) -> list[Sentence]:
    """Return the sentences of a text."""
    return sentences_of(text)


def argument(
    words: str, given: dict[str, Any], *, tool: str = "file_report", result: Any = None, **more: Any
) -> Argument:
    """Return the argument of a call that follows the list of berths.

    :param words: the user's prompt. :param given: the call's arguments. :param result: what the list answers.
    """
    listed = call("list_berths", {}, {"rows": BERTHS} if result is None else result)
    recorded = run(listed, call(tool, given, more.pop("answer", {"ok": True})), turns=[Turn(index=0, user_text=words)])
    made = crystallized(recorded, READS, OPENS, WRITES, gates="recorded", **more)
    return made.steps[-1].arguments["arguments"]


def derived(words: str, given: dict[str, Any], **more: Any) -> dict[str, str]:
    """Return what is derived in the arguments of such a call: by place, the expression as it is in the DAG file."""
    return {".".join(map(str, at)): written(tree) for at, tree in argument(words, given, **more).trees()}
