"""What Airflow or its database would refuse about an automation, although it matches the model of the spec.

Airflow finds these only when it parses the DAG file, or when the scheduler or the database meets the value, so the
automation would silently be missing, or a component of Airflow would fail again and again. Specs, edits, ``vai lint``
and the renderer all ask :func:`refusals`, which also finds templates that read a credential. Schedules and the schemas
of params are checked in :mod:`airflow_provider_vai.renderer.schedule`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages import storable
from airflow_provider_vai.languages.identifiers import asset_uri, dag_id_problem, task_id_problem
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.base import JsonPath, Spec
from airflow_provider_vai.model.credential_templates import REMEDY as OF_TEMPLATES, credential_templates
from airflow_provider_vai.model.notifiers import REMEDY, notifier_problem

MAX_TAG = 100
"""Characters of a tag: ``TAG_MAX_LEN`` in ``airflow.sdk.definitions.dag`` and ``airflow.models.dag``."""

MAX_OWNER = 2000
"""Characters of an owner: the column ``owners`` of ``airflow.models.dag.DagModel``."""

MAX_TITLE = 2000
"""Characters of a title: the columns ``dag_display_name`` and ``task_display_name``."""

MAX_INTEGER = 2**31 - 1
"""The columns ``max_active_runs`` and ``max_active_tasks`` of ``DagModel`` are 32-bit integers."""

MAX_SECONDS = 2**31 - 1
"""The longest time span, 68 years. ``timedelta`` allows more, but the scheduler subtracts ``dagrun_timeout`` from the
current time (``airflow.jobs.scheduler_job_runner``) and adds retry delays and timeouts to it
(``TaskInstance.next_retry_datetime``, ``defer_task``), which fails outside of the years 1 to 9999."""

MAX_URI = 1500
"""Characters of an asset's URI: the column ``uri`` of ``airflow.models.asset.AssetModel``."""

LONGEST_QUOTED = 12
"""Characters of a quoted character in a URI, at most: four bytes of three characters each."""

SPANS = ("timeout_seconds", "retry_delay_seconds")
COUNTS = ("max_active_runs", "max_active_tasks", "concurrency")
SPAN_ARGUMENTS = ("response_timeout", "remind_before", "trust_for", "wake_every", "max_seconds")
"""The arguments of action kinds that are numbers of seconds."""

_SPAN_ARGUMENTS = frozenset(SPAN_ARGUMENTS)
_MOST = (
    *((name, MAX_SECONDS, "seconds (68 years)") for name in SPANS),
    *((name, MAX_INTEGER, "(a 32-bit integer)") for name in COUNTS),
)
"""The most that a field of an automation or step may be, with its unit."""

_RENDERED = ("description", "tags", "owner", "conditions", "triggers", "params", "notifications", "title")
_RENDERED_OF_STEP = ("arguments", "each", "title")
_FOR_PEOPLE = ("origin", "origins", "evidence", "undecided")
"""The parts of an argument that are only in the sidecar, which no database stores."""


@dataclass(frozen=True)
class Refusal:
    """A place in an automation that would be refused.

    :param place: Keys and positions; a step is named by its key.
    :param problem: What is wrong, including the value.
    :param remedy: What the user can do.
    """

    place: JsonPath
    problem: str
    remedy: str

    @property
    def where(self) -> str:
        """The place as dotted text."""
        return ".".join(map(str, self.place))


def accepted(automation: Automation) -> Automation:
    """Return the automation unchanged, after checking that Airflow and its database accept it.

    :raises SpecError: they do not, see :func:`refusals`.
    """
    for refusal in refusals(automation):
        raise SpecError(refusal.problem, where=refusal.where, remedy=refusal.remedy)
    return automation


def refusals(automation: Automation) -> Iterator[Refusal]:
    """Yield each place in an automation that is refused: by Airflow, or because its template reads a credential."""
    yield from refused_by_airflow(automation)
    for place, problem in credential_templates(automation):
        yield Refusal(place, problem, OF_TEMPLATES)


def refused_by_airflow(automation: Automation) -> Iterator[Refusal]:
    """Yield each place in an automation that Airflow or its database would refuse, or a notifier that is not listed."""
    yield from _names(automation)
    yield from _labels(automation)
    yield from _numbers(automation)
    yield from _texts(automation)
    yield from unlisted_notifiers(automation)


def unlisted_notifiers(automation: Automation) -> Iterator[Refusal]:
    """Yield each notifier that is not in the allow-list, see :mod:`airflow_provider_vai.model.notifiers`."""
    for index, notification in enumerate(automation.notifications):
        if problem := notifier_problem(notification.notifier):
            yield Refusal(["notifications", index, "notifier"], problem, REMEDY)


def _names(automation: Automation) -> Iterator[Refusal]:
    """Check the DAG id and the task ids (``validate_key`` in ``airflow.sdk.definitions._internal.node``)."""
    if problem := dag_id_problem(automation.dag_id):
        remedy = "Choose another DAG id."
        yield Refusal(["dag_id"], f"the DAG id {shown(automation.dag_id)} {problem}", remedy)
    seen: set[str] = set()
    for step in automation.steps:
        place: JsonPath = ["steps", step.key, "task_id"]
        if problem := task_id_problem(step.task_id):
            yield Refusal(place, f"the task id {shown(step.task_id)} {problem}", "Choose another task id.")
        elif step.task_id in seen:
            yield Refusal(place, f"two steps have the task id {shown(step.task_id)}", "Give each step its own.")
        elif _is_uri_too_long(automation, step):
            problem = f"the task id {shown(step.task_id)} makes the URI of the step's asset longer than {MAX_URI}"
            yield Refusal(place, f"{problem} characters", "Choose a shorter task id, or one of ASCII letters.")
        seen.add(step.task_id)


def _is_uri_too_long(automation: Automation, step: Step) -> bool:
    parts = ("actions", step.kind, automation.dag_id, step.task_id)
    if LONGEST_QUOTED * sum(map(len, parts)) < MAX_URI // 2:
        return False
    return len(asset_uri(*parts)) > MAX_URI


def _labels(automation: Automation) -> Iterator[Refusal]:
    for index, tag in enumerate(automation.tags):
        if not tag.strip():
            yield Refusal(["tags", index], "the tag is empty", "Remove it.")
        elif len(tag) > MAX_TAG:
            problem = f"the tag has {plural(len(tag), 'character')}; Airflow allows {MAX_TAG}"
            yield Refusal(["tags", index], problem, "Shorten it.")
    if automation.owner is not None and not 0 < len(automation.owner.strip()) <= MAX_OWNER:
        problem = f"the owner has {plural(len(automation.owner.strip()), 'character')}; it must have 1 to {MAX_OWNER}"
        yield Refusal(["owner"], problem, "Name the owner, or leave the option out.")

    titles: list[tuple[JsonPath, str | None]] = [(["title"], automation.title)]
    titles += [(["steps", step.key, "title"], step.title) for step in automation.steps]
    for place, title in titles:
        if title is not None and not 0 < len(title) <= MAX_TITLE:
            problem = f"the title has {plural(len(title), 'character')}; it must have 1 to {MAX_TITLE}"
            yield Refusal(place, problem, "Shorten it, or leave it out.")


def _numbers(automation: Automation) -> Iterator[Refusal]:
    parts: list[tuple[JsonPath, Any]] = [([], automation)]
    parts += [(["steps", step.key], step) for step in automation.steps]
    for place, part in parts:
        fields = vars(part)
        for name, most, unit in _MOST:
            if (value := fields.get(name)) is not None:
                yield from _too_large([*place, name], value, most, unit)
    for step in automation.steps:
        for name in SPAN_ARGUMENTS if not _SPAN_ARGUMENTS.isdisjoint(step.arguments) else ():
            if name in step.arguments:
                place = ["steps", step.key, "arguments", name]
                yield from _too_large(place, step.arguments[name].value, MAX_SECONDS, "seconds (68 years)")


def _too_large(place: JsonPath, value: Any, most: int, unit: str) -> Iterator[Refusal]:
    if isinstance(value, (int, float)) and not value <= most:  # not a number is not less than a number, either
        yield Refusal(place, f"{place[-1]} is {value!r}; the most is {most} {unit}", "Use a smaller number.")


def _texts(automation: Automation) -> Iterator[Refusal]:
    """Check every text that the DAG file contains as a value."""
    ascii_parts: set[int] = set()
    for name in _RENDERED:
        if not _is_ascii(part := getattr(automation, name), ascii_parts):
            yield from _unstorable([name], part)
    for step in automation.steps:
        fields = vars(step)
        for name in _RENDERED_OF_STEP:
            if not _is_ascii(part := fields[name], ascii_parts):
                yield from _unstorable(["steps", step.key, name], part)


def _unstorable(place: JsonPath, part: Any) -> Iterator[Refusal]:
    if found := storable.unstorable(_data(part)):
        at, problem = found
        yield Refusal([*place, *at], problem, storable.REMEDY)


def _is_ascii(value: Any, known: set[int]) -> bool:
    """Return whether every text in a part of the spec is ASCII without NUL, which needs no closer look.

    :param known: the identities of the models of which that is known. Several steps may have one argument.
    """
    kind = type(value)
    if kind is str:
        return value.isascii() and "\0" not in value
    if kind in _PLAIN or id(value) in known:
        return True
    if kind is dict:
        parts = [*value, *value.values()]
    elif kind is list:
        parts = value
    elif isinstance(value, Spec):
        parts = [part for name, part in value.__dict__.items() if part and name not in _FOR_PEOPLE]
    else:
        return False
    for part in parts:  # a generator would cost as much again
        if type(part) is str:
            if not part.isascii() or "\0" in part:
                return False
        elif not _is_ascii(part, known):
            return False
    if isinstance(value, Spec):
        known.add(id(value))
    return True


_PLAIN = frozenset({type(None), bool, int, float})


def _data(value: Any) -> Any:
    """Return a part of the spec as JSON data, without what only people read."""
    if isinstance(value, dict):
        return {key: _data(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_data(part) for part in value]
    fields = getattr(type(value), "model_fields", None)
    if fields is None:
        return value
    return {name: _data(getattr(value, name)) for name in fields if name not in _FOR_PEOPLE}
