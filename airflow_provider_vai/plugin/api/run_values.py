"""The values that the steps of a DAG run had: from the stored results of earlier steps, and the run's params."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow.models.dagrun import DagRun
from airflow.models.xcom import XComModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.languages import derivation
from airflow_provider_vai.languages.places import value_at, with_value
from airflow_provider_vai.model.argument import Argument, Output
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.operators.runtime import results

UNKNOWN_VALUE = (LookupError, ValueError, OSError, RecursionError, VaiError)
"""What the methods of :class:`RunValues` raise for a value that is not known, or not known any more."""

LARGEST_ARTIFACT = 5_000_000
"""Larger results, in bytes, are neither compared nor used for values here."""

GIVEN = "what an earlier step was given is known only while the run is running"
RENDERED = "Airflow renders the template in the run, and does not keep the text"
OF_ELEMENT = "it differs for each element of the list"
TOO_LARGE = f"a result is larger than {LARGEST_ARTIFACT // 1_000_000} MB"


@dataclass(frozen=True)
class RunValues:
    """What is known of a run: results by task id, params by name, and the task id of each step's key."""

    results: Mapping[str, Any]
    params: Mapping[str, Any]
    task_ids: Mapping[str, str]

    def result(self, task_id: str) -> Any:
        """Return the whole result of a step that is not mapped; ``None``: it has none.

        :raises LookupError: it is too large to be read here; or see :data:`UNKNOWN_VALUE`.
        """
        return _loaded(self.results.get(task_id))

    def argument(self, argument: Argument) -> Any:
        """Return the value that an argument had in the run. Secrets are masked.

        :param argument: of the version that ran.
        :raises LookupError: it is not known; or see :data:`UNKNOWN_VALUE`.
        """
        if argument.derive:
            return derivation.evaluate(argument.derive, self.reference)
        if argument.class_ == "template":
            raise LookupError(RENDERED)
        if argument.class_ == "parameter":
            return self._param(argument.param or "", argument.path)
        if argument.from_:
            return self._output(argument.from_)
        value = argument.value
        for wire in argument.wires:
            if wire.template is not None:
                raise LookupError(RENDERED)
            if wire.derive:
                part = derivation.evaluate(wire.derive, self.reference)
            else:
                part = self._output(wire.from_) if wire.from_ else self._param(wire.param or "", wire.path)
            value = with_value(value, wire.at, part)
        for secret in argument.secrets:
            value = with_value(value, secret.at, "***")
        return value

    def reference(self, reference: Mapping[str, Any]) -> Any:
        """Return the value of a reference in a derived value.

        :raises LookupError: it is not known here, or there is none.
        """
        name, path = reference["function"], list(reference.get("path", ()))
        if name == "parameter":
            return self._param(reference["name"], path)
        if name != "wired":
            raise LookupError(GIVEN)
        return self._output(Output(step=reference["step"], path=path))

    def _param(self, name: str, path: list[Any]) -> Any:
        return value_at(self.params.get(name), path, of=f"the param {name}")

    def _output(self, output: Output) -> Any:
        if output.step is None:
            raise LookupError(OF_ELEMENT)
        task_id = self.task_ids.get(output.step, output.step)
        if self.results.get(task_id) is None:
            raise LookupError(f"the step {output.step} has no single result in this run")
        return _loaded(results.select(self.results[task_id], output.path, step=output.step))


def values_of_run(session: Session, sidecar: Sidecar, run: DagRun) -> RunValues:
    """Return what is known of a run.

    :param session: of Airflow's database. :param sidecar: of the version that ran. :param run: the DAG run.
    """
    defaults = {name: param.default for name, param in sidecar.params.items()}
    conf = run.conf if isinstance(run.conf, dict) else {}
    task_ids = {step.key: step.task_id for step in sidecar.steps}
    return RunValues(_results(session, run, list(task_ids.values())), {**defaults, **conf}, task_ids)


def _results(session: Session, run: DagRun, task_ids: list[str]) -> dict[str, Any]:
    """Return the results of the steps that are not mapped, by task id; large ones stay references."""
    query = select(XComModel).where(
        XComModel.dag_id == run.dag_id,
        XComModel.run_id == run.run_id,
        XComModel.key == "return_value",
        XComModel.map_index == -1,
        XComModel.task_id.in_(task_ids),
    )
    return {row.task_id: XComModel.deserialize_value(row) for row in session.scalars(query)}


def _loaded(value: Any) -> Any:
    if results.is_reference(value) and value["bytes"] > LARGEST_ARTIFACT:
        raise LookupError(TOO_LARGE)
    return results.load(value)
