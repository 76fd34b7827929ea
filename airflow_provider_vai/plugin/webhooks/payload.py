"""Parses the body of a webhook into the DAG param ``payload``, and refuses what a run's configuration cannot store."""

from __future__ import annotations

from email.message import Message
from typing import Any
from urllib.parse import parse_qs

from airflow_provider_vai.exceptions import UnreadableTrace, VaiError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.storable import is_storable_number, text_problem

MAX_DEPTH = 64
"""Levels of lists and objects. Senders need a dozen; the code that reads a run's configuration recurses."""

MAX_FIELDS = 1000
"""Fields in a form."""

CHARSETS = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1"}


class BadPayload(VaiError):
    """A webhook's body does not match its content type, or contains a value that a run's configuration cannot store."""


def parse(body: bytes, content_type: str) -> Any:
    """Return the body as JSON data.

    JSON (``application/json``, ``…+json``) is parsed. A form (``application/x-www-form-urlencoded``) becomes an object,
    in which a repeated field is a list. Anything else is the text as it is.

    :param body: the bytes as they arrived.
    :param content_type: the value of the header; empty means text.
    :raises BadPayload: it cannot be read, is nested deeper than :data:`MAX_DEPTH`, or contains a number of more than
        64 bits, a NUL or half a surrogate pair: the database or the worker would refuse these, after the answer.
    """
    header = Message()
    header["Content-Type"] = content_type or "text/plain"
    kind = header.get_content_type()
    text = _text(body, header.get_content_charset("utf-8"))
    if kind == "application/json" or kind.endswith("+json"):
        value = _json(text)
    elif kind == "application/x-www-form-urlencoded":
        value = _form(text)
    else:
        value = text
    _check(value)
    return value


def _text(body: bytes, charset: str) -> str:
    if charset not in CHARSETS:
        raise BadPayload("the charset of the body is not supported", remedy="Send UTF-8.")
    try:
        return body.decode(charset)
    except UnicodeDecodeError as error:
        raise BadPayload(f"the body is not {charset} at byte {error.start}", remedy="Send UTF-8.") from None


def _json(text: str) -> Any:
    try:
        return json_text.loads(text, where="the body")
    except UnreadableTrace as error:
        problem = error.problem.replace("the file is", "the body is")
        raise BadPayload(problem, remedy="Send one JSON document, or another content type.") from None


def _form(text: str) -> dict[str, Any]:
    try:
        fields = parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except UnicodeDecodeError:
        raise BadPayload("a field of the form is not UTF-8", remedy="Send UTF-8.") from None
    except ValueError:
        raise BadPayload(f"the form has more than {MAX_FIELDS} fields", remedy="Send JSON.") from None
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


def _check(value: Any) -> None:
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:  # not recursive: the value may be nested deeper than Python's limit
        part, depth = waiting.pop()
        if isinstance(part, (dict, list)):
            if depth == MAX_DEPTH:
                raise BadPayload(f"the body is nested deeper than {MAX_DEPTH} levels", remedy="Flatten it.")
            inside = [*part, *part.values()] if isinstance(part, dict) else part
            waiting += [(one, depth + 1) for one in inside]
        elif isinstance(part, str):
            _check_text(part)
        elif isinstance(part, (int, float)) and not is_storable_number(part):
            raise BadPayload("the body contains a number of more than 64 bits", remedy="Send it as text.")


def _check_text(text: str) -> None:
    if problem := text_problem(text):
        raise BadPayload(f"the body {problem}", remedy="Leave the character out.")
