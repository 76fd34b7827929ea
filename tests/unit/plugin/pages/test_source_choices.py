"""A value's source is chosen among the proven ones; each choice is a version, and nothing else can be chosen."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from airflow_provider_vai.authoring.editing.names import rename_step
from airflow_provider_vai.model.automation import Automation
from tests.paths import ROOT
from tests.unit.plugin.api_support import made
from tests.unit.plugin.pages.reader import Element, read_page
from tests.unit.plugin.pages.test_step_edit import ONE, UI, step_of, version
from tests.unit.plugin.pages.test_steps import LOOK, SEND

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CASE = ROOT / "tests/golden/every_kind"


@pytest.fixture
def nightly(op: Any) -> Any:
    """An automation of a recording in which a value equals a place that only its position names."""
    stored = op.post("/api/v1/agents/runs", content=(CASE / "trace.json").read_bytes())
    assert stored.status_code == 201, stored.text
    (item,) = stored.json()["items"]
    tools = tomllib.loads((CASE / "vai-tools.toml").read_text())["tools"]
    address = f"/api/v1/agents/runs/{item['runId']}/crystallize"
    answer = op.post(address, json={"dagId": "nightly", "tools": tools, "allowUnmapped": True})
    assert answer.status_code == 201, answer.text
    return op


def with_candidates(client: Any) -> tuple[str, str, dict[str, Any]]:
    """Return a step, an argument and its undecided place that has candidates."""
    for step in client.get(f"{ONE}/steps").json()["items"]:
        for name, argument in step["arguments"].items():
            for place in argument.get("undecided", ()):
                if place.get("candidates"):
                    return step["key"], name, place
    raise AssertionError("no candidates")


def forms(client: Any, key: str) -> dict[str, Element]:
    """Return the forms of a step's page that offer sources, by place."""
    found = read_page(client.get(f"{UI}/steps/{key}")).find("form")
    return {one.fields()["place"]: one for one in found if str(one.attributes["action"]).endswith("/source")}


def send(client: Any, key: str, fields: dict[str, str]) -> Any:
    """Send a form."""
    return client.post(f"{UI}/steps/{key}/source", data=fields, follow_redirects=False)


def test_a_proven_candidate(nightly: Any) -> None:
    """It is offered in words, chosen with one click, and no longer undecided; a double click makes one version."""
    key, name, place = with_candidates(nightly)
    dotted = ".".join([name, *map(str, place["at"])])
    form = forms(nightly, key)[dotted]
    assert "result" in form.find("option")[0].words

    for _ in range(2):
        answer = send(nightly, key, form.fields())
        assert answer.status_code == 303, answer.text

    argument = step_of(nightly, key)["arguments"][name]
    assert argument["class"] == "wired"
    assert [wire["from"] for wire in argument["wires"]] == [place["candidates"][0]["from"]]
    assert version(nightly) == 2
    assert dotted not in forms(nightly, key)


def test_a_param_and_back(op: Any) -> None:
    """A frozen value becomes a DAG param with the value as its default, and is frozen again as recorded."""
    made(op, steps=[LOOK, SEND], params={"region": "EU", "data": 1})
    op.patch(f"{ONE}/steps/send", json={"arguments": {"data": "hello"}, "unset": ["json"]}, headers={"If-Match": "*"})
    form = forms(op, "send")["data"]

    assert send(op, "send", form.fields()).status_code == 303

    assert step_of(op, "send")["arguments"]["data"]["param"] == "data_2"
    assert op.get(ONE).json()["params"]["data_2"]["default"] == "hello"
    assert send(op, "send", forms(op, "send")["data"].fields()).status_code == 303
    assert step_of(op, "send")["arguments"]["data"]["value"] == "hello"
    assert "endpoint" not in forms(op, "send")  # it decides what runs


def test_only_what_is_offered(nightly: Any, as_role: Any) -> None:
    """An invented or outdated choice, a stale page and a viewer change nothing."""
    key, _, _ = with_candidates(nightly)
    form = next(iter(forms(nightly, key).values())).fields()
    assert send(nightly, key, {**form, "choice": "0" * 16}).status_code == 422
    assert send(nightly, key, {**form, "place": "nowhere"}).status_code == 422
    assert send(as_role("viewer"), key, form).status_code == 403
    assert not forms(as_role("viewer"), key)
    op = as_role("op")
    assert op.patch(ONE, json={"description": "x"}, headers={"If-Match": "*"}).status_code == 200
    assert send(op, key, form).status_code == 412
    assert version(op) == 2


def test_candidates_follow_a_new_name() -> None:
    """A step that is renamed is found by its new name in the candidates as well."""
    sidecar = json.loads((CASE / "expected/every_kind.vai.json").read_text())
    spec = Automation.model_validate({name: sidecar[name] for name in sidecar if name in Automation.model_fields})
    renamed = rename_step(spec, "generate_query", "figures")
    found = [
        wire.from_.step
        for step in renamed.steps
        for argument in step.arguments.values()
        for place in argument.undecided
        for wire in place.candidates
        if wire.from_
    ]
    assert found == ["figures"]
