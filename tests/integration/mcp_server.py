"""An MCP server over stdio, for the tests of the MCP operator."""

from __future__ import annotations

try:
    from mcp.server import MCPServer
except ImportError:  # mcp 1
    from mcp.server.fastmcp import FastMCP as MCPServer

server = MCPServer("tests")


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def find(name: str) -> dict[str, object]:
    """Return an object."""
    return {"name": name, "tags": ["a", "b"]}


@server.tool()
def wrap(name: str) -> dict[str, object]:
    """Return an object whose only key is "result"."""
    return {"result": name}


@server.tool()
def rows() -> list[dict[str, int]]:
    """Return a list."""
    return [{"n": 1}, {"n": 2}]


@server.tool()
def fail() -> str:
    """Fail."""
    raise ValueError("no such customer")


if __name__ == "__main__":
    server.run("stdio")
