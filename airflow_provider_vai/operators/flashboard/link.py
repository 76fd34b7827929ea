"""The link from a task to its flashboard."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from airflow.sdk import BaseOperatorLink

from airflow_provider_vai.operators.runtime import instance
from airflow_provider_vai.operators.runtime.addresses import path_prefix


class FlashboardLink(BaseOperatorLink):
    """Links a task instance to the flashboard page that it wrote. The plugin serves the page."""

    name = "Flashboard"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the path of the page on Airflow's API server; empty unless the task succeeded.

        :param ti_key: the task instance; Airflow passes it when the task ends.
        """
        if getattr(ti_key, "state", None) != "success":
            return ""
        dag, run, task = (quote(part, "") for part in (ti_key.dag_id, ti_key.run_id, ti_key.task_id))
        mapped = ti_key.map_index is not None and ti_key.map_index >= 0
        place = {"map_index": ti_key.map_index} if mapped else {}
        if loop_round := instance.round_of(ti_key):
            place["loop_round"] = loop_round
        query = f"?{urlencode(place)}" if place else ""
        return f"{path_prefix()}/vai/flashboards/{dag}/{run}/{task}{query}"
