"""``mcp_tool`` with third-party MCP servers over stdio, each in its own environment."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration

Run = Callable[..., Any]
CACHE = Path(tempfile.gettempdir()) / f"vai-mcp-servers-{os.getuid()}"


def installed(package: str, *more: str) -> Path:
    """Return the command of an MCP server from PyPI. Its environment is created once and kept.

    The test is skipped if the registry cannot be reached.
    """
    environment = CACHE / package
    if not (environment / "ready").exists():
        shutil.rmtree(environment, ignore_errors=True)
        uv = shutil.which("uv")
        python = environment / "bin/python"
        install = [uv, "pip", "install", "--python", python] if uv else [python, "-m", "pip", "install"]
        try:
            subprocess.run([sys.executable, "-m", "venv", environment], check=True, capture_output=True)
            subprocess.run([*install, "--quiet", package, *more], check=True, capture_output=True, timeout=300)
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"{package} cannot be installed here: {getattr(error, 'stderr', None) or error}")
        (environment / "ready").touch()
    return environment / "bin" / package


def connect(monkeypatch: pytest.MonkeyPatch, command: Path, *args: str) -> None:
    """Set the connection ``mcp`` to this server."""
    extra = {"transport": "stdio", "command": str(command), "args": list(args), "timeout": 60}
    monkeypatch.setenv("AIRFLOW_CONN_MCP", json.dumps({"conn_type": "mcp", "extra": extra}))


def listed(command: Path, *args: str) -> dict[str, Any]:
    """Return the input schemas of a server's tools."""
    import asyncio

    from fastmcp import Client
    from fastmcp.client.transports import StdioTransport

    async def ask() -> dict[str, Any]:
        async with Client(StdioTransport(str(command), list(args))) as client:
            return {tool.name: tool.input_schema for tool in await client.list_tools()}

    return asyncio.run(ask())


@pytest.fixture(autouse=True)
def client() -> None:
    """Skip the test if the MCP client is not installed."""
    pytest.importorskip("fastmcp")


def test_mcp_server_time(run_dag: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time server converts a time; for an unknown time zone, the step fails with the server's message."""
    connect(monkeypatch, installed("mcp-server-time"), "--local-timezone", "UTC")
    arguments = {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"}
    ran = run_dag(
        f"McpToolOperator(task_id='a', conn_id='mcp', tool='convert_time', arguments={arguments!r})\n"
        f"McpToolOperator(task_id='b', conn_id='mcp', tool='convert_time',"
        f" arguments={ {**arguments, 'target_timezone': 'Mars/Olympus'}!r})"
    )

    assert ran.states == {"a": "success", "b": "failed"}
    assert ran.results["a"]["target"]["datetime"].endswith("T21:00:00+09:00")
    assert ran.results["a"]["time_difference"] == "+9.0h"
    assert "the tool 'convert_time' of 'mcp' returned an error" in ran.log
    assert "Mars/Olympus" in ran.log


def test_mcp_server_sqlite(run_dag: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A server with the older protocol library writes and reads a database."""
    connect(monkeypatch, installed("mcp-server-sqlite", "mcp<2"), "--db-path", str(tmp_path / "db.sqlite"))
    ran = run_dag(
        """
        def call(task_id, tool, query):
            return McpToolOperator(task_id=task_id, conn_id='mcp', tool=tool, arguments={'query': query})
        create = call('create', 'create_table', 'create table t (n integer, s text)')
        insert = call('insert', 'write_query', "insert into t values (1, 'it''s {{ ds }}')")
        create >> insert >> call('read', 'read_query', 'select * from t')
        """
    )

    assert set(ran.states.values()) == {"success"}
    with sqlite3.connect(tmp_path / "db.sqlite") as lite:
        assert lite.execute("select n, s from t").fetchall() == [(1, "it's {{ ds }}")]
    assert "it's {{ ds }}" in str(ran.results["read"])


def test_a_changed_tool_is_not_called(run_dag: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the digest of the reviewed schema, the tool is called only if the server still has this schema."""
    from airflow_provider_vai.operators.mcp.schema import schema_sha256

    command, args = installed("mcp-server-sqlite", "mcp<2"), ("--db-path", str(tmp_path / "db.sqlite"))
    connect(monkeypatch, command, *args)
    schema = listed(command, *args)["create_table"]
    now = schema_sha256(schema)
    older = schema_sha256({**schema, "properties": {**schema["properties"], "dry_run": {"type": "boolean"}}})
    ran = run_dag(
        f"""
        def call(task_id, tool, digest, **more):
            return McpToolOperator(task_id=task_id, conn_id='mcp', tool=tool, schema_sha256=digest,
                                   arguments={{'query': f'create table {{task_id}} (n integer)', **more}})
        call('same', 'create_table', {now!r})
        call('drift', 'create_table', {older!r}, dry_run=True)
        call('gone', 'make_table', {now!r})
        """
    )

    assert ran.states == {"same": "success", "drift": "failed", "gone": "failed"}
    assert f"was {older} and is now {now}. It no longer accepts dry_run." in ran.log
    assert "the server no longer has the tool 'make_table'" in ran.log
    with sqlite3.connect(tmp_path / "db.sqlite") as lite:
        assert lite.execute("select name from sqlite_master").fetchall() == [("same",)]
