"""What the unit tests share: Runs made in memory, the hostile values, and DAG text executed without Airflow."""

from __future__ import annotations

import datetime
import itertools
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airflow_provider_vai.crystallizer.crystallize import crystallize
from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.review_lines import line
from airflow_provider_vai.model.run import Approval, Run, ToolCall
from airflow_provider_vai.model.tools_file import ToolRule, ToolsFile

HOSTILE: list[dict[str, Any]] = json.loads(Path(__file__).with_name("hostile_values.json").read_text())["entries"]
MCP = ToolRule(match="*", kind="mcp_tool", conn_id="mcp")
SHA = "0" * 64


def hostile(*kinds: str) -> list[dict[str, Any]]:
    """Return the hostile entries of these kinds."""
    return [entry for entry in HOSTILE if entry["kind"] in kinds]


def call(tool: str = "look", arguments: Any = None, result: Any = None, **facts: Any) -> ToolCall:
    """Return a successful call; ``approval`` may be its state alone. Id and batch are given by :func:`run`."""
    if isinstance(facts.get("approval"), str):
        facts["approval"] = Approval(state=facts["approval"])
    given = {} if arguments is None and facts.get("outcome", "success") == "success" else arguments
    return ToolCall(**{"id": "", "batch": -1, "outcome": "success", **facts}, tool=tool, arguments=given, result=result)


def run(*calls: ToolCall, **facts: Any) -> Run:
    """Return a run of these calls; one without an id gets ``c<number>``, one without a batch a batch of its own."""
    numbered = [
        entry.model_copy(
            update={
                "id": entry.id or f"c{number}",
                "batch": entry.batch if entry.batch >= 0 else 1000 + number,
            }
        )
        for number, entry in enumerate(calls, 1)
    ]
    return Run(
        **{"id": "run-1", "source": "agent_run", "format": "made", "outcome": "success", **facts}, calls=numbered
    )


def tools(*rules: ToolRule | dict[str, Any]) -> ToolsFile:
    """Return a tools file of these rules; without any, every tool is an ``mcp_tool``."""
    return ToolsFile.model_validate(
        {"tools": [rule if isinstance(rule, ToolRule) else ToolRule(**rule) for rule in rules or (MCP,)]}
    )


def crystallized(
    recorded: Run, *rules: ToolRule | dict[str, Any], dag_id: str | None = None, **policy: Any
) -> Automation:
    """Return the automation of a run under a policy, its tools mapped by ``rules``."""
    return crystallize(recorded, tools(*rules), Policy(**policy), trace_sha256=SHA, dag_id=dag_id)


def review_lines(automation: Automation) -> list[str]:
    """Return the review of an automation as lines for people."""
    return [line(item) for item in automation.review]


def findings(automation: Automation, step: str | None = None) -> list[str]:
    """Return the codes of an automation's review, or of what it says about one step."""
    return [item.code for item in automation.review if step in (None, item.step)]


class Operator:
    """Stands for whatever a DAG file calls: remembers with what."""

    made: list[Operator]

    def __init__(self, name: str, args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        self.name, self.args, self.keywords = name, args, keywords
        self.after: list[Operator] = []

    def __enter__(self) -> Operator:
        return self

    def __exit__(self, *exception: object) -> None:
        """Leave the DAG."""

    def __rshift__(self, other: Any) -> Any:
        for later in other if isinstance(other, list) else [other]:
            later.after.append(self)
        return other

    def __rrshift__(self, other: list[Operator]) -> Operator:
        self.after += other
        return self


def executed(text: str) -> list[Operator]:
    """Execute a DAG file with no builtin but ``import``, and return what it called, in order.

    Everything that it imports, but ``datetime``, is a stand-in that remembers its arguments.
    """
    made: list[Operator] = []

    def stand_in(name: str) -> Any:
        def called(*args: Any, **keywords: Any) -> Operator | None:
            if name == "chain":
                for before, after in itertools.pairwise(args):
                    for one in before if isinstance(before, list) else [before]:
                        one >> after
                return None
            made.append(Operator(name, args, keywords))
            return made[-1]

        return called

    def importer(module: str, _globals: Any, _locals: Any, names: tuple[str, ...], level: int) -> Any:
        if module == "datetime":
            return datetime
        return SimpleNamespace(**{name: stand_in(name) for name in names})

    exec(compile(text, "dag.py", "exec"), {"__builtins__": {"__import__": importer}})
    return made


def tasks(text: str) -> dict[str, Operator]:
    """Return the tasks of an executed DAG file by task id."""
    return {made.keywords["task_id"]: made for made in executed(text) if "task_id" in made.keywords}
