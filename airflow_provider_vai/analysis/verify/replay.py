"""Runs a DAG file once in a separate Airflow process, and deletes everything afterwards.

The DAG run has a private database and artifacts folder, even with ``here``. In the configured database, a running
scheduler would pick up the DAG run and execute its writes, and its asset events would start other DAGs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow_provider_vai.analysis.python_module import INSTALL_AIRFLOW, airflow_problem, last_lines, run_module
from airflow_provider_vai.analysis.verify.configured import MARK
from airflow_provider_vai.analysis.verify.recordings import Recordings
from airflow_provider_vai.analysis.verify.volatile import Moment
from airflow_provider_vai.exceptions import ReplayRefused
from airflow_provider_vai.languages.python_function import python_path
from airflow_provider_vai.model.pydantic_plugins import inherited_environment
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.secrets.masking import mask

SECONDS = 1800.0
"""The default time limit of a replay."""

SETUP_SECONDS = 300
CHILD = "airflow_provider_vai.analysis.verify.child"
CONFIGURED = "airflow_provider_vai.analysis.verify.configured"
LOG_LINES = 15


@dataclass(frozen=True)
class ReplayOptions:
    """How to replay.

    :param live_writes: Let writes really happen.
    :param live_artifacts: Let loads, file syncs and tables really happen.
    :param approver: Who approves at the gates if writes really happen; ``None``: nobody, so a DAG with gates is
        refused.
    :param here: Use the settings, connections and variables of the configured Airflow.
    :param conf: The params of the DAG run by name; ``None``: the defaults.
    :param seconds: The time limit.
    """

    live_writes: bool = False
    live_artifacts: bool = False
    approver: str | None = None
    here: bool = False
    conf: dict[str, Any] | None = None
    seconds: float = SECONDS


@dataclass(frozen=True)
class ReplayResult:
    """What happened in a replay. The dicts have task ids as keys, and the lists have one entry per map index.

    :param state: The state of the DAG run.
    :param moment: When it ran.
    :param fates: What was done with each task: ``run``, ``stand in`` or ``gate``.
    :param states: The states of the task instances.
    :param results: The results.
    :param errors: The error texts of failed task instances.
    :param arguments: The arguments that a write would have had, if its recorded result was returned instead.
    """

    state: str
    moment: Moment
    fates: dict[str, str]
    states: dict[str, list[str]]
    results: dict[str, list[Any]]
    errors: dict[str, list[str]]
    arguments: dict[str, list[Any]] = field(default_factory=dict)


def replay(dag: Path, sidecar: Sidecar, recordings: Recordings, options: ReplayOptions) -> ReplayResult:
    """Run a DAG file once; instead of running a write, return its recorded result.

    :param dag: The path of the DAG file.
    :param sidecar: Its sidecar.
    :param recordings: The recorded results.
    :param options: How to replay.
    :raises ReplayRefused: if a write has no recorded result, nobody can answer a gate, the file cannot be loaded, or
        Airflow cannot run it.
    """
    if options.live_writes and options.approver is None and any(step.kind == "approval_gate" for step in sidecar.steps):
        raise _unanswered()
    with _temporary_folder() as folder:
        environment = _environment(dag, folder, here=options.here)
        taken = _configured(sidecar.connections) if options.here else {}
        _prepare(dag, folder, environment)
        reply = _played(dag, sidecar, recordings, options, (folder, environment, taken))
    if "refused" in reply:
        raise _refused(dag, sidecar, reply)
    moment = Moment(datetime.fromisoformat(reply.pop("started")), datetime.fromisoformat(reply.pop("ended")))
    reply.pop("run_id")
    return ReplayResult(moment=moment, **reply)


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """Make a folder that only this user can read, and delete it after the block."""
    with tempfile.TemporaryDirectory(prefix="vai-verify-", ignore_cleanup_errors=True) as folder:
        (Path(folder) / "dags").mkdir()
        yield Path(folder)


def _environment(dag: Path, folder: Path, *, here: bool) -> dict[str, str]:
    """Return the environment variables of the replay: those of this process, with private paths for Airflow."""
    inherited = inherited_environment()
    kept = {name: value for name, value in inherited.items() if not name.startswith("AIRFLOW__DATABASE__")}
    bundle = {"name": "dags-folder", "kwargs": {"path": str(folder / "dags")}}
    bundle["classpath"] = "airflow.dag_processing.bundles.local.LocalDagBundle"
    if not here:
        kept.pop("AIRFLOW_CONFIG", None)
        kept["AIRFLOW_HOME"] = str(folder / "airflow")
        kept["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(folder / "airflow/plugins")
    path = [*python_path(dag.parent.absolute()), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(path),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'replay.db'}",
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle]),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__CORE__XCOM_BACKEND": "airflow.sdk.execution_time.xcom.BaseXCom",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
        "AIRFLOW__LOGGING__REMOTE_LOGGING": "False",
        "AIRFLOW__METRICS__STATSD_ON": "False",
        "AIRFLOW__OPENLINEAGE__DISABLED": "True",
        "AIRFLOW__VAI__ARTIFACTS_PATH": f"file://{folder / 'artifacts'}",
    }


def _configured(connections: list[str]) -> dict[str, str]:
    """Return connections and all variables from the configured Airflow's database, as environment variables.

    :param connections: The ids of the connections.
    :raises ReplayRefused: if the database cannot be read.
    """
    done = _run_module(CONFIGURED, *connections)
    line = next((line for line in done.stdout.splitlines() if line.startswith(MARK)), None)
    if done.returncode or line is None:
        raise _broken(
            "the configured Airflow's database cannot be read",
            done.stderr,
            "Leave out --here, or check the Airflow configuration.",
        )
    found: dict[str, str] = json.loads(line.removeprefix(MARK))
    return {name: value for name, value in found.items() if name not in os.environ}


def _prepare(dag: Path, folder: Path, environment: Mapping[str, str]) -> None:
    if problem := airflow_problem():
        raise ReplayRefused(f"a replay runs the DAG, and {problem}", where=str(dag), remedy=INSTALL_AIRFLOW)
    (folder / "dags" / dag.name).write_bytes(dag.read_bytes())
    done = _run_module("airflow", "db", "migrate", environment=environment)
    if done.returncode:
        raise _broken(
            "the private Airflow database cannot be created", done.stderr, "Check that `airflow db migrate` works here."
        )


def _played(
    dag: Path,
    sidecar: Sidecar,
    recordings: Recordings,
    options: ReplayOptions,
    place: tuple[Path, Mapping[str, str], Mapping[str, str]],
) -> dict[str, Any]:
    folder, environment, taken = place
    tasks = {step.task_id: recordings.steps[step.key] for step in sidecar.steps if step.key in recordings.steps}
    request = {
        "dag": str(dag.absolute()),
        "dag_id": sidecar.dag_id,
        "environment": taken,
        "writes": [step.task_id for step in sidecar.steps if step.effect == "write"],
        "stand_ins": {task_id: recording.value for task_id, recording in tasks.items() if recording.has_value},
        "lists": [task_id for task_id, recording in tasks.items() if recording.is_list],
        "live_writes": options.live_writes,
        "live_artifacts": options.live_artifacts,
        "approver": options.approver,
        "conf": options.conf,
    }
    reply = folder / "reply.json"
    text = json.dumps(request)
    done = _run_module(CHILD, str(reply), seconds=options.seconds, environment=environment, text=text)
    if done.returncode or not reply.is_file():
        raise _broken("the replay ended early", done.stderr or done.stdout, "Look at the end of its log above.")
    answer: dict[str, Any] = json.loads(reply.read_text(encoding="ascii").replace(str(folder), "[replay]"))
    return answer


def _run_module(
    module: str, *arguments: str, seconds: float = SETUP_SECONDS, **settings: Any
) -> subprocess.CompletedProcess[str]:
    try:
        return run_module(module, *arguments, seconds=seconds, **settings)
    except subprocess.TimeoutExpired:
        raise ReplayRefused(
            f"the replay took longer than {seconds:.0f} seconds and was stopped", remedy="Allow more with --timeout."
        ) from None
    except OSError as error:
        raise ReplayRefused(f"{sys.executable} cannot be run: {error}", remedy="Check the installation.") from None


def _refused(dag: Path, sidecar: Sidecar, reply: Mapping[str, Any]) -> ReplayRefused:
    if reply["refused"]:
        return ReplayRefused(
            mask(reply["refused"][0]), where=str(dag), remedy="Correct the DAG file; give params with --conf."
        )
    if not reply["missing"]:
        return _unanswered()
    known = {step.task_id for step in sidecar.steps}
    by_hand = [name for name in reply["missing"] if name not in known]
    added = f"; added to the file by hand: {', '.join(by_hand)}" if by_hand else ""
    return ReplayRefused(
        f"no recorded result for {', '.join(reply['missing'])}, which would really write{added}",
        where=str(dag),
        remedy="Give the recording with --trace; or let all writes really happen with --live-writes.",
    )


def _unanswered() -> ReplayRefused:
    return ReplayRefused(
        "with --live-writes, guarded steps really run, but nobody can answer their gates",
        remedy="Give --approve-gates to approve them all in your name; or leave out --live-writes.",
    )


def _broken(problem: str, log: str, remedy: str) -> ReplayRefused:
    lines = [f"  | {line[:300]}" for line in last_lines(log, LOG_LINES)]
    return ReplayRefused("\n".join([problem, *lines]), remedy=remedy)
