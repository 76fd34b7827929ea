"""The forms in which tools write data into text: each is parsed exactly, everything else is refused."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, strategies as st

from airflow_provider_vai.languages import text_forms
from airflow_provider_vai.languages.text_forms import FORMS, LIMIT_CHARACTERS, form_of, parse
from tests.unit.support import HOSTILE

MAILS = (
    "- body: 'Hello,\n\n    see you at 10: 30'\n  id_: '9'\n  read: false\n  when: 2024-05-19 10:00:00\n"
    "- body: ''\n  id_: '10'\n"
)
FLIGHTS = (
    "Airline: Nord, Flight Number: NO123, Price: 200.0, Contact: Phone: +44 1\n"
    "Airline: Sud, Flight Number: SU7, Price: 90.0, Contact: Phone: +33 2\n"
)
TABLE = "Orders of today:\n\n| id | name |\n|----|:----:|\n| 7 | a \\| b |\n| 8 |  |\n\nThat is all."
BILL = "Bill\n----\nCar Rental\t98.70\n\nPay to:\nIBAN: UK12345678901234567890\n**Total:** 98.70\nThank you!"


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ('{"a": [1, 2.5]}', "json", {"a": [1, 2.5]}),
        ('Here it is:\n```json\n{"a": 1}\n```\nBye.', "json", {"a": 1}),
        ('Found 2 rows: [{"a": 1}, {"a": 2}]', "json", [{"a": 1}, {"a": 2}]),
        ("{'New Asiaway': 30.0, 'x': None, 'y': (1, 2)}", "python", {"New Asiaway": 30.0, "x": None, "y": [1, 2]}),
        ("{1: 'a'}", "python", {"1": "a"}),
        (
            MAILS,
            "yaml",
            [
                {"body": "Hello,\nsee you at 10: 30", "id_": "9", "read": False, "when": "2024-05-19 10:00:00"},
                {"body": "", "id_": "10"},
            ],
        ),
        ("- general\n- random", "yaml", ["general", "random"]),
        ("id: 7\nname: x", "yaml", {"id": 7, "name": "x"}),
        (TABLE, "table", [{"id": "7", "name": "a | b"}, {"id": "8", "name": ""}]),
        (
            FLIGHTS,
            "records",
            [
                {"Airline": "Nord", "Flight Number": "NO123", "Price": "200.0", "Contact": "Phone: +44 1"},
                {"Airline": "Sud", "Flight Number": "SU7", "Price": "90.0", "Contact": "Phone: +33 2"},
            ],
        ),
        ("Hotels: Cozy Stay\nMom's Home\n", "list", ["Cozy Stay", "Mom's Home"]),
        ("Hotels:\nCozy Stay\nMom's Home\n", "list", ["Cozy Stay", "Mom's Home"]),
        ("1. Cozy Stay\n2. Mom's Home", "list", ["Cozy Stay", "Mom's Home"]),
        ("Hotels:\n* Cozy Stay\n* Mom's Home", "list", ["Cozy Stay", "Mom's Home"]),
        ("Total: 98.70\nThanks", "fields", {"Total": "98.70"}),
        ("Paid to: Mia\nMany thanks!", "fields", {"Paid to": "Mia"}),
        (BILL, "fields", {"IBAN": "UK12345678901234567890", "Total": "98.70"}),
        (" 98.70 ", "number", 98.7),
        ("-12", "number", -12),
    ],
)
def test_each_form(text: str, form: str, value: Any) -> None:
    """A text has one form, and parsing it in this form gives the same value with the same types."""
    found = form_of(text)
    assert found is not None
    assert (found[0], json.dumps(found[1])) == (form, json.dumps(value))
    assert json.dumps(parse(text, form)) == json.dumps(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n ",
        "Transaction sent.",
        "None",
        "True",
        "2024-05-19",
        "Charlie",
        "007",
        "1e5",
        "{'a' + 'b'",
        "[1, 2",
        ".",
    ],
)
def test_text_without_a_form(text: str) -> None:
    """Prose, single words, times, and text that only looks like data have no form."""
    assert form_of(text) is None


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("prose", "json"),
        ('{"a": 1} {"b": 2}', "json"),
        ('{"a": NaN}', "json"),
        ('{"a": 1e999}', "json"),
        ("{'a': __import__('os')}", "python"),
        ("{(1, 2): 3}", "python"),
        ("{1: 'a', '1': 'b'}", "python"),
        ("{'a', 'b'}", "python"),
        ("(" * 5000, "python"),
        ("[" * 100_000, "json"),
        ("a: &x [1]\nb: !!python/object:os.system x", "yaml"),
        ("a: 1\na: 2", "yaml"),
        ("words", "yaml"),
        ("| a | a |\n|---|---|\n| 1 | 2 |", "table"),
        ("| a | b |\n|---|---|\n| 1 |", "table"),
        (TABLE + "\n\n" + TABLE, "table"),
        ("Airline: Nord, Price: 2\nAirline: Sud, Cost: 3", "records"),
        ("Hotels: Cozy Stay\nPrice: 3", "list"),
        ("12 apples", "number"),
        ("x", "regex"),
        ("1" * (LIMIT_CHARACTERS + 1), "number"),
    ],
)
def test_other_text_is_refused(text: str, form: str) -> None:
    """Parsing in a form returns its value or raises an error that does not repeat the text."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - each form words it differently
        parse(text, form)
    assert len(str(caught.value)) < 200


def test_fewer_items_than_recorded() -> None:
    """A text in list form is parsed with one item or none, although it is recognised only with several."""
    assert parse("Hotels: Cozy Stay\n", "list") == ["Cozy Stay"]
    assert parse("Hotels: \n", "list") == []
    assert parse("[]", "yaml") == []


def test_a_key_that_stands_twice_is_no_field() -> None:
    """A text with several candidates is refused, because it is unclear which one is meant."""
    assert parse("IBAN: A\nName: x\nIBAN: B", "fields") == {"Name": "x"}


def test_aliases_do_not_explode() -> None:
    """A few lines of YAML that expand to billions of values are refused."""
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 10)}]\n" for i in range(9)
    )
    with pytest.raises(ValueError, match="no YAML"):
        parse(bomb, "yaml")


@pytest.mark.parametrize("entry", HOSTILE, ids=lambda entry: entry["name"])
def test_hostile_texts(entry: Any) -> None:
    """Every text is either parsed or refused in each form."""
    for form in FORMS:
        try:
            json.dumps(parse(json.dumps(entry, ensure_ascii=False)[1:-1], form), allow_nan=False)
            json.dumps(parse(str(entry.get("value", entry.get("json"))), form), allow_nan=False)
        except ValueError:
            continue


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    """Finding a form never fails, and parsing in the found form gives the same JSON data."""
    found = form_of(text)
    if found:
        assert json.dumps(parse(text, found[0]), allow_nan=False) == json.dumps(found[1], allow_nan=False)


@given(st.dictionaries(st.text(max_size=6), JSON, min_size=1, max_size=4) | st.lists(JSON, min_size=1, max_size=4))
def test_written_data_reads_back(value: Any) -> None:
    """JSON text and a Python repr give the value that was written."""
    assert parse(json.dumps(value), "json") == value
    assert parse(repr(value), "python") == value


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["id", "name", "body"]), st.from_regex(r"[a-z ]{1,9}\n?[a-z]", fullmatch=True), min_size=1
        ),
        min_size=1,
    )
)
def test_yaml_text_reads_back(records: list[dict[str, str]]) -> None:
    """Records in the layout of a common library are recognised."""
    assert parse(yaml.safe_dump(records), "yaml") == records


FENCED = re.compile(r"^```[\w-]*[ \t]*\n(.*?)^```[ \t]*$", re.DOTALL | re.MULTILINE)


@given(st.lists(st.sampled_from(["```", "```a", "``` ", "x", "", "```b c", "{", "``"]), max_size=9).map("\n".join))
def test_fenced_blocks_are_those_of_the_plain_pattern(text: str) -> None:
    """The pattern says what a block is; it takes the square of the text's length if fences stay open."""
    assert text_forms._fenced_blocks(text) == FENCED.findall(text)


def test_fences_that_stay_open_take_one_pass() -> None:
    """A megabyte of them is read at once; the pattern would take most of an hour."""
    assert text_forms._fenced_blocks("```a\n" * 200_000) == []


WORDS = st.sampled_from(
    [
        "word",
        " ",
        "2",
        "-",
        ".",
        ",",
        "a.b",
        "/",
        "@",
        "+",
        "#",
        "'",
        '"',
        ";",
        "!",
        "?",
        "é",
        "²",
        "_",
        "\n",
        ":",
        "1.5",
    ]
)


@given(st.lists(WORDS, max_size=8).map("".join))
def test_plain_texts_have_no_form_for_the_parsers_either(text: str) -> None:
    """A text that is passed over as plain is one that no parser accepts."""
    found = text_forms.form_of(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_forms, "PLAIN", re.compile("(?!)"))
        assert text_forms.form_of(text) == found
