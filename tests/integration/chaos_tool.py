"""The write of the chaos test as a tool: as a function, and on an MCP server.

``python chaos_tool.py URL`` serves it over stdio, and with a port as second argument over HTTP.
"""

from __future__ import annotations

import json
import sys
import urllib.request


def send(url: str, cell: str) -> object:
    """Do the write at the target and return its response."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(f"{url}/{cell}", b"{}"), timeout=60) as answer:
        return json.loads(answer.read())


def serve(url: str, port: int | None) -> None:
    """Serve the tool until the process ends."""
    from mcp.server import MCPServer

    server = MCPServer("chaos")

    @server.tool(name="send")
    def send_cell(cell: str) -> str:
        """Do the write."""
        return json.dumps(send(url, cell))

    if port is None:
        server.run("stdio")
    else:
        server.run("streamable-http", port=port)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None)
