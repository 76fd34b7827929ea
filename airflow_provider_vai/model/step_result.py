"""The result that a step has in Airflow, by its kind, given what its calls returned in the recording.

Wires start from it: the crystallizer, the merge of several runs and lint all ask here what a later step will find.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_vai.model.kinds import Kind

TABLE_KEYS = ("columns", "rows", "row_count")
"""The keys of the result of a step whose kind makes a table."""


def step_result(kind: Kind | None, recorded: Any) -> Any:
    """Return the result that a step of a kind has in XCom.

    :param recorded: what its call returned, JSON data.
    :returns: of a kind that makes a table, an object with ``rows``; ``None`` if no later step can take anything of it.
    """
    if kind is None or kind.result is None or recorded is None:
        return None
    if kind.result == "as_recorded" or (isinstance(recorded, dict) and set(recorded) == set(TABLE_KEYS)):
        return recorded
    if not isinstance(recorded, dict):
        return {"rows": recorded}
    return {"rows": recorded["rows"]} if "rows" in recorded else None


def mapped_result(kind: Kind | None, recorded: Sequence[Any]) -> list[Any] | None:
    """Return the result of a step that is mapped over a list: one for each element.

    :param recorded: what its calls returned, in order.
    :returns: ``None`` if one of them is unknown: later steps can take nothing of it.
    """
    results = [step_result(kind, one) for one in recorded]
    return None if any(one is None for one in results) else results
