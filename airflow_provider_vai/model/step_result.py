"""The result that a step will have in Airflow, computed from its kind and the recorded results of its calls.

Wires read this result. The crystallizer, the merge of several runs and lint all use this module to find out what a
later step can read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_vai.model.kinds import Kind

TABLE_KEYS = ("columns", "rows", "row_count")
"""The keys of the result of a step whose kind returns a table."""


def step_result(kind: Kind | None, recorded: Any) -> Any:
    """Return the result that a step of a kind has in XCom.

    :param kind: the step's action kind, if it is known.
    :param recorded: the recorded result of its call, as JSON data.
    :returns: the result; an object with ``rows`` if the kind returns a table; ``None`` if nothing can be wired to it.
    """
    if kind is None or kind.result is None or recorded is None:
        return None
    if kind.result == "as_recorded" or (isinstance(recorded, dict) and set(recorded) == set(TABLE_KEYS)):
        return recorded
    if not isinstance(recorded, dict):
        return {"rows": recorded}
    return {"rows": recorded["rows"]} if "rows" in recorded else None


def mapped_result(kind: Kind | None, recorded: Sequence[Any]) -> list[Any] | None:
    """Return the results of a mapped step, one for each element.

    :param recorded: the recorded results of its calls, in order.
    :returns: ``None`` if any of them is unknown; then nothing can be wired to the step.
    """
    results = [step_result(kind, one) for one in recorded]
    return None if any(one is None for one in results) else results
