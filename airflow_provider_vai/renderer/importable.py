"""What a DAG file may import: the functions of its values, the operators of the action kinds, and allowed notifiers.

The renderer takes the names from here, and the audit of its text compares with the same list rather than with the spec,
because the spec may be an outsider's.
"""

from __future__ import annotations

from airflow_provider_vai.languages import derivation
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.notifiers import notifier_problem
from airflow_provider_vai.renderer.frame import FRAME

ARGUMENTS_MODULE = "airflow_provider_vai.operators.arguments"
DERIVED_MODULE = "airflow_provider_vai.operators.derived"
FUNCTIONS = {
    **dict.fromkeys((*derivation.FUNCTIONS, "argument_of"), DERIVED_MODULE),
    "asset": "airflow_provider_vai.operators.assets",
    "AssetAny": "airflow.sdk",
    "AssetOrTimeSchedule": "airflow.timetables.assets",
    "CronTriggerTimetable": "airflow.timetables.trigger",
    "MultipleCronTriggerTimetable": "airflow.timetables.trigger",
    "Param": "airflow.sdk",
    "connection_secret": ARGUMENTS_MODULE,
    "item": ARGUMENTS_MODULE,
    "parameter": ARGUMENTS_MODULE,
    "template": ARGUMENTS_MODULE,
    "timedelta": "datetime",
    "wired": ARGUMENTS_MODULE,
}
"""The functions that a value in a DAG file may call, and the modules that they are imported from."""

ALWAYS = {"DAG": "airflow.sdk", "chain": "airflow.sdk", "datetime": "datetime", "timezone": "datetime"}
"""What the frame of a DAG file is written with, and the modules that it is imported from."""


def is_importable(module: str, name: str) -> bool:
    """Return whether a DAG file may import a name from a module."""
    if module in (FUNCTIONS.get(name), ALWAYS.get(name)):
        return True
    path = f"{module}.{name}"
    operators = {kind.operator for kind in (*FRAME.values(), *by_name().values())}
    return path in operators or notifier_problem(path) is None
