"""Lets Airflow's DAG processor hold what every DAG file of an automation imports.

The DAG processor parses each file in a child forked from one long-lived process. What that process holds, no child has
to import again: neither the operators, nor the two modules of the standard provider that Airflow imports to serialize
any DAG. So hand-written DAG files are parsed faster, too. ``[vai] preload_in_dag_processor`` switches it off.
"""

from __future__ import annotations

import importlib
import logging
import sys

from airflow_provider_vai.get_provider_info import OPERATORS

DAG_PROCESSOR = "airflow.jobs.dag_processor_job_runner"
"""The module that only the DAG processor imports. When Airflow tells a listener of a start, the job has no name yet."""

ALSO = (
    "airflow_provider_vai.operators.assets",
    "airflow_provider_vai.operators.derived",
    "airflow_provider_vai.sensors.approval",
    "airflow.providers.standard.operators.trigger_dagrun",
    "airflow.providers.standard.sensors.external_task",
)
"""Further modules: what DAG files name besides operators, and what serialization imports (if it is installed)."""

log = logging.getLogger(__name__)


def in_dag_processor() -> None:
    """Import the core if this process is a DAG processor, unless the configuration says no. Nothing is raised."""
    if DAG_PROCESSOR not in sys.modules:
        return
    from airflow_provider_vai.operators.runtime.compat import configuration

    if configuration().getboolean("vai", "preload_in_dag_processor", fallback=True):
        import_core()


def import_core() -> list[str]:
    """Import what DAG files of automations name, and what Airflow imports to serialize them.

    :return: the modules that could not be imported. The DAG file that needs one of them reports why.
    """
    missing = []
    for module in [*(f"airflow_provider_vai.operators.{name}" for name in OPERATORS), *ALSO]:
        try:
            importlib.import_module(module)
        except Exception as error:  # a provider of another version may raise anything
            log.info("%s is not held by the DAG processor: %s", module, error)
            missing.append(module)
    return missing
