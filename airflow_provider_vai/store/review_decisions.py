"""What people decided about review items before an activation: one file for each save, which is never modified.

The files are numbered, in ``<folder>/.vai/@review/<dag_id>/``. For each item, the newest decision counts.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import TypeAdapter, ValidationError

from airflow_provider_vai.exceptions import PublishError, SpecError, VaiError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.identifiers import folder_name
from airflow_provider_vai.model.base import Spec
from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.model.validation import problems
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.versions import FOLDER

NAME = "@review"
ATTEMPTS = 20

Decided = Literal["accepted", "to_change", "open"]
"""``open`` takes an earlier decision back."""


class ReviewDecision(Spec):
    """A decision about one review item.

    :param item: the digest of the item's identity, see :func:`item_digest`.
    :param seen: the digest of the value that the person saw; for another value, the decision does not count.
    :param decision: what was decided. :param note: the person's own words.
    :param by: who decided. :param at: when.
    """

    optional: ClassVar[tuple[str, ...]] = ("note",)

    item: str
    seen: str
    decision: Decided
    note: str = ""
    by: str
    at: datetime


_DECISIONS = TypeAdapter(list[ReviewDecision])


def item_digest(item: ReviewItem) -> str:
    """Return the digest under which decisions about an item are kept.

    :param item: a review item; items with the same identity have the same digest.
    """
    return json_text.digest(list(item.identity))


def save(folder: AnyPath, dag_id: str, decisions: Sequence[ReviewDecision]) -> None:
    """Keep decisions, beside all earlier ones.

    :param folder: the folder of the DAG file and sidecar. :param dag_id: the automation.
    :param decisions: what one person decided at once.
    :raises PublishError: the file cannot be written.
    """
    inside = _inside(folder, dag_id)
    content = json_text.pretty(_DECISIONS.dump_python(list(decisions), mode="json")).encode("ascii")
    for _ in range(ATTEMPTS):  # each time, another writer took the number
        names = _names(inside)
        number = int(names[-1][:-5]) + 1 if names else 1
        if shared_files.create(inside / f"{number:06}.json", content):
            return
    raise PublishError("many people save decisions at once", where=dag_id, remedy="Save again in a moment.")


def newest(folder: AnyPath, dag_id: str) -> dict[str, ReviewDecision]:
    """Return the newest decision about each item, by the item's digest.

    :param folder: the folder of the DAG file and sidecar. :param dag_id: the automation.
    :raises SpecError: a file is damaged.
    """
    inside = _inside(folder, dag_id)
    found = [decision for name in _names(inside) for decision in _read(inside / name)]
    return {decision.item: decision for decision in found}


def decisions_stamp(folder: AnyPath, dag_id: str) -> Hashable:
    """Return a value that changes with every decision that is saved; no file is read.

    :param folder: the folder of the DAG file and sidecar. :param dag_id: the automation.
    :raises PublishError: the storage cannot be asked.
    """
    return tuple(shared_files.stamps(_inside(folder, dag_id), ".json").items())


def _inside(folder: AnyPath, dag_id: str) -> AnyPath:
    return folder / FOLDER / NAME / folder_name(dag_id)


def _names(inside: AnyPath) -> list[str]:
    return [name for name in shared_files.names(inside, ".json") if name[:-5].isdecimal()]


def _read(path: AnyPath) -> list[ReviewDecision]:
    content = shared_files.read(path)
    try:
        return _DECISIONS.validate_python(json_text.loads((content or b"").decode("utf-8"), where=str(path)))
    except ValidationError as error:
        problem = problems(error)
    except UnicodeDecodeError as error:
        problem = f"not UTF-8 at byte {error.start}"
    except VaiError as error:
        problem = error.problem
    remedy = "Restore the file, or remove it: its decisions are made again on the Review page."
    raise SpecError(problem, where=str(path), remedy=remedy)
