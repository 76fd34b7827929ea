"""Sessions of OpenCode, Goose, Copilot CLI and VS Code: what their samples and vectors do not show."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace, UnreadableTrace
from airflow_provider_vai.model.run import Usage
from airflow_provider_vai.traces.formats import read
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run


def sample(name: str) -> Any:
    """Return a copy of a format's sample."""
    return copy.deepcopy(SAMPLES[f"{name}.json"])


@pytest.mark.parametrize(
    ("name", "folder"),
    [("opencode", "/srv/mia/hives"), ("goose", "/srv/mia/orchard"), ("copilot_cli", "/srv/mia/boats")],
)
def test_the_folder_of_the_agent(name: str, folder: str) -> None:
    """Each call knows the folder in which the agent was; paths of its steps are relative to it."""
    assert {call.working_folder for call in one_run(name, sample(name)).calls} == {folder}


def test_opencode_values() -> None:
    """A command's exit code decides; the refusal is a person's; tokens and cost are summed."""
    run = one_run("opencode", sample("opencode"))
    weighed, failed, _, mailed, _ = run.calls

    assert (weighed.result, failed.error) == ("31 kg\n", "no scale")
    assert (mailed.approval.by, mailed.arguments, mailed.proposed_arguments) == ("user", None, {"to": "jo"})
    assert (run.model, run.usage) == ("model-sample", Usage(input_tokens=40, output_tokens=9, cost_usd=0.25))
    assert [turn.user_text for turn in run.turns] == ["Weigh hive 4 and note it"]


def test_opencode_call_that_did_not_end() -> None:
    """A call that still runs has no result, and one that was aborted is interrupted."""
    document = sample("opencode")
    parts = document["messages"][1]["parts"]
    parts[1]["state"] = {"status": "running", "input": {}}
    parts[2]["state"] = {"status": "error", "input": {}, "error": "Tool execution aborted"}
    run = one_run("opencode", document)

    assert [call.outcome for call in run.calls[:2]] == ["unknown", "interrupted"]
    assert run.outcome == "unknown"


def test_goose_values() -> None:
    """Results go by id, JSON is parsed, an extension is a server, and Goose's own tools have none."""
    run = one_run("goose", sample("goose"))

    assert [call.result for call in run.calls[:2]] == ["row,trees\n2,11\n", {"wind": 3}]
    assert [call.server for call in run.calls] == [None, "weather", None, "saw", "saw"]
    assert run.calls[4].error == "there is no row 9"


def test_goose_lines() -> None:
    """The older form, one line for the facts and one for each message, has the same calls."""
    document = sample("goose")
    lines = [{"working_dir": document["working_dir"], "description": "x"}, *document["conversation"]]
    run = one_run("goose", lines)

    assert run.calls == one_run("goose", document).calls
    assert run.title == "x"


def test_copilot_cli_values() -> None:
    """The arguments at the start of a call are those that ran; the server is named; a refusal did not run."""
    looked, rented, removed, created = one_run("copilot_cli", sample("copilot_cli")).calls

    assert (rented.server, rented.tool, rented.result) == ("harbour", "rent", {"rental": 71})
    assert (rented.proposed_arguments, rented.arguments) == ({"boat": 3}, {"boat": 3, "hours": 2})
    assert (looked.result, removed.approval.note, created.error) == ("free\n", "The user denied it", "it exists")


def test_vscode_values() -> None:
    """The exit code decides, a setting does not count as a person's decision, and the server is named."""
    counted, gate, sold, washed = one_run("vscode_chat", sample("vscode_chat")).calls

    assert (counted.approval.by, gate.server, gate.result) == ("user", "farm", {"gate": "open"})
    assert (sold.approval.by, sold.arguments) == ("user", None)
    assert (washed.error, washed.approval.state) == ("no water", "unknown")


def test_vscode_call_without_arguments_is_noted() -> None:
    """A call that the metadata does not have cannot be a step, and nobody is left to guess."""
    document = sample("vscode_chat")
    document["requests"][0]["result"]["metadata"]["toolCallRounds"] = []
    run = one_run("vscode_chat", document)

    assert run.calls == []
    assert len(run.notes) == 4


def test_cline_values() -> None:
    """Tags inside a file's text stay, an MCP tool has its server, and what the user changed is what was written."""
    run = one_run("cline", sample("cline"))
    listed, written, printed, removed, changed, failed = run.calls

    assert listed.arguments == {"command": "ls jars && echo '<b>'", "requires_approval": "false"}
    assert written.arguments == {"path": "labels/plum.html", "content": "<content>Plum</content>"}
    assert (printed.server, printed.tool, printed.result) == ("printer", "print", {"printed": 2})
    assert (removed.approval.by, removed.arguments) == ("user", None)
    assert (changed.proposed_arguments["content"], changed.arguments["content"]) == ("Pear", "Quince")
    assert "no printer" in failed.error
    assert [turn.user_text for turn in run.turns] == ["Label the jars"]


def test_cline_result_with_an_exit_code_and_edits_without_the_file() -> None:
    """Roo Code's exit code decides; if the file as it was written is not recorded, no step can repeat it."""
    document = sample("cline")
    document[2]["content"] = [{"type": "text", "text": "[execute_command for 'ls'] Result:\nCommand executed in"
                               " terminal. Exit code: 2\nOutput:\nno jars"}]  # fmt: skip
    document[10]["content"][1]["text"] = "The user made the following updates to your content:\n-Pear"
    run = one_run("cline", document)

    assert run.calls[0].outcome == "failed"
    assert not isinstance(run.calls[4].arguments, dict)


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("opencode", lambda document: document["messages"][1]["parts"][1].update(state=1)),
        ("goose", lambda document: document["conversation"][1]["content"][1].update(toolCall=1)),
        ("copilot_cli", lambda document: document[5]["data"].pop("success")),
        ("vscode_chat", lambda document: document["requests"].append(1)),
    ],
)
def test_a_broken_place_is_named(name: str, spoil: Any) -> None:
    """The refusal says where the file breaks its format."""
    document = sample(name)
    spoil(document)
    with pytest.raises(MalformedTrace, match=r"file\.json"):
        one_run(name, document)


def test_nothing_else_is_taken_for_them() -> None:
    """Documents that only share a key are of no such format."""
    others: list[Any] = [
        {"info": {}, "messages": []},
        {"working_dir": "/"},
        [{"type": "user.message"}],
        {"requests": []},
        [],
    ]
    names = ("opencode", "goose", "copilot_cli", "vscode_chat")

    assert not [name for name in names for other in others if adapter(name).accepts(other)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("# Fix it\n_Exported on 3/4/2026 at 05:06 from Cursor (2.1)_\n\n**User**\n", "a chat in Cursor"),
        ("# aider chat started at 2026-03-04 05:06:07\n\n#### fix it\n", "Aider"),
    ],
)
def test_exports_without_results_are_refused_by_name(text: str, name: str, tmp_path: Any) -> None:
    """The message says what the file is, and what to record instead."""
    path = tmp_path / "chat.md"
    path.write_text(text)
    with pytest.raises(UnreadableTrace, match=name) as refusal:
        read(path)
    assert "Record the work" in refusal.value.remedy
