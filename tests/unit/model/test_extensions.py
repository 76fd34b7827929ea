"""Entry points of other distributions."""

from __future__ import annotations

from importlib.metadata import entry_points

from airflow_provider_vai.model.extensions import extensions


def test_the_entry_points_of_a_group_are_sorted_by_name() -> None:
    """They are the ones that the standard library finds, each of them once."""
    found = extensions("console_scripts")
    assert [entry.name for entry in found] == sorted(entry.name for entry in entry_points(group="console_scripts"))
