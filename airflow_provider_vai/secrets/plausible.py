"""Which value beside a secret-like word is one, and which is a stand-in, a variable or the next word of a sentence."""

from __future__ import annotations

import re

from airflow_provider_vai.secrets.key_names import Family, family

_STAND_IN = re.compile(
    r"\W*|[*•.xX_-]{3,}|[$%@]?\{.*|\$\(?\w+\)?|<[^>]*>?|\[[^\]]*\]?|%\(?\w*\)?[sd]|%\w+%|[:@]\w*|"
    r"(?:null|none|nil|true|false|undefined|nan|n/?a|yes|no|string|str|text|bytes|int|number|boolean|bool|object|any|uuid|"
    r"secretstr|optional|required|redacted|masked|hidden|empty|missing|unset|invalid|expired|encrypted|input_?password)|"
    r"(?:str|string|text|varchar|nvarchar|char|optional|list|dict|union|secretstr)\W.*|"
    r"your?[-_ ].*|my[-_](?:password|token|secret|api)\b.*|(?:os|process|sys|config|settings|self|this|env|secrets?|"
    r"vars?|inputs?|params?|conn|connection|vault|data|kwargs|args|request|event|ctx|context)[.:\[(].*|[a-z_]\w*\(.*|connection_secret.*",
    re.IGNORECASE | re.DOTALL,
)
_SCHEME = re.compile(r"^(?:bearer|basic|token) +", re.IGNORECASE)
_CAPITALS = frozenset({"TOKEN", "PASSWORD", "PASSWD", "PASS", "SECRET", "KEY", "PWD", "API_KEY"})
_EXPRESSION = re.compile(r"\w+://|[A-Za-z_]\w*(?:\.\w+)*[(\[]|[rbf]{1,2}['\"]")
_DOTTED_NAME = re.compile(r"[A-Za-z_]+(?:\.[A-Za-z_]+)+")
_SYMBOL = re.compile(r"\w[!@#$%^&*_+=?~§€£].|[!@#$%^&*+=?~§€£]\w{3}")


def is_stand_in(value: str) -> bool:
    """Return whether the text only stands for a credential: stars, ``${PASSWORD}``, ``<token>``, ``null``, ``str``."""
    bare = _SCHEME.sub("", value.strip())
    return value[:1].isspace() or bool(_STAND_IN.fullmatch(bare)) or bare in _CAPITALS


def is_variable(value: str) -> bool:
    """Return whether bare text is a name in code, as in ``token = session.token`` or ``password=read(path)``."""
    if _DOTTED_NAME.fullmatch(value) or _EXPRESSION.match(value):
        return True
    return _is_a_name(value)


def is_quoted(value: str, kind: Family) -> bool:
    """Return whether ``value`` in ``"password": "value"`` is a credential."""
    if kind == "pin":
        return is_pin(value)
    if len(value) < 3 or is_stand_in(value) or _is_a_name(value):
        return False
    return kind == "password" or len(value) >= 8 or bool(re.search(r"\d", value))


def is_assigned(value: str, kind: Family) -> bool:
    """Return whether ``value`` in ``password=value`` is a credential."""
    if kind == "pin":
        return is_pin(value)
    if len(value) < 4 or is_stand_in(value) or is_variable(value):
        return False
    return kind == "password" or len(value) >= 16 or bool(re.search(r"\d", value))


def is_told(value: str, kind: Family) -> bool:
    """Return whether ``value`` in prose, as in "the password is value", is a credential and no word of the sentence."""
    if kind == "pin":
        return is_pin(value)
    if len(value) < 4 or is_stand_in(value) or is_variable(value):
        return False
    digit, letter = re.search(r"\d", value), re.search(r"[^\W\d_]", value)
    if kind == "password":
        mixed = re.search(r"[a-z][A-Z]", value)
        return bool(digit or _SYMBOL.search(value) or mixed)
    return len(value) >= 8 and bool(digit and letter) and not re.fullmatch(r"[A-Z]{2,6}-\d{1,6}", value)


def is_token_like(value: str) -> bool:
    """Return whether a value could be a key of some service: 16 characters or more, of letters and digits."""
    return len(value) >= 16 and bool(re.search(r"\d", value) and re.search(r"[A-Za-z]", value)) and " " not in value


def is_pin(value: str) -> bool:
    """Return whether a value is a short number."""
    return re.fullmatch(r"\d{3,8}", value) is not None


def _is_a_name(value: str) -> bool:
    """Tell ``token`` in ``"key": "token"`` and ``password=new_password``: the value is a name of one itself."""
    return value.isidentifier() and not re.search(r"\d", value) and family(value) is not None
