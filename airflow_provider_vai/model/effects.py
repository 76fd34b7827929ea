"""The effects that a step's arguments allow: requests, and files, tables and loads.

The rules take the arguments by name, as a spec has them or as they are when the step runs; an argument that is known
only in a run may be missing. Operators use them as well, so nothing heavy is imported here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

if TYPE_CHECKING:
    from airflow_provider_vai.model.behaviour import Effect

READS = frozenset({"GET", "HEAD", "OPTIONS"})
"""The HTTP methods that only read."""

OWN = "own_destination"
"""The argument that declares the destination as the automation's own."""

ORDER = ("read", "artifact", "write")
"""The effects, from the weakest to the strongest."""

_OVERRIDES = frozenset(
    {"x-http-method-override", "x-http-method", "x-method-override", "-method", "-httpmethod", "http-method-override"}
)

_ACTIONS = frozenset({"action", "cmd", "command", "do", "op", "operation"})
"""Fields of a query that name what a request does."""

_NAME_WORDS = 3
"""The words that the name of a method has at most; a title has more."""

_IN_RESOURCES = ("method", "headers", "json", "data")
"""The parts of a request that a dlt resource names as ``http_request`` does."""


class Possible:
    """The effects that a step can have. No named tuple: DAG files import this, and making one compiles code.

    :param effect: the effect if nobody states another one.
    :param lowest: the lowest effect that may be stated.
    :param why: why no lower effect may be stated, to be read after "it".
    :param repeatable: whether the arguments let the step do the same once more without another change.
    """

    __slots__ = ("effect", "lowest", "repeatable", "why")

    def __init__(self, effect: Effect, lowest: Effect, why: str = "", repeatable: bool = True) -> None:
        self.effect, self.lowest, self.why, self.repeatable = effect, lowest, why, repeatable


def of_request(arguments: Mapping[str, Any]) -> Possible:
    """Return the effects of an HTTP request.

    A request with a mutation, or whose method is overridden by a method that writes, is always a write. One whose
    address names a change, such as ``GET /orders/7/delete``, is a write unless somebody states that it reads.

    :param arguments: those of the kind ``http_request``; ``method`` may have any case.
    """
    found = _of_sent(arguments)
    return Possible("write", "read") if found.effect == "read" and _named_change(arguments) else found


def _of_sent(arguments: Mapping[str, Any]) -> Possible:
    """Return the effects that a request's method and content allow, whatever its address says."""
    method = arguments.get("method") or "GET"
    is_read = isinstance(method, str) and method.upper() in READS
    found = list(_overrides(arguments))
    changing = next((f"{name}: {value}" for name, value in found if str(value).strip().upper() not in READS), None)
    if changing:
        return Possible("write", "write", f"overrides its method ({changing[:60]})")
    if any(map(_has_mutation, _texts(_content(arguments)))):
        return Possible("write", "write", "sends a GraphQL mutation")
    return Possible("read" if is_read and not found else "write", "read")


def of_page(arguments: Mapping[str, Any]) -> Possible:
    """Return the effects of a GET request for a page, or for each of several pages.

    The address of a page is a title as often as a command (``/blog/create-a-report``), so it says nothing.

    :param arguments: those of the kind ``fetch_page``.
    """
    url = arguments.get("url")
    found = [_of_sent({"endpoint": one}) for one in (url if isinstance(url, list) else [url])]
    return max(found, key=_strength, default=Possible("read", "read"))


def of_sync(arguments: Mapping[str, Any]) -> Possible:
    """Return the effects of a copy of files.

    :param arguments: those of the kind ``file_sync``.
    """
    target, conn_id = arguments.get("destination"), arguments.get("destination_conn_id")
    return _of_target(arguments, target, conn_id, "copies files")


def of_transform(arguments: Mapping[str, Any]) -> Possible:
    """Return the effects of a query whose rows go to a table or a file.

    :param arguments: those of the kind ``duckdb_transform``.
    """
    return _of_target(arguments, arguments.get("path"), None, "writes rows")


def of_load(arguments: Mapping[str, Any]) -> Possible:
    """Return the effects of a load into a database.

    A load whose source sends requests that may write is a write, whatever its destination is.

    :param arguments: those of the kind ``dlt_extract``.
    """
    requests = _requests_of_load(arguments)
    if requests.effect == "write":
        lowest: Effect = "write" if requests.lowest == "write" else "artifact"
        return Possible("write", lowest, requests.why or "sends requests that may write", repeatable=False)
    return _of_target(arguments, None, None, "loads tables")


def _requests_of_load(arguments: Mapping[str, Any]) -> Possible:
    """Return the effects of the requests that a load sends to its source."""
    found = []
    for part in _objects(arguments.get("source_config")):
        request = {"query": part.get("params"), "endpoint": part.get("path")}
        found.append(of_request({**request, **{name: part.get(name) for name in _IN_RESOURCES}}))
    return max(found, key=_strength, default=Possible("read", "read"))


def _has_mutation(text: str) -> bool:
    from airflow_provider_vai.languages import graphql_text

    return graphql_text.has_mutation(text)


def _strength(found: Possible) -> tuple[int, int]:
    return ORDER.index(found.effect), ORDER.index(found.lowest)


def _of_target(arguments: Mapping[str, Any], target: Any, conn_id: Any, does: str) -> Possible:
    from airflow_provider_vai.model import artifacts

    inside = isinstance(target, str) and artifacts.is_below(
        target, artifacts.artifacts_path(), str(conn_id) if conn_id else None
    )
    return Possible("artifact" if inside or arguments.get(OWN) is True else "write", "artifact", does)


def _overrides(arguments: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the name and value of each part of a request that servers read as another method."""
    headers, query, data = (arguments.get(name) for name in ("headers", "query", "data"))
    fields = [*_pairs(headers), *_pairs(query), *_pairs(arguments.get("json")), *_pairs(data)]
    if isinstance(data, str):
        fields += [*parse_qsl(data, keep_blank_values=True), *_pairs(_parsed(data))]
    fields += parse_qsl(_query_of(arguments.get("endpoint")), keep_blank_values=True)
    for name, value in fields:
        if str(name).strip().lower().replace("_", "-") in _OVERRIDES:  # some servers read `_` in a header as `-`
            yield str(name), value


def _named_change(arguments: Mapping[str, Any]) -> bool:
    """Return whether the address of a request says that it changes something.

    It does if its last part begins with a verb that writes (``/orders/7/delete``, ``/chat.delete``) and is no title, or
    if a field such as ``action`` has such a value.
    """
    from airflow_provider_vai.model import verbs

    endpoint = arguments.get("endpoint")
    name = _split(endpoint).path.rstrip("/").rpartition("/")[2] if isinstance(endpoint, str) else ""
    fields = [*_pairs(arguments.get("query")), *parse_qsl(_query_of(endpoint), keep_blank_values=True)]
    named = [str(value) for field, value in fields if str(field).strip().lower() in _ACTIONS]
    parts = [part for part in name.split(".") if len(verbs.words(part)) <= _NAME_WORDS]
    return any(map(verbs.begins_with_a_write, [*parts, *named]))


def _content(arguments: Mapping[str, Any]) -> list[Any]:
    """Return the parts of a request that can have a GraphQL document."""
    data, query = arguments.get("data"), _query_of(arguments.get("endpoint"))
    form = parse_qsl(data) if isinstance(data, str) else []
    return [arguments.get("query"), arguments.get("json"), data, *map(list, form), *map(list, parse_qsl(query))]


def _texts(value: Any) -> Iterator[str]:
    """Yield each text in JSON data, and in JSON data that is written as text."""
    if isinstance(value, str):
        yield value
        value = _parsed(value)
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _texts(part)


def _parsed(text: str) -> Any:
    """Return the data that a text contains as JSON, objects as lists of pairs; ``None`` if it contains none.

    Pairs keep all values of a repeated key: servers differ in which one they use.
    """
    if text.lstrip("\ufeff \t\r\n")[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text.lstrip("\ufeff"), object_pairs_hook=lambda pairs: [list(pair) for pair in pairs])
    except (ValueError, RecursionError):
        return None


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield each object in JSON data, at any depth."""
    if isinstance(value, Mapping):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _objects(part)


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    """Return the entries of an object, or of a list of pairs."""
    if isinstance(value, Mapping):
        return list(value.items())
    entries = value if isinstance(value, list) else []
    return [(entry[0], entry[1]) for entry in entries if isinstance(entry, (list, tuple)) and len(entry) == 2]


def _query_of(url: Any) -> str:
    return _split(url).query if isinstance(url, str) else ""


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


BY_KIND: dict[str, Callable[[Mapping[str, Any]], Possible]] = {
    "dlt_extract": of_load,
    "duckdb_transform": of_transform,
    "fetch_page": of_page,
    "file_sync": of_sync,
    "http_request": of_request,
}
"""Action kind -> the rule for its effects."""
