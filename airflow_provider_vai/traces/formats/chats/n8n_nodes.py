"""The plain nodes of an n8n workflow: those that act by themselves, not as an agent's tool.

An execution holds a node's parameters as they were set. It does not hold the values of expressions in them, nor says
how often a node acted: it acts once for each item that it gets.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.traces.reading.values import as_list, as_object, text_or_none

LANGCHAIN = "nodes-langchain."
"""The package of agents, models and tools; the agent's calls are those of its tool nodes."""

PASSING_ON = frozenset(
    {
        *("set", "if", "switch", "merge", "filter", "noOp", "splitInBatches", "splitOut", "aggregate", "itemLists"),
        *("sort", "limit", "removeDuplicates", "renameKeys", "summarize", "dateTime", "wait", "compareDatasets"),
        *("stopAndError", "respondToWebhook", "start", "webhook", "cron", "interval", "stickyNote", "html", "markdown"),
        *("crypto", "convertToFile", "extractFromFile", "code", "function", "functionItem", "executionData"),
    }
)
"""Kinds of nodes that start a workflow, choose a way, or change the data that passes through them."""


def plain_nodes(workflow: Any) -> dict[str, dict[str, Any]]:
    """Return the nodes of a workflow that act by themselves, by their names. Never raises."""
    found: dict[str, dict[str, Any]] = {}
    for node in map(as_object, as_list(as_object(workflow).get("nodes"))):
        kind = text_or_none(node.get("type")) or ""
        name = kind.rpartition(".")[2]
        is_start = name.lower().endswith("trigger")
        if (
            kind
            and LANGCHAIN not in kind
            and name not in PASSING_ON
            and not is_start
            and text_or_none(node.get("name"))
        ):
            found[node["name"]] = node
    return found


def executed_parameters(node: dict[str, Any], items: int) -> dict[str, Any] | str:
    """Return what a node did: its parameters, or a text that says why they are not known.

    :param node: the node of the workflow.
    :param items: how many items it got.
    """
    parameters = as_object(node.get("parameters"))
    if names := [name for name, value in parameters.items() if _has_expression(value)]:
        return f"parameters with expressions, whose values the execution does not hold: {', '.join(names)}"
    if items > 1:
        return f"the node acted once for each of {items} items"
    return parameters


def items_before(run: dict[str, Any], nodes: dict[str, Any]) -> int:
    """Return how many items a node's run got from the node before it; 1 if the execution does not say."""
    source = as_object(next(iter(as_list(run.get("source"))), None))
    name, numbers = source.get("previousNode"), [source.get(key) for key in ("previousNodeRun", "previousNodeOutput")]
    at, output = (number if isinstance(number, int) and number >= 0 else 0 for number in numbers)
    runs = as_list(nodes.get(name)) if isinstance(name, str) else []
    data = as_object(as_object(runs[at] if at < len(runs) else None).get("data"))
    groups = as_list(data.get("main"))
    return len(as_list(groups[output])) if output < len(groups) else 1


def _has_expression(value: Any) -> bool:
    """Return whether a parameter holds an expression: a text that begins with ``=``."""
    level = [value]
    while level:
        inner = level.pop()
        if isinstance(inner, str) and inner.startswith("="):
            return True
        level += inner.values() if isinstance(inner, dict) else inner if isinstance(inner, list) else ()
    return False
