"""The connection type ``vai``: the VirtuousAI platform, accessed with the same client as ``vai pull``."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseHook

from airflow_provider_vai.exceptions import VaiError


class VaiHook(BaseHook):
    """Reads agent runs, chat threads and action runs from the platform.

    The connection's host is the platform's URL (``https://vai.example.com``), and its password is a token.

    :param vai_conn_id: The connection id.
    """

    conn_name_attr = "vai_conn_id"
    default_conn_name = "vai_default"
    conn_type = "vai"
    hook_name = "VirtuousAI"

    def __init__(self, vai_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vai_conn_id = vai_conn_id

    def get_conn(self) -> Any:
        """Return a :class:`~airflow_provider_vai.traces.pull.http.Client` for the platform.

        :raises PullError: the connection has no server or no token.
        """
        from airflow_provider_vai.traces.pull import source
        from airflow_provider_vai.traces.pull.base import Credentials
        from airflow_provider_vai.traces.pull.connection import Connection, client_at

        connection = self.get_connection(self.vai_conn_id)
        server = Connection(connection.host or "", connection.schema or "", connection.port)
        credentials = Credentials(connection.login or "", connection.password or "")
        return client_at(source("vai"), server.url, credentials, f"the connection {self.vai_conn_id!r}")

    def export(self, id: str) -> dict[str, Any]:
        """Return an agent run or chat thread with its action runs, as a trace in the format ``vai``.

        :param id: The id of the agent run or chat thread.
        :raises PullError: the platform refuses the request, or has no such run.
        """
        from airflow_provider_vai.traces.pull import source

        return source("vai").trace(self.get_conn(), id)

    def test_connection(self) -> tuple[bool, str]:
        """Return whether the platform answers, and a message for the connection form."""
        from airflow_provider_vai.traces.pull import source

        try:
            source("vai").newest(self.get_conn())
        except VaiError as error:
            return False, str(error)
        return True, "The platform answers."

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return the fields of the connection form."""
        return {
            "hidden_fields": ["schema", "login", "port", "extra"],
            "relabeling": {"host": "Address", "password": "Token"},
            "placeholders": {"host": "https://vai.example.com", "password": "vai_pat_…"},
        }
