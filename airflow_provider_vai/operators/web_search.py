"""The kind ``web_search``: one query to the search service of a connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator
from airflow_provider_vai.operators.runtime.compat import AirflowException, AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk import Context

MAX_RESULTS = 10


class WebSearchOperator(VaiOperator):
    """Asks a search service and returns ``{"results": [{"title", "url", "snippet"}], "query": ...}``.

    Titles and snippets were written by others: a later step should treat them as data.

    :param query: what is searched for.
    :param conn_id: the service: host, schema and port, or a URL as host. Its extra's ``api`` is ``"searxng"``
        (the default; login and password, if any, go as basic authentication) or ``"tavily"`` (the password is the
        key). A SearXNG server must have the format ``json`` enabled.
    :param max_results: at most so many results (default: 10).
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
        """Send the query and return what was found."""
        from airflow.sdk import BaseHook

        from airflow_provider_vai.operators.runtime.masking import masked
        from airflow_provider_vai.operators.web import search_api

        connection = BaseHook.get_connection(self.conn_id)
        try:
            found = search_api.search(connection, self.query, self.max_results or MAX_RESULTS)
        except search_api.SearchRefused as error:
            # masked first: of a key that the service repeats, a cut would leave a part that no mask knows
            raise AirflowFailException(f"the search by {self.conn_id!r} failed: {masked(str(error))[:500]}") from None
        except search_api.SearchUnavailable as error:
            raise AirflowException(f"the search by {self.conn_id!r} failed: {masked(str(error))}") from None
        self.log.info("The search returned %s results", len(found))
        return {"results": found, "query": self.query}
