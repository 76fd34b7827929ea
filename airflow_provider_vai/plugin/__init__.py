"""The plugin that Airflow loads. It must be cheap to import: every task process loads it."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class VaiPlugin(AirflowPlugin):
    """Registers this provider's parts that only a plugin can register."""

    name = "vai"
