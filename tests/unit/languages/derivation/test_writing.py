"""Texts with slots, numbers and dates as text, and addresses in texts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages.derivation import conditions, writing
from airflow_provider_vai.languages.derivation.numbers import NUMBER

try:
    from re import _parser as sre_parse  # type: ignore[attr-defined]
except ImportError:  # Python 3.10
    import sre_parse


def test_slots() -> None:
    """Slots are filled in, double braces become single ones, and a value is never read as a template."""
    assert writing.text("Total {a}; {n} orders", a="EUR 5", n=3) == "Total EUR 5; 3 orders"
    assert writing.text("{{a}} {a} }}{{", a="{a}") == "{a} {a} }{"
    assert writing.text("{a}{a}", a=0.5) == "0.50.5"
    assert writing.text("{template}", template="x") == "x"
    assert writing.text("plain") == "plain"


@pytest.mark.parametrize(
    ("template", "slots", "message"),
    [
        ("{a}", {}, "no value for '{a}'"),
        ("{a} {", {"a": 1}, "no value for '{': write a single brace as two"),
        ("a}", {}, "no value for '}'"),
        ("{a.b}", {"a": 1}, "no value for '{'"),
        ("{a!r}", {"a": 1}, "no value for '{'"),
        ("{}", {}, "no value for '{'"),
        ("a", {"b": 1}, "does not use the slots b"),
        ("{a}", {"a": None}, "the slot 'a' is neither a text nor a number: found null"),
        ("{a}", {"a": True}, "found a boolean"),
        ("{a}", {"a": [1]}, "found a list of length 1"),
        (5, {}, "the template is a text: found an integer"),
    ],
)
def test_slots_fail(template: Any, slots: dict[str, Any], message: str) -> None:
    """Missing, unused and unusable slots are errors."""
    with pytest.raises(DerivationError, match=message):
        writing.text(template, **slots)


@given(st.text())
def test_any_text_can_be_a_template(text: str) -> None:
    """With its braces doubled, each text gives itself."""
    assert writing.text(text.replace("{", "{{").replace("}", "}}")) == text


@pytest.mark.parametrize(
    ("value", "form", "style", "made"),
    [
        (1234.5, ",.2f", "1,234.50", "1,234.50"),
        (1234.5, ",.2f", "1.234,50", "1.234,50"),
        (1234567, ",d", "1,234.50", "1,234,567"),
        (1234567, "d", "1,234.50", "1234567"),
        (1234.0, ",d", "1,234.50", "1,234"),
        (396618.4, ",.0f", "1,234.50", "396,618"),
        (5, "+,.1f", "1.234,50", "+5,0"),
        (-5, "+d", "1,234.50", "-5"),
        ("0.5", ".0f", "1,234.50", "0"),
        (-0.4, ".0f", "1,234.50", "0"),
        (12345678901234567890123456789, "d", "1,234.50", "12345678901234567890123456789"),
    ],
)
def test_numbers_as_text(value: Any, form: str, style: Any, made: str) -> None:
    """Python's formats, in two styles."""
    assert writing.shown(value, form, style) == made


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"value": 1.5}, "not an integer"),
        ({"value": None}, "not a number: found null"),
        ({"value": 1, "form": "e"}, "there is no number format 'e'"),
        ({"value": 1, "form": ".99f"}, "decimals"),
        ({"value": 1, "form": None}, "there is no number format"),
        ({"value": 1, "style": "1 234,50"}, "there is no number style"),
        ({"value": 1, "style": []}, "there is no number style"),
        ({"value": 1, "how": "up"}, "there is no rounding"),
    ],
)
def test_numbers_as_text_fail(arguments: dict[str, Any], message: str) -> None:
    """Other formats, styles and values are errors."""
    with pytest.raises(DerivationError, match=message):
        writing.shown(**arguments)


def test_percent() -> None:
    """A ratio as per cent, exactly."""
    assert writing.percent(0.294) == "29%"
    assert writing.percent(0.2945, 1) == "29.4%"
    assert writing.percent(0.2945, 1, how="half_up") == "29.5%"
    assert writing.percent(0.9, sign=True, space=True) == "+90 %"
    assert writing.percent(-0.9, sign=True) == "-90%"
    assert writing.percent(-0.001) == "0%"
    assert writing.percent(12.345, 1, style="1.234,50") == "1234,5%"
    assert writing.percent("12345678901234567890.1234567890", 8) == "1234567890123456789012.34567890%"


def test_dates_as_text() -> None:
    """Months and days in English, from dates, months and times."""
    assert writing.month_of("2025-12-31") == "December 2025"
    assert writing.month_of("2025-03") == "March 2025"
    assert writing.month_of("2025-03-07T10:00:00Z", "%e %b %Y, %d/%m %%") == "7 Mar 2025, 07/03 %"
    assert writing.days_after("2025-12-31", 1) == "2026-01-01"
    assert writing.days_after("2025-03-01T10:00:00Z", -1) == "2025-02-28T10:00:00Z"


@pytest.mark.parametrize("date", ["2025-13-01", "2025-02-30", "31.12.2025", "2025", "", None, 20251231, "2025-12-01T"])
def test_what_is_no_date(date: Any) -> None:
    """Other forms and days that do not exist are errors."""
    with pytest.raises(DerivationError, match="expected an ISO date"):
        writing.month_of(date)
    with pytest.raises(DerivationError, match="expected an ISO date"):
        writing.days_after(date, 1)


def test_dates_fail() -> None:
    """Unknown directives, a missing day and days out of range are errors."""
    for form in ("%A", "%", "100%", "%-d"):
        with pytest.raises(DerivationError, match="there is no date directive"):
            writing.month_of("2025-12-31", form)
    with pytest.raises(DerivationError, match="has no day"):
        writing.month_of("2025-12", "%d")
    with pytest.raises(DerivationError, match="with a day"):
        writing.days_after("2025-12", 1)
    with pytest.raises(DerivationError, match="the form is a text"):
        writing.month_of("2025-12", None)  # type: ignore[arg-type]
    for days in (10**9, 10**400):
        with pytest.raises(DerivationError, match="there is no date"):
            writing.days_after("2025-12-31", days)
    for days in (1.5, "1", None, True):
        with pytest.raises(DerivationError, match="a number of days"):
            writing.days_after("2025-12-31", days)


def test_as_json() -> None:
    """Data become JSON text of one line; what is too long is refused."""
    assert writing.as_json([{"id": "ü", "n": 1.5}, None]) == '[{"id": "ü", "n": 1.5}, null]'
    with pytest.raises(DerivationError, match="more than 200,000 characters"):
        writing.as_json("x" * 200_000)


def test_joined() -> None:
    """Texts and numbers, in their order."""
    assert writing.joined(["a", 1, 2.5]) == "a, 1, 2.5"
    assert writing.joined([], "; ") == ""
    with pytest.raises(DerivationError, match="item 2 is neither"):
        writing.joined(["a", None])
    with pytest.raises(DerivationError, match="the separator is a text"):
        writing.joined(["a"], 5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("See https://example.com/a?b=1.", "url", "https://example.com/a?b=1"),
        ("Write to ada.b+c@mail.example.com, please", "email", "ada.b+c@mail.example.com"),
        ("IBAN DE89 3704 0044 0532 0130 00 at the bank", "iban", "DE89 3704 0044 0532 0130 00"),
        ("Call +49 30 1234567", "phone", "+49 30 1234567"),
        ("due 2025-12-31 at the latest", "date", "2025-12-31"),
        ("You owe 1,234.50 EUR", "amount", "1,234.50"),
        ("a@b.de and a@b.de again", "email", "a@b.de"),
    ],
)
def test_found(text: str, kind: Any, value: str) -> None:
    """The one value of a type in a text."""
    assert writing.found(text, kind) == value


@pytest.mark.parametrize(
    ("text", "ending", "value"),
    [
        ("Fill in cargo-list.xlsx, and send me plan.v2.docx.", ".docx", "plan.v2.docx"),
        ('the files "Plan_A.DOCX" and (b.csv)', ".docx", "Plan_A.DOCX"),
        ("only `b.csv` here", None, "b.csv"),
    ],
)
def test_a_file_name_by_its_ending(text: str, ending: str | None, value: str) -> None:
    """Of several files, the ending tells which one."""
    assert writing.found(text, "file", ending) == value


@pytest.mark.parametrize(
    "text",
    [
        "plan.docx or old.docx", "none", "in /docs/plan.docx", "https://a.example/plan.docx", "x@plan.docx",
        "plan.docx.bak", "plan.docxx", "-.docx.",
    ],
)  # fmt: skip
def test_a_file_name_that_is_not_alone_or_is_part_of_something_else(text: str) -> None:
    """A path, an address, a longer name and two names are no file name."""
    with pytest.raises(DerivationError, match=r"different values of the type file that end with '\.docx'"):
        writing.found(text, "file", ".docx")


@given(
    st.from_regex(r"\A[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}\Z"),
    st.sampled_from(["docx", "csv", "tar"]),
    st.text(" ,;\n", min_size=1),
)
def test_every_plain_file_name_is_found(stem: str, ending: str, between: str) -> None:
    """Beside one of another type, in either order."""
    for names in ([f"{stem}.{ending}", "other.log"], ["other.log", f"{stem}.{ending}"]):
        assert writing.found(between.join(names), "file", f".{ending}") == f"{stem}.{ending}"


def test_an_ending_is_a_text() -> None:
    """Nothing else tells files apart."""
    with pytest.raises(DerivationError, match="the ending is a text"):
        writing.found("plan.docx", "file", 5)  # type: ignore[arg-type]


def test_found_fails() -> None:
    """None, and several different ones, are errors; the message says how many, and not which."""
    with pytest.raises(DerivationError, match="has no different values of the type url"):
        writing.found("nothing", "url")
    with pytest.raises(DerivationError, match="has 2 different values of the type email") as caught:
        writing.found("a@b.de c@d.de", "email")
    assert "a@b.de" not in str(caught.value)
    with pytest.raises(DerivationError, match="cannot be found in a text"):
        writing.found("x", "name")  # type: ignore[arg-type]
    for wrong in (None, 5, "x" * 200_001):
        with pytest.raises(DerivationError, match="expected a text"):
            writing.found(wrong, "url")  # type: ignore[arg-type]


def repeats(pattern: Any) -> list[int]:
    """Return the upper limit of each repetition in a parsed pattern."""
    found: list[int] = []
    for operation, argument in pattern:
        if str(operation) in ("MAX_REPEAT", "MIN_REPEAT"):
            found.append(argument[1])
        for inner in argument if isinstance(argument, (tuple, list)) else [argument]:
            parts = inner if isinstance(inner, list) else [inner]
            for part in parts:
                found += repeats(part) if isinstance(part, sre_parse.SubPattern) else []
    return found


PATTERNS = [*writing.FOUND.values(), writing.SLOT, writing.FORM, conditions.DATE, conditions.TIME, NUMBER]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_take_linear_time(pattern: re.Pattern[str]) -> None:
    """Each repetition is bounded, so the time per character is bounded, too."""
    assert all(most <= 2000 for most in repeats(sre_parse.parse(pattern.pattern)))


def test_the_check_of_patterns_sees_unbounded_repetitions() -> None:
    """Also inside groups and branches."""
    for text in ("a+", "(a|b*)", "(?:x(a{2,}))?", "(?<!a)(?=b+?)"):
        assert max(repeats(sre_parse.parse(text))) > 2000
