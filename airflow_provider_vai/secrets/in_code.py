"""Finds credentials in program code: typed into a field, passed to a login, set under a name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from airflow_provider_vai.secrets.field_names import field_family
from airflow_provider_vai.secrets.key_names import Family, family
from airflow_provider_vai.secrets.patterns import deferred, may_match
from airflow_provider_vai.secrets.plausible import is_quoted, is_stand_in, is_token_like
from airflow_provider_vai.secrets.span import SecretSpan

BEFORE = 240
"""How many characters before a call are read to learn which field it types into."""

_TEXT = (
    r"(?:[rRbBuUfF]{0,2}(?:\\{0,7})(?:"
    r"\"([^\"\n\\]{1,512})\\{0,7}\"|'([^'\n\\]{1,512})\\{0,7}'|`([^`\n\\]{1,512})\\{0,7}`))"
)
_TYPED = deferred(
    r"(?i)\b(?:fill|val|type|send_?keys|press_?sequentially|insert_?text|set_?value|fill_?field|fill_in|input_?text|"
    r"input_?password|add_?value|type_?text|enter_?text|set_?text|clear_?and_?type|write|typewrite|enter|send_?text)"
    rf"\s{{0,2}}\(\s{{0,40}}{_TEXT}(?:\s{{0,4}},\s{{0,40}}(?:with:\s?|text=|value=)?{_TEXT})?"
)
_OPENS = deferred(r"\(\s{0,40}[rRbBuUfF]{0,2}\\{0,7}[\"'`]")
"""A text as the first argument of a call: it is in every match of the patterns of fields and setters."""
_NEXT = deferred(r"(?i),\s{0,20}(?:password\s?=\s?)?[rbuf]{0,2}\\{0,7}[\"'`]")
"""A text as a later argument: it is in every match of the patterns of logins."""
_LOGIN_WORDS = ("auth", "login", "log_in", "sign_in", "credential", "http_basic", "httpbasic", "username")
_ASSIGNED = deferred(rf"\.(?:value|text)\s{{0,4}}=\s{{0,4}}{_TEXT}")
_ROBOT = deferred(
    r"(?im)^[ \t]*(?:input text|input password|fill text|fill secret|type text|type secret)[ \t]{2,8}"
    r"(\S[^\n]{0,200}?)[ \t]{2,8}(\S{3,256})[ \t]*$"
)
_FIELD_BEFORE = deferred(r"\"([^\"\n]{1,200})\"|'([^'\n]{1,200})'|([A-Za-z_]\w{1,60})")
_LOGIN = deferred(
    r"(?i)(?:\bauth(?:entication|_?token)?[\"']?\]?\s{0,4}[:=]\s{0,4}(?:aiohttp\.|httpx\.|requests\.auth\.|\w{1,40}\.)?"
    r"(?:\w{0,20}auth\w{0,10})?\s?[\[(]|"
    r"\b(?:http)?(?:basic|digest|ntlm|proxy|plain)_?auth\w{0,10}\s?\(|\.(?:login|authenticate|log_in|sign_in|(?:set_?)?basic_?auth|"
    r"set_?credentials|http_?basic|username_?password|auth)\s?\(|\b(?:UsernamePasswordCredentials|PasswordAuthentication|NetworkCredential|"
    r"PlainTextAuthProvider|PlainCredentials|PasswordCredentials)\s?\()"
    rf"\s{{0,20}}(?:(?:username|user|login)\s?=\s?)?(?:{_TEXT}|[\w.\[\]]{{1,60}})\s{{0,4}},\s{{0,20}}(?:password\s?=\s?)?{_TEXT}"
)
_CONNECTION = deferred(
    rf"\b(?:getConnection|(?:pymysql|MySQLdb|mariadb|cymysql)\.connect)\s?\(\s{{0,20}}(?:{_TEXT}|\w{{1,60}})\s{{0,4}},\s{{0,20}}(?:{_TEXT}|\w{{1,60}})\s{{0,4}},\s{{0,20}}{_TEXT}"
)
_MANAGER = deferred(rf"\badd_?password\s?\([^()\n]{{1,200}}?,\s{{0,8}}{_TEXT}\s{{0,8}}\)")
_SETTER = deferred(
    rf"\b(?:set|with|use|update|change|reset|check|verify|hash|make)_?([A-Za-z_]{{2,40}})\s?\(\s{{0,8}}{_TEXT}\s{{0,8}}\)"
)
_PAIR = deferred(
    rf"([\[(,{{])\s{{0,20}}(\\{{0,7}})([\"'])([\w.\-]{{2,80}})\2\3\s{{0,4}}(?:,|=>)\s{{0,20}}{_TEXT}\s{{0,20}}([\])}},])"
)
_STORES = deferred(  # calls that store a value under a name
    r"(?i)(?:set|put|add|header|headers|env|environ|default|append|property|option|param|parameter|cookie|config|secret|"
    r"store|save|define|with|insert|update|data|item|entry|of|pair|field|value|variable|export)(?:_?[a-z]{1,24})?$"
)
_NAME_LIKE = deferred(r"[a-z]+(?:_[a-z]+)*|[a-z]+(?:[A-Z][a-z]+)+")
_PROMPT = r"(?:assword|assphrase)[^\n]{0,80}?"
_SENT = r"(?:\\[rn])*\\{0,7}"
_EXPECT = deferred(  # answers of an expect script to a prompt: `expect "assword:"; send "…\r"`
    rf"(?i){_PROMPT}(?:\n|[;{{]|\\n)\s{{0,40}}(?:exp_)?send[ \t]+(?:--?\w*[ \t]+){{0,3}}"
    rf"(?:\\{{0,7}}\"([^\"\n]{{3,256}}?){_SENT}\"|\{{([^{{}}\n]{{3,256}}?){_SENT}\}})"
)
_PEXPECT = deferred(
    rf"(?i)\.expect(?:_exact)?\([^\n]{{0,60}}?{_PROMPT}(?:\n|;)\s{{0,40}}[\w.]{{1,40}}\.send(?:line)?\(\s?"
    rf"[rb]?\\{{0,7}}(?:\"([^\"\n]{{3,256}}?){_SENT}\"|'([^'\n]{{3,256}}?){_SENT}')"
)
_TCL_VARIABLE = deferred(r"\$[A-Za-z_:{(]")


def in_code(text: str) -> Iterator[SecretSpan]:
    """Yield the credentials in the code in a text."""
    for found in _answers(text) if "expect" in text else ():
        group = 1 if found[1] is not None else 2
        if not (is_stand_in(found[group]) or _TCL_VARIABLE.match(found[group])):
            yield SecretSpan(*found.span(group), found[group], is_password=True)
    if "(" in text or "[" in text or "{" in text:
        yield from _typed(text)
        yield from _logins(text)
        yield from _set(text)
    for found in _ROBOT.finditer(text):
        if field_family(found[1]) and not is_stand_in(found[2]):
            yield SecretSpan(*found.span(2), found[2], is_password=True)


def _answers(text: str) -> Iterator[re.Match[str]]:
    """Yield what programs send to a prompt for a password."""
    yield from _EXPECT.finditer(text)
    yield from _PEXPECT.finditer(text)


def _last(found: re.Match[str], first: int = 1) -> tuple[int, str] | None:
    """Return the last group that took part in a match, from the given one on, and its text."""
    groups = [number for number in range(first, found.re.groups + 1) if found[number] is not None]
    return (groups[-1], found[groups[-1]]) if groups else None


def _typed(text: str) -> Iterator[SecretSpan]:
    typed = _TYPED.finditer(text) if _OPENS.search(text) else ()
    for found in (*typed, *_ASSIGNED.finditer(text)):
        last = _last(found)
        if last is None:
            continue
        group, value = last
        if group > 3:
            kind = field_family(next(found[number] for number in (1, 2, 3) if found[number]))
        else:
            kind = _field_before(text, found.start())
        if kind is None or is_stand_in(value) or (family(value) and value.isidentifier()):
            continue
        end = value.find("{enter}")
        value = value[:end] if end > 0 else value
        if len(value) >= 3:
            start = found.start(group)
            yield SecretSpan(start, start + len(value), value, is_password=kind == "password")


def _field_before(text: str, place: int) -> Family | None:
    """Return the kind of credential that the field named last in the statement before a place takes."""
    before = text[max(0, place - BEFORE) : place]
    before = before[max(before.rfind(";"), before.rfind("\n"), before.rfind("await ")) + 1 :]
    names = list(_FIELD_BEFORE.finditer(before))
    quoted = [one[1] or one[2] for one in names if one[3] is None]
    if quoted:
        return next((kind for name in quoted[-2:] if (kind := field_family(name))), None)
    if not names or not before.rstrip(". ").endswith(names[-1][3]):
        return None
    return field_family(names[-1][3]) or _field_of_variable(text, names[-1][3], place)


def _field_of_variable(text: str, name: str, place: int) -> Family | None:
    """Return what the field takes that was assigned to a variable shortly before a place."""
    before = text[max(0, place - 3 * BEFORE) : place]
    start = before.rfind(f"{name} = ")
    if start < 0:
        return None
    line = before[start:].split("\n", 1)[0]
    quoted = [one[1] or one[2] for one in _FIELD_BEFORE.finditer(line) if one[3] is None]
    return next((kind for text in quoted[-2:] if (kind := field_family(text))), None)


def _logins(text: str) -> Iterator[SecretSpan]:
    if not _NEXT.search(text):
        return
    patterns = [
        *([_LOGIN] if may_match(text, _LOGIN_WORDS) else []),
        *([_CONNECTION] if may_match(text, ("connect",)) else []),
        *([_MANAGER] if may_match(text, ("password",)) else []),
    ]
    for found in (one for pattern in patterns for one in pattern.finditer(text)):
        last = _last(found, first=found.re.groups - 2)
        if last and is_quoted(last[1], "password"):
            yield SecretSpan(*found.span(last[0]), last[1], is_password=True)


def _set(text: str) -> Iterator[SecretSpan]:
    for found in _SETTER.finditer(text) if _OPENS.search(text) else ():
        last = _last(found, first=2)
        if last and (kind := family(found[1])) and is_quoted(last[1], kind) and " " not in last[1]:
            yield SecretSpan(*found.span(last[0]), last[1], is_password=kind == "password")
    for found in _PAIR.finditer(text):
        group = next((number for number in (5, 6, 7) if found[number] is not None), 5)
        kind = family(found[4])
        stores = found[1] == "(" and bool(_STORES.search(text[max(0, found.start() - 40) : found.start()]))
        is_closed = text[found.end() - 1] != "," or stores
        if is_closed and kind != "pin" and is_pair(found[4], found[group], is_sure=stores):
            yield SecretSpan(*found.span(group), found[group], is_password=kind == "password")


def is_pair(name: str, value: str, *, is_sure: bool = False) -> bool:
    """Return whether two texts beside each other are a credential's name and its value, not, say, two columns.

    :param name: A name of a credential.
    :param is_sure: The place shows that they are a name and a value.
    """
    kind = family(name)
    if kind is None or not is_quoted(value, kind) or " " in value:
        return False
    if is_sure or name.isupper():
        return True
    return is_token_like(value) if kind == "token" else not _NAME_LIKE.fullmatch(value)
