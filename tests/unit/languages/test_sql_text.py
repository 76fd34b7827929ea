"""The first keyword of a statement."""

from __future__ import annotations

import pytest

from airflow_provider_vai.languages.sql_text import writing_keyword


@pytest.mark.parametrize(
    ("sql", "keyword"),
    [
        ("delete from orders", "DELETE"),
        ("-- SELECT\n\tUpdate orders SET a = 1", "UPDATE"),
        ("/* SELECT\n */ ; (INSERT INTO a VALUES (1))", "INSERT"),
        ("SELECT 'DELETE'", None),
        ("WITH gone AS (DELETE FROM a RETURNING *) SELECT * FROM gone", None),
        ("created", None),
        ("-- DELETE", None),
        ("/* DELETE", None),
        ("", None),
    ],
)
def test_writing_keyword(sql: str, keyword: str | None) -> None:
    """Comments, space and brackets before it do not count; words in the statement do not, either."""
    assert writing_keyword(sql) == keyword
