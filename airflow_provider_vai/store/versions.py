"""The log of an automation: one file for each change, which is never modified.

The files are numbered, in ``<folder>/.vai/<dag_id>/``. A writer takes a number by creating its file, which only one of
several writers can do. The others have read an older state and are refused. ``<dag_id>.py`` and its sidecar in the
folder reflect the newest entry.

A large entry is written as what changed since an earlier, whole one (``entry_changes.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
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
from airflow_provider_vai.store import entry_changes, shared_files
from airflow_provider_vai.store.entry_changes import BASED_ON
from airflow_provider_vai.store.shared_files import AnyPath

Change = Literal["version", "activated", "paused", "deleted"]
FOLDER = ".vai"  # hidden, because it contains no DAG files
MARK = "under-way"
REMEDY = "Run `vai repair`, or upgrade airflow-provider-vai if a newer version wrote the file."

WHOLE_BYTES = 64 * 1024
"""An entry that builds on another one must be smaller than its whole form by at least these bytes."""

WHOLE_EVERY = 20
"""The most entries from a whole one to one that builds on it. A damaged file loses no more entries than these."""


Known = tuple[Any, Sidecar]
"""JSON data, and the sidecar that it describes."""


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


@dataclass(frozen=True)
class Mark:
    """What an unfinished change has left in the log.

    :param before: The digests of the DAG file and the sidecar before the change. Empty: an earlier release wrote the
        mark, which did not note them.
    """

    before: frozenset[str]

    def knows(self, content: bytes) -> bool:
        """Return whether a file has its content from before the change, so nobody has edited it since.

        :param content: The content of the DAG file or sidecar.
        """
        return not self.before or digest(content) in self.before


@dataclass(frozen=True)
class _Stored:
    """The content of an entry's file: a whole entry, or what changed since one."""

    path: AnyPath
    content: bytes
    fields: dict[str, Any]

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def digest(self) -> str:
        return digest(self.content)

    @property
    def reference(self) -> dict[str, Any]:
        """What an entry that builds on this one holds to name it."""
        return {"number": self.fields["number"], "sha256": self.digest}


class VersionLog:
    """The log of one automation.

    :param folder: The folder of the DAG file and sidecar.
    :param dag_id: The automation's DAG id.
    :param known: A sidecar that was read already. An entry with the same data is not validated again.
    """

    def __init__(self, folder: AnyPath, dag_id: str, known: Known | None = None) -> None:
        self.folder = folder / FOLDER / folder_name(dag_id)
        self.dag_id = dag_id
        self._known = known
        self._whole: _Stored | None = None
        self._last: tuple[AnyPath, dict[str, Any], Entry] | None = None

    def entries(self) -> Iterator[Entry]:
        """Yield every entry, newest first.

        :raises SpecError: an entry is damaged or was written by a newer version of this package.
        """
        for name in reversed(self._names()):
            yield self._read(self.folder / name)

    def numbers(self) -> list[int]:
        """Return the numbers of the entries, newest first."""
        return [int(name[:-5]) for name in reversed(self._names())]

    def set_aside(self, ending: str) -> list[int]:
        """Return the numbers of the entries whose damaged files were kept under another name.

        :param ending: What was added to the names of the files.
        """
        kept = [name.partition(".json")[0] for name in shared_files.names(self.folder, ending)]
        return [int(name) for name in kept if name.isdecimal()]

    def entry(self, number: int) -> Entry:
        """Return the entry with a number.

        :param number: The number of the entry.
        :raises SpecError: it is missing, damaged, or was written by a newer version of this package.
        """
        return self._read(self.path(number))

    def path(self, number: int) -> AnyPath:
        """Return the path of an entry's file.

        :param number: The number of the entry.
        """
        return self.folder / f"{number:06}.json"

    def newest(self) -> Entry | None:
        """Return the newest entry; ``None`` if the log is empty."""
        return next(self.entries(), None)

    def document(self, entry: Entry) -> dict[str, Any] | None:
        """Return the sidecar of an entry as JSON data, if it is the entry that was read last."""
        return self._last[1]["sidecar"] if self._last and self._last[2] is entry else None

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
        path, content = self.path(fields["number"]), self._content(fields)
        try:
            is_ours = shared_files.create(path, content)
        except BaseException:  # including KeyboardInterrupt after the file got its name
            if shared_files.read(path) == content:
                shared_files.remove(path)
            raise
        if not is_ours and shared_files.read(path) != content:  # a client that repeats a put meets its own file
            raise conflict(self.dag_id, self.newest())

    def take_back(self, entry: Entry) -> None:
        """Remove an entry whose change could not be completed, unless another writer has already built on it."""
        path = self.path(entry.number)
        self._whole = self._last = None
        if self._names()[-1:] == [path.name]:
            shared_files.remove(path)

    def mark(self, number: int, before: Iterable[bytes | None]) -> None:
        """Mark that an entry is about to be written and applied to the DAG file and sidecar.

        :param number: The number of the entry.
        :param before: The contents of the two files so far; ``None``: there is no such file.
        """
        words = [str(number), *(digest(content) for content in before if content is not None)]
        shared_files.replace(self.folder / MARK, " ".join(words).encode("ascii"))

    def unmark(self, number: int) -> None:
        """Remove the mark of an entry: its change is no longer in progress. The mark of another entry stays.

        :param number: The number of the entry.
        """
        if self.marked(number) is not None:
            shared_files.remove(self.folder / MARK)

    def marked(self, number: int) -> Mark | None:
        """Return the mark of the writer of an entry, who did not finish; ``None``: no such mark is there.

        :param number: The number of the entry.
        """
        words = (shared_files.read(self.folder / MARK) or b"").decode("ascii", "replace").split()
        return Mark(frozenset(words[1:])) if words[:1] == [str(number)] else None

    def has(self, number: int) -> bool:
        """Return whether there is an entry with this number.

        :param number: The number of the entry.
        """
        return self.path(number).name in self._names()

    def _names(self) -> list[str]:
        return [name for name in shared_files.names(self.folder, ".json") if name[:-5].isdecimal()]

    def _content(self, fields: Mapping[str, Any]) -> bytes:
        """Return the bytes of an entry: whole, or what changed since the newest whole version if that is much less."""
        base = self._base(fields["number"])
        if base is None:
            return _bytes(fields)
        changed = {**entry_changes.changes(base.fields, fields), BASED_ON: base.reference}
        content = _bytes(changed)
        if len(content) + WHOLE_BYTES > base.size:
            return _bytes(fields)
        return content

    def _base(self, number: int) -> _Stored | None:
        """Return the whole version that an entry with this number may build on; ``None``: it has to be whole."""
        for earlier in range(number - 1, max(0, number - 1 - WHOLE_EVERY), -1):
            path = self.path(earlier)
            try:
                stored = self._stored(path)
                if BASED_ON in stored.fields:
                    stored = self._base_of(path, stored.fields[BASED_ON])
                change, whole = stored.fields["change"], stored.fields["number"]
            except (SpecError, KeyError, TypeError):  # damaged, or set aside: the new entry must not depend on it
                return None
            if change == "version":
                is_near = number - whole <= WHOLE_EVERY
                return stored if is_near and stored.size > WHOLE_BYTES else None
        return None

    def _read(self, path: AnyPath) -> Entry:
        if self._last is not None and self._last[0] == path:
            return self._last[2]
        fields = self._stored(path).fields
        with _reported(path):
            if isinstance(fields, dict) and BASED_ON in fields:
                fields = entry_changes.rebuilt(self._base_of(path, fields[BASED_ON]).fields, fields)
            given = fields
            if self._known and isinstance(fields, dict) and fields.get("sidecar") == self._known[0]:
                given = {**fields, "sidecar": self._known[1]}
            entry = Entry.model_validate(given)
        self._last = path, fields, entry
        return entry

    def _base_of(self, path: AnyPath, reference: Any) -> _Stored:
        """Return the whole entry that the entry in a file builds on."""
        with _reported(path):
            number, digest = reference["number"], reference["sha256"]
            base = self._stored(self.path(number))
            if base.digest != digest:
                raise ValueError(f"it is based on entry {number}, and {self.path(number).name} was changed since")
            return base

    def _stored(self, path: AnyPath) -> _Stored:
        """Return the content of an entry's file. The whole entry that was read last is remembered."""
        if self._whole is not None and self._whole.path == path:
            return self._whole
        content = shared_files.read(path)
        if content is None:
            raise SpecError("the file is missing", where=str(path), remedy=REMEDY)
        with _reported(path):
            fields = json_text.loads(content.decode("utf-8"), where=str(path))
        stored = _Stored(path, content, fields)
        if not isinstance(fields, dict) or BASED_ON not in fields:
            self._whole = stored
        return stored


def digest(content: bytes) -> str:
    """Return the digest of a file's content. Line endings do not count: Git may check it out with others."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def _bytes(fields: Mapping[str, Any]) -> bytes:
    return json_text.laid_out(fields).encode("ascii")


@contextmanager
def _reported(path: AnyPath) -> Iterator[None]:
    """Turn an error about the content of an entry's file into one that names the file.

    :raises SpecError: instead of any error about the content.
    """
    try:
        yield
    except ValidationError as error:
        raise SpecError(problems(error), where=str(path), remedy=REMEDY) from None
    except UnicodeDecodeError as error:
        raise SpecError(f"not UTF-8 at byte {error.start}", where=str(path), remedy=REMEDY) from None
    except (KeyError, TypeError, ValueError) as error:
        raise SpecError(f"the entry cannot be read: {error}", where=str(path), remedy=REMEDY) from None
    except SpecError:
        raise
    except VaiError as error:
        raise SpecError(error.problem, where=str(path), remedy=REMEDY) from None


def conflict(dag_id: str, newest: Entry | None) -> Conflict:
    """Return the error for a writer whose change is not based on the newest entry."""
    since = f": {newest.summary} by {newest.by} at {newest.at:%Y-%m-%d %H:%M:%S} UTC" if newest else ""
    return Conflict(
        f"the automation changed since it was read{since}",
        where=dag_id,
        remedy="Read it again, and repeat your change on the current state.",
    )
