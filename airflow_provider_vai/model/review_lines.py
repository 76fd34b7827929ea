"""Formats review items as lines for the terminal, the DAG file's docstring and messages.

An item's number is its position in the review list, counted from 1.
"""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.secrets.masking import mask

SHOWN_CHARACTERS = 60
"""A longer key in a path is cut to this many characters."""


def subject(item: ReviewItem) -> str:
    """Return what an item is about, as ``step.argument.key``; empty if it is about the automation as a whole."""
    return place_text(item.step, item.place or [])


def place_text(step: str | None, place: JsonPath) -> str:
    """Return a place in a step as dotted text, with credentials masked."""
    parts = [str(part)[:SHOWN_CHARACTERS] for part in place]
    return mask(".".join([*([step] if step else []), *parts]))


def line(item: ReviewItem) -> str:
    """Return an item as one line: what it is about, the message, and the evidence in parentheses."""
    return _line([subject(item)], item)


def numbered(items: Iterable[tuple[int, ReviewItem]]) -> list[tuple[str, str]]:
    """Return items as numbered lines. Consecutive items with the same message and evidence share a line.

    :param items: pairs of number (from 1) and item.
    :return: pairs such as ``("3", "send: has no gate")`` and ``("1-2", "find, look: a model wrote this SQL")``.
    """
    groups: list[list[tuple[int, ReviewItem]]] = []
    for number, item in items:
        last = groups[-1] if groups else []
        if last and last[-1][0] == number - 1 and _share_a_line(last[-1][1], item):
            last.append((number, item))
        else:
            groups.append([(number, item)])
    return [(_label(group), _line([subject(item) for _, item in group], group[0][1])) for group in groups]


def _share_a_line(one: ReviewItem, other: ReviewItem) -> bool:
    is_placed = bool(one.step and other.step)
    return is_placed and (one.code, one.message, one.evidence) == (other.code, other.message, other.evidence)


def _label(group: list[tuple[int, ReviewItem]]) -> str:
    first, last = group[0][0], group[-1][0]
    return str(first) if first == last else f"{first}-{last}"


def _line(subjects: list[str], item: ReviewItem) -> str:
    about = ", ".join(filter(None, subjects))
    text = f"{about}: {item.message}" if about else item.message
    return f"{text} ({'; '.join(item.evidence)})" if item.evidence else text
