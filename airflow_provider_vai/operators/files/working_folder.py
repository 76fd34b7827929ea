"""The working folder of a DAG run: what one step leaves there, a later step on the same machine finds.

It is ``<[vai] work_path>/<dag_id>/<run_id>``. Only this user may read it. Nothing deletes it, because a cleared step
needs it again.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from airflow_provider_vai.languages.identifiers import folder_name
from airflow_provider_vai.model.airflow_settings import airflow_home
from airflow_provider_vai.operators.files import protected
from airflow_provider_vai.operators.runtime.compat import configuration
from airflow_provider_vai.operators.runtime.errors import NothingSent, NothingSentYet

if TYPE_CHECKING:
    from airflow.sdk import Context

OPTION = "[vai] work_path"
OWNER_ONLY = 0o700
MADE_EARLIER = (
    f"an earlier step must make it; if it ran on another worker, {OPTION} must be on a file system that both share"
)
"""What to do about a file or folder that a step does not find in the working folder."""


def name_of(context: Context) -> PurePosixPath:
    """Return the name of the running task's working folder, below the folder of all working folders."""
    ti = context["ti"]
    return PurePosixPath(folder_name(ti.dag_id), folder_name(ti.run_id))


def working_folder(context: Context) -> Path:
    """Return the working folder of the running task's DAG run. The first step makes it.

    :param context: the running task's context.
    :raises NothingSent: the option is not a local path, or names a protected folder.
    :raises NothingSentYet: the folder cannot be made.
    """
    configured = configuration().get("vai", "work_path", fallback="") or str(airflow_home() / "vai/work")
    local = configured.removeprefix("file://")
    if "://" in local or not os.path.isabs(os.path.expanduser(local)):
        raise NothingSent(f"{OPTION} = {configured!r} is not an absolute path on the worker: commands need one there")
    folder = Path(os.path.expanduser(local)) / name_of(context)
    try:
        protected.check_local(str(folder))
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=OWNER_ONLY, exist_ok=True)
    except protected.TargetRefused as error:
        raise NothingSent(f"{OPTION} cannot be used: {error}") from None
    except OSError as error:
        raise NothingSentYet(f"the working folder {str(folder)!r} cannot be made: {error.strerror or error}") from error
    return folder


def parts_below(name: str) -> tuple[str, ...]:
    """Return the parts of the name of a file or folder below another folder.

    :param name: a path as a command or a person writes it, relative to the folder.
    :raises NothingSent: it is absolute, is empty, or leads out of the folder.
    """
    parts = name.removeprefix("./").split("/")
    if "\0" in name or "\\" in name or any(part in ("", ".", "..", "~") for part in parts):
        raise NothingSent(
            f"the path {name!r} must be below the working folder: write it relative to it, without '..' and links"
        )
    return tuple(parts)


def folder_below(folder: Path, name: str | None) -> Path:
    """Return an existing folder below a folder.

    :param folder: the folder.
    :param name: the relative name; ``None``: the folder itself.
    :raises NothingSent: the name leads out of the folder, or there is no such folder.
    """
    if name is None:
        return folder
    found = folder.joinpath(*parts_below(name))
    if not found.is_dir():
        raise NothingSent(f"there is no folder {name!r} in the working folder {str(folder)!r}: {MADE_EARLIER}")
    if os.path.realpath(found) != os.path.join(os.path.realpath(folder), *parts_below(name)):
        raise NothingSent(f"the folder {name!r} leads out of the working folder through a link: name a folder in it")
    return found
