"""Statements are parsed without a word in the log, which would show their text."""

from __future__ import annotations

import logging

import pytest

from airflow_provider_vai.languages.sql_parser import parse
from airflow_provider_vai.languages.sql_tables import tables_of

STATEMENTS = [
    "CREATE USER mia WITH LOGIN ENCRYPTED PASSWORD 'Old7!rain'",
    'ALTER USER mia IDENTIFIED BY "Old7!rain" REPLACE "before"',
    "SET PASSWORD FOR 'mia'@'%' = PASSWORD('Old7!rain')",
    "GRANT ALL ON t TO mia IDENTIFIED BY 'Old7!rain'",
]


@pytest.mark.parametrize("sql", STATEMENTS)
def test_nothing_is_logged(sql: str, caplog: pytest.LogCaptureFixture) -> None:
    """A statement that sqlglot does not fully know is not written to the log."""
    with caplog.at_level(logging.DEBUG):
        assert len(parse(sql, None)) == 1
        tables_of(sql, None)
    assert not [record for record in caplog.records if record.name.startswith("sqlglot")]


def test_the_log_of_others_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    """Once the text is parsed, sqlglot logs as before."""
    parse("CREATE USER mia PASSWORD 'Old7!rain'", None)
    with caplog.at_level(logging.WARNING):
        logging.getLogger("sqlglot").warning("from elsewhere")
    assert [record.getMessage() for record in caplog.records] == ["from elsewhere"]
