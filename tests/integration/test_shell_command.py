"""``shell_command``, ``write_file`` and ``edit_file`` on this machine: one working folder for each DAG run."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration

Run = Callable[..., Any]
IMPORT = """
from airflow_provider_vai.operators.arguments import connection_secret
from airflow_provider_vai.operators.edit_file import EditFileOperator
from airflow_provider_vai.operators.shell_command import ShellCommandOperator
from airflow_provider_vai.operators.write_file import WriteFileOperator
def shell(task_id, command, **more):
    return ShellCommandOperator(task_id=task_id, command=command, **more)
"""


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all working folders."""
    monkeypatch.setenv("AIRFLOW__VAI__WORK_PATH", str(tmp_path / "work"))
    return tmp_path / "work"


def gone(pid: int) -> bool:
    """Return whether a process has ended; a zombie has."""
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_the_steps_of_a_run_share_a_folder(run_dag: Run, work: Path) -> None:
    """A file that one step writes, the next ones edit and read; another DAG run has a folder of its own."""
    task = IMPORT + (
        "a = WriteFileOperator(task_id='a', path='out/sum.py', content='print(40 + 1)\\n')\n"
        "b = EditFileOperator(task_id='b', path='out/sum.py', old_text='+ 1', new_text='+ 2')\n"
        "c = shell('c', 'echo first; python sum.py', cwd='out')\n"
        "a >> b >> c\n"
    )
    ran = run_dag(task, runs=2)

    assert ran.states == dict.fromkeys("abc", "success")
    assert ran.results["c"] == {"exit_code": 0, "output": "first\n42", "truncated": False}
    assert ran.results["a"]["sha256"] == ran.results["b"]["sha256_before"] != ran.results["b"]["sha256"]
    (dag,) = work.iterdir()
    assert sorted(path.name for path in dag.iterdir()) == sorted({path.name for path in dag.iterdir()})
    assert len(list(dag.iterdir())) == 2
    assert {path.stat().st_mode & 0o777 for path in dag.iterdir()} == {0o700}


def test_the_command_sees_only_what_is_named(run_dag: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """PATH, HOME, and the variables of the spec; a connection's password is in neither log nor result."""
    monkeypatch.setenv("WORKER_SECRET", "of the worker")
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps({"conn_type": "http", "password": "plum-tart-9"}))
    ran = run_dag(
        IMPORT + "shell('a', 'env | cut -d= -f1 | sort; echo ${#TOKEN} $TOKEN $DAY',"
        " environment={'TOKEN': connection_secret('shop'), 'DAY': template('{{ 40 + 2 }}')})"
    )

    lines = ran.results["a"]["output"].split("\n")
    assert set(lines[:-1]) - {"PWD", "SHLVL", "_", "OLDPWD"} == {"PATH", "HOME", "TOKEN", "DAY"}
    assert lines[-1] == "11 *** 42"
    assert "plum-tart-9" not in ran.log


def test_the_command_is_no_template(run_dag: Run) -> None:
    """Braces in the recorded command stay as they are; a template in its place is an import error."""
    from airflow_provider_vai.operators.arguments import template, wired
    from airflow_provider_vai.operators.shell_command import ShellCommandOperator

    ran = run_dag(IMPORT + "shell('a', 'echo \"{{ ds }} {% if %}\"')")

    assert ran.results["a"]["output"] == "{{ ds }} {% if %}"
    for value in (template("{{ ds }}"), wired("b"), ["ls"]):
        with pytest.raises(ValueError, match="decides what runs"):
            ShellCommandOperator(task_id="b", command=value)


def test_another_exit_code_fails_without_a_retry(run_dag: Run) -> None:
    """The output is in the log; a step that only reads may be retried."""
    ran = run_dag(
        IMPORT
        + "shell('a', 'echo why; exit 3', retries=1, retry_delay=timedelta(0))\n"
        + "shell('b', 'echo again; exit 4', effect='read', retries=1, retry_delay=timedelta(0))\n"
    )

    assert ran.states == {"a": "failed", "b": "failed"}
    assert ran.log.count("the command ended with exit code 3") >= 1
    assert ran.log.count("AirflowFailException: the command ended with exit code 3") == 1
    assert ran.log.count("AirflowException: the command ended with exit code 4") == 2
    assert "why" in ran.log


def test_the_time_limit_ends_the_group(run_dag: Run, tmp_path: Path) -> None:
    """The command and what it started are gone, even if they ignore SIGTERM."""
    command = f"trap '' TERM; sleep 300 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/self; wait; sleep 300"
    ran = run_dag(IMPORT + f"shell('a', {command!r}, max_seconds=2)")

    assert ran.states == {"a": "failed"}
    assert "took longer than 2 seconds, and was ended" in ran.log
    assert all(gone(int((tmp_path / name).read_text())) for name in ("child", "self"))


def test_what_is_left_in_the_background_ends(run_dag: Run, tmp_path: Path) -> None:
    """A process that a command left behind does not keep the step waiting, and does not outlive it."""
    command = f"sleep 300 & echo $! > {tmp_path}/child; echo done"
    ran = run_dag(IMPORT + f"shell('a', {command!r}, max_seconds=60)")

    assert ran.results["a"]["output"] == "done"
    assert gone(int((tmp_path / "child").read_text()))


def test_the_output_is_bounded(run_dag: Run) -> None:
    """The end is kept, also of one long line; bytes that are no text do not matter."""
    ran = run_dag(
        IMPORT
        + "shell('a', 'seq 1 20000')\n"
        + "shell('b', 'head -c 100000 /dev/zero | tr \"\\\\0\" x; echo; printf \"\\\\xff\\\\n\"')\n"
    )

    assert ran.results["a"]["output"].endswith("\n19999\n20000")
    assert ran.results["a"]["truncated"] is True
    assert 31_000 < len(ran.results["a"]["output"]) <= 32_000
    assert ran.results["b"]["output"].endswith("x\n\\xff")
    assert len(ran.results["b"]["output"]) <= 32_000


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("shell('a', 'ls', cwd='..')", "must be below the working folder"),
        ("shell('a', 'ls', cwd='/tmp')", "must be below the working folder"),
        ("shell('a', 'ls', cwd='nowhere')", "there is no folder 'nowhere'"),
        ("shell('a', 'ls', environment={'A B': 'x'})", "the variable 'A B'"),
        ("shell('a', 'ls', conn_id='host')", "the connection 'host' cannot be used"),
        ("WriteFileOperator(task_id='a', path='../x', content='')", "must be below the working folder"),
        ("WriteFileOperator(task_id='a', path='/etc/passwd', content='')", "must be below the working folder"),
        ("WriteFileOperator(task_id='a', path='x', content='', before_sha256='0' * 64)", "does not exist"),
        ("WriteFileOperator(task_id='a', path='x', content='', after_sha256='0' * 64)", "the step expects 0000"),
        ("EditFileOperator(task_id='a', path='x', old_text='a', new_text='b')", "there is no file 'x'"),
        ("EditFileOperator(task_id='a', path='x', old_text='a', new_text='b')", "another worker, [vai] work_path must"),
        ("shell('a', 'ls', cwd='nowhere')", "another worker, [vai] work_path must"),
    ],
)
def test_nothing_is_done_if_something_is_wrong(run_dag: Run, work: Path, task: str, message: str) -> None:
    """The step fails without a retry, and says what to do."""
    ran = run_dag(IMPORT + task)

    assert ran.states == {"a": "failed"}
    assert message in ran.log
    assert not [path for path in work.rglob("*") if path.is_file()]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links")
@pytest.mark.parametrize("task", ["WriteFileOperator(task_id='b', path='link/x', content='')",
                                  "WriteFileOperator(task_id='b', path='file', content='')",
                                  "EditFileOperator(task_id='b', path='file', old_text='keep', new_text='')",
                                  "shell('b', 'touch x', cwd='link')"])  # fmt: skip
def test_links_are_refused(run_dag: Run, tmp_path: Path, task: str) -> None:
    """A link that an earlier command made leads to no file outside."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("keep")
    ran = run_dag(IMPORT + f"a = shell('a', 'ln -s {outside} link; ln -s {outside}/file file')\na >> {task}")

    assert ran.states == {"a": "success", "b": "failed"}
    assert "link" in ran.log
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"file": "keep"}


def test_a_declared_folder(run_dag: Run, tmp_path: Path) -> None:
    """A file may be below a folder that the DAG file declares; an equal file is left alone; DAG files never are."""
    report = f"WriteFileOperator(task_id='a', path='d/report.txt', content='é', folder='file://{tmp_path}/reports')"
    first = run_dag(IMPORT + report).results["a"]
    again = run_dag(IMPORT + report).results["a"]
    edited = run_dag(
        IMPORT + "EditFileOperator(task_id='a', path='d/report.txt', old_text='é', new_text='è',"
        f" folder='{tmp_path}/reports', before_sha256={first['sha256']!r})"
    ).results["a"]
    refused = run_dag(IMPORT + "import os\nWriteFileOperator(task_id='a', path='x.py', content='',"
                               " folder=os.environ['AIRFLOW_HOME'] + '/dags')")  # fmt: skip

    assert (first["changed"], first["bytes"], again["changed"], edited["changed"]) == (True, 2, False, True)
    assert (tmp_path / "reports/d/report.txt").read_text(encoding="utf-8") == "è"
    assert [path.name for path in (tmp_path / "reports/d").iterdir()] == ["report.txt"]
    assert refused.states == {"a": "failed"}
    assert "Airflow's dags folder" in refused.log
