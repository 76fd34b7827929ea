"""The plugin that Airflow loads. It must be cheap to import: every task process loads it."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin


class VaiPlugin(AirflowPlugin):
    """Registers the parts of this provider that only a plugin can register: a listener and a web app."""

    name = "vai"

    @property
    def listeners(self) -> list[Any]:
        """The listener that emits the events of a run that ended, see :mod:`.events.run_events`."""
        from airflow_provider_vai.plugin.events import listener

        return [listener]

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:
        """The web app. It is imported only in Airflow's API server, the one process that asks for it."""
        from airflow_provider_vai.plugin.app import app

        return [{"app": app, "url_prefix": "/vai", "name": "VirtuousAI"}]
