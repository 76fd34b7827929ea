"""The data of a program: a recorded version, and later ones in which everything but names and settings is new."""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass, field
from typing import Any

from bench_derive.domains import Domain

VERSIONS = 4
"""The recorded version, and three later ones."""

Row = dict[str, Any]


@dataclass
class Data:
    """What the tools know in one version.

    :param rows: the records. :param series: a row for each month.
    :param lines: by the name of a record, its lines by id. :param notes: by the name of a record, a text.
    :param scores: by the name of a record.
    """

    domain: Domain
    rows: list[Row]
    series: list[Row]
    lines: dict[str, dict[str, Row]]
    notes: dict[str, str]
    links: dict[str, str]
    scores: dict[str, float]
    contacts: dict[str, str] = field(default_factory=dict)

    def named(self, name: str) -> Row:
        """Return the record with a name."""
        return next(row for row in self.rows if row[self.domain.name[0]] == name)

    def total(self, rows: list[Row] | None = None) -> float:
        """Return the sum of the amounts, of all records or of some."""
        amount = self.domain.amount[0]
        return round(sum(row[amount] for row in (self.rows if rows is None else rows)), 2)

    def where(self, field_name: str, value: Any) -> list[Row]:
        """Return the records whose field has a value."""
        return [row for row in self.rows if row[field_name] == value]

    def best(self, field_name: str, *, is_largest: bool = True, rows: list[Row] | None = None) -> Row:
        """Return the record with the largest or smallest value of a field; of several, the first."""
        return (max if is_largest else min)(rows or self.rows, key=lambda row: row[field_name])


def versions_of(domain: Domain, dice: random.Random, traits: set[str]) -> list[Data]:
    """Return the recorded version and the later ones.

    :param traits: ``sorted``: the recorded rows are sorted by the amount. ``tie``: its largest value occurs twice.
        ``round``: that value is a round number.
        ``whole``: amounts have no decimals. ``contacts``: each row has an address.
    """
    kept = dice.sample(domain.name[1], 6)
    start = datetime.date(2026, dice.randint(1, 4), dice.randint(1, 25))
    made = []
    for version in range(VERSIONS):
        data = _data(domain, dice, kept, start + datetime.timedelta(days=31 * version), traits)
        if version == 0:
            _apply(data, traits)
        made.append(data)
    return made


def _data(domain: Domain, dice: random.Random, kept: list[str], start: datetime.date, traits: set[str]) -> Data:
    others = [name for name in domain.name[1] if name not in kept]
    names = kept + dice.sample(others, dice.randint(1, len(others)))
    dice.shuffle(names)
    people = [f"P{number}" for number in dice.sample(range(100, 999), 6)]
    groups, states = _spread(domain.group[1], names, dice), _spread(domain.state[1], names, dice)
    numbers = iter(dice.sample(range(1000, 9999), len(names)))
    days = iter(dice.sample(range(60), len(names)))
    rows = []
    for name, group, state in zip(names, groups, states, strict=True):
        value = dice.uniform(*domain.amount[2])
        row: Row = {
            domain.key[0]: f"{domain.key[1]}{next(numbers):05d}",
            domain.name[0]: name,
            domain.group[0]: group,
            domain.state[0]: state,
            domain.amount[0]: round(value) if "whole" in traits else round(value, 2),
            domain.number: dice.randint(1, 45),
            domain.date: (start + datetime.timedelta(days=next(days))).isoformat(),
            f"{domain.person}_id": dice.choice(people),
        }
        if "contacts" in traits:
            row["contact"] = f"{dice.choice(('ada', 'ben', 'cleo', 'dov'))}.{dice.randint(10, 99)}@post.example"
        rows.append(row)
    links = {name: f"https://papers.example/{dice.randint(100000, 999999)}/{domain.one}.pdf" for name in names}
    return Data(
        domain, rows, _series(domain, dice),
        {name: _lines(dice) for name in names},
        {name: _note(link, dice) for name, link in links.items()},
        links,
        dict(zip(names, _scores(dice, len(names)), strict=True)),
    )  # fmt: skip


def _spread(values: tuple[str, ...], names: list[str], dice: random.Random) -> list[str]:
    """Return a value for each name; each value occurs twice where there is room."""
    least = [*values, *values][: len(names)]
    made = least + [dice.choice(values) for _ in names[len(least) :]]
    dice.shuffle(made)
    return made


def _series(domain: Domain, dice: random.Random) -> list[Row]:
    return [{"month": f"2026-{month:02d}", domain.series: dice.randint(1100, 9800)} for month in range(1, 7)]


def _lines(dice: random.Random) -> dict[str, Row]:
    keys = [f"LN{number}" for number in dice.sample(range(10000, 99999), 4)]
    return {
        key: {"units": units, "check": dice.choice(("ok", "short"))}
        for key, units in zip(keys, dice.sample(range(5, 60), 4), strict=True)
    }


def _note(link: str, dice: random.Random) -> str:
    before = dice.choice(("Checked by phone on Tuesday.", "Nobody was at the door.", "All seals are intact."))
    return f"{before} The file is at {link} and questions go to desk{dice.randint(100, 999)}@post.example. No date yet."


def _scores(dice: random.Random, count: int) -> list[float]:
    return [number / 10 for number in dice.sample(range(11, 50), count)]


def _apply(data: Data, traits: set[str]) -> None:
    amount = data.domain.amount[0]
    if "tie" in traits:
        best = data.best(amount)
        other = next(row for row in data.rows if row is not best)
        other[amount] = best[amount]
    if "round" in traits:
        _round(data)
    if "sorted" in traits:
        data.rows.sort(key=lambda row: row[amount], reverse=True)


def _round(data: Data) -> None:
    amount = data.domain.amount[0]
    largest = data.best(amount)[amount]
    step = 10 if largest < 1000 else 100
    for row in data.where(amount, largest):
        row[amount] = int(largest // step + 1) * step
