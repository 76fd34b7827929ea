"""What commands print with ``--json`` fits the schemas that ``vai schema COMMAND`` prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_provider_vai.cli.main import main
from airflow_provider_vai.cli.output_schemas import OUTPUTS, command_schema, output_schema
from airflow_provider_vai.cli.table import COMMANDS
from airflow_provider_vai.model.approvals_record import write
from tests.e2e import claude_session
from tests.outputs import check_output, closed
from tests.paths import ROOT

EXAMPLE = ROOT / "dev/example"
REPORT = [str(EXAMPLE / "run.json"), "--dag-id", "report"]
Vai = Callable[..., str]


@pytest.fixture
def vai(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Vai:
    """Return a function that runs a command in an empty folder with a home, and returns what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    monkeypatch.setenv("AIRFLOW__VAI__AUTOMATIONS_PATH", str(tmp_path / "dags"))

    def run(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        assert main([*words, "--json"]) == code
        return capsys.readouterr().out

    return run


@pytest.fixture
def dag(vai: Vai, tmp_path: Path) -> str:
    """The DAG file of an automation with queries, a gate, a call that became no step, and review items."""
    vai("crystallize", *REPORT)
    return str(tmp_path / "dags/report.py")


def test_every_command_with_the_option_has_a_schema() -> None:
    """The schemas, the option ``--json`` and the choices of ``vai schema`` are of the same commands."""
    with_option = [command.name for command in COMMANDS if any("--json" in one.flags for one in command.options)]
    (choices,) = [
        one.settings["choices"] for command in COMMANDS if command.name == "schema" for one in command.options
    ]

    assert sorted(OUTPUTS) == sorted(with_option)
    assert sorted(choices) == sorted([*with_option, "run", "automation", "sidecar"])


@pytest.mark.parametrize("command", OUTPUTS)
def test_each_schema_is_printed_with_the_meaning_of_each_field(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """``vai schema`` prints it. No field of an output itself is without words."""
    assert main(["schema", command]) == 0
    printed = json.loads(capsys.readouterr().out)

    assert printed == json.loads(json.dumps(command_schema(command)))
    for name, part in [("", printed), *printed.get("$defs", {}).items()]:
        assert ":param" not in part.get("description", ""), name
    for output in OUTPUTS[command]:
        schema = output_schema(output.type)
        if schema.get("title") not in ("Run", "Entry"):
            wordless = [name for name, field in schema.get("properties", {}).items() if not field.get("description")]
            assert wordless == []


def test_recordings(vai: Vai, tmp_path: Path) -> None:
    """Inspecting and crystallizing one run, or all of a file, and proposing a tools file."""
    trace = str(EXAMPLE / "run.json")

    assert check_output("inspect", vai("inspect", trace))["id"]
    assert len(check_output("inspect", vai("inspect", trace, "--all"), "--all")) == 1
    written = check_output("crystallize", vai("crystallize", *REPORT))
    assert written["gates"]
    assert written["not_crystallized"]
    assert written["review"]
    assert len(check_output("crystallize", vai("crystallize", trace, "--all", "--out", "all"), "--all")) == 1
    assert check_output("init", vai("init", trace, "--out", str(tmp_path / "tools.toml")))["tools"]


def test_derivations(vai: Vai, dag: str) -> None:
    """The proposals for a frozen text, and the edit that accepts one."""
    asked = ("derive", dag, "http_request", "json.summary", "--trace", str(EXAMPLE / "run.json"))

    assert check_output("derive", vai(*asked))["proposals"]
    assert check_output("derive", vai(*asked, "--accept", "1"), "--accept N")["version"] == 2


def test_an_automation(vai: Vai, dag: str) -> None:
    """Rendering, checking, changing, comparing and explaining it, and its status and versions."""
    gate = check_output("render", vai("render", dag.replace(".py", ".vai.json")))["gates"][0]
    assert check_output("lint", vai("lint", dag, "--connections", "other", code=1))
    edited = check_output("edit", vai("edit", dag, "set", gate, "--set", "subject=Really?"))
    assert edited["changes"]
    assert edited["version"] == 2
    assert check_output("edit", vai("edit", dag, "options", "owner=ada", "--dry-run"))["version"] is None
    assert check_output("diff", vai("diff", f"{dag}@1", dag))["spec"]
    assert check_output("explain", vai("explain", dag))
    assert check_output("activate", vai("activate", dag, "--reviewed", "all", "--record-only"))["status"] == "active"
    assert check_output("pause", vai("pause", dag, "--record-only"))["status"] == "paused"
    listed = check_output("versions", vai("versions", dag))
    assert {row["change"] for row in listed} == {"version", "activated", "paused"}
    assert check_output("versions", vai("versions", dag, "--show", "1"), "--show N")["number"] == 1
    assert check_output("restore", vai("restore", dag, "1"))["version"] == 3
    assert check_output("verify", vai("verify", dag)) == []
    rendered = Path(dag).read_text()
    Path(dag).write_text(f"{rendered}\n# by hand\n")
    assert check_output("verify", vai("verify", dag, code=1))
    Path(dag).write_text(rendered)
    Path(dag).with_name("report.vai.json").write_text("{")
    assert check_output("repair", vai("repair", dag))[0]["is_repaired"]
    assert check_output("delete", vai("delete", dag))["deleted"]


def test_derived_values_are_explained_with_the_trace(vai: Vai, tmp_path: Path) -> None:
    """An argument that each run works out is drawn as a tree."""
    trace = str(EXAMPLE / "run.json")
    vai("crystallize", *REPORT)

    rows = check_output("explain", vai("explain", str(tmp_path / "dags/report.py"), "--trace", trace))

    assert {row["class"] for row in rows} > {"frozen"}
    assert any("derived" in row for row in rows) == any(row["class"] == "derived" for row in rows)


def test_the_savings(vai: Vai, dag: str, tmp_path: Path) -> None:
    """The ledger, with the cost of each DAG run."""
    runs = [{"run_id": "manual__1", "state": "success", "start_date": "2026-03-01T08:00:00+00:00", "end_date": None}]
    (tmp_path / "runs.json").write_text(json.dumps(runs))

    assert check_output("savings", vai("savings", dag, "--runs", str(tmp_path / "runs.json")))["rows"]


def test_the_decisions(vai: Vai, tmp_path: Path) -> None:
    """The record as a gate writes it (an integration test compares that), and a file that is no record."""
    kept = {"decision": "approve", "by": {"id": "1", "name": "ada"}, "note": None, "timed_out": False}
    ids = {"dag_id": "report", "run_id": "r", "task_id": "gate", "map_index": -1, "try_number": 1}
    more = {"automatic": False, "rests_on": None, "answered_at": "2026-03-01T08:00:00+00:00", "subject": "?"}
    edits = {"arguments.to": {"from": "a", "to": "b"}}
    steps = {"send": {"kind": "http_request", "arguments_sha256": "0" * 64, "edits": edits}}
    at = {"id": "1", "at": "2026-03-01T08:00:00+00:00", "covers": "0" * 64}
    file = write(tmp_path / "artifacts", {**kept, **ids, **more, **at, "steps": steps})
    (Path(file).parent / "broken.json").write_text("{")

    found = check_output("approvals", vai("approvals", "report", "--artifacts", str(tmp_path / "artifacts")))

    assert [set(one) == {"unreadable"} for one in found] == [True, False]


def test_the_sessions(vai: Vai, tmp_path: Path) -> None:
    """One that can be read, and one that cannot."""
    claude_session.write(tmp_path)
    (next((tmp_path / ".claude/projects").iterdir()) / f"{'0' * 8}-0000-4000-8000-000000000000.jsonl").write_text("{")

    found = check_output("sessions", vai("sessions"))

    assert sorted(one["problem"] is None for one in found) == [False, True]


def test_what_there_is(vai: Vai, dag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kinds, formats, and what the doctor finds where Airflow cannot be asked."""
    assert check_output("kinds", vai("kinds"))
    assert check_output("formats", vai("formats"))
    monkeypatch.setattr("airflow_provider_vai.analysis.doctor.examination.SECONDS", 0.01)
    assert check_output("doctor", vai("doctor", str(Path(dag).parent), "--timeout", "0.01", code=1))


def test_a_field_that_no_schema_names_is_noticed() -> None:
    """The comparison of these tests refuses fields that are missing and those that are too many."""
    fits = {"dag_id": "d", "deleted": True}

    assert check_output("delete", json.dumps(fits)) == fits
    for wrong in ({**fits, "more": 1}, {"dag_id": "d"}, {**fits, "deleted": False}):
        with pytest.raises(AssertionError):
            check_output("delete", json.dumps(wrong))
    assert "additionalProperties" not in command_schema("delete")
    assert closed(command_schema("delete"))["additionalProperties"] is False
