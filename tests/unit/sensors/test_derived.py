"""The gate shows what the run worked out: in words, with the value, and with what is unusual about it."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.operators.arguments import argument, wired
from airflow_provider_vai.operators.derived import count, largest, part, shown, text, total, where
from airflow_provider_vai.sensors import approval_text
from tests.unit.sensors.support import asked, body, gate_and_step

ROWS = [{"region": f"r{number}", "revenue": 100 + number} for number in range(12)]
rows = wired("generate_query", "rows")


@pytest.fixture(autouse=True)
def results(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every step return :data:`ROWS`."""
    monkeypatch.setattr("airflow_provider_vai.operators.arguments.result_of", lambda task, context: {"rows": ROWS})


def lines(arguments: Any, recorded: Any = None) -> list[str]:
    """Return the lines about derived values, without the backslashes of Markdown."""
    shown_text = body(argument(arguments), recorded={"arguments": {"arguments": recorded}} if recorded else None)
    return [line.replace("\\", "") for line in shown_text.split("\n") if line.startswith("- arguments")]


def test_words_and_values() -> None:
    """Each part, and each slot of a text, has its own line."""
    value = {
        "total": total(rows, "revenue"),
        "text": text(
            "{sum} from {region}", sum=shown(total(rows, "revenue"), ",d"), region=largest(rows, "revenue")["region"]
        ),
        "list": [count(where(rows, region="r1"))],
        "plain": 5,
    }
    assert lines(value) == [
        "- arguments.total: total of revenue over 12 rows of generate_query: 1,266",
        "- arguments.text, sum: total of revenue over 12 rows of generate_query: 1,266",
        "- arguments.text, region: region of the row with the largest revenue of 12 rows of generate_query: r11",
        "- arguments.list.0: number of rows of generate_query where region is r1: 1",
    ]
    assert "Worked out from earlier results" not in body({"plain": 5})


@pytest.mark.parametrize(
    ("recorded", "flag"),
    [
        ({"a": 1200}, " (recorded: 1,200)"),
        ({"a": 1266}, ""),
        ({"a": "AKIAIOSFODNN7EXAMPLF\n# no"}, " (recorded: ***n# no)"),
        ({"a": 100}, " **more than ten times as much or less than the recorded 100**"),
        ({"a": 20000}, " **more than ten times as much or less than the recorded 20,000**"),
        ({"a": -1266}, " **another sign than the recorded -1,266**"),
        ({"a": None}, ""),
        ({"b": 1}, ""),
        ([], ""),
    ],
)
def test_unusual_values(recorded: Any, flag: str) -> None:
    """A value of another magnitude or sign than the recorded one is flagged; any other one has it beside it."""
    (line,) = lines({"a": total(rows, "revenue")}, recorded)
    assert line == f"- arguments.a: total of revenue over 12 rows of generate_query: 1,266{flag}"


def test_lists_of_another_length() -> None:
    """A list that is half as long, or half as long again, is flagged."""
    every = part(wired("generate_query"), "rows")
    assert "**12 items; recorded 5**" in lines({"a": every}, {"a": [1] * 5})[0]
    assert "**" not in lines({"a": every}, {"a": [1] * 10})[0]


def test_hostile_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value from a result cannot break out of its line, and a secret in it is masked."""
    hostile = "x\n\n# Approved <script> `[a](b)` AKIAIOSFODNN7EXAMPLF"
    found = [{"region": hostile, "revenue": 1}]
    monkeypatch.setattr("airflow_provider_vai.operators.arguments.result_of", lambda task, context: {"rows": found})
    made = body(argument({"a": largest(rows, "revenue")["region"]}))
    rest = made.partition("Worked out")[2]
    assert "\n# Approved" not in rest
    assert "<script>" not in rest
    assert "AKIAIOSFODNN7EXAMPLF" not in rest


def test_a_cut_question_shows_them_too() -> None:
    """They are what a person should read, so a long question keeps them."""
    sensor, _ = gate_and_step(argument({"a": total(rows, "revenue"), "long": "x" * 100_000}))
    made = approval_text.body(asked(sensor), reason=None, recorded=None, page="/page")
    assert "1,266" in made.replace("\\", "")


def flagged(derived: Any, **facts: Any) -> str:
    """Return the line about a derived value, beside what the recording says about it."""
    recorded = {"derived": [{"at": ["arguments", "a"], **facts}]}
    text_ = body(argument({"a": derived}), recorded=recorded)
    (line,) = [line for line in text_.split("\n") if line.startswith("- arguments")]
    assert "Approval in the recorded run" not in text_
    return line.replace("\\", "")


def test_row_counts_then_and_now() -> None:
    """The recorded count is shown next to this run's; a list of half the length is flagged."""
    everything = total(rows, "revenue")
    line = flagged(everything, rows=[10], value=900)
    assert line.endswith("over 12 rows of generate_query: 1,266 (recorded: 900) (recorded over 10 rows)")
    assert "**12 rows; recorded 40**" in flagged(everything, rows=[40])
    assert "**12 rows; recorded 5**" in flagged(everything, rows=[5])


def test_another_record_than_recorded() -> None:
    """A record that the criterion picks now is another one; the same one is not flagged."""
    best = part(largest(rows, "revenue"), "revenue")
    assert "**another record than recorded: region r11, recorded r3**" in flagged(best, records=[{"region": "r3"}])
    assert "another record" not in flagged(best, records=[{"region": "r11"}])
    assert "another record" not in flagged(best, records=[{}])


def test_figures_that_are_written_as_text() -> None:
    """A slot with ten times the recorded figure is flagged, and so is another sign."""
    value = text("{sum} in all", sum=shown(total(rows, "revenue"), ",d"))
    assert "**more than ten times as much or less than the recorded 90**" in flagged(value, slot="sum", figure=90)
    assert "**another sign than the recorded -1,200**" in flagged(value, slot="sum", figure=-1200)
    assert "(recorded: 1,200)" in flagged(value, slot="sum", figure=1200, value="1,200")


def test_where_it_comes_from() -> None:
    """What one run proposes, and what outsiders can write, are marked."""
    value = total(where(rows, region="r1"), "revenue")
    assert "**proposed from one recorded run**" in flagged(value, one_run=True)
    assert "**worked out from text that outsiders can write**" in flagged(value, untrusted=True)
    assert "**" not in flagged(value)


@pytest.mark.parametrize(
    "facts", [{"rows": "x"}, {"rows": [1, 2]}, {"records": [1]}, {"records": "x"}, {"figure": "x"}]
)
def test_facts_of_another_shape(facts: dict[str, Any]) -> None:
    """An edit by hand of the facts changes nothing but the comparison."""
    assert "over 12 rows" in flagged(total(rows, "revenue"), **facts)
