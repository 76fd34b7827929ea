"""An automation as the API shows it: its sidecar, its DAG in Airflow, and what is left to review."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal

from airflow.utils.session import create_session
from pydantic import Field

from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.model.sidecar import Sidecar, to_review
from airflow_provider_vai.model.triggers import Trigger
from airflow_provider_vai.plugin.api import airflow_state
from airflow_provider_vai.plugin.api.airflow_state import AirflowDag
from airflow_provider_vai.plugin.api.etags import etag
from airflow_provider_vai.plugin.api.json_response import MaskedJson, ResponseModel
from airflow_provider_vai.plugin.api.kept_answers import kept_answer
from airflow_provider_vai.plugin.api.problems import all_public
from airflow_provider_vai.store.state import AutomationState
from airflow_provider_vai.store.summaries import Summary

Status = Literal["draft", "active", "paused", "error"]
ERROR = "Why Airflow cannot read the DAG file."
IS_PAUSED = "Whether the DAG is paused in Airflow; null: Airflow has not read the DAG file."
TO_REVIEW = "The review items that nobody who activated the automation has looked at."
ENTRY = "The number in the ETag."
TAKEN_FOR = "What several recordings were taken for: exports of one run, or runs of one task."


class NumberedReviewItem(ReviewItem):
    """A review item with its number, which an activation names in ``reviewed``."""

    number: int = Field(ge=1, description="The number of the item, counted from 1.")


class AutomationShown(Sidecar):
    """An automation: its spec and history; ``status`` takes Airflow's own switch into account."""

    entry: int = Field(ge=0, description=ENTRY)
    error: str | None = Field(description=ERROR)
    is_paused: bool | None = Field(description=IS_PAUSED)
    to_review: list[NumberedReviewItem] = Field(description=TO_REVIEW)
    edited_by_hand: bool
    review: list[NumberedReviewItem]  # type: ignore[assignment]  # the sidecar's items have no numbers
    taken_for: str | None = Field(default=None, description=TAKEN_FOR)

    optional: ClassVar[tuple[str, ...]] = (*Sidecar.optional, "taken_for")


class AutomationItem(ResponseModel):
    """An automation in a list."""

    dag_id: str
    description: str
    source_type: Literal["CRYSTALLIZED", "MANUAL"]
    version: int
    non_deterministic: bool
    triggers: list[Trigger]
    tags: list[str]
    owner: str | None
    step_count: int = Field(ge=0)
    created_at: datetime | None
    updated_at: datetime | None
    updated_by: str | None
    entry: int = Field(ge=0, description=ENTRY)
    status: Status
    error: str | None = Field(description=ERROR)
    is_paused: bool | None = Field(description=IS_PAUSED)
    to_review: list[NumberedReviewItem] = Field(description=TO_REVIEW)


class UnreadableAutomation(ResponseModel):
    """An automation whose sidecar cannot be read, in a list."""

    dag_id: str
    status: Literal["error"] = "error"
    error: str


def automation_response(
    dag_id: str,
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    taken_for: str | None = None,
) -> MaskedJson:
    """Return the answer that shows an automation as it is now, with its ETag.

    :param taken_for: what several recordings were taken for.

    :raises HTTPException: see :func:`~airflow_provider_vai.plugin.api.stored_automation.existing`.
    """
    with create_session(scoped=False) as session:
        dag = airflow_state.known_dags(session, [dag_id])[dag_id]
    depends_on = (dag.error, dag.is_paused, taken_for)
    answer = kept_answer(dag_id, "automation", lambda state: _shown(state, dag, taken_for), depends_on=depends_on)
    return MaskedJson(answer.body, status_code, {**etag(answer.number), **(headers or {})})


def _shown(state: AutomationState, dag: AirflowDag, taken_for: str | None) -> AutomationShown:
    assert state.sidecar is not None  # noqa: S101 - existing() checked it
    in_airflow = _in_airflow(state.sidecar.status, numbered(to_review(state.sidecar).items()), dag)
    fields = {**dict(state.sidecar), **in_airflow, "entry": state.number, "taken_for": taken_for}
    fields["review"] = numbered(enumerate(state.sidecar.review, 1))
    return AutomationShown.model_construct(**fields, edited_by_hand=state.is_edited)


def list_items(found: Sequence[tuple[Summary, AirflowDag]]) -> list[AutomationItem]:
    """Return automations as the list shows them.

    :param found: the automations, each with its DAG in Airflow.
    """
    # all at once: the folders that no text may name are looked up for each call
    open_items = iter(numbered(item for one, _ in found for item in one.to_review.items()))
    items = []
    for one, dag in found:
        shown = {name: getattr(one, name) for name in AutomationItem.model_fields if hasattr(one, name)}
        to_review = [next(open_items) for _ in one.to_review]
        items.append(AutomationItem(**{**shown, **_in_airflow(one.status, to_review, dag)}))
    return items


def _in_airflow(status: str, to_review: list[NumberedReviewItem], dag: AirflowDag) -> dict[str, Any]:
    """Return the fields that the sidecar alone does not decide."""
    return {
        "status": airflow_state.status(status, dag),
        "error": dag.error,
        "is_paused": dag.is_paused,
        "to_review": to_review,
    }


def as_shown(number: int, item: ReviewItem) -> dict[str, Any]:
    """Return a review item as JSON, as the API shows it."""
    (shown,) = numbered([(number, item)])
    return shown.model_dump(mode="json", by_alias=True)


def numbered(items: Iterable[tuple[int, ReviewItem]]) -> list[NumberedReviewItem]:
    """Return review items with their numbers, and without the folders of this server in their texts."""
    given = list(items)
    texts = iter(all_public(text for _, item in given for text in (item.message, *item.evidence)))
    return [
        NumberedReviewItem(
            **{**dict(item), "message": next(texts), "evidence": [next(texts) for _ in item.evidence]}, number=number
        )
        for number, item in given
    ]
