"""``mcp_tool`` and its time limit, with a real local server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_vai.operators.mcp_tool import McpToolOperator
from airflow_provider_vai.operators.runtime.compat import AirflowException, AirflowFailException
from tests.unit.dripping import Part, dripping

pytest.importorskip("airflow.providers.common.ai.hooks.mcp")
pytest.importorskip("fastmcp")


@pytest.mark.parametrize("part", ["headers", "body"])
@pytest.mark.parametrize("transport", ["http", "sse"])
@pytest.mark.parametrize(("effect", "error"), [("read", AirflowException), ("write", AirflowFailException)])
def test_a_dripping_server(
    part: Part, transport: str, effect: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection's ``call_timeout`` limits the whole call; a write is not retried."""
    operator: Any = McpToolOperator(task_id="a", tool="look", effect=effect)
    for name, value in operator.resolved_arguments({}).items():  # type: ignore[typeddict-item]
        setattr(operator, name, value)
    kind = "text/event-stream" if transport == "sse" else "application/json"
    with dripping(part, content_type=kind) as port:
        extra = {"transport": transport, "call_timeout": 1}
        connection = {"conn_type": "mcp", "host": f"http://127.0.0.1:{port}/mcp", "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_MCP_DEFAULT", json.dumps(connection))
        with pytest.raises(error, match=r"'look' of .* did not answer within 1 seconds.*call_timeout") as got:
            operator.perform({})

    assert type(got.value) is error
