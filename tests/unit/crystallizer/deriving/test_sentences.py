"""Sentences: words for operations, fields, values and bounds, each sentence for itself."""

from __future__ import annotations

import pytest

from airflow_provider_vai.crystallizer.deriving.sentences import Sentence
from tests.unit.crystallizer.deriving.made import said


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ("total", "what the dues come to"),
        ("mean", "the average dues"),
        ("largest", "the priciest berth"),
        ("smallest", "the berth with the fewest crates"),
        ("latest", "the most recent berth"),
        ("earliest", "the oldest berth"),
        ("count", "how many berths"),
        ("distinct", "how many different quays"),
        ("difference", "the gap"),
        ("change", "how dues grew"),
        ("percentage", "the share of north"),
        ("list", "every berth"),
    ],
)
def test_each_operation_has_words(operation: str, words: str) -> None:
    """And they are whole words."""
    assert Sentence(words).has(operation)
    assert not Sentence("a summary of the outmost foremasts").has(operation)


def test_fields_and_values_are_said_with_spaces_or_underscores() -> None:
    """Users write as they speak, data as machines do."""
    sentence = Sentence("the crates of berths that are in transit, by stock value")
    assert sentence.names("crate_count")
    assert sentence.names("stock_value")
    assert not sentence.names("dues")
    assert sentence.says("in_transit")
    assert not sentence.says("transi")


@pytest.mark.parametrize(
    ("words", "bound"),
    [
        ("dues over 500", ("over", 500.0)),
        ("more than EUR 1,250.50", ("over", 1250.5)),
        ("at least 3 crates", ("at_least", 3.0)),
        ("fewer than 9", ("below", 9.0)),
        ("up to 40", ("at_most", 40.0)),
    ],
)
def test_bounds(words: str, bound: tuple[str, float]) -> None:
    """A number alone is none."""
    assert Sentence(words.casefold()).bounds == [bound]
    assert Sentence("14 days").bounds == []


def test_spans_of_time_are_days() -> None:
    """Weeks, too."""
    assert Sentence("14 days after, or 2 weeks").days == [14, 14]


def test_words_count_in_one_sentence_only() -> None:
    """A full stop or a semicolon ends it."""
    assert [one.text.strip() for one in said("Total the dues. Open it; mark it.")] == [
        "total the dues",
        "open it",
        "mark it.",
    ]


def test_a_part_of_them_is_of_what_the_sentence_before_names() -> None:
    """The filter of "some berths are north" holds for "the cheapest of them"."""
    first, second = said("Some berths are north. Open the cheapest of them.")
    assert not first.has("smallest")
    assert second.has("smallest")
    assert second.says("North")
    assert not said("Show Iron Duke. Open the cheapest among those that are north.")[1].says("Iron Duke")
    assert not said("Read the notes of Iron Duke. Open the link in them.")[1].says("Iron Duke")


def test_a_name_is_no_word_for_an_operation() -> None:
    """The ship "Last Tern" is not the last one."""
    sentence = Sentence("open the notes of last tern")
    assert sentence.has("latest")
    assert not sentence.without(frozenset({"last tern"})).has("latest")


def test_a_sentence_without_known_words_is_not_understood() -> None:
    """It may say anything."""
    assert not Sentence("montre le navire au plus grand dues").is_understood
    assert Sentence("the largest").is_understood
    assert Sentence("dues over 5").is_understood
