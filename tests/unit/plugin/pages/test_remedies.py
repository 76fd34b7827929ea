"""A remedy that names an option of the command line names the field of the page instead."""

from __future__ import annotations

import pytest

from airflow_provider_vai.plugin.pages.remedies import in_words


@pytest.mark.parametrize(
    ("remedy", "shown"),
    [
        ("Do it anyway with --allow-unsuccessful.", "Do it anyway with the option “Use a run that failed”."),
        ("Write JSON. --format NAME reads it.", "Write JSON. The field Format reads it."),
        ("Replace it with --force.", "Replace it with `vai crystallize --force`."),
        ("Nothing to do.", "Nothing to do."),
    ],
)
def test_in_words(remedy: str, shown: str) -> None:
    """Options that the page lacks are left to the command line."""
    assert in_words(remedy) == shown
