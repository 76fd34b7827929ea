"""Finds credentials in SQL: in statements about users and secrets, in inserted rows and in functions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from airflow_provider_vai.secrets.key_names import NAME_KEYS, VALUE_KEYS, Family, family, spelled
from airflow_provider_vai.secrets.patterns import deferred, may_match
from airflow_provider_vai.secrets.plausible import is_quoted, is_stand_in, is_token_like, is_told
from airflow_provider_vai.secrets.span import SecretSpan

_SQL = deferred(
    r"(?i)(?:\bidentified\s+(?:with\s+[\w'\"]+\s+)?(?:by|as)\s+(?:password\s+)?|\bpassword\s*\(\s*|(?<![\w\"'])(?:encrypted\s+|"
    r"unencrypted\s+)?(?:password|passwd|secret|secret_access_key|aws_secret_key|access_key_id|session_token|"
    r"sas_token|connection_string|passphrase|passcode|encryption_key|master_key)\s+|\bpgp_sym_(?:en|de)crypt\s*\([^,]{1,200},\s*"
    r"|\b(?:aes_|des_)?(?:en|de)crypt\s*\([^,]{1,200},\s*|\b(?:en|de)cryptbypassphrase\s*\(\s*"
    r"|\bset\s+password(?:\s+for\s+[^=;]{1,100})?\s*=\s*)"
    r"(?:[NE]?'((?:[^'\\]|''|\\.){3,4096})'|\"([^\"]{3,4096})\"|([^\s'\";,()]{4,256})(?=\s*(?:;|$)))"
)
_WORDS = (
    *("identified", "password", "passwd", "secret", "aws_secret_key", "access_key", "session_token", "sas_token"),
    *("connection_string", "passphrase", "passcode", "encryption_key", "master_key", "crypt"),
)
"""One of them is in every match of the pattern above."""

_SECRET_STATEMENT = deferred(r"(?i)\bcreate\s+(?:or\s+replace\s+)?(?:\w+\s+){0,2}secret\b[^();]{0,200}\(")
STATEMENT_CHARACTERS = 4000
_IN_STATEMENT = deferred(
    r"(?i)\b(?:key_id|secret|token|session_token|bearer_token|connection_string|client_secret|password|account_key|"
    r"sas_token|key)\s+'([^']{3,4096})'"
)
_ASSIGNED = deferred(r"(?i)\b(?:create|alter)\s+(?:user|role)\b[^;]{0,200}?\bidentified\s+by\s+([^\s'\";]{4,256})")
_REPLACED = deferred(r"(?i)\bidentified\s+by\s+[^\s;]{1,256}\s+replace\s+['\"]?([^\s'\";]{3,256})")
_HASHED = deferred(
    r"(?<![\w.])(?:\w{1,40}\.)?([A-Za-z]\w{1,60})\s{0,4}=\s{0,4}(?:\w{1,40}\.)?\w{1,40}\(\s{0,4}[NE]?'([^'\n]{3,512})'"
)
_OPENS = deferred(r"\(\s{0,4}[NE]?'")
"""It is in every match of the pattern above."""
_INSERT = deferred(
    r"(?i)\b(?:insert\s{1,8}(?:or\s{1,8}\w{1,20}\s{1,8}|ignore\s{1,8}|overwrite\s{1,8})?into|replace\s{1,8}into|upsert\s{1,8}into|then\s{1,8}insert)\s{1,8}"
    r"(?:table\s{1,8})?(?:[\w.\"`\[\]$-]{1,200}\s{0,8})?\((?P<columns>[^()]{1,4000})\)[^();']{0,80}?(?:\bvalues?\s{0,8}(?=\()|\b(?P<select>select)\s)"
)
_TOKEN = deferred(r"[NEUnebB]?'(?:[^'\\]|''|\\.){0,4096}'|\"[^\"]{0,4096}\"|[(),;]|[^'\"(),;]{1,4096}", re.DOTALL)
_PROCEDURE = deferred(r"(?i)\bsp_(?:addlogin|password|addlinkedsrvlogin|addremotelogin)\b[^;\n]{0,1000}")
_TABLE_FUNCTION = deferred(
    r"(?i)\b(?:postgresql|mysql|mongodb)\s{0,4}\(((?:\s{0,4}'[^'\n]{0,200}'\s{0,4},){4})\s{0,4}'([^'\n]{3,200})'"
)
_STORAGES = ("s3", "gcs", "oss", "cosn", "hudi", "deltalake", "iceberg")
_STORAGE_FUNCTION = deferred(
    r"(?i)\b(?:s3|s3Cluster|gcs|oss|cosn|hudi|deltaLake|iceberg\w{0,12})\s{0,4}\((?:\s{0,4}'[^'\n]{0,500}'\s{0,4},){2,3}"
    r"\s{0,4}'([^'\n]{16,200})'"
)
_STRING = deferred(r"[NE]?'([^'\n]{1,512})'")


def in_statements(text: str) -> Iterator[SecretSpan]:
    """Yield the credentials in the SQL statements of a text."""
    yield from _clauses(text)
    yield from _secret_statements(text)
    yield from _inserted(text)
    for found in _HASHED.finditer(text) if _OPENS.search(text) else ():
        if (kind := family(found[1])) and is_quoted(found[2], kind):
            yield SecretSpan(*found.span(2), found[2], is_password=kind == "password")
    for found in _TABLE_FUNCTION.finditer(text) if may_match(text, ("postgresql", "mysql", "mongodb")) else ():
        if not is_stand_in(found[2]):
            yield SecretSpan(*found.span(2), found[2], is_password=True)
    for found in _STORAGE_FUNCTION.finditer(text) if may_match(text, _STORAGES) else ():
        if is_token_like(found[1]) and not is_stand_in(found[1]):
            yield SecretSpan(*found.span(1), found[1])
    for call in _PROCEDURE.finditer(text) if may_match(text, ("sp_",)) else ():
        texts = list(_STRING.finditer(text, *call.span()))
        for found in texts if "sp_password" in call[0].lower() else texts[1:]:
            if (is_quoted(found[1], "password") and not re.search(r"(?i)linked", call[0])) or found is texts[-1]:
                yield SecretSpan(*found.span(1), found[1], is_password=True)


def _clauses(text: str) -> Iterator[SecretSpan]:
    for found in _SQL.finditer(text) if may_match(text, _WORDS) else ():
        group = found.lastindex or 1
        is_bare = group == 3
        if is_stand_in(found[group]) or (is_bare and not is_told(found[group], "password")):
            continue
        yield SecretSpan(*found.span(group), found[group], is_password=True)
    for pattern in (_ASSIGNED, _REPLACED) if may_match(text, ("identified",)) else ():
        for found in pattern.finditer(text):
            if not is_stand_in(found[1]):
                yield SecretSpan(*found.span(1), found[1], is_password=True)


def _secret_statements(text: str) -> Iterator[SecretSpan]:
    place = 0 if may_match(text, ("secret",)) else len(text)
    while statement := _SECRET_STATEMENT.search(text, place):
        place = statement.end() + STATEMENT_CHARACTERS
        for found in _IN_STATEMENT.finditer(text, statement.end(), place):
            if not is_stand_in(found[1]):
                yield SecretSpan(*found.span(1), found[1])


def columns_of(statement: str) -> list[str]:
    """Return the names of the columns into which the first ``INSERT`` of a text writes; empty: there is none."""
    found = _INSERT.search(statement)
    return _columns(found["columns"]) if found else []


def _columns(listed: str) -> list[str]:
    return [name.strip(" \t\r\n\"'`[]") for name in listed.split(",")]


def _inserted(text: str) -> Iterator[SecretSpan]:
    place = 0 if may_match(text, ("insert", "into")) else len(text)
    while found := _INSERT.search(text, place):
        kinds = [family(name) for name in _columns(found["columns"])]
        names = [spelled(name) for name in _columns(found["columns"])]
        keyed = next((number for number, name in enumerate(names) if name in NAME_KEYS), None)
        rows, place = _rows(text, found.end(), depth=1 if found["select"] else 0)
        for row in rows:
            kinds_here = list(kinds)
            if keyed is not None and keyed < len(row) and (kind := family(row[keyed][0])):
                kinds_here = [kind if name in VALUE_KEYS else own for name, own in zip(names, kinds, strict=True)]
            yield from _of_row(row, kinds_here)


def _of_row(row: list[tuple[str, int]], kinds: list[Family | None]) -> Iterator[SecretSpan]:
    for (value, start), kind in zip(row, kinds, strict=False):
        if kind and is_quoted(value, kind):
            yield SecretSpan(start, start + len(value), value, is_password=kind == "password")


def _rows(text: str, place: int, depth: int) -> tuple[list[list[tuple[str, int]]], int]:
    """Return the rows after ``VALUES``, and where they end.

    A row has the text of each value, and where it begins. Values without quotes are empty.
    """
    rows, row = [], [("", 0)]
    is_select = depth > 0
    for token in _TOKEN.finditer(text, place):
        if token[0] == ";" or (depth == 0 and token[0].strip() not in ("(", ",", "")):
            break
        if is_select and re.search(r"(?i)\bfrom\b", token[0][:40]):
            break
        place = token.end()
        if token[0] == "(":
            depth += 1
            row = [("", 0)] if depth == 1 else row
        elif token[0] == ")":
            depth -= 1
            rows += [row] if depth == 0 else []
        elif token[0] == "," and depth <= 1:
            row.append(("", 0))
        elif token[0][-1] in "'\"" and not row[-1][0] and depth:
            opening = token[0].index(token[0][-1]) + 1
            row[-1] = (token[0][opening:-1], token.start() + opening)
    return (rows or [row]) if is_select else rows, place
