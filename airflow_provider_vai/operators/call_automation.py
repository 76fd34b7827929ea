"""The kind ``call_automation``: one run of another automation's DAG."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.operators import nested
from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator
from airflow_provider_vai.operators.runtime.compat import AirflowFailException
from airflow_provider_vai.operators.runtime.errors import NothingSent

if TYPE_CHECKING:
    from airflow.sdk import Context

POLL_SECONDS = 10
ENDS = ["success", "failed"]


class CallAutomationOperator(VaiOperator):
    """Starts a run of another DAG, once: a retry, or a cleared task, takes over the run that is there, as it is.

    The result is ``{"dag_id", "run_id"}``, and ``"state"`` after waiting. To have the called DAG run again, clear its
    run; for other params, start another run of this DAG. The wait is deferred to the triggerer and takes no worker.

    :param trigger_dag_id: the DAG; not the one that the step stands in. It has to be unpaused.
    :param conf: the run's params, by name. Everyone who may read the run sees them, so no secret may be in them.
    :param wait: wait for the end of the run; the step then fails if the run does.
    """

    kind = "call_automation"
    template_fields: Sequence[str] = ("trigger_dag_id", "conf", "wait")
    effect = "write"
    idempotent = True  # by the run's id, which is the same each time

    def __init__(
        self, *, trigger_dag_id: str, conf: dict[str, Any] | None = None, wait: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.trigger_dag_id = argument(trigger_dag_id)
        self.conf = nested.without_secrets("conf", conf)
        self.wait = argument(wait)

    def perform(self, context: Context) -> dict[str, Any]:
        """Start the run, or take over the one that an earlier attempt started."""
        ti, dag_id = context["ti"], self.trigger_dag_id
        if dag_id == ti.dag_id:
            raise NothingSent(f"the DAG {dag_id!r} would call itself, without an end: call another one")
        run_id = called_run_id(ti)
        called = {"dag_id": dag_id, "run_id": run_id}
        if not ti.get_dr_count(dag_id=dag_id, run_ids=[run_id]):
            self._require_active(ti)
            if not self.wait and self.do_xcom_push:
                # Starting ends the task by an exception, which leaves no other way for a result.
                ti.xcom_push(key="return_value", value=called)
            self._start(run_id, context)
        else:
            self.log.info("The run %s of %s is there from an earlier attempt, and is taken over", run_id, dag_id)
        if self.wait:
            from airflow.providers.standard.triggers.external_task import DagStateTrigger

            trigger = DagStateTrigger(dag_id=dag_id, states=ENDS, run_ids=[run_id], poll_interval=POLL_SECONDS)
            self.defer(trigger=trigger, method_name="execute_complete")
        return called

    def execute_complete(self, context: Context, event: Sequence[Any]) -> dict[str, Any]:
        """Return the result after the wait."""
        _, answer = event
        dag_id, run_id = answer["dag_id"], answer["run_ids"][0]
        state = str(getattr(answer.get(run_id), "value", answer.get(run_id)))
        if state != "success":
            raise AirflowFailException(
                f"the run {run_id} of {dag_id} ended as {state}: clear what failed in it, then clear this step"
            )
        return {"dag_id": dag_id, "run_id": run_id, "state": state}

    def _start(self, run_id: str, context: Context) -> None:
        from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

        from airflow_provider_vai.operators.runtime import results

        starter = TriggerDagRunOperator(
            task_id=self.task_id,
            trigger_dag_id=self.trigger_dag_id,
            trigger_run_id=run_id,
            conf=results.json_safe(self.conf or {}),
            wait_for_completion=bool(self.wait),
            poke_interval=POLL_SECONDS,
            deferrable=True,
            openlineage_inject_parent_info=False,  # it would add to the params
        )
        nested.run(starter, context)

    def _require_active(self, ti: Any) -> None:
        if not hasattr(ti, "get_dag"):  # Airflow 3.1
            return
        try:
            paused = ti.get_dag(self.trigger_dag_id).is_paused
        except Exception as error:
            raise NothingSent(f"the DAG {self.trigger_dag_id!r} cannot be called: {error}") from error
        if paused:
            raise NothingSent(
                f"the DAG {self.trigger_dag_id!r} is paused, and its run would never begin: review and unpause it"
            )


def called_run_id(ti: Any) -> str:
    """Return the id of the run that a task starts: one for each DAG run, task and map index."""
    index = -1 if ti.map_index is None else ti.map_index
    digest = json_text.digest([ti.dag_id, ti.run_id, ti.task_id, index])
    shown = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{ti.dag_id}.{ti.task_id}")  # what Airflow allows in a run id
    return f"by_{shown[:150]}_{digest[:24]}"
