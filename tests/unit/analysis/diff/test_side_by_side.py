"""Two texts beside each other: matched lines, changed words, folded stretches, and no credential."""

from __future__ import annotations

import yaml

from airflow_provider_vai.analysis.diff.side_by_side import AROUND, MOST_ROWS, SideBySide, side_by_side, spec_text
from airflow_provider_vai.analysis.diff.spec_diff import text_diff
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Automation, Param, Step
from airflow_provider_vai.model.step_approval import StepApproval

TOKEN = "ghp_" + "a1B2" * 9


def lines(found: SideBySide) -> list[tuple[str | None, str | None]]:
    """Return the lines, with ``[…]`` around what changed."""
    return [
        tuple(
            None if side is None else "".join(f"[{part.text}]" if part.is_changed else part.text for part in side.parts)
            for side in (pair.old, pair.new)
        )
        for stretch in found.stretches
        for pair in stretch.pairs
    ]  # type: ignore[return-value]


def test_the_words_of_a_line_that_differ_are_marked() -> None:
    """What stays the same in a changed line is not marked; an unrelated line is marked as a whole."""
    assert lines(side_by_side("a\nSELECT old FROM x\n", "a\nSELECT new FROM x\n"))[:2] == [
        ("a", "a"),
        ("SELECT [old] FROM x", "SELECT [new] FROM x"),
    ]
    assert lines(side_by_side("abc def", "1 + 2")) == [("[abc def]", "[1 + 2]")]


def test_added_and_removed_lines_have_no_partner() -> None:
    """A line on one side only stands alone, and the numbers go on."""
    found = side_by_side("a\nb\n", "a\nnew\nb\n")
    assert lines(found) == [("a", "a"), (None, "[new]"), ("b", "b"), ("", "")]
    assert [(pair.old and pair.old.number, pair.new and pair.new.number) for pair in found.stretches[0].pairs] == [
        (1, 1), (None, 2), (2, 3), (3, 4),
    ]  # fmt: skip
    assert lines(side_by_side("a\n\nb", "a\nb")) == [("a", "a"), ("[]", None), ("b", "b")]


def test_what_is_far_from_a_change_is_folded() -> None:
    """A few lines around each change stay open; equal texts have no lines at all."""
    same = [f"line {number}" for number in range(50)]
    found = side_by_side("\n".join(["x", *same, "y"]), "\n".join(["X", *same, "Y"]))
    assert [(stretch.is_folded, len(stretch.pairs)) for stretch in found.stretches] == [
        (False, 1 + AROUND), (True, 50 - 2 * AROUND), (False, AROUND + 1),
    ]  # fmt: skip
    assert side_by_side("a", "a") == SideBySide()


def test_credentials_are_masked_and_their_change_is_seen() -> None:
    """Both sides look alike then, but the line still counts as changed."""
    found = side_by_side(f"a = '{TOKEN}'", f"a = '{TOKEN[:-1]}9'")
    assert TOKEN[:-1] not in str(found)
    assert not found.stretches[0].pairs[0].is_same


def test_a_key_of_several_lines_is_masked() -> None:
    """Every line of it, in both forms of the comparison."""
    body = "\n".join(["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"] * 3)
    key = f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"
    assert "MIIEvQ" not in str(side_by_side(f"{key}\nx", f"{key}\ny"))
    assert "MIIEvQ" not in text_diff(f"{key}\nx", f"{key}\ny", ("a", "b"))
    assert "MIIEvQ" not in text_diff(body, f"{key}\ny", ("a", "b"))


def test_a_long_text_is_cut() -> None:
    """A page that a browser cannot lay out helps nobody; what is left out is counted."""
    found = side_by_side("", "x\n" * (MOST_ROWS + 5))
    assert sum(len(stretch.pairs) for stretch in found.stretches) == MOST_ROWS
    assert found.left_out == 6


def test_a_spec_as_text() -> None:
    """Texts of several lines stay lines, references are written as in a spec, and evidence is left out."""
    step = Step(
        key="look", task_id="look", kind="generate_query", operator="GenerateQueryOperator", effect="read",
        determinism="exact", call_ids=["c1"], approval=StepApproval(recorded="unknown", reason=""),
        arguments={"sql": Argument.frozen("SELECT 1\nFROM x"), "who": Argument(class_="parameter", param="who")},
    )  # fmt: skip
    text = spec_text(
        Automation(dag_id="nightly", source_type="MANUAL", params={"who": Param(default="x")}, steps=[step])
    )

    assert "sql: |-\n      SELECT 1\n      FROM x\n" in text
    assert "c1" not in text
    assert yaml.safe_load(text)["steps"][0]["arguments"] == {"sql": "SELECT 1\nFROM x", "who": {"$param": ["who"]}}
