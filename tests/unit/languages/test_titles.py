"""Titles made of longer texts end with a sentence, a clause or a word, never in the middle of one."""

from __future__ import annotations

import pytest

from airflow_provider_vai.languages.titles import title_of

LONG = "Compare the revenue of every region with that of the year before, and send the three largest differences to us"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Weekly report", "Weekly report"),
        ("Send the weekly report. Use CSV.", "Send the weekly report."),
        ("Hi! Send the weekly report to the team. Use CSV.", "Hi! Send the weekly report to the team."),
        (
            "Send version 1.5 to e.g. Ann and Dr. Smith today. Then stop.",
            "Send version 1.5 to e.g. Ann and Dr. Smith today.",
        ),
        ("Weekly sales by region\n\nYou are an analyst.", "Weekly sales by region"),
        ("Was it sent to everybody? Check.", "Was it sent to everybody?"),
        ("  Two\tspaces \u00a0 only ", "Two spaces only"),
        ("", ""),
        (LONG, "Compare the revenue of every region with that of the year before…"),
        ("word " * 40, "word " * 15 + "word…"),
    ],
)
def test_a_title_ends_where_a_person_would_end_it(text: str, expected: str) -> None:
    assert title_of(text, 80) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("先月の売上を地域ごとに集計してください。その後送信。", "先月の売上を地域ごとに集計してください。"),
        ("x" * 100, "x" * 29 + "…"),
        ("e\u0301" * 40, "e\u0301" * 14 + "…"),
        ("https://example.org/" + "a" * 90 + " is down", "https://example.org/" + "a" * 9 + "…"),
    ],
)
def test_texts_without_spaces_are_cut_between_characters(text: str, expected: str) -> None:
    """Scripts without spaces end at their own full stop; an accent stays with its letter."""
    assert title_of(text, 30) == expected


@pytest.mark.parametrize("limit", range(25, 130))
def test_a_title_never_exceeds_its_limit_and_has_whole_words(limit: int) -> None:
    title = title_of(LONG, limit)

    assert len(title) <= limit
    assert set(title.removesuffix("…").replace(",", "").split()) <= set(LONG.replace(",", "").split())
