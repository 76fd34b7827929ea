"""Names of tools and titles, made into identifiers: one map for task ids, Python variables and edges."""

from __future__ import annotations

import builtins
import keyword
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote, unquote

MAX_LENGTH = 80
"""Characters. Airflow takes ids of 250, file systems names of 255 bytes; a prefix and a number must still fit."""

ASSET_SCHEME = "vai"

EVENT_FILTERS = ("connection", "action_kind", "automation", "step")
"""What an event may be narrowed by, in the order in which the URI of its asset names them."""

EVENT_PREFIX = f"{ASSET_SCHEME}://events/"

RESERVED = frozenset(
    {
        *keyword.kwlist,
        *keyword.softkwlist,
        *dir(builtins),
        # names that a rendered file imports or calls, and words that mean something in an Airflow template
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
    """Return ``name`` as an identifier that is also a valid Airflow id: lower case, letters, digits and underscores.

    Letters of any script stay. Everything else becomes an underscore; a leading digit gets ``n`` in front, a reserved
    name an underscore behind.

    :param name: any text.
    :param fallback: an identifier, for names of which nothing is left.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).lower())
    kept = "".join(character if character.isalnum() else "_" for character in folded)
    parts = [part for part in kept.split("_") if part]
    short = "_".join(parts)[:MAX_LENGTH].strip("_") or fallback
    if not short.isidentifier():
        short = f"n{short}"
    if not short.isidentifier():  # alphanumeric for Airflow, yet no letter of an identifier (a superscript, say)
        short = fallback
    return f"{short}_" if short in RESERVED else short


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name.casefold())


class Names:
    """Hands out identifiers that differ from each other, also where upper and lower case are one.

    :param taken: identifiers that are in use already.
    """

    def __init__(self, taken: frozenset[str] = frozenset()) -> None:
        self._taken = {_folded(name) for name in taken}
        self._numbers: dict[str, int] = {}  # of each slug, the highest number that was tried

    def give(self, name: str, fallback: str = "step") -> str:
        """Return an identifier for ``name``: its slug, with ``_2``, ``_3`` and so on where that is taken."""
        wanted = slug(name, fallback)
        free, number = wanted, self._numbers.get(wanted, 1)
        while _folded(free) in self._taken:
            number += 1
            free = f"{wanted.rstrip('_')}_{number}"
        self._taken.add(_folded(free))
        self._numbers[wanted] = number
        return free


def asset_uri(*parts: str) -> str:
    """Return the URI of an asset that automations emit.

    ``asset_uri("automations", dag_id)`` is emitted when a whole automation succeeded,
    ``asset_uri("actions", kind, dag_id, task_id)`` each time that one of its steps did.
    """
    return f"{ASSET_SCHEME}://" + "/".join(quote(part, "") for part in parts)


def event_uri(event: str, filters: Mapping[str, str]) -> str:
    """Return the URI of the asset that is every ``event`` which passes the filters.

    ``event_uri("action.failed", {"automation": "sales"})`` is ``vai://events/action.failed/automation/sales``. Nothing
    emits such an asset by itself: the plugin does, when a run has ended and a DAG listens to it.

    :param event: the event's name.
    :param filters: values by names of :data:`EVENT_FILTERS`; none of them: all events of that name.
    """
    named = [part for name in EVENT_FILTERS if name in filters for part in (name, filters[name])]
    return asset_uri("events", event, *named)


def read_event_uri(uri: str) -> tuple[str, dict[str, str]] | None:
    """Return the event and the filters of an asset that :func:`event_uri` named; ``None`` for any other URI."""
    if not uri.startswith(EVENT_PREFIX):
        return None
    event, *parts = map(unquote, uri.removeprefix(EVENT_PREFIX).split("/"))
    filters = dict(zip(parts[::2], parts[1::2], strict=False))
    return (event, filters) if event_uri(event, filters) == uri else None


def folder_name(name: str) -> str:
    """Return any id as the name of one folder or file: nothing in it leads elsewhere (a DAG run may be called "..")."""
    quoted = quote(name, "")
    return quoted if quoted.strip(".") else quoted.replace(".", "%2E")
