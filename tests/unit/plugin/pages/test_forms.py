"""What a form sends is checked as a JSON body is, whatever the form: what Airflow cannot store is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field

from airflow_provider_vai.authoring.specs.document import DEEPEST
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.plugin.api.request_body import RequestModel, validated_request
from tests.unit.plugin.api_support import made, ran, run_id, seed
from tests.unit.plugin.pages.test_steps import LOOK, SEND

UI = "/ui/automations/nightly"
ONE = "/api/v1/automations/nightly"
NUL = "a\0b"


class Anything(RequestModel):
    """A request with any value."""

    value: Any = None
    names: list[str] = Field(default_factory=list)


def deep(levels: int) -> Any:
    """Return lists inside each other."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "where"),
    [({"a": [NUL]}, "the form.value.a.0"), ("\ud800", "the form.value"), (deep(DEEPEST + 1), "the form")],
)
def test_the_check_of_every_request(value: Any, where: str) -> None:
    """Text that cannot be stored, and too deep data, are refused with their place; other data is not."""
    with pytest.raises(SpecError) as refused:
        validated_request(Anything, {"value": value}, where="the form", remedy="x")
    assert refused.value.where == where
    assert validated_request(Anything, {"value": "ä€😀"}, where="the form", remedy="x").value == "ä€😀"


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("steps/send", {"from:json": "fixed", "value:json": r'{"a": "\u0000"}'}),
        ("steps/send", {"from:json": "fixed", "value:json": r'{"a": "\ud800"}'}),
        ("steps/send", {"from:json": "fixed", "value:json": "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1)}),
        ("steps/look", {"value:sql": f"SELECT '{NUL}'"}),
        ("steps/look", {"summary": NUL, "value:sql": "SELECT 3"}),
        ("steps/look/remove", {"freeze:send.json.a": r'"\u0000"'}),
        ("steps/look/move", {"after": NUL}),
        ("new-step", {"kind": "http_request", "value:conn_id": NUL, "value:endpoint": "/"}),
        ("triggers", {"do": "add", "type": "webhook", "path": NUL, "conn_id": "c"}),
        ("triggers/conditions", {"condition": f"1 == '{NUL}'"}),
        ("runs", {"param.region": NUL}),
        ("review", {"item": "1", "decision": "accepted", "note": NUL}),
    ],
)
def test_what_cannot_be_stored_is_refused(op: Any, read_by_airflow: Any, address: str, fields: dict[str, str]) -> None:
    """By every form, before anything is written."""
    made(op, steps=[LOOK, SEND], params={"region": "EU"})
    if address == "runs":
        ran(op, read_by_airflow)
    before = op.get(ONE).json()

    answer = op.post(f"{UI}/{address}", data={"entry": str(op.get(ONE).headers["etag"]).strip('"'), **fields})

    assert answer.status_code == 422, answer.text
    assert any(words in answer.text for words in ("U+0000", "surrogate", "nested")), answer.text
    assert op.get(ONE).json() == before


def test_options_of_a_recording_too(op: Any) -> None:
    """The form that makes an automation is one of them."""
    assert op.post("/api/v1/agents/runs", content=seed()).status_code == 201
    fields = {"do": "crystallize", "dag_id": "nightly", "description": NUL}
    answer = op.post(f"/ui/recordings/agent_run/{run_id()}", data=fields)
    assert answer.status_code == 422
    assert "U+0000" in answer.text
    assert op.get(ONE).status_code == 404
