"""Finds the tables that a SQL statement reads: the crystallizer lists them, and the step enforces the list.

A table is named as in the statement (``orders``, ``sales.orders``, ``"Sales"."Orders"``). A table function, or a
function that reads a file or another table, is named ``read_csv()``. A file is named ``"sales.parquet"``, as in DuckDB.
If a name could be a stored table or a table of the statement's own ``WITH``, it counts as stored, so the list may
contain a name too many, but never one too few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from airflow_provider_vai.languages.sql_parser import parse
from airflow_provider_vai.secrets.patterns import deferred

Key = tuple[str, ...]
"""The parts of a name as the database compares them."""

_HARMLESS = deferred(
    r"generate_(series|subscripts)|range|unnest|(pos)?explode|inline|flatten|openjson"
    r"|jsonb?_(array_elements(_text)?|each(_text)?|table|to_recordset|tree)"
    r"|regexp_split_to_table|split_to_table|string_split|string_to_table"
)
"""Functions whose rows depend only on their arguments."""

_READERS = deferred(
    r"pg_read_(binary_)?file|pg_ls_dir|pg_stat_file|lo_get|load_file|readfile"
    r"|(query|table|schema|database|cursor)_to_xml(_and_xmlschema)?|dblink|ts_rewrite|ts_stat"
)
"""Known functions that read a file, or a table named in a string, anywhere in a statement. The list is incomplete."""


def tables_of(sql: str, dialect: str | None = None) -> list[str] | None:
    """Return the tables, files and table functions that ``sql`` reads, each once, in the order of the statement.

    :param dialect: sqlglot's name of the SQL dialect; ``None``: generic SQL.
    :return: the names. ``None`` if they are unknown, because sqlglot is not installed or cannot parse the statement.
    """
    found = _sources(sql, dialect)
    return None if found is None else list(found.values())


def is_installed() -> bool:
    """Return whether sqlglot is installed, without which no statement can be read."""
    try:
        return find_spec("sqlglot") is not None
    except ValueError:  # a stand-in without a spec
        return False


def unlisted(sql: str, dialect: str | None, listed: Sequence[str]) -> list[str] | None:
    """Return what ``sql`` reads that is not in ``listed``; ``None`` if that is unknown.

    Names are compared like in the database: the case of unquoted names is ignored if the dialect ignores it. A name
    with a schema differs from the name without it.

    :param dialect: sqlglot's name of the SQL dialect; ``None``: generic SQL.
    :param listed: Names in the form of :func:`tables_of`.
    """
    found = _sources(sql, dialect)
    if found is None:
        return None
    known = {_listed_key(name, dialect) for name in listed}
    return [name for key, name in found.items() if key not in known]


def _sources(sql: str, dialect: str | None) -> dict[Key, str] | None:
    try:
        import sqlglot
    except ImportError:
        return None
    from sqlglot import exp

    try:
        statements = [part for part in parse(sql, dialect) if part is not None]
    except (sqlglot.errors.SqlglotError, RecursionError):
        return None
    if any(statement.find(exp.Show, exp.Command) or not _is_understood(statement) for statement in statements):
        return None
    found: dict[Key, str] = {}
    for statement in statements:
        for node in statement.walk(bfs=False):
            for key, name in _read_by(node, dialect):
                found.setdefault(key, name)
    return found


def _is_understood(statement: Any) -> bool:
    """Return whether each table of a ``WITH`` is a query. sqlglot before 29 takes ``TABLE secret`` there for a name."""
    from sqlglot import exp

    defined = (exp.Query, exp.DML, exp.Table, exp.Values)
    return all(isinstance(one.this, defined) for one in statement.find_all(exp.CTE))


def function_names(call: Any) -> Iterator[str]:
    """Yield the lower-case name of a called function, and that of the schema or package before it.

    :param call: sqlglot's node. ``sequence.nextval``, a call that looks like a column, counts as one.
    """
    from sqlglot import exp

    if isinstance(call, exp.Dot):
        if isinstance(call.expression, exp.Func):
            yield call.this.name.lower()
            yield from function_names(call.expression)
    elif isinstance(call, exp.Column):
        if call.table and call.name.lower() == "nextval":
            yield "nextval"
    elif isinstance(call, exp.Anonymous):
        yield call.name.lower()
    elif isinstance(call, exp.Func):
        yield call.sql_name().lower()


def _read_by(node: Any, dialect: str | None) -> Iterator[tuple[Key, str]]:
    """Yield what a single node of the statement reads, as key and name."""
    from sqlglot import exp

    if isinstance(node, exp.Table) and isinstance(node.this, exp.Func):
        yield from _function(node.this, node.parts[:-1])
    elif isinstance(node, exp.Table) and node.this is not None:
        yield from _table(node, node, dialect)
    elif isinstance(node, exp.Lateral) and isinstance(node.this, exp.Func):
        yield from _function(node.this)
    elif isinstance(node, exp.TableFromRows):
        yield ("table()",), "table()"
    elif isinstance(node, exp.Anonymous) and _READERS.fullmatch(node.name.lower()):
        yield from _function(node)
    elif isinstance(node, exp.In) and dialect in (None, "sqlite"):
        yield from _sqlite_in(node, dialect)


def _sqlite_in(node: Any, dialect: str | None) -> Iterator[tuple[Key, str]]:
    # SQLite allows a table's name or a table function after IN: `id IN orders`, `id IN json_each('[1]')`.
    from sqlglot import exp

    field = node.args.get("field")
    if isinstance(field, exp.Func):
        yield from _function(field)
    elif isinstance(field, exp.Column):
        yield from _table(exp.to_table(field.sql(dialect=dialect), dialect=dialect), node, dialect)


def _function(function: Any, schema: Sequence[Any] = ()) -> Iterator[tuple[Key, str]]:
    name = next(function_names(function)).removeprefix(
        "exploding_"
    )  # sqlglot's own name for PostgreSQL's generate_series
    if schema or not _HARMLESS.fullmatch(name):
        full = ".".join([*(part.name.lower() for part in schema), f"{name}()"])
        yield (full,), full


def _table(table: Any, place: Any, dialect: str | None) -> Iterator[tuple[Key, str]]:
    key = _key(table, dialect)
    if len(key) > 1 or key not in _own_tables(place, dialect):
        yield key, ".".join(part.sql(dialect=dialect) for part in table.parts)


def _own_tables(place: Any, dialect: str | None) -> Iterator[Key]:
    """Yield the names of ``WITH`` queries that are in scope at ``place``."""
    from sqlglot import exp

    inside = {id(place)}
    child = place
    while (parent := child.parent) is not None:
        if isinstance(parent, exp.With):
            earlier = parent.expressions[: child.index or 0]
            itself = [child] if parent.args.get("recursive") and _in_recursive_part(child.this, inside) else []
            visible = [*earlier, *itself]
        else:
            visible = [] if isinstance(child, exp.With) else getattr(parent, "ctes", [])
        yield from (_key(exp.Table(this=cte.args["alias"].this.copy()), dialect) for cte in visible)
        inside.add(id(parent))
        child = parent


def _in_recursive_part(query: Any, inside: set[int]) -> bool:
    # In `WITH RECURSIVE t AS (first UNION ALL second)`, t is not in scope in `first`: there it is a stored table.
    from sqlglot import exp

    return isinstance(query, exp.SetOperation) and id(query.expression) in inside


def _listed_key(name: str, dialect: str | None) -> Key:
    import sqlglot
    from sqlglot import exp

    if name.endswith("()"):
        return (name.lower(),)
    try:
        return _key(exp.to_table(name, dialect=dialect), dialect)
    except sqlglot.errors.SqlglotError:  # not the name of a table, so it matches no table
        return (name,)


def _key(table: Any, dialect: str | None) -> Key:
    from sqlglot import Dialect

    normalized = Dialect.get_or_raise(dialect)
    return tuple(normalized.normalize_identifier(part).name for part in table.copy().parts)
