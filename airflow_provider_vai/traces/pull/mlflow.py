"""MLflow's tracking server: traces with their spans, in the form of MLflow's own ``Trace.to_json``."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.traces.pull.base import (
    NEWEST,
    Credentials,
    ListedRun,
    basic,
    items,
    listed_run,
    newest_of,
    no_run,
)
from airflow_provider_vai.traces.pull.http import Client, segment
from airflow_provider_vai.traces.reading.values import as_object

TRACES, EXPERIMENTS = "api/3.0/mlflow/traces", "api/2.0/mlflow/experiments/search"
SPANS = "ajax-api/3.0/mlflow/get-trace-artifact"
"""MLflow's web page loads the spans from here as they were logged. The API's response no longer shows which values
were text."""

AT_ONCE = 100
"""The number of experiments in one search."""


class MLflowSource:
    """Reads MLflow 3's REST API."""

    name = "mlflow"
    example = "http://127.0.0.1:5000"
    variables = ("MLFLOW_TRACKING_TOKEN",)
    is_open = True

    def headers(self, credentials: Credentials) -> dict[str, str]:
        """Return the token, or MLflow's basic authentication if a connection has a login."""
        if credentials.login:
            return basic(credentials)
        return {"Authorization": f"Bearer {credentials.password}"} if credentials.password else {}

    def newest(self, client: Client) -> list[ListedRun]:
        """Return the newest traces of the newest experiments."""
        query = {"max_results": AT_ONCE, "order_by": ["last_update_time DESC"]}
        experiments = items(client.post(EXPERIMENTS, query), "experiments", EXPERIMENTS)
        locations = [
            {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment.get("experiment_id")}}
            for experiment in experiments
        ]
        if not locations:
            return []
        query = {"locations": locations, "max_results": NEWEST, "order_by": ["timestamp_ms DESC"]}
        listed = items(client.post(f"{TRACES}/search", query), "traces", TRACES)
        return newest_of(listed_run(info.get("trace_id"), _title(info), info.get("request_time")) for info in listed)

    def trace(self, client: Client, id: str) -> Any:
        """Return the trace as ``{info, data: {spans}}``."""
        info = _info(client.get(f"{TRACES}/{segment(id)}", or_none=True))
        if info is None:
            raise no_run("trace", id, client.url)
        spans = client.get(SPANS, request_id=id, or_none=True)
        if spans is None:  # a server without the web page
            spans = as_object(client.get(f"{TRACES}/get", trace_id=id)).get("trace")
        return {"info": info, "data": {"spans": items(spans, "spans", f"{client.url}/{SPANS}")}}


def _info(response: Any) -> dict[str, Any] | None:
    info = as_object(as_object(response).get("trace")).get("trace_info")
    return info if isinstance(info, dict) else None


def _title(info: dict[str, Any]) -> Any:
    return as_object(info.get("tags")).get("mlflow.traceName") or info.get("request_preview")


SOURCE = MLflowSource()
