"""The functions that the DAG ``every_kind`` calls as tools; the test copies this folder's files beside the DAG file."""

from __future__ import annotations

from typing import Any


def forecast(rows: list[dict[str, Any]], growth_percent: int) -> list[dict[str, Any]]:
    """Return the regions with next month's revenue."""
    return [{**row, "revenue": row["revenue"] * (100 + growth_percent) // 100} for row in rows]


def plan_discount(region: str, percent: int) -> dict[str, Any]:
    """Plan a discount for a region."""
    return {"planned": True, "region": region, "percent": percent}


def publish(month: str) -> dict[str, str]:
    """Publish the report of a month."""
    return {"published": month}
