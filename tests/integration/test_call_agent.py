"""``call_agent`` with common-ai's AgentOperator and local models."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.integration.chat_model import ChatModel, serving

pytestmark = pytest.mark.integration

Run = Callable[..., Any]
HERE = Path(__file__).parent
IMPORT = "from airflow_provider_vai.operators.call_agent import CallAgentOperator\n"


class Model(ChatModel):
    """Calls each of its tools once, and then answers with their results."""

    seen: ClassVar[list[dict[str, Any]]] = []

    def reply(self, body: dict[str, Any]) -> dict[str, Any]:
        """Call a tool, or answer."""
        self.seen.append(body)
        said = [message["content"] for message in body["messages"] if message["role"] == "tool"]
        names = [tool["function"]["name"] for tool in body.get("tools", ())]
        if names and not said:
            asked = [{"id": f"c_{n}", "type": "function", "function": call(n)} for n in names]
            return {"role": "assistant", "content": None, "tool_calls": asked}
        return {"role": "assistant", "content": f"done: {said}"}


def call(name: str) -> dict[str, str]:
    """Return a call of a tool with valid arguments."""
    arguments = {"add": {"a": 2, "b": 3}, "query": {"sql": "delete from t"}}
    return {"name": name, "arguments": json.dumps(arguments.get(name, {}))}


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Connections to the scripted model, pydantic-ai's test model, an MCP server and a database."""
    pytest.importorskip("openai")
    pytest.importorskip("fastmcp")
    Model.seen.clear()
    with sqlite3.connect(tmp_path / "db.sqlite") as lite:
        lite.execute("create table t (n integer)")
        lite.execute("insert into t values (1)")
    mcp = {"transport": "stdio", "command": sys.executable, "args": [str(HERE / "mcp_server.py")], "timeout": 60}
    with serving(Model) as llm:
        for name, connection in {
            "LLM": llm,
            "TESTMODEL": {"conn_type": "pydanticai", "extra": {"model": "test"}},
            "MCP": {"conn_type": "mcp", "extra": mcp},
            "LITE": {"conn_type": "sqlite", "host": str(tmp_path / "db.sqlite")},
        }.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(connection))
        yield


def test_the_question_is_asked_as_it_is(run_dag: Run) -> None:
    """Braces in the question are text; the result has answer, usage and model; the agent has no tools."""
    ran = run_dag(
        IMPORT + "CallAgentOperator(task_id='a', conn_id='llm', question='What is {{ ds }}?', agent='analyst',"
        " system_prompt='Be {{ brief }}.')"
    )
    (request,) = Model.seen

    assert ran.states == {"a": "success"}
    assert [message["content"] for message in request["messages"]] == ["Be {{ brief }}.", "What is {{ ds }}?"]
    assert "tools" not in request
    assert ran.results["a"]["answer"] == "done: []"
    assert ran.results["a"]["model"] == "scripted-1"
    assert {"requests": 1, "input_tokens": 10, "output_tokens": 5}.items() <= ran.results["a"]["usage"].items()
    assert "k3y-of-the-test" not in ran.log


def test_pydantic_ais_test_model(run_dag: Run) -> None:
    """Any model that the connection's hook supports works, and the question may be wired."""
    ran = run_dag(
        IMPORT + "q = PythonToolOperator(task_id='q', python_callable='copy:copy', arguments={'x': 'Why?'})\n"
        "q >> CallAgentOperator(task_id='a', conn_id='testmodel', question=wired(q))"
    )

    assert ran.results["a"]["answer"] == "success (no tool calls)"
    assert ran.results["a"]["model"] == "test"


def test_only_the_allowed_tool_is_offered(run_dag: Run) -> None:
    """The agent gets only the listed tool of an MCP server and can call it."""
    ran = run_dag(IMPORT + "CallAgentOperator(task_id='a', conn_id='llm', question='2+3?', tools=['mcp:mcp/add'])")

    assert [tool["function"]["name"] for tool in Model.seen[0]["tools"]] == ["add"]
    assert ran.results["a"]["answer"] == "done: ['5']"
    assert ran.results["a"]["usage"]["tool_calls"] == 1


def test_a_whole_server_and_a_database_that_is_only_read(run_dag: Run, tmp_path: Path) -> None:
    """``mcp:`` allows all tools of a server. ``sql:`` allows reads only, and a write of the model is refused."""
    ran = run_dag(
        IMPORT + "CallAgentOperator(task_id='a', conn_id='llm', question='?', tools=['sql:lite'])\n"
        "CallAgentOperator(task_id='b', conn_id='llm', question='!', tools=['mcp:mcp', 'mcp:mcp/add'])\n"
    )
    offered = [{tool["function"]["name"] for tool in seen["tools"]} for seen in Model.seen]

    assert {"list_tables", "get_schema", "query", "check_query"} in offered
    assert {"add", "find", "wrap", "rows", "fail"} in offered
    with sqlite3.connect(tmp_path / "db.sqlite") as lite:
        assert lite.execute("select n from t").fetchall() == [(1,)]
    assert set(ran.states) == {"a", "b"}


@pytest.mark.parametrize(
    ("arguments", "message", "requests"),
    [
        ("tools=['shell']", "the agent's tools list 'shell'", 0),
        ("tools=['sql:lite/t']", "the agent's tools list 'sql:lite/t'", 0),
        ("tools=['mcp:a b']", "the agent's tools list 'mcp:a b'", 0),
        ("usage_limits={'money': 1}", "there is no usage limit 'money'", 0),
        ("usage_limits={'request_limit': '1'}", "must be a whole number", 0),
        ("usage_limits={'request_limit': 1}, tools=['mcp:mcp/add']", "the agent was stopped: ", 1),
        ("usage_limits={'output_tokens_limit': 1}", "the agent was stopped: ", 1),
    ],
)
def test_refusals(arguments: str, message: str, requests: int, run_dag: Run) -> None:
    """Unknown tools and limits are refused before a request is sent; exceeding a limit fails the step."""
    ran = run_dag(IMPORT + f"CallAgentOperator(task_id='a', conn_id='llm', question='?', {arguments})")

    assert ran.states["a"] == "failed"
    assert message in ran.log
    assert len(Model.seen) == requests
