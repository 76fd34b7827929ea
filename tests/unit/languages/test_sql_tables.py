"""The crystallizer and the running step find the tables of a statement by the same rule."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings, strategies as st

from airflow_provider_vai.languages.sql_tables import tables_of, unlisted

sqlglot = pytest.importorskip("sqlglot")

STATEMENTS: list[tuple[str | None, str, list[str]]] = [
    (None, "select 1", []),
    (None, "select * from t", ["t"]),
    (None, "select * from a join b using (n) left join c on c.n = a.n", ["a", "b", "c"]),
    (None, "select * from a, b", ["a", "b"]),
    (None, "select * from t union all select * from u except select * from t", ["t", "u"]),
    (None, "select (select max(n) from u) from t", ["u", "t"]),
    (None, "select * from t where exists (select 1 from u where u.n = t.n)", ["t", "u"]),
    (None, "select * from (select * from (select * from t) a) b", ["t"]),
    (None, "values (1), (2)", []),
    (None, "select * from (values (1)) v(n)", []),
    (None, "with a as (select * from t) select * from a", ["t"]),
    (None, "with a as (select 1 n), b as (select * from a) select * from a join b using (n)", []),
    (None, "with a as (select * from b), b as (select 1) select * from a", ["b"]),
    (None, "with orders as (select * from orders) select * from orders", ["orders"]),
    (None, "select * from (with a as (select 1) select * from a) x, a", ["a"]),
    (None, "with a as (select 1) select * from s.a", ["s.a"]),
    (None, "with recursive r(n) as (select 1 union all select n + 1 from r) select * from r", []),
    (None, "with recursive r as (select * from r union all select * from r) select * from r", ["r"]),
    (None, "with recursive r as (select * from r) select * from r", ["r"]),
    ("postgres", 'select * from "Sales"."Orders"', ['"Sales"."Orders"']),
    ("postgres", 'select * from "a.b"."c d"', ['"a.b"."c d"']),
    ("postgres", 'with "A" as (select 1) select * from a', ["a"]),
    ("postgres", "with A as (select 1) select * from a", []),
    ("postgres", "select * from information_schema.tables", ["information_schema.tables"]),
    ("postgres", "select * from t, lateral (select * from u where u.n = t.n) l", ["t", "u"]),
    ("postgres", "select * from t cross join lateral jsonb_array_elements(t.items) e", ["t"]),
    ("postgres", "select * from generate_series(1, 3) g", []),
    ("postgres", "select * from unnest(array[1, 2]) u", []),
    ("postgres", "select * from dblink('host=x', 'select 1') as d(n int)", ["dblink()"]),
    ("postgres", "select * from rows from (generate_series(1, 2), dblink('x'))", ["dblink()"]),
    ("postgres", "select pg_read_file('/etc/passwd')", ["pg_read_file()"]),
    ("postgres", "select pg_catalog.pg_read_file('/etc/passwd')", ["pg_read_file()"]),
    ("postgres", "select query_to_xml('select * from secret', true, true, '')", ["query_to_xml()"]),
    ("postgres", "select * from only t tablesample system (10)", ["t"]),
    ("duckdb", "from t", ["t"]),
    ("duckdb", "from t select n where n in (from u)", ["t", "u"]),
    ("duckdb", "select * from 'x.parquet'", ['"x.parquet"']),
    ("duckdb", "select * from read_csv('a.csv') r, read_parquet(['b'])", ["read_csv()", "read_parquet()"]),
    ("duckdb", "select * from query('select * from secret')", ["query()"]),
    ("duckdb", "select * from range(3) r(n), unnest([1, 2])", []),
    ("duckdb", "pivot t on s in ('a') using sum(n)", ["t"]),
    ("duckdb", "select * from (pivot t on s in ('a') using sum(n))", ["t"]),
    ("duckdb", "unpivot t on a, b into name n value v", ["t"]),
    ("duckdb", "summarize t", ["t"]),
    ("duckdb", "describe select * from t", ["t"]),
    ("duckdb", "select * from t positional join u", ["t", "u"]),
    ("sqlite", "select 1 where 1 in secret", ["secret"]),
    ("sqlite", "select 1 where 1 not in main.secret or 2 in f(1)", ["main.secret", "f()"]),
    ("postgres", "select * from pg_catalog.generate_series(1, 2)", ["pg_catalog.generate_series()"]),
    ("duckdb", "select (from secret)", ["secret"]),
    ("sqlite", "with a as (select 1) select 1 where 1 in a", []),
    ("sqlite", "select * from pragma_table_info('t')", ["pragma_table_info()"]),
    ("mysql", "select * from `my db`.`t`, u", ["`my db`.`t`", "u"]),
    ("mysql", "select load_file('/etc/passwd')", ["load_file()"]),
    ("bigquery", "select * from `p.d.t`", ["`p`.`d`.`t`"]),
    ("snowflake", "select * from table(f(1)), @stage/x", ["table()", "@stage/x"]),
    ("tsql", "select * from [dbo].[my t]", ["[dbo].[my t]"]),
    ("clickhouse", "select * from url('http://x/y.csv')", ["url()"]),
    ("trino", "select * from table(system.query(query => 'select 1'))", ["table()"]),
]


@pytest.mark.parametrize(("dialect", "sql", "tables"), STATEMENTS)
def test_what_a_statement_reads(dialect: str | None, sql: str, tables: list[str]) -> None:
    """Stored tables, files and reading functions count, each as written; the statement's own tables do not."""
    assert sorted(tables_of(sql, dialect) or []) == sorted(tables)


def test_a_table_that_with_defines_is_read_or_unknown() -> None:
    """sqlglot before 29 takes ``TABLE secret`` in a ``WITH`` for a name: then it is not known what is read."""
    assert tables_of("with x as (table secret) select * from x", "postgres") in (["secret"], None)


@pytest.mark.parametrize(("dialect", "sql", "tables"), STATEMENTS)
def test_a_statement_passes_its_own_list_and_no_shorter_one(dialect: str | None, sql: str, tables: list[str]) -> None:
    """The crystallizer's list allows the statement; without any one of the names it does not."""
    listed = tables_of(sql, dialect)

    assert listed is not None
    assert unlisted(sql, dialect, listed) == []
    for name in listed:
        assert unlisted(sql, dialect, [other for other in listed if other != name]) == [name]


@pytest.mark.parametrize("database", ["duckdb", "postgres", "sqlite", "mysql", "snowflake", "tsql"])
def test_a_list_made_without_the_database_passes_on_it(database: str) -> None:
    """A list made without knowing the dialect allows the statement in the database's own dialect."""
    for _, sql, _ in STATEMENTS[:19]:
        if tables_of(sql, database) is not None:  # MySQL has no VALUES; no step runs what is not understood
            assert unlisted(sql, database, tables_of(sql, None) or []) == []


@pytest.mark.parametrize("sql", ["select '", "show tables", "selec 1 from", "("])
def test_what_cannot_be_told(sql: str) -> None:
    """If the parser does not understand a statement, no list is guessed."""
    assert tables_of(sql, "mysql") is None
    assert unlisted(sql, "mysql", ["t"]) is None


@pytest.mark.parametrize(
    ("dialect", "listed", "read", "same"),
    [
        ("postgres", "Orders", "ORDERS", True),
        ("postgres", '"Orders"', "orders", False),
        ("postgres", "orders", '"orders"', True),
        ("postgres", "orders", '"Orders"', False),
        ("postgres", "orders", "sales.orders", False),
        ("postgres", "sales.orders", "orders", False),
        ("duckdb", "orders", '"Orders"', True),
        ("duckdb", "x.parquet", "'x.parquet'", False),
        ("duckdb", "'x.parquet'", "'x.parquet'", True),
        ("duckdb", "READ_CSV()", "read_csv('x')", True),
        ("duckdb", "read_csv", "read_csv('x')", False),
        ("duckdb", "read_csv()", "read_csv", False),
        ("snowflake", "ORDERS", '"ORDERS"', True),
        ("snowflake", "orders", '"orders"', False),
        ("duckdb", "no name (", "orders", False),
        ("duckdb", "", "orders", False),
    ],
)
def test_names_compare_as_in_the_database(dialect: str, listed: str, read: str, same: bool) -> None:
    """Case, quotes and schemas count if the database distinguishes them."""
    assert (unlisted(f"select * from {read}", dialect, [listed]) == []) is same


names = st.sampled_from(["a", "B", '"c d"', '"e.f"', "s.a", 's."B"', '"S"."a"'])


@st.composite
def queries(draw: st.DrawFn, depth: int = 2) -> str:
    """A query with nested selects, unions, joins and WITHs, whose names often shadow each other."""
    if depth == 0:
        return f"select 1 as n from {draw(names)}"
    one, two = draw(queries(depth - 1)), draw(queries(depth - 1))
    name, table = draw(st.sampled_from(["a", "B", '"c d"'])), draw(names)
    recursive = draw(st.sampled_from(["", "recursive "]))
    return draw(
        st.sampled_from(
            [
                f"select 1 as n from ({one}) x join {table} y on true",
                f"({one}) union all ({two})",
                f"with {recursive}{name} as ({one}) select 1 as n from ({two}) z",
                f"select 1 as n from {table} where exists ({one})",
                f"with {name} as ({one}), x as ({two}) select 1 as n from x, {name}, {table}",
            ]
        )
    )


@settings(max_examples=150, deadline=None)
@given(queries(), st.sampled_from(["duckdb", "postgres", "sqlite", None]))
def test_any_statement_passes_its_own_list(sql: str, dialect: str | None) -> None:
    """However names shadow each other, both sides find the same tables."""
    assert unlisted(sql, dialect, tables_of(sql, dialect) or []) == []
    assert unlisted(sql, dialect, tables_of(sql, None) or []) == []


@settings(max_examples=150, deadline=None)
@given(queries())
def test_a_database_reads_nothing_but_the_list(sql: str) -> None:
    """A DuckDB with only the listed tables can run the statement, so no other table is needed."""
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as database:
        database.execute("create schema s")
        for name in tables_of(sql, "duckdb") or []:
            database.execute(f"create table if not exists {name} as select 1 as n")
        try:
            database.execute(sql)
        except duckdb.BinderException as error:  # a recursive name that DuckDB does not take, or not yet
            if "recursive" not in sql and "Circular reference" not in str(error):
                raise


def test_without_the_parser_nothing_is_listed() -> None:
    """The crystallizer runs without sqlglot, and imports no Airflow for this."""
    script = (
        "import sys; sys.modules['sqlglot'] = None\n"
        "from airflow_provider_vai.languages.sql_tables import tables_of\n"
        "assert tables_of('select * from t', None) is None\n"
        "assert not [m for m in sys.modules if m.split('.')[0] == 'airflow']"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
