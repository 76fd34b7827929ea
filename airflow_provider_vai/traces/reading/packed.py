"""Unpacks compressed bytes inside a trace, such as the body of a recorded HTTP response, within a limit."""

from __future__ import annotations

import base64
import binascii
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from typing import Any

from airflow_provider_vai.exceptions import LibraryMissing, UnreadableTrace
from airflow_provider_vai.traces.reading.files import COMPRESSION, ZSTD

CHUNK = 1 << 16
INPUT = 1 << 10
"""Packed bytes that a codec without a limit of its own is given at once."""

MAGIC = {b"\x1f\x8b": "gzip", b"\x78": "deflate", ZSTD: "zstd"}


class PackedText:
    """Unpacks texts of one file, which together may not exceed a limit.

    :param limit: the total number of unpacked bytes.
    """

    def __init__(self, limit: int) -> None:
        self.limit = self.remaining = limit

    def unpack(self, text: str, encoding: str, where: str) -> str | None:
        """Return the text that was packed; ``None`` if the text is not packed by a known method.

        :param text: the packed bytes, in base64 or one character per byte.
        :param encoding: the value of ``Content-Encoding``, or empty: then the bytes themselves must show the method.
        :param where: the place of the text, for messages.
        :raises UnreadableTrace: there are too many unpacked bytes.
        :raises LibraryMissing: the library for the method is not installed.
        """
        for packed in _bytes_of(text):
            method = encoding if encoding in METHODS else _method(packed)
            if method and (content := self._unpacked(packed, method, where)) is not None:
                try:
                    return content.decode("utf-8-sig")
                except UnicodeDecodeError:
                    return None
        return None

    def _unpacked(self, packed: bytes, method: str, where: str) -> bytes | None:
        """Return the unpacked bytes; ``None`` if the packed ones are broken."""
        content = bytearray()
        try:
            for piece in METHODS[method](packed):
                content += piece
                if len(content) > self.remaining:
                    problem = f"compressed texts unpack to more than {self.limit / 1e6:.0f} MB"
                    raise UnreadableTrace(problem, where=where, remedy="Record only the run you want.")
        except ImportError:
            problem = f"compressed with {method}, which this Python cannot read without another library"
            raise LibraryMissing(problem, where=where, extra=COMPRESSION) from None
        except UnreadableTrace:
            raise
        except Exception:  # each codec has its own class of error for broken data
            return None
        self.remaining -= len(content)
        return bytes(content)


def _bytes_of(text: str) -> Iterator[bytes]:
    """Yield what the bytes may be: base64 as YAML and JSON hold them, or text that a decoder made of bytes."""
    with suppress(binascii.Error, ValueError):
        yield base64.b64decode("".join(text.split()), validate=True)
    for charset in ("latin-1", "utf-8"):
        with suppress(UnicodeEncodeError):
            yield text.encode(charset)


def _method(packed: bytes) -> str:
    return next((method for magic, method in MAGIC.items() if packed.startswith(magic)), "")


def _zlib(packed: bytes, window: int) -> Iterator[bytes]:
    codec = zlib.decompressobj(window)
    while True:
        piece = codec.decompress(packed, CHUNK)
        yield piece
        packed = codec.unconsumed_tail
        if not piece and not packed:
            break
    yield codec.flush(CHUNK)
    if not codec.eof:
        raise zlib.error("the end is missing")


def _gzip(packed: bytes) -> Iterator[bytes]:
    return _zlib(packed, zlib.MAX_WBITS | 16)


def _deflate(packed: bytes) -> Iterator[bytes]:
    """HTTP's deflate is zlib's format; some servers send it without zlib's header."""
    has_header = packed[:1] == b"\x78"
    return _zlib(packed, zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)


def _brotli(packed: bytes) -> Iterator[bytes]:
    codec: Any = import_module("brotli").Decompressor()
    for start in range(0, len(packed), INPUT):
        yield codec.process(packed[start : start + INPUT], output_buffer_limit=CHUNK)
        while not codec.can_accept_more_data():
            yield codec.process(b"", output_buffer_limit=CHUNK)
    if not codec.is_finished():
        raise ValueError("the end is missing")


def _zstd(packed: bytes) -> Iterator[bytes]:
    with import_module("zstandard").ZstdDecompressor().stream_reader(io.BytesIO(packed)) as reader:
        while piece := reader.read(CHUNK):
            yield piece


METHODS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
"""The values of ``Content-Encoding``, each with the function that yields the unpacked bytes in pieces."""
