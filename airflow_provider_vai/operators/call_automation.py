"""The kind ``call_automation``: starts a DAG run of another automation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators import nested
from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

INJECTS = "openlineage_inject_parent_info"
"""The option by which newer releases of the standard provider add entries to the params."""

POLL_SECONDS = 10
ENDS = ["success", "failed"]


class CallAutomationOperator(VaiOperator):
    """Starts one DAG run of another DAG. If the task is retried or cleared, it uses the DAG run that it started before.

    The result is ``{"dag_id", "run_id"}``, with ``"state"`` if ``wait`` is set. To repeat the called DAG run, clear
    it. To call the DAG with other params, start a new run of this DAG.

    :param trigger_dag_id: The DAG to run. It must be unpaused and cannot be the step's own DAG.
    :param conf: Params of the DAG run, by name. Everyone who may read the DAG run sees them, so a connection's password
        is refused here.
    :param wait: Wait in the triggerer until the DAG run ends. The step then fails if the DAG run fails.
    """

    kind = "call_automation"
    defaults = {"wait": False}  # noqa: RUF012 - never changed
    template_fields: Sequence[str] = ("trigger_dag_id", "conf", "wait")
    effect = "write"
    idempotent = True  # the called run's id is the same in each try

    def __init__(
        self, *, trigger_dag_id: str, conf: dict[str, Any] | None = None, wait: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.trigger_dag_id = argument(trigger_dag_id)
        self.conf = nested.without_secrets("conf", conf)
        self.wait = self.stored("wait", wait)

    def perform(self, context: Context) -> dict[str, Any]:
        """Start the DAG run, or use the one that an earlier try started."""
        from airflow_provider_vai.operators.runtime.errors import NothingSent

        ti, dag_id = context["ti"], self.trigger_dag_id
        if dag_id == ti.dag_id:
            raise NothingSent(f"the DAG {dag_id!r} would call itself without end: set trigger_dag_id to another DAG")
        run_id = called_run_id(ti)
        called = {"dag_id": dag_id, "run_id": run_id}
        if not ti.get_dr_count(dag_id=dag_id, run_ids=[run_id]):
            self._require_active(ti)
            if not self.wait and self.do_xcom_push:
                # Triggering ends the task with an exception, so its result must be pushed before.
                ti.xcom_push(key="return_value", value=called)
            self._start(run_id, context)
        else:
            self.log.info("An earlier try already started the run %s of %s; using that run", run_id, dag_id)
        if self.wait:
            from airflow.providers.standard.triggers.external_task import DagStateTrigger

            trigger = DagStateTrigger(dag_id=dag_id, states=ENDS, run_ids=[run_id], poll_interval=POLL_SECONDS)
            self.defer(trigger=trigger, method_name="execute_complete")
        return called

    def execute_complete(self, context: Context, event: Sequence[Any]) -> dict[str, Any]:
        """Return the result when the called DAG run has ended.

        :raises AirflowFailException: the DAG run did not succeed.
        """
        from airflow_provider_vai.operators.runtime.compat import AirflowFailException

        _, payload = event
        dag_id, run_id = payload["dag_id"], payload["run_ids"][0]
        state = str(getattr(payload.get(run_id), "value", payload.get(run_id)))
        if state != "success":
            raise AirflowFailException(
                f"the run {run_id} of {dag_id} ended in the state {state}: clear its failed tasks, then clear this step"
            )
        return {"dag_id": dag_id, "run_id": run_id, "state": state}

    def _start(self, run_id: str, context: Context) -> None:
        from inspect import signature

        from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

        from airflow_provider_vai.operators.runtime import results

        known = signature(TriggerDagRunOperator.__init__).parameters
        options = {INJECTS: False} if INJECTS in known else {}
        starter = TriggerDagRunOperator(
            task_id=self.task_id,
            trigger_dag_id=self.trigger_dag_id,
            trigger_run_id=run_id,
            conf=results.json_safe(self.conf or {}),
            wait_for_completion=bool(self.wait),
            poke_interval=POLL_SECONDS,
            deferrable=True,
            **options,
        )
        nested.run(starter, context)

    def _require_active(self, ti: Any) -> None:
        from airflow_provider_vai.operators.runtime.errors import NothingSent

        if not hasattr(ti, "get_dag"):  # Airflow 3.1
            return
        try:
            paused = ti.get_dag(self.trigger_dag_id).is_paused
        except Exception as error:
            raise NothingSent(f"the DAG {self.trigger_dag_id!r} cannot be called: {error}") from error
        if paused:
            raise NothingSent(
                f"the DAG {self.trigger_dag_id!r} is paused, so its run would never start: review and unpause it"
            )


def called_run_id(ti: Any) -> str:
    """Return the id of the DAG run that a task starts: one for each DAG run and task instance of the caller."""
    from airflow_provider_vai.languages import json_text
    from airflow_provider_vai.operators.runtime import instance

    digest = json_text.digest(instance.key(ti))
    caller = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{ti.dag_id}.{ti.task_id}")  # the characters that a run id may have
    return f"by_{caller[:150]}_{digest[:24]}"
