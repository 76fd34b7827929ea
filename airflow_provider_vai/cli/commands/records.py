"""``vai verify``, ``vai savings`` and ``vai approvals``: reports about an automation and its DAG runs."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from contextlib import redirect_stdout
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from airflow_provider_vai.analysis.verify.files import sidecar_path, verify as verify_files
from airflow_provider_vai.cli.reports import decision, print_json
from airflow_provider_vai.cli.session_traces import traces_of
from airflow_provider_vai.cli.terminal import complain, say, table, working
from airflow_provider_vai.exceptions import SpecError, UnreadableTrace
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.printable import plain
from airflow_provider_vai.languages.python_function import python_path
from airflow_provider_vai.model import approvals_record, artifacts, storage

AS_SERVER = ("_AIRFLOW_PROCESS_CONTEXT", "server")
"""As in Airflow's own commands: connections are looked up in Airflow's database, too."""

REPLAY_ONLY = (
    "trace",
    "format",
    "live_writes",
    "live_artifacts",
    "approve_gates",
    "here",
    "conf",
    "ignore",
    "level",
    "accept",
    "summary",
    "html",
    "timeout",
)


def verify(arguments: Namespace) -> int:
    """Report differences from what was rendered and reviewed, or with --replay recorded; return 1 if there are any."""
    path = Path(arguments.dag)
    if getattr(arguments, "replay", False):
        return _replay(arguments, path)
    if alone := [name for name in REPLAY_ONLY if getattr(arguments, name, None)]:
        options = ", ".join("--" + name.replace("_", "-") for name in alone)
        raise SpecError("this option works only with --replay", where=options, remedy="Add --replay, or leave it out.")
    findings = verify_files(path, python_path(path.parent))
    if arguments.json:
        print_json([asdict(finding) for finding in findings])
    elif findings:
        table(("where", "problem", "remedy"), [[part.where, part.problem, part.remedy] for part in findings])
    else:
        say(f"{plain(path)}: unchanged since it was rendered")
    return 1 if findings else 0


def _replay(arguments: Namespace, path: Path) -> int:
    from airflow_provider_vai.analysis.verify import page, report
    from airflow_provider_vai.analysis.verify.replay import SECONDS, ReplayOptions
    from airflow_provider_vai.analysis.verify.verification import Wanted, approver, verified
    from airflow_provider_vai.cli.verify_report import show_report

    wanted = Wanted(
        dag=path,
        format=arguments.format,
        level=arguments.level or "masked",
        ignore=arguments.ignore or (),
        accept=arguments.accept,
        summary=arguments.summary or "",
        options=ReplayOptions(
            live_writes=arguments.live_writes,
            live_artifacts=arguments.live_artifacts,
            approver=approver() if arguments.approve_gates else None,
            here=arguments.here,
            conf=_conf(arguments.conf),
            seconds=arguments.timeout or SECONDS,
        ),
    )
    with traces_of(arguments.trace or ()) as names, working(f"Running {path.name}"):
        found = verified(replace(wanted, traces=[Path(name) for name in names]), python_path(path.parent))
    if arguments.html:
        page.write(found, Path(arguments.html))
    if arguments.json:
        print_json(report.as_json(found))
    else:
        show_report(found)
    return 0 if found.is_good else 1


def _conf(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        found = json_text.loads(text, where="--conf")
    except UnreadableTrace as error:
        raise SpecError(error.problem, where="--conf", remedy="Give the params as a JSON object.") from None
    if not isinstance(found, dict):
        raise SpecError("not a JSON object", where="--conf", remedy='Give the params by name: \'{"region": "EU"}\'.')
    return found


def savings(arguments: Namespace) -> None:
    """Show what the recorded run and the DAG runs cost, and what the DAG runs saved."""
    from airflow_provider_vai.analysis.savings import as_json, ledger
    from airflow_provider_vai.cli.savings_runs import dag_runs
    from airflow_provider_vai.cli.savings_table import show_savings
    from airflow_provider_vai.store.sidecar_files import read_sidecar

    sidecar = read_sidecar(sidecar_path(Path(arguments.dag)))
    found = ledger(sidecar, dag_runs(sidecar.dag_id, Path(arguments.runs) if arguments.runs else None))
    if arguments.json:
        print_json(as_json(found))
    else:
        show_savings(found)


def approvals(arguments: Namespace) -> None:
    """List the decisions at an automation's gates."""
    records = list(approvals_record.read(_artifacts(arguments.artifacts), arguments.dag, arguments.gate))
    if arguments.json:
        print_json(records)
        return
    for record in records:
        if "unreadable" in record:
            complain(f"cannot read this approvals record: {record['unreadable']}")
    table(
        ("at", "run", "gate", "decision", "by", "edits", "note"),
        [decision(record) for record in records if "unreadable" not in record],
    )


def _artifacts(path: str | None) -> Any:
    os.environ.setdefault(*AS_SERVER)
    with redirect_stdout(sys.stderr):  # Airflow logs to the standard output, which is for the command's own
        if path:
            return storage.folder(path, "--artifacts")
        return storage.folder(artifacts.artifacts_path(), "[vai] artifacts_path")
