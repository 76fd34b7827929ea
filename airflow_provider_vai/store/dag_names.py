"""Which DAG ids can name files in a dags folder, and which are free there."""

from __future__ import annotations

import hashlib
import sys
import unicodedata

from airflow_provider_vai.exceptions import NameTaken, UnusableName
from airflow_provider_vai.languages.identifiers import slug
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.sidecar import SUFFIX
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.sidecar_files import read_sidecar

MODULES = sys.stdlib_module_names | {"airflow", "airflow_provider_vai", "conftest", "plugins"}
MAX_NAME_BYTES = 200
"""Of a DAG id: most file systems take names of 255 bytes, and the longest one here has a prefix and a suffix."""


def has_valid_characters(dag_id: str) -> bool:
    """Return whether a DAG id has only letters, digits, dashes, dots and underscores, a letter or digit first."""
    return dag_id[:1].isalnum() and all(character.isalnum() or character in "_-." for character in dag_id)


def safe_name(dag_id: str, folder: AnyPath) -> str:
    """Return the DAG id, which names its files.

    :raises UnusableName: it cannot name a file, or would hide a module.
    :raises NameTaken: on some file systems it is the name of a file that is there already.
    """
    safe = slug(dag_id, "run").rstrip("_")
    if not has_valid_characters(dag_id):
        problem = "must hold letters, digits, dashes, dots and underscores, and start with a letter or digit"
    elif len(dag_id.encode()) > MAX_NAME_BYTES:
        problem = f"is longer than {MAX_NAME_BYTES} bytes"
    elif dag_id.partition(".")[0] in MODULES:
        problem = "would hide a Python module: the dags folder is on the import path"
    else:
        return _unlike_others(dag_id, folder)
    raise UnusableName(f"the DAG id {dag_id[:80]!r} {problem}", where="--dag-id", remedy=f"Try {f'vai_{safe}'[:80]!r}.")


def free_dag_id(dag_id: str, automation: Automation, folder: AnyPath) -> str:
    """Return a derived DAG id that is free in the folder, or that belongs to the same recording already.

    :param dag_id: the id as it was derived from the run's title; where another recording has it, six hex digits of the
        recording's own id follow.
    """
    sidecar = folder / (dag_id + SUFFIX)
    ours = automation.source.id if automation.source else ""
    if not sidecar.exists():
        return dag_id
    theirs = read_sidecar(sidecar).source
    return dag_id if theirs and theirs.id == ours else f"{dag_id}_{hashlib.sha256(ours.encode()).hexdigest()[:6]}"


def _unlike_others(dag_id: str, folder: AnyPath) -> str:
    """Refuse a name that some file systems hold for the name of a file that is there already."""
    wanted = unicodedata.normalize("NFC", f"{dag_id}.py").casefold()
    for name in shared_files.names(folder, ".py"):
        if name != f"{dag_id}.py" and unicodedata.normalize("NFC", name).casefold() == wanted:
            raise NameTaken(
                f"{name!r} is there, and differs from {dag_id + '.py'!r} only by case or spelling",
                where=str(folder),
                remedy="Choose another name with --dag-id.",
            )
    return dag_id
