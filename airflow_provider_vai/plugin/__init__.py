"""The plugin that Airflow loads. It must be cheap to import: every task process loads it."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin


class VaiPlugin(AirflowPlugin):
    """Registers this provider's parts that only a plugin can register."""

    name = "vai"

    @property
    def listeners(self) -> list[Any]:
        """What hears that a run has ended, see :mod:`airflow_provider_vai.plugin.events.run_events`."""
        from airflow_provider_vai.plugin.events import listener

        return [listener]

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:
        """The web pages, imported only where Airflow asks for them: in its API server."""
        from airflow_provider_vai.plugin.app import app

        return [{"app": app, "url_prefix": "/vai", "name": "VirtuousAI"}]
