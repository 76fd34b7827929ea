"""``/api/v1/automations/{dag_id}/review``: the review items, and what people decided about each of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.utils.session import create_session
from fastapi import APIRouter, Response
from pydantic import Field

from airflow_provider_vai.authoring.reviewing import concerned, seen
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.review_codes import CODES
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.plugin.api import airflow_state
from airflow_provider_vai.plugin.api.access import changing, reading
from airflow_provider_vai.plugin.api.automation_response import NumberedReviewItem, numbered
from airflow_provider_vai.plugin.api.configured_folders import automations_folder
from airflow_provider_vai.plugin.api.etags import IfMatch, check_if_match, etag
from airflow_provider_vai.plugin.api.json_response import MaskedJson, ResponseModel
from airflow_provider_vai.plugin.api.kept_answers import kept_answer
from airflow_provider_vai.plugin.api.openapi import body_of, with_headers
from airflow_provider_vai.plugin.api.parameters import DagId
from airflow_provider_vai.plugin.api.request_body import RequestModel, SmallBody
from airflow_provider_vai.plugin.api.stored_automation import existing
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.store import review_decisions
from airflow_provider_vai.store.publisher import now
from airflow_provider_vai.store.review_decisions import Decided, ReviewDecision, item_digest
from airflow_provider_vai.store.state import AutomationState

router = APIRouter(prefix="/api/v1/automations/{dag_id}/review", tags=["review"])

NOTE_CHARACTERS = 2000


class ReviewDecisionShown(ResponseModel):
    """What a person decided about an item, and when."""

    decision: Literal["accepted", "to_change"]
    note: str
    by: str
    at: datetime


class ReviewedIn(ResponseModel):
    """The activation for which a person had looked at an item."""

    version: int
    by: str
    at: datetime


class ItemInReview(NumberedReviewItem):
    """A review item with what to do about it, the value that it is about, and what people decided.

    ``value`` is a value as a spec contains it. ``reviewed`` is the first activation that contained the item; ``null``:
    the item is open. ``decision`` is the newest decision; one about another value does not count and is not shown.
    """

    optional: ClassVar[tuple[str, ...]] = ("value", "reviewed", "decision")

    action: str
    value: Any = None
    reviewed: ReviewedIn | None = None
    decision: ReviewDecisionShown | None = None


class ReviewList(ResponseModel):
    """The review of an automation: its items, and when Airflow plans to start the next run."""

    items: list[ItemInReview]
    next_run_at: datetime | None


class DecisionGiven(RequestModel):
    """A decision about the item with a number; ``open`` takes an earlier decision back."""

    number: int = Field(ge=1)
    decision: Decided
    note: str = Field(default="", max_length=NOTE_CHARACTERS)


class ReviewDecisions(RequestModel):
    """Decisions about review items."""

    decisions: Annotated[list[DecisionGiven], Field(max_length=10_000)]


@router.get("", dependencies=reading(), response_model=ReviewList, responses=with_headers("ETag"))
def review(dag_id: DagId) -> Response:
    """List the review items with what people decided about them."""
    return _shown(dag_id)


@router.put(
    "",
    dependencies=changing(),
    response_model=ReviewList,
    responses=with_headers("ETag"),
    openapi_extra=body_of(ReviewDecisions),
)
def decide(dag_id: DagId, user: GetUserDep, body: SmallBody, if_match: IfMatch = None) -> Response:
    """Keep decisions about review items. POST ``activate`` can then name the accepted items."""
    decided(dag_id, body.read(ReviewDecisions), if_match=if_match, by=user.get_name())
    return _shown(dag_id)


def decided(dag_id: str, given: ReviewDecisions, *, if_match: str | None, by: str) -> None:
    """Keep a person's decisions.

    :param dag_id: the automation. :param given: the decisions.
    :param if_match: the header ``If-Match``: the state that the person saw. :param by: the user's name.
    :raises HTTPException: 404, 412, 428. :raises SpecError: there is no such item.
    """
    state, folder = existing(dag_id), automations_folder()
    expected = check_if_match(if_match, state, folder)
    sidecar = (existing(dag_id) if expected != state.number else state).sidecar
    items = sidecar.review if sidecar else []
    wrong = [one.number for one in given.decisions if one.number > len(items)]
    if wrong or sidecar is None:
        known = f"Use numbers from 1 to {len(items)}." if items else "The automation has no review items."
        raise SpecError(f"there is no review item {wrong[0]}", where="decisions", remedy=known)
    at = now()
    made = [
        ReviewDecision(
            item=item_digest(items[one.number - 1]),
            seen=seen(sidecar, items[one.number - 1]),
            decision=one.decision,
            note=mask(one.note.strip()),
            by=by,
            at=at,
        )
        for one in given.decisions
    ]
    if made:
        review_decisions.save(folder, dag_id, made)


def items_in_review(sidecar: Sidecar) -> list[ItemInReview]:
    """Return the review items of an automation with what people decided.

    :param sidecar: the automation. :raises SpecError: a file with decisions is damaged.
    """
    reviewed: dict[object, ReviewedIn] = {}
    for one in sidecar.reviews:
        for item in one.items:
            reviewed.setdefault(item.identity, ReviewedIn(version=one.version, by=one.by, at=one.at))
    decisions = _current_decisions(sidecar)
    return [
        ItemInReview(
            **dict(shown),
            action=CODES[item.code].action if item.code in CODES else "",
            value=concerned(sidecar, item),
            reviewed=reviewed.get(item.identity),
            decision=decisions.get(shown.number),
        )
        for shown, item in zip(numbered(enumerate(sidecar.review, 1)), sidecar.review, strict=True)
    ]


def accepted(sidecar: Sidecar) -> list[int]:
    """Return the numbers of the items that a person accepted as they are now.

    :param sidecar: the automation. :raises SpecError: a file with decisions is damaged.
    """
    return [number for number, one in _current_decisions(sidecar).items() if one.decision == "accepted"]


def _current_decisions(sidecar: Sidecar) -> dict[int, ReviewDecisionShown]:
    """Return the newest decision about each item, by number, if it is about the value that the item has now."""
    kept = review_decisions.newest(automations_folder(), sidecar.dag_id)
    found = {}
    for number, item in enumerate(sidecar.review, 1):
        one = kept.get(item_digest(item))
        if one is not None and one.decision != "open" and one.seen == seen(sidecar, item):
            found[number] = ReviewDecisionShown(decision=one.decision, note=one.note, by=one.by, at=one.at)
    return found


def _shown(dag_id: str) -> MaskedJson:
    with create_session(scoped=False) as session:
        next_run = airflow_state.known_dags(session, [dag_id])[dag_id].next_run

    def make(state: AutomationState) -> ReviewList:
        return ReviewList(items=items_in_review(state.sidecar) if state.sidecar else [], next_run_at=next_run)

    depends_on = (review_decisions.decisions_stamp(automations_folder(), dag_id), next_run)
    answer = kept_answer(dag_id, "review", make, depends_on=depends_on)
    return MaskedJson(answer.body, headers=etag(answer.number))
