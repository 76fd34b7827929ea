"""What a step draws from the recording, to check, limit or compare itself when it runs again."""

from __future__ import annotations

import re
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.crystallizer import expect
from airflow_provider_vai.languages.sql_tables import unlisted
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.run import Usage
from tests.unit.support import call, crystallized, run

QUERY = {"match": "query", "kind": "generate_query", "conn_id": "warehouse"}
POST = {"match": "post", "kind": "http_request", "conn_id": "api"}
ASK = {"match": "ask", "kind": "call_agent", "conn_id": "llm"}


def last(*calls: Any, rules: tuple[dict[str, Any], ...], **facts: Any) -> Step:
    """Return the last step of a run of these calls."""
    return crystallized(run(*calls, **facts), *rules, gates="recorded").steps[-1]


def values(step: Step) -> dict[str, Any]:
    """Return the values of a step's arguments."""
    return {name: argument.value for name, argument in step.arguments.items()}


def test_a_query_reads_the_tables_that_it_read() -> None:
    """The guard's list is that of the recorded statement."""
    sql = "WITH t AS (SELECT * FROM sales.orders) SELECT * FROM t JOIN products USING (id)"

    assert values(last(call("query", {"sql": sql}), rules=(QUERY,)))["tables"] == ["products", "sales.orders"]


NAMES = """
orders Sales.Orders _t1 dual values unnest range table final order user qualify json_each current_date limit
information_schema.tables generate_series lateral only sample pivot select from sales.range default.x null true
"""
REST = [
    "",
    " WHERE customer = 7",
    " where o.name <> 'Mia ''s' AND a >= b",
    " WHERE orders = limit AND x.nextval = 'from t, u'",
    " ORDER BY id, total DESC LIMIT 5;",
    " LIMIT 10 ",
]


def test_statements_that_every_dialect_reads_alike_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their tables are those of all dialects, whatever the table is called."""
    columns = ("*", "id, total", "o.id,'x'", "values, current_date")
    statements = [f"SELECT {some} FROM {name}{rest}" for some, name, rest in product(columns, NAMES.split(), REST)]
    simple = [sql for sql in statements if expect._SIMPLE.fullmatch(sql)]
    assert len(simple) > len(statements) / 2
    found = [expect._tables(sql) for sql in simple]
    monkeypatch.setattr(expect, "_SIMPLE", re.compile("(?!)"))
    assert found == [expect._tables(sql) for sql in simple]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM a, b",
        "SELECT * FROM a WHERE x IN b",
        "SELECT * FROM a WHERE x = load_file('y')",
        "SELECT * FROM a -- FROM b",
        "SELECT * FROM a WHERE x = 'y\\' OR x = ' FROM b'",
        "SELECT * FROM a JOIN b",
        'SELECT * FROM "a"',
        "SELECT * FROM f()",
        "SELECT * FROM a; SELECT * FROM b",
        "SELECT * FROM a WHERE x = (SELECT y FROM b)",
    ],
)
def test_any_other_statement_is_parsed_in_every_dialect(sql: str) -> None:
    """Whatever dialects may read differently is not simple."""
    assert not expect._SIMPLE.fullmatch(sql)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "sqlite", "mysql", "snowflake", "bigquery", None])
@pytest.mark.parametrize(
    "sql",
    [
        'SELECT "Id" FROM "Sales"."Orders" o, lateral (SELECT 1) x',
        "SELECT * FROM a WHERE id IN (SELECT id FROM B)",
        "SELECT count(*) FROM orders, generate_series(1, 3)",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT * FROM n",
        "SELECT 1",
    ],
)
def test_a_frozen_statement_passes_its_own_list(sql: str, dialect: str | None) -> None:
    """Whichever database the connection leads to, the list that was drawn lets the statement pass."""
    tables = values(last(call("query", {"sql": sql}), rules=(QUERY,))).get("tables", [])

    assert not unlisted(sql, dialect, tables)


def test_a_query_without_sql_is_written_anew() -> None:
    """If the trace contains only the question, the step is flagged `model_at_run_time` and lists no tables."""
    step = last(call("query", {"question": "How much?"}, [{"n": 1}]), rules=(QUERY,))

    assert (step.determinism, step.non_deterministic) == ("model_at_run_time", True)
    assert "no SQL was recorded" in str(step.non_deterministic_reason)
    assert set(values(step)) == {"question", "conn_id", "llm_conn_id"}


def test_an_answer_keeps_its_status_and_shape() -> None:
    """The recorded status and the shape of the body are what a later answer is compared with."""
    step = last(
        call("post", {"url": "/orders", "method": "POST"}, {"status": 201, "body": {"id": 7, "tags": ["a"]}}),
        rules=(POST,),
    )

    assert values(step)["expected_status"] == 201
    shape = values(step)["expected_shape"]
    assert shape["required"] == ["id", "tags"]
    assert shape["properties"]["id"] == {"type": "number"}


@pytest.mark.parametrize(
    ("result", "drawn"),
    [
        ({"id": 7}, {"expected_shape"}),
        ([{"id": 7}], {"expected_shape"}),
        ("created", set()),
        (None, set()),
        ({"status": "ok"}, {"expected_shape"}),
        ({"status": 204, "body": None}, {"expected_status"}),
    ],
)
def test_other_forms_of_an_answer(result: Any, drawn: set[str]) -> None:
    """A body alone has a shape; a text has none; a field named status need not be an HTTP status."""
    step = last(call("post", {"url": "/orders", "method": "POST"}, result), rules=(POST,))

    assert {name for name in values(step) if name.startswith("expected")} == drawn


def test_what_the_call_says_itself_stays() -> None:
    """A recorded argument is never replaced."""
    recorded = call("post", {"url": "/x", "expected_status": 202}, {"status": 200, "body": {}})

    assert values(last(recorded, rules=(POST,)))["expected_status"] == 202


def test_an_agent_gets_what_it_used() -> None:
    """The tools are those that its own calls used, the limits three times what they took."""
    step = last(
        call(
            "ask", {"question": "Why?"}, {"answer": "So", "usage": {"input_tokens": 900, "output_tokens": 100}}, id="p"
        ),
        call("search", {"q": "x"}, "y", parent_id="p", server="docs"),
        call("query", {"sql": "SELECT 1"}, [], parent_id="p"),
        call("other", {}, None, parent_id="p"),
        rules=(ASK, {"match": "search", "kind": "mcp_tool", "conn_id": "docs_mcp"}, QUERY),
    )

    assert values(step)["tools"] == ["mcp:docs_mcp/search", "sql:warehouse"]
    assert values(step)["usage_limits"] == {"total_tokens_limit": 3000, "tool_calls_limit": 9}


def test_an_agent_without_figures_of_its_own_is_measured_by_the_run() -> None:
    """If the trace does not record the agent's usage, the limits are based on the whole run's tokens."""
    recorded = call("ask", {"question": "Why?"}, "So")

    step = last(recorded, rules=(ASK,), usage=Usage(input_tokens=2000, output_tokens=500))
    assert values(step)["usage_limits"] == {"total_tokens_limit": 7500}
    assert "usage_limits" not in values(last(recorded, rules=(ASK,)))


def test_a_function_is_the_one_that_was_there(tmp_path: Path) -> None:
    """The digest of the function's source is kept where the source is found."""
    (tmp_path / "vai_bank.py").write_text("def pay():\n    return 1\n")
    rule = {"match": "pay", "kind": "python_tool", "callable": "vai_bank:pay"}

    found = crystallized(run(call("pay")), rule, python_path=(str(tmp_path),), gates="recorded").steps[-1]
    assert len(values(found)["source_sha256"]) == 64
    assert "source_sha256" not in values(last(call("pay"), rules=(rule,)))


def test_without_sqlglot_the_missing_list_of_tables_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The step may read any table, so the review says so, with the command that installs the parser."""
    monkeypatch.setitem(sys.modules, "sqlglot", None)

    made = crystallized(run(call("query", {"sql": "select * from orders"})), QUERY)

    assert "tables" not in values(made.steps[-1])
    (item,) = [item for item in made.review if item.code == "tables_unknown"]
    assert "pip install 'airflow-provider-vai[sql]'" in item.message


@pytest.mark.parametrize("sql", ["select 1", "select * from orders"])
def test_known_tables_need_no_review(sql: str) -> None:
    """A statement without tables, or with a list of them, has no such item."""
    made = crystallized(run(call("query", {"sql": sql})), QUERY)

    assert "tables_unknown" not in [item.code for item in made.review]


def test_a_statement_that_cannot_be_parsed() -> None:
    """Its tables are unknown, and the review says why."""
    made = crystallized(run(call("query", {"sql": "select from from ((("})), QUERY)

    (item,) = [item for item in made.review if item.code == "tables_unknown"]
    assert "cannot be parsed" in item.message
