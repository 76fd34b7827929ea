"""Chats whose messages form a tree: an edited or regenerated message begins another branch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_vai.languages.plural import plural


def branch(leaf: Any, parent_of: Callable[[Any], Any], known: Mapping[Any, Any]) -> list[Any]:
    """Return the ids of the messages from the start of a chat to one of its last messages.

    :param leaf: the id of the last message.
    :param parent_of: returns the id of the message before another one.
    :param known: the messages by id. The walk ends at an id that is not one of them.
    """
    path: list[Any] = []
    seen: set[Any] = set()
    while isinstance(leaf, str) and leaf in known and leaf not in seen:
        seen.add(leaf)
        path.append(leaf)
        leaf = parent_of(leaf)
    return path[::-1]


def hidden_calls(count: int) -> str:
    """Return the note about calls on branches that the chat left."""
    return f"{plural(count, 'call is', 'calls are')} on branches that the chat left, and not part of the run"
