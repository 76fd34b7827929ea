"""The pair of files: both or neither, nothing of anybody else's, nothing twice."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.automation import Automation
from airflow_provider_vai.exceptions import EditedByHand, PublishError, SpecError, VaiError
from airflow_provider_vai.publisher import Published, free_dag_id, publish
from airflow_provider_vai.renderer import render
from airflow_provider_vai.sidecar import read_sidecar

from .support import call, crystallized, hostile, run

NOT_AS_ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


def made(value: Any = 1, *, run_id: str = "run-1", dag_id: str = "report") -> Automation:
    """Return an automation of one call with that argument."""
    return crystallized(run(call("look", {"value": value}), id=run_id), dag_id=dag_id, gates="recorded")


def put(automation: Automation, folder: Path, **options: Any) -> Published:
    """Render and publish."""
    return publish(automation, render(automation), folder, **options)


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below the folder, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_pair(folder: Path, dag_id: str = "report") -> None:
    """The folder holds the DAG file and the sidecar that vouches for it, and nothing else."""
    assert sorted(contents(folder)) == [f"{dag_id}.py", f"{dag_id}.vai.json"]
    digest = hashlib.sha256((folder / f"{dag_id}.py").read_bytes()).hexdigest()
    assert read_sidecar(folder / f"{dag_id}.vai.json").dag_sha256 == digest


def fails_at(number: int, error: BaseException) -> Callable[..., None]:
    """Return a stand-in for `os.replace` or `os.fsync` that raises at its nth call."""
    calls = 0
    real = {"replace": os.replace, "fsync": os.fsync}

    def called(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == number:
            raise error
        real["replace" if len(arguments) == 2 else "fsync"](*arguments)

    return called


def test_first_version_is_a_draft(tmp_path: Path) -> None:
    """A new pair, in a folder that is made for it."""
    published = put(made(), tmp_path / "deep" / "er", summary="from a test")
    assert (published.change, published.version) == ("created", 1)
    assert_pair(tmp_path / "deep" / "er")
    sidecar = read_sidecar(published.sidecar)
    assert (sidecar.status, sidecar.version, sidecar.history[0].summary) == ("draft", 1, "from a test")


def test_history_names_time_and_author(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both can be fixed from outside, so that the same run gives the same bytes anywhere."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    monkeypatch.setenv("VAI_AUTHOR", "mia")
    (entry,) = read_sidecar(put(made(), tmp_path / "a").sidecar).history
    assert (entry.at.isoformat(), entry.by) == ("1970-01-01T00:00:00+00:00", "mia")
    put(made(), tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_another_value_is_another_version(tmp_path: Path) -> None:
    """The history keeps what was before."""
    put(made(1), tmp_path)
    published = put(made(2), tmp_path)
    assert (published.change, published.version) == ("updated", 2)
    history = read_sidecar(published.sidecar).history
    assert [entry.version for entry in history] == [1, 2]
    assert history[0].spec_sha256 != history[1].spec_sha256
    assert_pair(tmp_path)


def test_unchanged_is_not_written_again(tmp_path: Path) -> None:
    """The same automation leaves both files as they are, to the nanosecond."""
    first = put(made(), tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = put(made(), tmp_path)
    assert (again.change, again.version) == ("unchanged", first.version)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("value", [1.0, True, "1"])
def test_a_change_of_type_is_a_change(value: Any, tmp_path: Path) -> None:
    """1 is not 1.0 is not true."""
    put(made(1), tmp_path)
    assert put(made(value), tmp_path).change == "updated"


def test_deleted_dag_file_is_written_again(tmp_path: Path) -> None:
    """The sidecar alone is no pair."""
    published = put(made(), tmp_path)
    published.dag.unlink()
    assert put(made(), tmp_path).change == "updated"
    assert_pair(tmp_path)


@pytest.mark.parametrize(
    ("function", "number"),
    [("replace", 1), ("replace", 2), ("fsync", 1), ("fsync", 2)],
    ids=["first move", "second move", "first write", "second write"],
)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("is_update", [True, False], ids=["update", "new"])
def test_full_disk_changes_nothing(
    function: str, number: int, code: int, is_update: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever writing fails, the old pair is there byte for byte, and no other file; the next try succeeds."""
    if is_update:
        put(made(1), tmp_path)
    before = contents(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, function, fails_at(number, OSError(code, os.strerror(code), str(tmp_path / "report.py"))))
        with pytest.raises(PublishError) as refusal:
            put(made(2), tmp_path)
    assert refusal.value.problem == os.strerror(code)
    assert refusal.value.where == str(tmp_path / "report.py")
    assert contents(tmp_path) == before
    assert put(made(2), tmp_path).version == 1 + is_update
    assert_pair(tmp_path)


@pytest.mark.parametrize("number", [1, 2], ids=["before the first move", "between the moves"])
def test_keyboard_interrupt_leaves_a_pair(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the files are moved leaves the old pair or the new one, or one that the next publish finishes."""
    put(made(1), tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fails_at(number, KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            put(made(2), tmp_path)
    put(made(3), tmp_path)
    assert_pair(tmp_path)


KILLED = """
import os, sys
from pathlib import Path
from airflow_provider_vai.publisher import publish
from airflow_provider_vai.renderer import render
from airflow_provider_vai.sidecar import read_sidecar
moves, real = [], os.replace
def replace(*names):
    moves.append(names)
    if len(moves) == 2:
        os._exit(9)
    real(*names)
os.replace = replace
automation = read_sidecar(Path(sys.argv[1])).automation
publish(automation, render(automation), Path(sys.argv[2]), force=True)
"""


@pytest.mark.parametrize("is_update", [True, False], ids=["update", "new"])
def test_killed_between_the_moves_is_finished_by_the_next(is_update: bool, tmp_path: Path) -> None:
    """A process that dies between the two moves leaves a pair that the next publish completes."""
    folder = tmp_path / "out"
    if is_update:
        put(made(1), folder)
    new = put(made(2), tmp_path / "elsewhere")
    process = subprocess.run([sys.executable, "-c", KILLED, new.sidecar, folder], check=False)
    assert process.returncode == 9
    assert sorted(contents(folder))[0] == ".report.py.new"
    published = put(made(2), folder)
    assert published.change == "unchanged"
    assert_pair(folder)


@pytest.mark.parametrize("name", [".report.py.new", ".report.vai.json.new"])
def test_leftovers_of_a_killed_process_are_removed(name: str, tmp_path: Path) -> None:
    """A file that waited and that no sidecar vouches for never becomes the DAG."""
    put(made(1), tmp_path)
    (tmp_path / name).write_text("half a fi")
    put(made(2), tmp_path)
    assert_pair(tmp_path)


def test_hand_edit_is_refused(tmp_path: Path) -> None:
    """An edited DAG file stays; --force replaces it and keeps counting versions."""
    published = put(made(1), tmp_path)
    published.dag.write_text(published.dag.read_text() + "# mine\n")
    before = contents(tmp_path)
    with pytest.raises(EditedByHand) as refusal:
        put(made(2), tmp_path)
    assert refusal.value.where == str(published.dag)
    assert "--force" in refusal.value.remedy
    assert contents(tmp_path) == before
    assert put(made(2), tmp_path, force=True).version == 2
    assert_pair(tmp_path)


def test_foreign_file_is_refused(tmp_path: Path) -> None:
    """A DAG file without a sidecar is somebody's own."""
    (tmp_path / "report.py").write_text("print('mine')\n")
    with pytest.raises(PublishError, match="was not rendered here"):
        put(made(), tmp_path)
    assert contents(tmp_path) == {"report.py": b"print('mine')\n"}
    assert put(made(), tmp_path, force=True).change == "created"
    assert_pair(tmp_path)


def test_other_recording_is_refused(tmp_path: Path) -> None:
    """One name, two runs: the first one's DAG stays."""
    put(made(run_id="run-1"), tmp_path)
    before = contents(tmp_path)
    with pytest.raises(PublishError, match=r"another recording \(run-1\)"):
        put(made(run_id="run-2"), tmp_path)
    assert contents(tmp_path) == before
    assert put(made(run_id="run-2"), tmp_path, force=True).version == 2


def test_broken_sidecar_is_refused(tmp_path: Path) -> None:
    """Whose the pair is cannot be told, so nothing is written."""
    put(made(), tmp_path)
    (tmp_path / "report.vai.json").write_text("{")
    before = contents(tmp_path)
    with pytest.raises(SpecError):
        put(made(2), tmp_path)
    assert contents(tmp_path) == before


def test_derived_ids_evade_other_recordings(tmp_path: Path) -> None:
    """Runs of one title get an id each, and find it again."""
    one, other = made(run_id="run-1"), made(run_id="run-2")
    assert free_dag_id("report", one, tmp_path) == "report"
    put(one, tmp_path)
    assert free_dag_id("report", one, tmp_path) == "report"
    evaded = free_dag_id("report", other, tmp_path)
    assert evaded == f"report_{hashlib.sha256(b'run-2').hexdigest()[:6]}"
    assert free_dag_id("report", other, tmp_path) == evaded


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """The message names the path and says that nothing was written."""
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(PublishError) as refusal:
            put(made(), folder)
        assert refusal.value.where.startswith(str(tmp_path / "file"))


@NOT_AS_ROOT
def test_read_only_folder_is_refused(tmp_path: Path) -> None:
    """The message names the folder."""
    tmp_path.chmod(0o500)
    with pytest.raises(PublishError, match="Permission denied"):
        put(made(), tmp_path)
    tmp_path.chmod(0o700)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("entry", hostile("path"), ids=lambda entry: entry["name"])
def test_hostile_ids_are_contained_or_refused(entry: dict[str, Any], tmp_path: Path) -> None:
    """Whatever a DAG is called, its two files lie in the folder, and never over another's."""
    folder = tmp_path / "a" / "out"
    folder.mkdir(parents=True)
    expected: dict[str, bytes] = {}
    for number, name in enumerate(entry["values"]):
        try:
            published = put(made(run_id=f"run-{number}", dag_id=name), folder)
        except VaiError as refusal:
            remedy = refusal.remedy
            assert remedy
        else:
            assert published.change == "created"
            assert published.dag.parent == published.sidecar.parent == folder
            expected |= {
                str(path.relative_to(tmp_path)): path.read_bytes() for path in (published.dag, published.sidecar)
            }
            assert not published.dag.name.startswith((".", "-", "_"))
            assert published.dag.name.isprintable()
            assert len({path.casefold() for path in expected}) == len(expected)
        assert contents(tmp_path) == expected


@pytest.mark.parametrize(
    "name", ["json", "airflow", "logging", "conftest", "__init__", "airflow_provider_vai", "json.v2"]
)
def test_module_names_are_refused(name: str, tmp_path: Path) -> None:
    """The dags folder is on the import path: such a file would replace the module for every DAG."""
    with pytest.raises(PublishError, match=f"'{name}'") as refusal:
        put(made(dag_id=name), tmp_path)
    assert "Try 'vai_" in refusal.value.remedy
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(("name", "twin"), [("Report", "report"), ("straße", "STRASSE"), ("caf\u00e9", "CAF\u00c9")])
def test_case_twins_are_refused(name: str, twin: str, tmp_path: Path) -> None:
    """On some systems the two names are one file."""
    put(made(dag_id=name), tmp_path)
    before = contents(tmp_path)
    with pytest.raises(PublishError, match="differs from"):
        put(made(dag_id=twin), tmp_path)
    assert contents(tmp_path) == before


AT_ONCE = """
import sys
from pathlib import Path
from airflow_provider_vai.automation import Argument
from airflow_provider_vai.publisher import publish
from airflow_provider_vai.renderer import render
from airflow_provider_vai.sidecar import read_sidecar
first = read_sidecar(Path(sys.argv[1])).automation
for number in range(12):
    steps = [first.steps[0].model_copy(update={"arguments": {
        **first.steps[0].arguments, "tool": Argument.frozen(f"{sys.argv[3]} {number}")}})]
    automation = first.model_copy(update={"steps": steps})
    publish(automation, render(automation), Path(sys.argv[2]))
"""


def test_two_processes_at_once_leave_a_pair(tmp_path: Path) -> None:
    """Neither loses a version of the other, and the files belong together."""
    first = put(made(), tmp_path / "elsewhere")
    command = [sys.executable, "-c", AT_ONCE, first.sidecar, tmp_path / "out"]
    processes = [subprocess.Popen([*command, name]) for name in ("one", "other")]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert_pair(tmp_path / "out")
    history = read_sidecar(tmp_path / "out" / "report.vai.json").history
    assert [entry.version for entry in history] == list(range(1, 25))
