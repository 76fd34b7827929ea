"""The rule that no Jinja template reads a credential.

A rendered credential would be part of the step's arguments: on Rendered Templates, on the page of a gate, and in what
the step sends. Notifiers render their texts themselves, so every text in a notification's arguments is a template.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.languages.template import credential_names
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.outside import templates_of

REMEDY = (
    "Name a connection in the field of the step that takes one, such as `conn_id`, or fill the value in from its "
    "password with {$secret: connection}. Use a param for a value that is not a credential."
)


def credential_templates(automation: Automation) -> Iterator[tuple[JsonPath, str]]:
    """Yield each template of an automation that reads a credential: its place, with the step's key, and the problem."""
    for step in automation.steps:
        for name, argument in step.arguments.items():
            for at, text in templates_of(argument):
                if problem := credential_problem(text):
                    yield ["steps", step.key, "arguments", name, *at], problem
    for index, notification in enumerate(automation.notifications):
        for at, text in _texts(notification.arguments, ["notifications", index, "arguments"]):
            if problem := credential_problem(text):
                yield at, problem


def credential_problem(text: str) -> str | None:
    """Return why Airflow must not render a text as a template; ``None`` if it may.

    :param text: a text that Airflow renders with Jinja.
    """
    if "{" not in text:
        return None
    names = credential_names(text)
    if names == [text]:
        return f"the text {shown(text)} is not a valid Jinja template"
    return f"the template reads {shown(', '.join(names))}, which may hold a credential" if names else None


def _texts(value: Any, place: JsonPath) -> Iterator[tuple[JsonPath, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, (dict, list)):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(part, [*place, key])
