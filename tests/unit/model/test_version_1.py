"""Sidecars of schema version 1: each sentence becomes a finding with a code, a step and a place, or a note."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from airflow_provider_vai.model.version_1 import is_older, migrated

FLAG = "an MCP server answers, and may answer otherwise tomorrow"


def document(**facts: Any) -> dict[str, Any]:
    """Return a small sidecar of version 1, as far as the migration looks."""
    steps = [
        {"key": key, "kind": "mcp_tool", "determinism": "live", "non_deterministic_reason": FLAG, "arguments": {}}
        for key in ("look", "send")
    ]
    return {"schema_version": 1, "steps": steps, "review": [], **facts}


def argument(line: str, value: Any = None) -> dict[str, Any]:
    """Return what becomes of an argument with one line of evidence."""
    made = document()
    made["steps"][0]["arguments"] = {"json": {"class": "frozen", "value": value, "evidence": ["x: said", line]}}
    found: dict[str, Any] = migrated(made)["steps"][0]["arguments"]["json"]
    return found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"look, send: {FLAG}", [("live", "look", None), ("live", "send", None)]),
        ("send: fails when run, its tool has no action kind", [("unmapped_tool", "send", None)]),
        ("send: changes something outside and has no gate (why (so))", [("write_without_gate", "send", None)]),
        (
            "send: follows the branch b, which names it neither in if_true nor in if_false: it is always skipped",
            [("always_skipped", "send", None)],
        ),
        ("send.json: a.0 equals x[y], z: left frozen", [("several_sources", "send", ["json", "a", 0])]),
        ("params, which whoever starts a run may set: a, b", [("params", None, None)]),
        ("look: the spec says that it changes nothing outside (effect: read)", [("effect_of_spec", "look", None)]),
        ("look: changed something outside, and mia says that its effect is read", [("effect_lowered", "look", None)]),
        ("approve: recorded, denied went with the step that was replaced", [("gate_reset", "approve", None)]),
        ("the run r1 was named twice, and counts once", [("run_named_twice", None, None)]),
        ("gone: a model wrote this SQL", [("note", None, None)]),
        ("Whatever a person wrote: left alone", [("note", None, None)]),
    ],
)
def test_lines_of_the_review(line: str, found: list[tuple[str, str | None, Any]]) -> None:
    """The same in what was reviewed: it must not be asked for again."""
    made = migrated(document(review=[line], reviews=[{"items": [line]}]))
    assert [(it["code"], it["step"], it["place"]) for it in made["review"]] == found
    assert made["reviews"][0]["items"] == made["review"]


def test_the_values_of_a_line_stay() -> None:
    """In the new sentence, or as evidence."""
    lines = ["send: changes something outside and has no gate (why (so))", "look: changed something outside, and mia "
             "says that its effect is read", "odd: line"]  # fmt: skip
    ungated, lowered, odd = migrated(document(review=lines))["review"]
    assert ungated["evidence"] == ["why (so)"]
    assert lowered["message"] == "had external side effects; mia set its effect to read"
    assert odd["message"] == "odd: line"


@pytest.mark.parametrize(
    ("line", "at", "code", "evidence"),
    [
        ("the value equals web[0][url]", [], "source_without_step", "equals web[0][url]"),
        ("id equals the results of look, find", ["id"], "several_sources", "equals the results of look, find"),
        ("to equals a[1][iban], picked by its position among 2", ["to"], "picked_by_position", None),
        ("more than 24 of its places equal places in a", [], "many_sources", None),
        ("and 3 more places", [], "more_places", None),
        ("body.0 contains look[id]", ["body", 0], "text_of_result", "contains look[id]"),
        ('month: is 2025-03, and the user said "March" without a year: that one, or the latest one?', ["month"],
         "date_without_year", None),
        ("start: is 2026-11-01: the first day of this month when it was recorded, or that very day?", ["start"],
         "date_unclear", None),
        ("path: said by the user, but send.x, which a model wrote, may rest on what came of it", ["path"],
         "written_about_later", None),
        ("to: said by the user, but whoever starts a run could change it, and no gate guards this write", ["to"],
         "param_without_gate", None),
        ("key: volatile, differs between the runs as a clock does ('a' in r1)", ["key"], "volatile", None),
        ("key: quite another thing", ["key"], "undecided", "quite another thing"),
    ],
)  # fmt: skip
def test_open_questions(line: str, at: list[Any], code: str, evidence: str | None) -> None:
    """The place and the code become data, the rest of the line becomes evidence, and other lines are kept."""
    made = argument(f"{line} left frozen" if line.endswith("?") else f"{line}: left frozen")
    (found,) = made["undecided"]
    assert made["evidence"] == ["x: said"]
    assert (found["at"], found["code"]) == (at, code)
    assert found["evidence"] == [evidence] if evidence else found["evidence"][0] in line


def test_a_question_about_several_places() -> None:
    """Each place has it."""
    made = argument("a, b.0: said by the user, but send.x holds it, too, and stays as recorded: left frozen")
    assert [(it["at"], it["code"]) for it in made["undecided"]] == [
        (["a"], "held_elsewhere"), (["b", 0], "held_elsewhere"),
    ]  # fmt: skip


def test_the_words_of_a_model() -> None:
    """Their places; where the sentence named only some of them, every text of a sentence's length."""
    said = "a model wrote json.a, json.b.0, which each run repeats word for word"
    texts = {"a": "some words of a model", "b": ["and again a few words", "short"]}
    for reason in (
        said,
        f"{FLAG}; {said}",
        f"{FLAG}; a model wrote json.a and 1 more, which each run repeats word for word",
    ):
        made = document()
        made["steps"][0] |= {"non_deterministic_reason": reason, "arguments": {"json": {"value": texts}}}
        assert migrated(made)["steps"][0]["model_words"] == [["json", "a"], ["json", "b", 0]]


def test_what_outsiders_said() -> None:
    """The places and calls of the sentence; a gate's own reason only repeats them."""
    reason = "it writes; only text that outsiders can write says json.to (call c1), json.note (call c 2) and 3 more"
    made = document()
    for one in made["steps"]:
        one["approval"] = {"recorded": "unknown", "reason": reason}
    made["steps"][1]["kind"] = "approval_gate"
    found, gate = migrated(made)["steps"]
    assert found["approval"]["untrusted"] == [
        {"place": ["json", "to"], "call_id": "c1"}, {"place": ["json", "note"], "call_id": "c 2"},
    ]  # fmt: skip
    assert "untrusted" not in gate["approval"]


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("turn 2 was not chosen", "not_chosen"),
        ("was excluded", "not_chosen"),
        ("failed: no bed; succeeded when retried as s3", "retried"),
        ("failed", "failed"),
        ("a person denied it: no", "denied"),
        ("its step look was removed by mia", "step_removed"),
        ("made in 1 of 2 runs (r1), too few to say when: it takes 2 with it and 2 without", "not_in_every_run"),
        ("something else", "other"),
    ],
)
def test_calls_that_became_no_step(reason: str, code: str) -> None:
    """Their reason has a code."""
    left = {"call_id": "c", "tool": "t", "reason": reason}
    assert migrated(document(not_crystallized=[left]))["not_crystallized"] == [{**left, "code": code}]


def test_which_documents_are_older() -> None:
    """Version 1, and a spec without a version whose review is of lines."""
    assert is_older(document())
    assert is_older({"source_type": "MANUAL", "review": ["a"]})
    for other in ({**document(), "schema_version": 2}, {"source_type": "MANUAL", "review": []}, {}, [], None, "x"):
        assert not is_older(other)


@pytest.mark.parametrize(
    "odd",
    [
        {"steps": None}, {"steps": [None, 1, {"arguments": [1], "approval": "x"}]}, {"review": {"a": 1}},
        {"review": [1, None, {"code": "note", "message": "m"}]}, {"reviews": [None, {"items": 3}]},
        {"not_crystallized": [None, {"reason": 4}]}, {"steps": [{"arguments": {"a": None, "b": {"evidence": [1]}}}]},
    ],
)  # fmt: skip
def test_odd_documents(odd: dict[str, Any]) -> None:
    """What cannot be read is left for the validation; the document that was given does not change."""
    given = {"schema_version": 1, **odd}
    before = copy.deepcopy(given)
    assert migrated(given)["schema_version"] == 2
    assert given == before
