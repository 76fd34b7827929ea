"""Writes the sessions of Claude Code that the documentation follows, as Claude Code would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Said = tuple[str, Any, dict[str, Any]]
"""Who said something, the content of the message, and the result beside it."""

ID = "5f0c0000-0000-4000-8000-000000000007"
QUESTION = (
    "Which five products sold best? Write them to best_sellers.csv. The warehouse is ~/vai-tutorial/warehouse.duckdb."
)
SCRIPT = '''\
import csv
import sys
from pathlib import Path

import duckdb

SQL = """
SELECT name, sum(quantity)::INTEGER AS pieces FROM order_lines JOIN products USING (product_id)
GROUP BY name ORDER BY pieces DESC, name LIMIT 5
"""
with duckdb.connect(str(Path.home() / "vai-tutorial/warehouse.duckdb"), read_only=True) as warehouse:
    csv.writer(sys.stdout).writerows(warehouse.sql(SQL).fetchall())
'''
COMMAND = "python best_sellers.py > best_sellers.csv && cat best_sellers.csv"
OUTPUT = '"House blend, 1 kg",1032\n"Single origin, 500 g",977\n"Filter papers, 200",921\nGift box,688\nMug,654'


def write(home: Path) -> None:
    """Write the session in which Claude Code wrote and ran a script, below a user's home."""
    folder = str(home / "shop")
    path = f"{folder}/best_sellers.py"
    said: list[Said] = [
        ("user", QUESTION, {}),
        ("assistant", [_use("toolu_1", "Write", file_path=path, content=SCRIPT)], {}),
        ("user", [_result("toolu_1", f"File created successfully at: {path}")], {"type": "create", "filePath": path}),
        ("assistant", [_use("toolu_2", "Bash", command=COMMAND, description="List the best sellers")], {}),
        ("user", [_result("toolu_2", OUTPUT)], {"stdout": OUTPUT, "stderr": "", "interrupted": False}),
        ("assistant", [{"type": "text", "text": "The five best sellers are in best_sellers.csv."}], {}),
    ]
    _write(home, folder, said)


def write_with_mcp(home: Path) -> None:
    """Write a session in which Claude Code called the tools of an MCP server, below a user's home."""
    stock, ordered = {"product": "Mug", "pieces": 7}, {"ordered": 20}
    said: list[Said] = [
        ("user", "How many mugs do we have? If fewer than 10, order 20.", {}),
        ("assistant", [_use("toolu_1", "mcp__shop__get_stock", product="Mug")], {}),
        ("user", [_result("toolu_1", json.dumps(stock))], stock),
        ("assistant", [_use("toolu_2", "mcp__shop__order", product="Mug", pieces=20)], {}),
        ("user", [_result("toolu_2", json.dumps(ordered))], ordered),
        ("assistant", [{"type": "text", "text": "There were 7 mugs. 20 more are ordered."}], {}),
    ]
    _write(home, str(home / "stock"), said)


def _write(home: Path, folder: str, said: list[Said]) -> None:
    place = home / ".claude/projects" / folder.replace("/", "-")
    place.mkdir(parents=True)
    lines = []
    for number, (role, content, result) in enumerate(said):
        message: dict[str, Any] = {"role": role, "content": content}
        if role == "assistant":
            message |= {"id": f"msg_{number}", "type": "message", "model": "claude", "usage": {}}
        line = {
            "type": role,
            "uuid": f"u{number}",
            "parentUuid": f"u{number - 1}" if number else None,
            "sessionId": ID,
            "isSidechain": False,
            "cwd": folder,
            "timestamp": f"2026-11-02T09:00:{number:02}.000Z",
            "message": message,
        }
        lines.append(json.dumps({**line, "toolUseResult": result} if result else line))
    (place / f"{ID}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def _use(id: str, tool: str, **arguments: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": tool, "input": arguments}


def _result(id: str, text: str) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id, "content": text}
