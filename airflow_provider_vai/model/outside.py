"""The rule that what decides *what* a step does is written in its spec: no result, param, secret or message decides it.

Specs, edits, lint and rendering all ask :func:`outside_problem`.
"""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.languages.template import outside_names
from airflow_provider_vai.model.automation import Argument
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.kinds import Kind

REMEDY = (
    "Write it out; a template of dates alone ({{ ds }}) may stand in it. Values that change go elsewhere: "
    "a query's into `parameters`, a request's into `query` or `json`."
)


def outside_problem(kind: Kind, name: str, argument: Argument) -> tuple[JsonPath, str] | None:
    """Return what fills in an argument from outside although it decides what the step does.

    :param name: the argument's own name.
    :return: the place in the argument and a sentence; ``None``: the argument is the spec's own, or decides nothing.
    """
    is_connection = name.endswith("conn_id")
    if name not in kind.never_wired and not is_connection:
        return None
    for at, template in _filled_in(argument):
        names = outside_names(template) if template is not None else []
        if template is None or is_connection or names:
            what, read = f"{name!r} of {kind.name} decides what runs", shown(", ".join(names))
            reads = f"; its template reads {read}" if names else ""
            return at, f"{what}, and is never filled in from results, params or secrets{reads}"
    return None


def _filled_in(argument: Argument) -> Iterator[tuple[JsonPath, str | None]]:
    """Yield each place that is filled in when the step runs, with its template; ``None``: it is not a template."""
    if argument.class_ == "template":
        yield [], str(argument.value)
    elif argument.class_ == "parameter" or argument.from_:
        yield [], None
    yield from ((wire.at, wire.template) for wire in argument.wires)
    yield from ((secret.at, None) for secret in argument.secrets)
