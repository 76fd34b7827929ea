"""Where the recording of a task instance is. Unlike the recorder, this needs no pydantic-ai."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

XCOM_KEY = "vai_run"
"""The key of the XCom with the URL of the recording."""


def recording_path(dag_id: str, run_id: str, task_id: str, map_index: int | None) -> ObjectStoragePath:
    """Return the path of a task instance's recording under ``[vai] runs_path``.

    :param map_index: ``None`` or negative for a task that is not mapped.
    """
    from airflow_provider_vai.operators.runtime import results

    return results.path_of(dag_id, run_id, task_id, map_index, "json", root=results.runs_root())
