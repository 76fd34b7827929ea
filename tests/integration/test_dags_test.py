"""Gates in `airflow dags test`: asked on the terminal, or failed at once without one."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.model import approvals_record
from tests.integration.conftest import HEAD

pytestmark = pytest.mark.integration

LONGEST = 300  # seconds; only a gate that waits for ever takes as long
GATES = {
    "parks": "",
    "wakes": "wake_every=5, allow_unattributed=True",
    "pokes": "deferrable=False, allow_unattributed=True, mode='poke'",
    "reschedules": "deferrable=False, allow_unattributed=True, mode='reschedule'",
    "rejected": "",
    "silent": "response_timeout=1, on_timeout='reject'",
}
ANSWERS = {
    "parks": ["yes please", "Approve"],
    "wakes": ["approve"],
    "pokes": ["Approve"],
    "reschedules": [" APPROVE "],
    "rejected": ["Reject"],
    "silent": [],
}
PROMPT = "Approve or Reject? "


@pytest.fixture
def environment(database: Path, tmp_path: Path) -> dict[str, str]:
    """Write a DAG with gates of every mode, and return the environment to run it in."""
    (tmp_path / "vai_dag_test_tools.py").write_text(
        "from pathlib import Path\n\ndef pay(name: str) -> None:\n"
        f"    with Path({str(tmp_path / 'paid')!r}).open('a') as file:\n        file.write(name + chr(10))\n"
    )
    tasks = "".join(
        f"    gate = ApprovalGateSensor(task_id='gate_{name}', subject='Pay {name}?', reason='It costs money',"
        f" {settings})\n"
        f"    gate >> PythonToolOperator(task_id='pay_{name}', python_callable='vai_dag_test_tools:pay',"
        f" arguments={{'name': {name!r}}}, gate=gate)\n"
        for name, settings in GATES.items()
    )
    dags = tmp_path / "dags"
    dags.mkdir()
    (dags / "gates.py").write_text(f"{HEAD}\nwith DAG('gates', schedule=None) as dag:\n{tasks}")
    paths = [str(tmp_path), str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__VAI__ARTIFACTS_PATH": f"file://{tmp_path}/artifacts",
    }


def on_terminal(command: list[str], environment: dict[str, str], answers: Mapping[str, list[str]]) -> str:
    """Run a command on a pseudo terminal, answer each gate by its name, and return what the terminal showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    left, seen, shown = {name: list(given) for name, given in answers.items()}, 0, ""
    while select.select([ours], [], [], LONGEST)[0]:
        try:
            shown += os.read(ours, 65536).decode(errors="replace")
        except OSError:  # the process has ended
            break
        if (at := shown.find(PROMPT, seen)) >= 0:
            seen = at + len(PROMPT)
            name = re.findall(r"=== Pay (\w+)\?", shown[:at])[-1]
            if left[name]:
                os.write(ours, left[name].pop(0).encode() + b"\n")
    process.kill()
    process.wait()
    os.close(ours)
    sys.stdout.write(shown)  # pytest shows it if the test fails
    return shown


def piped(command: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Run a command without a terminal, and return its exit code and output."""
    ended = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    sys.stdout.write(ended.stdout)
    return ended.returncode, ended.stdout


def decisions(tmp_path: Path) -> dict[str, dict[str, Any]]:
    """Return the approvals record by gate."""
    kept = approvals_record.read(tmp_path / "artifacts", "gates")
    return {record["task_id"].removeprefix("gate_"): record for record in kept}


def test_a_person_at_the_terminal_answers(environment: dict[str, str], tmp_path: Path) -> None:
    """Every kind of gate shows its arguments, asks again after a slip, and keeps the answer without a verified name."""
    shown = on_terminal([sys.executable, "-m", "airflow", "dags", "test", "gates"], environment, ANSWERS)
    kept = decisions(tmp_path)

    assert '"name": "parks"' in shown
    assert "> It costs money" in shown
    assert shown.count(PROMPT) == 1 + len(GATES)
    assert sorted((tmp_path / "paid").read_text().split()) == ["parks", "pokes", "reschedules", "wakes"]
    assert {name: record["decision"] for name, record in kept.items()} == {
        **dict.fromkeys(GATES, "approve"),
        "rejected": "reject",
        "silent": "reject",
    }
    assert {name for name, record in kept.items() if record["timed_out"]} == {"silent"}
    assert all(record["by"] is None for record in kept.values())
    assert kept["parks"]["note"].startswith("answered on the terminal of a DAG test by ")


COMMANDS: dict[str, Callable[[Path], list[str]]] = {
    "command": lambda _: ["-m", "airflow", "dags", "test", "gates"],
    "python": lambda folder: [
        "-c",
        f"import json, sys; sys.path.insert(0, {str(folder)!r}); from gates import dag; run = dag.test();"
        " print('STATES', json.dumps({ti.task_id: str(ti.state) for ti in run.get_task_instances()}));"
        " sys.exit(run.state == 'failed')",
    ],
}


@pytest.mark.parametrize("way", COMMANDS)
def test_without_a_terminal_gates_fail_at_once(way: str, environment: dict[str, str], tmp_path: Path) -> None:
    """The message says what to do; nothing runs and nothing is recorded."""
    code, output = piped([sys.executable, *COMMANDS[way](tmp_path / "dags")], environment)

    assert code != 0
    for name in GATES:
        assert f"the gate 'gate_{name}' needs an answer, and this DAG test has no terminal to ask on" in output
    assert "AIRFLOW__VAI__DAG_TEST_WAITS=True" in output
    assert not (tmp_path / "paid").exists()
    assert decisions(tmp_path) == {}
    if way == "python":
        states = json.loads(output.rpartition("STATES ")[2].splitlines()[0])
        assert {states[f"gate_{name}"] for name in GATES} == {"failed"}
        assert {states[f"pay_{name}"] for name in GATES} == {"upstream_failed"}
