"""Reads a spec written by hand, in YAML or JSON, into an Automation. An error names the place that is wrong.

There are three forms, described in ``dev/docs/spec.md``: the short form for people, the full form of
``vai schema automation`` (also used in sidecars), and the platform's own documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from airflow_provider_vai.authoring.specs.arguments import literal_problems
from airflow_provider_vai.authoring.specs.condition import condition_problem
from airflow_provider_vai.authoring.specs.document import ENDINGS, YAML, check_depth, document
from airflow_provider_vai.authoring.specs.places import refuse, refuse_first, refused, similar
from airflow_provider_vai.authoring.specs.platform_documents import is_platform, short_form
from airflow_provider_vai.authoring.specs.short import SpecReader
from airflow_provider_vai.authoring.specs.triggers import check_start, refuse_login
from airflow_provider_vai.authoring.specs.values import refuse_credentials, refuse_credentials_in_tree
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.model import version_1
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.param_default import default_problem
from airflow_provider_vai.model.refusals import refusals
from airflow_provider_vai.model.review_item import review_item
from airflow_provider_vai.model.sidecar import SCHEMA_VERSION, Sidecar

FULL_FORM = ("schema_version", "schemaVersion", "source_type", "sourceType")
"""Keys of the full form. Platform documents, which may also have ``sourceType``, are recognised first by other keys."""


def read_spec(path: Path, *, secret_conn_id: str | None = None, python_path: Sequence[str] = ()) -> Automation:
    """Return the automation of a spec.

    :param path: A YAML file (``.yaml``, ``.yml``) or a JSON file.
    :param secret_conn_id: The Airflow connection with a webhook's secret, for a platform document that contains the
        secret itself.
    :param python_path: Folders that are searched for the functions of ``python_tool`` steps, before ``sys.path``.
    :return: an automation with the source type MANUAL.
    :raises SpecError: the file cannot be read, or something in it is wrong; the message has the place, the value and a
        remedy.
    """
    try:
        return from_document(document(path), path, secret_conn_id=secret_conn_id, python_path=python_path)
    except SpecError as error:
        first = _in_file(error, path)
        if error.others:
            first.problem += f" ({plural(len(error.others), 'more problem')}: `vai lint` reports them all)"
        raise SpecError(first.problem, where=first.where, remedy=first.remedy) from None


def from_document(
    value: Any, path: Path, *, secret_conn_id: str | None = None, python_path: Sequence[str] = ()
) -> Automation:
    """Return the automation of a document; see :func:`read_spec`.

    :param value: JSON data, in one of the three forms.
    :param path: The document's file. Its name is the default for the DAG id.
    :raises SpecError: the document is invalid: the first problem, with its place; ``others`` has the further ones.
    """
    found = all_refusals(value, path, secret_conn_id=secret_conn_id, python_path=python_path)
    if isinstance(found, Automation):
        return found
    first, *others = found
    raise SpecError(first.problem, where=first.where, remedy=first.remedy, others=others)


def read_platform(document: Any, secret_conn_id: str | None = None) -> Automation:
    """Return the automation of a platform document.

    :param document: The JSON object, see :mod:`airflow_provider_vai.authoring.specs.platform_documents`.
    :param secret_conn_id: The Airflow connection whose password is the webhook's secret. If a connection is named here
        or in the document, a secret in the document is left out and noted for the reviewer. Otherwise it is refused.
    :raises SpecError: something in it is wrong; ``where`` is the place.
    """
    check_depth(document)
    found = _platform(document, "automation", secret_conn_id, ())
    if isinstance(found, Automation):
        return found
    raise found[0]


def all_refusals(
    value: Any, path: Path, *, secret_conn_id: str | None = None, python_path: Sequence[str] = ()
) -> Automation | list[SpecError]:
    """Return the automation of a document, or all errors in it. The ``where`` of an error is the place in the document.

    :param value: The result of :func:`document`.
    :param path: The document's file. Its name is the default for the DAG id.
    :param secret_conn_id: See :func:`read_spec`.
    :param python_path: See :func:`read_spec`.
    """
    if not isinstance(value, dict):
        return [SpecError(f"{shown(value)} is not an object", remedy="Write dag_id: … and steps: ….")]
    try:
        if is_platform(value):
            return _platform(value, _stem(path), secret_conn_id, python_path)
        if any(name in value for name in FULL_FORM):
            return _full(value)
    except SpecError as error:
        return [error]
    reader = SpecReader(python_path)
    return reader.automation(value, _stem(path)) or reader.refused


def _platform(
    value: Any, default_name: str, secret_conn_id: str | None, python_path: Sequence[str]
) -> Automation | list[SpecError]:
    short, notes = short_form(value, secret_conn_id)
    reader = SpecReader(python_path, notes=notes)
    return reader.automation(short, default_name) or reader.refused


def _full(value: dict[str, Any]) -> Automation:
    """Return the automation of a full form. Other parts of a sidecar are validated, but not used."""
    version = value.get("schema_version", value.get("schemaVersion"))
    if isinstance(version, int) and version > SCHEMA_VERSION:
        remedy = "Upgrade airflow-provider-vai."
        refuse(f"schema_version {version} is newer than {SCHEMA_VERSION}", ["schema_version"], remedy)
    model = Sidecar if "schema_version" in value or "schemaVersion" in value else Automation
    value = version_1.migrated(value) if version_1.is_older(value) else value
    try:
        read = model.model_validate(value)
    except ValidationError as error:
        refuse_first(error, value, [], model)
    automation = read.automation if isinstance(read, Sidecar) else read
    _check_full(automation)
    if automation.source is None:
        return automation.model_copy(update={"source_type": "MANUAL"})
    note = review_item("from_recording", recording=automation.source.id)
    review = [note, *(item for item in automation.review if item != note)]
    return automation.model_copy(update={"source_type": "MANUAL", "source": None, "review": review})


def _check_full(automation: Automation) -> None:
    """Check what the spec's model does not: kinds, arguments, gates, schedules, conditions and credentials."""
    for index, step in enumerate(automation.steps):
        place: list[str | int] = ["steps", index]
        kind = by_name().get(step.kind)
        if kind is None:
            refuse(f"there is no action kind {shown(step.kind)}", [*place, "kind"], similar(step.kind, by_name()))
        if step.operator != kind.operator:
            remedy = f"Write {kind.operator}, or the kind of {step.operator!r}."
            refuse(f"{shown(step.operator)} is not the operator of the kind {kind.name}", [*place, "operator"], remedy)
        if step.approval.gate and step.approval.gate not in step.depends_on:
            remedy = "Add the gate to depends_on."
            refuse(f"the step does not wait for its gate {step.approval.gate!r}", [*place, "depends_on"], remedy)
        values = {name: argument.value for name, argument in step.arguments.items()}
        open_ = [
            [name, *at]
            for name, argument in step.arguments.items()
            for at in (
                [[]]
                if argument.is_filled_in
                else [*(wire.at for wire in argument.wires), *(secret.at for secret in argument.secrets)]
            )
        ]
        error = literal_problems(kind, values, open_)
        if error is not None:
            refuse_first(error, values, [*place, "arguments"], kind.arguments)
        for name, value in values.items():
            refuse_credentials({name: value}, [*place, "arguments"], kind)
            for at, tree in step.arguments[name].trees():
                refuse_credentials_in_tree(tree, [*place, "arguments", name, *at])
    _check_start(automation)


def _check_start(automation: Automation) -> None:
    for index, text in enumerate(automation.conditions):
        if problem := condition_problem(text):
            refuse(f"{shown(text)}: {problem}", ["conditions", index], 'Write it like params.region = "EU".')
    for index, trigger in enumerate(automation.triggers):
        refuse_login(trigger, ["triggers", index])
    for name, param in automation.params.items():
        if problem := default_problem(param.default, param.schema_):
            refuse(problem, ["params", name], "Correct the default or the schema.")
        refuse_credentials({name: param.default}, ["params"])
        refuse_credentials({"description": param.description}, ["params", name])
    refuse_credentials({"title": automation.title, "description": automation.description}, [])
    check_start(automation)
    for one in refusals(automation):
        raise refused(one)


def _stem(path: Path) -> str:
    for ending in (*ENDINGS, *YAML, ".json"):
        if path.name.lower().endswith(ending):
            return path.name[: -len(ending)]
    return path.name


def _in_file(error: SpecError, path: Path) -> SpecError:
    where = f"{path}: {error.where}" if error.where else str(path)
    return SpecError(error.problem, where=where, remedy=error.remedy)
