"""Opens the paths and URLs of options and arguments: the one place that does, so each is understood the same way.

A URL is opened through Airflow's ``ObjectStoragePath``, so ``s3://conn_id@bucket/vai`` takes its credentials from the
connection. Airflow is imported only for a URL of a store; a local path needs none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from airflow_provider_vai.exceptions import ProviderMissing, UnusablePath
from airflow_provider_vai.model.artifacts import store_of

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

AnyPath: TypeAlias = "Path | ObjectStoragePath"
"""A path in the local file system or on an object store."""

FORMS = "Name a path, or a URL like s3://conn_id@bucket/vai or file:///data/vai."

_PROVIDERS = {
    "s3": "apache-airflow-providers-amazon[s3fs]",
    "gs": "apache-airflow-providers-google",
    "abfs": "apache-airflow-providers-microsoft-azure",
    "abfss": "apache-airflow-providers-microsoft-azure",
    "adl": "apache-airflow-providers-microsoft-azure",
    "az": "apache-airflow-providers-microsoft-azure",
    "oss": "apache-airflow-providers-alibaba",
    "sftp": "apache-airflow-providers-sftp",
}
"""Store -> the distribution with which Airflow opens its URLs."""

_UNKNOWN = re.compile("no filesystem registered|protocol not known|unsupported filesystem", re.IGNORECASE)
T = TypeVar("T")

_known_connections: set[str] = set()  # looked up in this process


def folder(text: str, option: str = "") -> AnyPath:
    """Return the path that an option names, a local one as ``pathlib.Path``.

    :param text: a path, in which a leading ``~`` is the user's home, or a URL (``file:///…`` is a local path).
    :param option: the option that names it, for messages, such as ``[vai] runs_path``.
    :raises UnusablePath: the text is empty or not a usable path, or Airflow cannot open the URL.
    """
    local = _local(text, option)
    return opened(text, option) if local is None else local


def opened(url: str, option: str = "", conn_id: str | None = None) -> ObjectStoragePath:
    """Return a path or URL as Airflow's ``ObjectStoragePath``, connected to its store.

    :param url: a path or URL; the part before ``@`` is a connection id.
    :param option: the option or argument that names it, for messages.
    :param conn_id: connection id of the store; ``None``: the URL's own, or the store's default credentials.
    :raises ProviderMissing: no installed provider can open this kind of URL.
    :raises UnusablePath: the text is not a usable path or URL, or its connection cannot be used.
    """
    local = _local(url, option)
    named = url if local is None or "://" in url else str(local)

    def connect() -> ObjectStoragePath:
        from airflow.sdk import ObjectStoragePath

        _check_connection(url, conn_id)
        connection = {"conn_id": conn_id} if conn_id else {}  # on Airflow 3.1.0, None hides that of the URL
        path = ObjectStoragePath(named, **connection)
        path.fs.invalidate_cache()  # others may have written since the listing was cached
        return path

    try:
        return _outside_event_loop(connect)
    except Exception as error:  # each provider has its own errors
        raise _refusal(url, option, error) from error


def shown(path: Any) -> str:
    """Return a path or URL for a message, without a password in it."""
    return re.sub(r"(://[^/@:]*):[^/@]*@", r"\1@", str(path))


def _local(text: str, option: str) -> Path | None:
    """Return a local path as such; ``None``: the text is the URL of a store."""
    local = text[len("file://") :] if text.startswith("file://") else text
    try:
        if "://" in local:
            if ":" in local.partition("://")[2].partition("/")[0].rpartition("@")[0]:
                raise ValueError("the URL has a password")
            return None
        if local.startswith("/") or (local and local == text):
            return Path(local).expanduser()
        problem = "no folder is named"
    except (ValueError, RuntimeError) as error:  # RuntimeError: from expanduser, if there is no such user
        problem = str(error)
    raise UnusablePath(problem, where=_where(text, option), remedy=FORMS)


def _check_connection(url: str, conn_id: str | None) -> None:
    """Look the connection up once. Without it, some providers would connect with other credentials, and keep them."""
    from airflow.sdk import BaseHook
    from airflow.sdk.io.fs import has_fs

    protocol, _, rest = url.partition("://")
    named = conn_id or rest.partition("/")[0].rpartition("@")[0]
    if named and named not in _known_connections and has_fs(protocol):
        BaseHook.get_connection(named)
        _known_connections.add(named)


def _outside_event_loop(work: Callable[[], T]) -> T:
    """Return ``work()``. Providers start an event loop to connect, which a thread with a running one cannot do."""
    import asyncio  # for URLs only, and slow to import
    import contextvars
    from concurrent.futures import ThreadPoolExecutor

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(contextvars.copy_context().run, work).result()


def _refusal(url: str, option: str, error: Exception) -> UnusablePath:
    where, reason = _where(url, option), f"{type(error).__name__}: {shown(error)}"
    if isinstance(error, ImportError) or (isinstance(error, ValueError) and _UNKNOWN.search(str(error))):
        protocol = url.partition("://")[0]
        package = _PROVIDERS.get(store_of(protocol))
        install = f"Run pip install '{package}'." if package else f"Install an Airflow provider of {protocol}:// URLs."
        remedy = install if package else f"{install} {FORMS}"
        return ProviderMissing(f"Airflow cannot open {protocol}:// URLs here ({reason})", where=where, remedy=remedy)
    remedy = "Check the URL, and that the connection named before the @ exists and this process can look it up."
    return UnusablePath(f"the store cannot be opened ({reason})", where=where, remedy=remedy)


def _where(url: str, option: str) -> str:
    return f"{option} = {shown(url)}" if option else shown(url)
