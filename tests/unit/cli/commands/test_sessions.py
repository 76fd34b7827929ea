"""`vai sessions` lists what coding agents keep on this machine, and other commands take a session by its name."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.cli.commands.sessions import since_of
from airflow_provider_vai.cli.main import main
from airflow_provider_vai.exceptions import TraceError
from tests.paths import TRACES

NOW = datetime.now(timezone.utc).timestamp()
CLAUDE = "5f0c0000-0000-4000-8000-000000000001"
CODEX = "01980000-0000-7000-8000-000000000001"
VARIABLES = (
    "CLAUDE_CONFIG_DIR",
    "CODEX_HOME",
    "GEMINI_CLI_HOME",
    "XDG_DATA_HOME",
    "XDG_CONFIG_HOME",
    "APPDATA",
    "COPILOT_HOME",
)


def claude_line(number: int, kind: str, content: Any, **more: Any) -> str:
    """Return one line of a Claude Code session."""
    line = {"type": kind, "uuid": f"u{number}", "sessionId": CLAUDE, "cwd": "/srv/mia/shop", "message": {}}
    line["message"] = {"role": kind, "content": content}
    return json.dumps({**line, **more})


def use(number: int, tool: str, arguments: dict[str, Any], answer: Any, **more: Any) -> list[str]:
    """Return the lines of a call and its result."""
    called = {"type": "tool_use", "id": f"t{number}", "name": tool, "input": arguments}
    result = {"type": "tool_result", "tool_use_id": f"t{number}", "content": answer}
    return [
        claude_line(number, "assistant", [called], **more),
        claude_line(number + 1, "user", [result], **more),
    ]


def put(path: Path, text: str, *, days: float) -> None:
    """Write a session that was changed so many days ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (NOW - days * 86400,) * 2)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user, with a session of each agent, one that is no trace, and an old one."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.chdir(tmp_path)
    lines = [claude_line(1, "user", "make the order report")]
    lines += use(2, "Read", {"file_path": "/srv/mia/shop/a"}, "a")
    lines += use(4, "Bash", {"command": "python orders.py > out.txt", "description": "Orders"}, "done")
    lines += use(6, "Write", {"file_path": "/srv/mia/shop/report/march.txt", "content": "March"}, "written")
    lines.append(claude_line(8, "assistant", [{"type": "text", "text": "Done."}]))
    put(tmp_path / f".claude/projects/-home-mia-shop/{CLAUDE}.jsonl", "\n".join(lines), days=1)
    agent = use(20, "Bash", {"command": "wc -l out.txt"}, "3", isSidechain=True, agentId="a1")
    put(tmp_path / f".claude/projects/-home-mia-shop/{CLAUDE}/subagents/agent-a1.jsonl", "\n".join(agent), days=1)
    edit = [claude_line(1, "user", "fix it")]
    edit += use(2, "Edit", {"file_path": "/srv/mia/shop/a.py", "old_string": "1", "new_string": "2"}, "edited")
    put(tmp_path / ".claude/projects/-home-mia-shop/5f0c-edit.jsonl", "\n".join(edit), days=2)
    meta = {"type": "session_meta", "payload": {"id": CODEX, "cwd": "/srv/mia/shop"}}
    called = {"type": "function_call", "name": "shell", "call_id": "c", "arguments": '{"command": ["ls"]}'}
    output = {"type": "function_call_output", "call_id": "c", "output": "Exit code: 0\nOutput:\na"}
    codex = [meta, *({"type": "response_item", "payload": item} for item in (called, output))]
    name = f".codex/sessions/2026/03/04/rollout-2026-03-04T05-06-07-{CODEX}.jsonl"
    put(tmp_path / name, "\n".join(map(json.dumps, codex)), days=3)
    gemini = {"sessionId": "g1", "projectHash": "h", "summary": "a password: plum-tart-91x", "messages": []}
    put(tmp_path / ".gemini/tmp/h/chats/session-g1.json", json.dumps(gemini), days=4)
    put(tmp_path / ".codex/sessions/2026/03/05/rollout-broken.jsonl", "{not JSON", days=5)
    put(tmp_path / ".gemini/tmp/h/chats/session-old.json", json.dumps(gemini), days=90)
    return tmp_path


def listed(capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, Any]]:
    """Return the rows of the list."""
    assert main(["sessions", "--json", *options]) == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return rows


def test_newest_first_with_what_matters(capsys: pytest.CaptureFixture[str]) -> None:
    """Title, calls, outcome and advice; a file that is no trace has a reason; credentials are masked."""
    rows = listed(capsys)
    names = [f"claude-code:{CLAUDE}", "claude-code:5f0c-edit", f"codex:{CODEX}", "gemini-cli:session-g1"]

    assert [row["session"] for row in rows] == [*names, "codex:rollout-broken"]
    assert [row["calls"] for row in rows] == [4, 1, 1, 0, None]
    assert [row["advice"] for row in rows] == ["crystallize", "skip", "skip", "skip", None]
    assert (rows[0]["title"], rows[0]["outcome"]) == ("make the order report", "success")
    assert "commit the change instead" in rows[1]["reasons"][0]
    assert "plum-tart" not in rows[3]["title"]
    assert rows[4]["problem"]


def test_no_session_at_all(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The list says so, and names the folders in which it looked."""
    (home / "empty/.codex").mkdir(parents=True)
    monkeypatch.setattr(Path, "home", lambda: home / "empty")
    assert main(["sessions"]) == 0
    shown = capsys.readouterr().out
    assert "No session of a coding agent was found" in shown
    assert f"codex: {home}/empty/.codex\n" in shown
    assert f"claude-code: {home}/empty/.claude (does not exist)" in shown
    assert listed(capsys) == []


def test_since(capsys: pytest.CaptureFixture[str]) -> None:
    """Older sessions are left out, and the list for people says how many."""
    assert len(listed(capsys, "--since", "100d")) == 6
    assert len(listed(capsys, "--since", "36500d")) == 6
    assert main(["sessions", "--since", "2d"]) == 0
    output = capsys.readouterr().out
    assert "; 5 older ones" in output
    assert "make the order report" in output
    assert main(["sessions", "--since", "soon"]) == 1
    assert "neither a date nor a number of days" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "d", "-1d", "999999d", "2026-13-01", "2026-03-01x"])
def test_since_that_means_nothing(text: str) -> None:
    """The refusal says what to write."""
    with pytest.raises(TraceError, match="--since") as refusal:
        since_of(text, datetime(2026, 1, 1, tzinfo=timezone.utc))
    assert "30d" in refusal.value.remedy


def test_a_session_becomes_a_dag(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    """The beginning of its id is enough; paths are relative to the agent's folder; nothing is left or changed."""
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    arguments = [
        "crystallize",
        f"claude-code:{CLAUDE[:12]}",
        "--out",
        "dags",
        "--dag-id",
        "report",
        "--exclude",
        "Read",
    ]
    assert main([*arguments, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    sidecar = json.loads(Path(made["sidecar"]).read_text())
    steps = {step["key"]: step for step in sidecar["steps"]}

    assert [step["kind"] for step in steps.values()] == [
        *("approval_gate", "shell_command", "approval_gate", "write_file", "approval_gate", "shell_command")
    ]
    assert steps["write"]["arguments"]["path"]["value"] == "report/march.txt"
    assert {path: path.read_bytes() for path in before} == before
    assert main(["inspect", f"claude-code:{CLAUDE}"]) == 0


def test_every_command_with_a_trace_takes_a_session(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`vai init` writes the tools file where `vai crystallize` looks for it; `--trace` of other commands works, too."""
    session = f"claude-code:{CLAUDE}"
    (home / ".claude/projects/-home-mia-shop" / CLAUDE / "subagents/agent-a1.jsonl").unlink()
    assert main(["init", session, "--out", "-"]) == 0
    assert 'match = "Read"' in capsys.readouterr().out
    assert main(["init", session]) == 0
    (home / "vai-tools.toml").write_text('[[tools]]\nmatch = "Write"\nkind = "write_file"\neffect = "artifact"\n')
    assert main(["crystallize", session, "--exclude", "Read", "--out", "out", "--dag-id", "orders", "--json"]) == 0
    made = json.loads(capsys.readouterr().out.partition("\n{")[2].join(("{", "")))
    steps = {step["key"]: step["effect"] for step in json.loads(Path(made["sidecar"]).read_text())["steps"]}
    assert steps["write"] == "artifact"
    assert main(["explain", "out/orders.py", "--trace", session]) == 0
    assert main(["verify", "out/orders.py", "--replay", "--trace", "claude-code:nope"]) == 1
    assert "there is no session 'nope'" in capsys.readouterr().err


def test_sessions_of_the_other_agents(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """OpenCode keeps a file for each message and part; the others a file for each session. Their samples are listed."""
    session = json.loads((TRACES / "opencode.json").read_text(encoding="utf-8"))
    storage = home / ".local/share/opencode/storage"
    put(storage / "session/p/ses_hive.json", json.dumps(session["info"]), days=1)
    for message in session["messages"]:
        name = message["info"]["id"]
        put(storage / f"message/ses_hive/{name}.json", json.dumps(message["info"]), days=1)
        for number, part in enumerate(message["parts"]):
            put(storage / f"part/{name}/prt_{number:03}.json", json.dumps(part), days=1)
    goose = json.loads((TRACES / "goose.json").read_text(encoding="utf-8"))
    lines = [{"working_dir": goose["working_dir"], "description": goose["name"]}, *goose["conversation"]]
    put(home / ".local/share/goose/sessions/20260304_7.jsonl", "\n".join(map(json.dumps, lines)), days=1)
    events = json.loads((TRACES / "copilot_cli.json").read_text(encoding="utf-8"))
    put(home / ".copilot/session-state/cop-1/events.jsonl", "\n".join(map(json.dumps, events)), days=1)
    chat = (TRACES / "vscode_chat.json").read_text(encoding="utf-8")
    put(home / ".config/Code/User/workspaceStorage/w/chatSessions/vs-1.json", chat, days=1)
    task = home / ".config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks/177/api_conversation_history.json"
    put(task, (TRACES / "cline.json").read_text(encoding="utf-8"), days=1)
    rows = {row["session"]: row for row in listed(capsys, "--since", "2d")}

    facts = {name: (row["title"], row["calls"], row["outcome"]) for name, row in rows.items() if ":5f" not in name}
    assert facts == {
        "opencode:ses_hive": ("Weigh the hives", 5, "success"),
        "goose:20260304_7": ("Prune the pears", 5, "success"),
        "copilot-cli:cop-1": ("Rent boat 3", 4, "success"),
        "vscode-chat:vs-1": ("Count the sheep", 4, "success"),
        "cline:177": ("Label the jars", 6, "success"),
    }
    (storage / "message/ses_hive/msg_2.json").write_text("{")
    assert main(["inspect", "opencode:ses"]) == 1
    assert "msg_2.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("claude-code:nope", "there is no session 'nope' of claude-code"),
        ("claude-code:5f0c", "2 sessions begin with '5f0c'"),
        ("claude-code:../../x", "there is no session"),
        ("other:1", "other:1"),
    ],
)
def test_a_session_that_is_not_there(name: str, problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message has the name, the folder and the way on; nothing is written."""
    assert main(["crystallize", name, "--out", "dags"]) == 1
    assert problem in capsys.readouterr().err
    assert not Path("dags").exists()


def test_a_machine_without_sessions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is nothing to list, and that is no error. The documented variables name other folders."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "empty")
    assert listed(capsys) == []
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / ".claude"))
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / ".codex"))
    assert len(listed(capsys)) == 4


# --- folders ---


def opencode(home: Path, name: str) -> Path:
    """Write a session as OpenCode stores it, in a file for each message and part, and return the storage."""
    document = json.loads((TRACES / "opencode.json").read_text())
    storage = home / "copy/opencode/storage"
    put(storage / f"session/project/{name}.json", json.dumps({**document["info"], "id": name}), days=1)
    for number, message in enumerate(document["messages"]):
        put(storage / f"message/{name}/msg_{number}.json", json.dumps(message["info"]), days=1)
        for index, part in enumerate(message["parts"]):
            put(storage / f"part/msg_{number}/prt_{index:03}.json", json.dumps(part), days=1)
    return storage


def stored(home: Path, place: str, format: str) -> Path:
    """Write the sample of a format to a place, and return the path."""
    put(home / place, (TRACES / f"{format}.json").read_text(), days=1)
    return home / place


def codex(home: Path, name: str) -> Path:
    """Write a session of Codex to a folder, and return its path."""
    path = next(home.glob(".codex/sessions/2026/03/04/*.jsonl"))
    put(home / f"copy/{name}/rollout-2026-03-04T05-06-07-{CODEX}.jsonl", path.read_text(), days=1)
    return home / f"copy/{name}"


def inspected(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the one run in a trace."""
    assert main(["inspect", str(path), "--json"]) == 0
    run: dict[str, Any] = json.loads(capsys.readouterr().out)
    return run


CODE = ".config/Code/User"
FILED = [
    ("gemini_cli", "copy/tmp/h/chats/session-1.json", ["copy", "copy/tmp", "copy/tmp/h", "copy/tmp/h/chats"]),
    ("vscode_chat", f"{CODE}/workspaceStorage/w/chatSessions/s.json", [CODE, f"{CODE}/workspaceStorage/w"]),
    ("cline", f"{CODE}/globalStorage/saoudrizwan.claude-dev/tasks/7/api_conversation_history.json",
     [CODE, f"{CODE}/globalStorage/saoudrizwan.claude-dev/tasks/7"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("format", "place", "folder"), [(kind, place, folder) for kind, place, folders in FILED for folder in folders]
)
def test_the_one_session_in_a_folder(
    format: str, place: str, folder: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder of one session, or above it, gives what its file gives; what lies beside it does not matter."""
    path = stored(home, place, format)
    put(path.with_name("settings.json"), '{"theme": "dark"}', days=1)
    put(path.with_name("ui_messages.json"), "[]", days=1) if format == "cline" else None
    if "chatSessions" in place:
        path.with_name("settings.json").rename(path.parents[1] / "settings.json")  # each file in there is a session

    assert inspected(home / folder, capsys) == inspected(path, capsys)


@pytest.mark.parametrize("inside", [".", "..", "session", "session/project"])
def test_a_session_of_opencode_in_a_folder(inside: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its files are put together, as for a session by name."""
    run = inspected(opencode(home, "ses_hive") / inside, capsys)

    assert (run["format"], run["calls"][0]["tool"]) == ("opencode", "bash")


def test_a_session_of_goose_and_of_codex_in_a_folder(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSONL files are found as well."""
    lines = [{"working_dir": "/srv/mia"}, {"role": "user", "created": 1, "content": [{"type": "text", "text": "go"}]}]
    put(home / "copy/goose/sessions/one.jsonl", "\n".join(map(json.dumps, lines)), days=1)
    assert inspected(home / "copy/goose", capsys)["format"] == "goose"
    assert inspected(codex(home, "day"), capsys)["format"] == "codex"


def test_a_session_of_claude_code_by_its_folder(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder with the sub-agents of a session stands for the session, not for the sub-agents alone."""
    by_name = f"claude-code:{CLAUDE}"
    assert main(["inspect", by_name, "--json"]) == 0
    run = json.loads(capsys.readouterr().out)

    assert inspected(home / ".claude/projects/-home-mia-shop" / CLAUDE, capsys) == run


@pytest.mark.parametrize("command", [["inspect"], ["crystallize", "--out", "dags", "--allow-unmapped"]])
def test_several_sessions_in_a_folder(command: list[str], home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are not taken for one: the refusal names them and what to write, and nothing is written."""
    opencode(home, "ses_hive")
    folders = [opencode(home, "ses_other"), codex(home, "day").parent, codex(home, "next").parent, home / ".gemini"]
    for folder in folders:
        assert main([*command, str(folder)]) == 1
        message = capsys.readouterr().err
        assert "are in the folder: " in message
        assert "`vai sessions` lists" in message
    assert not (home / "dags").exists()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "is a folder with 0 files"),
        ({"rules.toml": b""}, "is a folder with 1 file"),
        ({"a.json": b"{}", "b.json": b"{}"}, "is a folder with 2 files"),
        ({"state.vscdb": b"SQLite format 3\0ItemTable cursorDiskKV", "workspace.json": b"{}"}, "Cursor"),
        ({"sessions.db": b"SQLite format 3\0"}, "a SQLite database"),
    ],
)
def test_a_folder_without_a_session(
    files: dict[str, bytes], message: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The refusal says what is there, and what can be given instead."""
    (folder := home / "given").mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)

    assert main(["inspect", str(folder)]) == 1
    assert message in capsys.readouterr().err


def test_the_one_trace_in_a_folder(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A trace file of any format is found if nothing else is in the folder."""
    path = stored(home, "given/trace.json", "opencode")
    assert inspected(path.parent, capsys) == inspected(path, capsys)
