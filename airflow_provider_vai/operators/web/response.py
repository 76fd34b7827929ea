"""Reads the answer of a request and checks its status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.operators.runtime.compat import AirflowException, AirflowFailException
from airflow_provider_vai.operators.runtime.errors import NothingSentYet
from airflow_provider_vai.operators.runtime.masking import masked
from airflow_provider_vai.operators.web import shape as http_shape

LIMIT_BYTES = 10 * 1024 * 1024
_WORTH_RETRYING = frozenset({408, 425, 429})  # among the 4xx; the others stay what they are


@contextmanager
def reaching(conn_id: str) -> Iterator[None]:
    """Tell a request that cannot have reached its server from one that may have.

    :raises NothingSentYet: no connection to the server was made.
    """
    from requests.exceptions import ConnectionError as Lost, ConnectTimeout
    from urllib3.exceptions import NewConnectionError

    try:
        yield
    except Lost as error:
        reason = getattr(error.args[0] if error.args else None, "reason", None)
        if isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError):
            raise NothingSentYet(f"the server of {conn_id!r} was not reached: {masked(str(error))}") from error
        raise


def read(
    request: str,
    response: Any,
    *,
    status: int | list[int] | None = None,
    shape: dict[str, Any] | None = None,
    wrote: bool = False,
) -> dict[str, Any]:
    """Return ``{"status": int, "body": JSON or text, "content_type": str}`` of a streamed answer.

    :param request: the request's method and endpoint, for the message.
    :param status: the expected status or a list of them; ``None``: any 2xx.
    :param shape: the schema that the body must satisfy, see :mod:`~airflow_provider_vai.operators.web.shape`.
    :param wrote: the request took place whatever its answer is: the message about another shape says so.
    :raises AirflowFailException: the status is another one, and would be in a later try; the body is larger than
        :data:`LIMIT_BYTES`, or of another shape.
    :raises AirflowException: the status is another one, but may not be later.
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
            raise AirflowFailException(f"the answer is larger than {LIMIT_BYTES} bytes: ask for less at a time")
    return bytes(content)


def _check_status(request: str, response: Any, content: bytes, expected: int | list[int] | None) -> None:
    status = response.status_code
    if status in ([expected] if isinstance(expected, int) else expected or range(200, 300)):
        return
    to = f" and points to {response.headers['Location']}" if "Location" in response.headers else ""
    said = masked(f"{to}: {content[:2000].decode(errors='replace')[:500]}")
    final = 300 <= status < 500 and status not in _WORTH_RETRYING
    raise (AirflowFailException if final else AirflowException)(f"{request}: {status}{said}")


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
