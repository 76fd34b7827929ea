"""The kind ``http_request``: one request to the server of a connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai import json_text
from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.operators.base import MissingExtra, NothingSent, VaiOperator, argument
from airflow_provider_vai.operators.compat import AirflowException, AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk import Context

READS = frozenset({"GET", "HEAD", "OPTIONS"})
LIMIT_BYTES = 10 * 1024 * 1024
TIMEOUT_SECONDS = 60.0
_WORTH_RETRYING = frozenset({408, 425, 429})  # among the 4xx; the others stay what they are


class HttpRequestOperator(VaiOperator):
    """Sends one request and returns ``{"status": int, "body": JSON or text, "content_type": str}``.

    The server and the credentials come from the connection only, and no redirect is followed. A writing
    request (any method but GET, HEAD and OPTIONS) carries an ``Idempotency-Key`` that stays the same when the
    task is retried or cleared in its DAG run, so a server that honours it acts once.

    :param conn_id: a connection of type ``http``; its extra may hold ``{"timeout": seconds}`` (default: 60).
    :param endpoint: a path on the connection's server, or a full URL of that very server.
    :param method: the HTTP method.
    :param query: the query parameters.
    :param headers: further headers; a header that carries credentials is refused.
    :param json: the body, sent as JSON.
    :param data: the body as text, or an object sent as a form; not together with ``json``.
    :param expected_status: a status, or a list of them, to accept; left out: any 2xx.
    """

    template_fields: Sequence[str] = (
        "conn_id",
        "endpoint",
        "method",
        "query",
        "headers",
        "json",
        "data",
        "expected_status",
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

    def perform(self, context: Context) -> dict[str, Any]:
        """Check the request, send it once, check the answer."""
        try:
            from airflow.providers.http.hooks.http import HttpHook
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[http]'") from error
        from airflow_provider_vai.operators import http_guard

        if self.json is not None and self.data is not None:
            raise NothingSent("json and data are two bodies of one request: leave one out")
        method = self.method.upper()
        hook = HttpHook(method=method, http_conn_id=self.conn_id)
        try:
            headers = self._headers(context)
            with hook.get_conn() as session:
                url = http_guard.checked_url(hook.base_url, self.endpoint)
                session.headers.update(headers)
                return self._send(session, method, url)
        except http_guard.Refused as error:
            raise NothingSent(f"the request was not sent: {error}") from None

    def _headers(self, context: Context) -> dict[str, str]:
        from airflow_provider_vai.operators import http_guard

        headers = http_guard.checked_headers(self.headers or {})
        if self.method.upper() not in READS and "idempotency-key" not in {name.lower() for name in headers}:
            ti = context["ti"]
            arguments = {name: getattr(self, name) for name in self.template_fields}
            call = [ti.dag_id, ti.run_id, ti.task_id, ti.map_index, arguments]
            headers["Idempotency-Key"] = json_text.digest(call)
        return headers

    def _send(self, session: Any, method: str, url: str) -> dict[str, Any]:
        from airflow.sdk import BaseHook

        from airflow_provider_vai.operators.masking import masked

        timeout = BaseHook.get_connection(self.conn_id).extra_dejson.get("timeout") or TIMEOUT_SECONDS
        body = {"params": self.query, "json": self.json, "data": self.data}
        self.log.info("Sending %s %s", method, masked(url))
        # stream: the answer is read up to the limit, not into memory whatever its size
        with session.request(
            method, url, **body, timeout=float(timeout), allow_redirects=False, stream=True
        ) as response:
            content = self._content(response)
            self._check_status(response, content)
            content_type = response.headers.get("Content-Type", "")
            return {
                "status": response.status_code,
                "body": _body(content, content_type),
                "content_type": content_type,
            }

    def _content(self, response: Any) -> bytes:
        content = bytearray()
        for part in response.iter_content(64 * 1024):
            content += part
            if len(content) > LIMIT_BYTES:
                raise AirflowFailException(f"the answer is larger than {LIMIT_BYTES} bytes: ask for less at a time")
        return bytes(content)

    def _check_status(self, response: Any, content: bytes) -> None:
        from airflow_provider_vai.operators.masking import masked

        status, expected = response.status_code, self.expected_status
        if status in ([expected] if isinstance(expected, int) else expected or range(200, 300)):
            return
        to = f" and points to {response.headers['Location']}" if "Location" in response.headers else ""
        said = masked(f"{to}: {content[:2000].decode(errors='replace')[:500]}")
        final = 300 <= status < 500 and status not in _WORTH_RETRYING
        raise (AirflowFailException if final else AirflowException)(f"{self.method} {self.endpoint}: {status}{said}")


def _body(content: bytes, content_type: str) -> Any:
    """Return the answer's JSON or text; bytes that are neither stay bytes (kept as base64)."""
    kind, _, rest = content_type.partition(";")
    charset = rest.partition("charset=")[2].strip("\"' ") or "utf-8"
    try:
        text = content.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return content
    if text and (kind.strip().lower() == "application/json" or kind.strip().lower().endswith("+json")):
        try:
            return json_text.loads(text, where="the answer")
        except UnreadableTrace:  # not JSON after all, or a number that Python cannot keep: the text is what came
            return text
    return text
