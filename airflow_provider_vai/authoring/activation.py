"""Activates an automation, with the review items that a person looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.model.review_lines import line
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.store import lifecycle
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.state import read_state

Shown = Callable[[int, ReviewItem], Any]


def activate(
    folder: AnyPath,
    dag_id: str,
    *,
    reviewed: str | Sequence[Any] | None,
    shown: Shown = lambda number, item: item.message,
    by: str | None = None,
    expected: int | None = None,
    carry_out: Callable[[], None] = lambda: None,
) -> Sidecar:
    """Set an automation to active, and record who reviewed which items.

    :param folder: The folder of the DAG file and sidecar.
    :param reviewed: The items that the person looked at, see :func:`reviewed_items`.
    :param shown: How items were shown to the person, see :func:`reviewed_items`.
    :param by: Who activates it; ``None``: see ``store.publisher.author``.
    :param expected: The number of the log entry that the person saw; ``None``: whatever is newest.
    :param carry_out: Unpauses the DAG. It is called after all checks; if it raises, nothing is recorded.
    :raises SpecError: there is no such automation or review item.
    :raises NotReviewed: an item was never reviewed.
    :raises PublishError: see :func:`store.lifecycle.activate`.
    """
    sidecar = read_state(folder, dag_id).sidecar
    items = reviewed_items(sidecar, reviewed, shown) if sidecar else []
    return lifecycle.activate(folder, dag_id, reviewed=items, by=by, expected=expected, carry_out=carry_out)


def reviewed_items(
    sidecar: Sidecar, reviewed: str | Sequence[Any] | None, shown: Shown = lambda number, item: item.message
) -> list[ReviewItem]:
    """Return the review items that a person names.

    :param reviewed: ``all``; the items' numbers as text, counted from 1 (``1,3-5``); or a list, in which an item is
        identified by its number, its message, its line or its form as shown, and other entries are ignored. ``None``:
        no items.
    :param shown: Returns an item, given with its number, in the form in which the person saw it.
    :raises SpecError: the text cannot be read, or there is no item with a given number.
    """
    items = sidecar.review
    if reviewed is None:
        return []
    if reviewed == "all":
        return list(items)
    if isinstance(reviewed, str):
        return [items[number - 1] for number in _numbers(reviewed, len(items))]
    numbers = {one for one in reviewed if type(one) is int}
    if missing := sorted(numbers - set(range(1, len(items) + 1))):
        known = f"Use numbers from 1 to {len(items)}." if items else "The automation has no review items."
        raise SpecError(f"there is no review item {missing[0]}", where="reviewed", remedy=known)
    others = {json_text.canonical(one) for one in reviewed if type(one) is not int}
    return [item for number, item in enumerate(items, 1) if number in numbers or others & _forms(number, item, shown)]


def _numbers(text: str, count: int) -> list[int]:
    numbers: list[int] = []
    for part in text.split(","):
        span = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", part.strip())
        first, last = (int(span[1]), int(span[2] or span[1])) if span else (0, 0)
        if not 1 <= first <= last <= count:
            known = f"`all` or numbers from 1 to {count}" if count else "only `all`, since there are no review items"
            raise SpecError(
                f"--reviewed takes {known}; found {text!r}",
                remedy="`vai activate` without it lists the open items with their numbers.",
            )
        numbers += range(first, last + 1)
    return numbers


def _forms(number: int, item: ReviewItem, shown: Shown) -> set[str]:
    return {json_text.canonical(form) for form in (shown(number, item), item.message, line(item))}
