"""The connection type ``duckdb``: a database file, opened so that queries cannot access anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.common.sql.hooks.sql import DbApiHook

if TYPE_CHECKING:
    import duckdb


class DuckDBHook(DbApiHook):
    """Opens the database file of a connection read-only, without access to other files or the network.

    The connection's host (or schema) is the path of the file. Its extra may allow more:
    ``{"read_only": false, "config": {"enable_external_access": true}}``.

    :param read_only: Whether to open the file read-only. ``read_only`` in the connection's extra overrides it.
    :param output_folder: A local folder that ``COPY`` may write to. Other files stay inaccessible.
    """

    conn_name_attr = "duckdb_conn_id"
    default_conn_name = "duckdb_default"
    conn_type = "duckdb"
    hook_name = "DuckDB"
    supports_autocommit = True

    def __init__(self, *args: Any, read_only: bool = True, output_folder: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.read_only = read_only
        self.output_folder = output_folder

    def database_file(self) -> str:
        """Return the path of the connection's database file.

        :raises ValueError: the Airflow connection has no file.
        """
        connection = self.get_connection(self.get_conn_id())
        if path := connection.host or connection.schema:
            return str(path)
        raise ValueError(
            f"the connection {self.get_conn_id()!r} has no file: set its host to the path of the database file"
        )

    def get_conn(self) -> duckdb.DuckDBPyConnection:
        """Return an open DuckDB connection.

        :raises ValueError: the Airflow connection has no file.
        """
        import duckdb

        path, connection = self.database_file(), self.get_connection(self.get_conn_id())
        extra = connection.extra_dejson
        config = {"enable_external_access": False, **extra.get("config", {})}
        read_only = extra.get("read_only", self.read_only)
        if config["enable_external_access"] or (read_only and self.output_folder is None):
            return duckdb.connect(path, read_only=read_only, config=config)
        # DuckDB accepts allowed paths only after it is opened and before external access is disabled; nothing else runs
        # in between. The first path is DuckDB's own: without it, version 1.5.0 cannot reopen a database with this log.
        opened = duckdb.connect(path, read_only=read_only, config={**config, "enable_external_access": True})
        try:
            opened.execute(f"SET allowed_paths = [{_literal(f'{path}.wal.checkpoint')}]")
            if self.output_folder is not None:
                opened.execute(f"SET allowed_directories = [{_literal(self.output_folder)}]")
            opened.execute("SET enable_external_access = false")
        except BaseException:
            opened.close()
            raise
        return opened

    def set_autocommit(self, conn: Any, autocommit: bool) -> None:
        """Do nothing: DuckDB commits each statement unless a transaction is open."""

    def get_autocommit(self, conn: Any) -> bool:
        """Return ``True``: each statement commits itself, so Airflow has no transaction to commit."""
        return True

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return the fields of the connection form."""
        return {
            "hidden_fields": ["schema", "login", "password", "port"],
            "relabeling": {"host": "Database file"},
            "placeholders": {"host": "/data/warehouse.duckdb", "extra": '{"read_only": true}'},
        }


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
