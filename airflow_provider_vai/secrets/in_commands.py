"""Finds credentials in shell commands: in options, behind subcommands, and in what is piped into a command.

Short options mean something else in each tool (``-p`` is a port, a path or a password), so one table names, for each
tool, the words that come before a credential.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from airflow_provider_vai.secrets.command_table import INPUT_WORDS, TABLE
from airflow_provider_vai.secrets.distinct_words import lower_words
from airflow_provider_vai.secrets.fed_words import ECHOES, fed_words, in_here_documents
from airflow_provider_vai.secrets.hinted_lines import hinted_lines, line_around
from airflow_provider_vai.secrets.key_names import family, ordinary
from airflow_provider_vai.secrets.patterns import deferred, may_match
from airflow_provider_vai.secrets.plausible import is_stand_in, is_token_like, is_told
from airflow_provider_vai.secrets.shell_words import Word, commands, unquoted
from airflow_provider_vai.secrets.span import SecretSpan

EACH, GLUED = -1, -2
"""Instead of a number of skipped words: each word without a dash; each word of any form."""

LONG = 400
"""Characters of a text of which each line is searched for hints."""

_WORD = deferred(r"[\w-]+")
_NAME = deferred(r"[\w./:-]{2,}")
"""The longest run of the characters of a name, which is a word of a command or more than one."""
_PORTS = deferred(r"[\d.:,\[\]-]*:[\d.:,-]+(?:/\w+)?|\d+(?:[-,]\d+)*(?:/(?:tcp|udp))?")
_NOT_A_VALUE = deferred(
    r"-|/\w+[:/]|/[A-Za-z]{0,12}$|~/|\.{1,2}/|\$[A-Za-z_{(]|\{\{|<|%\w+%|file://|fileb://|https?://|@|\\$"
)
_FILE = deferred(r"[\w./-]+\.[A-Za-z]\w{0,4}|\d+(?:\.\d+)+")
_SETTING = frozenset({"set", "config", "configure", "put", "create", "add", "kv", "modify", "CONFIG", "SET"})
_SETTING_HINTS = frozenset(word.lower() for word in _SETTING)
_USER_OPTIONS = frozenset({"-u", "--user", "--username", "-U"})


class CommandRule(NamedTuple):
    """A line of the table: words that must occur after the program, and the pattern of the credential's words."""

    words: tuple[re.Pattern[str], ...]
    option: re.Pattern[str] | None
    skipped: int
    value: re.Pattern[str]
    is_token: bool


def in_commands(text: str) -> Iterator[SecretSpan]:
    """Yield the credentials in the shell commands of a text."""
    for word in in_here_documents(text):
        if is_value(word.text):
            yield SecretSpan(word.start, word.start + len(word.text), word.text, True)
    if " " not in text or ("<<<" not in text and not _hints_in(text)):
        return
    for start, lines in _hinted_lines(text):
        found = list(commands(lines, start))
        for command in found:
            for word, is_password in secret_words(command.words):
                yield SecretSpan(word.start, word.start + len(word.text), word.text, is_password)
        for word in fed_words(found):
            if is_value(word.text):
                yield SecretSpan(word.start, word.start + len(word.text), word.text, True)


def _hinted_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the parts of a text that may have a command with a credential: where each begins, and its lines.

    A command ends with its line, unless a backslash is at the end of the line, or something is fed into the next one.
    """
    if len(text) <= LONG or "<<<" in text:
        yield 0, text
        return
    hints = _hints_in(text)
    feeds = not ECHOES.isdisjoint(hints) and may_match(text, INPUT_WORDS)
    start = end = -1
    for begin, stop, found in hinted_lines(text, hints):
        line = text[begin:stop]
        has_operator = feeds and ("|" in line or "<" in line)
        if not has_operator and begin > end and not _may_command(line, found):
            continue
        after = line_around(text, stop + 1)[1] if has_operator else stop
        if begin > end:
            if start >= 0:
                yield start, text[start:end]
            start = begin
        end = max(end, after)
    if start >= 0:
        yield start, text[start:end]


def _may_command(line: str, hints: frozenset[str]) -> bool:
    """Return whether a line may be a command with a credential, if nothing is fed into it.

    It needs all the words of a rule of its program. With a word such as "set", it needs a name of a credential, and
    with ``-p`` a user.

    :param line: The line.
    :param hints: The hints in it.
    """
    if any(all(sign.search(line) for sign in signs) for hint in hints for signs in _signs(hint)):
        return True
    if "-p" in hints and any(option in line for option in _USER_OPTIONS):
        return True
    return not _SETTING_HINTS.isdisjoint(hints) and any(map(family, _NAME.findall(line)))


def secret_words(words: Sequence[Word]) -> Iterator[tuple[Word, bool]]:
    """Yield the credentials among the words of a command, each with whether it is called a password."""
    programs: dict[str, int] = {}
    for place, word in enumerate(words):
        name = word.text if word.text.isalnum() else re.split(r"[/\\]", word.text)[-1].removesuffix(".exe")
        programs.setdefault(name.lower(), place)
    known = False
    for name, place in programs.items():
        for rule in _rules(name):
            known = True
            for found in _by_rule(rule, words[place + 1 :]):
                yield found, not rule.is_token
    if not known:
        yield from ((word, True) for word in _beside_a_user(words))
    yield from _settings(words)


def _by_rule(rule: CommandRule, words: Sequence[Word]) -> Iterator[Word]:
    anchor = 0
    for wanted in rule.words:
        place = next((place for place, word in enumerate(words) if wanted.fullmatch(word.text)), None)
        if place is None:
            return
        if not words[place].text.startswith("-"):
            anchor = max(anchor, place + 1)
    for word in _candidates(rule, words, anchor):
        found = rule.value.fullmatch(word.text)
        if not found or (found.re.groups > 1 and ordinary(found[1])):
            continue
        group = found.re.groups
        value = unquoted(found[group], word.start + found.start(group))
        if is_value(value.text) and (not rule.is_token or is_token_like(value.text)):
            yield value


def _candidates(rule: CommandRule, words: Sequence[Word], anchor: int) -> Iterator[Word]:
    if rule.option is None:
        plain = [word for word in words[anchor:] if not word.text.startswith("-")]
        if rule.skipped == GLUED:
            yield from words
        else:
            yield from plain[rule.skipped : rule.skipped + 1] if rule.skipped != EACH else plain
        return
    for place, word in enumerate(words):
        name, sign, value = word.text.partition("=")
        if rule.option.fullmatch(word.text) and place + 1 < len(words):
            yield words[place + 1]
        elif sign and rule.option.fullmatch(name):
            yield unquoted(value, word.start + len(name) + 1)


def _beside_a_user(words: Sequence[Word]) -> Iterator[Word]:
    """Yield what follows ``-p`` in ``-u mia -p …``, whatever the program is."""
    texts = [word.text for word in words]
    if "-p" not in texts:
        return
    login = "login" in texts and bool(_USER_OPTIONS.intersection(texts))
    for place in range(1, len(words) - 1):
        if texts[place] != "-p":
            continue
        value = texts[place + 1]
        named = place >= 2 and texts[place - 2] in _USER_OPTIONS and not re.search(r"^-|[./:]|^\d+$", texts[place - 1])
        is_other = not is_value(value) or _PORTS.fullmatch(value) or _FILE.fullmatch(value)
        if not is_other and (login or (named and is_told(value, "password"))):
            yield words[place + 1]


def _settings(words: Sequence[Word]) -> Iterator[tuple[Word, bool]]:
    """Yield the value in ``… set db.password …``, whatever the program is."""
    if len(words) < 3 or not _SETTING.intersection(word.text for word in words):
        return
    for word, value in pairwise(words):
        if value.text.isalpha() and value.text.islower():  # such a word is never told, see `is_told`
            continue
        kind = (
            family(word.text) if _NAME.fullmatch(word.text) and len(word.text) <= 80 and word.text[0] != "-" else None
        )
        if kind and is_value(value.text) and is_told(value.text, kind):
            yield value, kind == "password"


def is_value(value: str) -> bool:
    """Return whether a word in the place of a credential is one, and not an option, a variable or a file.

    :param value: the word.
    """
    if len(value) < 3 or _NOT_A_VALUE.match(value) or is_stand_in(value) or re.fullmatch(r"\d+:\d+.*", value):
        return False
    return not (value.isidentifier() and not re.search(r"\d", value) and family(value))


@cache
def _lines() -> dict[str, list[list[str]]]:
    """Return the lines of the table by the name of the program."""
    found: dict[str, list[list[str]]] = {}
    for line in TABLE.strip().splitlines():
        programs, *words = line.split()
        for name in programs.split("|"):
            found.setdefault(name, []).append(words)
    return found


@lru_cache(maxsize=1024)
def _rules(program: str) -> tuple[CommandRule, ...]:
    """Return the rules of a program. Most commands are of few programs, and compiling every rule takes long."""
    return tuple(map(_rule, _lines().get(program, ())))


def _rule(words: list[str]) -> CommandRule:
    *needed, value = words
    is_token = value.endswith("*t")
    value = value.removesuffix("t") if is_token else value
    option, skipped = None, 0
    if value == "**":
        value, skipped = "?=*", EACH
    elif needed and needed[-1].startswith(("-", "!")) and "?" not in needed:
        option = re.compile(needed.pop().removeprefix("!"))
    elif value.startswith(("-", "/")):
        skipped = GLUED
    while needed and needed[-1] == "?":
        needed.pop()
        skipped += 1
    return CommandRule(
        tuple(re.compile(word) for word in needed),
        option,
        skipped,
        _value(value),
        is_token,
    )


def _value(pattern: str) -> re.Pattern[str]:
    """Return the pattern of a word: ``?`` is a name, and ``*`` the credential."""
    parts: Iterable[str] = re.split(r"([?*])", pattern)
    separator = re.escape(pattern.partition("?")[2][:1])
    forms = {"?": f"([^{separator or ' '}]+)", "*": "(.+)"}
    return re.compile("".join(forms.get(part, re.escape(part)) for part in parts), re.DOTALL)


@lru_cache(maxsize=1024)
def _signs(program: str) -> tuple[tuple[re.Pattern[str], ...], ...]:
    """Return what each rule of a program needs in a line: its words, its option, and the signs of its value."""
    return tuple(tuple(_needed(rule)) for rule in _rules(program))


def _needed(rule: CommandRule) -> Iterator[re.Pattern[str]]:
    for word in (*rule.words, *([rule.option] if rule.option else [])):
        yield re.compile(rf"(?<!\w)(?:{word.pattern})")
    if rule.option is None and rule.skipped == GLUED:
        yield re.compile(rf"(?<!\w){rule.value.pattern.removesuffix('(.+)')}")


@lru_cache(maxsize=4)
def _hints_in(text: str) -> frozenset[str]:
    """Return the hints in a text."""
    return _hints().intersection(_WORD.findall(lower_words(text) if len(text) > LONG else text.lower()))


@cache
def _hints() -> frozenset[str]:
    """Return words in lower case, of which each text with a command that takes a credential has one."""
    return frozenset([*_lines(), "-p", *_SETTING_HINTS, *ECHOES])
