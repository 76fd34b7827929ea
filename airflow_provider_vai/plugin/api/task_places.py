"""Which row of Airflow's database is a task instance, and which task instance a row is, also in a loop of Airflow 3.4.

There, the rows of a loop are in regions. In the row of a task that is not mapped, the map index is that of the round,
so a row is found by its region. The steps and their files know the round by one text, see
:mod:`airflow_provider_vai.operators.runtime.instance`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from airflow.models.taskinstance import TaskInstance
from sqlalchemy import case, false, or_, select
from sqlalchemy.orm import Session

from airflow_provider_vai.operators.runtime.instance import region_of

OUTSIDE = UUID(int=0)
"""The region of what is neither mapped nor in a loop."""


class InstancePlace(NamedTuple):
    """Where a task instance is among those of its task in a DAG run.

    :param map_index: -1 for a task that is not mapped. :param loop_round: the round of a loop, ``None`` outside one.
    """

    map_index: int
    loop_round: str | None


class LoopRegion(NamedTuple):
    """A region of Airflow 3.4.

    :param node_id: the mapped task, or the loop. :param parent: the region that it is in.
    """

    node_id: str
    parent: UUID | None


def is_task(model: Any, dag_id: str, task_id: str, map_index: int, loop_round: str | None = None) -> tuple[Any, ...]:
    """Return the conditions that find a task instance in each DAG run.

    :param model: ``TaskInstance`` or ``XComModel``. :param dag_id: its DAG. :param task_id: its task.
    :param map_index: -1 for a task that is not mapped.
    :param loop_round: its round; ``None`` or empty: it is in no loop.
    """
    task = (model.dag_id == dag_id, model.task_id == task_id)
    if loop_round:
        region = region_of(loop_round, map_index)
        if region is None or not _has_regions(model):
            return (*task, false())
        return (*task, model.region_id == region[0], model.region_index == region[1])
    here = (*task, model.map_index == map_index)
    if not _has_regions(model):
        return here
    regions = _regions_model()
    mapped = select(regions.id).where(regions.node_id == task_id, regions.parent_region_id.is_(None))
    return (*here, or_(model.region_id == OUTSIDE, model.region_id.in_(mapped)))


def is_task_in_any_round(model: Any, dag_id: str, task_id: str, map_index: int) -> tuple[Any, ...]:
    """Return the conditions that find a task instance, and in a loop that of each round. See :func:`is_task`."""
    task = (model.dag_id == dag_id, model.task_id == task_id)
    if not _has_regions(model):
        return (*task, model.map_index == map_index)
    regions = _regions_model()
    mapped = select(regions.id).where(regions.node_id == task_id)
    if map_index >= 0:
        return (*task, model.map_index == map_index, or_(model.region_id == OUTSIDE, model.region_id.in_(mapped)))
    return (*task, or_(model.map_index == map_index, (model.region_id != OUTSIDE) & model.region_id.not_in(mapped)))


def in_round_first(model: Any, loop_round: str | None) -> tuple[Any, ...]:
    """Return the order in which the rows of a round come before those of other rounds.

    :param model: ``TaskInstance`` or ``XComModel``. :param loop_round: the round of a task that is not mapped.
    """
    region = region_of(loop_round, None)
    if region is None or not _has_regions(model):
        return ()
    return (case(((model.region_id == region[0]) & (model.region_index == region[1]), 0), else_=1),)


def query_of(map_index: int, loop_round: str | None) -> str:
    """Return the query with which an address of this plugin names a task instance, with its ``?``; may be empty.

    :param map_index: -1 for a task that is not mapped. :param loop_round: ``None`` outside a loop.
    """
    named = {"map_index": map_index if map_index >= 0 else None, "loop_round": loop_round or None}
    query = urlencode({name: value for name, value in named.items() if value is not None})
    return f"?{query}" if query else ""


def columns_of_place(model: Any) -> list[Any]:
    """Return the columns of a row that :func:`places` needs.

    :param model: ``TaskInstance`` or ``XComModel``.
    """
    more = [model.region_id, model.region_index] if _has_regions(model) else []
    return [model.task_id, model.map_index.label("map_index"), *more]


def newest_round(session: Session, dag_id: str, run_id: str, task_id: str, map_index: int) -> str | None:
    """Return the round in which a task of a loop began last in a DAG run; ``None``: it is in no loop.

    :param session: of Airflow's database. :param dag_id: its DAG. :param run_id: the DAG run. :param task_id: the task.
    :param map_index: -1 for a task that is not mapped.
    """
    query = (
        select(*columns_of_place(TaskInstance))
        .where(*is_task_in_any_round(TaskInstance, dag_id, task_id, map_index), TaskInstance.run_id == run_id)
        .where(TaskInstance.start_date.is_not(None))
        .order_by(TaskInstance.start_date.desc())
    )
    row = session.execute(query.limit(1)).first()
    return None if row is None else places(session, [row])[0].loop_round


def places(session: Session, rows: Iterable[Any]) -> list[InstancePlace]:
    """Return where the task instances of rows are, in the order of the rows.

    :param session: of Airflow's database. :param rows: of ``TaskInstance`` or ``XComModel``, or with their columns.
    """
    given = list(rows)
    named = {getattr(row, "region_id", None) for row in given} - {None, OUTSIDE}
    regions = _regions(session, named) if named else {}
    return [_place(row, regions.get(getattr(row, "region_id", None))) for row in given]


def _place(row: Any, region: LoopRegion | None) -> InstancePlace:
    if region is None:
        return InstancePlace(row.map_index, None)
    if region.node_id != row.task_id:  # the region of a loop; a mapped task has one of its own
        return InstancePlace(-1, f"{row.region_id.hex}.{row.region_index}")
    return InstancePlace(row.map_index, row.region_id.hex if region.parent is not None else None)


def _has_regions(model: Any) -> bool:
    return hasattr(model, "region_id")


def _regions(session: Session, ids: set[Any]) -> dict[Any, LoopRegion]:
    model = _regions_model()
    query = select(model.id, model.node_id, model.parent_region_id).where(model.id.in_(ids))
    return {region_id: LoopRegion(node_id, parent) for region_id, node_id, parent in session.execute(query)}


def _regions_model() -> Any:
    from importlib import import_module

    return import_module("airflow.models.dynamic_region").DynamicRegion  # since Airflow 3.4
