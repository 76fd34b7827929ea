"""Refuses targets that no step may write to: code and settings of Airflow, and settings of users and the system.

A file there decides what runs next, so writing it would be a way around every gate. Links and ``..`` are resolved
first. Paths on other machines are judged by their text.
"""

from __future__ import annotations

import json
import os
import posixpath
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.model import airflow_settings, artifacts
from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.operators.runtime.compat import configuration
from airflow_provider_vai.operators.runtime.errors import NothingSent

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

_SYSTEM = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr/bin", "/var/spool/cron")
_OWN_NAMES = ("airflow.", "airflow-", "airflow_local", "unittests.", "webserver_", "simple_auth_", "standalone_admin_")
"""How the names of Airflow's own files directly in its home begin; Python and ``.cfg`` files there count as well."""

_BUCKETS = {"S3": "s3", "GCS": "gs"}
_REMOTE_MACHINES = ("sftp", "ssh", "smb")
_BUNDLES = "the folder of DAG bundles"
_REMEDY = "choose another destination"


class TargetRefused(ValueError):
    """A target that no step may write to. The message says why."""


def check(target: ObjectStoragePath, *, is_owned: bool) -> None:
    """Check that a step may write to a path.

    :param target: a file or folder, with the connection that it was opened with.
    :param is_owned: whether the path may be outside ``[vai] artifacts_path``.
    :raises NothingSent: the path is protected, or it must be below ``[vai] artifacts_path`` and is not.
    """
    try:
        check_target(target)
        if not is_owned:
            check_owned(target)
    except TargetRefused as error:
        raise NothingSent(f"nothing was written: {error}") from None


def check_database(path: str) -> None:
    """Check that a step may write to the file of a database, see :func:`check_local`.

    :param path: the file of a DuckDB or SQLite connection; ``:memory:`` and addresses of servers are no files.
    :raises NothingSent: it is protected.
    """
    path = path.removeprefix("file://").removeprefix("file:")
    if path.startswith(":") or "://" in path or not path:
        return
    try:
        check_local(path)
        check_local(os.path.expanduser(path))
    except TargetRefused as error:
        raise NothingSent(f"nothing was written: {error}") from None


def check_target(target: ObjectStoragePath) -> None:
    """Check that a step may write to a path, or below it.

    :param target: a file or folder, opened or not.
    :raises TargetRefused: it is in a protected place, or it is unclear where it is.
    """
    if "::" in str(target):
        raise TargetRefused(f"the target {str(target)!r} goes through another file system: write the store's own URL")
    if is_local(target):
        for path in {target.path, os.path.expanduser(target.path)}:
            check_local(path)
        return
    path = _text(str(target))
    for folder, name in _remote_folders():
        if _is_in(path, _text(folder)):
            raise TargetRefused(f"the target {str(target)!r} is in {name}: {_REMEDY}")
    if target.protocol in _REMOTE_MACHINES:
        on_machine = posixpath.normpath(f"/{target.path.lstrip('/')}")
        hidden = any(part.startswith(".") for part in PurePosixPath(on_machine).parts)
        if hidden or any(_is_in(on_machine, folder) for folder in _SYSTEM):
            raise TargetRefused(f"the target {str(target)!r} is a dotfile or in a folder of the system: {_REMEDY}")


def check_local(path: str) -> None:
    """Check that a step may write to a local path, or below it; see :func:`check_target`.

    :param path: the path of a file or folder.
    :raises TargetRefused: it is in a protected place.
    """
    real = os.path.realpath(path)
    for folder, name in _local_folders():
        if _is_in(real, os.path.realpath(folder)):
            raise TargetRefused(f"the target {path!r} is in {name} ({folder}): {_REMEDY}")
    if real in {os.path.realpath(file) for file in _files()} or _is_setting(real):
        raise TargetRefused(f"the target {path!r} is a file of Airflow's own: {_REMEDY}")
    root = _artifacts_folder()
    if root and _is_in(real, root):
        if os.path.relpath(real, root).startswith("@"):
            raise TargetRefused(f"the target {path!r} is in the approvals record of [vai] artifacts_path: {_REMEDY}")
        return  # the folder itself may be below a dot-folder
    for home in _homes():
        hidden = [part for part in Path(os.path.relpath(real, home)).parts if part.startswith(".")]
        if _is_in(real, home) and real != home and hidden:
            raise TargetRefused(f"the target {path!r} is a dotfile or in a dot-folder of {home}: {_REMEDY}")


def check_owned(target: ObjectStoragePath) -> None:
    """Check that a path is below ``[vai] artifacts_path``, for a step that the spec does not treat as a write.

    :param target: a file or folder.
    :raises TargetRefused: it is not. The spec was about another path, or another option.
    """
    root, folder = results.artifacts_root(), _artifacts_folder()
    if folder and is_local(target):
        real = os.path.realpath(target.path)
        inside = _is_in(real, folder) and real != folder
    else:
        inside = artifacts.is_below(_with_connection(target), _with_connection(root))
    if not inside:
        raise TargetRefused(
            f"the target {str(target)!r} is not below [vai] artifacts_path ({root}), so the step is a write:"
            ' pass effect="write" and guard it, or declare own_destination=True'
        )


def is_local(target: ObjectStoragePath) -> bool:
    """Return whether a path is on the worker itself."""
    return (target.protocol or "file") in artifacts.LOCAL


def _local_folders() -> Iterator[tuple[str, str]]:
    yield from ((folder, name) for folder, name in _folders() if "://" not in folder)
    yield from ((folder, "a folder of the system") for folder in _SYSTEM)
    yield from ((sysconfig.get_path(name), "Python's library") for name in ("stdlib", "purelib", "platlib"))
    yield str(airflow_settings.airflow_home() / "config"), "Airflow's config folder"
    if _option("dag_processor", "dag_bundle_storage_path") is None:
        yield os.path.join(tempfile.gettempdir(), "airflow", "dag_bundles"), _BUNDLES  # where Airflow keeps them then


def _remote_folders() -> Iterator[tuple[str, str]]:
    yield from ((folder, name) for folder, name in _folders() if "://" in folder)
    root = str(results.artifacts_root())
    if "://" in root:
        yield f"{root.rstrip('/')}/@approvals", "the approvals record of [vai] artifacts_path"
        yield f"{root.rstrip('/')}/@spent", "the approvals record of [vai] artifacts_path"


def _folders() -> Iterator[tuple[str, str]]:
    """Yield the folders and URLs of code that Airflow runs, as far as this worker knows them."""
    options = (
        ("core", "dags_folder", "Airflow's dags folder"),
        ("core", "plugins_folder", "Airflow's plugins folder"),
        ("dag_processor", "dag_bundle_storage_path", _BUNDLES),
        ("vai", "automations_path", "the automations folder"),
    )
    for section, option, name in options:
        if folder := _option(section, option):
            yield folder.removeprefix("file://"), name
    yield from ((folder, "a DAG bundle") for folder in _bundles())


def _bundles() -> Iterator[str]:
    try:
        bundles = json.loads(_option("dag_processor", "dag_bundle_config_list") or "[]")
    except ValueError:
        return  # Airflow itself refuses such a list
    for bundle in bundles if isinstance(bundles, list) else []:
        kwargs = bundle.get("kwargs") if isinstance(bundle, dict) else None
        if not isinstance(kwargs, dict):
            continue
        if isinstance(kwargs.get("path"), str):
            yield kwargs["path"].removeprefix("file://")
        protocol = next((store for name, store in _BUCKETS.items() if name in str(bundle.get("classpath"))), None)
        if protocol and isinstance(kwargs.get("bucket_name"), str):
            yield f"{protocol}://{kwargs['bucket_name']}/{kwargs.get('prefix') or ''}".rstrip("/")


def _files() -> Iterator[str]:
    """Yield Airflow's own files that may be anywhere."""
    yield str(airflow_settings.airflow_cfg())
    database = _option("database", "sql_alchemy_conn") or ""
    if database.startswith("sqlite"):
        path = database.partition(":///")[2].partition("?")[0]
        yield from (f"{path}{suffix}" for suffix in ("", "-wal", "-shm", "-journal"))
    if passwords := _option("core", "simple_auth_manager_passwords_file"):
        yield passwords


def _is_setting(real: str) -> bool:
    home = os.path.realpath(airflow_settings.airflow_home())
    name = os.path.basename(real).lower()
    return os.path.dirname(real) == home and (name.startswith(_OWN_NAMES) or name.endswith((".cfg", ".py")))


def _artifacts_folder() -> str | None:
    """Return the real path of the artifacts folder; ``None``: it is not on this machine."""
    root = results.artifacts_root()
    return os.path.realpath(root.path) if is_local(root) else None


def _homes() -> set[str]:
    """Return the home directories of this machine's users."""
    homes = [os.path.expanduser("~"), os.environ.get("HOME", "")]
    try:
        import pwd

        homes += [entry.pw_dir for entry in pwd.getpwall()]
    except ImportError:  # Windows
        pass
    return {os.path.realpath(home) for home in homes if home.strip("/") and os.path.isabs(home)}


def _option(section: str, option: str) -> str | None:
    """Return an option's value; ``None``: it is not set, or a worker must not read it."""
    try:
        value: Any = configuration().get(section, option, fallback=None)
    except Exception:
        return None
    return str(value).strip() or None if value else None


def _with_connection(path: ObjectStoragePath) -> str:
    """Return the URL of a path with its connection id, so that equal buckets of two stores differ."""
    protocol, separator, rest = str(path).partition("://")
    if not separator or not path.conn_id or "@" in rest.partition("/")[0]:
        return str(path)
    return f"{protocol}://{path.conn_id}@{rest}"


def _text(url: str) -> str:
    """Return a URL without connection id, with one name for each store and its dots resolved."""
    protocol, _, rest = url.partition("://")
    rest = rest.rpartition("@")[2] if "@" in rest.partition("/")[0] else rest
    return f"{artifacts.store_of(protocol)}/{posixpath.normpath(rest.lstrip('/'))}"


def _is_in(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)
