"""The OpenAPI document is what the API does: requests are made of it by the hundred, and every answer has to fit."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.e2e.api_server import RUN_ID, SEED, TWO_STEPS, client, serving, token

pytestmark = pytest.mark.e2e

EXAMPLES = 25
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An API server with one automation and one recording; no scheduler is needed."""
    with serving(tmp_path_factory.mktemp("schema"), components=("api-server",)) as running:
        with client(running, "olga") as api:
            assert api.post("/agents/runs", content=SEED.read_bytes()).status_code == 201
            assert api.post("/automations", json={**TWO_STEPS, "dagId": "there"}).status_code == 201
        yield running


@pytest.fixture(scope="module")
def document(server: Any) -> dict[str, Any]:
    """The published document."""
    with client(server, "olga") as api:
        found: dict[str, Any] = api.get("/openapi.json").raise_for_status().json()
    return found


def test_the_document_is_complete(document: dict[str, Any]) -> None:
    """It is OpenAPI 3.1, every operation has a name of its own and says what it answers."""
    operations = [operation for path in document["paths"].values() for operation in path.values()]

    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "/vai"}]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert all(operation["summary"] and operation["description"] for operation in operations)
    assert all({"4XX", "5XX"} <= set(operation["responses"]) for operation in operations)


def test_whatever_is_sent(server: Any, document: dict[str, Any]) -> None:
    """No request brings the server down, and each answer has a status, a type and a shape that the document names.

    Names in paths are those that are there as often as made-up ones.
    """
    headers = {"Authorization": f"Bearer {token(server, 'olga')}"}
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=f"{server.url}/vai")
    there = {"dag_id": "there", "key": "one", "number": 1, "recording_id": RUN_ID, "source_id": "x", "run_id": "x"}
    tried = 0

    def trying(mode: GenerationMode) -> Callable[[Any], None]:
        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
            phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        def tries(case: Any) -> None:
            nonlocal tried
            tried += 1
            if tried % 2 or mode is GenerationMode.NEGATIVE:  # a broken path is another address
                case.path_parameters = {name: there[name] for name in case.path_parameters or {}}
            case.headers = {**(case.headers or {}), **({"If-Match": "*"} if tried % 3 else {})}
            answer = case.call(headers=headers, timeout=60)
            case.validate_response(answer, checks=CHECKS)

        return tries

    for result, mode in itertools.product(schema.get_all_operations(), GenerationMode):
        given(case=result.ok().as_strategy(generation_mode=mode))(trying(mode))()

    assert tried >= len(document["paths"]) * 10
