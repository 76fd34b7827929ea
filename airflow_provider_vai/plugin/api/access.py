"""Who may do what over HTTP, by Airflow's own permissions; ``dev/adr/0012-who-may-author.md`` gives the reasons.

Every route names one of the lists here in its ``dependencies``. They are checked in order: the DAG id, the permission,
and, for a request that changes something, that no other site made the browser send it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.auth.managers.models.resource_details import (
    AccessView,
    ConnectionDetails,
    DagAccessEntity,
    DagDetails,
)
from airflow.api_fastapi.core_api.security import (
    GetUserDep,
    requires_access_dag,
    requires_access_view,
    resolve_user_from_token,
)
from airflow.models.dag import DagModel
from fastapi import Depends, HTTPException, Request

from airflow_provider_vai.languages.identifiers import dag_id_problem
from airflow_provider_vai.languages.storable import text_problem
from airflow_provider_vai.operators.runtime.compat import configuration

MOST_NAMES = 1000
"""How many DAG ids one query may name; databases limit the parameters of a statement."""

_VERBS = {"GET": "read", "POST": "create", "PUT": "edit", "DELETE": "delete"}
_NOUNS = {
    None: "DAGs",
    DagAccessEntity.CODE: "DAG code",
    DagAccessEntity.HITL_DETAIL: "required actions",
    DagAccessEntity.RUN: "DAG runs",
    DagAccessEntity.TASK_INSTANCE: "task instances",
    DagAccessEntity.VERSION: "DAG versions",
    DagAccessEntity.XCOM: "XComs",
}
"""What Airflow's permissions are about, in the words of its documentation."""


def _on_dag(method: Any, entity: DagAccessEntity | None = None) -> Any:
    """Return Airflow's check of a permission on a DAG or a part of it, with the permission's name."""
    return _named(requires_access_dag(method, entity), f"{_VERBS[method]} {_NOUNS[entity]}")


def _named(check: Any, permission: str) -> Any:
    check.permission = permission
    return Depends(check)


def permissions(dependencies: Iterable[Any]) -> list[str]:
    """Return the names of the permissions that a route requires, such as ``edit DAGs``.

    :param dependencies: the checks of the route.
    :return: the names, each once.
    """
    found = (getattr(one.dependency, "permission", None) for one in dependencies)
    return list(dict.fromkeys(name for name in found if name))


def known_name(request: Request) -> None:
    """Check that the DAG id in the path can name a file, and that the database can look up the other names in it.

    :raises HTTPException: 404, as for any other automation that does not exist.
    """
    dag_id = request.path_params.get("dag_id", "")
    if not is_name(dag_id) or any(text_problem(str(name)) for name in request.path_params.values()):
        raise HTTPException(404, "there is no such automation")


def is_name(dag_id: str) -> bool:
    """Return whether a text can be an automation's DAG id, see ``store.dag_names.safe_name``."""
    return dag_id_problem(dag_id) is None


def edits_connections(user: GetUserDep) -> None:
    """Check that the user may edit connections: an automation uses the credentials of every connection it names.

    Airflow's own ``requires_access_connection`` would read the request's body as JSON if multi-team mode is on.

    :raises HTTPException: 403.
    """
    check_connections(user, "PUT")


def check_connections(user: Any, method: Any) -> None:
    """Check a permission on connections in general.

    :raises HTTPException: 403.
    """
    if not get_auth_manager().is_authorized_connection(method=method, details=ConnectionDetails(), user=user):
        raise HTTPException(403, "this needs the right to edit connections: an automation uses their credentials")


async def own_request(request: Request) -> None:
    """Check that no other site can have made the browser send the request.

    A browser sends Airflow's login cookie also with requests that another site of the same domain causes, but never a
    token in the header ``Authorization``. Without a token, the browser must state that a page of the same origin sent
    the request (https://www.w3.org/TR/fetch-metadata/, https://www.rfc-editor.org/rfc/rfc6454).

    :raises HTTPException: 403; for an invalid token what Airflow answers.
    """
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer:
        if COOKIE_NAME_JWT_TOKEN in request.cookies:  # given both, Airflow 3.1 looks at the cookie alone
            await resolve_user_from_token(bearer.strip())
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site == "same-origin" or (site is None and origin is not None and _is_ours(origin, request)):
        return
    raise HTTPException(403, "a change needs a token in the header Authorization, or this server as its origin")


def _is_ours(origin: str, request: Request) -> bool:
    configured = configuration().get("api", "base_url", fallback="")
    ours = {request.headers.get("host", "").lower(), urlsplit(configured).netloc.lower()} - {""}
    try:
        return urlsplit(origin).netloc.lower() in ours
    except ValueError:
        return False


def check_dag(user: Any, method: Any, dag_id: str, entity: DagAccessEntity | None = None) -> None:
    """Check a permission on a DAG that the path does not name.

    :raises HTTPException: 403.
    """
    if not is_allowed(user, method, dag_id, entity):
        raise HTTPException(403, "Forbidden")


def sees_questions(request: Request, user: GetUserDep) -> None:
    """Check the permission on the questions of the DAG that a query names: Airflow 3.1.0 looks only at the path.

    :raises HTTPException: 403.
    """
    if dag_id := request.query_params.get("dag_id"):
        check_dag(user, "GET", dag_id, DagAccessEntity.HITL_DETAIL)


def is_allowed(user: Any, method: Any, dag_id: str, entity: DagAccessEntity | None = None) -> bool:
    """Return whether a user may do something with a DAG, which Airflow need not know yet."""
    return dag_id in allowed_dags(user, method, [dag_id], entity)


def allowed_dags(user: Any, method: Any, dag_ids: Iterable[str], entity: DagAccessEntity | None = None) -> set[str]:
    """Return the DAGs with which a user may do something, of many; one query finds the teams that own them.

    :func:`check_dag` looks for the team each time, which takes seconds for thousands of DAGs.

    :param user: who asks. :param method: what the user wants to do. :param dag_ids: DAGs, which Airflow need not know.
    :param entity: the part of the DAG; ``None``: the DAG itself.
    """
    names = list(dict.fromkeys(dag_ids))
    is_authorized, teams = get_auth_manager().is_authorized_dag, _teams(names)
    return {
        name
        for name in names
        if is_authorized(
            method=method, access_entity=entity, details=DagDetails(id=name, team_name=teams.get(name)), user=user
        )
    }


def _teams(names: list[str]) -> Mapping[str, str | None]:
    """Return the team of each DAG that has one."""
    teams_of = getattr(DagModel, "get_dag_id_to_team_name_mapping", None)
    if teams_of is None:  # Airflow 3.1
        return {name: DagModel.get_team_name(name) for name in names}
    batches = [names[start : start + MOST_NAMES] for start in range(0, len(names), MOST_NAMES)]
    return {name: team for batch in batches for name, team in teams_of(batch).items()}


def reading(*entities: DagAccessEntity | None) -> list[Any]:
    """Return the checks of a route that shows something of one automation.

    :param entities: what it shows; nothing: only what the DAG itself is.
    """
    return [Depends(known_name), *(_on_dag("GET", entity) for entity in entities or (None,))]


RUN_ENTITIES = (
    DagAccessEntity.RUN, DagAccessEntity.TASK_INSTANCE, DagAccessEntity.XCOM, DagAccessEntity.HITL_DETAIL,
)  # fmt: skip
READ_RUN = reading(*RUN_ENTITIES)
"""The checks of what shows one run: the states of its tasks, values from their results, and decisions."""


def changing(method: Any = "PUT", entity: DagAccessEntity | None = None) -> list[Any]:
    """Return the checks of a route that switches or starts one automation, but does not change what it does."""
    return [Depends(known_name), _on_dag(method, entity), Depends(own_request)]


def authoring(method: Any = "PUT") -> list[Any]:
    """Return the checks of a route that changes what one automation does."""
    return [
        Depends(known_name),
        _on_dag(method),
        _named(edits_connections, "edit connections"),
        Depends(own_request),
    ]


READ_ANY = [_on_dag("GET")]
"""The checks of the list of automations, which contains only those that the user may see."""

READ_RUNS = [_on_dag("GET", DagAccessEntity.RUN)]
"""The checks of what shows the runs of all automations, which contains only those that the user may see."""

READ_SETUP = [
    _named(requires_access_view(AccessView.PLUGINS), "read plugins"),
    _named(edits_connections, "edit connections"),
]
"""The checks of what shows how Airflow is set up: as for Airflow's own list of plugins. The simple auth manager shows
that list to every viewer, but this names folders and connections as well."""
READ_QUESTIONS = [_on_dag("GET", DagAccessEntity.HITL_DETAIL), Depends(sees_questions)]
"""The checks of gates' questions and decisions: of the DAG that the query names, or of all that the user may see."""

READ_RECORDINGS = [_on_dag("PUT"), _named(edits_connections, "edit connections")]
"""The checks of recordings: what a person said to an agent is only for users who may make automations of it."""

READ_RECORDING_OF = [Depends(known_name), Depends(requires_access_dag("PUT")), Depends(edits_connections)]
"""The checks of what shows recorded values of one automation: as for recordings, and for this DAG."""

AUTHOR_NEW = [*READ_RECORDINGS, Depends(own_request)]
"""The checks of routes that make an automation; once its DAG id is known, :func:`check_dag` follows."""

READ_SCHEMA = [_named(requires_access_view(AccessView.DOCS), "read docs")]
"""The checks of the OpenAPI document: as for Airflow's own."""
