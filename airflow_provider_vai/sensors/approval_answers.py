"""Where the question of an approval gate is answered: on its page, or in the task state store."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperatorLink

ANSWER_KEY = "vai_decision"  # key in the task state store, for answers that bypass Airflow's pages


class RequiredActionLink(BaseOperatorLink):
    """Links the gate's task instance to its question."""

    name = "Required action"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the path of the question's page in Airflow's UI."""
        from urllib.parse import quote

        from airflow_provider_vai.operators.runtime import instance
        from airflow_provider_vai.operators.runtime.addresses import path_prefix

        dag, run, task = (quote(part, "") for part in (ti_key.dag_id, ti_key.run_id, ti_key.task_id))
        mapped = f"/mapped/{ti_key.map_index}" if ti_key.map_index >= 0 else ""
        query = instance.region_query(instance.round_of(ti_key), ti_key.map_index)
        in_round = f"?{query}" if query else ""
        return f"{path_prefix()}/dags/{dag}/runs/{run}/tasks/{task}{mapped}/required_actions{in_round}"
