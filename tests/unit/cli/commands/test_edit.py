"""`vai edit` turns its arguments into an edit and writes a new version; a refusal or dry run writes nothing."""

from __future__ import annotations

import json
import shutil
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.authoring import editing
from airflow_provider_vai.cli.commands.edit import ACTIONS, edit, save
from airflow_provider_vai.exceptions import Conflict, SpecError
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.store.sidecar_files import read_sidecar
from tests.paths import GOLDEN

NOTHING: dict[str, Any] = dict.fromkeys(
    ("kind", "after", "before", "freeze", "gate_option", "summary", "expected_version", "set", "text", "wire", "param",
     "template", "secret", "conn_id"),
) | dict.fromkeys(("parallel", "gate", "ungated", "unbranch", "dry_run", "json"), False)  # fmt: skip


@pytest.fixture
def dag(tmp_path: Path) -> Path:
    """Return a DAG file with its sidecar, in a folder of its own."""
    for path in filter(Path.is_file, (GOLDEN / "agentdojo" / "expected").iterdir()):
        shutil.copy(path, tmp_path)
    return tmp_path / "vai_garden.py"


def typed(dag: Path, action: str, *names: str, **options: Any) -> Sidecar:
    """Return the sidecar after a command."""
    edit(Namespace(**{**NOTHING, "dag": str(dag), "action": action, "names": list(names), **options}))
    return read_sidecar(dag.with_suffix(".vai.json"))


def test_set_writes_a_new_version(dag: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A value is parsed as JSON if it is JSON, else it is text; the DAG file contains the same value."""
    options = {"set": ["arguments.litres=3", "arguments.note=slowly=now"], "text": ["arguments.code=007"]}
    after = typed(dag, "set", "water", **options)
    value = after.steps[-1].arguments["arguments"].value
    assert (value["litres"], value["note"], value["code"]) == (3, "slowly=now", "007")
    assert after.version == 2
    assert "slowly=now" in dag.read_text()
    assert "version 2" in capsys.readouterr().out


def test_references(dag: Path) -> None:
    """Wires, params, templates and secrets are set at the given places."""
    typed(dag, "params", 'plant={"default": "fern"}')
    after = typed(
        dag, "set", "water", wire=["arguments.wet=read_sensor.values.0"], param=["arguments.plant=plant"],
        template=["arguments.day={{ ds }}"], secret=["arguments.key=garden"],
    )  # fmt: skip
    water = after.steps[-1].arguments["arguments"].model_dump()
    assert [{**wire, "at": wire["at"][0]} for wire in water["wires"]] == [
        {"at": "wet", "from": {"step": "read_sensor", "path": ["values", 0]}},
        {"at": "plant", "param": "plant"},
        {"at": "day", "template": "{{ ds }}"},
    ]
    assert water["secrets"] == [{"at": ["key"], "connection": "garden"}]


def test_steps(dag: Path) -> None:
    """Steps are added, renamed, moved, guarded and removed."""
    after = typed(dag, "add", "look", kind="web_search", set=["query=ferns", "conn_id=web"], after="read_sensor")
    assert [step.key for step in after.steps] == ["read_sensor", "look", "approve_water", "water"]
    after = typed(dag, "rename", "look", "find")
    after = typed(dag, "move", "find", before="read_sensor")
    after = typed(dag, "guard", "find", gate_option=['assigned_users=["mia"]'])
    assert [step.key for step in after.steps] == ["approve_find", "find", "read_sensor", "approve_water", "water"]
    after = typed(dag, "remove", "find")
    assert [step.key for step in after.steps] == ["read_sensor", "approve_water", "water"]
    assert after.version == 6


def test_nothing_is_written(dag: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run, an edit without changes, a refused edit and one for another version write nothing."""
    before = {path.name: path.read_bytes() for path in dag.parent.iterdir()}
    typed(dag, "rename", "water", "pour", dry_run=True)
    typed(dag, "rename", "water", "water")
    assert "nothing changed" in capsys.readouterr().out
    for action, names, options in (
        ("remove", ["absent"], {}),
        ("rename", ["water"], {}),
        ("set", ["water"], {}),
        ("set", ["water"], {"set": ["arguments"]}),
        ("triggers", ["daily"], {}),
        ("params", ["x=1"], {}),
        ("rename", ["water", "pour"], {"expected_version": 7}),
        ("add", ["x"], {}),
        ("replace", ["water"], {}),
    ):
        with pytest.raises(SpecError):
            typed(dag, action, *names, **options)
    assert {path.name: path.read_bytes() for path in dag.parent.iterdir()} == before


def test_json(dag: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` prints the changes, the review items and the new version."""
    typed(dag, "options", "retries=2", json=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed["changes"] == [{"place": "retries", "what": "added", "before": None, "after": 2}]
    assert printed["version"] == 2
    assert [item["number"] for item in printed["review"]] == list(range(1, len(printed["review"]) + 1))


def test_new_items_have_their_numbers(dag: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only new review items are shown, with the numbers that `vai activate --reviewed` takes."""
    before = read_sidecar(dag.with_suffix(".vai.json")).review
    after = typed(dag, "set", "water", set=["effect=read"])
    output = capsys.readouterr().out
    assert [item.code for item in after.review if item not in before] == ["effect_lowered"]
    assert f"review {len(after.review)}: water: had external side effects; " in output
    assert output.count("review ") == 1


def test_every_action_says_what_it_takes() -> None:
    """The actions are those in `vai edit --help`."""
    assert list(ACTIONS) == [
        "add", "remove", "move", "rename", "replace", "set", "unset", "lift", "model", "guard", "options",
        "step-options", "triggers", "conditions", "params",
    ]  # fmt: skip


def test_who_comes_second_is_refused(dag: Path) -> None:
    """An edit based on a log entry that is no longer the newest is refused."""
    read = typed(dag, "options", "retries=2")
    assert typed(dag, "options", "retries=3").entry == read.entry + 1
    with pytest.raises(Conflict):
        save(editing.set_options(read.automation, retries=4), dag.with_suffix(".vai.json"), "late", read.entry)
    assert read_sidecar(dag.with_suffix(".vai.json")).retries == 3


def test_a_param_and_a_model(dag: Path) -> None:
    """A value becomes a param with one command, and a model writes a text with another."""
    typed(dag, "set", "water", set=["arguments.note=water it twice a week"])
    after = typed(dag, "lift", "water", "arguments.note", "note_text")
    assert after.params["note_text"].default == "water it twice a week"
    typed(dag, "set", "water", set=["arguments.note=water it twice a week"])
    after = typed(dag, "model", "water", "arguments.note", "read_sensor.values", conn_id="gpt")
    assert [step.key for step in after.steps] == ["read_sensor", "write_note", "approve_water", "water"]
    assert after.steps[1].arguments["conn_id"].value == "gpt"
    with pytest.raises(SpecError, match="expected KEY PLACE"):
        typed(dag, "model", "water", "arguments.note")
    with pytest.raises(SpecError, match=r"expected KEY PLACE \[NAME\]"):
        typed(dag, "lift", "water", "arguments.note", "a", "b")
