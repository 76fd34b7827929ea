"""Trigger one DAG run over REST, follow it to its end, and answer its gates.

For the demo and the end-to-end tests; works with an ``airflow_process.Airflow``. Standard library only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from airflow_process import Airflow, AirflowError

WAITING = ("awaiting_input", "deferred")  # a parked gate: Airflow 3.3 and later, and before
GATE = "ApprovalGateSensor"
"""The tasks that wait for an answer; others may be deferred, too."""
SETTLE = 10.0
"""Seconds to wait after a gate has parked: the scheduler may take an earlier answer for a lost task."""
Report = Callable[[str], None]


class DagRun:
    """One run of a DAG.

    :param airflow: a running Airflow.
    :param dag_id: the DAG.
    :param report: called with one line of progress at a time.
    """

    def __init__(self, airflow: Airflow, dag_id: str, report: Report) -> None:
        self.airflow, self.dag_id, self.report = airflow, dag_id, report
        self.client = airflow.client
        self.run_id = ""
        self.states: dict[str, str] = {}
        self._parked: dict[str, float] = {}

    @property
    def page(self) -> str:
        """The run's page in Airflow's UI."""
        return f"{self.airflow.url}/dags/{quote(self.dag_id)}/runs/{quote(self.run_id, safe='')}"

    def wait_known(self, limit: float = 180) -> None:
        """Wait until the DAG processor has read the DAG.

        :raises AirflowError: it reports an import error, which the message contains, or time is up.
        """
        self.airflow.wait(f"the DAG {self.dag_id} to be read", self._known, limit, self.report)

    def start(self, conf: dict[str, Any] | None = None) -> None:
        """Unpause the DAG and trigger a run."""
        self.client.call("PATCH", f"/dags/{quote(self.dag_id)}", {"is_paused": False})
        body = {"logical_date": None, "conf": conf or {}}
        self.run_id = self.client.call("POST", f"/dags/{quote(self.dag_id)}/dagRuns", body)["dag_run_id"]

    def follow(self, limit: float, on_gate: Callable[[str], None], answer: str | None = None) -> str:
        """Report every change of a task's state until the run ends; return the run's state.

        :param limit: seconds until the run counts as stuck.
        :param on_gate: called with a gate's task id when the gate starts to wait for an answer.
        :param answer: the option to answer gates with, each time they ask; ``None`` leaves it to people.
        """

        def ended() -> str | None:
            self._look(on_gate, answer)
            state = self.client.call("GET", self._path())["state"]
            return str(state) if state in ("success", "failed") else None

        state = self.airflow.wait(f"the run {self.run_id} to end", ended, limit, self._still)
        self._look(on_gate, None)
        return str(state)

    def failures(self, lines: int = 25) -> dict[str, str]:
        """Return the end of the log of each failed task, by task id."""
        return {
            instance["task_id"]: self._log(instance, lines)
            for instance in self._instances()
            if instance["state"] == "failed"
        }

    def _known(self) -> bool:
        dags = self.client.call("GET", f"/dags?dag_id_pattern={quote(self.dag_id)}&limit=100")["dags"]
        if any(dag["dag_id"] == self.dag_id for dag in dags):
            return True
        errors = self.client.call("GET", "/importErrors")["import_errors"]
        if errors:
            listed = "\n".join(f"{error['filename']}:\n{error['stack_trace']}" for error in errors)
            raise AirflowError(f"a DAG file cannot be imported.\n{listed}")
        return False

    def _look(self, on_gate: Callable[[str], None], answer: str | None) -> None:
        for instance in self._instances():
            task, state = instance["task_id"], instance["state"] or "not started"
            if instance["map_index"] >= 0:
                task = f"{task}[{instance['map_index']}]"
            if self.states.get(task, "not started") != state:
                self.report(f"{task}: {state}")
            self.states[task] = state
            if state not in WAITING or instance["operator"] != GATE:
                self._parked.pop(task, None)
                continue
            if task not in self._parked:
                self._parked[task] = time.monotonic()
                on_gate(instance["task_id"])
            if answer is not None and time.monotonic() - self._parked[task] > SETTLE:
                self._answer(instance, answer)
                self._parked[task] = time.monotonic()  # if the gate asks again, answer again

    def _answer(self, instance: dict[str, Any], option: str) -> None:
        path = f"{self._path()}/taskInstances/{quote(instance['task_id'])}/{instance['map_index']}/hitlDetails"
        if self.client.call("GET", path)["response_received"]:
            return
        self.client.call("PATCH", path, {"chosen_options": [option], "params_input": {}})
        self.report(f"{instance['task_id']}: answered {option}")

    def _still(self, text: str) -> None:
        unfinished = {task: state for task, state in self.states.items() if state in ("queued", "running", *WAITING)}
        now = ", ".join(f"{task} {state}" for task, state in unfinished.items())
        self.report(f"{text}; now: {now or 'nothing is running'}")

    def _instances(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.call("GET", f"{self._path()}/taskInstances")["task_instances"]
        return found

    def _path(self) -> str:
        return f"/dags/{quote(self.dag_id)}/dagRuns/{quote(self.run_id, safe='')}"

    def _log(self, instance: dict[str, Any], lines: int) -> str:
        path = f"{self._path()}/taskInstances/{quote(instance['task_id'])}/logs/{instance['try_number']}"
        path += f"?full_content=true&map_index={instance['map_index']}"
        try:
            content = self.client.call("GET", path)["content"]
        except AirflowError as error:
            return f"no log: {error}"
        return "\n".join("\n".join(map(_line, content)).splitlines()[-lines:])


def _line(entry: Any) -> str:
    """Return a log entry as text, with its exception."""
    if not isinstance(entry, dict):
        return str(entry)
    raised = []
    for part in entry.get("error_detail") or []:
        raised += [f"  {at['filename']}:{at['lineno']} in {at['name']}" for at in (part.get("frames") or [])[-3:]]
        raised.append(f"{part.get('exc_type')}: {part.get('exc_value')}")
    return "\n".join([f"{entry.get('level') or ''} {entry.get('event')}".strip(), *raised])
