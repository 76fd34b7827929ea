"""Checks of schedules, conditions, branches and the review of an active automation."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_vai.analysis.lint.data import wrong_defaults
from airflow_provider_vai.analysis.lint.finding import CheckResult
from airflow_provider_vai.analysis.lint.form import same_names
from airflow_provider_vai.analysis.lint.raw import list_of, object_of, text_of, texts_of
from airflow_provider_vai.analysis.lint.subjects import Subject
from airflow_provider_vai.authoring.specs.condition import condition_problem
from airflow_provider_vai.authoring.specs.places import dotted, similar
from airflow_provider_vai.authoring.specs.triggers import check_start
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages import expression
from airflow_provider_vai.languages.identifiers import slug
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.languages.schedule import (
    SCHEDULE_REMEDY,
    TIMEZONE_REMEDY,
    schedule_problem,
    timezone_problem,
)
from airflow_provider_vai.model import refusals
from airflow_provider_vai.model.review_codes import FLAGS


def wrong_schedules(subject: Subject) -> Iterator[CheckResult]:
    """A schedule is not a preset, and not a cron expression that Airflow can run."""
    for index, trigger in subject.of_type("schedule"):
        text = text_of(trigger.get("schedule"))
        if text is not None and (problem := schedule_problem(text)):
            yield CheckResult(dotted(["triggers", index, "schedule"]), problem, SCHEDULE_REMEDY)


def wrong_timezones(subject: Subject) -> Iterator[CheckResult]:
    """A time zone is unknown."""
    for index, trigger in subject.of_type("schedule"):
        text = text_of(trigger.get("timezone"))
        if text is not None and (problem := timezone_problem(text)):
            yield CheckResult(dotted(["triggers", index, "timezone"]), problem, TIMEZONE_REMEDY)


def wrong_starts(subject: Subject) -> Iterator[CheckResult]:
    """Airflow does not accept this combination of triggers, limits and params."""
    own = (wrong_schedules, wrong_timezones, wrong_defaults)  # these checks report their own findings
    if subject.automation is None or any(True for look in own for _ in look(subject)):
        return
    try:
        check_start(subject.automation)
    except SpecError as error:
        yield CheckResult(error.where, error.problem, error.remedy)


def refused_by_airflow(subject: Subject) -> Iterator[CheckResult]:
    """Airflow or its database does not accept a name, a number or a text."""
    is_reported = any(True for _ in same_names(subject))  # by its own check
    for refusal in refusals.refused_by_airflow(subject.automation) if subject.automation else ():
        if is_reported and refusal.place[-1] == "task_id":
            continue
        yield CheckResult(dotted(refusal.place), refusal.problem, refusal.remedy)


def not_ascii(subject: Subject) -> Iterator[CheckResult]:
    """The DAG id or a task id has other letters than ASCII."""
    ids = [("dag_id", subject.dag_id)]
    ids += [(step.field("task_id"), text_of(step.data.get("task_id"))) for step in subject.steps]
    for field, name in ids:
        if name is not None and not name.isascii():
            remedy = f"Use {slug(name, 'name')!r} in a new automation. An existing one may keep its ids."
            yield CheckResult(field, f"Airflow's metrics leave out {shown(name)}, which is not ASCII", remedy)


def wrong_conditions(subject: Subject) -> Iterator[CheckResult]:
    """A condition cannot be parsed."""
    remedy = 'Write it like this: order["total"] > 100 and params.region in ["EU", "US"].'
    for index, text in enumerate(list_of(subject.data.get("conditions"))):
        if isinstance(text, str) and (problem := condition_problem(text)):
            yield CheckResult(dotted(["conditions", index]), f"{shown(text)}: {problem}", remedy)
    for step in subject.steps:
        condition = step.arguments.get("condition", {})
        text = condition.get("value")
        if step.data.get("kind") != "conditional_branch" or condition.get("class") != "frozen":
            continue
        try:
            expression.parse(text if isinstance(text, str) else "true")
        except expression.BadExpression as error:
            yield CheckResult(step.field("arguments", "condition"), f"{shown(text)}: {error}", remedy)


def lost_branches(subject: Subject) -> Iterator[CheckResult]:
    """A branch leads to a step that does not depend on it directly."""
    for step in subject.steps:
        if step.data.get("kind") != "conditional_branch":
            continue
        following = [other for other in subject.steps if step.key in other.depends_on]
        known = {name for other in following for name in (text_of(other.data.get("task_id")), other.key) if name}
        for side in ("if_true", "if_false"):
            for index, name in enumerate(texts_of(step.arguments.get(side, {}).get("value"))):
                if name not in known:
                    problem = f"the step {shown(name)} does not depend on the branch directly"
                    remedy = f"Add {shown(step.key)} to its depends_on. {similar(name, known) if known else ''}".strip()
                    yield CheckResult(step.field("arguments", side, index), problem, remedy)


def not_reviewed(subject: Subject) -> Iterator[CheckResult]:
    """An automation is active, but nobody reviewed one of its flagged steps."""
    if subject.form != "sidecar" or subject.data.get("status") != "active":
        return
    reviews = [object_of(review) for review in list_of(subject.data.get("reviews"))]
    items = [object_of(item) for review in reviews for item in list_of(review.get("items"))]
    seen = {text_of(item.get("step")) for item in items if item.get("code") in FLAGS}
    listed = [object_of(item) for item in list_of(subject.data.get("review"))]
    flagged = [(number, item) for number, item in enumerate(listed, 1) if item.get("code") in FLAGS]
    numbers = {text_of(item.get("step")): number for number, item in flagged}
    for step in subject.steps:
        if step.data.get("non_deterministic") is True and step.key is not None and step.key not in seen:
            reason = shown(step.data.get("non_deterministic_reason"))
            number = f" (review item {numbers[step.key]})" if step.key in numbers else ""
            problem = f"the automation is active, but nobody reviewed this step{number}: {reason}"
            yield CheckResult(
                step.field("non_deterministic"), problem, "Pause it, review the step, and activate it again."
            )
