"""Tells which values of an object or list are credentials, by what stands beside them: names, fields, columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any

from airflow_provider_vai.secrets.field_names import field_family, is_selector
from airflow_provider_vai.secrets.find import find
from airflow_provider_vai.secrets.headers import may_carry_credentials
from airflow_provider_vai.secrets.in_code import is_pair
from airflow_provider_vai.secrets.in_commands import secret_words
from airflow_provider_vai.secrets.in_documents import is_kept_below, is_login
from airflow_provider_vai.secrets.in_statements import columns_of
from airflow_provider_vai.secrets.key_names import (
    NAME_KEYS,
    VALUE_KEYS,
    Family,
    family,
    is_secret_key,
    names_an_identifier,
    names_many,
    spelled,
)
from airflow_provider_vai.secrets.patterns import deferred
from airflow_provider_vai.secrets.plausible import is_quoted, is_stand_in, is_token_like, is_told
from airflow_provider_vai.secrets.randomness import is_random
from airflow_provider_vai.secrets.shell_words import Word
from airflow_provider_vai.secrets.span import SecretSpan

LONGEST_COMMAND = 200
"""In words. A longer list is not read as a command."""

LONGEST_LABEL = 200
"""In characters. A longer text is not the label of a field."""

Path = list[str | int]

_SELECTORS = frozenset(
    [
        "selector",
        "element",
        "locator",
        "xpath",
        "css",
        "css_selector",
        "target",
        "input_selector",
        "query_selector",
        "element_description",
        "field_selector",
    ]
)
_LABELS = frozenset(
    [
        "label",
        "placeholder",
        "aria_label",
        "accessible_name",
        "field_name",
        "input_name",
        "field_label",
        "label_text",
        "name",
        "field",
        "description",
    ]
)
_TYPED = VALUE_KEYS | frozenset(
    ["keys", "input", "typed", "string", "chars", "characters", "input_text", "text_to_type", "keystrokes"]
)
_BY = frozenset({"by", "using", "strategy", "locator_type", "selector_type", "find_by"})
_COLUMNS = frozenset(["columns", "column_names", "header", "fields", "fieldnames", "field_names", "cols", "headings"])
_ROWS = frozenset(["rows", "values", "data", "records", "tuples"])
_PARAMETERS = frozenset(["params", "parameters", "args", "values", "bind", "binds", "bindings", "arguments"])
_SETTINGS = frozenset(
    [
        "env",
        "environ",
        "environment",
        "header",
        "headers",
        "variables",
        "vars",
        "settings",
        "secrets",
        "config",
        "cookies",
        "form",
        "form_data",
        "multipart",
        "options",
        "properties",
        "query",
        "environment_variables",
        "env_vars",
    ]
)
_LOGINS = frozenset(["auth", "basic_auth", "http_auth", "proxy_auth", "userpwd", "user_password", "basic"])
COOKIES = deferred(r"(^|_)(cookies|cookie_jar)$")
"""Names of objects whose texts are cookies."""

_INSERT = deferred(r"(?i)\b(?:insert|replace)\b.*\(", re.DOTALL)
_GENERATED = deferred(r"(?=[^\d]{0,80}\d)(?=[^A-Za-z]{0,80}[A-Za-z])[A-Za-z0-9+/]{16,80}={0,2}")
_NO_USER = deferred(
    r"(?i)basic|bearer|digest|oauth\d?|jwt|none|ntlm|saml|api_?key|token|read|write|admin|user|users|public|session|cookie|"
    r"kerberos|ldap|mtls|password|passwd|sso|oidc|\w+:\w+|\w+\.\w+"
)


def has_plain_keys(keys: tuple[Any, ...], at: Path) -> bool:
    """Return whether an object is ordinary: neither its keys nor those above say anything about credentials.

    A key may still contain one, and so may the values.

    :param keys: The keys of the object.
    :param at: The path of the object.
    """
    return _are_plain(keys) and not any(isinstance(part, str) and _says_about_others(part) for part in at[-3:])


@lru_cache(maxsize=10_000)
def _are_plain(keys: tuple[Any, ...]) -> bool:
    return not any(_is_telling(key) for key in keys)


def _is_telling(key: Any) -> bool:
    if not isinstance(key, str) or family(key) is not None or may_be_a_credential(key):
        return True
    return key == "kind" or _may_belong_to_others(key) or spelled(key) in _ROWS | _COLUMNS | _PARAMETERS


@lru_cache(maxsize=10_000)
def _says_about_others(key: str) -> bool:
    return names_many(key) or COOKIES.search(spelled(key)) is not None


def kinds_of_object(value: dict[str, Any], at: Path, kind: Family | None) -> dict[str, Family]:
    """Return the keys of an object whose texts are credentials, although the keys do not say so.

    :param at: The path of the object.
    :param kind: What the keys above name.
    """
    found: dict[str, Family] = {}
    is_below = any(isinstance(part, str) and names_many(part) for part in at[-3:])
    if not is_below and not any(_may_belong_to_others(key) for key in value):
        return found
    named, typed = _named(value), _typed_into(value)
    for key, part in value.items():
        name = spelled(key)
        if family(key) is not None or not isinstance(part, (str, list, dict, int, float)):
            continue
        below = None
        if name in VALUE_KEYS:
            below = kind if named is None or _is_a_label(part) else named
        if below is None and typed and name in _TYPED and isinstance(part, str) and _is_typed(part, value, *typed):
            below = typed[0]
        if (
            below is None
            and isinstance(part, str)
            and is_below
            and is_kept_below(key, part, is_sure=_are_passwords(at, part))
        ):
            below = "password"
        if below is None and name in _LOGINS and isinstance(part, str) and _is_a_login(name, part):
            below = "password"
        if below is not None:
            found[key] = below
    return found


@lru_cache(maxsize=10_000)
def _may_belong_to_others(key: str) -> bool:
    """Return whether other fields of an object, or a login, can make the text under a key a credential."""
    name = spelled(key)
    return name in VALUE_KEYS or name in _TYPED or name in _LOGINS


def spans_in_key(key: str, at: Path) -> list[SecretSpan]:
    """Return the credentials in a key of an object, which may itself be one, as in ``{"api_keys": {"…": "mia"}}``.

    :param at: The path of the object.
    """
    if spans := find(key):
        return spans
    if not may_be_a_credential(key):
        return []
    above = [part for part in at[-3:] if isinstance(part, str)]
    is_below = any(names_many(part) or is_secret_key(part) for part in above)
    user, mark, password = key.partition(":")
    is_login_below = is_below and mark and user and " " not in key and is_told(password, "password")
    is_generated = is_random(key) and not any(names_an_identifier(part) for part in above)
    if is_generated or is_login_below or (is_below and _GENERATED.fullmatch(key)):
        return [SecretSpan(0, len(key), password if is_login_below else key, bool(is_login_below))]
    return []


@lru_cache(maxsize=10_000)
def may_be_a_credential(key: str) -> bool:
    """Return whether a key can be a credential in some place; that place decides."""
    return ":" in key or is_random(key) or _GENERATED.fullmatch(key) is not None


def kinds_of_list(value: list[Any], at: Path, name: str) -> dict[int, Family]:
    """Return the positions in a list at which a text is a credential because of the others.

    :param at: The path of the list.
    :param name: The nearest key above.
    """
    if not all(isinstance(part, str) for part in value):
        return {}
    if len(value) == 2:
        first, second = value
        if is_selector(first) and not is_selector(second) and (kind := field_family(first)):
            return {} if is_stand_in(second) else {1: kind}
        is_sure = spelled(name) in _SETTINGS and bool(at) and isinstance(at[-1], int)
        if (kind := family(first)) and is_pair(first, second, is_sure=is_sure):
            return {1: kind}
        is_login = spelled(name) in _LOGINS and at and at[-1] == name and not _NO_USER.fullmatch(first)
        if is_login and is_quoted(second, "password") and not _NO_USER.fullmatch(second):
            return {1: "password"}
    return _in_flat_list(value) if len(value) > 2 and spelled(name) in _SETTINGS else {}


def _in_flat_list(value: list[str]) -> dict[int, Family]:
    """Return the credentials in a list of names and values in turn, such as ``["Accept", "*/*", "X-Api-Key", "…"]``."""
    found: dict[int, Family] = {}
    for place in range(0, len(value) - 1, 2):
        name, text = value[place], value[place + 1]
        if may_carry_credentials(name) and not is_stand_in(text) and is_token_like(text.rpartition(" ")[2]):
            found[place + 1] = "token"
        elif (kind := family(name)) and is_pair(name, text, is_sure=True):
            found[place + 1] = kind
    return found


def rows_of_object(value: dict[str, Any]) -> dict[str, list[Family | None]]:
    """Return the keys of an object under which there are rows, with what the columns of a row are.

    The columns are named beside them (``{"columns": […], "rows": […]}``), or by an ``INSERT`` with placeholders.
    """
    if list not in map(type, value.values()):  # there are no rows
        return {}
    names: list[str] = []
    wanted = _ROWS
    for key, part in value.items():
        if isinstance(part, list) and spelled(key) in _COLUMNS and all(isinstance(one, str) for one in part):
            names = part
        elif isinstance(part, str) and len(part) < 20_000 and _INSERT.search(part):
            names, wanted = columns_of(part), _PARAMETERS
    kinds = [family(name) for name in names]
    if not any(kinds):
        return {}
    return {key: kinds for key, part in value.items() if spelled(key) in wanted and isinstance(part, list)}


def is_in_column(value: Any, kind: Family | None) -> bool:
    """Return whether a value in a column of this kind is a credential."""
    if kind is None or not isinstance(value, str) or not is_quoted(value, kind):
        return False
    return kind != "token" or is_token_like(value)


def is_manifest(value: dict[str, Any]) -> bool:
    """Return whether an object is the manifest of a Kubernetes Secret."""
    return value.get("kind") == "Secret"


def in_words(words: Sequence[str]) -> dict[int, SecretSpan]:
    """Return the credentials in the words of a command, each by the position of its word and its place in it."""
    if not 2 <= len(words) <= LONGEST_COMMAND:
        return {}
    starts = [0, *accumulate(len(word) + 1 for word in words)]
    found = {}
    for word, is_password in secret_words([Word(text, start) for text, start in zip(words, starts, strict=False)]):
        number = next(number for number, start in enumerate(starts[1:]) if word.start < start)
        begin = word.start - starts[number]
        found[number] = SecretSpan(begin, begin + len(word.text), word.text, is_password)
    return found


def _named(value: dict[str, Any]) -> Family | None:
    """Return the kind of credential that an object like ``{"name": "API_KEY", "value": …}`` names for its value."""
    for key, part in value.items():
        if isinstance(part, str) and spelled(key) in NAME_KEYS:
            if kind := family(part):
                return kind
            if may_carry_credentials(part):
                return "token"
    return None


def _are_passwords(at: Path, text: str) -> bool:
    """Return whether a text stands directly below ``passwords``, where the keys are the names of users."""
    return bool(at) and re.search(r"passwords$|^passw[oö]rter$", spelled(str(at[-1]))) is not None and " " not in text


def _is_a_label(value: Any) -> bool:
    """Return whether a value is the translated label of a field (``Enter your password``), not what belongs into it."""
    if not isinstance(value, str) or len(value) > LONGEST_LABEL or not (" " in value.strip() or value.isalpha()):
        return False
    return any(family(word) for word in re.findall(r"\w+", value))


def _typed_into(value: dict[str, Any]) -> tuple[Family, bool] | None:
    """Return what the form field takes that an object describes, and whether a selector describes it."""
    by = any(spelled(key) in _BY for key in value)
    for key, part in value.items():
        name = spelled(key)
        is_selector_key = name in _SELECTORS or (by and name == "value")
        if not is_selector_key and name not in _LABELS and name != "selectors":
            continue
        for text in _texts(part) if name == "selectors" else [part]:
            if isinstance(text, str) and (kind := field_family(text)):
                return kind, is_selector_key or name == "selectors"
    return None


def _texts(value: Any) -> list[Any]:
    """Return the texts in a list, and in the lists in it."""
    parts = value if isinstance(value, list) else [value]
    return [text for part in parts for text in (part if isinstance(part, list) else [part])]


def _is_typed(text: str, value: dict[str, Any], kind: Family, by_selector: bool) -> bool:
    is_the_locator = any(spelled(key) in _BY for key in value) and field_family(text) is not None
    if is_the_locator or is_stand_in(text) or _is_a_label(text) or (text.isidentifier() and family(text)):
        return False
    if kind == "token":
        return is_quoted(text, kind) and " " not in text and bool(re.search(r"\d", text))
    words = text.split()
    if len(words) == 1:
        return kind == "pin" or is_quoted(text, kind)
    return by_selector and not (len(words) > 3 and text[:1].isupper()) and not text.rstrip().endswith(".")


def _is_a_login(name: str, text: str) -> bool:
    """Return whether a text is ``user:password``, plain or in base64."""
    if is_login(text):
        return True
    user, mark, password = text.partition(":")
    if not mark or " " in text or not user or password.startswith("/") or not is_quoted(password, "password"):
        return False
    return name not in ("auth", "basic") or is_told(password, "password")
