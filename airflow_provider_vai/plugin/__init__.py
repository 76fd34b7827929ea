"""The plugin that Airflow loads. It must be cheap to import: every task process loads it."""

from __future__ import annotations

from typing import Any, ClassVar

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

    external_views: ClassVar[list[dict[str, Any]]] = [
        {
            "name": "VirtuousAI",
            "href": "vai/ui/",
            "destination": "nav",
            "url_route": "vai",
            "nav_top_level": True,
            "icon": "vai/ui/static/icon/vai.svg",
        },
        {
            "name": "VirtuousAI",
            "href": "vai/ui/dag/{DAG_ID}",
            "destination": "dag",
            "url_route": "vai-dag",
            "applies_to": {"dag.tags.name": ["vai"]},
            "icon": "vai/ui/static/icon/vai.svg",
        },
        {
            "name": "VirtuousAI",
            "href": "vai/ui/task/{DAG_ID}/{RUN_ID}/{TASK_ID}/{MAP_INDEX}",
            "destination": "task_instance",
            "url_route": "vai-task",
            "applies_to": {"dag.tags.name": ["vai"]},
            "icon": "vai/ui/static/icon/vai.svg",
        },
    ]
    """The pages: addresses relative to Airflow's own, since it may be served below a path."""
