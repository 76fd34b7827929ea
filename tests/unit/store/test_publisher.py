"""Publishing writes both files or neither, never overwrites other files, and writes nothing twice."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.exceptions import Conflict, EditedByHand, PublishError, SpecError, VaiError
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.store.dag_names import free_dag_id
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.sidecar_files import read_sidecar
from airflow_provider_vai.store.versions import VersionLog
from tests.unit.support import call, crystallized, hostile, run

NOT_AS_ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


def made(value: Any = 1, *, run_id: str = "run-1", dag_id: str = "report") -> Automation:
    """Return an automation of one call with that argument."""
    return crystallized(run(call("look", {"value": value}), id=run_id), dag_id=dag_id, gates="recorded")


put = publish


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below the folder, hidden ones included, except logs and a killed writer's temporary files."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: content for name, content in files.items() if ".vai/" not in name and not name.endswith(".waiting")}


def logged(folder: Path, dag_id: str = "report") -> list[str]:
    """Return the files of an automation's log."""
    log = folder / ".vai" / dag_id
    return sorted(path.name for path in log.iterdir() if path.suffix != ".waiting") if log.is_dir() else []


def assert_pair(folder: Path, dag_id: str = "report") -> None:
    """Check that the folder contains only the DAG file and its sidecar, and that they belong together."""
    assert sorted(contents(folder)) == [f"{dag_id}.py", f"{dag_id}.vai.json"]
    digest = hashlib.sha256((folder / f"{dag_id}.py").read_bytes()).hexdigest()
    assert read_sidecar(folder / f"{dag_id}.vai.json").dag_sha256 == digest


REAL = {name: getattr(os, name) for name in ("replace", "link", "fsync")}


def fails_at(function: str, number: int, error: BaseException) -> Callable[..., None]:
    """Return a stand-in for a function of `os` that raises at its nth call."""
    calls = 0

    def called(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == number:
            raise error
        REAL[function](*arguments)

    return called


def test_first_version_is_a_draft(tmp_path: Path) -> None:
    """Publishing creates the folder and both files."""
    published = put(made(), tmp_path / "deep" / "er", summary="from a test")
    assert (published.change, published.version) == ("created", 1)
    assert_pair(tmp_path / "deep" / "er")
    sidecar = read_sidecar(published.sidecar)
    assert (sidecar.status, sidecar.version, sidecar.history[0].summary) == ("draft", 1, "from a test")


def test_history_names_time_and_author(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time and author can be fixed, so that the same run gives the same bytes anywhere."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    monkeypatch.setenv("VAI_AUTHOR", "mia")
    (entry,) = read_sidecar(put(made(), tmp_path / "a").sidecar).history
    assert (entry.at.isoformat(), entry.by) == ("1970-01-01T00:00:00+00:00", "mia")
    put(made(), tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_clock_that_goes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions are ordered by their numbers; their times are what the clock said."""
    for number, second in enumerate((2_000_000_000, 1_000_000_000, 1_500_000_000, 0), 1):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(second))
        published = put(made(number), tmp_path)
        assert published.version == number
        assert_pair(tmp_path)
    assert [entry.sidecar.version for entry in VersionLog(tmp_path, "report").entries()] == [4, 3, 2, 1]
    history = read_sidecar(published.sidecar).history
    assert [entry.version for entry in history] == [1, 2, 3, 4]
    assert [entry.at.year for entry in history] == [2033, 2001, 2017, 1970]


def test_another_value_is_another_version(tmp_path: Path) -> None:
    """The history keeps earlier versions."""
    put(made(1), tmp_path)
    published = put(made(2), tmp_path)
    assert (published.change, published.version) == ("updated", 2)
    history = read_sidecar(published.sidecar).history
    assert [entry.version for entry in history] == [1, 2]
    assert history[0].spec_sha256 != history[1].spec_sha256
    assert_pair(tmp_path)


def test_unchanged_is_not_written_again(tmp_path: Path) -> None:
    """Publishing the same automation again does not touch the files."""
    first = put(made(), tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = put(made(), tmp_path)
    assert (again.change, again.version) == ("unchanged", first.version)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("value", [1.0, True, "1"])
def test_a_change_of_type_is_a_change(value: Any, tmp_path: Path) -> None:
    """Values that differ only in type are a change."""
    put(made(1), tmp_path)
    assert put(made(value), tmp_path).change == "updated"


def test_deleted_dag_file_is_written_again(tmp_path: Path) -> None:
    """A missing DAG file is written again."""
    published = put(made(), tmp_path)
    published.dag.unlink()
    assert put(made(), tmp_path).change == "updated"
    assert_pair(tmp_path)


@pytest.mark.parametrize("function", REAL)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("is_update", [True, False], ids=["update", "new"])
def test_full_disk_changes_nothing(
    function: str, code: int, is_update: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever writing fails, the old files and log are unchanged, and the next attempt succeeds."""
    if is_update:
        put(made(1), tmp_path)
    before, log, refusals = contents(tmp_path), logged(tmp_path), []
    for number in count(1):
        with monkeypatch.context() as patch:
            error = OSError(code, os.strerror(code), str(tmp_path / "report.py"))
            patch.setattr(os, function, fails_at(function, number, error))
            try:
                published = put(made(2), tmp_path)
            except PublishError as refusal:
                refusals.append(refusal)
                assert (contents(tmp_path), logged(tmp_path)) == (before, log)
                continue
        break  # so often it is not called, or the call does not matter
    assert refusals
    assert all(os.strerror(code) in refusal.problem and refusal.remedy for refusal in refusals)
    assert published.version == 1 + is_update
    assert_pair(tmp_path)


@pytest.mark.parametrize("function", REAL)
def test_keyboard_interrupt_leaves_a_pair(function: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted anywhere, publishing leaves the old pair or the new one."""
    put(made(1), tmp_path)
    for number in range(1, 9):
        with monkeypatch.context() as patch:
            patch.setattr(os, function, fails_at(function, number, KeyboardInterrupt()))
            with suppress(KeyboardInterrupt):
                put(made(number + 1), tmp_path)
        assert_pair(tmp_path)
        assert "under-way" not in logged(tmp_path)


KILLED = """
import os, sys
from pathlib import Path
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.sidecar_files import read_sidecar
calls = []
def dies(function):
    real = getattr(os, function)
    def called(*arguments):
        calls.append(function)
        if len(calls) == int(sys.argv[3]):
            os._exit(9)
        return real(*arguments)
    return called
for function in ("replace", "link", "fsync"):
    setattr(os, function, dies(function))
publish(read_sidecar(Path(sys.argv[1])).automation, Path(sys.argv[2]), force=True)
"""


@pytest.mark.parametrize("is_update", [True, False], ids=["update", "new"])
def test_killed_anywhere_is_finished_by_the_next(is_update: bool, tmp_path: Path) -> None:
    """A killed process leaves no trace, or a version that the next publish completes, but never a mixture."""
    new = put(made(2), tmp_path / "elsewhere")
    for number in count(1):
        folder = tmp_path / f"out{number}"
        if is_update:
            put(made(1), folder)
        command = [sys.executable, "-c", KILLED, str(new.sidecar), str(folder), str(number)]
        process = subprocess.run(command, check=False)
        if process.returncode == 0:
            break
        assert process.returncode == 9
        published = put(made(2), folder)
        assert published.version == 1 + is_update
        assert_pair(folder)
        assert logged(folder) == [f"{entry:06}.json" for entry in range(1, published.version + 1)]
    assert number > 6


def edited(dag: Path, old: str, new: str) -> None:
    """Edit a DAG file by hand."""
    text = dag.read_text()
    assert text.count(old) == 1
    dag.write_text(text.replace(old, new))


def test_a_hand_edit_is_kept(tmp_path: Path) -> None:
    """The file contains the new rendering and the edit, and later renderings keep the edit."""
    published = put(made(1), tmp_path)
    edited(published.dag, "schedule=None", 'schedule="@daily"')

    for value in (2, 3):
        published = put(made(value), tmp_path)
        text = published.dag.read_text()
        assert published.keeps_edits
        assert 'schedule="@daily"' in text
        assert f'"value": {value}' in text
        assert_pair(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"), [("max_active_runs=1", "max_active_runs=3"), ('"crystallized"]', '"crystallized", "ops"]')]
)
def test_edits_beside_generated_lines_are_kept(old: str, new: str, tmp_path: Path) -> None:
    """No generated line changes with the version alone, so nothing conflicts with what people edit."""
    published = put(made(1), tmp_path)
    edited(published.dag, old, new)

    for value in (2, 3):
        assert new in put(made(value), tmp_path).dag.read_text()


def test_line_endings_are_no_edit_and_are_kept(tmp_path: Path) -> None:
    """Git may check the file out with other line endings; an edit in such a file is merged like any other."""
    published = put(made(1), tmp_path)
    published.dag.write_bytes(published.dag.read_bytes().replace(b"\n", b"\r\n"))
    assert put(made(1), tmp_path).change == "unchanged"

    published.dag.write_bytes(published.dag.read_bytes().replace(b"schedule=None", b'schedule="@daily"'))
    content = put(made(2), tmp_path).dag.read_bytes()
    assert b'schedule="@daily"' in content
    assert content.count(b"\n") == content.count(b"\r\n") > 0
    assert put(made(2), tmp_path).change == "unchanged"


def test_a_hand_edit_alone_becomes_a_version(tmp_path: Path) -> None:
    """Publishing the same spec keeps the edit as a version of its own; publishing again changes nothing."""
    published = put(made(1), tmp_path)
    edited(published.dag, "schedule=None", 'schedule="@daily"')

    published = put(made(1), tmp_path)
    assert (published.change, published.version) == ("updated", 2)
    assert put(made(1), tmp_path).change == "unchanged"


def test_a_contradicting_hand_edit_is_shown_and_kept(tmp_path: Path) -> None:
    """The message shows both sides and the base, and nothing is written; --force drops the edit."""
    published = put(made(1), tmp_path)
    edited(published.dag, '"value": 1', '"value": 77')
    before, log = contents(tmp_path), logged(tmp_path)
    with pytest.raises(EditedByHand) as refusal:
        put(made(2), tmp_path)
    assert refusal.value.where == str(published.dag)
    assert "--force" in refusal.value.remedy
    for text in ('"value": 77', '"value": 1', '"value": 2'):
        assert text in refusal.value.problem
    assert (contents(tmp_path), logged(tmp_path)) == (before, log)
    assert put(made(2), tmp_path, force=True).version == 2
    assert '"value": 2' in published.dag.read_text()
    assert_pair(tmp_path)


def test_an_edit_that_breaks_the_file_is_refused(tmp_path: Path) -> None:
    """A merge that is not valid Python is refused."""
    published = put(made(1), tmp_path)
    edited(published.dag, "schedule=None", "schedule=(")
    with pytest.raises(EditedByHand, match="not valid Python"):
        put(made(2), tmp_path)


def test_a_spec_that_was_edited_by_hand_is_not_overwritten(tmp_path: Path) -> None:
    """A new version from elsewhere is refused until the sidecar's edit is a version."""
    published = put(made(1), tmp_path)
    edited(
        published.sidecar,
        '"owner": null' if '"owner"' in published.sidecar.read_text() else '"params": {}',
        '"params": {"x": {"default": 1}}',
    )
    with pytest.raises(EditedByHand, match="sidecar"):
        put(made(2), tmp_path)
    spec = read_sidecar(published.sidecar)
    assert put(spec.automation, tmp_path, from_sidecar=True, expected=spec.entry).version == 2
    assert "x" in read_sidecar(published.sidecar).params


def test_the_second_writer_is_refused(tmp_path: Path) -> None:
    """A writer whose change is not based on the newest entry is told who changed what."""
    first = put(made(1), tmp_path)
    put(made(2), tmp_path, by="mia", summary="doubled it")
    before = contents(tmp_path)
    with pytest.raises(Conflict, match="doubled it by mia"):
        put(made(3), tmp_path, expected=first.entry)
    assert contents(tmp_path) == before


def test_an_automation_without_a_log_gets_one(tmp_path: Path) -> None:
    """The files of an earlier version of the package become the first entry."""
    put(made(1), tmp_path)
    shutil.rmtree(tmp_path / ".vai")
    published = put(made(2), tmp_path)
    assert published.version == 2
    assert logged(tmp_path) == ["000001.json", "000002.json"]


def test_foreign_file_is_refused(tmp_path: Path) -> None:
    """A DAG file without a sidecar belongs to the user."""
    (tmp_path / "report.py").write_text("print('mine')\n")
    with pytest.raises(PublishError, match="was not rendered by vai"):
        put(made(), tmp_path)
    assert contents(tmp_path) == {"report.py": b"print('mine')\n"}
    assert put(made(), tmp_path, force=True).change == "created"
    assert_pair(tmp_path)


def test_other_recording_is_refused(tmp_path: Path) -> None:
    """If two runs have the same name, the DAG of the first is kept."""
    put(made(run_id="run-1"), tmp_path)
    before = contents(tmp_path)
    with pytest.raises(PublishError, match=r"another recording \(run-1\)"):
        put(made(run_id="run-2"), tmp_path)
    assert contents(tmp_path) == before
    assert put(made(run_id="run-2"), tmp_path, force=True).version == 2


def test_broken_sidecar_is_refused(tmp_path: Path) -> None:
    """If the sidecar cannot be read, the owner of the files is unknown, so nothing is written."""
    put(made(), tmp_path)
    (tmp_path / "report.vai.json").write_text("{")
    before = contents(tmp_path)
    with pytest.raises(SpecError):
        put(made(2), tmp_path)
    assert contents(tmp_path) == before


def test_derived_ids_evade_other_recordings(tmp_path: Path) -> None:
    """Runs with the same title get distinct ids, and get them again the next time."""
    one, other = made(run_id="run-1"), made(run_id="run-2")
    assert free_dag_id("report", one, tmp_path) == "report"
    put(one, tmp_path)
    assert free_dag_id("report", one, tmp_path) == "report"
    evaded = free_dag_id("report", other, tmp_path)
    assert evaded == f"report_{hashlib.sha256(b'run-2').hexdigest()[:6]}"
    assert free_dag_id("report", other, tmp_path) == evaded


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """The message names the path and states that nothing was written."""
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
    """Whatever a DAG is called, its files are in the folder and do not replace those of another."""
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
    """The dags folder is on the import path, so such a file would replace the module for every DAG."""
    with pytest.raises(PublishError, match=f"'{name}'") as refusal:
        put(made(dag_id=name), tmp_path)
    assert "Try 'vai_" in refusal.value.remedy
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(("name", "twin"), [("Report", "report"), ("straße", "STRASSE"), ("caf\u00e9", "CAF\u00c9")])
def test_case_twins_are_refused(name: str, twin: str, tmp_path: Path) -> None:
    """On some systems, the two names are one file."""
    put(made(dag_id=name), tmp_path)
    before = contents(tmp_path)
    with pytest.raises(PublishError, match="differs from"):
        put(made(dag_id=twin), tmp_path)
    assert contents(tmp_path) == before


AT_ONCE = """
import sys
from pathlib import Path
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.sidecar_files import read_sidecar
first = read_sidecar(Path(sys.argv[1])).automation
for number in range(12):
    steps = [first.steps[0].model_copy(update={"arguments": {
        **first.steps[0].arguments, "tool": Argument.frozen(f"{sys.argv[3]} {number}")}})]
    automation = first.model_copy(update={"steps": steps})
    publish(automation, Path(sys.argv[2]))
"""


def test_two_processes_at_once_leave_a_pair(tmp_path: Path) -> None:
    """Neither writer loses a version of the other, and the files belong together."""
    first = put(made(), tmp_path / "elsewhere")
    command = [sys.executable, "-c", AT_ONCE, first.sidecar, tmp_path / "out"]
    processes = [subprocess.Popen([*command, name]) for name in ("one", "other")]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert_pair(tmp_path / "out")
    history = read_sidecar(tmp_path / "out" / "report.vai.json").history
    assert [entry.version for entry in history] == list(range(1, 25))
