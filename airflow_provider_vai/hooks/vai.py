"""The connection type ``vai``: the platform, by the client that ``vai pull`` uses."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseHook

from airflow_provider_vai.exceptions import VaiError


class VaiHook(BaseHook):
    """Reads agent runs, chat threads and action runs from the platform.

    The connection's host is the platform's address (``https://vai.example.com``), its password a token.

    :param vai_conn_id: the connection.
    """

    conn_name_attr = "vai_conn_id"
    default_conn_name = "vai_default"
    conn_type = "vai"
    hook_name = "VirtuousAI"

    def __init__(self, vai_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vai_conn_id = vai_conn_id

    def get_conn(self) -> Any:
        """Return the client: :class:`airflow_provider_vai.traces.pull.http.Client`.

        :raises PullError: the connection names no server or holds no token.
        """
        from airflow_provider_vai.traces.pull import source
        from airflow_provider_vai.traces.pull.base import Credentials
        from airflow_provider_vai.traces.pull.connection import Connection, client_at

        found = self.get_connection(self.vai_conn_id)
        server = Connection(found.host or "", found.schema or "", found.port)
        credentials = Credentials(found.login or "", found.password or "")
        return client_at(source("vai"), server.url, credentials, f"the connection {self.vai_conn_id!r}")

    def export(self, id: str) -> dict[str, Any]:
        """Return an agent run or chat thread with its action runs, as the trace format ``vai`` has it.

        :param id: the agent run's or thread's id.
        :raises PullError: the platform refuses, or knows no such run.
        """
        from airflow_provider_vai.traces.pull import source

        return source("vai").trace(self.get_conn(), id)

    def test_connection(self) -> tuple[bool, str]:
        """Return whether the platform answers, and what went wrong if not."""
        from airflow_provider_vai.traces.pull import source

        try:
            source("vai").newest(self.get_conn())
        except VaiError as error:
            return False, str(error)
        return True, "The platform answers."

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return what the connection form shows."""
        return {
            "hidden_fields": ["schema", "login", "port", "extra"],
            "relabeling": {"host": "Address", "password": "Token"},
            "placeholders": {"host": "https://vai.example.com", "password": "vai_pat_…"},
        }
