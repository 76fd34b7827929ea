"""Say a tree in words, for people who approve or review it: "total of revenue over 12 rows of generate_query"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from airflow_provider_vai.languages.derivation import Node, is_node
from airflow_provider_vai.languages.short_text import cut

Measure = Callable[[Node], "int | None"]
"""Returns how many items the list has that a node gives; ``None``: it is not known."""

LONGEST = 40
CONDITIONS = {
    "over": "is over", "below": "is below", "at_least": "is at least", "at_most": "is at most", "containing": "has",
    "mentioning": "mentions", "among": "is one of",
}  # fmt: skip
KINDS = {"url": "address", "email": "e-mail address", "iban": "IBAN", "phone": "phone number", "file": "file name"}


def words(node: Any, measure: Measure = lambda node: None) -> str:
    """Return what a tree gives as a phrase; literals are shortened.

    :param measure: Says how many rows there are now.
    """
    if isinstance(node, list):
        return ", ".join(words(part, measure) for part in node)
    if not is_node(node):
        return cut(str(node), LONGEST)
    say = _PHRASES.get(str(node["function"]))
    return say(node, lambda part: words(part, measure), measure) if say else str(node["function"])


def parts(node: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each part of a tree to show by itself: of a text each slot, with its name; else the tree."""
    slots = node.get("slots") if is_node(node) and node["function"] == "text" else None
    if isinstance(slots, Mapping):
        for slot, part in slots.items():
            yield from parts(part, str(slot))
    else:
        yield name, node


Say = Callable[[Any], str]
Phrase = Callable[[Node, Say, Measure], str]


def _wired(node: Node, say: Say, measure: Measure) -> str:
    path = node.get("path") or []
    number = measure(node)
    if not path:
        return f"result of {node['step']}" if number is None else f"{number:,} results of {node['step']}"
    name = ".".join(map(str, path))
    if number == 1 and name == "rows":
        name = "row"
    return f"{name if number is None else f'{number:,} {name}'} of {node['step']}"


def _argument_of(node: Node, say: Say, measure: Measure) -> str:
    return f"{'.'.join(map(str, [node['name'], *node.get('path', [])]))} that {node['step']} was given"


def _parameter(node: Node, say: Say, measure: Measure) -> str:
    return f"the param {'.'.join(map(str, [node['name'], *node.get('path', [])]))}"


def _item(node: Node, say: Say, measure: Measure) -> str:
    path = ".".join(map(str, node.get("path", [])))
    return f"{path} of the list element" if path else "the list element"


def _conditions(node: Node, say: Say) -> str:
    found = []
    for field, condition in node.get("conditions", {}).items():
        name = condition.get("function") if is_node(condition) else None
        bound = f"{CONDITIONS[name]} {_limit(condition, say)}" if name in CONDITIONS else f"is {say(condition)}"
        found.append(f"{field} {bound}")
    return " and ".join(found)


def _limit(condition: Node, say: Say) -> str:
    """Return what a condition compares with: its value, or the fields of an item."""
    fields = [f"{field} is {say(part)}" for field, part in condition.get("fields", {}).items()]
    return f"an item whose {' and '.join(fields)}" if fields else say(condition.get("value", condition.get("values")))


def _where(node: Node, say: Say, measure: Measure) -> str:
    number = measure(node)
    rows = words(node["rows"])
    shown = rows if number is None else f"{number:,} of the {rows}"
    return f"{shown} where {_conditions(node, say)}"


def _key_of(node: Node, say: Say, measure: Measure) -> str:
    by = node.get("by")
    which = "" if by is None else f" with the largest {by or 'value'}"
    conditions = f" where {_conditions(node, say)}" if node.get("conditions") else ""
    return f"key{which} in {say(node['entries'])}{conditions}"


def _part(node: Node, say: Say, measure: Measure) -> str:
    return f"{'.'.join(map(str, node.get('path', [])))} of {say(node['value'])}"


def _project(node: Node, say: Say, measure: Measure) -> str:
    fields = [*node.get("fields", []), *node.get("renamed", {}).values()]
    return f"{', '.join(map(say, fields))} of each of {say(node['rows'])}"


def _text(node: Node, say: Say, measure: Measure) -> str:
    slots = [f"{name}: {say(part)}" for name, part in node.get("slots", {}).items()]
    return f"text with {'; '.join(slots)}" if slots else "text"


def _simple(pattern: str) -> Phrase:
    """Return a phrase whose braces are filled with the words for the arguments."""

    def say_it(node: Node, say: Say, measure: Measure) -> str:
        return pattern.format(**{key: say(part) for key, part in node.items() if key != "function"})

    return say_it


def _found(node: Node, say: Say, measure: Measure) -> str:
    kind = str(node["kind"])
    ending = f" that ends with {say(node['ending'])}" if node.get("ending") is not None else ""
    return f"the {KINDS.get(kind, kind)}{ending} in {say(node['text'])}"


def _extreme(node: Node, say: Say, measure: Measure) -> str:
    return f"the row with the {node['function']} {say(node['by'])} of {say(node['rows'])}"


def _gathered(node: Node, say: Say, measure: Measure) -> str:
    return " and ".join(map(say, node.get("values", [])))


def _rounded(node: Node, say: Say, measure: Measure) -> str:
    return f"{say(node['value'])}, rounded"


_PHRASES: dict[str, Phrase] = {
    "wired": _wired,
    "argument_of": _argument_of,
    "parameter": _parameter,
    "item": _item,
    "template": lambda node, say, measure: cut(node["text"], LONGEST),
    "where": _where,
    "over": _simple("over {value}"),
    "below": _simple("below {value}"),
    "at_least": _simple("at least {value}"),
    "at_most": _simple("at most {value}"),
    "containing": lambda node, say, measure: f"with {_limit(node, say)}",
    "mentioning": _simple("mentioning {value}"),
    "among": _simple("one of {values}"),
    "only": _simple("the only one of {rows}"),
    "not_empty": lambda node, say, measure: say(node["rows"]),
    "first": _simple("the first of {rows}"),
    "last": _simple("the last of {rows}"),
    "largest": _extreme,
    "smallest": _extreme,
    "top": _simple("the {count} rows with the largest {by} of {rows}"),
    "pluck": _simple("{field} of each of {rows}"),
    "project": _project,
    "values_of": _simple("the values of {entries}"),
    "entries_of": _simple("the entries of {entries}"),
    "labelled": _simple("the entries of {entries} by their labels"),
    "key_of": _key_of,
    "part": _part,
    "gathered": _gathered,
    "concatenated": _gathered,
    "count": lambda node, say, measure: f"number of {words(node['rows'])}",
    "distinct": _simple("number of different {field} in {rows}"),
    "total": _simple("total of {field} over {rows}"),
    "mean": _simple("mean of {field} over {rows}"),
    "highest": _simple("highest {field} of {rows}"),
    "lowest": _simple("lowest {field} of {rows}"),
    "difference": _simple("{value} minus {other}"),
    "ratio": _simple("{value} divided by {other}"),
    "percentage": _simple("{value} as per cent of {other}"),
    "change": _simple("relative change from {other} to {value}"),
    "rounded": _rounded,
    "text": _text,
    "shown": lambda node, say, measure: say(node["value"]),
    "percent": lambda node, say, measure: f"{say(node['value'])}, in per cent",
    "month_of": lambda node, say, measure: say(node["date"]),
    "days_after": _simple("{days} days after {date}"),
    "joined": _simple("{values}, joined"),
    "as_json": _simple("{data} as JSON"),
    "found": _found,
}
"""What each function says; a test checks that none is missing."""
