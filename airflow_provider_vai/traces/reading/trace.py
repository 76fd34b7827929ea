"""A trace file and its document, and the interface of an adapter that reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.reading import parquet
from airflow_provider_vai.traces.reading.appearance import explained, refuse_database
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.files import LIMIT_BYTES, TraceFile, decode_text
from airflow_provider_vai.traces.reading.folder import folder_digest, folder_files, folder_lines
from airflow_provider_vai.traces.reading.unkept import UnkeptValue, without_marks
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    is_jsonl_text,
    parse_concatenated,
    parse_document,
    parse_lines,
    parse_yaml,
    require_object,
    require_objects,
)

YAML_SUFFIXES = (".yaml", ".yml")


class Trace:
    """A trace file, or one run's part of it: its bytes, read once, and the document in them.

    :param path: the file; ``archive.zip!member`` names a file in an archive.
    :param content: the bytes, if they are not in a file.
    :raises UnreadableTrace: from the properties, if the file cannot be read or holds no document.
    """

    def __init__(self, path: Path, content: bytes | None = None) -> None:
        self.file = TraceFile(path)
        self.path = self.file.path
        self._name = str(path)
        self._is_part = False
        self.skipped: list[str] = []  # notes about lines that were left out, after the document was read
        self._unkept: list[UnkeptValue] = []
        if content is not None:
            self.__dict__ |= {"content": content, "sha256": hashlib.sha256(content).hexdigest()}

    def __str__(self) -> str:
        return self._name

    def part(self, value: Any, name: str, *, is_jsonl: bool = False, unkept: Sequence[UnkeptValue] = ()) -> Trace:
        """Return one run's part of this trace.

        :param value: the part, as a document of the same format.
        :param name: the part's name in messages.
        :param is_jsonl: whether the part is a list of JSONL lines.
        :param unkept: the values in it that a Run cannot hold; ``value`` has marks in their place.
        """
        part = Trace(self.path)
        part._name = f"{self} ({name})"
        part._is_part = True
        part._unkept = list(unkept)
        part.__dict__["_parsed"] = (value, is_jsonl)
        return part

    def inside(self, value: Any, name: str) -> Trace:
        """Return this trace with another document: what a container in the file holds.

        :param value: the document; if values of the file have marks, taken from :attr:`marked`.
        :param name: its place in the file, for messages.
        """
        inner = self.part(value, name, is_jsonl=self.is_jsonl, unkept=self.unkept)
        inner._is_part = self._is_part
        return inner

    @cached_property
    def content(self) -> bytes:
        """The file's bytes, unpacked."""
        return self.file.content()

    @cached_property
    def sha256(self) -> str:
        """SHA-256 in hex: of the file as it is on disk, or of a part's canonical JSON."""
        if self._is_part:
            return json_text.digest(self.document)
        return folder_digest(self.path) if self.is_folder else self.file.sha256

    @cached_property
    def is_folder(self) -> bool:
        """Whether the trace is a folder of JSONL files, which is read as one document."""
        return "content" not in self.__dict__ and bool(folder_files(self.path))

    @cached_property
    def document(self) -> Any:
        """The document in the file: for JSONL the list of its lines, for an Inspect log its header and samples."""
        return without_marks(self.marked) if self.unkept else self.marked

    @property
    def marked(self) -> Any:
        """The document with marks in place of values that a Run cannot hold; see :attr:`unkept`."""
        return self._parsed[0]

    @property
    def unkept(self) -> list[UnkeptValue]:
        """The values of the document that a Run cannot hold, such as ``NaN``."""
        return self._unkept if self._parsed else []

    @property
    def is_jsonl(self) -> bool:
        """Whether the file holds one JSON document per line (JSONL)."""
        return self._parsed[1]

    @property
    def fallback_id(self) -> str:
        """The id of a run that has none in the file: the start of the digest of the file, or of the run's part."""
        return f"sha256:{self.sha256[:16]}"

    @property
    def text_content(self) -> bytes | None:
        """The bytes that the whole document was parsed from, if that is JSON or JSONL; else ``None``."""
        is_other = self._is_part or "_parsed" not in self.__dict__ or "content" not in self.__dict__
        return None if is_other or self._file_name().endswith(YAML_SUFFIXES) else self.content

    @cached_property
    def _parsed(self) -> tuple[Any, bool]:
        if self.is_folder:
            return folder_lines(self.path, self.skipped, self._unkept), True
        if "content" not in self.__dict__ and self.file.samples:
            return self._inspect_log(self.file.samples), False
        if self.file.is_parquet and "content" not in self.__dict__:
            return parquet.rows(self.path), True
        refuse_database(self.content, str(self))
        text, name = decode_text(self.content, str(self)), self._file_name()
        if name.endswith(YAML_SUFFIXES):
            return parse_yaml(text, str(self), self._unkept), False
        skipped: list[str] = []
        unkept: list[UnkeptValue] = []
        try:
            if not is_jsonl_text(text, name):
                return parse_document(text, str(self), unkept=self._unkept), False
            lines = list(parse_lines(text, str(self), skipped, unkept))
        except UnreadableTrace as error:
            if documents := parse_concatenated(text, str(self), self._unkept):
                return documents, True
            raise explained(error, text) from None
        self.skipped += skipped
        self._unkept += unkept
        return lines, True

    def _file_name(self) -> str:
        return self.file.name if self.path.is_file() else self.path.name

    def _inspect_log(self, names: tuple[str, ...]) -> dict[str, Any]:
        if self.file.is_larger(LIMIT_BYTES):
            self.file.refuse_size("unpacked, it is")
        documents = []
        for name in names:
            with self.file.opened(name) as member:
                text, where = decode_text(member.read(), str(self)), f"{self}: {name}"
            documents.append(parse_document(text, where, unkept=self._unkept, line=name))
        return {"header": documents[0], "samples": documents[1:]}


class Adapter(Protocol):
    """Reads one trace format.

    Third parties register theirs in the entry-point group ``airflow_provider_vai.adapters``.

    ``name`` is the format's name (``--format``, ``vai formats``), ``description`` is one line for people, ``coverage``
    is what the format can record.

    If one file can hold many runs, an adapter may also have a method ``line_key(record)``, so that a file of any size
    is read run by run. It returns the key of the run that a line or list item belongs to, a list of keys if it belongs
    to several runs, or ``None`` if it belongs to every run, like a header. The best key is the run's id. The method
    only inspects the record and never raises. If runs with several keys are one, the adapter has a method
    ``line_conversations(record)`` as well, which returns the conversation of each key, as far as the record names it.
    """

    name: str
    description: str
    coverage: Coverage

    def accepts(self, document: Any) -> bool:
        """Return whether the JSON document has this format's shape. Only inspects it; never raises."""
        ...

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the runs in the trace, in the file's order.

        :raises MalformedTrace: a place breaks the format; the message names it.
        """
        ...


def document_objects(trace: Trace) -> Iterator[PlacedObject]:
    """Yield the object that is the trace's document, or each object of its list, with the prefix of places inside it.

    :raises MalformedTrace: the document, or an item of it, is not an object.
    """
    if isinstance(trace.document, list):
        for item, where in require_objects(trace.document, f"{trace}: "):
            yield item, f"{where}."
    else:
        yield require_object(trace.document, str(trace)), f"{trace}: "
