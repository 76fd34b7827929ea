"""The parts of a replay that do not need Airflow: recordings, baselines, options and the report."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.analysis.verify import baseline, recordings, replay, verdicts
from airflow_provider_vai.analysis.verify.verdicts import StepVerdict
from airflow_provider_vai.cli.main import main
from airflow_provider_vai.exceptions import AmbiguousRun, Conflict, ReplayRefused, SpecError
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.store.sidecar_files import read_sidecar
from airflow_provider_vai.store.versions import VersionLog

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5"
RUN = {
    "agentRun": {"id": "r1", "status": "completed", "input": {"prompt": "Look"}},
    "actionRuns": [
        {"id": "c1", "kind": "look", "status": "completed", "definition": {}, "result": {"n": 1}},
        {"id": "c2", "kind": "send", "status": "completed", "definition": {"to": "a"}, "result": {"sent": True}},
    ],
}
RULES = """
[[tools]]
match = "look"
kind = "python_tool"
callable = "m:look"
effect = "read"
[[tools]]
match = "send"
kind = "python_tool"
callable = "m:send"
"""


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with a trace and the DAG that was made from it."""
    (tmp_path / "run.json").write_text(json.dumps(RUN))
    (tmp_path / "vai-tools.toml").write_text(RULES)
    assert main(["crystallize", str(tmp_path / "run.json"), "--out", str(tmp_path), "--dag-id", "look"]) == 0
    capsys.readouterr()
    return tmp_path


@pytest.fixture
def sidecar(folder: Path) -> Sidecar:
    """The sidecar of the DAG in the folder."""
    return read_sidecar(folder / "look.vai.json")


def step(**more: Any) -> Step:
    """Return a step of a spec."""
    approval = StepApproval(recorded="unknown", reason="none")
    return Step(key="s", task_id="s", kind="python_tool", operator="m.O", approval=approval, **more)


def test_recordings_of_the_trace(folder: Path, sidecar: Sidecar) -> None:
    """Each step has the result of its call; gates have none, and an added step has a reason instead."""
    added = sidecar.steps[0].model_copy(update={"key": "new", "task_id": "new", "recorded": None, "call_ids": []})
    edited = sidecar.model_copy(update={"steps": [*sidecar.steps, added]})
    found = recordings.of_trace(edited, [folder / "run.json"])

    assert {key: recording.value for key, recording in found.steps.items()} == {
        "look": {"n": 1},
        "send": {"sent": True},
    }
    assert "added or replaced" in found.missing["new"]
    assert found.notes == []


def test_recordings_of_another_run(folder: Path, sidecar: Sidecar) -> None:
    """A trace with other results is refused, and so is one with several runs that do not include the recorded run."""
    other = folder / "other.json"
    other.write_text(json.dumps(RUN).replace('"n": 1', '"n": 2'))
    with pytest.raises(ReplayRefused, match="other results for look"):
        recordings.of_trace(sidecar, [other])
    other.write_text(json.dumps([RUN, RUN]).replace('"r1"', '"r2"'))
    with pytest.raises(AmbiguousRun, match="2 runs, and 0"):
        recordings.of_trace(sidecar, [other])
    with pytest.raises(ReplayRefused, match="made from a spec"):
        recordings.of_trace(sidecar.model_copy(update={"source": None}), [other])


def test_recordings_of_the_sidecar(sidecar: Sidecar) -> None:
    """The sidecar provides digests and schemas, but no values."""
    found = recordings.of_sidecar(sidecar)

    assert set(found.steps) == {"look", "send"}
    assert not any(recording.has_value for recording in found.steps.values())


def accepted(sidecar: Sidecar, result: Any = 1) -> dict[str, baseline.Accepted]:
    """Return the result in the form of a baseline for every step that is not a gate."""
    return {one.key: baseline.accepted(one, result) for one in sidecar.steps if one.kind != "approval_gate"}


def test_a_baseline_is_kept(folder: Path, sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch) -> None:
    """A baseline has a number, author, time and summary, is no version, and the newest one is used."""
    monkeypatch.setenv("VAI_AUTHOR", "ada")
    before = [entry.number for entry in VersionLog(folder, "look").entries()]
    for result in (1, {"two": 2}):
        baseline.accept(folder, sidecar, accepted(sidecar, result), summary=f"{result}")
    found = baseline.newest(folder, "look")

    assert found is not None
    assert (found.number, found.by, found.summary, found.steps["look"].value) == (2, "ada", "{'two': 2}", {"two": 2})
    assert [entry.number for entry in VersionLog(folder, "look").entries()] == before
    assert recordings.of_baseline(sidecar, found).steps["look"].value == {"two": 2}
    assert baseline.newest(folder, "another") is None


def test_a_changed_step_has_no_accepted_result(folder: Path, sidecar: Sidecar) -> None:
    """A step with changed arguments has no accepted result; other changes do not matter."""
    kept = baseline.accept(folder, sidecar, accepted(sidecar))
    look, *others = sidecar.steps
    edits = {
        "arguments": {**look.arguments, "arguments": Argument.frozen({"n": 2})},
        "retries": 3,
    }
    for name, value in edits.items():
        changed = sidecar.model_copy(update={"steps": [look.model_copy(update={name: value}), *others]})
        found = recordings.of_baseline(changed, kept)
        assert ("look" in found.missing) == (name == "arguments")


def test_a_baseline_holds_no_credentials(folder: Path, sidecar: Sidecar) -> None:
    """Credentials are masked in values and keys, and the result is marked; very long results are not stored."""
    kept = baseline.accept(folder, sidecar, accepted(sidecar, {"token": TOKEN, "n": 1, TOKEN: 2}))
    text = next((VersionLog(folder, "look").folder / "baselines").iterdir()).read_text()

    assert TOKEN not in text
    assert kept.steps["look"].is_masked
    assert recordings.of_baseline(sidecar, kept).steps["look"].is_masked
    long = baseline.accepted(step(), "x" * (baseline.KEPT_CHARACTERS + 1))
    assert (long.is_kept, long.value, long.result_schema) == (False, None, {"type": "string"})
    nothing = baseline.accepted(step(), None)
    assert (nothing.is_kept, nothing.value) == (True, None)


def test_two_accept_at_once(folder: Path, sidecar: Sidecar) -> None:
    """If two people accept at the same time, one is refused or comes second; no file is overwritten."""
    accepted_by: list[str] = []
    start = threading.Barrier(6)

    def accept(name: str) -> None:
        start.wait()
        try:
            baseline.accept(folder, sidecar, accepted(sidecar, name), by=name)
            accepted_by.append(name)
        except Conflict:
            pass

    threads = [threading.Thread(target=accept, args=(f"n{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    files = sorted((VersionLog(folder, "look").folder / "baselines").glob("*.json"))

    assert [file.name for file in files] == [f"{number:06}.json" for number in range(1, len(accepted_by) + 1)]
    assert sorted(json.loads(file.read_text())["by"] for file in files) == sorted(accepted_by)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"schema_version": 3}'])
def test_a_damaged_baseline(folder: Path, content: bytes) -> None:
    """A damaged baseline is refused and its file is named; it is not treated as missing."""
    place = VersionLog(folder, "look").folder / "baselines"
    place.mkdir()
    (place / "000001.json").write_bytes(content)
    with pytest.raises(SpecError) as caught:
        baseline.newest(folder, "look")
    assert caught.value.where.endswith("000001.json")


def test_places_that_are_left_out(sidecar: Sidecar) -> None:
    """A place is a step and a path, a dot in a key has a backslash, and an unknown step is refused."""
    found = verdicts.ignored(["look.rows.*.a\\.b", "look.n", "send"], sidecar)

    assert found == {"look": [("rows", "*", "a.b"), ("n",)], "send": [()]}
    with pytest.raises(SpecError, match="there is no step 'nowhere'"):
        verdicts.ignored(["nowhere.n"], sidecar)


@pytest.mark.parametrize(
    ("verdict", "good"),
    [
        ("equal bytes", ["bytes", "equal", "masked", "schema"]),
        ("equal", ["equal", "masked", "schema"]),
        ("equal but for", ["masked", "schema"]),
        ("same schema", ["schema"]),
        ("drifted", []),
        ("failed", []),
        ("stood in", ["bytes", "equal", "masked", "schema"]),
        ("passed", ["bytes", "equal", "masked", "schema"]),
        ("unknown", ["bytes", "equal", "masked", "schema"]),
    ],
)
def test_what_counts_as_good(verdict: Any, good: list[str]) -> None:
    """Each value of --level accepts one more verdict."""
    found = StepVerdict("s", "s", "python_tool", verdict)
    assert [level for level in verdicts.GOOD_FROM if found.is_good(level)] == good


def test_the_environment_of_a_replay(
    folder: Path, sidecar: Sidecar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment uses no configured database, artifacts, logs or collectors, even with --here."""
    for name in ("SQL_ALCHEMY_CONN", "SQL_ALCHEMY_CONN_CMD", "SQL_ALCHEMY_CONN_SECRET"):
        monkeypatch.setenv(f"AIRFLOW__DATABASE__{name}", "real")
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", "s3://real")
    monkeypatch.setenv("AIRFLOW_HOME", "/real")
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", "http://shop")
    for here in (False, True):
        found = replay._environment(folder / "look.py", tmp_path / "private", here=here)
        database = [value for name, value in found.items() if "DATABASE" in name]
        assert database == [f"sqlite:///{tmp_path}/private/replay.db"]
        assert found["AIRFLOW__VAI__ARTIFACTS_PATH"] == f"file://{tmp_path}/private/artifacts"
        assert found["AIRFLOW__OPENLINEAGE__DISABLED"] == "True"
        assert (found["AIRFLOW_HOME"] == "/real") == here
        assert found["AIRFLOW_CONN_SHOP"] == "http://shop"
        assert found["PYTHONPATH"].split(os.pathsep)[0] == str(folder)


def test_a_process_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay that takes too long is stopped, and the message contains the limit."""
    with pytest.raises(ReplayRefused, match="longer than 0 seconds"):
        replay._run_module("timeit", "import time; time.sleep(600)", seconds=0.2)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(ReplayRefused, match="cannot be run"):
        replay._run_module("json.tool")


@pytest.mark.parametrize("option", [["--accept"], ["--live-writes"], ["--level", "schema"], ["--html", "x.html"]])
def test_options_of_a_replay_alone(folder: Path, option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Options that need a replay are refused without --replay."""
    assert main(["verify", str(folder / "look.py"), *option]) == 1
    assert option[0] in capsys.readouterr().err


@pytest.mark.parametrize("conf", ["[1]", "{", '{"a": NaN}'])
def test_params_that_are_none(folder: Path, conf: str, capsys: pytest.CaptureFixture[str]) -> None:
    """--conf must be a JSON object."""
    assert main(["verify", str(folder / "look.py"), "--replay", "--conf", conf]) == 1
    assert "--conf" in capsys.readouterr().err


def test_without_a_dag_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A replay without a DAG file is refused."""
    (folder / "look.py").unlink()
    assert main(["verify", str(folder / "look.vai.json"), "--replay"]) == 1
    assert "there is no DAG file" in capsys.readouterr().err
