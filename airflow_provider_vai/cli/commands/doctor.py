"""``vai doctor``: checks the installation, and what the automations in a folder need."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from airflow_provider_vai.cli.reports import print_json
from airflow_provider_vai.cli.terminal import coloured, say, working
from airflow_provider_vai.exceptions import UnusablePath
from airflow_provider_vai.languages.printable import plain
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import AnyPath


def doctor(arguments: Namespace) -> int:
    """Print one line for each check; return 1 if something does not work."""
    from airflow_provider_vai.analysis.doctor import examine, is_healthy
    from airflow_provider_vai.analysis.doctor.examination import SECONDS

    with working("Asking Airflow"):
        found = examine(_folder(arguments.folder), seconds=arguments.timeout or SECONDS)
    if arguments.json:
        print_json([asdict(one) for one in found])
    else:
        for one in found:
            level = coloured(one.level, f"{one.level:<8}")
            say(f"{level} {one.code}  {plain(one.subject, 100)}: {plain(one.message, 500)}")
            if one.remedy and one.level != "ok":
                say(f"{'':17}{plain(one.remedy, 500)}")
        counts = {level: sum(one.level == level for one in found) for level in ("error", "warning", "note", "ok")}
        say("", ", ".join(f"{count} {level}" for level, count in counts.items() if count))
    return 0 if is_healthy(found) else 1


def _folder(named: str | None) -> AnyPath | None:
    """Return the folder that the user named.

    :raises UnusablePath: there is no such folder.
    """
    if named is None:
        return None
    folder = shared_files.folder(named)
    local = shared_files.local_path(folder)
    if local is not None and not local.is_dir():
        raise UnusablePath("there is no such folder", where=named, remedy="Name the folder of your automations.")
    return folder
