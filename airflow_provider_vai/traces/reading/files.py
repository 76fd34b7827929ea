"""A trace file's bytes: read as they are, from gzip or Zstandard, or from a zip archive, and unpacked within limits.

Nothing is written under a name from the file: an archive's member is read, never extracted.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import lzma
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from gzip import BadGzipFile, GzipFile
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from airflow_provider_vai.exceptions import AmbiguousRun, LibraryMissing, UnreadableTrace
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.secrets.patterns import deferred

LIMIT_BYTES = 100_000_000
"""A JSON document needs several times its size in memory: a file above this is refused, not half read."""

RATIO = 200
"""A packed file may unpack to ``LIMIT_BYTES`` or to this many times its own size, whichever is more."""

SHOWN_MEMBERS = 20
CHUNK = 1 << 20
GZIP, ZIP, ZSTD, PARQUET = b"\x1f\x8b", b"PK", b"\x28\xb5\x2f\xfd", b"PAR1"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
WIDE = {
    "UTF-32": rb"\xff\xfe\0\0|\0\0\xfe\xff|[^\0]\0\0\0|\0\0\0[^\0]",
    "UTF-16LE": rb"[^\0]\0[^\0]\0",
    "UTF-16BE": rb"\0[^\0]\0[^\0]",
}
"""Encodings that are not read, with a pattern of the first four bytes: a trace starts with ASCII characters."""

TRACE_NAME = deferred(r"\.(json|jsonl|ndjson|yaml|yml)(\.gz|\.zst)?$", re.IGNORECASE)
"""The names of an archive's members that are read if the path names none of them."""

START = ("header.json", "_journal/start.json")
"""Where an Inspect log keeps its header; the second if the evaluation is unfinished."""

COMPRESSION = "compression"
"""The extra with the methods of compression that Python itself cannot read."""

BROKEN = (zipfile.BadZipFile, BadGzipFile, EOFError, zlib.error, lzma.LZMAError)


class TraceFile:
    """A file on disk, or one member of an archive.

    :param path: the file; ``archive.zip!member`` names a file in an archive.
    """

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        self.path, self.member = _split(path)
        self._check_kind()

    @property
    def name(self) -> str:
        """The lower-case name of the member or file, whose suffix says what the bytes are; no ``.gz``, no ``.zst``."""
        if self.samples:
            return self.path.name.lower()
        return (self._chosen or self.path.name).lower().removesuffix(".gz").removesuffix(".zst")

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file as it is on disk, in hex."""
        digest = hashlib.sha256()
        with self._refusing(), self.path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
        return digest.hexdigest()

    @cached_property
    def samples(self) -> tuple[str, ...] | None:
        """The members of an Inspect log, its header first; ``None`` for any other file."""
        if self.member or not self._starts(ZIP):
            return None
        with self._archive() as archive:
            names = archive.namelist()
        start = next((name for name in START if name in names), None)
        samples = sorted(name for name in names if name.startswith("samples/") and name.endswith(".json"))
        return (start, *samples) if start else None

    def content(self) -> bytes:
        """Return the unpacked bytes.

        :raises UnreadableTrace: there are more than ``LIMIT_BYTES``, or they cannot be read.
        """
        with self._refusing():
            if not self.is_packed and (size := self.path.stat().st_size) > LIMIT_BYTES:
                self.refuse_size(f"{size / 1e6:.0f} MB is")
        with self.opened() as file:
            content = file.read(LIMIT_BYTES + 1)
        if len(content) > LIMIT_BYTES:
            self.refuse_size("unpacked, it is")
        return content

    def is_larger(self, limit: int) -> bool:
        """Return whether there are more than ``limit`` unpacked bytes; a packed file is unpacked up to that many."""
        if self.samples:
            with self._archive() as archive:
                return sum(archive.getinfo(name).file_size for name in self.samples) > limit
        if not self.is_packed:
            with self._refusing():
                return self.path.stat().st_size > limit
        with self.opened() as file:
            remaining = limit
            while remaining >= 0 and (chunk := file.read(CHUNK)):
                remaining -= len(chunk)
        return remaining < 0

    @property
    def is_packed(self) -> bool:
        """Whether the file is an archive or compressed."""
        return any(map(self._starts, (GZIP, ZIP, ZSTD)))

    @property
    def is_parquet(self) -> bool:
        """Whether the file is a Parquet file."""
        return self.path.is_file() and self._starts(PARQUET)

    @cached_property
    def traces(self) -> tuple[str, ...]:
        """The members of an archive that may be traces, by their suffix, if the path names none; else nothing."""
        if self.member or self.samples or not self._starts(ZIP):
            return ()
        with self._archive() as archive:
            return tuple(sorted(name for name in archive.namelist() if _is_trace(name) and TRACE_NAME.search(name)))

    @contextmanager
    def opened(self, member: str | None = None) -> Iterator[IO[bytes]]:
        """Open the unpacked bytes for reading from start to end.

        :param member: a member of the archive, in place of the one that the path names.
        :raises UnreadableTrace: the file cannot be read, or unpacks to more than its limit.
        :raises AmbiguousRun: the archive holds several files, and the path names none of them.
        """
        name = member or self._chosen
        with self._refusing(), ExitStack() as stack:
            if name is None:
                file: IO[bytes] = stack.enter_context(self.path.open("rb"))
            else:
                file = stack.enter_context(stack.enter_context(self._archive()).open(name))
            if name.endswith(".gz") if name else self._starts(GZIP):
                file = cast("IO[bytes]", GzipFile(fileobj=file))
            elif name.endswith(".zst") if name else self._starts(ZSTD):
                file = stack.enter_context(self._zstd(file))
            if self.is_packed:
                limit = max(LIMIT_BYTES, RATIO * self.path.stat().st_size)
                file = io.BufferedReader(_Limited(file, limit, self.where), CHUNK)
            yield file

    @contextmanager
    def spooled(self) -> Iterator[IO[bytes]]:
        """Open the unpacked bytes, as UTF-8, for random access; packed or UTF-16 files go to a temporary file first."""
        with self.opened() as source:
            start = source.read(4)
        _refuse_wide(start, self.where)
        is_utf_16 = start[:2] in UTF_16
        if not self.is_packed and not is_utf_16:
            with self.opened() as file:
                yield file
            return
        with tempfile.TemporaryFile() as unpacked:
            with self.opened() as source:
                lines = codecs.getreader("utf-16")(source) if is_utf_16 else None
                while chunk := lines.read(CHUNK).encode() if lines else source.read(CHUNK):
                    unpacked.write(chunk)
            yield unpacked

    @cached_property
    def _chosen(self) -> str | None:
        """The archive's member to read; ``None`` if the file is not an archive."""
        if not self._starts(ZIP):
            return self.member and self._refuse("is not an archive, so it has no members", "Name the file alone.")
        with self._archive() as archive:
            files = [name for name in archive.namelist() if _is_trace(name)]
            if self.member is not None:
                matches = [name for name in archive.namelist() if name == self.member]
            else:
                traces = [name for name in files if TRACE_NAME.search(name)]
                matches = next((names for names in (files, traces) if len(names) == 1), [])
        if matches:
            return matches[0]
        problem = f"no member {self.member!r}" if self.member else f"an archive of {plural(len(files), 'file')}"
        names = ", ".join(files[:SHOWN_MEMBERS]) + (", …" if len(files) > SHOWN_MEMBERS else "")
        remedy = f"Choose one as {self.path}!MEMBER: {names}" if files else "Name another file."
        raise AmbiguousRun(problem, where=self.where, remedy=remedy)

    @cached_property
    def _magic(self) -> bytes:
        with self._refusing(), self.path.open("rb") as file:
            return file.read(4)

    def _starts(self, magic: bytes) -> bool:
        return self._magic.startswith(magic)

    @contextmanager
    def _archive(self) -> Iterator[zipfile.ZipFile]:
        with suppress(ImportError):
            import_module("zipfile_zstd")  # adds Zstandard to zipfile, which Python has itself from 3.14 on
        with self._refusing(), zipfile.ZipFile(self.path) as archive:
            yield archive

    def _zstd(self, file: IO[bytes]) -> IO[bytes]:
        try:
            library: Any = import_module("zstandard")
        except ImportError:
            problem = "is compressed with Zstandard, which this Python cannot read without another library"
            raise LibraryMissing(problem, where=self.where, extra=COMPRESSION) from None
        return cast("IO[bytes]", library.ZstdDecompressor().stream_reader(file, read_across_frames=True))

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Turn the errors of reading into one that names the file."""
        try:
            yield
        except IsADirectoryError:
            self._refuse("is a folder", "Name one trace file in it.")
        except BROKEN as error:
            self._refuse(f"cannot be unpacked: {error}", "Copy or export the file again.")
        except NotImplementedError:
            problem = "is packed by a method that this Python cannot read without another library, such as Zstandard"
            raise LibraryMissing(problem, where=self.where, extra=COMPRESSION) from None
        except RuntimeError as error:  # zipfile raises it for an encrypted archive
            self._refuse(str(error), "Unpack the archive first.")
        except OSError as error:
            self._refuse(error.strerror or str(error), "Check the path and its permissions.")
        except ValueError as error:  # a NUL character in the path
            raise UnreadableTrace(str(error), where=repr(self.where), remedy="Check the path.") from None

    def _check_kind(self) -> None:
        """Refuse what can be read only once, or never ends: its kind is checked before it is read."""
        with self._refusing():
            is_missing = self.where != "-" and not self.path.exists()
            is_one = is_missing or self.path.is_file() or self.path.is_dir()
        if not is_one:
            self._refuse("is not a regular file, and a trace is read more than once", "Save the trace to a file first.")

    def _refuse(self, problem: str, remedy: str) -> NoReturn:
        raise UnreadableTrace(problem, where=self.where, remedy=remedy) from None

    def refuse_size(self, size: str) -> NoReturn:
        """Refuse the file for its size.

        :param size: the subject of the message with its verb, such as "120 MB is".
        :raises UnreadableTrace: always.
        """
        limit = f"{LIMIT_BYTES / 1e6:.0f} MB"
        self._refuse(f"{size} over the limit of {limit}", "Export only the run you want, or split the file.")


def decode_text(content: bytes, where: str) -> str:
    """Return the text in a file's bytes: UTF-8, or UTF-16 with a byte order mark.

    :param where: the file, for messages.
    :raises UnreadableTrace: the bytes are neither.
    """
    _refuse_wide(content, where)
    encoding, name = ("utf-16", "UTF-16") if content[:2] in UTF_16 else ("utf-8-sig", "UTF-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        problem = f"not {name} at byte {error.start} (0x{content[error.start]:02x})"
        raise UnreadableTrace(problem, where=where, remedy="Save the trace as UTF-8.") from None


def _refuse_wide(content: bytes, where: str) -> None:
    """Refuse the bytes of a text in another encoding than UTF-8 that JSON's first characters give away."""
    code = next((code for code, pattern in WIDE.items() if re.match(pattern, content)), None)
    if code:
        mark = " without a byte order mark" if code != "UTF-32" else ""
        remedy = f"Save the trace as UTF-8: iconv -f {code} -t UTF-8 FILE > COPY."
        raise UnreadableTrace(f"is in {code}{mark}", where=where, remedy=remedy)


class _Limited(io.RawIOBase):
    """Reads a packed file up to a limit.

    :raises UnreadableTrace: unpacking yielded more than ``limit`` bytes.
    """

    def __init__(self, packed: IO[bytes], limit: int, where: str) -> None:
        self.packed, self.limit, self.remaining, self.where = packed, limit, limit, where

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = self.packed.read(len(buffer))
        self.remaining -= len(read)
        if self.remaining < 0:
            problem = (
                f"unpacks to more than {self.limit / 1e6:.0f} MB, which is {RATIO} times its size "
                "or the limit for any file"
            )
            raise UnreadableTrace(problem, where=self.where, remedy="Unpack it yourself, if you trust it.")
        buffer[: len(read)] = read
        return len(read)


def _split(path: Path) -> tuple[Path, str | None]:
    """Return the file, and the member named after its ``!``; a file whose whole name matches takes precedence."""
    whole = str(path)
    if not _is_file(path):
        for at in (match.start() for match in re.finditer("!", whole)):
            if _is_file(Path(whole[:at])):
                return Path(whole[:at]), whole[at + 1 :]
    return path, None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _is_trace(name: str) -> bool:
    parts = name.split("/")
    return not name.endswith("/") and parts[0] != "__MACOSX" and not parts[-1].startswith(".")
