"""Where the recording of a task instance is. Unlike the recorder, this needs no pydantic-ai."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

XCOM_KEY = "vai_run"
"""The key of the XCom with the URL of the recording."""


def recording_path(
    dag_id: str, run_id: str, task_id: str, map_index: int | None, loop_round: str | None = None
) -> ObjectStoragePath:
    """Return the path of a task instance's recording under ``[vai] runs_path``.

    :param map_index: ``None`` or negative for a task that is not mapped.
    :param loop_round: the round of a task in a loop, see ``operators.runtime.instance.round_of``.
    """
    from airflow_provider_vai.operators.runtime import results

    return results.path_of(dag_id, run_id, task_id, map_index, "json", loop_round=loop_round, root=results.runs_root())
