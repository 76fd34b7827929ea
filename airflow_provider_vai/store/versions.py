"""The log of an automation: every change as a file of its own, which is never changed again.

The files stand in ``<folder>/.vai/<dag_id>/``, numbered. A number is taken by creating its file, which only one of
several writers can; whoever comes second has read an older state and is refused. The pair of files in the folder,
``<dag_id>.py`` and its sidecar, shows what the newest entry holds.
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
FOLDER = ".vai"  # hidden: nothing in it is a DAG
MARK = "under-way"


class Entry(Spec):
    """One change: what it was, by whom, and what holds since then.

    :param number: from 1, without gaps. :param sidecar: the sidecar since then.
    :param rendered: the DAG file as the spec renders, of a ``version`` only.
    :param dag_file: the DAG file as it was written: with people's edits by hand, if there are any.
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

        :param spec: of the sidecar, as :meth:`Automation.spec` returns it, parts of it in their JSON text if wanted;
            ``None``: it is made here.
        """
        if spec is None:
            return self.model_dump(mode="json")
        found = self.model_dump(mode="json", exclude={"sidecar": set(Automation.model_fields)})
        return {**found, "sidecar": {**spec, **found["sidecar"]}}


class VersionLog:
    """The entries of one automation.

    :param folder: where the pair of files stands. :param dag_id: the automation.
    """

    def __init__(self, folder: AnyPath, dag_id: str) -> None:
        self.folder = folder / FOLDER / folder_name(dag_id)
        self.dag_id = dag_id

    def entries(self) -> Iterator[Entry]:
        """Yield every entry, newest first.

        :raises SpecError: a file is damaged or of a newer version of this package.
        """
        for name in reversed(self._names()):
            yield self._read(self.folder / name)

    def newest(self) -> Entry | None:
        """Return the newest entry; ``None``: nothing was logged."""
        return next(self.entries(), None)

    def version(self, number: int) -> Entry:
        """Return the entry that made a version.

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
        """Yield the entries that made versions, newest first."""
        return (entry for entry in self.entries() if entry.change == "version")

    def append(self, fields: Mapping[str, Any]) -> None:
        """Write an entry under its number.

        :param fields: of the entry, as :meth:`Entry.fields` returns them.
        :raises Conflict: another writer took the number.
        """
        path, content = self._path(fields["number"]), json_text.pretty(fields).encode("ascii")
        try:
            is_ours = shared_files.create(path, content)
        except BaseException:  # a Ctrl-C when it had its name already, too
            if shared_files.read(path) == content:
                shared_files.remove(path)
            raise
        if not is_ours:
            raise conflict(self.dag_id, self.newest())

    def take_back(self, entry: Entry) -> None:
        """Remove an entry that could not be carried out."""
        shared_files.remove(self._path(entry.number))

    def mark(self, number: int) -> None:
        """Say that an entry is about to be written, and then shown by the pair of files."""
        shared_files.replace(self.folder / MARK, str(number).encode("ascii"))

    def unmark(self) -> None:
        """Say that nothing is under way."""
        shared_files.remove(self.folder / MARK)

    def is_marked(self, number: int) -> bool:
        """Return whether the writer of this entry came to no end."""
        return shared_files.read(self.folder / MARK) == str(number).encode("ascii")

    def _names(self) -> list[str]:
        return [name for name in shared_files.names(self.folder, ".json") if name[:-5].isdecimal()]

    def _path(self, number: int) -> AnyPath:
        return self.folder / f"{number:06}.json"

    def _read(self, path: AnyPath) -> Entry:
        remedy = "Restore the file, or upgrade airflow-provider-vai if a newer version wrote it."
        content = shared_files.read(path)
        if content is None:
            raise SpecError("the file is gone", where=str(path), remedy=remedy)
        try:
            return Entry.model_validate(json_text.loads(content.decode("utf-8"), where=str(path)))
        except ValidationError as error:
            raise SpecError(problems(error), where=str(path), remedy=remedy) from None
        except UnicodeDecodeError as error:
            raise SpecError(f"not UTF-8 at byte {error.start}", where=str(path), remedy=remedy) from None
        except VaiError as error:
            raise SpecError(error.problem, where=str(path), remedy=remedy) from None


def conflict(dag_id: str, newest: Entry | None) -> Conflict:
    """Return the refusal of a writer who did not know the newest entry."""
    since = f": {newest.summary} by {newest.by} at {newest.at:%Y-%m-%d %H:%M:%S} UTC" if newest else ""
    return Conflict(
        f"the automation changed since it was read{since}",
        where=dag_id,
        remedy="Read it again, and repeat your change on what is there now.",
    )
