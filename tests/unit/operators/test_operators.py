"""The decisions of operators before and after they access other systems."""

from __future__ import annotations

import importlib
import inspect
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_provider_vai.get_provider_info import OPERATORS
from airflow_provider_vai.operators.arguments import item, wired
from airflow_provider_vai.operators.base import VaiOperator
from airflow_provider_vai.operators.each import EachOperator
from airflow_provider_vai.operators.generate_query import MAX_ROWS, MAX_SECONDS, GenerateQueryOperator
from airflow_provider_vai.operators.http_request import HttpRequestOperator
from airflow_provider_vai.operators.mcp.answer import result as mcp_result
from airflow_provider_vai.operators.mcp_tool import McpToolOperator
from airflow_provider_vai.operators.python_tool import PythonToolOperator
from airflow_provider_vai.operators.runtime.compat import AirflowFailException
from tests.airflow_names import DagSerialization


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


def operator_classes() -> list[type[VaiOperator]]:
    """Return the operators of all action kinds."""
    modules = [importlib.import_module(f"airflow_provider_vai.operators.{name}") for name in OPERATORS]
    return [
        found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, VaiOperator) and found.__module__ == module.__name__
    ]


@pytest.mark.parametrize("operator", operator_classes())
def test_defaults_are_those_of_the_signature(operator: type[VaiOperator]) -> None:
    """Each argument with a default has it in both places, so a step fills in what the signature says."""
    options = inspect.signature(inspect.unwrap(operator.__init__)).parameters
    stated = {
        name: options[name].default
        for name in operator.template_fields
        if name in options and options[name].default not in (None, inspect.Parameter.empty)
    }

    assert dict(operator.defaults) == stated


def test_a_default_is_not_stored_but_used() -> None:
    """It is not in the serialized DAG; the step, its gate and digests see it in the DAG run."""
    with DAG("d", schedule=None) as dag:
        plain = GenerateQueryOperator(task_id="plain", sql="select 1", conn_id="x")
        same = {"max_rows": MAX_ROWS, "rows_as": "records"}
        stated = GenerateQueryOperator(task_id="stated", sql="select 1", conn_id="x", **same)  # type: ignore[arg-type]
        other = GenerateQueryOperator(task_id="other", sql="select 1", conn_id="x", max_rows=5, rows_as="arrays")
        request = HttpRequestOperator(task_id="request", conn_id="x", endpoint="/")
        tool = python_tool()
    in_dag = {task["__var"]["task_id"]: set(task["__var"]) for task in DagSerialization.to_dict(dag)["dag"]["tasks"]}

    every = {"rows_as", "max_rows", "max_seconds", "llm_conn_id"}
    assert in_dag["plain"] & every == set()
    assert in_dag["stated"] & every == set()
    assert in_dag["other"] & every == {"rows_as", "max_rows"}
    assert "method" not in in_dag["request"]
    assert "on_change" not in in_dag["a"]
    assert plain.resolved_arguments({}) == stated.resolved_arguments({})  # type: ignore[typeddict-item]
    found = plain.resolved_arguments({})  # type: ignore[typeddict-item]
    assert (found["rows_as"], found["max_rows"], found["max_seconds"]) == ("records", MAX_ROWS, MAX_SECONDS)
    assert other.resolved_arguments({})["max_rows"] == 5  # type: ignore[typeddict-item]
    assert request.resolved_arguments({})["method"] == "GET"  # type: ignore[typeddict-item]
    assert tool.resolved_arguments({})["on_change"] == "warn"  # type: ignore[typeddict-item]


def test_an_equal_value_of_another_type_is_stored() -> None:
    """``100000.0`` is not the default ``100000``, and ``True`` is not ``1``: the digests of arguments differ."""
    step = GenerateQueryOperator(task_id="a", sql="select 1", conn_id="x", max_rows=float(MAX_ROWS))  # type: ignore[arg-type]

    assert step.max_rows == float(MAX_ROWS)


def test_airflow_knows_the_functions_name() -> None:
    """``python_callable_name`` names the function, also of a mapped step, so another one makes a new DAG version."""
    with DAG("d", schedule=None) as dag:
        python_tool()
        each = EachOperator(task_id="each", items=[1])
        mapped = PythonToolOperator.partial(task_id="b", python_callable="json:loads", arguments={"s": item()})
        mapped.expand(item=each.output)
        PythonToolOperator(task_id="c", python_callable=wired("each", "function"))
    tasks = {task["__var"]["task_id"]: task["__var"] for task in DagSerialization.to_dict(dag)["dag"]["tasks"]}

    assert tasks["a"]["python_callable"] == "json:dumps"
    if tasks["a"]["python_callable_name"].endswith(".Function"):
        pytest.skip("Airflow 3.1.0 names the class of a callable object")
    assert tasks["a"]["python_callable_name"] == "json:dumps"
    assert tasks["b"]["partial_kwargs"]["python_callable_name"] == "json:loads"
    assert tasks["c"]["python_callable_name"] == "wired('each', 'function')"


def test_rendering_keeps_the_function() -> None:
    """Airflow calls template fields that can be called; the function's name is a text in the end."""
    step = python_tool(arguments={"obj": 1})
    step.render_template_fields({"task": step})  # type: ignore[typeddict-item]

    assert step.resolved_arguments({})["python_callable"] == "json:dumps"  # type: ignore[typeddict-item]


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
