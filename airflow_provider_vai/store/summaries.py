"""What a list shows of each automation, remembered until its sidecar changes.

Reading a sidecar takes milliseconds, so a list of thousands must not read them all at each request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.automation import Savings, Source
from airflow_provider_vai.model.flags import model_steps
from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.model.sidecar import SUFFIX, Sidecar, parse_sidecar, to_review
from airflow_provider_vai.model.triggers import ScheduleTrigger, Trigger
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.file_cache import FileCache
from airflow_provider_vai.store.shared_files import AnyPath

GATE = "approval_gate"


@dataclass(frozen=True)
class Summary:
    """An automation in a list. The fields are those of its sidecar, except for the following.

    :param status: The sidecar's status; Airflow's own switch may differ.
    :param versions: How many versions the history has.
    :param kinds: The action kinds of the steps, each once, in the order of the steps, without gates.
    :param gates: How many steps are gates.
    :param step_count: How many steps there are, with gates.
    :param created_at: When the first version was made. :param updated_at: When the newest one was made, ``updated_by``
        whom.
    :param model_steps: The keys of the steps that ask a model in each run.
    :param savings: What the recorded run cost. :param source: The recording.
    :param to_review: The review items that nobody has reviewed, by their numbers.
    """

    dag_id: str
    title: str | None
    description: str
    source_type: Literal["CRYSTALLIZED", "MANUAL"]
    status: Literal["draft", "active", "paused", "error"]
    version: int
    versions: int
    entry: int
    non_deterministic: bool
    triggers: tuple[Trigger, ...]
    tags: tuple[str, ...]
    owner: str | None
    kinds: tuple[str, ...]
    gates: int
    step_count: int
    created_at: datetime | None
    updated_at: datetime | None
    updated_by: str | None
    model_steps: tuple[str, ...]
    savings: Savings | None
    source: Source | None
    to_review: dict[int, ReviewItem]

    @property
    def schedules(self) -> tuple[ScheduleTrigger, ...]:
        """The schedules among the triggers."""
        return tuple(trigger for trigger in self.triggers if isinstance(trigger, ScheduleTrigger))

    @cached_property
    def shown_description(self) -> str:
        """The description with credentials masked."""
        return mask(self.description)


@dataclass(frozen=True)
class Unreadable:
    """An automation whose sidecar cannot be read, in a list.

    :param dag_id: The name of the sidecar. :param problem: Why it cannot be read.
    """

    dag_id: str
    problem: str


def summaries(
    folder: AnyPath, keep: Callable[[list[str]], Iterable[str]] = lambda dag_ids: dag_ids
) -> list[Summary | Unreadable]:
    """Return a summary of each automation in a folder, sorted by DAG id.

    The folder is listed once for each call. A sidecar is read only if the listing shows that it has changed.

    :param folder: The folder of DAG files and sidecars, in the file system or on an object store.
    :param keep: Gets all DAG ids, and returns those that are wanted. The sidecars of the others are not read.
    :raises PublishError: the folder or a sidecar cannot be read from the storage.
    """
    stamps = _cache.names(folder)
    wanted = keep([name.removesuffix(SUFFIX) for name in stamps])
    return list(_cache.contents(folder, stamps, [dag_id + SUFFIX for dag_id in wanted]).values())


def summary(sidecar: Sidecar) -> Summary:
    """Return what a list shows of an automation.

    :param sidecar: Its sidecar.
    """
    history = sidecar.history
    return Summary(
        dag_id=sidecar.dag_id,
        title=sidecar.title,
        description=sidecar.description,
        source_type=sidecar.source_type,
        status=sidecar.status,
        version=sidecar.version,
        versions=len(history),
        entry=sidecar.entry,
        non_deterministic=sidecar.non_deterministic,
        triggers=tuple(sidecar.triggers),
        tags=tuple(sidecar.tags),
        owner=sidecar.owner or None,
        kinds=tuple(dict.fromkeys(step.kind for step in sidecar.steps if step.kind != GATE)),
        gates=sum(step.kind == GATE for step in sidecar.steps),
        step_count=len(sidecar.steps),
        created_at=history[0].at if history else None,
        updated_at=history[-1].at if history else None,
        updated_by=history[-1].by if history else None,
        model_steps=tuple(model_steps(sidecar.steps)),
        savings=sidecar.savings,
        source=sidecar.source,
        to_review=to_review(sidecar),
    )


def _read(path: AnyPath) -> Summary | Unreadable:
    dag_id = path.name.removesuffix(SUFFIX)
    content = shared_files.read(path)
    if content is None:
        return Unreadable(dag_id, "it was just deleted")
    try:
        return summary(parse_sidecar(content, path.name))
    except SpecError as error:
        return Unreadable(dag_id, f"the sidecar cannot be read: {error.problem}")


_cache: FileCache[Summary | Unreadable] = FileCache(_read, SUFFIX)
