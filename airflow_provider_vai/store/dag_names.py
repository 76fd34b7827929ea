"""Checks that a DAG id can name a DAG file, and finds an id that is free in a folder."""

from __future__ import annotations

import hashlib
import sys
import unicodedata
from collections.abc import Iterable

from airflow_provider_vai.exceptions import NameTaken, UnusableName
from airflow_provider_vai.languages.identifiers import dag_id_problem, slug
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.sidecar import SUFFIX
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.sidecar_files import read_sidecar

MODULES = sys.stdlib_module_names | {"airflow", "airflow_provider_vai", "conftest", "plugins"}


def safe_name(dag_id: str, folder: AnyPath) -> str:
    """Return the DAG id unchanged, after checking that it can name a DAG file in ``folder``.

    :raises UnusableName: it cannot name a file, or would hide a Python module.
    :raises NameTaken: an existing file has a name that some file systems consider equal.
    """
    safe = slug(dag_id, "run").rstrip("_")
    problem = dag_id_problem(dag_id)
    if problem is None and dag_id.partition(".")[0] in MODULES:
        problem = "would hide a Python module: the dags folder is on the import path"
    if problem is None:
        return _unlike_others(dag_id, folder)
    raise UnusableName(f"the DAG id {dag_id[:80]!r} {problem}", where="--dag-id", remedy=f"Try {f'vai_{safe}'[:80]!r}.")


def free_dag_id(dag_id: str, automation: Automation, folder: AnyPath) -> str:
    """Return a DAG id that is free in the folder, or that already belongs to the same recording.

    :param dag_id: The id made from the run's title. If another recording has it, six hex digits that depend on this
        recording's id are appended.
    """
    sidecar = folder / (dag_id + SUFFIX)
    ours = automation.source.id if automation.source else ""
    if not sidecar.exists():
        return dag_id
    theirs = read_sidecar(sidecar).source
    return dag_id if theirs and theirs.id == ours else f"{dag_id}_{hashlib.sha256(ours.encode()).hexdigest()[:6]}"


def has_unicode_ids(dag_ids: Iterable[str], automation: Automation, folder: AnyPath) -> bool:
    """Return whether an automation of the same recording exists that has ids with other letters than ASCII.

    Earlier versions made such ids of titles and tools. They stay, because Airflow knows the DAG's runs by them.

    :param dag_ids: The ids that the existing automation may have.
    :param automation: An automation of the recording.
    :param folder: The folder of the DAG files.
    """
    for sidecar in (folder / (dag_id + SUFFIX) for dag_id in dag_ids):
        if sidecar.exists():
            found = read_sidecar(sidecar)
            ids = [found.dag_id, *(step.task_id for step in found.steps)]
            if automation.source and found.source and found.source.id == automation.source.id:
                return not all(one.isascii() for one in ids)
    return False


def _unlike_others(dag_id: str, folder: AnyPath) -> str:
    """Refuse a name that some file systems would not distinguish from that of an existing file."""
    wanted = unicodedata.normalize("NFC", f"{dag_id}.py").casefold()
    for name in shared_files.names(folder, ".py"):
        if name != f"{dag_id}.py" and unicodedata.normalize("NFC", name).casefold() == wanted:
            raise NameTaken(
                f"{name!r} exists already and differs from {dag_id + '.py'!r} only in case or Unicode form",
                where=str(folder),
                remedy="Choose another name with --dag-id.",
            )
    return dag_id
