"""The decisions of operators before and after they access other systems."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_provider_vai.operators.generate_query import GenerateQueryOperator
from airflow_provider_vai.operators.http_request import HttpRequestOperator
from airflow_provider_vai.operators.mcp.answer import result as mcp_result
from airflow_provider_vai.operators.mcp_tool import McpToolOperator
from airflow_provider_vai.operators.python_tool import PythonToolOperator
from airflow_provider_vai.operators.runtime.compat import AirflowFailException


def python_tool(**arguments: Any) -> PythonToolOperator:
    """Return the operator."""
    return PythonToolOperator(task_id="a", python_callable="json:dumps", **arguments)


def test_writes_are_not_retried_unless_asked_for() -> None:
    """After a failed write its outcome is unknown, so the DAG's default retries do not apply."""
    with DAG("d", schedule=None, default_args={"retries": 4}):
        assert python_tool().retries == 0
        assert McpToolOperator(task_id="b", tool="x").retries == 0
        assert HttpRequestOperator(task_id="c", conn_id="x", endpoint="/", method="post").retries == 0
        assert HttpRequestOperator(task_id="d", conn_id="x", endpoint="/").retries == 4
        assert GenerateQueryOperator(task_id="e", sql="select 1", conn_id="x").retries == 4
        assert PythonToolOperator(task_id="f", python_callable="a:b", effect="read").retries == 4
        assert PythonToolOperator(task_id="g", python_callable="a:b", retries=2).retries == 2


@pytest.mark.parametrize(
    ("method", "effect"), [("GET", "read"), ("head", "read"), ("PATCH", "write"), ("DELETE", "write")]
)
def test_effect_of_a_request_follows_its_method(method: str, effect: str) -> None:
    """GET, HEAD and OPTIONS are reads; every other method is a write."""
    assert HttpRequestOperator(task_id="a", conn_id="x", endpoint="/", method=method).effect == effect


@pytest.mark.parametrize("name", ["os.system", "os:", ":x", "a b:c", "os:system()", "../x:y", "a:b;c", "", "a:b:c"])
def test_callable_has_one_form(name: str) -> None:
    """A name that is not package.module:function is refused when the DAG file is parsed."""
    with pytest.raises(ValueError, match=r"package\.module:function"):
        PythonToolOperator(task_id="a", python_callable=name)


def test_source_digest_of_a_builtin_is_refused() -> None:
    """A function without readable source is not called if its source should be checked."""
    operator = PythonToolOperator(task_id="a", python_callable="math:sqrt", source_sha256="0" * 64)
    operator.python_callable, operator.source_sha256, operator.arguments = "math:sqrt", "0" * 64, {}

    with pytest.raises(AirflowFailException, match="cannot be read"):
        operator.perform({})  # type: ignore[typeddict-item]


def answer(structured: Any, *texts: str) -> Any:
    """Return a result of an MCP client."""
    return SimpleNamespace(structured_content=structured, content=[SimpleNamespace(text=text) for text in texts])


@pytest.mark.parametrize(
    ("given", "result"),
    [
        (answer({"result": 3}, "3"), 3),
        (answer({"result": "x"}, "x"), "x"),
        (answer({"result": True}, "true"), True),
        (answer({"result": ["a", "b"]}, "a", "b"), ["a", "b"]),
        (answer({"result": [{"n": 1}]}, '{"n": 1}'), [{"n": 1}]),
        (answer({"result": []}), []),
        (answer({"result": [1]}, "[1]"), [1]),
        (answer({"result": "x"}, '{"result": "x"}'), {"result": "x"}),
        (answer({"a": 1}, '{"a": 1}'), {"a": 1}),
        (answer(None, '{"a": 1}'), {"a": 1}),
        (answer(None, '"{\\"a\\": 1}"'), '"{\\"a\\": 1}"'),
        (answer(None, "plain", "[1]"), ["plain", [1]]),
        (answer(None), None),
    ],
)
def test_mcp_answers_become_plain_data(given: Any, result: Any) -> None:
    """Only the server's own wrapping of plain results is removed."""
    assert mcp_result(given) == result
