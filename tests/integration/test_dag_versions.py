"""Airflow's version of a DAG changes if and only if what runs changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.review_item import review_item
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.sidecar_files import read_sidecar
from tests.paths import GOLDEN

pytestmark = pytest.mark.integration

EXPECTED = GOLDEN / "demo" / "expected" / "monthly_revenue_report.vai.json"


def version_hash(dag: Path) -> str:
    """Return the digest with which Airflow distinguishes DAG versions."""
    from airflow.models.serialized_dag import SerializedDagModel

    from tests.airflow_names import DagBag, DagSerialization

    bag = DagBag(dag_folder=str(dag))
    assert bag.import_errors == {}
    (found,) = bag.dags.values()
    data = {**DagSerialization.to_dict(found)}
    data["dag"] = {**data["dag"], "fileloc": "", "relative_fileloc": ""}
    return SerializedDagModel.hash(data)


@pytest.fixture
def automation(database: Path) -> Automation:
    """Return an automation with queries, a flashboard, a gate and a write."""
    return read_sidecar(EXPECTED).automation


def with_frozen(automation: Automation, value: Any) -> Automation:
    """Return the automation with another frozen value deep inside a step's argument."""
    step = automation.steps[-1]
    body = {**step.arguments["json"].value, "title": value}
    arguments = {**step.arguments, "json": Argument.frozen(body)}
    return automation.model_copy(
        update={"steps": [*automation.steps[:-1], step.model_copy(update={"arguments": arguments})]}
    )


def test_what_runs_decides_airflows_version(automation: Automation, tmp_path: Path) -> None:
    """A changed frozen value makes a new DAG version; a changed review item does not, nor does a restored version."""
    published = publish(automation, tmp_path)
    hashes = [version_hash(published.dag)]
    for changed in (
        with_frozen(automation, "Another title"),
        automation.model_copy(update={"review": [review_item("note", text="look at it")]}),
        automation,
    ):
        publish(changed, tmp_path)
        hashes.append(version_hash(published.dag))

    first, other_title, other_review, restored = hashes
    assert first == other_review == restored != other_title


def test_without_a_change_there_is_no_version(automation: Automation, tmp_path: Path) -> None:
    """Publishing again, activating and pausing make no new DAG version."""
    from airflow_provider_vai.store import lifecycle

    published = publish(automation, tmp_path)
    before = version_hash(published.dag)
    publish(automation, tmp_path)
    lifecycle.activate(tmp_path, automation.dag_id, reviewed=automation.review)
    lifecycle.pause(tmp_path, automation.dag_id)

    assert version_hash(published.dag) == before
    assert read_sidecar(published.sidecar).version == 1
