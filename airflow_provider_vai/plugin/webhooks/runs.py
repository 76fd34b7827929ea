"""Starts the run of a delivery with Airflow's own code, without an Airflow user."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from airflow.api.common.trigger_dag import trigger_dag
from airflow.exceptions import DagRunAlreadyExists
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from airflow.utils.types import DagRunTriggeredByType
from sqlalchemy import select

from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.operators.runtime.airflow_errors import UNFIT

log = logging.getLogger(__name__)


class CannotStart(VaiError):
    """The DAG cannot be started now; the sender may try again later."""


class Paused(CannotStart):
    """The DAG is paused."""


class Unfit(CannotStart):
    """The payload does not fit the schema of the DAG's params."""


def start(dag_id: str, run_id: str, conf: dict[str, Any]) -> bool:
    """Start a run once.

    :param dag_id: the DAG.
    :param run_id: the id of the run, which is unique within the DAG.
    :param conf: the configuration of the run, from which the DAG's params are taken.
    :return: whether this call started it; ``False``: it existed already.
    :raises CannotStart: it was not started. Neither the message nor the log contains anything of ``conf``.
    """
    if _exists(dag_id, run_id):
        return False
    _check_ready(dag_id)
    try:
        trigger_dag(dag_id, triggered_by=DagRunTriggeredByType.REST_API, run_id=run_id, conf=conf)
    except DagRunAlreadyExists:
        return False
    except UNFIT:
        raise Unfit(
            f"the payload does not fit the params of the DAG {dag_id!r}", remedy="Compare it with their schema."
        ) from None
    except Exception as error:
        if _exists(dag_id, run_id):  # another request was faster, and the database refused the second row
            return False
        # Without the error's message: the database repeats the statement's values in it, and so the payload.
        place = "".join(traceback.format_tb(error.__traceback__))
        log.error("The run %s of %s could not be started: %s\n%s", run_id, dag_id, type(error).__qualname__, place)
        raise CannotStart("the run could not be started", remedy="Send the delivery again later.") from None
    return True


def _check_ready(dag_id: str) -> None:
    with create_session() as session:
        dag = session.scalars(select(DagModel).where(DagModel.dag_id == dag_id)).first()
        if dag is None or dag.is_stale or dag.has_import_errors:
            log.error("A webhook cannot start %s: Airflow has not read its DAG file. See the import errors", dag_id)
            raise CannotStart(f"the DAG {dag_id!r} cannot be started now", remedy="Send the delivery again later.")
        if dag.is_paused:
            raise Paused(f"the DAG {dag_id!r} is paused", remedy="Unpause it and send the delivery again.")


def _exists(dag_id: str, run_id: str) -> bool:
    with create_session() as session:
        query = select(DagRun.id).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
        return session.scalars(query).first() is not None
