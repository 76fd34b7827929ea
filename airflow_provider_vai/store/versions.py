"""The log of an automation: one file for each change, which is never modified.

The files are numbered, in ``<folder>/.vai/<dag_id>/``. A writer takes a number by creating its file, which only one of
several writers can do. The others have read an older state and are refused. ``<dag_id>.py`` and its sidecar in the
folder reflect the newest entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import ValidationError

from airflow_provider_vai.exceptions import Conflict, SpecError, VaiError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.identifiers import folder_name
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.base import Spec
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.model.validation import problems
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import AnyPath

Change = Literal["version", "activated", "paused", "deleted"]
FOLDER = ".vai"  # hidden, because it contains no DAG files
MARK = "under-way"


class Entry(Spec):
    """One change: its kind, its author, its time, and the state after it.

    :param number: Counted from 1, without gaps.
    :param sidecar: The sidecar after the change.
    :param rendered: The DAG file as rendered from the spec; only for a ``version``.
    :param dag_file: The DAG file as written, including edits by hand; only for a ``version``.
    """

    number: int
    change: Change
    at: datetime
    by: str
    summary: str
    sidecar: Sidecar
    rendered: str | None = None
    dag_file: str | None = None

    def fields(self, spec: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the entry as JSON data.

        :param spec: The sidecar's spec, as :meth:`Automation.spec` returns it; parts may be
            :class:`~airflow_provider_vai.languages.json_text.WrittenJson`. ``None``: it is computed here.
        """
        if spec is None:
            return self.model_dump(mode="json")
        found = self.model_dump(mode="json", exclude={"sidecar": set(Automation.model_fields)})
        return {**found, "sidecar": {**spec, **found["sidecar"]}}


class VersionLog:
    """The log of one automation.

    :param folder: The folder of the DAG file and sidecar.
    :param dag_id: The automation's DAG id.
    """

    def __init__(self, folder: AnyPath, dag_id: str) -> None:
        self.folder = folder / FOLDER / folder_name(dag_id)
        self.dag_id = dag_id

    def entries(self) -> Iterator[Entry]:
        """Yield every entry, newest first.

        :raises SpecError: an entry is damaged or was written by a newer version of this package.
        """
        for name in reversed(self._names()):
            yield self._read(self.folder / name)

    def newest(self) -> Entry | None:
        """Return the newest entry; ``None`` if the log is empty."""
        return next(self.entries(), None)

    def version(self, number: int) -> Entry:
        """Return the entry of a version.

        :raises SpecError: there is no such version.
        """
        for entry in self.versions():
            if entry.sidecar.version == number:
                return entry
        raise SpecError(
            f"the automation {self.dag_id} has no version {number}",
            where=str(self.folder),
            remedy="`vai versions` lists them.",
        )

    def versions(self) -> Iterator[Entry]:
        """Yield the entries that are versions, newest first."""
        return (entry for entry in self.entries() if entry.change == "version")

    def append(self, fields: Mapping[str, Any]) -> None:
        """Write an entry under its number.

        :param fields: The entry as :meth:`Entry.fields` returns it.
        :raises Conflict: another writer took the number.
        """
        path, content = self._path(fields["number"]), json_text.pretty(fields).encode("ascii")
        try:
            is_ours = shared_files.create(path, content)
        except BaseException:  # including KeyboardInterrupt after the file got its name
            if shared_files.read(path) == content:
                shared_files.remove(path)
            raise
        if not is_ours:
            raise conflict(self.dag_id, self.newest())

    def take_back(self, entry: Entry) -> None:
        """Remove an entry whose change could not be completed."""
        shared_files.remove(self._path(entry.number))

    def mark(self, number: int) -> None:
        """Mark that an entry is about to be written and applied to the DAG file and sidecar."""
        shared_files.replace(self.folder / MARK, str(number).encode("ascii"))

    def unmark(self) -> None:
        """Remove the mark: no change is in progress."""
        shared_files.remove(self.folder / MARK)

    def is_marked(self, number: int) -> bool:
        """Return whether the writer of this entry did not finish."""
        return shared_files.read(self.folder / MARK) == str(number).encode("ascii")

    def _names(self) -> list[str]:
        return [name for name in shared_files.names(self.folder, ".json") if name[:-5].isdecimal()]

    def _path(self, number: int) -> AnyPath:
        return self.folder / f"{number:06}.json"

    def _read(self, path: AnyPath) -> Entry:
        remedy = "Restore the file, or upgrade airflow-provider-vai if a newer version wrote it."
        content = shared_files.read(path)
        if content is None:
            raise SpecError("the file is missing", where=str(path), remedy=remedy)
        try:
            return Entry.model_validate(json_text.loads(content.decode("utf-8"), where=str(path)))
        except ValidationError as error:
            raise SpecError(problems(error), where=str(path), remedy=remedy) from None
        except UnicodeDecodeError as error:
            raise SpecError(f"not UTF-8 at byte {error.start}", where=str(path), remedy=remedy) from None
        except VaiError as error:
            raise SpecError(error.problem, where=str(path), remedy=remedy) from None


def conflict(dag_id: str, newest: Entry | None) -> Conflict:
    """Return the error for a writer whose change is not based on the newest entry."""
    since = f": {newest.summary} by {newest.by} at {newest.at:%Y-%m-%d %H:%M:%S} UTC" if newest else ""
    return Conflict(
        f"the automation changed since it was read{since}",
        where=dag_id,
        remedy="Read it again, and repeat your change on the current state.",
    )
