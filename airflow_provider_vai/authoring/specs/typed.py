"""Values that a person types, on a command line or in a form, as a spec contains them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.base import JsonPath


def data(text: str) -> Any:
    """Return a text parsed as JSON; if it is not JSON, the text itself.

    :param text: what the person typed.
    """
    try:
        return json_text.loads(text, where="the value")
    except VaiError:
        return text


def _literal(text: str) -> Any:
    return {"$literal": data(text)}


def _text(text: str) -> Any:
    return {"$literal": text}


def _wire(text: str) -> Any:
    step, *path = place(text)
    return {"$from": [step, *path]} if step else {"$item": path}


def _param(text: str) -> Any:
    return {"$param": place(text)}


def _template(text: str) -> Any:
    return {"$template": text}


def _derive(text: str) -> Any:
    return {"$derive": text}


def _secret(text: str) -> Any:
    return {"$secret": text}


def place(text: str) -> JsonPath:
    """Return a place such as ``step.rows.0`` as its name, keys and positions.

    :param text: what the person typed.
    """
    first, *rest = text.split(".")
    return [first, *(int(part) if part.isascii() and part.isdigit() else part for part in rest)]


READ: Mapping[str, Callable[[str], Any]] = {
    "set": _literal,
    "text": _text,
    "wire": _wire,
    "param": _param,
    "template": _template,
    "derive": _derive,
    "secret": _secret,
}
"""The function for each way to give a value: the name of an option of ``vai edit`` and of a choice in a form."""
