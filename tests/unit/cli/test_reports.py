"""The output about an automation: which arguments are counted, and the numbered review items."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_vai.cli.reports import show_published, show_review
from airflow_provider_vai.model.review_item import review_item
from airflow_provider_vai.store.publisher import publish
from tests.unit.support import call, crystallized, run


def test_only_what_the_recorded_call_gave_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Constants of the action kind or tools file, and arguments of a gate, are not counted."""
    monkeypatch.setenv("COLUMNS", "200")
    recorded = run(
        call("look", {"q": "x"}, {"id": "record 4711"}),
        call("post", {"url": "/orders", "method": "POST", "json": {"id": "record 4711"}}, approval="approved"),
    )
    automation = crystallized(
        recorded, {"match": "post", "kind": "http_request", "conn_id": "crm"}, {"match": "*", "kind": "mcp_tool"}
    )
    constants = [name for name, argument in automation.steps[-1].arguments.items() if argument.origin == "constant"]
    assert constants
    show_published(automation, publish(automation, tmp_path))
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.split()}
    assert " 1 frozen " in rows["look"]
    assert " 2 frozen, 1 wired (from look)" in rows["post"]
    assert "frozen" not in rows["approve_post"]


def test_a_review_item_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Line ends and escape sequences in text from a trace are escaped."""
    show_review([(7, review_item("trace_note", text="odd\n\x1b[2Jtext"))])
    assert capsys.readouterr().out == "review 7: odd␤\\x1b[2Jtext\n"
