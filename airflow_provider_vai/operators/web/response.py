"""Sends a request, and reads and checks its response within a time limit for both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model import time_limit
from airflow_provider_vai.operators.runtime.compat import AirflowException, AirflowFailException
from airflow_provider_vai.operators.runtime.errors import NothingSentYet
from airflow_provider_vai.operators.runtime.masking import masked
from airflow_provider_vai.operators.web import shape as http_shape

TIMEOUT_SECONDS = 60.0
LIMIT_BYTES = 10 * 1024 * 1024
_WORTH_RETRYING = frozenset({408, 425, 429})  # any other 4xx would be the same in a retry


def sent(
    send: Callable[..., Any], *, name: str, conn_id: str, timeout: float, checks: Mapping[str, Any]
) -> dict[str, Any]:
    """Send a request and return what :func:`read` makes of its response.

    :param send: sends it; called with options for ``requests``.
    :param name: the request's method and endpoint, for messages.
    :param conn_id: the id of the connection, for messages.
    :param timeout: how many seconds the request and the whole response may take.
    :param checks: the further arguments of :func:`read`.
    :raises AirflowException: the response was not complete in time; and as :func:`connecting` and :func:`read` do.
    """

    def work() -> dict[str, Any]:
        with connecting(conn_id):  # stream=True: the size limit applies while the body is read
            response = send(timeout=timeout, allow_redirects=False, stream=True)
        with response:
            return read(name, response, **checks)

    try:
        return time_limit.within(timeout, work, stop=None)
    except time_limit.TookTooLong:
        raise AirflowException(
            f"{name} got no complete response within {timeout:g} seconds: raise 'timeout' in the extra of the"
            f" connection {conn_id!r} if the server needs longer"
        ) from None


@contextmanager
def connecting(conn_id: str) -> Iterator[None]:
    """Raise a different error if a request inside the ``with`` block did not connect, and so certainly sent nothing.

    :param conn_id: the connection's id, for the message.
    :raises NothingSentYet: no connection to the server was made. Other errors of the request pass through.
    """
    from requests.exceptions import ConnectionError as RequestsConnectionError, ConnectTimeout
    from urllib3.exceptions import NewConnectionError

    try:
        yield
    except RequestsConnectionError as error:
        reason = getattr(error.args[0] if error.args else None, "reason", None)
        if isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError):
            raise NothingSentYet(
                f"cannot connect to the server of the connection {conn_id!r}: {masked(str(error))}"
            ) from error
        raise


def read(
    request: str,
    response: Any,
    *,
    status: int | list[int] | None = None,
    shape: dict[str, Any] | None = None,
    wrote: bool = False,
) -> dict[str, Any]:
    """Return ``{"status": int, "body": JSON or text, "content_type": str}`` of a streamed response.

    :param request: the request's method and endpoint, for the message.
    :param status: the expected status code or a list of them; ``None``: any 2xx.
    :param shape: the schema that the body must match, see :mod:`~airflow_provider_vai.operators.web.shape`.
    :param wrote: whether the request was a write. If so, the message about a mismatch says that it took place.
    :raises AirflowFailException: the status is unexpected and would be the same in a retry, the body is larger than
        :data:`LIMIT_BYTES`, or it does not match the shape.
    :raises AirflowException: the status is unexpected, but a retry may succeed.
    """
    content = _content(response)
    _check_status(request, response, content, status)
    content_type = response.headers.get("Content-Type", "")
    body = _body(content, content_type)
    if shape is not None:
        http_shape.check(request, body, shape, wrote=wrote)
    return {"status": response.status_code, "body": body, "content_type": content_type}


def _content(response: Any) -> bytes:
    content = bytearray()
    for part in response.iter_content(64 * 1024):
        content += part
        if len(content) > LIMIT_BYTES:
            raise AirflowFailException(f"the response is larger than {LIMIT_BYTES} bytes: request less data at a time")
    return bytes(content)


def _check_status(request: str, response: Any, content: bytes, expected: int | list[int] | None) -> None:
    status = response.status_code
    if status in ([expected] if isinstance(expected, int) else expected or range(200, 300)):
        return
    redirect = f" with a redirect to {response.headers['Location']}" if "Location" in response.headers else ""
    details = masked(f"{redirect}: {content[:2000].decode(errors='replace')[:500]}")
    is_final = 300 <= status < 500 and status not in _WORTH_RETRYING
    error_class = AirflowFailException if is_final else AirflowException
    raise error_class(f"{request} returned the status {status}{details}")


def _body(content: bytes, content_type: str) -> Any:
    """Return the body as JSON or text. A body that is neither stays bytes, which the result stores as base64."""
    kind, _, rest = content_type.partition(";")
    charset = rest.partition("charset=")[2].strip("\"' ") or "utf-8"
    try:
        text = content.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return content
    if text and (kind.strip().lower() == "application/json" or kind.strip().lower().endswith("+json")):
        try:
            return json_text.loads(text, where="the response")
        except UnreadableTrace:  # invalid JSON, or a number that Python cannot represent: return the text
            return text
    return text
