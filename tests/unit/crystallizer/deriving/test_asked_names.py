"""A wire to the record that a search was asked for follows the name of the search."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.languages.derivation.source import written
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.run import Turn
from tests.unit.crystallizer.deriving.made import OPENS, READS, WRITES
from tests.unit.support import call, crystallized, run

LOGS = [
    {"title": "night-watch.odt", "log_id": "LG-70417", "keeper": "keeper-0417@harbour.example"},
    {"title": "night-watch.odt.old", "log_id": "LG-70982", "keeper": "keeper-0982@harbour.example"},
]
NOTE = {"note": "Please read night-watch.odt and tides.csv before noon."}
ASKED = "argument_of('get_logs', 'arguments', 'title')"


def last_argument(
    words: str, note: Any, given: dict[str, Any], *, tool: str = "close_log", logs: Any = None
) -> Argument:
    """Return the argument of a call after a note, and a search for the log that the note names."""
    calls = [call("list_notes", {}, note), call("get_logs", {"title": "night-watch.odt"}, logs or {"rows": LOGS})]
    recorded = run(*calls, call(tool, given, {"ok": True}), turns=[Turn(index=0, user_text=words)])
    return crystallized(recorded, READS, OPENS, WRITES, gates="recorded").steps[-1].arguments["arguments"]


def test_a_record_follows_the_name_that_its_search_was_given() -> None:
    """Also in a write: the name is the record's identity, and no criterion."""
    for tool in ("close_log", "get_log"):
        (tree,) = last_argument("Do what the note says.", NOTE, {"log_id": "LG-70417"}, tool=tool).trees()
        assert tree[0] == ["log_id"]
        assert written(tree[1]) == f"only(where(wired('get_logs', 'rows'), title={ASKED}))['log_id']"


def test_whom_a_write_reaches_does_not_follow_it() -> None:
    """It stays as recorded, because the name comes from a text that anyone may have written."""
    made = last_argument("Do what the note says.", NOTE, {"recipient": "keeper-0417@harbour.example"})
    assert made.placed_outputs() == []
    assert [one.code for one in made.undecided] == ["picked_by_criterion"]
    read = last_argument("Do what the note says.", NOTE, {"recipient": "keeper-0417@harbour.example"}, tool="get_mail")
    assert [written(tree) for _, tree in read.trees()] == [
        f"only(where(wired('get_logs', 'rows'), title={ASKED}))['keeper']"
    ]


@pytest.mark.parametrize(
    ("words", "note", "logs"),
    [
        ("Close night-watch.odt.", NOTE, None),
        ("Do what the note says.", {"note": "Read night-watch.odt and old.odt."}, None),
        ("Do what the note says.", NOTE, {"rows": [{"files": [one], "log_id": one["log_id"]} for one in LOGS]}),
    ],
)
def test_a_name_that_stays_is_written_as_it_is(words: str, note: Any, logs: Any) -> None:
    """The user said it, or nothing tells which file is meant; or it is not a field of the record itself."""
    assert last_argument(words, note, {"log_id": "LG-70417"}, logs=logs).trees() == []
