"""Which task instance of a DAG run this is. Everything that a step keeps under its own name uses this one key.

Until Airflow 3.3, DAG id, run id, task id and map index are enough. Airflow 3.4 has loops: a group of tasks that runs
in rounds. The tasks of each round have the same ids and the same map index, and are told apart by their region.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

_ROUND = re.compile(r"(?P<region>[0-9a-f]{32})(?:\.(?P<index>[0-9]{1,9}))?", re.ASCII)


def key(ti: Any) -> list[Any]:
    """Return the key of a task instance as JSON data; it is the same in a retry, and another one in each round.

    :param ti: the running task instance.
    """
    found = round_of(ti)
    return [ti.dag_id, ti.run_id, ti.task_id, _map_index(ti), *([found] if found else [])]


def round_of(ti: Any) -> str | None:
    """Return what tells the rounds of a loop apart; ``None`` outside a loop, and before Airflow 3.4.

    All tasks of a round that are not mapped have the same answer. A mapped task of the loop has one of its own in each
    round.

    :param ti: the running task instance.
    """
    region, index = getattr(ti, "region_id", None), getattr(ti, "region_index", None)
    if not isinstance(region, UUID) or not isinstance(index, int):
        return None
    if is_mapped(ti):
        return region.hex if is_in_loop(getattr(ti, "task", None)) else None
    return f"{region.hex}.{index}" if index >= 0 else None


def region_of(loop_round: str | None, map_index: int | None) -> tuple[UUID, int] | None:
    """Return where Airflow keeps a round: the id of its region, and the index in it; ``None``: it names no round.

    :param loop_round: what :func:`round_of` returned, or a text from an address.
    :param map_index: the map index of the task instance.
    """
    found = _ROUND.fullmatch(loop_round or "")
    if found is None:
        return None
    index = found["index"] if found["index"] is not None else map_index
    return None if index is None else (UUID(hex=found["region"]), int(index))


def region_query(loop_round: str | None, map_index: int | None) -> str:
    """Return the part of a query with which Airflow's addresses name a round; empty outside a loop.

    :param loop_round: what :func:`round_of` returned.
    :param map_index: the map index of the task instance.
    """
    region = region_of(loop_round, map_index)
    return f"region_id={region[0]}&region_index={region[1]}" if region else ""


def is_mapped(ti: Any) -> bool:
    """Return whether a task instance runs for one element of a list.

    :param ti: the running task instance.
    """
    return _map_index(ti) >= 0


def is_in_loop(task: Any) -> bool:
    """Return whether a task is part of a loop.

    :param task: an operator of a DAG file.
    """
    group = getattr(task, "task_group", None)
    while group is not None:
        if hasattr(group, "max_iterations"):  # Airflow's class for loops is private
            return True
        group = getattr(group, "parent_group", None)
    return False


def _map_index(ti: Any) -> int:
    return -1 if ti.map_index is None else int(ti.map_index)
