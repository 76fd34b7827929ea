"""``http_request`` and its time limit, with a real local server."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_vai.operators.http_request import HttpRequestOperator
from airflow_provider_vai.operators.runtime.compat import AirflowException
from tests.unit.dripping import Part, dripping

pytest.importorskip("airflow.providers.http")


def perform(**arguments: Any) -> dict[str, Any]:
    """Run the operator without a DAG run."""
    operator = HttpRequestOperator(task_id="a", conn_id="web", endpoint="/x", **arguments)
    for name, value in operator.resolved_arguments({}).items():  # type: ignore[typeddict-item]
        setattr(operator, name, value)
    ti = SimpleNamespace(dag_id="d", task_id="a", run_id="r", map_index=-1)
    return operator.perform({"ti": ti})  # type: ignore[typeddict-item]


@pytest.mark.parametrize("part", ["headers", "body"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_dripping_server(part: Part, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection's timeout limits the whole request, however steadily the response arrives."""
    with dripping(part) as port:
        connection = {"conn_type": "http", "host": "127.0.0.1", "port": port, "extra": {"timeout": 1}}
        monkeypatch.setenv("AIRFLOW_CONN_WEB", json.dumps(connection))
        with pytest.raises(AirflowException, match=rf"{method} /x got no complete response within 1 seconds.*'web'"):
            perform(method=method)
