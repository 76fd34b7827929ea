"""Damaged files of an automation are reported by name, and written again from the others where those have it all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.analysis.doctor import needs
from airflow_provider_vai.analysis.lint import lint
from airflow_provider_vai.cli.main import main
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.store import lifecycle
from airflow_provider_vai.store.damage import damages
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.repair import repair
from airflow_provider_vai.store.sidecar_files import read_sidecar
from airflow_provider_vai.store.state import read_state
from airflow_provider_vai.store.versions import MARK, VersionLog
from tests.unit.store.file_faults import files
from tests.unit.support import call, crystallized, run

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda content: content[: len(content) // 2],
    "zeros": lambda content: b"\0" * len(content),
    "not UTF-8": lambda content: b"\xff\xfe" + content,
    "a number": lambda _: b"5",
    "a list": lambda _: b"[]",
    "another object": lambda _: b'{"based_on": 5}',
    "without a field": lambda content: json.dumps(
        {name: value for name, value in json.loads(content).items() if name not in ("dag_id", "sidecar")}
    ).encode(),
    "deep": lambda _: b"[" * 100_000,
}


def made(value: Any = 1) -> Automation:
    """Return an automation of one call."""
    return crystallized(run(call("look", {"value": value})), dag_id="report", gates="recorded")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an automation of three entries: two versions, and a pause."""
    place = tmp_path / "dags"
    publish(made(1), place)
    publish(made(2), place)
    lifecycle.pause(place, "report")
    return place


def entry(folder: Path, number: int) -> Path:
    """Return the file of a log entry."""
    return folder / ".vai" / "report" / f"{number:06}.json"


def damage(path: Path, how: str) -> None:
    """Damage a file."""
    path.write_bytes(DAMAGES[how](path.read_bytes()))


def without_kept(folder: Path) -> dict[str, bytes]:
    """Return the files in a folder, without the damaged ones that were kept."""
    return {name: content for name, content in files(folder).items() if not name.endswith(".damaged")}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_sidecar(how: str, folder: Path) -> None:
    """It is written again from the log, byte for byte, and the damaged one is kept."""
    before, sidecar = files(folder), folder / "report.vai.json"
    damage(sidecar, how)
    damaged = sidecar.read_bytes()
    with pytest.raises(SpecError) as refused:
        publish(made(3), folder)
    assert (refused.value.where, "vai repair" in refused.value.remedy) == (str(sidecar), True)
    (finding,) = [one for one in lint([folder]) if "vai repair" in one.suggestion]
    assert (finding.file, finding.level) == (str(sidecar), "error")

    (repaired,) = repair(folder, "report")

    assert repaired.is_repaired
    assert without_kept(folder) == before
    assert (folder / "report.vai.json.damaged").read_bytes() == damaged
    assert repair(folder, "report") == []
    assert publish(made(3), folder).version == 3


@pytest.mark.parametrize("how", DAMAGES)
def test_the_newest_entry(how: str, folder: Path) -> None:
    """An entry of the log is written again from the sidecar and the DAG file."""
    publish(made(3), folder, by="mia", summary="of mine")
    before, newest = files(folder), entry(folder, 4)
    damage(newest, how)
    with pytest.raises(SpecError) as refused:
        publish(made(4), folder)
    assert (refused.value.where, "vai repair" in refused.value.remedy) == (str(newest), True)
    (finding,) = [one for one in lint([folder]) if one.code == "VAI606"]
    assert (finding.file, "vai repair" in finding.suggestion) == (str(newest), True)
    assert str(newest) in [one.subject for one in needs.of_folder(folder).diagnoses]

    assert [one.is_repaired for one in repair(folder, "report")] == [True]

    assert without_kept(folder) == before
    assert publish(made(4), folder).version == 4


def test_an_entry_of_the_status(folder: Path) -> None:
    """A pause is written again, but who paused it is no longer known."""
    before = read_state(folder, "report").sidecar
    damage(entry(folder, 3), "cut")
    assert [one.is_repaired for one in repair(folder, "report")] == [True]
    state = read_state(folder, "report")
    assert state.sidecar == before
    assert [one.change for one in state.log.entries()] == ["paused", "version", "version"]


def test_an_older_entry(folder: Path) -> None:
    """What only the damaged file had is lost, which is said; the other versions and the automation go on."""
    damage(entry(folder, 1), "zeros")
    with pytest.raises(SpecError):
        lifecycle.restore(folder, "report", 1)
    (left,) = repair(folder, "report")
    assert (left.path, left.is_repaired) == (entry(folder, 1), False)
    assert "no longer in the history" in left.outcome
    assert (folder / ".vai/report/000001.json.damaged").exists()
    assert repair(folder, "report") == damages(folder, "report") == []
    assert publish(made(3), folder).version == 3
    assert lifecycle.restore(folder, "report", 2).version == 4
    with pytest.raises(SpecError, match="no version 1"):
        lifecycle.restore(folder, "report", 1)


def test_a_missing_entry(folder: Path) -> None:
    """The newest version is written again from the pair, even if its entry is not the newest one."""
    before = VersionLog(folder, "report").version(2)
    entry(folder, 2).unlink()
    (finding,) = [one for one in lint([folder]) if one.code == "VAI606"]
    assert (finding.file, finding.problem) == (str(entry(folder, 2)), "the entry is missing")
    assert [one.is_repaired for one in repair(folder, "report")] == [True]
    assert VersionLog(folder, "report").version(2) == before
    assert not read_state(folder, "report").is_edited
    assert publish(made(3), folder).version == 3


def test_a_missing_older_entry(folder: Path) -> None:
    """A gap in the log that nothing can fill is reported once."""
    entry(folder, 1).unlink()
    assert [one.is_repaired for one in repair(folder, "report")] == [False]
    assert [*repair(folder, "report"), *(one for one in lint([folder]) if one.code == "VAI606")] == []
    assert publish(made(3), folder).version == 3


def test_everything_but_the_log(folder: Path) -> None:
    """Both files are written again from the log."""
    before = files(folder)
    for name in ("report.py", "report.vai.json"):
        (folder / name).unlink()
    (finding,) = [one for one in lint([folder]) if one.code == "VAI606"]
    assert finding.file == str(folder / "report.vai.json")
    assert [one.is_repaired for one in repair(folder, "report")] == [True, True]
    assert files(folder) == before


def test_everything_but_the_pair(folder: Path) -> None:
    """Without its log, an automation starts a new one, as those of old releases do."""
    shutil.rmtree(folder / ".vai")
    assert repair(folder, "report") == []
    assert publish(made(3), folder).version == 3


def test_a_dag_file(folder: Path) -> None:
    """What is not Python is no edit by hand: it is kept, and the file is written again. An edit stays."""
    dag = folder / "report.py"
    before = dag.read_bytes()
    dag.write_bytes(before[:200])
    assert [one.is_repaired for one in repair(folder, "report")] == [True]
    assert dag.read_bytes() == before
    assert (folder / "report.py.damaged").read_bytes() == before[:200]
    dag.write_bytes(before + b"# by hand\n")
    assert repair(folder, "report") == []
    assert dag.read_bytes() == before + b"# by hand\n"


def test_an_unfinished_change(folder: Path) -> None:
    """Lint says that a change was interrupted, not that a person edited the file; repair finishes it."""
    old = (folder / "report.vai.json").read_bytes()
    log = VersionLog(folder, "report")
    publish(made(3), folder)
    after = files(folder)
    (folder / "report.vai.json").write_bytes(old)
    log.mark(4, [old])
    assert {one.code for one in lint([folder])} & {"VAI602", "VAI603", "VAI604", "VAI607"} == {"VAI607"}
    (finished,) = repair(folder, "report")
    assert (finished.is_repaired, finished.outcome) == (True, "the change was finished")
    assert files(folder) == after
    assert not (log.folder / MARK).exists()


@pytest.mark.parametrize("name", ["report.vai.json", ".vai/report/000003.json"])
def test_a_newer_release(name: str, folder: Path) -> None:
    """What a newer release wrote is not damaged, and stays."""
    document = json.loads((folder / name).read_bytes())
    sidecar = document.get("sidecar", document)
    sidecar["schema_version"] = 3
    (folder / name).write_text(json.dumps(document))
    before = files(folder)
    with pytest.raises(SpecError, match="newer version") as refused:
        repair(folder, "report")
    assert refused.value.where == str(folder / name)
    assert "Upgrade" in refused.value.remedy
    assert files(folder) == before


def test_a_deleted_automation(folder: Path) -> None:
    """It is not brought back."""
    lifecycle.delete(folder, "report")
    before = files(folder)
    assert (lint([folder]), repair(folder, "report"), files(folder)) == ([], [], before)


@pytest.mark.parametrize("content", [b"", b"\xff", b"4 x", b"99999999999999999999"])
def test_a_damaged_mark(content: bytes, folder: Path) -> None:
    """It means nothing, and the next change removes it."""
    (folder / ".vai" / "report" / MARK).write_bytes(content)
    assert repair(folder, "report") == []
    assert publish(made(3), folder).version == 3
    assert not (folder / ".vai" / "report" / MARK).exists()


def test_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says for each file what was wrong and what it did, and exits with 1 if something is left."""
    assert main(["repair", str(folder)]) == 0
    assert "nothing to repair" in capsys.readouterr().out
    damage(folder / "report.vai.json", "cut")
    assert main(["repair", str(folder / "report.py"), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["file"], row["is_repaired"]) == (str(folder / "report.vai.json"), True)
    assert read_sidecar(folder / "report.vai.json").version == 2
    damage(entry(folder, 1), "cut")
    assert main(["repair", str(folder)]) == 1
    assert "000001.json" in capsys.readouterr().out


def test_nothing_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A path without an automation is refused."""
    assert main(["repair", str(tmp_path / "nothing.py")]) == 1
    assert "there is no automation" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
