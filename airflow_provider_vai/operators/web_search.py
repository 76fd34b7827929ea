"""The kind ``web_search``: sends one query to the search service of a connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

MAX_RESULTS = 10


class WebSearchOperator(VaiOperator):
    """Queries a search service and returns ``{"results": [{"title", "url", "snippet"}], "query": ...}``.

    Titles and snippets are text from outside: later steps should treat them as data.

    :param query: The search query.
    :param conn_id: Connection id of the service: host, schema and port, or a URL as host. ``api`` in its extra is
        ``"searxng"`` (default; login and password, if set, are sent as basic authentication) or ``"tavily"`` (the
        password is the API key). A SearXNG server must have the format ``json`` enabled.
    :param max_results: The maximum number of results (default: 10).
    """

    kind = "web_search"
    template_fields: Sequence[str] = ("query", "conn_id", "max_results")
    effect = "read"

    def __init__(self, *, query: str, conn_id: str, max_results: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.query = argument(query)
        self.conn_id = argument(conn_id)
        self.max_results = argument(max_results)

    def perform(self, context: Context) -> dict[str, Any]:
        """Send the query and return the results."""

        from airflow.sdk import BaseHook

        from airflow_provider_vai.operators.runtime.compat import AirflowException, AirflowFailException
        from airflow_provider_vai.operators.runtime.masking import masked
        from airflow_provider_vai.operators.web import search_api

        connection = BaseHook.get_connection(self.conn_id)
        try:
            results = search_api.search(connection, self.query, self.max_results or MAX_RESULTS)
        except search_api.SearchRefused as error:
            # Mask before truncating: a truncated key would no longer be recognized as a secret.
            raise AirflowFailException(f"the search with {self.conn_id!r} failed: {masked(str(error))[:500]}") from None
        except search_api.SearchUnavailable as error:
            raise AirflowException(f"the search with {self.conn_id!r} failed: {masked(str(error))}") from None
        self.log.info("The search returned %s results", len(results))
        return {"results": results, "query": self.query}
