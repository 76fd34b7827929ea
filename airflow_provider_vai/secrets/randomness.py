"""Recognises random text. People do not write it, so it is a key, unless its name shows that it is an id."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter

from airflow_provider_vai.secrets.patterns import deferred

SHORTEST, LONGEST = 32, 200
BITS = 4.0
"""Minimum Shannon entropy per character. 32 random letters and digits have about 4.5, names and sentences under 4."""

_WORDS = deferred(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}|\d{5,}")
_WRITTEN = 0.6
_FORM = deferred(rf"[A-Za-z0-9+/_.~-]{{{SHORTEST},{LONGEST}}}={{0,2}}")
_GOOGLE_ID = deferred(r"1[\w-]{32}|1[\w-]{43}|0[AB][\w-]{17,26}")  # a document or folder
_ID = deferred(  # prefixes of digests, and those that services give to ids
    r"(?:sha(?:1|224|256|384|512)|md5)[-:=]|(?:chatcmpl|cmpl|call|toolu|srvtoolu|msg|resp|rs|fc|run|req|thread|asst|step|file|"
    r"batch|evt|event|pi|ch|cus|in|sub|price|prod|cs|seti|pm|acct|gen|trace|span|sess|session|conv|task|job|id)[-_]"
)
_MAGIC = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"%PDF",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"RIFF",
    b"BM",
    b"\x00\x00\x01\x00",
)


def is_random(text: str) -> bool:
    """Return whether a text looks like a generated key.

    It must be long enough, contain lower-case and upper-case letters and digits but no words, and must not be encoded
    text or an encoded file.
    """
    if not _FORM.fullmatch(text) or _GOOGLE_ID.fullmatch(text) or _ID.match(text):
        return False
    run = max(re.findall(r"[A-Za-z0-9]+", text), key=len, default="")
    mixed = [re.search(kind, text) for kind in ("[a-z]", "[A-Z]", "[0-9]")]
    if len(run) < 8 or not all(mixed) or entropy(text) < BITS:
        return False
    written = sum(len(word) for word in _WORDS.findall(text))
    if written >= _WRITTEN * len(text):
        return False
    decoded = from_base64(text)
    return decoded is None or not (decoded.startswith(_MAGIC) or is_printable(decoded))


def entropy(text: str) -> float:
    """Return the Shannon entropy of a text in bits per character."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def from_base64(text: str) -> bytes | None:
    """Return the decoded bytes of base64 or base64url, padded or not; ``None`` if the text is neither."""
    bare = text.rstrip("=")
    if len(bare) % 4 == 1:  # no number of bytes is encoded in so many characters
        return None
    try:
        return base64.b64decode(bare.replace("-", "+").replace("_", "/") + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def is_printable(data: bytes) -> bool:
    """Return whether the bytes are printable UTF-8 text."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\r\n\t" for character in text)
