"""The command line: exit codes, messages, and what is written where."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from airflow_provider_vai import __version__
from airflow_provider_vai.cli import main as cli
from airflow_provider_vai.cli.command import REFUSED, USAGE
from airflow_provider_vai.cli.table import COMMANDS
from airflow_provider_vai.model.kinds import KINDS
from airflow_provider_vai.model.refusals import MAX_TITLE
from tests.paths import TRACES
from tests.unit.support import hostile

NOT_AS_ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
RULES = '[[tools]]\nmatch = "*"\nkind = "mcp_tool"\nconn_id = "mcp"\n'


class Outcome(NamedTuple):
    """The outcome of a command: its exit code and its output."""

    code: int
    out: str
    err: str


Vai = Callable[..., Outcome]


@pytest.fixture
def vai(capsys: pytest.CaptureFixture[str]) -> Vai:
    """Return a function that runs ``vai`` in this process."""

    def run(*arguments: object) -> Outcome:
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = int(str(ended.code))
        return Outcome(code, *capsys.readouterr())

    return run


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder for DAG files; it does not exist yet."""
    return tmp_path / "out"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A tools file that maps every tool."""
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    return file


def chat(*calls: tuple[str, str, str], **facts: Any) -> str:
    """Return an OpenAI chat as JSON text; a call is tool, arguments and result, both JSON text."""
    messages = ['{"role": "user", "content": "go"}']
    for number, (tool, arguments, result) in enumerate(calls):
        asked = f'{{"id": "c{number}", "type": "function", "function": {{"name": "{tool}", "arguments": {arguments}}}}}'
        messages.append(f'{{"role": "assistant", "content": null, "tool_calls": [{asked}]}}')
        messages.append(f'{{"role": "tool", "tool_call_id": "c{number}", "content": {result}}}')
    messages.append('{"role": "assistant", "content": "done"}')
    head = json.dumps({"id": "chat", "title": "A chat", **facts})[:-1]
    return f'{head}, "messages": [{", ".join(messages)}]}}'


CHAT = chat(("find", '{"q": 1}', '"r1"'), ("send", '{"q": 2}', '"r2"'), ("find", '{"q": 3}', '"r3"'))


def assert_refused(result: Outcome, *words: object, code: int = REFUSED) -> None:
    """Check that there is one message on standard error with these words, no traceback, and no standard output."""
    assert result.code == code
    assert result.out == ""
    assert result.err.startswith("vai: ")
    assert result.err.count("vai: ") == 1
    assert "Traceback" not in result.err
    for word in words:
        assert str(word) in result.err


# --- success ----------------------------------------------------------------------------------------------------------


def test_crystallize_writes_a_pair(vai: Vai, out: Path, rules: Path, tmp_path: Path) -> None:
    """The exit code is 0; a table, the review items, the advice and the paths of the files are printed."""
    trace = tmp_path / "trace.json"
    trace.write_text(CHAT)
    result = vai("crystallize", trace, "--out", out, "--tools", rules)
    assert (result.code, result.err) == (0, "")
    assert sorted(path.name for path in out.glob("vai*")) == ["vai_a_chat.py", "vai_a_chat.vai.json"]
    assert f"created: {out}/vai_a_chat.py and vai_a_chat.vai.json (version 1, paused, draft)" in result.out
    assert "review 1-3: find, send, find_2: an MCP server answers" in result.out
    assert "advice: crystallize" in result.out
    assert "unchanged: " in vai("crystallize", trace, "--out", out, "--tools", rules).out


def test_json(vai: Vai, out: Path, rules: Path, tmp_path: Path) -> None:
    """--json prints what was written as JSON, and nothing else."""
    trace = tmp_path / "trace.json"
    trace.write_text(CHAT)
    result = json.loads(vai("crystallize", trace, "--out", out, "--tools", rules, "--json", "--dag-id", "mine").out)
    assert result["dag"] == str(out / "mine.py")
    assert result["steps"] == ["approve_find", "find", "approve_send", "send", "approve_find_2", "find_2"]
    assert result["gates"] == ["approve_find", "approve_send", "approve_find_2"]
    assert (result["change"], result["version"], result["not_crystallized"]) == ("created", 1, [])
    message = "an MCP server answers, and its answer may change"
    assert result["review"] == [
        {"number": number, "code": "live", "step": key, "place": None, "message": message, "evidence": []}
        for number, key in enumerate(("find", "send", "find_2"), 1)
    ]


@pytest.mark.parametrize("path", sorted(TRACES.glob("*.json")), ids=lambda path: path.stem)
def test_inspect_shows_samples(path: Path, vai: Vai) -> None:
    """`vai inspect` prints a table, or the runs as JSON."""
    assert vai("inspect", path).code == 0
    runs = json.loads(vai("inspect", path, "--all", "--json").out)
    assert isinstance(runs, list)
    assert {"id", "source", "format", "turns", "calls", "outcome"} <= set(runs[0])


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        (["--calls", "1,3"], ["find", "find_2"]),
        (["--calls", "2-3"], ["send", "find"]),
        (["--calls", "c1"], ["send"]),
        (["--exclude", "f*"], ["send"]),
        (["--exclude", "c0,2"], ["find"]),
        (["--turns", "0"], ["find", "send", "find_2"]),
        (["--turns", "0-0", "--exclude", "3"], ["find", "send"]),
    ],
)
def test_choice_of_calls(options: list[str], kept: list[str], vai: Vai, out: Path, rules: Path, tmp_path: Path) -> None:
    """Calls are selected by number, id or glob; calls that are left out are listed with the reason."""
    trace = tmp_path / "trace.json"
    trace.write_text(CHAT)
    result = json.loads(
        vai("crystallize", trace, "--out", out, "--tools", rules, "--gates", "recorded", "--json", *options).out
    )
    assert result["steps"] == kept
    assert len(result["not_crystallized"]) == 3 - len(kept)
    assert {entry["reason"] for entry in result["not_crystallized"]} <= {"was not chosen", "was excluded"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--calls", "7"], ["--calls names '7'", "vai inspect"]),
        (["--exclude", "zz*"], ["--exclude names 'zz*'"]),
        (["--turns", "4"], ["there is no turn 4", "It has the turns 0"]),
        (["--turns", "x"], ["--turns takes numbers, found 'x'"]),
        (["--turns", "3-1"], ["--turns", "3-1"]),
        (["--calls", "2,3-1"], ["--calls", "3-1"]),
        (["--exclude", "3-1"], ["--exclude", "3-1"]),
        (["--turns", ""], ["--turns"]),
        (["--calls", ""], ["--calls"]),
        (["--exclude", "*"], ["no tool call (of 3) can become a step", "Choose other calls"]),
        (["--run", "nope"], ["0 runs match 'nope'", "chat"]),
        (["--dag-id", "../x"], ["'../x'", "--dag-id", "Try 'vai_x'"]),
        (["--dag-id", "json"], ["would hide a Python module"]),
        (["--schedule", "every day"], ['"every day" is neither a cron expression', "--schedule", "0 6 * * *"]),
        (["--schedule", "0 0 6 * * *"], ["has 6 fields", "--schedule"]),
        (["--schedule", "0 0 31 2 *"], ["never fires", "--schedule"]),
        (["--format", "nope"], ["no trace format 'nope'", "openai_chat"]),
        (["--all", "--dag-id", "x"], ["--all cannot be used with --run, --dag-id or --title"]),
        (["--tools", "missing.toml"], ["missing.toml", "No such file", "--tools"]),
        (["second.json"], ["second.json: No such file"]),
    ],
    ids=lambda value: " ".join(value) if value and str(value[0]).startswith("-") else "",
)
def test_wrong_choices_are_refused(
    options: list[str], words: list[str], vai: Vai, out: Path, rules: Path, tmp_path: Path
) -> None:
    """The message contains the option, the value and the valid choices; nothing is written."""
    trace = tmp_path / "trace.json"
    trace.write_text(CHAT)
    given = [] if "--tools" in options else ["--tools", rules]
    assert_refused(vai("crystallize", trace, *options, "--out", out, *given), *words)
    assert not out.exists()


def test_numbers_count_from_one(vai: Vai, out: Path, rules: Path, tmp_path: Path) -> None:
    """Calls are numbered from 1, and a very large range is refused at once."""
    trace = tmp_path / "trace.json"
    trace.write_text(CHAT)
    assert_refused(
        vai("crystallize", trace, "--out", out, "--tools", rules, "--calls", "0-999999"), "--calls names '0'"
    )


def test_all_leaves_out_failed_runs(vai: Vai, out: Path, rules: Path) -> None:
    """Each run becomes its own DAG; a run that failed is left out with a message, which is not an error."""
    result = vai("crystallize", TRACES / "tau2.json", "--all", "--out", out, "--tools", rules)
    assert result.code == 0
    assert result.err.startswith("vai: left out: ")
    assert "run sim-2: the recorded run failed" in result.err
    assert [path.name for path in sorted(out.glob("vai*"))] == ["vai_1.py", "vai_1.vai.json"]


def test_all_without_a_usable_run_is_refused(vai: Vai, out: Path, rules: Path, tmp_path: Path) -> None:
    """If every run is left out, nothing is written, and the message gives the reason."""
    document = json.loads((TRACES / "tau2.json").read_text())
    document["simulations"] = document["simulations"][1:]
    trace = tmp_path / "trace.json"
    trace.write_text(json.dumps(document))
    output = vai("crystallize", trace, "--all", "--out", out, "--tools", rules)
    assert_refused(output, "run sim-2", "the recorded run failed")
    assert not out.exists()


def test_several_runs_need_a_choice(vai: Vai, out: Path, rules: Path) -> None:
    """Without --run or --all, the message lists the runs; a unique prefix of an id selects one."""
    trace = TRACES / "tau2.json"
    assert_refused(
        vai("crystallize", trace, "--out", out, "--tools", rules), "2 runs", "sim-1, sim-2", "--run", "--all"
    )
    assert_refused(vai("crystallize", trace, "--out", out, "--tools", rules, "--run", "sim"), "2 runs match 'sim'")
    assert vai("crystallize", trace, "--out", out, "--tools", rules, "--run", "sim-1").code == 0
    assert f"Next: vai inspect {trace} --run ID" in vai("inspect", trace).out


def test_unmapped_tools_are_refused_with_the_lines_to_add(vai: Vai, out: Path, tmp_path: Path) -> None:
    """Adding the lines in the message to the tools file solves the problem."""
    trace = tmp_path / "trace.json"
    trace.write_text(CHAT)
    result = vai("crystallize", trace, "--out", out)
    assert_refused(result, "2 tools without an action kind: 'find', 'send'", "--allow-unmapped")
    assert not out.exists()
    lines = result.err.partition("\n\n")[2].rpartition("\n\n")[0]
    (tmp_path / "vai-tools.toml").write_text(lines)
    assert vai("crystallize", trace, "--out", out).code == 0


def test_allow_unmapped_renders_failing_steps(vai: Vai, out: Path, tmp_path: Path) -> None:
    """With --allow-unmapped, the tools become steps that fail when they run."""
    trace = tmp_path / "trace.json"
    trace.write_text(CHAT)
    assert vai("crystallize", trace, "--out", out, "--allow-unmapped").code == 0
    steps = json.loads((out / "vai_a_chat.vai.json").read_text())["steps"]
    assert {step["kind"] for step in steps} == {"unmapped_tool"}


def test_render_again_after_the_spec_was_edited(vai: Vai, out: Path, rules: Path, tmp_path: Path) -> None:
    """An argument that was edited in the sidecar is rendered to the DAG file, as a new version."""
    trace = tmp_path / "trace.json"
    trace.write_text(CHAT)
    vai("crystallize", trace, "--out", out, "--tools", rules)
    sidecar = out / "vai_a_chat.vai.json"
    sidecar.write_text(sidecar.read_text().replace('"q": 2', '"q": "edited"'))
    result = vai("render", sidecar)
    assert (result.code, result.err) == (0, "")
    assert "updated: " in result.out
    assert '{"q": "edited"}' in (out / "vai_a_chat.py").read_text()
    assert json.loads(sidecar.read_text())["version"] == 2


@pytest.mark.parametrize("name", ["missing.vai.json", "broken.vai.json", "trace.json"])
def test_render_refuses_other_files(name: str, vai: Vai, tmp_path: Path) -> None:
    """A missing file, a broken sidecar and another JSON document are refused."""
    (tmp_path / "broken.vai.json").write_text("{")
    (tmp_path / "trace.json").write_text(CHAT)
    assert_refused(vai("render", tmp_path / name), tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.vai.json", "trace.json"]


def test_lists(vai: Vai) -> None:
    """`vai kinds` and `vai formats` list all of them, as a table and as JSON."""
    assert [row["kind"] for row in json.loads(vai("kinds", "--json").out)] == [kind.name for kind in KINDS]
    assert all(kind.name in vai("kinds").out for kind in KINDS)
    names = [row["format"] for row in json.loads(vai("formats", "--json").out)]
    assert names[:2] == ["vai", "agentdojo"]
    assert all(name in vai("formats").out for name in names)


@pytest.mark.parametrize("model", ["run", "automation", "sidecar"])
def test_schemas(model: str, vai: Vai) -> None:
    """`vai schema` prints a JSON Schema for each model."""
    assert json.loads(vai("schema", model).out)["$schema"].startswith("https://json-schema.org/")


# --- manners ----------------------------------------------------------------------------------------------------------


def test_a_title_is_shown_and_names_the_dag(vai: Vai, out: Path, rules: Path, tmp_path: Path) -> None:
    """--title is Airflow's display name and the description; the DAG id is made of it unless one is given."""
    trace = tmp_path / "trace.json"
    trace.write_text(CHAT)
    title = ["--title", " Täglicher  Umsatz "]
    assert vai("crystallize", trace, "--out", out, "--tools", rules, *title).code == 0
    spec = json.loads((out / "vai_taglicher_umsatz.vai.json").read_text())
    assert (spec["title"], spec["description"]) == ("Täglicher Umsatz", "Täglicher Umsatz")
    assert vai("crystallize", trace, "--out", out, "--tools", rules, *title, "--dag-id", "mine").code == 0
    assert json.loads((out / "mine.vai.json").read_text())["title"] == "Täglicher Umsatz"
    for wrong in ("", " ", "x" * (MAX_TITLE + 1)):
        assert_refused(vai("crystallize", trace, "--out", out, "--tools", rules, "--title", wrong), "--title")


def test_several_runs_get_the_title(vai: Vai, out: Path, rules: Path, tmp_path: Path) -> None:
    """One DAG of two runs has the title as well."""
    for number in (1, 2):
        text = chat(("find", f'{{"q": {number}}}', '"r"'), id=f"chat-{number}", title=f"Number {number}")
        (tmp_path / f"{number}.json").write_text(text)
    traces = [tmp_path / "1.json", tmp_path / "2.json"]
    result = vai("crystallize", *traces, "--out", out, "--tools", rules, "--title", "Look it up", "--json")
    assert json.loads(result.out)["dag_id"] == "vai_look_it_up"
    assert json.loads((out / "vai_look_it_up.vai.json").read_text())["title"] == "Look it up"


def test_what_usually_follows_is_printed(vai: Vai, out: Path, rules: Path, tmp_path: Path) -> None:
    """A command that succeeds names the next one, with the path that it takes."""
    trace = tmp_path / "a trace.json"
    trace.write_text(CHAT)
    assert f"vai crystallize '{trace}'" in vai("inspect", trace).out
    written = vai("crystallize", trace, "--out", out, "--tools", rules).out
    assert f"Next: vai lint {out}/vai_a_chat.py\n      vai activate {out}/vai_a_chat.py" in written
    active = vai("activate", out / "vai_a_chat.py", "--record-only", "--reviewed", "all").out
    assert "Next: airflow dags trigger vai_a_chat" in active


def test_quiet_commands_print_nothing(vai: Vai, out: Path, rules: Path, tmp_path: Path) -> None:
    """With --quiet, only errors are printed, and what the user asked to see; the next command is not quiet any more."""
    trace = tmp_path / "trace.json"
    trace.write_text(CHAT)
    dag = out / "vai_a_chat.py"
    assert vai("crystallize", trace, "--out", out, "--tools", rules, "-q") == (0, "", "")
    assert vai("render", out / "vai_a_chat.vai.json", "--quiet") == (0, "", "")
    assert vai("edit", dag, "options", "retries=2", "--quiet") == (0, "", "")
    assert vai("activate", dag, "--record-only", "--reviewed", "all", "--quiet") == (0, "", "")
    assert vai("pause", dag, "--record-only", "--quiet") == (0, "", "")
    assert vai("restore", dag, 1, "--quiet") == (0, "", "")
    assert vai("delete", dag, "--quiet") == (0, "", "")
    assert vai("init", trace, "--quiet") == (0, "", "")
    assert "no such file" in vai("lint", tmp_path / "nowhere.json", "--quiet").out
    assert "created: " in vai("crystallize", trace, "--out", tmp_path / "again", "--tools", rules).out


def test_what_the_dag_needs_is_named(vai: Vai, out: Path, rules: Path, tmp_path: Path) -> None:
    """crystallize and lint name the connections and extras, in JSON as well."""
    trace = tmp_path / "trace.json"
    trace.write_text(CHAT)
    options = ["crystallize", trace, "--out", out, "--tools", rules]
    for text in (vai(*options).out, vai("lint", out).out):
        assert "needs the connections: mcp" in text
        assert "needs the extras: mcp" in text
    found = json.loads(vai(*options, "--json").out)
    assert (found["connections"], found["extras"]) == (["mcp"], ["mcp"])


def test_lint_says_what_it_checked(vai: Vai, out: Path, rules: Path, tmp_path: Path) -> None:
    """An empty folder is named; it is no error, and not mistaken for a folder without problems."""
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.txt").write_text("")
    assert vai("lint", empty).out == f"{empty}: nothing to check: no sidecar, spec or DAG file is in this folder\n"
    assert vai("lint", empty, "--json") == (0, "[]\n", "")
    trace = tmp_path / "trace.json"
    trace.write_text(CHAT)
    vai("crystallize", trace, "--out", out, "--tools", rules)
    assert "no problems found in 2 files\n" in vai("lint", out).out
    both = vai("lint", out, empty).out
    assert "nothing to check" in both
    assert "no problems found in 2 files\n" in both


def test_ids_are_shown_if_asked_for(vai: Vai, tmp_path: Path) -> None:
    """The ids of calls take much room, and are shown with --wide only."""
    trace = tmp_path / "trace.json"
    trace.write_text(CHAT)
    assert "c1" not in vai("inspect", trace).out
    assert "c1" in vai("inspect", trace, "--wide").out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, vai: Vai) -> None:
    """The lines for each shell name the command; wrong shells are refused."""
    assert " vai" in vai("completion", shell).out
    assert vai("completion", "cmd").code == USAGE


def test_completions_are_offered(tmp_path: Path) -> None:
    """The shell's question is answered with the commands that begin as the line does, and without Airflow."""
    answer = tmp_path / "answer"
    environment = {
        **os.environ, "_ARGCOMPLETE": "1", "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": "vai cry", "COMP_POINT": "7", "_ARGCOMPLETE_SHELL": "bash",
    }  # fmt: skip
    subprocess.run(
        [sys.executable, "-m", "airflow_provider_vai.cli.main"], env=environment, check=True, capture_output=True
    )
    assert answer.read_text().strip() == "crystallize"


# --- usage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nope"],
        ["inspect"],
        ["crystallize"],
        ["crystallize", "x.json", "--out", "o", "--gates", "none"],
        ["schema", "dag"],
        ["inspect", "x.json", "--nope"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_two(arguments: list[str], vai: Vai) -> None:
    """Wrong usage gives exit code 2, and shows the usage and where help is."""
    result = vai(*arguments)
    assert result.code == USAGE
    assert result.err.startswith("usage: vai")
    assert "vai help" in result.err


@pytest.mark.parametrize("command", [[], *([command.name] for command in COMMANDS)], ids=str)
def test_help_is_exit_zero(command: list[str], vai: Vai) -> None:
    """The help of each command contains the exit codes."""
    result = vai(*command, "--help")
    assert result.code == 0
    assert "Exit codes: 0 done, 1 refused" in " ".join(result.out.split())


def test_version(vai: Vai) -> None:
    """`vai --version` prints the package's version."""
    assert vai("--version").out == f"vai {__version__}\n"


# --- bad input --------------------------------------------------------------------------------------------------------

DEEP = b"[" * 100_000
ANSWER = {"role": "tool", "tool_call_id": "c9", "content": "r"}
BAD = {
    "truncated": (b'{"messages": [{"role"', ["not JSON at line 1, column 22"]),
    "empty": (b"", ["empty", "Export the trace again"]),
    "white space": (b" \n", ["empty"]),
    "unknown object": (
        b'{"colour": "red"}',
        ["no adapter recognises the document (an object with the keys colour)", "--format"],
    ),
    "empty list": (b"[]", ["no adapter recognises the document (a list of 0 items)"]),
    "bare number": (b"7", ["a bare int"]),
    "wrong shape": (
        b'{"messages": [{"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": 7}}]}]}',
        ["messages[0].tool_calls[0].function.name: expected text, found int 7"],
    ),
    "invalid UTF-8": (CHAT.encode() + b"\xff", [f"not UTF-8 at byte {len(CHAT)} (0xff)", "Save the trace as UTF-8"]),
    "half a UTF-16": (CHAT.encode("utf-16")[:-1], ["not UTF-16 at byte"]),
    "deep": (DEEP, ["nested too deeply"]),
    "deep object": (b'{"messages":' * 100_000, ["nested too deeply"]),
    "deep but readable": (b"[" * 300 + b"]" * 300, ["nested more than 200 levels deep"]),
    "results without calls": (
        json.dumps([{"role": "user", "content": "go"}, ANSWER, {"role": "assistant", "content": "ok"}]).encode(),
        ["the run contains no tool calls"],
    ),
    "no calls": (b'[{"role": "user", "content": "hi"}]', ["the run contains no tool calls"]),
    "no runs": (b'{"tasks": [], "simulations": []}', ["the trace contains no run"]),
}  # fmt: skip


@pytest.mark.parametrize(("content", "words"), BAD.values(), ids=BAD)
def test_bad_traces_are_refused(
    content: bytes, words: list[str], vai: Vai, out: Path, rules: Path, tmp_path: Path
) -> None:
    """There is one message with file, place, value and remedy, and nothing is written."""
    trace = tmp_path / "trace.json"
    trace.write_bytes(content)
    result = vai("crystallize", trace, "--out", out, "--tools", rules)
    assert_refused(result, *words)
    assert str(trace) in result.err or "run sha256:" in result.err
    assert len(result.err) < 1000
    assert not out.exists()


@pytest.mark.parametrize(
    "name", [name for name in BAD if "calls" not in name and name != "no runs"]
)  # fmt: skip
def test_inspect_refuses_bad_traces(name: str, vai: Vai, tmp_path: Path) -> None:
    """`vai inspect` refuses traces that cannot be read with the same messages."""
    trace = tmp_path / "trace.json"
    trace.write_bytes(BAD[name][0])
    assert_refused(vai("inspect", trace), trace, *BAD[name][1])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ('{"q": NaN}', "NaN is not JSON"),
        ('{"q": 1e400}', "1e400 is too large"),
        ('{"q": 2, "q": 3}', "'q' occurs twice"),
        ('{"q": "\\ud83d"}', "half a surrogate pair"),
        ('{"q": "\\u0000"}', "U+0000"),
    ],
    ids=["NaN", "1e400", "a key twice", "half a character", "NUL"],
)
def test_one_bad_call_is_left_out(arguments: str, words: str, vai: Vai, out: Path, rules: Path, tmp_path: Path) -> None:
    """The other calls become steps, and both commands say which call is missing, and why."""
    trace = tmp_path / "trace.json"
    trace.write_text(chat(("find", '{"q": 1}', '"r1"'), ("send", arguments, '"r2"'), ("find", '{"q": 3}', '"r3"')))
    inspected = vai("inspect", trace)
    made = vai("crystallize", trace, "--out", out, "--tools", rules)
    (path,) = out.glob("*.vai.json")
    spec = json.loads(path.read_text())

    assert (inspected.code, made.code) == (0, 0)
    assert [step["key"] for step in spec["steps"] if step["kind"] != "approval_gate"] == ["find", "find_2"]
    (left,) = spec["not_crystallized"]
    assert left["tool"] == "send"
    assert words in left["reason"]
    assert "send" in made.out + made.err


@pytest.mark.parametrize(
    ("name", "words"),
    [("missing.json", ["No such file"]), (".", ["is a folder"]), ("a\0b", ["null"]), ("x" * 300, ["too long"])],
    ids=["missing", "folder", "NUL in the name", "name too long"],
)
def test_bad_paths_are_refused(name: str, words: list[str], vai: Vai, tmp_path: Path, out: Path, rules: Path) -> None:
    """A missing file, a folder and an impossible name are refused."""
    assert_refused(vai("inspect", tmp_path / name), *words)
    assert_refused(vai("crystallize", tmp_path / name, "--out", out, "--tools", rules), *words)
    assert not out.exists()


@NOT_AS_ROOT
def test_unreadable_file_is_refused(vai: Vai, tmp_path: Path) -> None:
    """A file without read permission is refused."""
    trace = tmp_path / "trace.json"
    trace.touch(0o000)
    assert_refused(vai("inspect", trace), trace, "Permission denied")


def test_large_run_is_refused(vai: Vai, tmp_path: Path) -> None:
    """A run that is larger than the limit is refused, and the message contains the limit."""
    trace = tmp_path / "trace.json"
    trace.write_bytes(b'[{"role": "user", "content": "' + b"x" * 101_000_000 + b'"}]')
    assert_refused(vai("inspect", trace), trace, "over the limit of 100 MB")


@pytest.mark.parametrize("entry", hostile("json_text", "bytes"), ids=lambda entry: entry["name"])
def test_hostile_files_are_refused(entry: dict[str, Any], vai: Vai, out: Path, rules: Path, tmp_path: Path) -> None:
    """None of the hostile values is a trace; each is refused with one message."""
    trace = tmp_path / "trace.json"
    trace.write_bytes(bytes.fromhex(entry["bytes_hex"]) if "bytes_hex" in entry else entry["json"].encode())
    assert_refused(vai("crystallize", trace, "--out", out, "--tools", rules), trace)
    assert not out.exists()


@pytest.mark.parametrize(
    "entry",
    [entry for entry in hostile("json_text") if not entry["name"].startswith(("bare_", "empty_array"))],
    ids=lambda entry: entry["name"],
)
def test_hostile_values_in_a_trace_are_kept_or_refused(
    entry: dict[str, Any], vai: Vai, out: Path, rules: Path, tmp_path: Path
) -> None:
    """Hostile values as arguments of a call are kept unchanged, or the file is refused."""
    trace = tmp_path / "trace.json"
    trace.write_bytes(chat(("find", entry["json"], '"r"')).encode())
    result = vai("crystallize", trace, "--out", out, "--tools", rules, "--gates", "recorded")
    if result.code:
        assert entry["expect"] != "keep"
        assert_refused(result, trace)
        assert not out.exists()
    else:
        assert entry["expect"] != "refuse"
        (step,) = json.loads((out / "vai_a_chat.vai.json").read_text())["steps"]
        assert repr(step["arguments"]["arguments"]["value"]) == repr(json.loads(entry["json"]))


@pytest.mark.parametrize("entry", hostile("text"), ids=lambda entry: entry["name"])
def test_hostile_text_on_the_terminal_is_escaped(entry: dict[str, Any], vai: Vai, out: Path, tmp_path: Path) -> None:
    """No control character or bidirectional mark from a trace reaches the terminal."""
    trace = tmp_path / "trace.json"
    value = json.dumps(entry["value"])
    tool = value[1:-1] or "t"
    trace.write_text(chat((tool, f'{{"v": {value}}}', value), title=entry["value"], id=entry["value"]))
    for result in (vai("inspect", trace), vai("crystallize", trace, "--out", out, "--allow-unmapped")):
        shown = (result.out + result.err).replace("\n", "")
        assert shown.isprintable()
        assert "Traceback" not in shown
    assert result.code == 0 or entry["expect"] == "keep_or_refuse"


def test_a_credential_in_a_text_is_refused(vai: Vai, out: Path, rules: Path, tmp_path: Path) -> None:
    """The message names the place of the credential but does not contain it, and nothing is written."""
    trace = tmp_path / "trace.json"
    secret = "sk-" + "a1" * 12
    trace.write_text(CHAT.replace('"q": 2', f'"q": "use {secret} here"'))
    result = vai("crystallize", trace, "--out", out, "--tools", rules)
    assert_refused(result, "looks like a credential", "call c1 (send): arguments.q", "--exclude")
    assert secret not in result.err
    assert not out.exists()


# --- the process ------------------------------------------------------------------------------------------------------


def test_help_imports_no_airflow() -> None:
    """`vai --help` is fast, because it does not import Airflow, pydantic, jinja2 or rich."""
    command = [sys.executable, "-X", "importtime", "-m", "airflow_provider_vai.cli.main", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "argparse" in loaded
    assert not loaded & {"airflow", "pydantic", "jinja2", "rich"}


def test_crystallize_imports_no_airflow(out: Path, rules: Path, tmp_path: Path) -> None:
    """Crystallizing does not import Airflow, not even to check a schedule."""
    (tmp_path / "trace.json").write_text(CHAT)
    script = (
        "import sys; from airflow_provider_vai.cli import main as cli; code = cli.main(sys.argv[1:]);"
        "print(code, [name for name in sys.modules if name.split('.')[0] == 'airflow'])"
    )
    arguments = ["crystallize", "trace.json", "--out", out, "--tools", rules, "--schedule", "0 6 * * *"]
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "0 []"
    assert 'schedule="0 6 * * *"' in (out / "vai_a_chat.py").read_text()


def test_a_closed_pipe_is_not_an_error(tmp_path: Path) -> None:
    """`vai inspect … | head` ends without an error message."""
    trace = tmp_path / "trace.json"
    trace.write_text(chat(*[("find", '{"q": "' + "x" * 500 + '"}', '"r"')] * 2000))
    command = [sys.executable, "-m", "airflow_provider_vai.cli.main", "inspect", str(trace), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
