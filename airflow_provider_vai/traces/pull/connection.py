"""A source's address and credentials: ``--url`` and the environment, or an Airflow connection read without Airflow."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from airflow_provider_vai.exceptions import PullError
from airflow_provider_vai.traces.pull.base import Credentials, LiveSource
from airflow_provider_vai.traces.pull.http import Client

PREFIX = "AIRFLOW_CONN_"


class Connection(NamedTuple):
    """The parts of an Airflow connection that hold a server's address and the credentials."""

    host: str = ""
    schema: str = ""
    port: int | None = None
    login: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Connection(host={self.host!r})"

    @property
    def url(self) -> str:
        """The server's address, with ``https`` if the connection names no scheme."""
        host = self.host if "://" in self.host else f"{self.schema or 'https'}://{self.host}"
        scheme, _, rest = host.partition("://")
        name, slash, path = rest.partition("/")
        has_port = re.search(r":\d+$", name) is not None
        return f"{scheme}://{name}" + (f":{self.port}" if self.port and not has_port else "") + slash + path


def client(
    source: LiveSource, url: str | None, conn_id: str | None, environment: Mapping[str, str] = os.environ
) -> Client:
    """Return the client of a source.

    :param url: the source's address; the credentials then come from the source's own environment variables.
    :param conn_id: the id of an Airflow connection in the environment, in place of ``url``.
    :raises PullError: neither or both are given, the connection is missing or wrong, or credentials are missing.
    """
    if (url is None) == (conn_id is None):
        remedy = f"Name the server, as in --url {source.example}, or an Airflow connection with --conn-id."
        raise PullError("needs either --url or --conn-id", where=f"vai pull {source.name}", remedy=remedy)
    if conn_id is not None:
        variable = PREFIX + conn_id.upper()
        connection = parse_connection(environment.get(variable), variable)
        return client_at(source, connection.url, Credentials(connection.login, connection.password), variable)
    values = [environment.get(variable, "").strip() for variable in source.variables]
    return client_at(source, url or "", Credentials(*["", *values][-2:]), " and ".join(source.variables))


def client_at(source: LiveSource, url: str, credentials: Credentials, tokens: str) -> Client:
    """Return the client of a source at an address.

    :param tokens: where the credentials come from, for messages.
    :raises PullError: credentials are missing, or have characters that an HTTP header cannot hold.
    """
    needed = [credentials.password] if len(source.variables) == 1 else [credentials.login, credentials.password]
    if not all(needed) and not (source.is_open and not any((credentials.login, credentials.password))):
        raise PullError(f"{source.name} needs a token", where=tokens, remedy=f"Set {tokens}.")
    if not all(part.isascii() and part.isprintable() for part in (credentials.login, credentials.password)):
        raise PullError("contains characters that no token has", where=tokens, remedy="Copy the token again.")
    return Client(url, source.headers(credentials), secrets=[credentials.password], tokens=tokens)


def parse_connection(text: str | None, variable: str) -> Connection:
    """Return the connection that an environment variable holds, as JSON or as a URI.

    :param variable: the variable's name, for messages; its value is never shown.
    :raises PullError: the variable is not set, or does not hold a connection to a server.
    """
    if not text:
        raise PullError("not set", where=variable, remedy="Set it to the connection as JSON or as a URI.")
    connection = None
    with suppress(ValueError, TypeError, AttributeError, RecursionError):
        connection = _from_json(json.loads(text)) if text.lstrip().startswith("{") else _from_uri(text)
    if connection is None or not connection.host:
        remedy = 'Write {"conn_type": "http", "host": "https://…", "password": "…"}, or a URI.'
        raise PullError("not an Airflow connection to a server", where=variable, remedy=remedy)
    return connection


def _from_json(connection: dict[str, Any]) -> Connection:
    parts = {name: str(connection.get(name) or "") for name in ("host", "schema", "login", "password")}
    return Connection(port=int(connection["port"]) if connection.get("port") else None, **parts)


def _from_uri(uri: str) -> Connection:
    """Read a URI as Airflow does: each part is quoted, and a protocol may precede the host (``vai://https://…``)."""
    kind, _, rest = uri.partition("://")
    protocol, separator, address = rest.partition("://")
    parts = urlsplit(f"{kind}://{address if separator else rest}")
    host = unquote(re.sub(r":\d*$", "", parts.netloc.rpartition("@")[2]))
    return Connection(
        host=f"{protocol}://{host}" if separator else host,
        schema=unquote(parts.path.lstrip("/")),
        port=parts.port,
        login=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
