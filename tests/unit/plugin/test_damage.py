"""An automation whose files are damaged: the list, its routes and its pages say so, and no other automation suffers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugin.api_support import made

DAMAGES = {
    "empty": b"",
    "cut": b'{"schema_version": 2, ',
    "not UTF-8": b"\xff\xfe",
    "a number": b"5",
    "deep": b"[" * 99_999,
}
FILES = {"sidecar": "nightly.vai.json", "entry": ".vai/nightly/000001.json"}


def routes(app: Any) -> list[str]:
    """Return the paths of all GET routes about one automation, for the automation ``nightly``."""
    found = []
    for route in app.routes:
        path = getattr(route, "path", "")
        if "{dag_id}" in path and "GET" in (getattr(route, "methods", None) or ()):
            found.append(path.replace("{dag_id}", "nightly"))
    return [path for path in found if "{" not in path]


def test_an_older_version(op: Any, folder: Path) -> None:
    """An automation whose older versions are damaged is shown and changed; only its history is refused."""
    made(op)
    changed = op.patch("/api/v1/automations/nightly", json={"description": "New"}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200
    (folder / FILES["entry"]).write_bytes(b"{")
    assert op.get("/api/v1/automations/nightly").status_code == 200
    answers = {path: op.get(path, follow_redirects=False).status_code for path in routes(op.app)}
    assert {path: code for path, code in answers.items() if code >= 500} == {}
    history = op.get("/api/v1/automations/nightly/versions")
    assert (history.status_code, "vai repair" in history.text) == (422, True)


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("file", FILES)
def test_every_route(file: str, how: str, op: Any, folder: Path) -> None:
    """No route about the automation fails on the server; the list has it, and the refusal names the remedy."""
    made(op)
    made(op, dagId="other")
    (folder / FILES[file]).write_bytes(DAMAGES[how])

    listed = op.get("/api/v1/automations")
    assert listed.status_code == 200
    rows = {row["dagId"]: row for row in listed.json()["items"]}
    assert sorted(rows) == ["nightly", "other"]
    if file == "sidecar":
        assert rows["nightly"]["status"] == "error"
        assert "cannot be read" in rows["nightly"]["error"]
    refusal = op.get("/api/v1/automations/nightly")
    assert refusal.status_code == 409
    assert "vai repair" in refusal.text
    paths = routes(op.app)
    assert len(paths) > 8, paths
    answers = {path: op.get(path, follow_redirects=False).status_code for path in paths}
    assert {path: code for path, code in answers.items() if code >= 500} == {}
    assert op.get("/api/v1/automations/other").status_code == 200
