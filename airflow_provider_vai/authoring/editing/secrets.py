"""Keeps credentials out of edited specs: a value that looks like one is refused. Messages name its place only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.redact import redact
from airflow_provider_vai.exceptions import SecretFound
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.kinds import Kind, by_name
from airflow_provider_vai.model.run import ToolCall
from airflow_provider_vai.model.step_graph import dotted, refuse
from airflow_provider_vai.secrets.masking import mask

REMEDY = "Store it as the password of an Airflow connection, and use that connection's secret here."


def refuse_credentials(step: Step, kind: Kind, arguments: Mapping[str, Argument]) -> None:
    """Refuse arguments that contain a literal credential, by the same rules as when a run is crystallized.

    :raises SpecError: there is one; the message names the place and masks the value.
    """
    frozen = {
        name: argument.value
        for name, argument in arguments.items()
        if argument.class_ in ("frozen", "wired") and not argument.from_
    }
    _refuse_values(step.key, kind, frozen, f"step {step.key}")


def refuse_data(values: Mapping[str, Any], where: str) -> None:
    """Refuse JSON data that contains a literal credential.

    :param values: Name -> JSON data.
    :param where: The place, for the message.
    :raises SpecError: see :func:`refuse_credentials`.
    """
    _refuse_values("value", by_name()["unmapped_tool"], dict(values), where)


def refuse_text(text: str, where: str) -> None:
    """Refuse free text, a template or a condition with a credential in it.

    :raises SpecError: see :func:`refuse_credentials`.
    """
    if mask(text) != text:
        refuse(f"{mask(text)[:120]!r} contains what looks like a credential", where, REMEDY)


def _refuse_values(key: str, kind: Kind, values: dict[str, Any], where: str) -> None:
    call = ToolCall(id=key, tool=key, arguments={})
    try:
        (clean,), notes = redact([Draft(key=key, call=call, kind=kind, rule=None, effect="read", values=values)])
    except SecretFound as error:
        refuse(error.problem, f"{where}: {error.place}", REMEDY)
    places = [
        mask(dotted([name, *secret.at])) for name, argument in clean.arguments.items() for secret in argument.secrets
    ]
    if places:
        refuse("the value looks like a credential", f"{where}: {', '.join(places)}", REMEDY)
    if notes:
        refuse("headers with credentials are not allowed", f"{where}: headers", "Put them into the connection.")
