"""What a trace or an editor may supply for a step."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from airflow_provider_vai.model.kind_arguments.data import GenerateQueryArguments
from airflow_provider_vai.model.kind_arguments.gate import ApprovalGateArguments
from airflow_provider_vai.model.kind_arguments.web import HttpRequestArguments


@pytest.mark.parametrize(
    "given",
    [
        {"sql": "select 1"},
        {"question": "How many?"},
        {"prompt": "How many?", "tables": ["orders"], "max_seconds": 30, "model_id": "openai:gpt-5"},
        {"sql": "select 1", "question": "How many?", "tables": [], "max_seconds": 0.5},
    ],
)
def test_a_query_has_a_statement_or_a_question(given: dict[str, Any]) -> None:
    """Either is enough; both are a statement and what it answers."""
    GenerateQueryArguments.model_validate({"conn_id": "wh", **given})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "give sql \\(the statement to run\\), or a question"),
        ({"question": ""}, "give sql \\(the statement to run\\), or a question"),
        ({"tables": ["orders"]}, "give sql"),
        ({"sql": "", "question": "?"}, "at least 1 character"),
        ({"sql": "select 1", "max_seconds": 0}, "greater than 0"),
        ({"sql": "select 1", "tables": "orders"}, "valid list"),
    ],
)
def test_a_query_without_either_is_refused(given: dict[str, Any], message: str) -> None:
    """The error message names the arguments to give."""
    with pytest.raises(ValidationError, match=message):
        GenerateQueryArguments.model_validate({"conn_id": "wh", **given})


def test_expectations_of_a_request() -> None:
    """A status or several, and a shape."""
    for expected in (201, [200, 201]):
        given = {"conn_id": "web", "url": "/x", "expected_status": expected, "expected_shape": {"type": "object"}}
        assert HttpRequestArguments.model_validate(given).expected_status == expected


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"trust_for": 60}, "trust_for and trust_uses"),
        ({"trust_uses": 2}, "trust_for and trust_uses"),
        ({"remind_before": 60}, "remind_before needs a deadline"),
    ],
)
def test_settings_of_a_gate_that_its_sensor_refuses(settings: dict[str, Any], problem: str) -> None:
    """The sensor would refuse them only when Airflow parses the DAG file."""
    with pytest.raises(ValidationError, match=problem):
        ApprovalGateArguments.model_validate({"subject": "Run?", **settings})
    more = {"trust_for": 60, "trust_uses": 2, "response_timeout": 90, **settings}
    assert ApprovalGateArguments.model_validate({"subject": "Run?", **more})


def test_the_models_of_other_kinds_are_not_imported() -> None:
    """Building a model takes about a millisecond, and an automation has few kinds."""
    code = (
        "import sys; from airflow_provider_vai.model.kinds import by_name; by_name()['mcp_tool'].arguments; "
        "print([name for name in sys.modules if 'kind_arguments.' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "['airflow_provider_vai.model.kind_arguments.tools']"
