"""Activates an automation for a person who says which of its review items they looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.store import lifecycle
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.state import read_state


def activate(
    folder: AnyPath,
    dag_id: str,
    *,
    reviewed: str | Sequence[str] | None,
    shown: Callable[[str], str] = str,
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
    sidecar: Sidecar, reviewed: str | Sequence[str] | None, shown: Callable[[str], str] = str
) -> list[str]:
    """Return the review items that a person names.

    :param reviewed: a text that is ``all`` or the items' numbers, counted from one (``1,3``); or a list of items word
        for word, in which other words are ignored; ``None``: nothing.
    :param shown: how an item was shown to the person, who may name it like that.
    :raises SpecError: the text is something else, or a number is not that of an item.
    """
    items = sidecar.review
    if reviewed is None:
        return []
    if not isinstance(reviewed, str):
        return [item for item in items if item in reviewed or shown(item) in reviewed]
    if reviewed == "all":
        return list(items)
    parts = reviewed.split(",")
    numbers = [int(part) for part in parts if part.strip().isdecimal()]
    if len(numbers) != len(parts) or not all(1 <= number <= len(items) for number in numbers):
        raise SpecError(
            f"--reviewed takes `all`, or numbers from 1 to {len(items)}, found {reviewed!r}",
            remedy="The review items stand in the sidecar, in this order.",
        )
    return [items[number - 1] for number in numbers]
