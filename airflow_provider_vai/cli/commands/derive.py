"""``vai derive``: proposes how each run can work out an argument, and writes the proposal that is accepted."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_vai.analysis.verify.files import sidecar_path
from airflow_provider_vai.authoring.deriving import AcceptProposal, Proposed, ProposedValue, propose, stored_run
from airflow_provider_vai.cli.collector import without_collector
from airflow_provider_vai.cli.commands.edit import carry_out, check_version
from airflow_provider_vai.cli.reports import print_json
from airflow_provider_vai.cli.session_traces import traces_of
from airflow_provider_vai.cli.terminal import next_step, say, words
from airflow_provider_vai.languages.printable import plain
from airflow_provider_vai.model import artifacts, storage
from airflow_provider_vai.store.sidecar_files import read_sidecar

if TYPE_CHECKING:
    from airflow_provider_vai.model.run import Run
    from airflow_provider_vai.model.sidecar import Sidecar

LONGEST = 2000


@without_collector()
def derive(arguments: Namespace) -> None:
    """Show the derivations of an argument, or accept one.

    :raises SpecError: nothing gives the value, or the place is one that is never derived; nothing was written.
    """
    path = sidecar_path(Path(arguments.dag))
    sidecar = read_sidecar(path)
    check_version(sidecar, path, arguments.expected_version)
    run = _run(sidecar, arguments)
    proposed = propose(sidecar.automation, arguments.step, arguments.argument, run, arguments.say or ())
    if arguments.accept is not None:
        edit = AcceptProposal(proposed, arguments.accept, ungated=arguments.ungated)
        carry_out(edit, sidecar, path, arguments, f"derived {arguments.argument} of {arguments.step}")
    elif arguments.json:
        print_json(proposed.as_json())
    else:
        _show(proposed, arguments)


def _run(sidecar: Sidecar, arguments: Namespace) -> Run:
    if not arguments.trace:
        return stored_run(sidecar.automation, storage.folder(artifacts.runs_path(), "[vai] runs_path"))
    from airflow_provider_vai.analysis.verify.recordings import of_trace

    with traces_of(arguments.trace) as paths:
        run = of_trace(sidecar, [Path(name) for name in paths], arguments.format).run
    assert run is not None  # noqa: S101 - a trace was read
    return run


def _show(proposed: Proposed, arguments: Namespace) -> None:
    say(f"{plain(proposed.where)}: recorded {plain(proposed.shown_value, LONGEST)}")
    for one in proposed.proposals:
        say(*_lines(one))
    next_step(f"vai derive {words(arguments.dag, arguments.step, arguments.argument)} --accept N")


def _lines(one: ProposedValue) -> Iterator[str]:
    yield ""
    yield f"{one.number}. {plain(one.words, LONGEST)}"
    yield f"   {plain(one.expression, LONGEST)}"
    yield from (f"     {plain(line, LONGEST)}" for line in one.tree)
    if one.kept:
        yield f"   stays as recorded: {plain(', '.join(one.kept), LONGEST)}"
    if one.also:
        yield f"   also fits: {plain('; '.join(one.also), LONGEST)}"
    if one.rivals:
        yield f"   fits as well as {', '.join(map(str, one.rivals))}"
