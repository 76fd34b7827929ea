"""The rule that arguments which decide *what* a step does are fixed in the spec.

Such an argument (a connection, a statement, an address) must not come from a result, a param, a secret or a message.
Specs, edits, lint and the renderer all check this with :func:`outside_problem`.
"""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.languages.template import outside_names
from airflow_provider_vai.model import derivation
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.kinds import Kind

REMEDY = (
    "Write the value out; it may contain a template that reads only dates ({{ ds }}). Put values that change "
    "elsewhere: a query's into `parameters`, a request's into `query` or `json`."
)


def outside_problem(kind: Kind, name: str, argument: Argument) -> tuple[JsonPath, str] | None:
    """Return the problem if an argument decides what the step does but is not fixed in the spec.

    :param kind: the step's action kind.
    :param name: the argument's name.
    :param argument: the argument.
    :return: the place in the argument and the problem; ``None`` if the argument is fixed, or need not be.
    """
    is_connection = name.endswith("conn_id")
    if name not in kind.never_wired and not is_connection:
        return None
    for at, template in _filled_in(argument):
        names = outside_names(template) if template is not None else []
        if template is None or is_connection or names:
            reads = f"; its template reads {shown(', '.join(names))}" if names else ""
            what = f"{name!r} of {kind.name} decides what runs"
            return at, f"{what}, so results, params and secrets must not fill it in{reads}"
    return None


def templates_of(argument: Argument) -> list[tuple[JsonPath, str]]:
    """Return the Jinja templates of an argument, also those inside derived values, with their places in its value."""
    whole: list[tuple[JsonPath, str]] = []
    whole += [([], argument.value)] if argument.class_ == "template" and isinstance(argument.value, str) else []
    wires = [(wire.at, wire.template) for wire in argument.wires if wire.template]
    return [*whole, *wires, *((at, text) for at, tree in argument.trees() for text in derivation.templates(tree))]


def _filled_in(argument: Argument) -> Iterator[tuple[JsonPath, str | None]]:
    """Yield each place that is filled in when the step runs, with its template; ``None`` if it is not a template."""
    if argument.class_ == "template":
        yield [], str(argument.value)
    elif argument.is_filled_in:
        yield [], None
    yield from ((wire.at, wire.template) for wire in argument.wires)
    yield from ((secret.at, None) for secret in argument.secrets)
