"""Activates an automation for a person who says which of its review items they looked at."""

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
    """Record that an automation is active from now on, and who reviewed what of it.

    :param reviewed: what the person looked at, see :func:`reviewed_items`. :param shown: see there, too.
    :param by: who activates it; ``None``: the author, see ``store.publisher.author``.
    :param expected: the entry of the log that the person saw; ``None``: whatever is newest.
    :param carry_out: unpauses the DAG, called when all is checked; if it raises, nothing is recorded.
    :raises SpecError: there is no such automation, or no such review item.
    :raises NotReviewed: an item is left that nobody looked at.
    :raises PublishError: see :func:`store.lifecycle.activate`.
    """
    sidecar = read_state(folder, dag_id).sidecar
    items = reviewed_items(sidecar, reviewed, shown) if sidecar else []
    return lifecycle.activate(folder, dag_id, reviewed=items, by=by, expected=expected, carry_out=carry_out)


def reviewed_items(
    sidecar: Sidecar, reviewed: str | Sequence[Any] | None, shown: Shown = lambda number, item: item.message
) -> list[ReviewItem]:
    """Return the review items that a person names.

    :param reviewed: ``all``; a text of the items' numbers, counted from 1 (``1,3-5``); or a list, each entry the number
        of an item, its message, its line, or the item as it was shown, in which anything else is ignored; ``None``:
        nothing.
    :param shown: how the item of a number was shown to the person.
    :raises SpecError: a text is something else, or a number is not that of an item.
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
        known = f"Its numbers are 1 to {len(items)}." if items else "It has no review items."
        raise SpecError(f"there is no review item {missing[0]}", where="reviewed", remedy=known)
    others = {json_text.canonical(one) for one in reviewed if type(one) is not int}
    return [item for number, item in enumerate(items, 1) if number in numbers or others & _forms(number, item, shown)]


def _numbers(text: str, count: int) -> list[int]:
    numbers: list[int] = []
    for part in text.split(","):
        span = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", part.strip())
        first, last = (int(span[1]), int(span[2] or span[1])) if span else (0, 0)
        if not 1 <= first <= last <= count:
            known = f"numbers from 1 to {count}" if count else "nothing else: no item is listed"
            raise SpecError(
                f"--reviewed takes `all`, or {known}, found {text!r}",
                remedy="`vai activate` without it lists the open items with their numbers.",
            )
        numbers += range(first, last + 1)
    return numbers


def _forms(number: int, item: ReviewItem, shown: Shown) -> set[str]:
    return {json_text.canonical(form) for form in (shown(number, item), item.message, line(item))}
