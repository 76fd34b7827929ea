"""Numbers of tables and numbers are written as the charts write them."""

from __future__ import annotations

import pytest

from airflow_provider_vai.operators.flashboard.locales import ENGLISH, locale

pytest.importorskip("vl_convert")


@pytest.mark.parametrize(
    ("name", "value", "form", "expected"),
    [
        (None, 1234567.891, ",.2f", "1,234,567.89"),
        (None, 1234.5, None, "1234.5"),
        ("de-DE", 1234567.891, ",.2f", "1.234.567,89"),
        ("de-DE", -1234567, ",d", "-1.234.567"),
        ("de-DE", 1234.5, None, "1234,5"),
        ("de-DE", 0.1234, ".1%", "12,3%"),
        ("de-DE", 2.6, "d", "3"),
        ("fr-FR", 1234567, ",d", "1\u00a0234\u00a0567"),
        ("en-IN", 12345678, ",d", "1,23,45,678"),
        ("ar-EG", 1234, ",d", "١٬٢٣٤"),  # noqa: RUF001 - these are the digits of the locale
        ("de-DE", float("inf"), ",.1f", "inf"),
    ],
)
def test_numbers_follow_the_locale(name: str | None, value: float, form: str | None, expected: str) -> None:
    assert locale(name).number(value, form).replace("\u202f", "\u00a0") == expected


def test_an_unknown_locale_names_examples() -> None:
    with pytest.raises(ValueError, match="'xx-XX' is not known; examples: de-DE"):
        locale("xx-XX")
    assert locale(None) is ENGLISH
