"""An agent in Airflow is recorded, and the recording becomes a DAG that does the same without a model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces import formats as adapters
from tests.integration.chat_model import ChatModel, serving
from tests.integration.test_approval import answering

pytestmark = pytest.mark.integration

RunDag = Callable[..., Any]
HERE = Path(__file__).parent
IMPORTS = """
from airflow.providers.common.ai.operators.agent import AgentOperator
from airflow.providers.common.ai.toolsets.sql import SQLToolset
from pydantic_ai.toolsets import FunctionToolset
import vai_recorded_tools as shop
from airflow_provider_vai.recorder import Recorder
"""
AGENT = "AgentOperator(task_id='a', prompt='Reprice the lamp', llm_conn_id='llm', system_prompt='Be brief.', {})"
SHOP = """
gated = FunctionToolset(id='prices')
gated.add_function(shop.set_price, requires_approval=True)
gated.add_function(shop.drop, requires_approval=True)
tools = [SQLToolset('warehouse'), FunctionToolset([shop.stock], id='shop'), gated]
"""
RECORDED = IMPORTS + SHOP + AGENT.format("toolsets=tools, capabilities=[Recorder()], agent_params={'retries': 3}")
RULES = """
[[tools]]
match = "query"
kind = "generate_query"
conn_id = "warehouse"
[[tools]]
match = "stock"
kind = "python_tool"
callable = "vai_recorded_tools:stock"
effect = "read"
[[tools]]
match = "*"
kind = "python_tool"
callable = "vai_recorded_tools:*"
"""


def calls(*asked: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """Return a model response that calls tools."""
    functions = [{"name": name, "arguments": json.dumps(arguments)} for name, arguments in asked]
    tool_calls = [{"id": f"{f['name']}-{Model.number()}", "type": "function", "function": f} for f in functions]
    return {"role": "assistant", "content": None, "tool_calls": tool_calls}


class Model(ChatModel):
    """Returns the responses of ``script`` one after another."""

    script: ClassVar[list[dict[str, Any]]] = []
    given: ClassVar[list[int]] = []

    @classmethod
    def number(cls) -> int:
        """Return a number that was not used for a call yet."""
        cls.given.append(len(cls.given) + 1)
        return cls.given[-1]

    def reply(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the next response."""
        return self.script.pop(0) if self.script else {"role": "assistant", "content": "done"}


@pytest.fixture(autouse=True)
def shop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The scripted model, a database, the tools on the path, and a folder for recordings."""
    pytest.importorskip("openai")
    pytest.importorskip("airflow.providers.common.ai")
    duckdb = pytest.importorskip("duckdb")
    Model.script.clear()
    Model.given.clear()
    (tmp_path / "vai_recorded_tools.py").write_text((HERE / "recorded_tools.py").read_text())
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "vai_recorded_tools", raising=False)
    with duckdb.connect(str(tmp_path / "wh.duckdb")) as database:
        database.execute("create table items (name varchar, price integer)")
        database.execute("insert into items values ('lamp', 20), ('desk', 90)")
    monkeypatch.setenv("AIRFLOW__VAI__RUNS_PATH", f"file://{tmp_path}/runs")
    with serving(Model, "s3cret-of-the-test") as llm:
        monkeypatch.setenv("AIRFLOW_CONN_LLM", json.dumps(llm))
        warehouse = {"conn_type": "duckdb", "host": str(tmp_path / "wh.duckdb")}
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(warehouse))
        yield tmp_path


def recorded(folder: Path, name: str = "a") -> tuple[Path, Run]:
    """Return a task's recording, and the run that the adapter reads from it."""
    (path,) = (folder / "runs").rglob(f"{name}.json")
    _, (run,) = adapters.read(path)
    return path, run


def told(run: Run) -> list[tuple[Any, ...]]:
    """Return the tool, executed arguments, result, outcome and approval of each call."""
    return [(call.tool, call.arguments, call.result, call.outcome, call.approval.state) for call in run.calls]


def xcom(dag_id: str, key: str, task_id: str = "a") -> Any:
    """Return a task's XCom in the newest run."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        named = select(XComModel).where(XComModel.dag_id == dag_id, XComModel.key == key, XComModel.task_id == task_id)
        row = session.scalars(named.order_by(XComModel.timestamp.desc())).first()
        return row and XComModel.deserialize_value(row)


def crystallized(trace: Path, folder: Path) -> Path:
    """Return the DAG file that ``vai crystallize`` writes for a recording."""
    (folder / "rules.toml").write_text(RULES)
    made = [str(trace), "--out", str(folder / "made"), "--tools", str(folder / "rules.toml"), "--dag-id", "reprice"]
    command = [sys.executable, "-m", "airflow_provider_vai.cli.main", "crystallize", *made]
    paths = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(command, check=False, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "made" / "reprice.py"


def test_a_recorded_run_becomes_a_dag(run_dag: RunDag, database: Path, shop: Path) -> None:
    """Failures, a retry, a refused call and an approval are recorded, and the DAG returns the same rows."""
    (shop / "busy").touch()
    sql = "select name, price from items order by price"
    Model.script += [
        calls(("query", {"sql": "select nam from items"}), ("stock", {"item": "lamp"})),
        calls(("query", {"sql": sql}), ("stock", {"item": "lamp"}), ("stock", {"thing": 1})),
        calls(("set_price", {"item": "lamp", "price": "25"})),
    ]
    paused = shop / "paused.json"
    with answering("Approve", before=lambda: shutil.copy(next((shop / "runs").rglob("a.json")), paused)):
        ran = run_dag(RECORDED)
    path, run = recorded(shop)

    rows = {"columns": ["name", "price"], "rows": [["lamp", 20], ["desk", 90]], "row_count": 2}
    price = {"item": "lamp", "price": 25}
    assert told(run) == [
        ("query", {"sql": "select nam from items"}, None, "failed", "unknown"),
        ("stock", {"item": "lamp"}, None, "failed", "unknown"),
        ("stock", None, None, "interrupted", "unknown"),
        ("query", {"sql": sql}, rows, "success", "unknown"),
        ("stock", {"item": "lamp"}, {"item": "lamp", "left": 7}, "success", "unknown"),
        ("set_price", price, price, "success", "approved"),
    ]
    assert [call.batch for call in run.calls] == [0, 0, 1, 1, 1, 2]
    assert run.calls[1].error == "the counter is busy, ask again"
    assert run.calls[2].proposed_arguments == {"thing": 1}
    approval = run.calls[-1].approval
    assert (approval.by, approval.at is not None) == ("Alice", True)
    assert (run.outcome, run.model, run.system_text, run.agent) == ("success", "scripted-1", "Be brief.", "a")
    assert [turn.user_text for turn in run.turns] == ["Reprice the lamp"]
    _, (waiting,) = adapters.read(paused)
    last = waiting.calls[-1]
    assert (waiting.outcome, last.tool, last.outcome, last.arguments) == ("unknown", "set_price", "unknown", None)
    written = json.loads(path.read_text())
    assert written["agentRun"]["usage"] == {"input_tokens": 40, "output_tokens": 20}
    assert written["agentSpec"]["frontmatter"]["toolsets"] == ["prices", "shop", "sql-warehouse"]
    assert xcom(ran.dag_id, "vai_run") == f"file://{path}"

    made = crystallized(path, shop)
    (shop / "prices.txt").unlink()
    states, results = run_file(made, database, "Approve")
    assert set(states.values()) == {"success"}
    assert results["query"]["rows"] in (rows["rows"], [{"name": "lamp", "price": 20}, {"name": "desk", "price": 90}])
    assert results["stock"] == {"item": "lamp", "left": 7}
    assert results["set_price"] == price
    assert (shop / "prices.txt").read_text() == "lamp=25\n"


def run_file(made: Path, database: Path, *answers: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Run a DAG file from the DAGs folder; return the states and results of its tasks."""
    from tests.airflow_names import DagBag

    file = database / "dags" / made.name
    shutil.copy(made, file)
    try:
        bag = DagBag(dag_folder=str(file))
        assert bag.import_errors == {}
        with answering(*answers):
            run = bag.dags[made.stem].test()
    finally:
        file.unlink()
    states = {ti.task_id: str(getattr(ti.state, "value", ti.state)) for ti in run.get_task_instances()}
    return states, {task_id: xcom(made.stem, "return_value", task_id) for task_id in states}


def test_a_denied_call_and_a_secret(run_dag: RunDag, shop: Path) -> None:
    """The record has who denied a call and why, also if the agent fails later, and contains no secret."""
    Model.script += [
        calls(("drop", {"item": "lamp"})),
        calls(("broken", {"item": "s3cret-of-the-test"})),
    ]
    tools = "[gated, FunctionToolset([shop.broken])]"
    with answering("Reject", form={"reason": "Not the lamp."}):
        ran = run_dag(IMPORTS + SHOP + AGENT.format(f"toolsets={tools}, capabilities=[Recorder()]"))
    path, run = recorded(shop)

    assert ran.states == {"a": "failed"}
    assert told(run) == [
        ("drop", None, None, "denied", "denied"),
        ("broken", {"item": "***"}, None, "failed", "unknown"),
    ]
    assert run.calls[0].proposed_arguments == {"item": "lamp"}
    approval = run.calls[0].approval
    assert (approval.by, approval.note) == ("Alice", "Not the lamp.")
    assert run.outcome == "failed"
    assert "s3cret" not in path.read_text()
    assert xcom(ran.dag_id, "vai_run").endswith("/a.json")


def test_edits_mapped_tasks_and_answer_tools(run_dag: RunDag, shop: Path) -> None:
    """Edits by another capability are recognized, each map index has its file, and output tools are not calls."""
    answer = [{"id": "f", "type": "function", "function": {"name": "final_result", "arguments": '{"response": [7]}'}}]
    for _ in range(2):
        Model.script += [calls(("stock", {"item": "desk"})), {"role": "assistant", "tool_calls": answer}]
    edits = """
from dataclasses import dataclass
from pydantic_ai.capabilities import AbstractCapability
@dataclass
class Rename(AbstractCapability):
    async def before_tool_execute(self, ctx, *, call, tool_def, args):
        return {**args, "item": "lamp"}
"""
    ran = run_dag(
        IMPORTS + edits + "AgentOperator.partial(task_id='a', llm_conn_id='llm', output_type=list[int],"
        " toolsets=[FunctionToolset([shop.stock])], capabilities=[Recorder(), Rename()]).expand(prompt=['x', 'y'])"
    )

    assert ran.all_results["a"] == [[7], [7]]
    for index, prompt in enumerate(("x", "y")):
        _, run = recorded(shop, f"a-{index}")
        assert told(run) == [("stock", {"item": "lamp"}, {"item": "lamp", "left": 7}, "success", "unknown")]
        assert run.calls[0].proposed_arguments == {"item": "desk"}
        assert run.turns[0].user_text == prompt


def test_a_recording_that_cannot_be_written(
    run_dag: RunDag, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The agent's result is kept, and the log says what to check."""
    monkeypatch.setenv("AIRFLOW__VAI__RUNS_PATH", "file:///proc/nowhere")
    ran = run_dag(IMPORTS + AGENT.format("capabilities=[Recorder()]"))

    assert ran.results["a"] == "done"
    assert "check [vai] runs_path" in caplog.text
    assert xcom(ran.dag_id, "vai_run") is None


def test_message_history_is_read_too(run_dag: RunDag, shop: Path) -> None:
    """The messages that the operator pushes have the calls and denials, but not the approvals; a note says so."""
    Model.script += [calls(("stock", {"item": "lamp"})), calls(("set_price", {"item": "lamp", "price": "25"}))]
    with answering("Approve"):
        ran = run_dag(IMPORTS + SHOP + AGENT.format("toolsets=tools, capabilities=[Recorder()], message_history=[]"))
    pushed = shop / "history.json"
    pushed.write_text(json.dumps(xcom(ran.dag_id, "message_history")))
    _, (run,) = adapters.read(pushed)

    price = {"item": "lamp", "price": 25}
    assert run.format == "pydantic_ai"
    assert told(run) == [
        ("stock", {"item": "lamp"}, {"item": "lamp", "left": 7}, "success", "unknown"),
        ("set_price", {"item": "lamp", "price": "25"}, price, "success", "unknown"),
    ]
    assert run.outcome == "success"
    assert any("waited between two runs" in note for note in run.notes)
    assert [call.id for call in recorded(shop)[1].calls] == [call.id for call in run.calls]
