"""``vai sessions``: list the sessions that coding agents keep on this machine."""

from __future__ import annotations

import re
import tempfile
from argparse import Namespace
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.cli.reports import print_json
from airflow_provider_vai.cli.terminal import complain, progress, say, table
from airflow_provider_vai.crystallizer.advise import advise
from airflow_provider_vai.crystallizer.assign import assign
from airflow_provider_vai.crystallizer.coding import only_looked
from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.crystallizer.select import require_success, select
from airflow_provider_vai.exceptions import CrystallizeError, TraceError, VaiError
from airflow_provider_vai.languages.printable import plain
from airflow_provider_vai.model.automation import Advice
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.model.tools_file import ToolsFile, read_tools
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.traces.formats import read
from airflow_provider_vai.traces.sessions.places import Session, looked_in, sessions as all_sessions, trace_of

if TYPE_CHECKING:
    from airflow_provider_vai.cli.outputs import ListedSession

LARGEST = 100_000_000
"""The size in bytes of the largest file that is read for the list."""

TITLE_CHARACTERS = 60
_DAYS = re.compile(r"(\d{1,5})d")


def sessions(arguments: Namespace) -> None:
    """List the sessions with title, number of calls, outcome and advice, newest first."""
    since = since_of(arguments.since)
    found = all_sessions(since)
    tools = read_tools(None, beside=Path("trace"))
    rows = [row_of(session, tools) for session in progress(found, "Reading sessions")]
    if arguments.json:
        print_json(rows)
        return
    every = all_sessions()
    if not every:
        say("No session of a coding agent was found in these folders:")
        for name, folder in looked_in():
            say(f"  {name}: {plain(str(folder))}{'' if folder.is_dir() else ' (does not exist)'}")
        return
    columns = ("session", "changed", "title", "calls", "outcome", "advice")
    table(columns, [[_shown(row, column) for column in columns] for row in rows])
    older = len(every) - len(found)
    say(
        f"{len(rows)} session{'s' * (len(rows) != 1)}, changed since {since:%Y-%m-%d}"
        + (f"; {older} older ones: --since DATE" if older else "")
    )
    say("Make a DAG of one with `vai crystallize SESSION`; the beginning of its id is enough.")


def since_of(text: str, now: datetime | None = None) -> datetime:
    """Return the time that ``--since`` means.

    :param text: a date (``2026-03-01``), or a number of days (``30d``).
    :param now: the current time, for tests.
    :raises TraceError: it is neither.
    """
    try:
        if days := _DAYS.fullmatch(text):
            return (now or datetime.now(timezone.utc)) - timedelta(days=int(days[1]))
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.astimezone()
    except (ValueError, OverflowError):
        problem = f"--since {plain(text)!r} is neither a date nor a number of days"
        raise TraceError(problem, remedy="Give a date (2026-03-01) or a number of days (30d).") from None


def row_of(session: Session, tools: ToolsFile) -> ListedSession:
    """Return what the list shows of a session. A session that cannot be read has the reason in place of the rest.

    :param session: the session.
    :param tools: the tools file of the current folder, for the advice.
    """
    if session.size > LARGEST:
        return _unread(session, f"{session.size / 1e6:.0f} MB are too much for the list")
    try:
        with tempfile.TemporaryDirectory(prefix="vai-session-") as folder:
            runs = read(trace_of(session, Path(folder)))[1]
    except (VaiError, OSError) as error:
        return _unread(session, mask(error.problem if isinstance(error, VaiError) else str(error)))
    if not runs:
        return _unread(session, "it has no run")
    run = runs[0]
    advice = advice_of(run, tools)
    words = run.title or next((turn.user_text for turn in run.turns if turn.user_text), None)
    return {
        "session": session.name,
        "changed": session.changed_at.isoformat(),
        "path": str(session.path),
        "title": plain(mask(words), TITLE_CHARACTERS) if words else None,
        "calls": len(run.calls),
        "outcome": run.outcome,
        "advice": advice.recommendation,
        "reasons": [mask(reason) for reason in advice.reasons],
        "problem": None,
    }


def _unread(session: Session, problem: str) -> ListedSession:
    return {
        "session": session.name,
        "changed": session.changed_at.isoformat(),
        "path": str(session.path),
        "title": None,
        "calls": None,
        "outcome": "unknown",
        "advice": None,
        "reasons": [],
        "problem": problem,
    }


def advice_of(run: Run, tools: ToolsFile) -> Advice:
    """Return whether a session is worth a DAG. Calls with which the agent only looked do not count.

    :param run: the session.
    :param tools: the tools file.
    """
    mapped = {call.tool for call in run.calls if tools.rule(call.tool, call.server)}
    looked = only_looked(sorted({call.tool for call in run.calls} - mapped))
    policy = Policy(allow_unmapped=True, exclude=tuple(looked))
    try:
        require_success(run, policy)
        return advise(assign(select(run, policy)[0], tools, policy, run.format), run)
    except CrystallizeError as error:
        return Advice(recommendation="skip", reasons=[error.problem])


def _shown(row: Mapping[str, Any], column: str) -> object:
    if column == "changed":
        return row["changed"][:16].replace("T", " ")
    if column == "advice" and row.get("problem"):
        complain(f"{row['session']}: {plain(row['problem'])}")
        return "not readable"
    return "" if row[column] is None else row[column]
