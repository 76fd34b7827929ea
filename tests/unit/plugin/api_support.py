"""What the tests of the API share: a small automation, and a recorded run."""

from __future__ import annotations

import json
from typing import Any

from tests.paths import ROOT

SEED = ROOT / "dev/example/seed.json"
SPEC = {
    "dagId": "nightly",
    "description": "Nightly figures",
    "steps": [
        {"key": "look", "kind": "generate_query", "arguments": {"conn_id": "warehouse", "sql": "SELECT 1 AS a"}},
        {
            "key": "look_again",
            "kind": "generate_query",
            "arguments": {"conn_id": "warehouse", "sql": "SELECT 2 AS b"},
        },
    ],
}
"""A small automation in the short form, spelt as on the wire."""


def made(client: Any, **fields: Any) -> Any:
    """Make an automation and return it as the API shows it."""
    answer = client.post("/api/v1/automations", json={**SPEC, **fields})
    assert answer.status_code == 201, answer.text
    return answer


def seed() -> bytes:
    """Return the recorded run of the example."""
    return SEED.read_bytes()


def run_id() -> str:
    """Return the id of the recorded run."""
    return str(json.loads(seed())["agentRun"]["id"])
