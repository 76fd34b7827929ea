"""Where ``[vai] artifacts_path`` is, and whether a path is below it, without importing Airflow."""

from __future__ import annotations

import posixpath
import re

from airflow_provider_vai.model.airflow_settings import airflow_home, loaded as _loaded, setting
from airflow_provider_vai.secrets.patterns import deferred

OPTION = "AIRFLOW__VAI__ARTIFACTS_PATH"
LOCAL = frozenset({"", "file", "local"})
"""The protocols of files on the machine itself."""

_SAME_STORE = {"s3a": "s3", "s3n": "s3", "gcs": "gs", "local": "file", "": "file"}
_URL = deferred(r"(?P<protocol>[A-Za-z][\w+.-]*):/(?=/)")
_LEAVES = deferred(r"(^|[/\\])\.\.([/\\]|$)|%2e|%2f|%5c|\\|::", re.IGNORECASE)


def default_path() -> str:
    """Return the URL of the artifacts folder if the option is not set: ``$AIRFLOW_HOME/vai/artifacts``."""
    return f"file://{airflow_home()}/vai/artifacts"


def artifacts_path() -> str:
    """Return ``[vai] artifacts_path`` from the environment or Airflow's configuration, else its default."""
    return setting("vai", "artifacts_path", _loaded()) or default_path()


def runs_path() -> str:
    """Return ``[vai] runs_path``, the folder of recordings; else its default, ``runs`` below the artifacts folder."""
    return setting("vai", "runs_path", _loaded()) or f"{artifacts_path().rstrip('/')}/runs"


def store_of(protocol: str) -> str:
    """Return the one name of a store whose protocol has several spellings, such as ``s3`` for ``s3a``."""
    return _SAME_STORE.get(protocol.lower(), protocol.lower())


def is_below(url: str, root: str, conn_id: str | None = None) -> bool:
    """Return whether a URL is below the artifacts folder, judged by its text. Links are not followed.

    The folders that begin with ``@`` do not count: they hold the approvals record.

    :param url: a URL that Airflow's ObjectStoragePath accepts. It may contain a template of dates.
    :param root: the URL of the artifacts folder.
    :param conn_id: the connection id of the URL's store; ``None``: the URL's own.
    """
    if _LEAVES.search(url):
        return False
    protocol, path = _parts(url)
    root_protocol, root_path = _parts(root)
    if conn_id and protocol != "file":
        path = f"{conn_id}@{path.rpartition('@')[2]}" if "@" in path.partition("/")[0] else f"{conn_id}@{path}"
    inside = path.removeprefix(f"{root_path}/")
    return protocol == root_protocol and inside != path and bool(inside) and not inside.startswith("@")


def _parts(url: str) -> tuple[str, str]:
    """Return the protocol, one for all its spellings, and the path with the bucket or host before it."""
    found = _URL.match(url)
    protocol = store_of(found["protocol"] if found else "")
    path = url[found.end() + 1 :] if found else url
    if protocol == "file":
        return protocol, posixpath.normpath("/" + path.lstrip("/")) if path.startswith("/") else path
    return protocol, path.rstrip("/")
