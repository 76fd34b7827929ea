"""Wires of real recordings (``shared/traces`` beside the project): proven one by one; skipped where they are absent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from airflow_provider_vai.crystallizer.assign import assign
from airflow_provider_vai.crystallizer.draft import Draft, Policy
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.origins import origins
from airflow_provider_vai.crystallizer.redact import redact
from airflow_provider_vai.crystallizer.select import select
from airflow_provider_vai.crystallizer.wiring.wire import wire
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import value_at, with_value
from airflow_provider_vai.languages.result_path import follow
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats import read
from tests.recordings import FOLDER, recording
from tests.unit.support import tools

WRITES = (
    "send_*",
    "*_file",
    "create_*",
    "add_*",
    "update_*",
    "schedule_*",
    "delete_*",
    "reserve_*",
    "modify_*",
    "post_*",
)
RULES = tools(
    {"match": "append_to_file", "kind": "mcp_tool", "conn_id": "m"},
    {"match": "read_file", "kind": "mcp_tool", "conn_id": "m", "effect": "read"},
    *({"match": match, "kind": "mcp_tool", "conn_id": "m"} for match in WRITES),
    {"match": "*", "kind": "mcp_tool", "conn_id": "m", "effect": "read"},
)


@dataclass
class Recorded:
    """A run and its drafts with wires and origins."""

    run: Run
    drafts: list[Draft]


def recorded(pattern: str) -> list[Recorded]:
    """Return the runs that have a step; skip the test where no recording is there."""
    recording(pattern.partition("/")[0])
    return list(_drafted(sorted(FOLDER.glob(pattern))))


def _drafted(paths: list[Path]) -> Iterator[Recorded]:
    for run in (run for path in paths for run in read(path)[1]):
        chosen = [call for call in run.calls if call.outcome == "success" and isinstance(call.arguments, dict)]
        if chosen:
            drafts, _ = redact(assign(select(run, Policy(allow_unsuccessful=True))[0], RULES, Policy()))
            evidence = Evidence(run, RULES, drafts)
            yield Recorded(run, origins(wire(drafts, evidence), evidence))


@pytest.mark.parametrize("pattern", ["agentdojo/*.json", "tau2-bench/*.json"])
def test_every_wire_is_proven(pattern: str) -> None:
    """Filled in with the recorded results, the wires give the recorded arguments; there are many of them."""
    count = 0
    for one in recorded(pattern):
        results = {draft.key: draft.call.result for draft in one.drafts}
        for draft in one.drafts:
            found = draft.arguments["arguments"]
            value = found.value if found.from_ is None else follow(results[str(found.from_.step)], found.from_.path)
            for wired in found.wires:
                assert wired.from_ is not None
                value = with_value(value, wired.at, follow(results[str(wired.from_.step)], wired.from_.path))
            for secret in found.secrets:
                value = with_value(value, secret.at, value_at(draft.values["arguments"], secret.at))
            assert json_text.canonical(value) == json_text.canonical(draft.values["arguments"])
            count += len(found.outputs())
    assert count > 50


def test_text_results_are_followed() -> None:
    """An id in a YAML-like list of one search result is wired; a record that the user named is taken by its name."""
    found = {
        f"{one.run.id} {draft.key}": draft.arguments["arguments"]
        for one in recorded("agentdojo/*none__none.json")
        for draft in one.drafts
    }
    run = "workspace/claude-3-5-sonnet-20241022/user_task_8"
    (wired,) = found[f"{run} add_calendar_event_participants"].wires
    assert wired.from_ is not None
    assert wired.from_.path == ["text:yaml", "[only]", "id_", "is:text"]
    amount, _ = found["banking/gpt-4o-2024-05-13/user_task_4 send_money"].wires
    assert amount.from_ is not None
    assert amount.from_.path == ["text:yaml", "[sender=GB29NWBK60161331926819]", "amount", "is:number"]
