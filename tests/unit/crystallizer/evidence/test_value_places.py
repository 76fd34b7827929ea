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


CARTS = [
    {
        "cart_id": "crt-1",
        "state": "open",
        "items": [{"name": "Oak lamp", "sku": "s-11"}, {"name": "Vase", "sku": "s-12"}],
    },
    {"cart_id": "crt-2", "state": "paid", "items": [{"name": "Desk", "sku": "s-21"}, {"name": "Vase", "sku": "s-22"}]},
]


def cart_path(value: str, *said: str) -> tuple[str | int, ...]:
    """Return the path to a value in the carts if the user said some names."""
    place = next(place for place in places(CARTS) if place.value == value)
    return by_name(CARTS, place, lambda name: name in said)


def test_a_record_is_named_by_what_is_in_it() -> None:
    """By a name in a list of its own that no other record has; after its own names, and before other values of it."""
    assert cart_path("crt-1", "Oak lamp") == ("[items.name=Oak lamp]", "cart_id")
    assert cart_path("s-12", "Oak lamp", "Vase") == ("[items.name=Oak lamp]", "items", "[name=Vase]", "sku")
    assert cart_path("crt-1", "Vase") == (0, "cart_id")
    assert cart_path("crt-1", "s-11") == (0, "cart_id")
    assert cart_path("s-21", "Desk", "crt-2", "paid") == ("[cart_id=crt-2]", "items", "[name=Desk]", "sku")
    assert cart_path("crt-2", "Desk", "paid") == ("[items.name=Desk]", "cart_id")
    assert cart_path("crt-2", "paid") == ("[state=paid]", "cart_id")


def test_the_outermost_item_of_a_list_of_several() -> None:
    """It holds every value that belongs together; lists of one do not count."""
    found = {place.value: place.entry for place in places({"only": [CARTS]}) if isinstance(place.value, str)}
    assert (found["crt-2"], found["s-21"]) == (("only", 0, 1), ("only", 0, 1))
    assert places(CARTS)[0].entry is None


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
