"""Specs written by hand: a YAML or JSON file becomes an Automation, or is refused with the place that is wrong.

Three forms are read (``dev/docs/spec.md`` shows them): the short form for people, the full form of
``vai schema automation`` (a sidecar's spec, too), and the platform's own documents.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from airflow_provider_vai.authoring.specs.arguments import literal_problems
from airflow_provider_vai.authoring.specs.condition import condition_problem
from airflow_provider_vai.authoring.specs.places import refuse, refuse_first, similar
from airflow_provider_vai.authoring.specs.platform_documents import is_platform, short_form
from airflow_provider_vai.authoring.specs.short import SpecReader
from airflow_provider_vai.authoring.specs.triggers import check_start
from airflow_provider_vai.authoring.specs.values import refuse_credentials
from airflow_provider_vai.exceptions import SpecError, UnreadableTrace
from airflow_provider_vai.languages import json_text, yaml_text
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.model import version_1
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.param_default import default_problem
from airflow_provider_vai.model.review_item import review_item
from airflow_provider_vai.model.sidecar import SCHEMA_VERSION, Sidecar

LIMIT_BYTES = 5_000_000
"""A spec is written by hand, or says as much: above this it is refused, not read for minutes."""

DEEPEST = 100
"""Levels of nesting, as in ``python_source``: deeper values could not be rendered."""

FULL_FORM = ("schema_version", "schemaVersion", "source_type", "sourceType")
"""Keys that only the full form has; the platform's documents, which may have ``sourceType``, are told by others."""

YAML = (".yaml", ".yml")
ENDINGS = (".vai.yaml", ".vai.yml", ".vai-spec.json")
"""How the names of specs end that `vai lint` finds in a folder."""


def read_spec(path: Path, *, secret_conn_id: str | None = None, python_path: Sequence[str] = ()) -> Automation:
    """Return the automation of a spec.

    :param path: a YAML file (``.yaml``, ``.yml``) or a JSON file.
    :param secret_conn_id: the Airflow connection of a webhook's secret, for a platform's document that holds the
        secret itself.
    :param python_path: folders in which the functions of ``python_tool`` steps are looked for, before ``sys.path``.
    :return: an automation of the source type MANUAL.
    :raises SpecError: the file cannot be read, or something in it is wrong: with the place, the value and a remedy.
    """
    try:
        return from_document(document(path), path, secret_conn_id=secret_conn_id, python_path=python_path)
    except SpecError as error:
        first = _in_file(error, path)
        if error.others:
            first.problem += f" ({len(error.others)} more problems: `vai lint` tells them all)"
        raise SpecError(first.problem, where=first.where, remedy=first.remedy) from None


def from_document(
    value: Any, path: Path, *, secret_conn_id: str | None = None, python_path: Sequence[str] = ()
) -> Automation:
    """Return the automation of a document; see :func:`read_spec`.

    :param value: JSON data, in one of the three forms. :param path: its file, whose name is the default of the DAG id.
    :raises SpecError: the first thing that is wrong, with the place in the document; ``others`` are the further ones.
    """
    found = all_refusals(value, path, secret_conn_id=secret_conn_id, python_path=python_path)
    if isinstance(found, Automation):
        return found
    first, *others = found
    raise SpecError(first.problem, where=first.where, remedy=first.remedy, others=others)


def read_platform(document: Any, secret_conn_id: str | None = None) -> Automation:
    """Return the automation of a platform's document.

    :param document: the JSON object, see :mod:`airflow_provider_vai.authoring.specs.platform_documents`.
    :param secret_conn_id: the Airflow connection whose password is the webhook's secret. A secret in the document is
        left out, and noted for the reviewer, where a connection is named here or there, and refused where none is.
    :raises SpecError: something in it is wrong; ``where`` is the place.
    """
    _check_depth(document)
    found = _platform(document, "automation", secret_conn_id, ())
    if isinstance(found, Automation):
        return found
    raise found[0]


def document(path: Path) -> Any:
    """Return the document in a spec's file: JSON's types, nested no deeper than ``DEEPEST``.

    :raises SpecError: the file cannot be read, is too large, no text, or neither YAML nor JSON; ``where`` is empty, or
        line and column stand in the message.
    """
    try:
        if path.exists() and not path.is_file():  # reading a pipe or a device would never end
            raise SpecError("it is no file", remedy="Name a file.")
        if path.stat().st_size > LIMIT_BYTES:
            problem = f"the file has more than {LIMIT_BYTES / 1e6:.0f} MB"
            raise SpecError(problem, remedy="A spec is shorter: keep data in files and databases.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SpecError(error.strerror or str(error), remedy="Name an existing file that you may read.") from None
    except UnicodeDecodeError as error:
        raise SpecError(f"not UTF-8 at byte {error.start}", remedy="Save the file as UTF-8 text.") from None
    except ValueError as error:  # a null character in the path
        raise SpecError(str(error), remedy="Name an existing file.") from None
    loads = yaml_text.loads if path.name.lower().endswith(YAML) else json_text.loads
    try:
        value = loads(text, where="")
    except UnreadableTrace as error:
        problem = error.problem.replace(' in "<unicode string>", line', ", line")
        raise SpecError(problem, remedy="Correct the file.") from None
    _check_depth(value)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        problem = "a text holds half a character (a lone surrogate)"
        raise SpecError(problem, remedy="Correct the text: it could not be rendered either.") from None
    return value


def all_refusals(
    value: Any, path: Path, *, secret_conn_id: str | None = None, python_path: Sequence[str] = ()
) -> Automation | list[SpecError]:
    """Return the automation of a document, or everything that is wrong with it; ``where`` is the place alone.

    :param value: what :func:`document` returned. :param path: its file, whose name is the default of the DAG id.
    """
    if not isinstance(value, dict):
        return [SpecError(f"{shown(value)} is no object", remedy="Write dag_id: … and steps: ….")]
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
    """Return the automation of a full form; what a sidecar has besides its spec is checked and left out."""
    version = value.get("schema_version", value.get("schemaVersion"))
    if isinstance(version, int) and version > SCHEMA_VERSION:
        refuse(f"schema_version {version} is newer than {SCHEMA_VERSION}", ["schema_version"], "Upgrade this package.")
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
    """Refuse what the spec's model does not see: kinds, arguments, gates, schedules, conditions, credentials."""
    for index, step in enumerate(automation.steps):
        place: list[str | int] = ["steps", index]
        kind = by_name().get(step.kind)
        if kind is None:
            refuse(f"no action kind {shown(step.kind)}", [*place, "kind"], similar(step.kind, by_name()))
        if step.operator != kind.operator:
            remedy = f"Write {kind.operator}, or the kind that {step.operator!r} runs."
            refuse(f"the kind {kind.name} is not run by {shown(step.operator)}", [*place, "operator"], remedy)
        if step.approval.gate and step.approval.gate not in step.depends_on:
            remedy = "Add the gate to depends_on."
            refuse(f"the step does not wait for its gate {step.approval.gate!r}", [*place, "depends_on"], remedy)
        values = {name: argument.value for name, argument in step.arguments.items()}
        open_ = [
            [name, *at]
            for name, argument in step.arguments.items()
            for at in (
                [[]]
                if argument.from_ or argument.class_ in ("parameter", "template")
                else [*(wire.at for wire in argument.wires), *(secret.at for secret in argument.secrets)]
            )
        ]
        error = literal_problems(kind, values, open_)
        if error is not None:
            refuse_first(error, values, [*place, "arguments"], kind.arguments)
        for name, value in values.items():
            refuse_credentials({name: value}, [*place, "arguments"], kind)
    _check_start(automation)


def _check_start(automation: Automation) -> None:
    for index, text in enumerate(automation.conditions):
        if problem := condition_problem(text):
            refuse(f"{shown(text)}: {problem}", ["conditions", index], 'Write it like params.region = "EU".')
    for name, param in automation.params.items():
        if problem := default_problem(param.default, param.schema_):
            refuse(problem, ["params", name], "Correct the default or the schema.")
        refuse_credentials({name: param.default}, ["params"])
        refuse_credentials({"description": param.description}, ["params", name])
    refuse_credentials({"description": automation.description}, [])
    check_start(automation)


def _check_depth(value: Any) -> None:
    if json_text.is_deeper(value, DEEPEST):
        raise SpecError(f"nested more than {DEEPEST} deep", remedy="Flatten it: it could not be rendered either.")


def _stem(path: Path) -> str:
    for ending in (*ENDINGS, *YAML, ".json"):
        if path.name.lower().endswith(ending):
            return path.name[: -len(ending)]
    return path.name


def _in_file(error: SpecError, path: Path) -> SpecError:
    where = f"{path}: {error.where}" if error.where else str(path)
    return SpecError(error.problem, where=where, remedy=error.remedy)
