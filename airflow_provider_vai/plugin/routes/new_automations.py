"""Makes an automation from the document of a request: our own spec, short or full, or a document of the platform."""

from __future__ import annotations

from typing import Any

from airflow.models.connection import Connection
from airflow.utils.session import create_session
from fastapi import Response
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from airflow_provider_vai.authoring.specs.platform_documents import is_platform, named_connection
from airflow_provider_vai.exceptions import NameTaken, SpecError, UnusableName
from airflow_provider_vai.languages.identifiers import slug
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.plugin.api import reading
from airflow_provider_vai.plugin.api.access import check_connections, check_dag, is_name
from airflow_provider_vai.plugin.api.automation_writes import write_new
from airflow_provider_vai.plugin.api.configured_folders import automations_folder
from airflow_provider_vai.plugin.api.problems import Problem
from airflow_provider_vai.plugin.api.stored_automation import read_any_state
from airflow_provider_vai.store.dag_names import safe_name

CONNECTION_TYPE = "generic"


def create(user: Any, document: Any) -> Response:
    """Make an automation and return the answer that shows it.

    :param document: the request's JSON.
    :raises SpecError: something in it is wrong. :raises HTTPException: 403, 409.
    """
    if not isinstance(document, dict):
        raise SpecError("the spec is not an object", where="the body", remedy="Write dagId: … and steps: ….")
    secret, document, conn_id = _without_secret(document)
    if secret is not None:
        check_connections(user, "POST")
    automation = _read(document, conn_id)
    check_name(user, automation.dag_id)
    state = read_any_state(automation.dag_id)
    if secret is None:
        return _published(automation, state, user)
    if state.sidecar is not None:
        raise Problem(409, f"an automation is called {automation.dag_id!r} already", where="dagId")
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

    :raises Problem: 409 a connection has that id. Of two requests at once the database refuses one.
    """
    try:
        with create_session(scoped=False) as session:
            session.add(Connection(conn_id=conn_id, conn_type=CONNECTION_TYPE, password=secret))
    except IntegrityError:
        raise Problem(
            409,
            f"a connection is called {conn_id!r} already",
            where="config.secret",
            remedy="Leave the secret out, and name the connection that holds it in secretConnId.",
        ) from None


def check_name(user: Any, dag_id: str) -> None:
    """Refuse a name that cannot be a DAG id, is too similar to another one, or is a DAG that the user may not edit.

    :raises SpecError: it cannot be a DAG id. :raises HTTPException: 403, 409.
    """
    if not is_name(dag_id):
        raise SpecError(
            f"the DAG id {dag_id[:80]!r} must consist of letters, digits, dashes, dots and underscores, and start with "
            "a letter or digit",
            where="dagId",
            remedy=f"Try {slug(dag_id, 'vai_automation')[:80]!r}.",
        )
    check_dag(user, "PUT", dag_id)
    try:
        safe_name(dag_id, automations_folder())
    except UnusableName as error:
        raise SpecError(error.problem, where="dagId", remedy=error.remedy) from None
    except NameTaken as error:
        raise Problem(409, error.problem, where="dagId", remedy="Choose another dagId.") from None


def _published(automation: Automation, state: Any, user: Any) -> Response:
    return write_new(automation, state, by=user.get_name(), summary="", if_match=None)


def _read(document: dict[str, Any], conn_id: str | None) -> Automation:
    """Return the automation of a spec.

    :raises SpecError: its message lists everything that is wrong.
    """
    try:
        return reading.automation(document, conn_id)
    except SpecError as error:
        others = [f"{other.where}: {other.problem}" for other in error.others[:20]]
        raise SpecError("; ".join([error.problem, *others]), where=error.where, remedy=error.remedy) from None


def _without_secret(document: dict[str, Any]) -> tuple[str | None, dict[str, Any], str | None]:
    """Return the webhook's secret in a platform's document, the document without it, and the id of its connection.

    If the document names a connection, the secret stays in it: whoever reads the document leaves the secret out and
    adds a note to the review list.
    """
    if not is_platform(document):
        return None, document, None
    for name in ("config", "trigger"):
        holder = document.get(name)
        if not isinstance(holder, dict) or not isinstance(holder.get("secret"), str) or not holder["secret"]:
            continue
        if named_connection(holder):
            continue
        kept = {key: value for key, value in holder.items() if key != "secret"}
        named = slug(str(document.get("name") or "automation"), "automation")
        return holder["secret"], {**document, name: kept}, f"{named}_webhook"
    return None, document, None
