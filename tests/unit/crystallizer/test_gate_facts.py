"""What a gate shows of the recording about derived values: rows, records, figures, and who may write them."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.authoring import editing
from airflow_provider_vai.authoring.deriving import AcceptProposal, propose
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.run import Turn
from tests.unit.crystallizer.deriving.made import BERTHS, READS, WRITES
from tests.unit.support import call, crystallized, run

OUTSIDE = {**READS, "trust": "untrusted"}
WORDS = "Report the total dues of the berths, and the quay of the berth with the highest dues."


def made(given: dict[str, Any], *, reads: Any = READS, **more: Any) -> Automation:
    """Return the automation of a run that lists berths and reports them."""
    listed = call("list_berths", {}, {"rows": BERTHS})
    recorded = run(listed, call("file_report", given, **more), turns=[Turn(index=0, user_text=WORDS)])
    return crystallized(recorded, reads, WRITES)


def gate_of(automation: Automation) -> Step:
    """Return the gate before the report."""
    return next(step for step in automation.steps if step.kind == "approval_gate")


def facts(automation: Automation) -> list[dict[str, Any]]:
    """Return the facts that the gate gets."""
    recorded = gate_of(automation).arguments.get("recorded")
    found: list[dict[str, Any]] = recorded.value.get("derived", []) if recorded else []
    return found


def test_what_the_gate_is_told() -> None:
    """Each part has its recorded value, its row count and where it comes from; a text has them for each slot."""
    (total,) = facts(made({"n": 7379.0}))
    assert total == {
        "at": ["arguments", "n"], "value": 7379.0, "figure": 7379.0, "rows": [6], "one_run": True,
    }  # fmt: skip
    sentence = facts(made({"text": "Dues of EUR 7,379, most of them from Blue Lantern."}))
    assert {one["slot"]: one.get("value") for one in sentence} == {"total_dues": "7,379", "ship": "Blue Lantern"}
    (ship,) = [one for one in sentence if one["slot"] == "ship"]
    assert ship["records"] == [{"berth_id": "BT-0233"}]


def test_untrusted_rows_keep_their_mark() -> None:
    """A figure of rows that outsiders write is theirs, though no text of theirs has it; without a gate it gets one."""
    approved = {"approval": "not_required"}
    assert not any(step.kind == "approval_gate" for step in made({"n": 7379.0}, **approved).steps)
    outside = made({"n": 7379.0}, reads=OUTSIDE, **approved)
    assert [value.place for value in outside.steps[-1].approval.untrusted] == [["arguments", "n"]]
    assert "Only text that outsiders can write" in str(gate_of(outside).arguments["reason"].value)
    (fact,) = facts(outside)
    assert fact["untrusted"] is True


def test_edits_keep_the_facts_in_step() -> None:
    """A part that is not derived any more, or in another way, has none; an accepted proposal has its own."""
    automation = made({"n": 7379.0, "m": 44})
    assert [one["at"][-1] for one in facts(automation)] == ["n"]
    frozen = editing.set_argument(automation, "file_report", "arguments.n", 5)
    assert facts(frozen) == []
    listed = call("list_berths", {}, {"rows": BERTHS})
    again = run(listed, call("file_report", {"n": 7379.0, "m": 44}), turns=[Turn(index=0, user_text=WORDS)])
    found = propose(automation, "file_report", "arguments.m", again, ["largest crates"])
    after = AcceptProposal(found, 1).apply(automation, "ada")
    assert {one["at"][-1]: one["rows"] for one in facts(after)} == {"n": [6], "m": [6]}
    assert "one_run" not in next(one for one in facts(after) if one["at"][-1] == "m")
