"""One automation as its pages show it: its state, its DAG in Airflow, and what the user may do with it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.utils.session import create_session
from fastapi import HTTPException, Request
from fastapi.responses import HTMLResponse

from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.model.sidecar import Review, Sidecar, to_review
from airflow_provider_vai.plugin.api import airflow_state
from airflow_provider_vai.plugin.api.access import RUN_ENTITIES, check_connections, is_allowed
from airflow_provider_vai.plugin.api.airflow_state import AirflowDag
from airflow_provider_vai.plugin.api.stored_automation import existing
from airflow_provider_vai.plugin.pages.forms import new_key
from airflow_provider_vai.plugin.pages.frame import page
from airflow_provider_vai.store.state import AutomationState

TABS = {
    "review": "Review",
    "steps": "Steps",
    "runs": "Runs",
    "triggers": "Triggers",
    "results": "Results",
    "versions": "Versions",
    "savings": "Savings",
}
"""The pages of one automation: the last part of the address, and the title."""


@dataclass(frozen=True)
class ViewedAutomation:
    """One automation.

    :param state: its files and its log. :param sidecar: the newest sidecar. :param dag: its DAG in Airflow.
    :param request: the request, and :param user: who asks; both decide what the user may do.
    """

    state: AutomationState
    sidecar: Sidecar
    dag: AirflowDag
    request: Request
    user: Any

    @property
    def dag_id(self) -> str:
        """The DAG id."""
        return self.sidecar.dag_id

    @property
    def entry(self) -> int:
        """The number of the newest log entry, which a form sends back."""
        return self.state.number

    @property
    def status(self) -> str:
        """``draft``, ``active``, ``paused`` or ``error``."""
        return airflow_state.status(self.sidecar.status, self.dag)

    @cached_property
    def open_items(self) -> dict[int, ReviewItem]:
        """The review items that nobody has reviewed, by number."""
        return to_review(self.sidecar)

    @cached_property
    def may_switch(self) -> bool:
        """Whether the user may activate and pause it."""
        return self._may("PUT")

    @cached_property
    def may_run(self) -> bool:
        """Whether the user may start a run."""
        return self._may("POST", DagAccessEntity.RUN)

    @cached_property
    def may_edit(self) -> bool:
        """Whether the user may change what it does."""
        return self.may_switch and may_edit_connections(self.user)

    @cached_property
    def may_read_code(self) -> bool:
        """Whether the user may see the DAG file."""
        return self._may("GET", DagAccessEntity.CODE)

    @cached_property
    def may_see_runs(self) -> bool:
        """Whether the user may see what each step of a run did."""
        return all(self._may("GET", entity) for entity in RUN_ENTITIES)

    @property
    def reviewed(self) -> Review | None:
        """The newest review that led to an activation; ``None``: there was none."""
        return self.sidecar.reviews[-1] if self.sidecar.reviews else None

    @property
    def state_words(self) -> str:
        """Its state in a sentence or two: which version is live, and what waits."""
        version, count = self.sidecar.version, len(self.open_items)
        review = plural(count, "review item waits", "review items wait") if count else "everything is reviewed"
        if self.dag.error:
            return f"Version {version} cannot run."
        if self.status == "active":
            return f"Version {version} is live." + (f" {review[0].upper()}{review[1:]}." if count else "")
        if self.status == "paused":
            return f"Version {version} is paused; {review}."
        if self.reviewed and self.reviewed.version < version:
            return f"Version {version} waits for a review, and the DAG is paused meanwhile; {review}."
        unread = " Airflow has not read its DAG file yet." if self.dag.is_paused is None else ""
        return f"Version {version} is a draft that nobody has activated; {review}.{unread}"

    def key(self) -> str:
        """Return a new key for a form."""
        return new_key()

    def _may(self, method: str, entity: DagAccessEntity | None = None) -> bool:
        return is_allowed(self.user, method, self.dag_id, entity)


def viewed(request: Request, user: Any, dag_id: str) -> ViewedAutomation:
    """Return an automation that exists.

    :raises HTTPException: 404; 409 one of its files cannot be read.
    """
    state = existing(dag_id)
    assert state.sidecar is not None  # noqa: S101 - existing() checked it
    with create_session(scoped=False) as session:
        dag = airflow_state.known_dags(session, [dag_id])[dag_id]
    return ViewedAutomation(state, state.sidecar, dag, request, user)


def viewed_page(about: ViewedAutomation, tab: str, /, *, template: str | None = None, **values: Any) -> HTMLResponse:
    """Return a page of an automation, with its header and tabs.

    :param tab: a key of :data:`TABS`. :param template: the file in ``templates``; ``None``: the tab names it.
    :param values: what the template shows besides ``about``.
    """
    return page(about.request, template or f"{tab}.html", about=about, tab=tab, tabs=TABS, **values)


def may_edit_connections(user: Any) -> bool:
    """Return whether a user may edit connections, which authoring needs."""
    try:
        check_connections(user, "PUT")
    except HTTPException:
        return False
    return True
