"""Results that somebody accepted: what later ones are compared with. Kept beside the versions, never changed again.

``<folder>/.vai/<dag_id>/baselines/<number>.json``; of two who accept at once, one is refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field, ValidationError

from airflow_provider_vai.exceptions import Conflict, SpecError, VaiError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.base import Spec
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.model.validation import problems
from airflow_provider_vai.secrets.masking import masked
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.publisher import author, now
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.versions import VersionLog

FOLDER = "baselines"
KEPT_CHARACTERS = 2_000_000
"""A longer result is kept as its digest and shape."""


class Accepted(Spec):
    """A step's result: its digest and shape, and itself where ``is_kept``.

    ``step_sha256`` is the digest of what the step does: after a change of it the result says nothing. ``is_masked``:
    credentials in it were masked. ``is_list``: one result for each element that the step is mapped over.
    ``stood_in``: the result was not made in that run, an earlier one stood in for it.
    """

    step_sha256: str
    result_sha256: str
    result_schema: dict[str, Any]
    is_kept: bool
    value: Any = None
    is_masked: bool = False
    is_list: bool = False
    stood_in: bool = False


class Baseline(Spec):
    """The results of one replay, accepted by a person.

    :param number: from 1, without gaps. :param version: the automation's. :param summary: why they were accepted.
    """

    schema_version: Literal[1] = 1
    number: int
    at: datetime
    by: str
    summary: str
    version: int
    spec_sha256: str
    dag_sha256: str
    steps: dict[str, Accepted] = Field(default_factory=dict)


def step_sha256(step: Step) -> str:
    """Return the digest of what a step does: its kind, operator, arguments and list."""
    return json_text.digest(step.model_dump(mode="json", include={"kind", "operator", "arguments", "each"}))


def accepted(step: Step, result: Any, *, stood_in: bool = False) -> Accepted:
    """Return a step's result as a baseline keeps it: without credentials.

    :param result: JSON data; of a mapped step the list of its results.
    """
    kept = masked(result)
    is_short = len(json_text.canonical(kept)) <= KEPT_CHARACTERS
    return Accepted(
        step_sha256=step_sha256(step),
        result_sha256=json_text.digest(kept),
        result_schema=masked(json_text.schema(kept)),
        is_kept=is_short,
        value=kept if is_short else None,
        is_masked=kept != result,
        is_list=step.each is not None,
        stood_in=stood_in,
    )


def newest(folder: AnyPath, dag_id: str) -> Baseline | None:
    """Return the baseline that was accepted last; ``None``: none was.

    :param folder: of the DAG file.
    :raises SpecError: its file is damaged or of a newer version of this package.
    """
    place = _folder(folder, dag_id)
    found = [name for name in shared_files.names(place, ".json") if name[:-5].isdecimal()]
    return _read(place / found[-1]) if found else None


def accept(
    folder: AnyPath, sidecar: Sidecar, steps: dict[str, Accepted], *, summary: str = "", by: str | None = None
) -> Baseline:
    """Write a new baseline.

    :param folder: of the DAG file. :param by: who accepts; ``None``: as for versions, see :func:`publisher.author`.
    :raises Conflict: somebody else accepted one meanwhile.
    :raises PublishError: the storage refuses.
    """
    before = newest(folder, sidecar.dag_id)
    made = Baseline(
        number=before.number + 1 if before else 1,
        at=now(),
        by=author(by),
        summary=summary,
        version=sidecar.version,
        spec_sha256=sidecar.spec_sha256,
        dag_sha256=sidecar.dag_sha256,
        steps=steps,
    )
    path = _folder(folder, sidecar.dag_id) / f"{made.number:06}.json"
    if not shared_files.create(path, json_text.pretty(made.model_dump(mode="json")).encode("ascii")):
        raise Conflict(
            f"somebody else accepted the baseline {made.number} meanwhile",
            where=str(path),
            remedy="Verify again: today's results are then compared with that one.",
        )
    return made


def _folder(folder: AnyPath, dag_id: str) -> AnyPath:
    return VersionLog(folder, dag_id).folder / FOLDER


def _read(path: AnyPath) -> Baseline:
    remedy = "Restore the file, or upgrade airflow-provider-vai if a newer version wrote it; or name the --trace."
    try:
        text = (shared_files.read(path) or b"").decode("utf-8")
        return Baseline.model_validate(json_text.loads(text, where=str(path)))
    except ValidationError as error:
        raise SpecError(problems(error), where=str(path), remedy=remedy) from None
    except UnicodeDecodeError as error:
        raise SpecError(f"not UTF-8 at byte {error.start}", where=str(path), remedy=remedy) from None
    except VaiError as error:
        raise SpecError(error.problem, where=str(path), remedy=remedy) from None
