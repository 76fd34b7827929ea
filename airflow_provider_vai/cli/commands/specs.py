"""``vai render``, ``vai lint`` and ``vai explain``: commands about the spec of an automation."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_vai.cli.collector import without_collector
from airflow_provider_vai.cli.publishing import out_folder, read_soon, warn_if_not_served
from airflow_provider_vai.cli.reports import after_writing, as_json, print_json, show_needs, show_published
from airflow_provider_vai.cli.terminal import coloured, is_quiet, progress, say, tell
from airflow_provider_vai.languages.printable import plain

if TYPE_CHECKING:
    from airflow_provider_vai.analysis.lint import Finding
    from airflow_provider_vai.analysis.lint.subjects import Subject


def render(arguments: Namespace) -> None:
    """Render a DAG file from its sidecar, whose spec may have been edited, or from a spec written by hand."""
    from airflow_provider_vai.cli.airflow_command import pause_unreviewed
    from airflow_provider_vai.languages.python_function import python_path
    from airflow_provider_vai.model.sidecar import SUFFIX
    from airflow_provider_vai.store.publisher import publish
    from airflow_provider_vai.store.sidecar_files import read_sidecar

    path = Path(arguments.spec)
    folder = out_folder(arguments.out or str(path.parent))
    if path.name.endswith(SUFFIX):
        sidecar = read_sidecar(path)
        files = publish(
            sidecar.automation,
            folder,
            force=arguments.force,
            summary=arguments.summary,
            expected=sidecar.entry or None,
            from_sidecar=True,
            pause=pause_unreviewed,
        )
        automation = sidecar.automation
    else:
        from airflow_provider_vai.authoring.specs.file import read_spec

        automation = read_spec(path, secret_conn_id=arguments.secret_conn_id, python_path=python_path(folder))
        files = publish(automation, folder, force=arguments.force, summary=arguments.summary, pause=pause_unreviewed)
    read_soon([files])
    if arguments.json:
        print_json(as_json(automation, files))
    else:
        show_published(automation, files)
        after_writing([files])


@without_collector()
def lint(arguments: Namespace) -> int:
    """Check automations; return 1 if there is an error."""
    from airflow_provider_vai.analysis.lint import linted, sidecar_folders

    known = None if arguments.connections is None else set(filter(None, arguments.connections.split(",")))
    paths = [Path(path) for path in arguments.path]
    findings, subjects = linted(paths, known, progress=progress)
    if arguments.json:
        print_json([asdict(finding) for finding in findings])
    else:
        _show_findings(findings, paths, subjects)
    warn_if_not_served(sidecar_folders(paths))
    return 1 if any(finding.level == "error" for finding in findings) else 0


def _show_findings(findings: Sequence[Finding], paths: Sequence[Path], subjects: Sequence[Subject]) -> None:
    """Print each finding with its suggestion below it, what the automations need, and what usually follows."""
    from airflow_provider_vai.analysis.doctor import needs
    from airflow_provider_vai.analysis.lint import checked_files

    for finding in findings:
        place = f"{plain(finding.file, 500)}: {plain(finding.field, 200)}".removesuffix(": ")
        level = coloured(finding.level, f"{finding.level} {finding.code}")
        say(f"{place}: {level}: {plain(finding.problem, 1000)}", f"  {plain(finding.suggestion, 1000)}")
    counts = Counter(finding.level for finding in findings)
    empty = [path for path in paths if path.is_dir() and not checked_files([path])]
    for path in empty:
        say(f"{plain(path)}: nothing to check: no sidecar, spec or DAG file is in this folder")
    if counts:
        say(
            ", ".join(
                f"{counts[level]} {level}{'s' * (counts[level] > 1)}" for level in ("error", "warning") if counts[level]
            )
        )
    elif len(empty) < len(paths):
        count = len(checked_files(paths))
        tell(f"no problems found in {count} file{'s' * (count != 1)}")
    if not is_quiet():
        show_needs(needs.of_subjects(subjects))


def explain(arguments: Namespace) -> None:
    """Show where each value of an automation or of one step comes from, and why."""
    from airflow_provider_vai.analysis import explain as explained
    from airflow_provider_vai.analysis.verify.files import sidecar_path
    from airflow_provider_vai.store.sidecar_files import read_sidecar

    path, step = _with_step(arguments.dag)
    sidecar = read_sidecar(sidecar_path(path))
    results = None
    if arguments.trace:
        from airflow_provider_vai.analysis.verify.recordings import of_trace
        from airflow_provider_vai.cli.session_traces import traces_of

        with traces_of(arguments.trace) as paths:
            steps = of_trace(sidecar, [Path(name) for name in paths], arguments.format).steps
        results = {key: one.value for key, one in steps.items() if one.has_value and not one.is_list}
    if arguments.json:
        print_json(explained.explain(sidecar, step, results))
    else:
        say(*explained.lines(sidecar, step, results))


def _with_step(dag: str) -> tuple[Path, str | None]:
    """Split ``DAG:STEP`` into the path and the step; the path itself may contain colons."""
    from airflow_provider_vai.model.sidecar import SUFFIX

    name, colon, step = dag.rpartition(":")
    return (Path(name), step) if colon and name.endswith((".py", SUFFIX)) else (Path(dag), None)
