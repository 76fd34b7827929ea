"""Hostile texts over HTTP: they come back as the same JSON, or are refused, and the pages show them as text."""

from __future__ import annotations

import collections
import json
import os
from pathlib import Path
from typing import Any

from tests.hostile_cases import Case, cases, on_page, together

COUNT = int(os.environ.get("VAI_HOSTILE_CASES", "3000")) // 50
SEED = int(os.environ.get("VAI_HOSTILE_SEED", "7"))
FIELDS = (
    *("title", "description", "tag", "owner", "param", "default", "param description", "key", "value", "question"),
    *("summary", "condition", "dagId"),
)
ALONE = ("param", "key", "condition", "dagId", "owner", "tag")
PAGES = ("", "/steps", "/review", "/versions", "/triggers", "/runs")


def spec(texts: dict[str, str]) -> dict[str, Any]:
    """Return a request with the texts in its fields."""
    here = texts.get
    found: dict[str, Any] = {
        "dagId": here("dagId", "nightly"),
        "title": here("title", "Nightly"),
        "description": here("description", "Figures"),
        "tags": [here("tag", "sales")],
        "owner": here("owner", "mia"),
        "params": {
            here("param", "region"): {
                "default": here("default", "EU"),
                "schema": {"type": "string"},
                "description": here("param description", "Which"),
            }
        },
        "steps": [
            {
                "key": here("key", "send"),
                "kind": "mcp_tool",
                "arguments": {"conn_id": "crm", "tool": "send", "arguments": {"text": here("value", "x")}},
                "gate": {"subject": here("question", "Send it?")},
            }
        ],
    }
    return found | ({"conditions": [texts["condition"]]} if "condition" in texts else {})


def tried(op: Any, group: list[Case], counted: collections.Counter[str]) -> list[str]:
    """Make an automation with the texts, look at its JSON and pages, and delete it; return what is wrong."""
    texts = {case.field: case.text for case in group}
    body = json.dumps(spec(texts))
    made = op.post("/api/v1/automations", content=body, headers={"Content-Type": "application/json"})
    if made.status_code != 201:
        if len(group) > 1:
            return [problem for case in group for problem in tried(op, [case], counted)]
        counted["refused"] += 1
        is_told = 400 <= made.status_code < 500 and (made.json().get("title") or made.json().get("detail"))
        return [] if is_told else [f"{texts}: {made.status_code} {made.text[:300]}"]
    counted["kept"] += len(group)
    shown = made.json()
    found = [
        f"{name}: {texts[name]!r} is {shown[name]!r}"
        for name in ("title", "description")
        if _differs(texts, shown, name)
    ]
    one = f"/api/v1/automations/{shown['dagId']}"
    for page in PAGES:
        answer = op.get(f"/ui/automations/{shown['dagId']}{page}", follow_redirects=False)
        if answer.status_code >= 500:
            found.append(f"{texts}: {page} answers {answer.status_code}")
        found += [f"{texts}: {page}: {one}" for one in on_page(answer.text)]
    found += [f"{texts}: the list: {one}" for one in on_page(op.get("/ui/automations").text)]
    gone = op.delete(one, headers={"If-Match": made.headers["etag"]})
    return found if gone.status_code in (200, 204) else [*found, f"{texts}: not deleted: {gone.text[:200]}"]


def _differs(texts: dict[str, str], shown: dict[str, Any], name: str) -> bool:
    return name in texts and (shown[name] or "") != texts[name] and (shown[name] or "").strip() != texts[name].strip()


def test_over_http(op: Any, folder: Path) -> None:
    """Nothing is rendered, and no request fails on the server."""
    counted, faults = collections.Counter[str](), list[str]()
    for group in together(cases(FIELDS, COUNT, SEED), ALONE):
        faults += tried(op, group, counted)
    if place := os.environ.get("VAI_HOSTILE_REPORT"):
        row = {"door": "http", "cases": COUNT, "kept": counted["kept"], "refused": counted["refused"], "faults": faults}
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
    assert not faults, "\n".join([f"{len(faults)} faults", *faults[:20]])
    assert counted.total() == COUNT
