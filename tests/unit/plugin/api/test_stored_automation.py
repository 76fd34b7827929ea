"""An automation that somebody edited by hand is refused, one that another request writes at the moment is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.plugin.api.problems import Problem
from airflow_provider_vai.plugin.api.stored_automation import existing, refuse_edited_by_hand
from tests.unit.plugin.api_support import made

ONE = "/api/v1/automations/nightly"


def test_a_state_of_a_moment_in_between(op: Any) -> None:
    """The log was read before another request wrote, the files after it: nobody edited them by hand."""
    made(op)
    before = existing("nightly")
    assert op.patch(ONE, json={"description": "Second"}, headers={"If-Match": '"1"'}).status_code == 200
    after = existing("nightly")
    torn = replace(before, found=after.found, dag_file=after.dag_file)

    assert torn.is_edited
    refuse_edited_by_hand(torn)


def test_one_that_was_deleted_in_between(op: Any) -> None:
    """It is for the change to be refused: the state that it is based on is not the newest."""
    made(op)
    torn = replace(existing("nightly"), dag_file=None)
    assert op.delete(ONE, headers={"If-Match": '"1"'}).status_code == 204

    refuse_edited_by_hand(torn)


def test_an_edit_by_hand(op: Any, folder: Path) -> None:
    """It is refused, with what to do."""
    made(op)
    (folder / "nightly.py").write_text("# mine")

    with pytest.raises(Problem, match="edited by hand") as refused:
        refuse_edited_by_hand(existing("nightly"))
    assert refused.value.status_code == 409
