"""Finds credentials in the text of documents: YAML, TOML, XML, forms, tables, and files with logins."""

from __future__ import annotations

import re
from collections.abc import Iterator

from airflow_provider_vai.secrets.key_names import NAME_KEYS, VALUE_KEYS, Family, family, names_many, ordinary
from airflow_provider_vai.secrets.patterns import deferred, may_match
from airflow_provider_vai.secrets.plausible import is_assigned, is_quoted, is_stand_in, is_token_like, is_told
from airflow_provider_vai.secrets.randomness import from_base64, is_printable
from airflow_provider_vai.secrets.span import SecretSpan

_BLOCK = deferred(
    r"(?m)^([ \t]*)(?:- )?[\"']?([\w.\-][\w.\- ]{1,79}?)[\"']?[ \t]*:[ \t]*[|>][+\-\d]{0,2}[ \t]*(?:#[^\n]*)?\r?\n"
)
_BLOCK_OPENS = deferred(r":[ \t]*[|>][+\-\d]{0,2}[ \t]*(?:#[^\n]*)?\r?\n")
"""It is in every match of the pattern above."""
_TRIPLE = deferred(r"(?m)^[ \t]*([\w.\-]{2,80})[ \t]*=[ \t]*(\"\"\"|''')[ \t]*\r?\n?")
_NAMES = "|".join(name.replace("_", "[_-]?") for name in sorted(NAME_KEYS))
_VALUES = "|".join(name.replace("_", "[_-]?") for name in sorted(VALUE_KEYS))
_NAMED = deferred(
    rf"(?i)\\{{0,7}}[\"']?\b(?:{_NAMES})\\{{0,7}}[\"']?\s{{0,4}}[:=]\s{{0,4}}\\{{0,7}}[\"']?([\w.$:\-]{{2,80}})\\{{0,7}}[\"']?[,;]?\s{{1,40}}"
    rf"\\{{0,7}}[\"']?(?:{_VALUES})\\{{0,7}}[\"']?\s{{0,4}}[:=]\s{{0,4}}"
    r"(?:\\{0,7}\"([^\"\n\\]{1,4096})|\\{0,7}'([^'\n\\]{1,4096})|([^\s\"',;<>{}\\]{1,4096}))"
)
_VALUE_AFTER = deferred(
    rf"(?i)[:=]\s{{0,4}}\\{{0,7}}[\"']?[\w.$:\-]{{2,80}}\\{{0,7}}[\"']?[,;]?\s{{1,40}}\\{{0,7}}[\"']?(?:{_VALUES})\\{{0,7}}[\"']?\s{{0,4}}[:=]"
)
"""What follows the name in every match of the pattern above. Signs are rare in a text, so it is found fast."""
_VALUE_FIRST = deferred(
    r"\bvalue=(?:\"([^\"\n<>]{3,512})\"|'([^'\n<>]{3,512})')\s{1,8}(?:name|key)=[\"']([\w.:\-]{2,80})[\"']"
)
_INPUT = deferred(r"(?i)<input\b([^<>]{1,1000})>")
_INPUT_VALUE = deferred(r"(?i)\bvalue=(?:\"([^\"]{3,512})\"|'([^']{3,512})')")
_ELEMENTS = deferred(
    r"<(name|key|string|Name|Key)>([^<>]{2,80})</\1>\s{0,60}<(?:value|string|data|Value|text)>([^<>]{3,4096})</"
)
_ENTRY = deferred(
    r"(?i)<(entry|prop|property|param|parameter|setting|variable|arg|option|field|string|data|item)\s[^<>]{0,100}?"
    r"\b(?:name|key|id)=[\"']([\w.:\-]{2,80})[\"'][^<>]{0,200}>(?:<!\[CDATA\[)?([^<>]{3,4096}?)(?:\]\]>)?</"
)
_CDATA = deferred(r"<(?:\w+:)?([\w.-]{2,60})(?:\s[^<>]{0,200})?>\s{0,40}<!\[CDATA\[([^\]]{3,4096})\]\]>")
_PART = deferred(
    r"(?i)form-data;\s{0,4}name=\\{0,7}[\"']?([\w.\[\]\-]{2,80})\\{0,7}[\"']?[^\r\n\\]{0,200}(?:\r?\n|(?:\\+r)?\\+n)"
    r"(?:[\w-]{2,40}:[^\r\n\\]{0,200}(?:\r?\n|(?:\\+r)?\\+n)){0,6}(?:\r?\n|(?:\\+r)?\\+n)([^\r\n\\]{3,4096})"
)
_NETRC = deferred(
    r"\b(?:machine\s{1,8}\S{1,200}|default)\s{1,8}login\s{1,8}\S{1,200}\s{1,8}password\s{1,8}([^\s\"'\\]{3,256})"
)
_PGPASS = deferred(r"(?m)^[\w.*-]{1,200}:(?:54\d\d|64\d\d|\*):[\w*.-]{1,64}:[\w*.-]{1,64}:([^\s:]{3,256})[ \t\r]*$")
_PGPASS_PORT = deferred(r":(?:[56]4\d\d|\*):")
"""It is in every match of the pattern above."""
_AUTH = deferred(
    r"auth(?:(?<![\w-]auth)|(?<=_auth)(?<![\w-]_auth))\\{0,7}[\"']?\s{0,4}[:=]\s{0,4}\\{0,7}[\"']?([A-Za-z0-9+/]{8,512}={0,2})"
)
_DIRECTIVE = deferred(r"(?m)^[ \t]*(?:requirepass|masterauth)[ \t]+[\"']?([^\s\"']{3,256})")
_SECTION = deferred(r"(?m)^([ \t]*)(?:- )?[\"']?([\w.\-]{2,80})[\"']?[ \t]*:[ \t]*\r?\n")
_SECTION_OPENS = deferred(r":[ \t]*\r?\n")
"""It is in every match of the pattern above."""
_ENTRY_LINE = deferred(
    r"[ \t]*(?:- )?[\"']?([\w.\-]{1,80})[\"']?[ \t]*:[ \t]+"
    r"(?:\"([^\"\n]+)\"|'([^'\n]+)'|([^\s\"'#|>&*{\[][^\n#]*))"
)
_MANIFEST = deferred(r"(?m)^kind:[ \t]*[\"']?(?:Secret|SealedSecretTemplate)[\"']?[ \t\r]*$")
_HEADING = deferred(r"[\w.\-]{1,40}")
_FIRST_CELL = deferred(r"\n[^\S\n]*[\"']*(?:[\w.\-]{1,40}[\"']*)?[^\S\n]*[|\t;,]")
"""The first cell of each line that may be the heading of a table, with the end of the line before."""
SECTION_LINES = 200
"""How many lines below a key such as ``passwords:`` are read."""


def in_documents(text: str) -> Iterator[SecretSpan]:
    """Yield the credentials in the documents in a text."""
    yield from _named_values(text)
    if "\n" in text:
        yield from _blocks(text)
        yield from _sections(text)
        yield from _tables(text)
    if "<" in text:
        yield from _markup(text)
    if "form-data" in text:
        for found in _PART.finditer(text):
            if (kind := family(found[1])) and not is_stand_in(found[2]):
                yield _span(found, 2, kind)
    patterns = [
        *([_NETRC] if may_match(text, ("password",)) else []),
        *([_PGPASS] if _PGPASS_PORT.search(text) else []),
        *([_DIRECTIVE] if may_match(text, ("requirepass", "masterauth")) else []),
    ]
    for pattern in patterns:
        for found in pattern.finditer(text):
            if not is_stand_in(found[1]) and not found[1].startswith("("):
                yield _span(found, 1, "password")
    for found in _AUTH.finditer(text) if "auth" in text else ():
        if is_login(found[1]):
            yield _span(found, 1, "token")


def is_login(text: str) -> bool:
    """Return whether a text is the base64 of ``user:password``."""
    data = from_base64(text)
    return data is not None and b":" in data.strip(b":") and is_printable(data) and b" " not in data


def _span(found: re.Match[str], group: int, kind: Family) -> SecretSpan:
    return SecretSpan(*found.span(group), found[group], is_password=kind == "password")


def _named_values(text: str) -> Iterator[SecretSpan]:
    for found in _NAMED.finditer(text) if _VALUE_AFTER.search(text) else ():
        kind, group = family(found[1]), found.lastindex or 1
        value = found[group]
        if kind and " " not in value and (is_assigned(value, kind) if group == 4 else is_quoted(value, kind)):
            yield _span(found, group, kind)
    for found in _VALUE_FIRST.finditer(text) if "value=" in text else ():
        kind, group = family(found[3]), 1 if found[1] else 2
        if kind and is_quoted(found[group], kind):
            yield _span(found, group, kind)


def _blocks(text: str) -> Iterator[SecretSpan]:
    for found in _BLOCK.finditer(text) if _BLOCK_OPENS.search(text) else ():
        if kind := family(found[2]):
            start = place = found.end()
            for line in _lines(text, place):
                if line.strip() and len(line) - len(line.lstrip(" \t")) <= len(found[1]):
                    break
                place += len(line)
            yield from _block(text, start, place, kind)
    for found in _TRIPLE.finditer(text) if '"""' in text or "'''" in text else ():
        if kind := family(found[1]):
            end = text.find(found[2], found.end(), found.end() + 8192)
            if end > 0:
                yield from _block(text, found.end(), end, kind)


def _block(text: str, start: int, end: int, kind: Family) -> Iterator[SecretSpan]:
    """Yield the block between two positions, if it is a credential and not a description or nested settings."""
    content = text[start:end]
    lines = content.split()
    is_one = len(lines) == len([line for line in content.splitlines() if line.strip()])
    value = content.strip()
    if lines and is_one and is_quoted("".join(lines), kind) and ":" not in lines[0][-1:]:
        begin = start + content.index(value)
        yield SecretSpan(begin, begin + len(value), value, is_password=kind == "password")


def _lines(text: str, place: int, count: int = SECTION_LINES) -> Iterator[str]:
    for _ in range(count):
        end = text.find("\n", place) + 1 or len(text)
        if end <= place:
            return
        yield text[place:end]
        place = end


def _sections(text: str) -> Iterator[SecretSpan]:
    """Yield the values below ``passwords:``, and below ``stringData:`` in the manifest of a Kubernetes Secret."""
    if not _SECTION_OPENS.search(text):
        return
    is_manifest = _MANIFEST.search(text) is not None
    done = 0
    for found in _SECTION.finditer(text):
        is_data = is_manifest and found[2] in ("data", "stringData")
        if found.end() < done or not (is_data or names_many(found[2])):
            continue
        place = found.end()
        for line in _lines(text, place):
            if line.strip() and len(line) - len(line.lstrip(" \t")) <= len(found[1]):
                break
            entry = _ENTRY_LINE.match(line.rstrip("\n"))
            group = entry.lastindex if entry else None
            value = entry[group].rstrip() if entry and group else ""
            if entry and group and is_kept_below(entry[1], value, is_sure=is_data):
                start = place + entry.start(group)
                yield SecretSpan(start, start + len(value), value, is_password=True)
            place += len(line)
        done = place


def is_kept_below(key: str, value: str, *, is_sure: bool) -> bool:
    """Return whether a text under some key below ``passwords``, ``credentials`` or the like is a credential.

    :param key: The key of the value.
    :param is_sure: Whether all values there are credentials, such as in a Kubernetes Secret.
    """
    if ordinary(key) or is_stand_in(value) or len(value) < 3 or value.startswith(("/", "~/", "./", "http:", "https:")):
        return False
    return is_sure or (" " not in value and is_told(value, "password") and not re.fullmatch(r"[\d.:TZ+-]+", value))


def _tables(text: str) -> Iterator[SecretSpan]:
    """Yield the values in the columns of a table whose heading names a credential: CSV, TSV and Markdown."""
    place = 0
    while (place := _next_heading(text, place)) >= 0:
        line = _line(text, place)
        mark, kinds = _heading(line.rstrip("\r"))
        place += len(line) + 1
        while mark and place <= len(text):
            line = _line(text, place)
            cells = line.rstrip("\r").split(mark)
            if len(cells) != len(kinds):
                break
            yield from _cells(cells, kinds, place, len(mark))
            place += len(line) + 1


def _next_heading(text: str, place: int) -> int:
    """Return where the next line begins that may be the heading of a table; -1 if there is none.

    :param place: Where a line begins.
    """
    if place == 0:
        return 0
    found = _FIRST_CELL.search(text, place - 1)  # the end of the line before is in the pattern
    return found.start() + 1 if found else -1


def _line(text: str, place: int) -> str:
    end = text.find("\n", place)
    return text[place : end if end >= 0 else len(text)]


def _heading(line: str) -> tuple[str, list[Family | None]]:
    for mark in ("|", "\t", ";", ",") if len(line) <= 2000 else ():
        if mark in line:
            names = [name.strip().strip("\"'") for name in line.split(mark)]
            filled = [name for name in names if name]
            if len(filled) >= 2 and all(_HEADING.fullmatch(name) for name in filled):
                kinds = [family(name) for name in names]
                return (
                    (mark, kinds)
                    if (any(kinds) and filled[-1] == names[-1]) or (mark == "|" and any(kinds))
                    else ("", [])
                )
    return "", []


def _cells(cells: list[str], kinds: list[Family | None], place: int, step: int) -> Iterator[SecretSpan]:
    for cell, kind in zip(cells, kinds, strict=True):
        value = cell.strip().strip("\"'")
        if kind and " " not in value and (is_token_like(value) if kind == "token" else is_told(value, kind)):
            start = place + cell.index(value)
            yield SecretSpan(start, start + len(value), value, is_password=kind == "password")
        place += len(cell) + step


def _markup(text: str) -> Iterator[SecretSpan]:
    for found in _ELEMENTS.finditer(text):
        if (kind := family(found[2])) and is_assigned(found[3].strip(), kind):
            yield _span(found, 3, kind)
    for found in _ENTRY.finditer(text):
        kind = family(found[2])
        is_told_of = is_told if found[1].lower() in ("string", "data", "item", "option", "field") else is_assigned
        if kind and " " not in found[3].strip() and is_told_of(found[3].strip(), kind):
            yield _span(found, 3, kind)
    for found in _CDATA.finditer(text):
        if (kind := family(found[1])) and is_quoted(found[2].strip(), kind):
            yield _span(found, 2, kind)
    for tag in _INPUT.finditer(text):
        value = _INPUT_VALUE.search(tag[1])
        if value and re.search(r"(?i)\btype=[\"']?password\b", tag[1]) and not is_stand_in(value[value.lastindex or 1]):
            start = tag.start(1) + value.start(value.lastindex or 1)
            secret = value[value.lastindex or 1]
            yield SecretSpan(start, start + len(secret), secret, is_password=True)
