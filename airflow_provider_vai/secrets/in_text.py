"""Finds credentials in texts by what precedes them: assignments, headers, command options, SQL, sentences."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache

from airflow_provider_vai.secrets.distinct_words import occurrences
from airflow_provider_vai.secrets.headers import IN_TEXT
from airflow_provider_vai.secrets.hints import hints_in, is_hinted
from airflow_provider_vai.secrets.key_names import Family, family, names_an_identifier
from airflow_provider_vai.secrets.patterns import deferred, may_match
from airflow_provider_vai.secrets.plausible import (
    is_assigned,
    is_quoted,
    is_stand_in,
    is_token_like,
    is_told,
    is_variable,
)
from airflow_provider_vai.secrets.randomness import from_base64
from airflow_provider_vai.secrets.span import SecretSpan

_NAME = r"(?<![\w.\-])(?P<key>[\w.\-]{2,80}(?:[ \u2019'][\w\-]{1,20}){0,4})"
_QUOTED = r"(?P<quote>\\{0,15}[\"'`„“«])(?P<quoted>(?:(?!(?P=quote)|[”»]).|(?<=\\)(?=[\"'`]).){1,4096})"
_BARE = r"(?P<bare>[^\s\"'`,;&<>|\\]{1,4096})"
_VALUE = rf"(?:[uUnNbBrRfF]?{_QUOTED}|{_BARE})"
_ASSIGNED = deferred(
    rf"{_NAME}(?:\\{{0,15}}[\"'`])?[\])}}>]{{0,2}}"
    rf"(?P<sep>[ \t]{{0,8}}(?::=|=>|->|={{1,2}}|:|\uff1a)[ \t]{{0,4}}){_VALUE}",
    re.DOTALL,
)
_SIGN = deferred(r"[:=\uff1a]|->")
"""The beginning of each sign between a name and a value in the pattern above, or the character before it."""
_CLOSING = " \t\\\"'`])}>"
"""What may be between a name and the sign."""
_NO_NAME = deferred(r"[^\w.\-]")
WORDS_OF_NAME = 5
LONGEST_NAME = 250
"""Characters of the longest name, 80 + 4 · 21, with what may be between it and the sign."""
_LINE = deferred(
    r"(?m)\n[ \t]*(?:export |set |setx |ENV |ARG |\$env:|- )?[\"']?([A-Za-z_]\w{1,79})[ \t]?=[ \t]?"
    r"([^\s\"'][^\n]*)$"
)
_LINE_END = deferred(r"[ \t\r.;,)\]}\"'`\\]*(?:\n|\Z)")
_VERBS = (
    r"(?:is|was|be|now|to|are|ist|war|lautet|heißt|heisst|auf|zu|es|est|sera|era|será|é|è|jest|är|er|являе?тся|это|[-\u2013\u2014]|是|为)"
    r"(?:\s(?:now|set to|to|jetzt|changed to|ahora|auf))?"
)
_OF_WHAT = r"(?: for [\w@.\- ]{1,40}?| \([^)]{1,40}\))?"
_IN_PROSE = deferred(rf"{_NAME}{_OF_WHAT}[ \t]{{1,3}}{_VERBS}:?[ \t]{{1,3}}{_VALUE}")
_UNUSUAL = r"(?:[uUnNbBrRfF]?\\{0,15}[\"'`]|[^\s\"'`,;&<>|\\]{0,4095}?(?:[\d!@#$%^*_+=?~]|[a-z][A-Z]))"
"""The beginning of a value that is in quotes, or has what no word of a sentence has."""
_SAID_AFTER = deferred(
    rf"[\w.\-]{{0,80}}(?:[ '][\w\-]{{1,20}}){{0,4}}{_OF_WHAT}[ \t]{{1,3}}{_VERBS}:?[ \t]{{1,3}}{_UNUSUAL}"
)
_BESIDE_AFTER = deferred(
    r"[\w.\-]{0,80}(?:[ '][\w\-]{1,20}){0,4}[ \t]{1,3}(?:[uUnNbBrRfF]?\\{0,15}[\"'`]"
    r"|(?=[^\s\"'`,;&<>|\\]{0,4095}\d)(?=[^\s\"'`,;&<>|\\]{0,4095}[!@$%^*+?~]))"
)
SHORT_HINTS = ("pw", "pin", "cle")
"""Hints that are too short for the list of them: whether they are a word of their own is asked later."""
_NAME_LIKE = deferred(r"[\w.\- ]+")
_BESIDE = deferred(rf"(?<=[ \t]){_VALUE}")
_UNUSUAL_BESIDE = deferred(
    rf"[ \t](?:[uUnNbBrRfF]?{_QUOTED}"
    r"|(?=[^\s\"'`,;&<>|\\]{0,4095}\d)(?=[^\s\"'`,;&<>|\\]{0,4095}[!@$%^*+?~§€£])"
    rf"{_BARE})"
)
"""The same with the space, without the words that are like any word of a sentence: most of a text."""

LONGEST_BEFORE = 80
"""In characters. The name that a credential follows directly is looked for in that many before it."""

_NAME_AT_END = deferred(r"(?<![\w.\-])[\w.\-]{2,80}(?:[ \u2019'][\w\-]{1,20}){0,4}[ \t]{1,3}\Z")
_ADDRESS = deferred(r"[^@\s]+@[\w.-]+\.[A-Za-z]{2,}|\w+://.*", re.DOTALL)
_UNLIKE_A_WORD = deferred(r"(?=\S*\d)(?=\S*[A-Za-z]\S*[A-Za-z])(?=\S*[!@$%^&*+?~§€£]\S)(?![(\[{$%<&*])\S{8,}")
# The patterns begin with a character, and look back after it: such a pattern is searched for far faster.
_OPTION = deferred(rf"-(?<![\w\-]-)-?(?P<key>[A-Za-z][\w\-]{{1,40}})(?:[ \t]+|=){_VALUE}")
_COOKIE_OPTION = deferred(r"-(?<!\S-)(?:b|-cookie)[ =]?[\"']?([\w.-]+=[^\s\"']{4,4096})")
_ELEMENT = deferred(r"<(?:\w+:)?([\w.-]{2,60})(?:\s[^<>]{0,200})?>([^<>]{3,4096})</")
_SCHEME = deferred(
    r"\b(?:[Bb]earer|BEARER|[Tt]oken|[Aa]pi[Kk]ey|SSWS|GenieKey|OAuth) +(?:token=)?[\"']?([\w.~+/=:|-]{16,8192})"
)
_SCHEME_WORDS = ("bearer ", "token ", "apikey ", "ssws ", "geniekey ", "oauth ")
_BASIC = deferred(r"[Bb](?<!\w[Bb])asic +([A-Za-z0-9+/_-]{6,}={0,2})")
_HEADER = deferred(
    rf"(?i)(?<![\w-])({IN_TEXT})"
    r"\\{0,15}[\"']?\s{0,3}:\s{0,3}\\{0,15}[\"']?([^\"'\r\n\\]{4,8192})"
)
_HEADER_WORDS = ("authorization", "cookie", "api-key", "apikey", "x-")
_NEAR = deferred(r"(?i)secret|key|token|passw|credential|schl[üu]e?ssel|\baws\b|bearer|clave|contrase")
_NAME_BEFORE = deferred(r"([\w.\-]{2,32})\\{0,15}[\"']?[ \t]*[:=][ \t]*\\{0,15}[\"']?$")
_NO_VALUE = frozenset(
    {
        "flag",
        "option",
        "options",
        "argument",
        "parameter",
        "or",
        "and",
        "is",
        "to",
        "for",
        "in",
        "the",
        "from",
        "with",
        "via",
    }
)


def in_text(text: str) -> Iterator[SecretSpan]:
    """Yield the credentials in a text that are recognised by their surroundings."""
    yield from _assignments(text)
    yield from _headers(text)
    yield from _options(text)
    yield from _sentences(text)
    yield from _beside(text)


def is_near_a_word(text: str, start: int) -> bool:
    """Return whether a word that suggests a credential occurs shortly before the position ``start``."""
    before = re.split(r"[\n,;]", text[max(0, start - 32) : start])[-1]
    name = _NAME_BEFORE.search(before)
    if name and family(name[1]) is None and names_an_identifier(name[1]):  # "nextPageToken": …
        return False
    return _NEAR.search(before) is not None


def _named(words: str) -> Family | None:
    """Return the kind of credential named by the last one to five words before a separator; ``None``: no credential."""
    parts = re.split(r"[ \u2019']", words)
    for count in range(1, len(parts) + 1):
        if kind := family(" ".join(parts[-count:])):
            return kind
    return None


def _span(found: re.Match[str], kind: Family) -> SecretSpan:
    group = "quoted" if found["quoted"] else "bare"
    value = found[group]
    if group == "bare":
        value = value.rstrip(".)]}:?!") or value
    start = found.start(group)
    return SecretSpan(start, start + len(value), value, is_password=kind == "password")


def _assignments(text: str) -> Iterator[SecretSpan]:
    place = 0
    while found := _assigned(text, place):
        place = max(found.end("key"), found.start() + 1)
        kind = _named(found["key"])
        if kind is None:
            continue
        span = _span(found, kind)
        if _is_assignment(text, found, span, kind):
            yield span
            place = span.end
    for found in _ELEMENT.finditer(text):
        kind = family(found[1])
        if kind and is_assigned(found[2], kind):
            yield SecretSpan(*found.span(2), found[2], is_password=kind == "password")
    for line in _LINE.finditer(f"\n{text}") if "=" in text else ():
        kind = family(line[1])
        value = line[2].rstrip().rstrip(",;")
        if kind and is_assigned(value, kind) and not value.startswith(("/", "~")) and " " not in value:
            start = line.start(2) - 1
            yield SecretSpan(start, start + len(value), value, is_password=kind == "password")


def _assigned(text: str, place: int) -> re.Match[str] | None:
    """Return what the pattern of assignments finds first from a place on, of those that name a credential.

    Signs are rarer than names, so the names before each sign are tried instead of each name in the text.
    """
    for sign in _SIGN.finditer(text, place):
        first, words = _words_before(text, sign.start())
        if not _names_any(words):
            continue
        for start in _starts(first, words, place):
            if found := _ASSIGNED.match(text, start):
                return found
    return None


def _words_before(text: str, end: int) -> tuple[int, list[str]]:
    """Return the last words that a name before a position may have, and where the first of them begins."""
    first = max(0, end - LONGEST_NAME)
    before = text[first:end].rstrip(_CLOSING)
    last = " ".join(before.rsplit(" ", WORDS_OF_NAME)[-WORDS_OF_NAME:])
    words = _NO_NAME.split(last)[-WORDS_OF_NAME:]
    return first + len(before) - sum(map(len, words)) - len(words) + 1, words


def _names_any(words: list[str]) -> bool:
    """Return whether the last of some words name a credential, in one to five words."""
    return any(family(" ".join(words[-count:])) for count in range(1, len(words) + 1))


def _starts(start: int, words: list[str], place: int) -> Iterator[int]:
    """Yield where a name may begin: at the beginning of each of some words.

    :param start: Where the first word begins.
    :param words: The words, with one character between them.
    :param place: The first possible beginning.
    """
    for word in words:
        if len(word) >= 2 and start >= place:
            yield start
        start += len(word) + 1


def _is_assignment(text: str, found: re.Match[str], span: SecretSpan, kind: Family) -> bool:
    value = span.secret
    if found["quoted"]:
        return is_quoted(value, kind)
    if value.startswith(("/", "~/", "./", "(", "[", "{")) or "==" in found["sep"] or not is_assigned(value, kind):
        return False
    if is_told(value, kind):
        return True
    ends_line = _LINE_END.match(text, span.end) is not None
    is_spaced = found["sep"][-1].isspace()
    if "=" in found["sep"]:
        return not is_spaced or (ends_line and kind == "password")
    return kind == "password" and ends_line and is_spaced


def _headers(text: str) -> Iterator[SecretSpan]:
    for found in _SCHEME.finditer(text) if may_match(text, _SCHEME_WORDS) else ():
        if is_token_like(found[1]) and not is_stand_in(found[1]):
            yield SecretSpan(*found.span(1), found[1])
    for found in _BASIC.finditer(text) if may_match(text, ("basic ",)) else ():
        if b":" in (from_base64(found[1]) or b""):
            yield SecretSpan(*found.span(1), found[1])
    for found in _HEADER.finditer(text) if may_match(text, _HEADER_WORDS) else ():
        name, value = found[1].lower(), found[2].strip()
        if "cookie" in name:
            secret = "=" in value
        else:
            secret = is_token_like(value.rpartition(" ")[2]) or ("=" in value and is_token_like(value.replace(" ", "")))
        if secret and not is_stand_in(value):
            yield SecretSpan(*found.span(2), value)


def _options(text: str) -> Iterator[SecretSpan]:
    place = 0
    while found := _OPTION.search(text, place):
        place = found.end("key")  # the next option may come at once: --batch --passphrase …
        kind = family(found["key"])
        if kind is None:
            continue
        span = _span(found, kind)
        is_value = (
            not span.secret.startswith(("-", "/", "~", "./", "file:", "env:", "fd:"))
            and span.secret.lower() not in _NO_VALUE
        )
        if is_value and is_assigned(span.secret, kind):
            yield span
    if re.search(r"\b(?:curl|wget|https?)\b", text):
        for cookie in _COOKIE_OPTION.finditer(text):
            yield SecretSpan(*cookie.span(1), cookie[1])


def _sentences(text: str) -> Iterator[SecretSpan]:
    place, hinted = 0, _hinted(text) if text.isascii() else None
    while found := _told(text, place, hinted):
        place = max(found.start() + 1, found.start("key") + len(re.split(r"[ \u2019']", found["key"])[0]))
        kind = _named(found["key"])
        if kind is None or re.search(r"(?i)\bpass$", found["key"]):  # the verb, as in "tests pass"
            continue
        span = _span(found, kind)
        quoted = bool(found["quoted"]) and kind == "password" and len(span.secret) >= 4 and not is_stand_in(span.secret)
        if quoted or is_told(span.secret, kind):
            yield span
            place = span.end


def _beside(text: str) -> Iterator[SecretSpan]:
    """Yield what follows a name directly, as in "log in with password …", if it is unlike any word of a sentence."""
    if not _may_be_beside(text):
        return
    for found in _values_beside(text):
        span = _span(found, "password")
        value = span.secret
        is_quoted_here = bool(found["quoted"]) and " " not in value and is_told(value, "password")
        if not is_quoted_here and not _UNLIKE_A_WORD.fullmatch(value):
            continue
        start = found.start() + (text[found.start()] in " \t")
        name = _NAME_AT_END.search(text, max(0, start - LONGEST_BEFORE), start)
        if name and _named(name[0].rstrip()) == "password" and not _is_ordinary(value):
            yield span


def _may_be_beside(text: str) -> bool:
    """Return whether one of the hints in a text is followed by the end of its name and a possible credential."""
    return not text.isascii() or any(_BESIDE_AFTER.match(text, end) for end in _hint_ends(text))


def _values_beside(text: str) -> Iterator[re.Match[str]]:
    """Yield what may be a credential after a space or tab: what is in quotes, and words with a digit and a sign."""
    place = 0
    while found := _UNUSUAL_BESIDE.search(text, place):
        yield found
        place = found.end() - (text[found.end() - 1] in " \t")  # the next one may follow the last character


def _is_ordinary(value: str) -> bool:
    """Return whether a text with letters, digits and signs is a placeholder, a name in code, an address or a link."""
    return is_stand_in(value) or is_variable(value) or _ADDRESS.fullmatch(value) is not None


def _told(text: str, place: int, hinted: Sequence[int] | None) -> re.Match[str] | None:
    """Return the first sentence from a place on whose subject may be a credential.

    :param hinted: Where the hints in the text end that are followed by a verb and a possible credential. The subject
        is one of the words before such a hint, or the hint's own. With ``None``, any subject may be one.
    """
    if hinted is None:
        return _IN_PROSE.search(text, place)
    for end in hinted[bisect_right(hinted, place) :]:
        first, words = _words_before(text, end)
        for start in _starts(first, words, place):
            found = _IN_PROSE.match(text, start)
            if found and is_hinted(found["key"]):
                return found
    return None


def _hinted(text: str) -> list[int]:
    """Return where the hints end that are followed by the end of their name, a verb and a possible credential."""
    return [end for end in _hint_ends(text) if _SAID_AFTER.match(text, end)]


@lru_cache(maxsize=4)
def _hint_ends(text: str) -> list[int]:
    """Return where the hints in a text of ASCII characters end, in order."""
    lower = text.lower()
    names = [hint.rstrip() for hint in hints_in(lower) if _NAME_LIKE.fullmatch(hint)]
    return sorted({place + len(name) for name in (*names, *SHORT_HINTS) for place in occurrences(lower, name)})
