"""Activation: how a person identifies the reviewed items, and what is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from airflow_provider_vai.authoring.activation import activate, reviewed_items
from airflow_provider_vai.exceptions import Conflict, NotReviewed, SpecError
from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.sidecar_files import read_sidecar
from tests.unit.support import call, crystallized, run

ITEMS = ["look at a", "look at b", "look at c"]


@pytest.fixture
def sidecar(tmp_path: Path) -> Sidecar:
    """An automation with three review items."""
    automation = crystallized(run(call("look", {"value": 1})), dag_id="report", gates="recorded")
    items = [ReviewItem(code="note", message=text) for text in ITEMS]
    return read_sidecar(publish(automation.model_copy(update={"review": items}), tmp_path).sidecar)


@pytest.mark.parametrize(
    ("named", "items"),
    [
        (None, []),
        ("all", ITEMS),
        ("1", ITEMS[:1]),
        ("3, 1", [ITEMS[2], ITEMS[0]]),
        ("1-2", ITEMS[:2]),
        ([3, 1], [ITEMS[0], ITEMS[2]]),
        ([], []),
        (["look at b"], ITEMS[1:2]),
        (["LOOK AT B", "something else"], ITEMS[1:2]),
        (["all", "1"], []),
    ],
    ids=str,
)
def test_items(sidecar: Sidecar, named: str | Sequence[str] | None, items: list[str]) -> None:
    """Numbers count from 1, and a list identifies items by their text or as they were shown."""
    found = reviewed_items(sidecar, named, lambda number, item: item.message.upper())

    assert [item.message for item in found] == items


@pytest.mark.parametrize("text", ["0", "4", "x", "", "1,", "2-1", "2-4", "-1", "ALL", "1.0"])
def test_texts_that_are_wrong(sidecar: Sidecar, text: str) -> None:
    """The message names the valid numbers."""
    with pytest.raises(SpecError, match="--reviewed takes `all` or numbers from 1 to 3"):
        reviewed_items(sidecar, text)


def test_activate(sidecar: Sidecar, tmp_path: Path) -> None:
    """The reviewed items and the reviewer are recorded, and the DAG is unpaused after all checks."""
    done: list[str] = []

    after = activate(tmp_path, "report", reviewed="1,2,3", by="mia", carry_out=lambda: done.append("unpaused"))

    assert (after.status, after.reviews[-1].by) == ("active", "mia")
    assert [item.message for item in after.reviews[-1].items] == ITEMS
    assert done == ["unpaused"]


def test_items_that_nobody_looked_at(sidecar: Sidecar, tmp_path: Path) -> None:
    """The error lists the open items, and nothing changes."""
    done: list[str] = []

    with pytest.raises(NotReviewed) as refused:
        activate(tmp_path, "report", reviewed=["look at a"], carry_out=lambda: done.append("unpaused"))

    assert [(number, item.message) for number, item in refused.value.items] == [(2, ITEMS[1]), (3, ITEMS[2])]
    assert done == []


def test_what_is_not_there(sidecar: Sidecar, tmp_path: Path) -> None:
    """An unknown automation and an outdated state are refused."""
    with pytest.raises(SpecError, match="there is no automation 'other'"):
        activate(tmp_path, "other", reviewed="all")
    with pytest.raises(Conflict):
        activate(tmp_path, "report", reviewed="all", expected=7)
