"""The kind ``http_request``: one request to the server of a connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator
from airflow_provider_vai.operators.runtime.errors import MissingExtra, NothingSent
from airflow_provider_vai.operators.runtime.masking import masked
from airflow_provider_vai.operators.web import answer as http_answer, guard as http_guard, shape as http_shape

if TYPE_CHECKING:
    from airflow.sdk import Context

READS = frozenset({"GET", "HEAD", "OPTIONS"})
TIMEOUT_SECONDS = 60.0


class HttpRequestOperator(VaiOperator):
    """Sends one request and returns ``{"status": int, "body": JSON or text, "content_type": str}``.

    The server and the credentials come from the connection only, and no redirect is followed. A writing
    request (any method but GET, HEAD and OPTIONS) carries an ``Idempotency-Key`` that stays the same when the
    task is retried or cleared in its DAG run, so a server that honours it acts once.

    :param conn_id: a connection of type ``http``; its extra may hold ``{"timeout": seconds}`` (default: 60).
    :param endpoint: a path on the connection's server, or a full URL of that very server.
    :param method: the HTTP method.
    :param query: the query parameters. :param headers: further headers; one that carries credentials is refused.
    :param json: the body, sent as JSON. :param data: the body as text, or an object sent as a form; not with ``json``.
    :param expected_status: a status, or a list of them, to accept; left out: any 2xx.
    :param expected_shape: a small JSON Schema (see :mod:`.web.shape`) of the answer's body; the step fails without a
        retry if the answer breaks it, though a write took place; the message says so.
    """

    kind = "http_request"
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
        writes = not isinstance(method, str) or method.upper() not in READS
        kwargs.setdefault("effect", "write" if writes else "read")
        super().__init__(**kwargs)
        self.conn_id = argument(conn_id)
        self.endpoint = argument(endpoint)
        self.method = argument(method)
        self.query = argument(query)
        self.headers = argument(headers)
        self.json = argument(json)
        self.data = argument(data)
        self.expected_status = argument(expected_status)
        self.expected_shape = argument(expected_shape)

    def perform(self, context: Context) -> dict[str, Any]:
        """Check the request, send it once, check the answer."""
        session, url = self._prepared(context)
        with session:
            return self._send(session, url)

    def _prepared(self, context: Context) -> tuple[Any, str]:
        """Return the session with its credentials and headers, and the URL; nothing that fails here was sent."""
        try:
            from airflow.providers.http.hooks.http import HttpHook
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[http]'") from error
        if self.json is not None and self.data is not None:
            raise NothingSent("json and data are two bodies of one request: leave one out")
        http_shape.check_schema(self.expected_shape or {})
        try:
            hook = HttpHook(method=self.method.upper(), http_conn_id=self.conn_id)
            session = hook.get_conn()
            session.headers.update(self._headers(context))
            return session, http_guard.checked_url(hook.base_url, self.endpoint)
        except Exception as error:
            raise NothingSent(f"the request was not sent: {error}") from error

    def _headers(self, context: Context) -> dict[str, str]:
        headers = http_guard.checked_headers(self.headers or {})
        if self.method.upper() not in READS and "idempotency-key" not in {name.lower() for name in headers}:
            ti, arguments = context["ti"], {name: getattr(self, name) for name in self.template_fields}
            headers["Idempotency-Key"] = json_text.digest([ti.dag_id, ti.run_id, ti.task_id, ti.map_index, arguments])
        return headers

    def _send(self, session: Any, url: str) -> dict[str, Any]:
        from airflow.sdk import BaseHook

        extra, method = BaseHook.get_connection(self.conn_id).extra_dejson, self.method.upper()
        sent = {"params": self.query, "json": self.json, "data": self.data}
        sent["timeout"] = float(extra.get("timeout") or TIMEOUT_SECONDS)
        self.log.info("Sending %s %s", method, masked(url))
        with http_answer.reaching(self.conn_id):  # stream: the answer is read up to the limit, whatever its size
            response = session.request(method, url, **sent, allow_redirects=False, stream=True)
        checks = {"status": self.expected_status, "shape": self.expected_shape, "wrote": self.effect == "write"}
        with response:
            return http_answer.read(f"{method} {self.endpoint}", response, **checks)
