"""What commands do after they wrote a DAG file: ask Airflow to read it, and warn about its folder."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.cli import airflow_command, publishing
from airflow_provider_vai.cli.main import main
from airflow_provider_vai.exceptions import PublishError
from airflow_provider_vai.store import served_folder
from tests.paths import ROOT

SEED = str(ROOT / "dev/example/seed.json")
REQUEST = "airflow_provider_vai.store.parse_request"


@pytest.fixture
def dags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The dags folder of an Airflow that is configured by the environment alone."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(tmp_path / "dags"))
    monkeypatch.delenv("AIRFLOW__VAI__AUTOMATIONS_PATH", raising=False)
    return tmp_path / "dags"


class Called:
    """Replaces other processes: ``known`` lists the DAGs that Airflow knows, ``code`` is a request's exit code."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.known: set[str] = set()
        self.code = 0
        self.requested: list[str] = []
        self.unpaused: list[str] = []
        monkeypatch.setattr(publishing, "run_module", self)
        monkeypatch.setattr(airflow_command, "run_module", self)

    def __call__(self, module: str, *arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        if module == REQUEST:
            self.requested += arguments
            self.known |= {Path(argument).stem for argument in arguments} if self.code == 0 else set()
            return subprocess.CompletedProcess([], self.code, "", "the database is gone\n" if self.code else "")
        command, dag_id = arguments[1:3]
        if dag_id not in self.known and command in ("pause", "unpause"):
            return subprocess.CompletedProcess([], 0, f"No {command}d DAGs were found\n", "")
        if dag_id not in self.known:
            return subprocess.CompletedProcess([], 1, "", f"DAG: {dag_id} does not exist in 'dag' table\n")
        if command == "unpause":
            self.unpaused.append(dag_id)
        return subprocess.CompletedProcess([], 0, '[{"dag_id": "x"}]', "")


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Called:
    """Airflow, as other processes see it."""
    return Called(monkeypatch)


def test_without_out_the_served_folder_is_written(dags: Path, called: Called) -> None:
    """`vai crystallize` writes to the folder that the HTTP API serves, and asks Airflow to read the new file."""
    assert main(["crystallize", SEED, "--dag-id", "board"]) == 0

    assert (dags / "vai/board.py").is_file()
    assert called.requested == [str(dags / "vai/board.py")]
    assert main(["crystallize", SEED, "--dag-id", "board"]) == 0
    assert len(called.requested) == 1  # nothing changed


@pytest.mark.parametrize("below", ["", "team"])
def test_any_folder_that_airflow_reads(dags: Path, called: Called, below: str) -> None:
    """A file elsewhere in the dags folder is read at once, too."""
    assert main(["crystallize", SEED, "--dag-id", "board", "--out", str(dags / below)]) == 0

    assert called.requested == [str(dags / below / "board.py")]


def test_each_command_that_writes_asks(dags: Path, called: Called) -> None:
    """A rendered, edited or restored automation is read at once as well."""
    main(["crystallize", SEED, "--dag-id", "board"])
    dag, sidecar = dags / "vai/board.py", dags / "vai/board.vai.json"
    called.requested.clear()

    assert main(["edit", str(dag), "options", "description=Other"]) == 0
    assert main(["restore", str(dag), "1"]) == 0
    dag.write_text(dag.read_text() + "# by hand\n")
    assert main(["render", str(sidecar)]) == 0

    assert called.requested == [str(dag)] * 3


def test_elsewhere_nobody_is_asked(
    dags: Path, called: Called, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that Airflow does not read costs nothing."""
    assert main(["crystallize", SEED, "--dag-id", "board", "--out", str(tmp_path / "work")]) == 0

    assert called.requested == []
    assert capsys.readouterr().err == ""


def test_a_request_that_fails_is_a_note(dags: Path, called: Called, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is written all the same, and the note says why and when Airflow reads it."""
    called.code = 1

    assert main(["crystallize", SEED, "--dag-id", "board"]) == 0

    err = capsys.readouterr().err
    assert "the database is gone" in err
    assert "refresh_interval" in err


def test_activate_waits_for_a_new_file(dags: Path, called: Called) -> None:
    """A DAG that Airflow does not know yet is read and then unpaused."""
    main(["crystallize", SEED, "--dag-id", "board"])
    called.known.clear()

    assert main(["activate", str(dags / "vai/board.py"), "--reviewed", "all"]) == 0

    assert called.unpaused == ["board"]


def test_activate_does_not_wait_for_what_airflow_cannot_read(dags: Path, called: Called, tmp_path: Path) -> None:
    """Outside of Airflow's folders, and if the request fails, an unknown DAG is reported at once."""
    with pytest.raises(PublishError, match="does not know"):
        airflow_command.unpause("board", tmp_path / "work/board.py")
    assert called.requested == []
    called.code = 1
    with pytest.raises(PublishError, match="does not know"):
        airflow_command.unpause("board", dags / "board.py")


def test_an_unknown_dag_is_recognised(called: Called) -> None:
    """Every command says in the same words that Airflow does not know a DAG, with what the user can do."""
    for ask in (airflow_command.list_runs, lambda dag_id: airflow_command.set_paused(dag_id, paused=True)):
        with pytest.raises(PublishError, match="Airflow does not know the DAG 'gone'"):
            ask("gone")


def test_lint_and_activate_warn(dags: Path, called: Called, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both name the folder that is served and the remedy, once for a folder; neither fails for it."""
    main(["crystallize", SEED, "--dag-id", "board"])
    shutil.copytree(dags / "vai", tmp_path / "copy")
    called.known.add("board")
    capsys.readouterr()

    assert main(["lint", str(dags / "vai")]) == 0
    assert main(["activate", str(dags / "vai/board.py"), "--reviewed", "all"]) == 0
    assert capsys.readouterr().err == ""

    assert main(["lint", str(tmp_path / "copy"), str(tmp_path / "copy/board.py"), "--json"]) == 0
    linted = capsys.readouterr()
    assert main(["activate", str(tmp_path / "copy/board.py"), "--reviewed", "all", "--json"]) == 0
    activated = capsys.readouterr()
    assert linted.out == "[]\n"
    for err in (linted.err, activated.err):
        assert err.count("warning: ") == 1
        assert str(dags / "vai") in err
        assert "--out" in err


@pytest.fixture
def no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment in which no Airflow is configured; returns the user's home."""
    for name in served_folder.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(publishing.airflow_settings, "loaded", lambda: None)
    monkeypatch.setattr(served_folder, "loaded", lambda: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_without_an_airflow_home_no_folder_is_guessed(no_home: Path) -> None:
    """Files in a default folder that no Airflow reads would be lost; the default of an existing Airflow is used."""
    with pytest.raises(PublishError, match="AIRFLOW_HOME is not set"):
        publishing.out_folder(None)
    (no_home / "airflow").mkdir()

    assert publishing.out_folder(None) == no_home / "airflow" / "dags" / "vai"


@pytest.mark.parametrize("named", ["/dags", "/dags/", "/dags/vai"])
def test_an_empty_variable_in_a_path_is_noticed(named: str, no_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell makes $AIRFLOW_HOME/dags into /dags if the variable is not set."""
    with pytest.raises(PublishError, match="the shell made"):
        publishing.out_folder(named)
    assert publishing.out_folder("/dagsters") == Path("/dagsters")
    monkeypatch.setenv("AIRFLOW_HOME", "/")
    assert publishing.out_folder(named) == Path(named)


def test_without_airflow_its_installation_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that runs Airflow says that it is not installed, instead of what Python prints then."""
    monkeypatch.setattr(airflow_command, "airflow_problem", lambda: "Airflow is not installed here")
    with pytest.raises(PublishError, match="Airflow is not installed here") as raised:
        airflow_command.list_runs("sales")

    assert "pip install 'airflow-provider-vai[airflow]'" in raised.value.remedy
