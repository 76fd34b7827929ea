"""Finds and reads the files that lint checks, and groups them into automations."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from airflow_provider_vai.analysis.lint.dag_file import DagFile, read_dag_file
from airflow_provider_vai.analysis.lint.finding import Finding
from airflow_provider_vai.analysis.lint.raw import RawStep, list_of, object_of, steps_of, text_of
from airflow_provider_vai.authoring.specs.document import ENDINGS, document
from airflow_provider_vai.exceptions import SpecError, VaiError
from airflow_provider_vai.model import version_1
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.sidecar import DAMAGED, SUFFIX, Sidecar
from airflow_provider_vai.renderer.render import render

UNREADABLE = "VAI001"
REFUSED = "VAI002"
NOT_PYTHON = "VAI003"


@dataclass
class Subject:
    """One automation.

    :param path: The path of the sidecar or spec.
    :param form: ``sidecar`` or ``spec``.
    :param data: The document. A spec in the short form was expanded, and an older schema was migrated to the newest.
    :param dag: The DAG file of a sidecar; ``None``: it does not exist or cannot be read.
    :param is_older: Whether the file has an older schema.
    """

    path: Path
    form: Literal["sidecar", "spec"]
    data: dict[str, Any]
    dag: DagFile | None = None
    is_older: bool = False

    @cached_property
    def steps(self) -> list[RawStep]:
        """The steps; entries that are not objects are left out."""
        return steps_of(self.data)

    @cached_property
    def by_key(self) -> dict[str, RawStep]:
        """The steps by key, in order; if several have the same key, the first."""
        found: dict[str, RawStep] = {}
        for step in self.steps:
            if step.key is not None:
                found.setdefault(step.key, step)
        return found

    @cached_property
    def automation(self) -> Automation | None:
        """The document as an automation; ``None``: it does not match the model of the spec."""
        if self.sidecar is not None:
            return self.sidecar.automation
        fields = {name: value for name, value in self.data.items() if name in Automation.model_fields}
        try:
            return Automation.model_validate(fields)
        except ValidationError:
            return None

    @cached_property
    def sidecar(self) -> Sidecar | None:
        """The document as a sidecar; ``None``: it is none, or it does not match the schema."""
        return self.validated if isinstance(self.validated, Sidecar) else None

    @cached_property
    def validated(self) -> Sidecar | Automation | ValidationError:
        """The document as the model of its form, or the error that the model reports."""
        model = Sidecar if self.form == "sidecar" else Automation
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            return error

    @cached_property
    def rendered(self) -> str | VaiError | None:
        """The DAG file that the spec of a sidecar renders, or the error; ``None``: it is not a valid sidecar."""
        if self.sidecar is None:
            return None
        try:
            return render(self.sidecar.automation)
        except VaiError as error:
            return error
        except (LookupError, TypeError, AttributeError):  # a wire to a place that does not exist; another check does it
            return None

    @property
    def read(self) -> tuple[dict[str, Any], Sidecar] | None:
        """The document of a valid sidecar with the newest schema, and the sidecar."""
        return None if self.is_older or self.sidecar is None else (self.data, self.sidecar)

    def forget_rendered(self) -> None:
        """Release the text, because a folder may have thousands of automations."""
        self.__dict__.pop("rendered", None)

    @property
    def dag_id(self) -> str | None:
        """The DAG id."""
        return text_of(self.data.get("dag_id"))

    @property
    def dag_path(self) -> Path:
        """The path of a sidecar's DAG file."""
        return self.path.with_name(self.path.name.removesuffix(SUFFIX) + ".py")

    @property
    def triggers(self) -> list[tuple[int, dict[str, Any]]]:
        """The triggers with their positions; entries that are not objects are left out."""
        triggers = enumerate(list_of(self.data.get("triggers")))
        return [(index, trigger) for index, trigger in triggers if isinstance(trigger, dict)]

    def of_type(self, type_: str) -> list[tuple[int, dict[str, Any]]]:
        """Return the triggers of a type, with their positions among all triggers."""
        return [(index, trigger) for index, trigger in self.triggers if trigger.get("type") == type_]

    @property
    def params(self) -> dict[str, dict[str, Any]]:
        """The declared params by name."""
        return {name: object_of(param) for name, param in object_of(self.data.get("params")).items()}


def collected(
    paths: Iterable[Path], *, with_dag_files: bool = True
) -> tuple[list[Subject], list[DagFile], list[Finding]]:
    """Return the automations, all DAG files, and a finding for each file that cannot be read.

    :param paths: Files or folders.
    :param with_dag_files: Whether DAG files are read, which takes longer than everything else.
    """
    subjects: list[Subject] = []
    dag_files: dict[Path, DagFile] = {}
    findings: list[Finding] = []
    for path in files(paths, findings):
        if path.name.lower().endswith(".py"):
            if not with_dag_files:
                continue
            found = read_dag_file(path)
            if isinstance(found, DagFile):
                dag_files[path] = found
            else:
                findings.append(Finding("error", str(path), "", found, "Correct or remove the file.", NOT_PYTHON))
        else:
            subject = _subject(path, findings)
            subjects += [subject] if subject else []
    for subject in subjects:
        if subject.form == "sidecar" and with_dag_files:
            subject.dag = dag_files.get(subject.dag_path) or _beside(subject.dag_path)
    return subjects, list(dag_files.values()), findings


def _beside(path: Path) -> DagFile | None:
    found = read_dag_file(path)
    return found if isinstance(found, DagFile) else None


def files(paths: Iterable[Path], findings: list[Finding]) -> Iterator[Path]:
    """Yield each file once: named files, DAG files' sidecars, and files in folders whose names end as lint expects."""
    seen: set[str] = set()
    for path in paths:
        for found in _under(path, findings):
            key = os.path.abspath(found)
            if key not in seen:
                seen.add(key)
                yield found


def _under(path: Path, findings: list[Finding]) -> Iterator[Path]:
    try:
        is_folder, is_there = path.is_dir(), path.exists()
    except (OSError, ValueError):
        is_folder = is_there = False
    if not is_there:
        findings.append(Finding("error", str(path), "", "there is no such file", "Correct the path.", UNREADABLE))
    elif is_folder:
        yield from _in_folder(path)
    else:
        sidecar = path.with_name(path.stem + SUFFIX)
        if path.suffix == ".py" and sidecar.is_file():
            yield sidecar
        yield path


def _in_folder(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        for name in sorted(names):
            if not name.startswith(".") and name.lower().endswith((SUFFIX, *ENDINGS, ".py")):
                yield Path(root) / name


def _subject(path: Path, findings: list[Finding]) -> Subject | None:
    try:
        value = document(path)
        if not isinstance(value, dict):
            raise SpecError("the file does not contain a JSON object", remedy="Write a spec.")
    except SpecError as error:
        remedy = DAMAGED if path.name.endswith(SUFFIX) and path.is_file() else error.remedy
        findings.append(Finding("error", str(path), "", error.problem, remedy, UNREADABLE))
        return None
    is_older = version_1.is_older(value)
    data = version_1.migrated(value) if is_older else value
    if path.name.lower().endswith(SUFFIX) or "schema_version" in value:
        return Subject(path, "sidecar", data, is_older=is_older)
    if "source_type" in value:
        return Subject(path, "spec", data, is_older=is_older)
    from airflow_provider_vai.authoring.specs.file import all_refusals  # what it imports is for this form alone

    made = all_refusals(value, path)
    if isinstance(made, Automation):
        return Subject(path, "spec", made.model_dump(mode="json"))
    findings += [Finding("error", str(path), error.where, error.problem, error.remedy, REFUSED) for error in made]
    return None
