"""The page of the HTTP API's endpoints says of each one what a caller needs, and its examples are right."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from airflow_provider_vai.cli.main import main
from airflow_provider_vai.plugin.api.openapi import document
from airflow_provider_vai.plugin.app import make_app
from tests.paths import DOCS

sys.path.insert(0, str(DOCS))
import api_reference

DOCUMENT = document(make_app())
PAGE = (DOCS / "api_reference.md").read_text(encoding="utf-8")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and operation of each endpoint."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield path.removeprefix("/api/v1"), method, operation


ALL = list(operations())


@pytest.mark.parametrize(
    ("path", "method", "operation"), ALL, ids=lambda value: value if isinstance(value, str) else ""
)
def test_each_endpoint_is_described(path: str, method: str, operation: dict[str, Any]) -> None:
    """It has a section, a permission, a summary in words, and a meaning for each parameter, without markup of code."""
    assert f"### {method.upper()} {path}\n" in PAGE
    assert operation["x-permissions"]
    assert len(operation["summary"].split()) > 1
    assert ":param" not in json.dumps(operation)
    assert "``" not in operation["description"]
    assert [one["name"] for one in operation.get("parameters", []) if not one.get("description")] == []


def test_a_change_needs_another_permission_than_reading() -> None:
    """The permissions of the page are those that the routes check."""
    needed = {(path, method): operation["x-permissions"] for path, method, operation in ALL}

    assert needed["/automations", "get"] == ["read DAGs"]
    assert needed["/automations/{dag_id}", "delete"] == ["delete DAGs", "edit connections"]
    assert needed["/automations/{dag_id}/runs", "post"] == ["create DAG runs"]
    assert needed["/automations/{dag_id}/dag", "get"] == ["read DAG code"]
    assert needed["/approvals/open", "get"] == ["read required actions"]


def test_the_examples_have_bodies_that_the_endpoints_accept() -> None:
    """Each JSON body fits the schema of its endpoint. The example of a spec can be rendered, see below."""
    shown = set()
    for path, method, operation in ALL:
        words = shlex.split(api_reference.example(path, method, operation).replace("\\\n", " "))
        assert "{" not in words[-3] or "-d" in words, words
        if "-d" in words:
            body = json.loads(words[words.index("-d") + 1])
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            full = {**schema, "components": DOCUMENT["components"]}
            assert [error.message for error in Draft202012Validator(full).iter_errors(body)] == [], path
            shown.add(json.dumps(body))

    assert shown == {json.dumps(body) for body in api_reference.EXAMPLES.values()}


def test_the_spec_of_the_examples_can_be_rendered(tmp_path: Path) -> None:
    """`vai render` accepts it."""
    (tmp_path / "ping.json").write_text(json.dumps(api_reference.EXAMPLES["Automation"]))

    assert main(["render", str(tmp_path / "ping.json"), "--out", str(tmp_path / "out")]) == 0
