"""Prints the savings of an automation as a table."""

from __future__ import annotations

from airflow_provider_vai.analysis.savings import Cost, Ledger, Row
from airflow_provider_vai.cli.terminal import say, table
from airflow_provider_vai.languages.printable import plain


def show_savings(found: Ledger) -> None:
    """Print a ledger: a table of the DAG runs, and the totals below it."""
    columns = ("run", "state", "started", "seconds", "tokens saved", "USD saved", "seconds saved")
    table(columns, [_shown(row) for row in found.rows])
    by = f", priced by {plain(found.priced_by)}" if found.priced_by else ""
    say(f"recorded with {plain(found.model or 'an unknown model')}: {_words(found.recorded)}{by}")
    say(f"saved by {len(found.rows)} DAG runs: {_words(found.saved)}")
    for note in found.notes:
        say(f"note: {plain(note, 400)}")


def _shown(row: Row) -> list[object]:
    started = f"{row.started:%Y-%m-%d %H:%M:%S}" if row.started else ""
    saved = [_number(_tokens(row.saved)), _number(row.saved.cost_usd, 4), _number(row.saved.seconds, 1)]
    return [row.run_id, row.state, started, _number(row.spent.seconds, 1), *saved]


def _words(cost: Cost) -> str:
    return f"{_number(_tokens(cost))} tokens, {_number(cost.cost_usd, 4)} USD, {_number(cost.seconds, 1)} seconds"


def _tokens(cost: Cost) -> int | None:
    known = cost.input_tokens is not None and cost.output_tokens is not None
    return (cost.input_tokens or 0) + (cost.output_tokens or 0) if known else None


def _number(value: float | None, digits: int = 0) -> str:
    return "unknown" if value is None else f"{value:,.{digits}f}"
