"""Automations that a request describes: our own spec, short or full, and the platform's documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.models.connection import Connection
from airflow.utils.session import create_session
from fastapi import Request, Response
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from airflow_provider_vai.authoring.specs.file import from_document
from airflow_provider_vai.authoring.specs.platform_documents import is_platform
from airflow_provider_vai.authoring.specs.short import KEYS
from airflow_provider_vai.authoring.specs.steps import GATE_KEYS, KEYS as STEP_KEYS
from airflow_provider_vai.authoring.specs.triggers import KEYS as TRIGGER_KEYS
from airflow_provider_vai.exceptions import NameTaken, SpecError, UnusableName
from airflow_provider_vai.languages.identifiers import slug
from airflow_provider_vai.languages.python_function import python_path
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.plugin.api import folders, publishing, views
from airflow_provider_vai.plugin.api.access import check_connections, is_name, may
from airflow_provider_vai.plugin.api.json_body import to_snake
from airflow_provider_vai.plugin.api.problems import Problem
from airflow_provider_vai.store.dag_names import safe_name

FULL = ("schema_version", "source_type")
CONNECTION_TYPE = "generic"


def create(request: Request, user: Any, document: Any) -> Response:
    """Make an automation and return the answer that shows it.

    :param document: the request's JSON.
    :raises SpecError: something in it is wrong. :raises HTTPException: 403, 409.
    """
    if not isinstance(document, dict):
        raise SpecError("the spec is no object", where="the body", remedy="Write dagId: … and steps: ….")
    secret, document, conn_id = _without_secret(document)
    if secret is not None:
        check_connections(user, "POST")
    automation = _read(document, conn_id)
    check_name(request, user, automation.dag_id)
    state = views.state_of(automation.dag_id)
    if secret is None:
        return _published(automation, state, user)
    if state.sidecar is not None:
        raise Problem(409, f"there is an automation {automation.dag_id!r}", where="dagId")
    _connect(str(conn_id), secret)
    try:
        return _published(automation, state, user)
    except BaseException:
        with create_session(scoped=False) as session:
            for row in session.scalars(select(Connection).where(Connection.conn_id == conn_id)):
                session.delete(row)
        raise


def _connect(conn_id: str, secret: str) -> None:
    """Make the connection that holds a webhook's secret.

    :raises Problem: 409 there is one of that name; the database refuses a second one also where two requests come at
        once.
    """
    try:
        with create_session(scoped=False) as session:
            session.add(Connection(conn_id=conn_id, conn_type=CONNECTION_TYPE, password=secret))
    except IntegrityError:
        raise Problem(
            409,
            f"there is a connection {conn_id!r}",
            where="config.secret",
            remedy="Leave the secret out, and name the connection that holds it with secretConnId.",
        ) from None


def check_name(request: Request, user: Any, dag_id: str) -> None:
    """Refuse a DAG id that can be none, or whose DAG the user may not edit.

    :raises SpecError: it can be none. :raises HTTPException: 403.
    """
    if not is_name(dag_id):
        raise SpecError(
            f"the DAG id {dag_id[:80]!r} must hold letters, digits, dashes, dots and underscores, and start with a "
            "letter or digit",
            where="dagId",
            remedy=f"Try {slug(dag_id, 'vai_automation')[:80]!r}.",
        )
    may(request, user, "PUT", dag_id)
    try:
        safe_name(dag_id, folders.automations_folder())
    except UnusableName as error:
        raise SpecError(error.problem, where="dagId", remedy=error.remedy) from None
    except NameTaken as error:
        raise Problem(409, error.problem, where="dagId", remedy="Choose another dagId.") from None


def _published(automation: Automation, state: Any, user: Any) -> Response:
    return publishing.created(automation, state, by=user.get_name(), summary="", if_match=None)


def _read(document: dict[str, Any], conn_id: str | None) -> Automation:
    """Return the automation of a spec.

    :raises SpecError: with all that is wrong.
    """
    document = to_snake(document, FULL)
    if not is_platform(document) and not any(name in document for name in FULL):
        document = _short(document)
    modules = python_path(folders.automations_folder())
    try:
        return from_document(document, Path("automation"), secret_conn_id=conn_id, python_path=modules)
    except SpecError as error:
        others = [f"{other.where}: {other.problem}" for other in error.others[:20]]
        raise SpecError("; ".join([error.problem, *others]), where=error.where, remedy=error.remedy) from None


def _short(document: dict[str, Any]) -> dict[str, Any]:
    """Return a short form with the names that it has in a file."""
    read: dict[str, Any] = to_snake(document, KEYS)
    if isinstance(read.get("steps"), list):
        read["steps"] = [_short_step(step) for step in read["steps"]]
    names = tuple({name for known in TRIGGER_KEYS.values() for name in known})
    if isinstance(read.get("triggers"), list):
        read["triggers"] = [to_snake(trigger, names) for trigger in read["triggers"]]
    if "trigger" in read:
        read["trigger"] = to_snake(read["trigger"], names)
    return read


def _short_step(step: Any) -> Any:
    read = to_snake(step, (*STEP_KEYS, *Step.model_fields))
    if isinstance(read, dict) and isinstance(read.get("gate"), dict):
        read = {**read, "gate": to_snake(read["gate"], GATE_KEYS)}
    return read


def _without_secret(document: dict[str, Any]) -> tuple[str | None, dict[str, Any], str | None]:
    """Return the webhook's secret that a platform's document holds, the document without it, and its connection's id.

    Where the document names a connection, the secret is left where it is: reading the document leaves it out, and says
    so to the reviewer.
    """
    if not is_platform(document):
        return None, document, None
    for name in ("config", "trigger"):
        holder = document.get(name)
        if not isinstance(holder, dict) or not isinstance(holder.get("secret"), str) or not holder["secret"]:
            continue
        if holder.get("secretConnId") or holder.get("conn_id"):
            continue
        kept = {key: value for key, value in holder.items() if key != "secret"}
        named = slug(str(document.get("name") or "automation"), "automation")
        return holder["secret"], {**document, name: kept}, f"{named}_webhook"
    return None, document, None
