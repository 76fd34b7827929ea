"""Places in results: what they are called, which record and which lists they are of."""

from __future__ import annotations

from airflow_provider_vai.crystallizer.evidence import value_places as text_places
from airflow_provider_vai.crystallizer.evidence.value_places import ValuePlace, by_name, chosen_from, leaves, places
from airflow_provider_vai.languages.result_path import follow

RESULT = {"mails": [{"id_": "9", "body": "IBAN: DE4711\nSo long."}, {"id_": "10", "cc": ["a@b.org", "c@d.org"]}]}


def test_every_place() -> None:
    """Outer ones first, texts by their form; the path of each leads to its value."""
    found = list(places(RESULT))
    assert [follow(RESULT, place.path) for place in found] == [place.value for place in found]
    assert (
        ValuePlace(
            "DE4711",
            ("mails", 0, "body", "text:fields", "IBAN"),
            "IBAN",
            ("mails", 0, "body", "text:fields"),
            ((1, 2),),
        )
        in found
    )
    assert ValuePlace("c@d.org", ("mails", 1, "cc", 1), "cc", ("mails", 1), ((1, 2), (3, 2))) in found


def test_a_name_for_a_position() -> None:
    """Only a name that was said, of one record alone, and not of the value itself."""
    place = next(place for place in places(RESULT) if place.value == "c@d.org")
    assert by_name(RESULT, place, lambda name: name == "10") == ("mails", 1, "cc", 1)  # too short to be a name
    assert by_name(RESULT, place, lambda name: False) == place.path
    named = {"mails": [{"subject": "Rent", "to": "x@y.org"}, {"subject": "Food", "to": "x@y.org"}]}
    place = next(place for place in places(named) if place.path == ("mails", 1, "to"))
    path = by_name(named, place, lambda name: True)
    assert (path, chosen_from(place, path)) == (("mails", "[subject=Food]", "to"), [])
    assert chosen_from(place, place.path) == [2]
    subject = next(place for place in places(named) if place.path == ("mails", 1, "subject"))
    assert by_name(named, subject, lambda name: True) == subject.path


def test_texts_inside_texts_end() -> None:
    """Two texts are read inside each other, not a third."""
    inner = '{"a": "{\\"b\\": \\"{\\\\\\"c\\\\\\": 1}\\"}"}'
    assert [place.path for place in places(inner)][-1] == ("text:json", "a", "text:json", "b")


def test_a_data_set_is_looked_at_in_part(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """There is an end to it."""
    monkeypatch.setattr(text_places, "MOST_PLACES", 10)
    assert len(list(places(list(range(100))))) == 10


def test_leaves() -> None:
    """Plain values, and lists and objects with nothing in them."""
    value = {"a": [1, {"b": None}], "c": {}, "d": []}
    assert list(leaves(value)) == [(["a", 0], 1), (["a", 1, "b"], None), (["c"], {}), (["d"], [])]
    assert list(leaves(7)) == [([], 7)]
