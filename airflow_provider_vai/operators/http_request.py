"""The kind ``http_request``: sends one request to the server of a connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.decided import DecidedOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class HttpRequestOperator(DecidedOperator):
    """Sends one request and returns ``{"status": int, "body": JSON or text, "content_type": str}``.

    Server and credentials come only from the connection; redirects are not followed. Any method but GET, HEAD and
    OPTIONS writes, and so do an overridden method and a GraphQL mutation. A write has an ``Idempotency-Key`` header,
    which stays the same when the task is retried or cleared.

    :param conn_id: Connection id of an ``http`` connection. Its extra may set ``{"timeout": seconds}``, the limit
        for the whole request with its response (default: 60).
    :param endpoint: A path on the connection's server, or a full URL on that server.
    :param method: The HTTP method.
    :param query: The query parameters.
    :param headers: Additional headers. A header that carries credentials is refused.
    :param json: The body, sent as JSON.
    :param data: The body as text, or as an object that is sent as a form; not together with ``json``.
    :param expected_status: A status code or a list of them; default: any 2xx.
    :param expected_shape: A JSON Schema of the body, see :mod:`.web.shape`; on a mismatch, the step is not retried.
    """

    kind = "http_request"
    defaults = {"method": "GET"}  # noqa: RUF012 - never changed
    idempotent = False
    template_fields: Sequence[str] = (
        "conn_id",
        "endpoint",
        "method",
        "query",
        "headers",
        "json",
        "data",
        "expected_status",
        "expected_shape",
    )

    def __init__(
        self,
        *,
        conn_id: str,
        endpoint: str,
        method: str = "GET",
        query: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        json: Any = None,
        data: Any = None,
        expected_status: int | list[int] | None = None,
        expected_shape: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        given = {"method": method, "endpoint": endpoint, "query": query, "headers": headers, "json": json, "data": data}
        super().__init__(given=given, **kwargs)
        self.conn_id = argument(conn_id)
        self.endpoint = argument(endpoint)
        self.method = self.stored("method", method)
        self.query = argument(query)
        self.headers = argument(headers)
        self.json = argument(json)
        self.data = argument(data)
        self.expected_status = argument(expected_status)
        self.expected_shape = argument(expected_shape)

    def perform(self, context: Context) -> dict[str, Any]:
        """Check the request, send it once and check the response."""
        session, url = self._prepared(context)
        with session:
            return self._send(session, url)

    def _prepared(self, context: Context) -> tuple[Any, str]:
        """Return the session with credentials and headers, and the URL."""
        from airflow_provider_vai.operators.runtime.errors import MissingExtra, NothingSent
        from airflow_provider_vai.operators.web import guard as http_guard, shape as http_shape

        try:
            from airflow.providers.http.hooks.http import HttpHook
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[http]'") from error
        if self.json is not None and self.data is not None:
            raise NothingSent("json and data cannot be combined, because a request has one body: leave one out")
        http_shape.check_schema(self.expected_shape or {})
        try:
            hook = HttpHook(method=self.method.upper(), http_conn_id=self.conn_id)
            session = hook.get_conn()
            session.headers.update(self._headers(context))
            return session, http_guard.checked_url(hook.base_url, self.endpoint)
        except Exception as error:
            raise NothingSent(f"the request was not sent: {error}") from error

    def _headers(self, context: Context) -> dict[str, str]:
        from airflow_provider_vai.languages import json_text
        from airflow_provider_vai.operators.runtime import instance
        from airflow_provider_vai.operators.web import guard as http_guard

        headers = http_guard.checked_headers(self.headers or {})
        if self.possible().effect == "write" and "idempotency-key" not in {name.lower() for name in headers}:
            arguments = {name: getattr(self, name) for name in self.template_fields}
            headers["Idempotency-Key"] = json_text.digest([*instance.key(context["ti"]), arguments])
        return headers

    def _send(self, session: Any, url: str) -> dict[str, Any]:
        from airflow.sdk import BaseHook

        from airflow_provider_vai.operators.runtime.masking import masked
        from airflow_provider_vai.operators.web import response as http_response

        method, extra = self.method.upper(), BaseHook.get_connection(self.conn_id).extra_dejson
        content = {"params": self.query, "json": self.json, "data": self.data}
        self.log.info("Sending %s %s", method, masked(url))
        return http_response.sent(
            lambda **options: session.request(method, url, **content, **options),
            name=f"{method} {self.endpoint}",
            conn_id=self.conn_id,
            timeout=float(extra.get("timeout") or http_response.TIMEOUT_SECONDS),
            checks={"status": self.expected_status, "shape": self.expected_shape, "wrote": self.effect == "write"},
        )
