"""``vai init``: writes a tools file for the tools of a trace."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_vai.authoring.tool_proposals import ToolProposal, proposals, tools_file
from airflow_provider_vai.cli.chosen_runs import chosen_recordings
from airflow_provider_vai.cli.reports import print_json
from airflow_provider_vai.cli.session_traces import traces_of
from airflow_provider_vai.cli.terminal import is_quiet, next_step, say, table, tell, words
from airflow_provider_vai.crystallizer.run_secrets import masked_run
from airflow_provider_vai.exceptions import ToolsFileError
from airflow_provider_vai.languages.printable import plain
from airflow_provider_vai.model.tool_names import FILE_NAME
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.traces.reading.trace import Trace

if TYPE_CHECKING:
    from airflow_provider_vai.cli.outputs import ProposedTool, WrittenToolsFile

TERMINAL = "-"


def init(arguments: Namespace) -> None:
    """Write the tools file, and show what was proposed.

    :raises ToolsFileError: the file exists already.
    """
    traces = arguments.trace
    with traces_of(traces) as paths:
        recordings = chosen_recordings(paths, format=arguments.format, wanted=arguments.run, take_all=arguments.all)
        found = proposals(masked_run(recording.run) for recording in recordings)
    text = tools_file(found, ", ".join(Path(trace).name for trace in traces))
    if arguments.out == TERMINAL:
        say(text.rstrip("\n"))
        return
    path = Path(arguments.out) if arguments.out else Trace(Path(traces[0])).path.parent / FILE_NAME
    _write(path, text, force=arguments.force)
    if arguments.json:
        done: WrittenToolsFile = {"file": str(path), "tools": [_proposed(one) for one in found]}
        print_json(done)
        return
    columns = ("tool", "kind", "effect", "why", "calls")
    tell(f"written: {plain(path)}")
    if not is_quiet():
        table(columns, [[getattr(one, name) for name in columns] for one in found], optional=("calls", "kind"))
    command = words("vai", "crystallize", *traces, *(["--tools", path] if arguments.out else []))
    next_step(f"correct {plain(path)}: functions, connections and effects", command)


def _proposed(one: ToolProposal) -> ProposedTool:
    return {
        "tool": one.tool,
        "server": one.server,
        "kind": one.kind,
        "effect": one.effect,
        "why": one.why,
        "calls": one.calls,
        "needs_rule": one.needs_rule,
        "statement": one.statement,
    }


def _write(path: Path, text: str, *, force: bool) -> None:
    if force:
        shared_files.replace(path, text.encode())
    elif os.path.lexists(path) or not shared_files.create(path, text.encode()):
        remedy = "Give another file with --out, show the proposals with --out -, or overwrite it with --force."
        raise ToolsFileError("the file already exists", where=str(path), remedy=remedy)
