"""Build the example's warehouse: one year of a small online shop in DuckDB, the same rows every time.

Run ``python dev/example/warehouse.py FILE [YEAR]``; each year has other rows. Tables: ``regions``, ``customers``,
``products``, ``orders`` (about 4,000) and ``order_lines``. Demand grows over the year, peaks before the holidays and
differs by region.
"""

from __future__ import annotations

import calendar
import csv
import random
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

YEAR = 2025
CUSTOMERS = 620
ORDERS_BY_MONTH = (262, 248, 291, 296, 318, 309, 287, 301, 337, 362, 498, 541)
REGIONS = (("Northern Europe", 9), ("DACH", 14), ("Iberia", 7), ("North America", 12), ("Asia Pacific", 6))
PRODUCTS = (
    ("Espresso machine", "Machines", 389.0, 2),
    ("Burr grinder", "Machines", 149.0, 4),
    ("Pour-over kettle", "Brewing", 79.0, 6),
    ("Dripper set", "Brewing", 34.5, 9),
    ("French press", "Brewing", 42.0, 8),
    ("Filter papers, 200", "Supplies", 8.9, 14),
    ("Descaler", "Supplies", 12.5, 7),
    ("House blend, 1 kg", "Coffee", 24.0, 22),
    ("Single origin, 500 g", "Coffee", 18.5, 18),
    ("Decaf, 500 g", "Coffee", 16.9, 9),
    ("Stoneware mug", "Tableware", 14.0, 12),
    ("Gift box", "Gifts", 59.0, 3),
)
SCHEMA = """
CREATE TABLE regions (region_id INTEGER PRIMARY KEY, name VARCHAR NOT NULL);
CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, region_id INTEGER NOT NULL, segment VARCHAR NOT NULL,
                        signed_up_on DATE NOT NULL);
CREATE TABLE products (product_id INTEGER PRIMARY KEY, name VARCHAR NOT NULL, category VARCHAR NOT NULL,
                       list_price DECIMAL(10, 2) NOT NULL);
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL,
                     ordered_at TIMESTAMP NOT NULL, status VARCHAR NOT NULL);
CREATE TABLE order_lines (order_id INTEGER NOT NULL, line_no INTEGER NOT NULL, product_id INTEGER NOT NULL,
                          quantity INTEGER NOT NULL, unit_price DECIMAL(10, 2) NOT NULL);
"""
Row = tuple[Any, ...]


def build(path: Path, year: int = YEAR) -> None:
    """Write the warehouse of a year to ``path``; an existing file is replaced in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        draft = Path(folder) / path.name
        with duckdb.connect(str(draft)) as connection:
            connection.execute(SCHEMA)
            for table, rows in _tables(year).items():
                _load(connection, table, rows, Path(folder))
        draft.replace(path)


def _tables(year: int) -> dict[str, list[Row]]:
    chance = random.Random(year * 10_000 + 101)
    customers = list(_customers(chance, year))
    orders = list(_orders(chance, year))
    return {
        "regions": [(number, name) for number, (name, _) in enumerate(REGIONS, 1)],
        "customers": customers,
        "products": [(number, *product[:3]) for number, product in enumerate(PRODUCTS, 1)],
        "orders": orders,
        "order_lines": [line for order in orders for line in _lines(chance, order)],
    }


def _customers(chance: random.Random, year: int) -> Iterator[Row]:
    regions, weights = range(1, len(REGIONS) + 1), [weight for _, weight in REGIONS]
    for number in range(1, CUSTOMERS + 1):
        region = chance.choices(regions, weights)[0]
        segment = chance.choices(("consumer", "office", "cafe"), (76, 17, 7))[0]
        yield number, region, segment, date(year - 1, 12, 31) - timedelta(days=chance.randrange(1100))


def _orders(chance: random.Random, year: int) -> Iterator[Row]:
    counts = ORDERS_BY_MONTH if year == YEAR else [int(count * chance.uniform(0.6, 1.2)) for count in ORDERS_BY_MONTH]
    moments = sorted(
        datetime(year, month, chance.randint(1, calendar.monthrange(year, month)[1]))
        + timedelta(seconds=int(chance.triangular(6 * 3600, 24 * 3600 - 1, 19 * 3600)))
        for month, count in enumerate(counts, 1)
        for _ in range(count)
    )
    loyal = [1 / (1 + number % 40) for number in range(CUSTOMERS)]  # some order often, most occasionally
    for number, moment in enumerate(moments, 10_001):
        customer = chance.choices(range(1, CUSTOMERS + 1), loyal)[0]
        status = chance.choices(("completed", "refunded", "cancelled"), (93, 4, 3))[0]
        yield number, customer, moment, status


def _lines(chance: random.Random, order: Row) -> Iterator[Row]:
    weights = [product[3] for product in PRODUCTS]
    if order[2].month >= 11:
        weights = [product[3] * (5 if product[1] == "Gifts" else 1) for product in PRODUCTS]
    for line in range(1, chance.choices((1, 2, 3, 4), (41, 33, 18, 8))[0] + 1):
        number = chance.choices(range(1, len(PRODUCTS) + 1), weights)[0]
        reduced = chance.random() < (0.3 if order[2].month == 11 else 0.08)
        price = round(PRODUCTS[number - 1][2] * (0.85 if reduced else 1), 2)
        quantity = chance.choices((1, 2, 3, 6), (70, 19, 8, 3))[0]
        yield order[0], line, number, quantity, price


def _load(connection: duckdb.DuckDBPyConnection, table: str, rows: list[Row], folder: Path) -> None:
    """Load rows through a CSV file: thousands of single inserts would take DuckDB minutes."""
    file = folder / f"{table}.csv"
    with file.open("w", newline="", encoding="utf-8") as text:
        csv.writer(text).writerows(rows)
    connection.execute(f"COPY {table} FROM '{str(file).replace(chr(39), chr(39) * 2)}' (FORMAT csv, HEADER false)")


if __name__ == "__main__":
    build(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else YEAR)
