"""A credential at any place of a trace appears nowhere: not in files, the log of versions or the output."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from airflow_provider_vai.cli import command, main as cli
from tests.unit.secrets.innocent_samples import innocent
from tests.unit.secrets.secret_samples import Plant, planted

pytestmark = pytest.mark.integration

RULES = '[[tools]]\nmatch = "*"\nkind = "mcp_tool"\nconn_id = "mcp"\neffect = "read"\n'
PLANTED = planted()
SHORT = 8
"""In characters. A shorter number can be part of a digest by chance, so it is searched for as a whole word."""


def forms(secret: str) -> set[str]:
    """Return a credential in several written forms: plain, escaped, encoded, and each of its long lines."""
    data = secret.encode()
    found = {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret, ""), quote_plus(secret), data.hex()}
    found |= {base64.b64encode(data).decode().rstrip("="), base64.urlsafe_b64encode(data).decode().rstrip("=")}
    return found | {line for line in secret.split("\n") if len(line) >= 30}


def leaked(plant: Plant, text: str) -> list[str]:
    """Return the forms of the planted credentials that a text contains."""
    found = []
    for secret in plant.secrets:
        if len(secret) < SHORT:
            found += [secret] if re.search(rf"(?<![\w.:-]){re.escape(secret)}(?![\w.:-])", text) else []
        else:
            found += [form for form in forms(secret) if form in text]
    return found


def trace(value: dict[str, Any]) -> dict[str, Any]:
    """Return a chat with a value in a system and a user message, in a result and in arguments."""
    (only,) = value.values() if len(value) == 1 else (value,)
    said = only if isinstance(only, str) else json.dumps(value, ensure_ascii=False)

    def asks(number: int, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        function = {"name": tool, "arguments": json.dumps(arguments)}
        return {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": f"c{number}", "type": "function", "function": function}],
        }

    return {
        "id": "chat-1",
        "model": "gpt-sample",
        "messages": [
            {"role": "system", "content": f"You know this: {said}"},
            {"role": "user", "content": said},
            asks(1, "look", {"page": 2}),
            {"role": "tool", "tool_call_id": "c1", "content": json.dumps(value)},
            asks(2, "send", value),
            {"role": "tool", "tool_call_id": "c2", "content": json.dumps([value])},
            asks(3, "note", {"text": "all done"}),
            {"role": "tool", "tool_call_id": "c3", "content": said},
            {"role": "assistant", "content": f"I used this: {said}"},
        ],
    }


def written(folder: Path) -> str:
    """Return the text of all files in a folder, including hidden ones, and their names."""
    return "\n".join(f"{path.name}\n{path.read_text()}" for path in sorted(folder.rglob("*")) if path.is_file())


def recorded(value: dict[str, Any], folder: Path) -> Path:
    """Write a trace with a value, and a tools file beside it."""
    (folder / "vai-tools.toml").write_text(RULES)
    path = folder / "chat.json"
    path.write_text(json.dumps(trace(value)))
    return path


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.name)
def test_planted(plant: Plant, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The call becomes a step with a connection reference, or is refused; the other calls always become steps."""
    path = recorded(plant.value, tmp_path)
    code = cli.main(["crystallize", str(path), "--out", str(tmp_path / "all")])
    said = "".join(capsys.readouterr())
    if code == command.REFUSED:
        assert "call c2 (send): arguments." in said
        assert not (tmp_path / "all").exists()
    else:
        assert code == command.DONE
        assert "connection_secret(" in written(tmp_path / "all")
    assert cli.main(["crystallize", str(path), "--out", str(tmp_path / "rest"), "--exclude", "send"]) == command.DONE
    said += "".join(capsys.readouterr())
    files = written(tmp_path / "all") + written(tmp_path / "rest")
    assert '"call_id": "c2"' in files
    assert leaked(plant, files + said) == []


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.name)
def test_inspect(plant: Plant, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither the table nor the JSON output shows it."""
    path = recorded(plant.value, tmp_path)
    for options in ([], ["--json"]):
        assert cli.main(["inspect", str(path), *options]) == command.DONE
    assert leaked(plant, "".join(capsys.readouterr())) == []


def test_innocent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A value that only looks unusual is in the DAG file in full, and no connection is needed."""
    values = {f"v{number}": value for number, (_, value) in enumerate(innocent())}
    path = recorded(values, tmp_path)
    assert (
        cli.main(["crystallize", str(path), "--out", str(tmp_path / "out"), "--freeze-all", "--dag-id", "x"])
        == command.DONE
    )
    capsys.readouterr()
    sidecar = json.loads((tmp_path / "out" / "x.vai.json").read_text())
    assert sidecar["connections"] == ["mcp"]
    assert sidecar["steps"][1]["arguments"]["arguments"]["value"] == values


def test_a_refusal_shows_no_part_of_a_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A message about arguments that do not match a kind repeats them, masked before they are truncated."""
    plant = next(one for one in PLANTED if one.name == "bare github classic")
    (secret,) = plant.secrets
    path = recorded({"password": "Correct-Horse-9"}, tmp_path)
    document = json.loads(path.read_text())
    wrong = {"url": ["x" * 40 + secret, secret], "password": "Correct-Horse-9"}
    document["messages"][4]["tool_calls"][0]["function"] = {"name": "http_request", "arguments": json.dumps(wrong)}
    path.write_text(json.dumps(document))
    (tmp_path / "vai-tools.toml").write_text(RULES.replace('"*"', '"[!h]*"'))
    assert cli.main(["crystallize", str(path), "--out", str(tmp_path / "out")]) == command.REFUSED
    said = "".join(capsys.readouterr())
    assert "call c2" in said
    assert secret[:10] not in said
    assert "Correct-Horse" not in said
