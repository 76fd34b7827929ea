"""Baselines: step results that a person accepted, and that later results are compared with.

They are stored beside the versions, in ``<folder>/.vai/<dag_id>/baselines/<number>.json``, and never changed. If two
people accept results at the same time, one of them is refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field, ValidationError

from airflow_provider_vai.exceptions import Conflict, SpecError, VaiError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.base import Spec
from airflow_provider_vai.model.factories import new_dict
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.model.validation import problems
from airflow_provider_vai.secrets.masking import masked
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.publisher import author, now
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.versions import VersionLog

FOLDER = "baselines"
KEPT_CHARACTERS = 2_000_000
"""Of a longer result, only the digest and the schema are stored."""


class Accepted(Spec):
    """The accepted result of one step.

    :param step_sha256: The digest of what the step does. If it changes, the result can no longer be compared.
    :param result_sha256: The digest of the result.
    :param result_schema: The JSON Schema of the result.
    :param is_kept: Whether ``value`` is the result; long results are not stored.
    :param value: The result, with credentials masked.
    :param is_masked: Whether credentials in the result were masked.
    :param is_list: Whether the step is mapped: the result is a list with one result per element.
    :param stood_in: Whether the step did not run, and a recorded result was returned instead.
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

    :param number: Baselines are numbered from 1, without gaps.
    :param at: When the results were accepted.
    :param by: Who accepted them.
    :param summary: Why they were accepted.
    :param version: The version of the automation.
    :param steps: The results by step key.
    """

    schema_version: Literal[1] = 1
    number: int
    at: datetime
    by: str
    summary: str
    version: int
    spec_sha256: str
    dag_sha256: str
    steps: dict[str, Accepted] = Field(default_factory=new_dict)


def step_sha256(step: Step) -> str:
    """Return the digest of what a step does: its action kind, operator, arguments and the list it is mapped over."""
    return json_text.digest(step.model_dump(mode="json", include={"kind", "operator", "arguments", "each"}))


def accepted(step: Step, result: Any, *, stood_in: bool = False) -> Accepted:
    """Return a step's result in the form that a baseline stores, with credentials masked.

    :param step: The step.
    :param result: The result as JSON data; for a mapped step, the list of its results.
    :param stood_in: Whether the step did not run, and the recorded result was returned instead.
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
    """Return the newest baseline; ``None``: there is none.

    :param folder: The folder of the DAG file.
    :param dag_id: The DAG id.
    :raises SpecError: if the file is damaged or was written by a newer version of this package.
    """
    place = _folder(folder, dag_id)
    found = [name for name in shared_files.names(place, ".json") if name[:-5].isdecimal()]
    return _read(place / found[-1]) if found else None


def accept(
    folder: AnyPath, sidecar: Sidecar, steps: dict[str, Accepted], *, summary: str = "", by: str | None = None
) -> Baseline:
    """Write a new baseline and return it.

    :param folder: The folder of the DAG file.
    :param sidecar: The sidecar of the automation.
    :param steps: The results by step key.
    :param summary: Why the results are accepted.
    :param by: Who accepts them; ``None``: the author of versions, see :func:`publisher.author`.
    :raises Conflict: if somebody else accepted a baseline at the same time.
    :raises PublishError: if the file cannot be written.
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
            f"somebody else accepted results at the same time, as baseline {made.number}",
            where=str(path),
            remedy="Verify again; the results are then compared with that baseline.",
        )
    return made


def _folder(folder: AnyPath, dag_id: str) -> AnyPath:
    return VersionLog(folder, dag_id).folder / FOLDER


def _read(path: AnyPath) -> Baseline:
    remedy = "Restore the file; upgrade airflow-provider-vai if a newer version wrote it; or give --trace."
    try:
        text = (shared_files.read(path) or b"").decode("utf-8")
        return Baseline.model_validate(json_text.loads(text, where=str(path)))
    except ValidationError as error:
        raise SpecError(problems(error), where=str(path), remedy=remedy) from None
    except UnicodeDecodeError as error:
        raise SpecError(f"the file is not UTF-8 at byte {error.start}", where=str(path), remedy=remedy) from None
    except VaiError as error:
        raise SpecError(error.problem, where=str(path), remedy=remedy) from None
