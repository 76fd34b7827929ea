"""The doctor's whole examination, with Airflow's own answers left out: an integration test asks a real Airflow."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.analysis.doctor import CODES, Diagnosis, examination, examine, is_healthy, needs, versions
from airflow_provider_vai.store.publisher import publish
from tests.paths import ROOT
from tests.unit.support import call, crystallized, run

Asked = list[dict[str, Any]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An Airflow home without a configuration file."""
    for name in ("AIRFLOW__CORE__DAGS_FOLDER", "AIRFLOW__VAI__AUTOMATIONS_PATH", "AIRFLOW_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    monkeypatch.setattr(examination.folders, "loaded", lambda: None)
    monkeypatch.setattr(examination.served_folder, "loaded", lambda: None)
    (tmp_path / "dags" / "vai").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The questions to Airflow, which answers that all is well."""
    questions: Asked = []

    def run_module(module: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        questions.append(json.loads(settings["text"]))
        answer = json.dumps(
            [{"code": "DOC602", "level": "ok", "subject": "provider", "message": "known", "remedy": ""}]
        )
        return subprocess.CompletedProcess([module], 0, f"a log line\n{answer}\n", "")

    monkeypatch.setattr(examination, "run_module", run_module)
    return questions


def automation(folder: Path, **rule: Any) -> None:
    """Write an automation of one step into a folder."""
    given = {"match": "*", "kind": "python_tool", "callable": "shop.tools:send", "effect": "read", **rule}
    publish(crystallized(run(call("send", {"q": "x"}, "sent")), given, dag_id="orders"), folder)


def of(found: list[Diagnosis], code: str) -> Diagnosis:
    """Return the only diagnosis with a code."""
    (one,) = [one for one in found if one.code == code]
    return one


def test_an_installation_in_order_is_healthy(home: Path, asked: Asked) -> None:
    """Nothing is an error, each code is in the table, and an installed package is found."""
    found = examine()

    assert is_healthy(found)
    assert {one.code for one in found} <= set(CODES)
    assert {"DOC101", "DOC102", "DOC103", "DOC201", "DOC202", "DOC203", "DOC204", "DOC205", "DOC602"} <= {
        one.code for one in found
    }
    assert all(one.remedy for one in found if one.level != "ok")
    assert not (home / "vai").exists()


def test_airflow_is_asked_about_what_the_automations_need(home: Path, asked: Asked) -> None:
    """The question has connections, functions and DAG files, each with the DAG ids that need it."""
    folder = home / "dags" / "vai"
    automation(folder)
    publish(crystallized(run(call("look", {"q": "x"}, "sent")), dag_id="stock"), folder)
    examine()

    assert asked[0]["connections"] == {"mcp": ["stock"]}
    assert asked[0]["names"] == {"shop.tools:send": ["orders"]}
    assert asked[0]["dag_files"] == {name: str(folder / f"{name}.py") for name in ("orders", "stock")}
    assert str(folder) in asked[0]["python_path"]


def test_a_missing_extra_counts_as_an_error_only_if_it_is_needed(
    home: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the libraries and who needs them; the remedy is the command."""
    publish(crystallized(run(call("look", {"q": "x"}, "sent")), dag_id="stock"), home / "dags" / "vai")
    monkeypatch.setattr(needs, "missing_of", lambda extra: ("nosuch-dist",) if extra in ("mcp", "web") else ())
    found = {one.subject: one for one in examine() if one.code == "DOC301"}

    assert (found["extra mcp"].level, found["extra web"].level) == ("error", "note")
    assert "nosuch-dist" in found["extra mcp"].message
    assert "stock" in found["extra mcp"].message
    assert "pip install 'airflow-provider-vai[mcp]'" in found["extra mcp"].remedy


def test_without_an_airflow_home_nothing_is_asked(home: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow would create its files in the default place; the doctor says that no Airflow is configured."""
    monkeypatch.delenv("AIRFLOW_HOME")
    found = examine()

    assert of(found, "DOC201").level == "warning"
    assert of(found, "DOC601").level == "note"
    assert asked == []


def test_without_airflow_nothing_is_asked(home: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """DAG files can be written without Airflow, so this is a warning only."""
    monkeypatch.setattr(versions, "airflow_version", lambda: None)
    found = examine()

    assert of(found, "DOC103").level == "warning"
    assert asked == []


def test_an_old_airflow_is_an_error(home: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy names the oldest version that is supported."""
    monkeypatch.setattr(versions, "airflow_version", lambda: "3.0.6")

    assert of(examine(), "DOC103").level == "error"
    assert "apache-airflow>=3.1" in of(examine(), "DOC103").remedy


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (subprocess.CompletedProcess([], 1, "", "ImportError: broken\n"), "ImportError: broken"),
        (subprocess.CompletedProcess([], 0, "no JSON\n", ""), "exit code 0"),
        (subprocess.CompletedProcess([], 0, "", ""), "exit code 0"),
        (subprocess.TimeoutExpired("airflow", 1), "timed out"),
        (OSError("no memory"), "no memory"),
    ],
)
def test_an_airflow_that_cannot_be_asked_is_an_error(
    outcome: Any, words: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other checks are reported all the same."""

    def run_module(*_: Any, **__: Any) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(examination, "run_module", run_module)
    found = examine()

    assert of(found, "DOC601").level == "error"
    assert words in of(found, "DOC601").message
    assert of(found, "DOC203").level == "ok"


def test_a_file_that_cannot_be_read_is_named(home: Path, asked: Asked) -> None:
    """One bad file does not hide what the others need."""
    (home / "dags" / "vai" / "bad.vai.json").write_text("{")
    automation(home / "dags" / "vai")
    found = examine()

    assert of(found, "DOC701").subject.endswith("bad.vai.json")
    assert asked[0]["names"] == {"shop.tools:send": ["orders"]}


def test_credentials_are_masked(home: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL with a password is refused, and the password is not shown."""
    monkeypatch.setenv("AIRFLOW__VAI__RUNS_PATH", "s3://key:hunter2hunter2@bucket/runs")

    assert "hunter2" not in str(examine())


def test_the_codes_are_in_the_page() -> None:
    """`dev/docs/doctor.md` has a row for each code, in order."""
    page = (ROOT / "dev/docs/doctor.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| DOC")]

    assert rows == [f"| {code} | {about} |" for code, about in CODES.items()]
