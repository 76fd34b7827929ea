"""Turns names of tools and titles into identifiers for tasks, variables and DAGs, and names the assets' URIs."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from urllib.parse import quote, unquote

MAX_LENGTH = 80
"""In characters. Airflow allows ids of 250 and file systems names of 255 bytes; a prefix and suffix must still fit."""

MAX_DAG_ID_BYTES = 200
"""Maximum for a DAG id. Most file systems allow names of 255 bytes, and the longest name adds a prefix and a suffix.
Airflow allows 250 characters."""

MAX_TASK_ID = 250
"""Maximum for a task id, in characters: ``validate_key`` in ``airflow.sdk.definitions._internal.node``."""

ASSET_SCHEME = "vai"

EVENT_FILTERS = ("connection", "action_kind", "automation", "step")
"""The filters of an event, in their order in the URI of its asset."""

EVENT_PREFIX = f"{ASSET_SCHEME}://events/"
ACTION_PREFIX = f"{ASSET_SCHEME}://actions/"

RESERVED = frozenset(
    {
        *keyword.kwlist,
        *keyword.softkwlist,
        *dir(builtins),
        # names that a rendered file imports or calls, and names with a meaning in Airflow templates
        "airflow",
        "asset",
        "chain",
        "conf",
        "conn",
        "connection_secret",
        "context",
        "dag",
        "dag_id",
        "datetime",
        "default_args",
        "ds",
        "macros",
        "parameter",
        "params",
        "return_value",
        "run_id",
        "task",
        "task_id",
        "template",
        "ti",
        "timedelta",
        "timezone",
        "var",
        "wired",
    }
)


def slug(name: str, fallback: str) -> str:
    """Return ``name`` as an identifier that is also a valid Airflow id, of lower-case ASCII letters, digits and
    underscores.

    Airflow's metrics leave out ids with other letters (``airflow.sdk._shared.observability.metrics.validators``).
    Latin letters lose their accents; letters of other scripts are dropped. See :func:`identifier` for the rest.

    :param name: Any text.
    :param fallback: The identifier to use if no character of the name is left.
    """
    return identifier(_ascii(name), fallback)


@lru_cache(maxsize=1000)
def loses_letters(name: str) -> bool:
    """Return whether the slug of a name lacks letters of it, so that people should be shown the name."""
    return slug(name, "") != identifier(name, "")


def _ascii(name: str) -> str:
    """Return a text with Latin letters as ASCII, and a space for each other character that is not ASCII."""
    if name.isascii():
        return name.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(
        character if character.isascii() else _latin(character)
        for character in decomposed
        if not unicodedata.combining(character)
    )


def _latin(character: str) -> str:
    """Return the base of a Latin letter that does not decompose (``ø``, ``æ``), from its Unicode name."""
    found = _LATIN.fullmatch(unicodedata.name(character, ""))
    return found[1].lower() if found else " "


def identifier(name: str, fallback: str) -> str:
    """Return ``name`` as an identifier of lower-case letters, digits and underscores.

    Letters of any script are kept, and every other character becomes an underscore. An identifier that would begin with
    a digit gets the prefix ``n``, and a reserved name gets an underscore at the end.

    :param name: Any text.
    :param fallback: The identifier to use if no character of the name is left.
    """
    if len(name) <= MAX_LENGTH and _IDENTIFIER.fullmatch(name) and name not in RESERVED:
        return name
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).lower())
    kept = "".join(character if character.isalnum() else "_" for character in folded)
    parts = [part for part in kept.split("_") if part]
    short = "_".join(parts)[:MAX_LENGTH].strip("_") or fallback
    if not short.isidentifier():
        short = f"n{short}"
    if not short.isidentifier():  # alphanumeric, but not allowed in an identifier (a superscript, for example)
        short = fallback
    return f"{short}_" if short in RESERVED else short


_IDENTIFIER = re.compile(r"[a-z]+(?:_[a-z0-9]+)*")
_LATIN = re.compile(r"LATIN (?:SMALL|CAPITAL) (?:LETTER|LIGATURE) (?:DOTLESS )?([A-Z]{1,2})(?: WITH .*)?")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name.casefold())


class Names:
    """Hands out unique identifiers; two that differ only in case count as equal.

    :param taken: Identifiers that are already in use.
    :param make: Makes an identifier of a name: :func:`slug` for new ids, :func:`identifier` to keep every letter.
    """

    def __init__(self, taken: frozenset[str] = frozenset(), make: Callable[[str, str], str] = slug) -> None:
        self._make = make
        self._taken = {_folded(name) for name in taken}
        self._numbers: dict[str, int] = {}  # slug -> the highest number that was tried

    def give(self, name: str, fallback: str = "step") -> str:
        """Return an identifier for ``name``: its slug, with the suffix ``_2``, ``_3`` and so on if that is taken."""
        wanted = self._make(name, fallback)
        free, number = wanted, self._numbers.get(wanted, 1)
        while _folded(free) in self._taken:
            number += 1
            free = f"{wanted.rstrip('_')}_{number}"
        self._taken.add(_folded(free))
        self._numbers[wanted] = number
        return free


def has_valid_characters(dag_id: str) -> bool:
    """Return whether a DAG id has only letters, digits, dashes, dots and underscores, and a letter or digit first."""
    return dag_id[:1].isalnum() and _is_key(dag_id)


def dag_id_problem(dag_id: str) -> str | None:
    """Return why a text cannot be a DAG id and name a file, as a phrase; ``None`` if it can."""
    if not has_valid_characters(dag_id):
        return "must contain only letters, digits, dashes, dots and underscores, and start with a letter or digit"
    too_long = len(dag_id.encode("utf-8", "replace")) > MAX_DAG_ID_BYTES
    return f"is longer than {MAX_DAG_ID_BYTES} bytes" if too_long else None


def task_id_problem(task_id: str) -> str | None:
    """Return why Airflow refuses a task id, as a phrase; ``None`` if it does not."""
    if not task_id or not _is_key(task_id):
        return "must contain only letters, digits, dashes, dots and underscores, and at least one of them"
    return f"is longer than {MAX_TASK_ID} characters" if len(task_id) > MAX_TASK_ID else None


def _is_key(text: str) -> bool:
    """Return whether Airflow accepts the characters of an id (its ``KEY_REGEX``)."""
    letters = text.translate(_MARKS)
    return not letters or letters.isalnum()


_MARKS = dict.fromkeys(map(ord, "_-."))


def asset_uri(*parts: str) -> str:
    """Return the URI of an asset that automations emit.

    ``asset_uri("automations", dag_id)`` is emitted when a DAG run of the automation succeeds,
    ``asset_uri("actions", kind, dag_id, task_id)`` when one of its steps succeeds.
    """
    return f"{ASSET_SCHEME}://" + "/".join(quote(part, "") for part in parts)


def event_uri(event: str, filters: Mapping[str, str]) -> str:
    """Return the URI of the asset for every ``event`` that passes the filters.

    ``event_uri("action.failed", {"automation": "sales"})`` is ``vai://events/action.failed/automation/sales``. No task
    emits such an asset: the plugin does, when a DAG run has ended and a DAG listens to the event.

    :param event: The event's name.
    :param filters: Filter name (one of :data:`EVENT_FILTERS`) -> value. Empty: all events of that name.
    """
    named = [part for name in EVENT_FILTERS if name in filters for part in (name, filters[name])]
    return asset_uri("events", event, *named)


def read_action_uri(uri: str) -> tuple[str, str, str] | None:
    """Return the action kind, DAG id and task id of a step's asset; ``None`` for any other URI."""
    if not uri.startswith(ACTION_PREFIX):
        return None
    parts = [unquote(part) for part in uri.removeprefix(ACTION_PREFIX).split("/")]
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None


def read_event_uri(uri: str) -> tuple[str, dict[str, str]] | None:
    """Return the event and the filters of a URI made by :func:`event_uri`; ``None`` for any other URI."""
    if not uri.startswith(EVENT_PREFIX):
        return None
    event, *parts = map(unquote, uri.removeprefix(EVENT_PREFIX).split("/"))
    filters = dict(zip(parts[::2], parts[1::2], strict=False))
    return (event, filters) if event_uri(event, filters) == uri else None


def folder_name(name: str) -> str:
    """Return an id quoted as the name of one folder or file, so that no id leads elsewhere (a run id may be "..")."""
    quoted = quote(name, "")
    return quoted if quoted.strip(".") else quoted.replace(".", "%2E")
