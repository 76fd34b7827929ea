"""Checks of what the store keeps of an automation: its log of versions, and whether a change was interrupted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from airflow_provider_vai.analysis.lint.finding import Finding
from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.model.sidecar import SUFFIX
from airflow_provider_vai.store.damage import damages, logged_dag_ids
from airflow_provider_vai.store.versions import Known

UNREADABLE, DAMAGED, UNFINISHED = "VAI001", "VAI606", "VAI607"
OF_PAIRS = ("VAI602", "VAI603", "VAI604")
"""What the pair of files seems to be while a change is unfinished."""


def with_stored(
    findings: Iterable[Finding],
    paths: Iterable[Path],
    checked: Iterable[Path],
    read: Mapping[Path, Known] = MappingProxyType({}),
) -> list[Finding]:
    """Return findings with those about the logs of the automations added.

    :param findings: What other checks found.
    :param paths: What the user named: files, or folders, in which automations may have lost both files.
    :param checked: The files that are checked.
    :param read: The sidecars that were read, by their paths; a file with the same data is not validated again.
    """
    findings = list(findings)
    unreadable = {finding.file for finding in findings if finding.code == UNREADABLE}
    found = [finding for path in _sidecars(paths, checked) for finding in _of(path, read.get(path))]
    added = [finding for finding in found if finding.file not in unreadable]
    unfinished = {finding.file for finding in added if finding.code == UNFINISHED}
    return [*added, *(one for one in findings if one.file not in unfinished or one.code not in OF_PAIRS)]


def _sidecars(paths: Iterable[Path], checked: Iterable[Path]) -> list[Path]:
    """Return the paths of the sidecars, whether or not there are such files."""
    found = dict.fromkeys(
        path if path.name.endswith(SUFFIX) else path.with_name(path.stem + SUFFIX)
        for path in checked
        if path.name.endswith((SUFFIX, ".py"))
    )
    for folder in dict.fromkeys([*(path for path in paths if path.is_dir()), *(path.parent for path in found)]):
        if any(path.is_dir() and folder.is_relative_to(path) for path in paths):
            found |= dict.fromkeys(folder / (dag_id + SUFFIX) for dag_id in _logged(folder))
    return list(found)


def _logged(folder: Path) -> list[str]:
    try:
        return list(logged_dag_ids(folder))
    except (VaiError, OSError):
        return []


def _of(sidecar: Path, known: Known | None) -> Iterator[Finding]:
    repair = f"Run `vai repair {sidecar}`."
    try:
        found = damages(sidecar.parent, sidecar.name.removesuffix(SUFFIX), known)
    except VaiError as error:
        yield Finding("error", error.where, "", error.problem, error.remedy, DAMAGED)
        return
    for damage in found:
        if damage.kind == "unfinished":
            yield Finding("error", str(sidecar), "", damage.problem, repair, UNFINISHED)
        else:
            yield Finding("error", str(damage.path), "", damage.problem, repair, DAMAGED)
