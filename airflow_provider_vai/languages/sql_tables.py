"""Which tables a statement reads: one rule for the crystallizer, which lists them, and the step, which keeps the list.

A name is written as the statement writes it (``orders``, ``sales.orders``, ``"Sales"."Orders"``); a table function, or
a function that reads a file or another table, as ``read_csv()``; a file as ``"sales.parquet"``, as DuckDB understands
it. Where a parser cannot tell a table of the statement's own ``WITH`` from a stored one, it counts as stored: the list
may then hold a name too many, never one too few.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

Key = tuple[str, ...]
"""The parts of a name as the database compares them."""

_HARMLESS = re.compile(
    r"generate_(series|subscripts)|range|unnest|(pos)?explode|inline|flatten|openjson"
    r"|jsonb?_(array_elements(_text)?|each(_text)?|table|to_recordset|tree)"
    r"|regexp_split_to_table|split_to_table|string_split|string_to_table"
)
"""Functions whose rows come from their arguments alone."""

_READERS = re.compile(
    r"pg_read_(binary_)?file|pg_ls_dir|pg_stat_file|lo_get|load_file|readfile"
    r"|(query|table|schema|database|cursor)_to_xml(_and_xmlschema)?|dblink|ts_rewrite|ts_stat"
)
"""Functions that read a file, or a table named in a text, wherever they stand: the known ones, no list is complete."""


def tables_of(sql: str, dialect: str | None = None) -> list[str] | None:
    """Return the tables, files and table functions that ``sql`` reads, each once, in the order of the statement.

    :param dialect: sqlglot's name of the database's SQL; ``None``: generic SQL.
    :return: ``None`` where it cannot be told: sqlglot is not installed, or does not understand the statement.
    """
    found = _sources(sql, dialect)
    return None if found is None else list(found.values())


def unlisted(sql: str, dialect: str | None, listed: Sequence[str]) -> list[str] | None:
    """Return what ``sql`` reads and ``listed`` does not name; ``None`` where it cannot be told.

    Names are compared as the database does: of unquoted ones the case does not count where it ignores it. A name with
    a schema is another one than the same name without.

    :param listed: names in the form of :func:`tables_of`.
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
        statements = [part for part in sqlglot.parse(sql, dialect=dialect) if part is not None]
    except (sqlglot.errors.SqlglotError, RecursionError):
        return None
    if any(statement.find(exp.Show, exp.Command) for statement in statements):
        return None
    found: dict[Key, str] = {}
    for statement in statements:
        for node in statement.walk(bfs=False):
            for key, name in _read_by(node, dialect):
                found.setdefault(key, name)
    return found


def _read_by(node: Any, dialect: str | None) -> Iterator[tuple[Key, str]]:
    """Yield what this one node of the statement reads."""
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
    # SQLite takes a table's name, or a table function, behind IN: `id IN orders`, `id IN json_each('[1]')`.
    from sqlglot import exp

    field = node.args.get("field")
    if isinstance(field, exp.Func):
        yield from _function(field)
    elif isinstance(field, exp.Column):
        yield from _table(exp.to_table(field.sql(dialect=dialect), dialect=dialect), node, dialect)


def _function(function: Any, schema: Sequence[Any] = ()) -> Iterator[tuple[Key, str]]:
    from sqlglot import exp

    name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
    name = name.lower().removeprefix("exploding_")  # sqlglot's own name for PostgreSQL's generate_series
    if schema or not _HARMLESS.fullmatch(name):
        full = ".".join([*(part.name.lower() for part in schema), f"{name}()"])
        yield (full,), full


def _table(table: Any, place: Any, dialect: str | None) -> Iterator[tuple[Key, str]]:
    key = _key(table, dialect)
    if len(key) > 1 or key not in _own_tables(place, dialect):
        yield key, ".".join(part.sql(dialect=dialect) for part in table.parts)


def _own_tables(place: Any, dialect: str | None) -> Iterator[Key]:
    """Yield the names that a ``WITH`` around ``place`` gives to its queries, as far as they are in scope there."""
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
    # The first part of `WITH RECURSIVE t AS (first UNION ALL second)` does not see t: a t in it is a stored table.
    from sqlglot import exp

    return isinstance(query, exp.SetOperation) and id(query.expression) in inside


def _listed_key(name: str, dialect: str | None) -> Key:
    import sqlglot
    from sqlglot import exp

    if name.endswith("()"):
        return (name.lower(),)
    try:
        return _key(exp.to_table(name, dialect=dialect), dialect)
    except sqlglot.errors.SqlglotError:  # no name of a table: it allows none
        return (name,)


def _key(table: Any, dialect: str | None) -> Key:
    from sqlglot import Dialect

    normalized = Dialect.get_or_raise(dialect)
    return tuple(normalized.normalize_identifier(part).name for part in table.copy().parts)
