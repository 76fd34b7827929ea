"""How figures are written: decimals of JSON numbers, separators and signs in texts."""

from __future__ import annotations

import pytest

from airflow_provider_vai.crystallizer.deriving.agreement import ValueInRuns
from airflow_provider_vai.crystallizer.deriving.digits import NUMBER
from airflow_provider_vai.crystallizer.deriving.expressions import Condition, Expression, changes_of, figures_of
from airflow_provider_vai.crystallizer.deriving.written import as_number, as_text, separates
from airflow_provider_vai.languages.derivation.source import written
from tests.unit.crystallizer.deriving.made import BERTHS, table

TEXT_CELLS = table([{key: str(value) for key, value in row.items()} for row in BERTHS])
MONTHS = table([{"month": "2026-01", "n": 1200}, {"month": "2026-02", "n": 900}, {"month": "2026-03", "n": 1500}])


def figure(start: str, of: object = None, *conditions: Condition) -> Expression:
    """Return the figure of a table whose expression starts like this."""
    found = figures_of(of or table(), conditions)  # type: ignore[arg-type]
    return next(one for one in found if written(one.node).startswith(start))


@pytest.mark.parametrize(
    ("start", "recorded", "node"),
    [
        ("total(wired('list_berths', 'rows'), 'dues')", 7379.0, "total("),
        ("mean(wired('list_berths', 'rows'), 'dues')", 1229.83, "rounded(mean("),
        ("mean(wired('list_berths', 'rows'), 'dues')", 1229.8, "rounded(mean("),
        ("highest(wired('list_berths', 'rows'), 'dues')", 2410.75, "highest("),
        ("total(wired('list_berths', 'rows'), 'dues')", 7379, "rounded(total("),
        ("lowest(wired('list_berths', 'rows'), 'crates')", 8, "lowest("),
    ],
)
def test_json_numbers(start: str, recorded: float, node: str) -> None:
    """A quotient is rounded, another number only if it has digits enough."""
    found = as_number(figure(start), ValueInRuns(recorded))
    assert found is not None
    assert written(found.result).startswith(node)


def test_a_number_of_few_digits_is_no_rounded_value() -> None:
    """377 has three digits; 38 could be anything. A quotient is always rounded."""
    lowest = figure(
        "lowest(wired('list_berths', 'rows'), 'dues')", table([{**row, "dues": row["dues"] / 10} for row in BERTHS])
    )
    assert as_number(lowest, ValueInRuns(38)) is None
    assert as_number(figure("lowest(wired('list_berths', 'rows'), 'dues')"), ValueInRuns(377)) is not None
    assert as_number(figure("total("), ValueInRuns(7380)) is None


def test_a_text_cell_keeps_the_decimals_of_its_column() -> None:
    """918.0 has one, and the next lowest may have two."""
    lowest = figure("lowest(wired('list_berths', 'rows'), 'dues')", table([{"dues": "918.0"}, {"dues": "1284.25"}]))
    found = as_number(lowest, ValueInRuns(918.0))
    assert found is not None
    assert found.result["digits"] == 2


@pytest.mark.parametrize("rounding", ["half_even", "half_up", "down"])
def test_the_rounding_is_the_first_that_fits(rounding: str) -> None:
    """And it is written only if it is another than the default."""
    recorded = {"half_even": 0.12, "half_up": 0.13, "down": 0.66}[rounding]
    rows = table([{"n": 0.125}, {"n": 0.125}] if rounding != "down" else [{"n": 0.5}, {"n": 0.5}, {"n": 1.0}])
    found = as_number(figure("mean(", rows), ValueInRuns(recorded))
    assert found is not None
    assert found.result.get("how", "half_even") == rounding


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("7,379", "shown(total(wired('list_berths', 'rows'), 'dues'), ',.0f')"),
        ("7379.00", "shown(total(wired('list_berths', 'rows'), 'dues'), '.2f')"),
        ("7,379.0", "shown(total(wired('list_berths', 'rows'), 'dues'), ',.1f')"),
        ("7.379,00", "shown(total(wired('list_berths', 'rows'), 'dues'), ',.2f', style='1.234,50')"),
        ("7,380", None),
        ("+7,379", None),
    ],
)
def test_texts(text: str, node: str | None) -> None:
    """Separators, decimals, and both styles."""
    match = NUMBER.fullmatch(text)
    assert match
    found = as_text(figure("total("), match, ValueInRuns(match[0]), separated=separates(text))
    assert (written(found.result) if found else None) == node


@pytest.mark.parametrize(
    ("text", "node"), [("+25%", "sign=True"), ("+25.0 %", "space=True"), ("25%", None), ("+25", None)]
)
def test_a_change_keeps_its_sign(text: str, node: str | None) -> None:
    """Without a sign, words beside it say the direction, which another value may not have."""
    change = next(one for one in changes_of(MONTHS) if one.operation == "change")
    match = NUMBER.fullmatch(text)
    assert match
    found = as_text(change, match, ValueInRuns(match[0]), separated=False)
    assert (node in written(found.result)) if node and found else found is None


def test_a_share_is_a_percentage() -> None:
    """Of 100 in JSON, of 1 where the sign is written."""
    share = figure(
        "percentage(total(where(wired('list_berths', 'rows'), quay='North'), 'dues')", None, Condition("quay", "North")
    )
    match = NUMBER.fullmatch("50.1%")
    assert match
    found = as_text(share, match, ValueInRuns(match[0]), separated=False)
    assert found is not None
    assert written(found.result).startswith("percent(ratio(")
    assert as_number(share, ValueInRuns(50.1)) is not None


def test_what_is_no_number() -> None:
    """Parts of ids, dates and words."""
    found = NUMBER.finditer("BT-0417 12k v1.2 and 5, 1,284 or 3.5%; 1.284,50.")
    assert [match[0] for match in found] == ["5", "1,284", "3.5%", "1.284,50"]
