"""Decides whether the value after a name like ``password`` is a credential, or a placeholder, variable or word."""

from __future__ import annotations

import re

from airflow_provider_vai.secrets.key_names import Family, family
from airflow_provider_vai.secrets.patterns import deferred

_STAND_IN = deferred(
    r"\W*|[*•.xX_-]{3,}|[$%@]?\{.*|\$\(?\w+\)?|<[^>]*>?|\[[^\]]*\]?|%\(?\w*\)?[sd]|%\w+%|[:@]\w*|"
    r"(?:null|none|nil|true|false|undefined|nan|n/?a|yes|no|string|str|text|bytes|int|number|boolean|bool|object|any|uuid|"
    r"secretstr|optional|required|redacted|masked|hidden|empty|missing|unset|invalid|expired|encrypted|input_?password)|"
    r"(?:str|string|text|varchar|nvarchar|char|optional|list|dict|union|secretstr)\W.*|"
    r"your?[-_ ].*|my[-_](?:password|token|secret|api)\b.*|(?:os|process|sys|config|settings|self|this|env|secrets?|"
    r"vars?|inputs?|params?|conn|connection|vault|data|kwargs|args|request|event|ctx|context)[.:\[(].*|[a-z_]\w*\(.*|connection_secret.*",
    re.IGNORECASE | re.DOTALL,
)
_SCHEME = deferred(r"^(?:bearer|basic|token) +", re.IGNORECASE)
_CAPITALS = frozenset({"TOKEN", "PASSWORD", "PASSWD", "PASS", "SECRET", "KEY", "PWD", "API_KEY"})
_EXPRESSION = deferred(r"\w+://|[A-Za-z_]\w*(?:\.\w+)*[(\[]|[rbf]{1,2}['\"]")
_DOTTED_NAME = deferred(r"[A-Za-z_]+(?:\.[A-Za-z_]+)+")
_SYMBOL = deferred(r"\w[!@#$%^&*_+=?~§€£].|[!@#$%^&*+=?~§€£]\w{3}")


def is_stand_in(value: str) -> bool:
    """Return whether the text is a placeholder, such as stars, ``${PASSWORD}``, ``<token>``, ``null`` or ``str``."""
    bare = _SCHEME.sub("", value.strip())
    return value[:1].isspace() or bool(_STAND_IN.fullmatch(bare)) or bare in _CAPITALS


def is_variable(value: str) -> bool:
    """Return whether unquoted text is a name or call in code: ``token = session.token``, ``password=read(path)``."""
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
    """Return whether ``value`` in prose ("the password is value") is a credential, and not a word of the sentence."""
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
    """Return whether a value could be a service's key: at least 16 characters, with letters and digits, no spaces."""
    return len(value) >= 16 and bool(re.search(r"\d", value) and re.search(r"[A-Za-z]", value)) and " " not in value


def is_pin(value: str) -> bool:
    """Return whether a value is a number of three to eight digits."""
    return re.fullmatch(r"\d{3,8}", value) is not None


def _is_a_name(value: str) -> bool:
    """Return whether a value is itself a credential's name, as in ``"key": "token"`` or ``password=new_password``."""
    return value.isidentifier() and not re.search(r"\d", value) and family(value) is not None
