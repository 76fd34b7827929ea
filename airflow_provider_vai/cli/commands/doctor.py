"""``vai doctor``: checks the installation, and what the automations in a folder need."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from airflow_provider_vai.cli.publishing import out_folder
from airflow_provider_vai.cli.reports import print_json
from airflow_provider_vai.cli.terminal import say, working
from airflow_provider_vai.languages.printable import plain


def doctor(arguments: Namespace) -> int:
    """Print one line for each check; return 1 if something does not work."""
    from airflow_provider_vai.analysis.doctor import examine, is_healthy
    from airflow_provider_vai.analysis.doctor.examination import SECONDS

    with working("Asking Airflow"):
        found = examine(out_folder(arguments.folder), seconds=arguments.timeout or SECONDS)
    if arguments.json:
        print_json([asdict(one) for one in found])
    else:
        for one in found:
            say(f"{one.level:<8} {one.code}  {plain(one.subject, 100)}: {plain(one.message, 500)}")
            if one.remedy and one.level != "ok":
                say(f"{'':17}{plain(one.remedy, 500)}")
        counts = {level: sum(one.level == level for one in found) for level in ("error", "warning", "note", "ok")}
        say("", ", ".join(f"{count} {level}" for level, count in counts.items() if count))
    return 0 if is_healthy(found) else 1
