"""MLflow's tracking server: traces with their spans, as MLflow's own ``Trace.to_json`` writes them."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.traces.pull.base import NEWEST, Credentials, ListedRun, basic, found, items, newest_of, no_run
from airflow_provider_vai.traces.pull.http import Client, segment

TRACES, EXPERIMENTS = "api/3.0/mlflow/traces", "api/2.0/mlflow/experiments/search"
SPANS = "ajax-api/3.0/mlflow/get-trace-artifact"
"""What MLflow's page loads: the spans as they were logged. The API's own answer has lost which values were text."""

AT_ONCE = 100
"""Experiments that one search looks through."""


class MLflowSource:
    """Reads MLflow 3's REST API."""

    name = "mlflow"
    example = "http://127.0.0.1:5000"
    variables = ("MLFLOW_TRACKING_TOKEN",)
    is_open = True

    def headers(self, credentials: Credentials) -> dict[str, str]:
        """Return what authenticates: a token, or with a connection's login MLflow's basic authentication."""
        if credentials.login:
            return basic(credentials)
        return {"Authorization": f"Bearer {credentials.password}"} if credentials.password else {}

    def newest(self, client: Client) -> list[ListedRun]:
        """Return the newest traces of the newest experiments."""
        order = {"max_results": AT_ONCE, "order_by": ["last_update_time DESC"]}
        experiments = items(client.post(EXPERIMENTS, order), "experiments", EXPERIMENTS)
        places = [
            {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment.get("experiment_id")}}
            for experiment in experiments
        ]
        if not places:
            return []
        asked = {"locations": places, "max_results": NEWEST, "order_by": ["timestamp_ms DESC"]}
        listed = items(client.post(f"{TRACES}/search", asked), "traces", TRACES)
        return newest_of(found(info.get("trace_id"), _title(info), info.get("request_time")) for info in listed)

    def trace(self, client: Client, id: str) -> Any:
        """Return the trace as ``{info, data: {spans}}``."""
        answer = client.get(f"{TRACES}/{segment(id)}", or_none=True)
        info = _info(answer)
        if info is None:
            raise no_run("trace", id, client.url)
        spans = client.get(SPANS, request_id=id, or_none=True)
        if spans is None:  # a server without pages
            spans = _member(client.get(f"{TRACES}/get", trace_id=id), "trace")
        return {"info": info, "data": {"spans": items(spans, "spans", f"{client.url}/{SPANS}")}}


def _info(answer: Any) -> dict[str, Any] | None:
    info = _member(_member(answer, "trace"), "trace_info")
    return info if isinstance(info, dict) else None


def _member(holder: Any, name: str) -> Any:
    return holder.get(name) if isinstance(holder, dict) else None


def _title(info: dict[str, Any]) -> Any:
    return _member(info.get("tags"), "mlflow.traceName") or info.get("request_preview")


SOURCE = MLflowSource()
