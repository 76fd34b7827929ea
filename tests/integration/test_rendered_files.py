"""All recordings of two corpora, crystallized, loaded by a real Airflow, and compared with counts of the raw files."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from airflow_provider_vai.cli import main as cli
from tests.recordings import recording

pytestmark = pytest.mark.integration

RULES = {
    "mcp_tool": '[[tools]]\nmatch = "*"\nkind = "mcp_tool"\nconn_id = "bench"\n',
    "python_tool": '[[tools]]\nmatch = "*"\nkind = "python_tool"\ncallable = "bench.tools:*"\n',
}


class Made(NamedTuple):
    """The outcome for a file: the exit code, the output and the folder of the DAG files."""

    code: int
    said: str
    out: Path


def agentdojo_calls(document: dict[str, Any]) -> dict[str, int]:
    """Count the results without an error in an AgentDojo run; each belongs to one call of the agent."""
    results = [message for message in document["messages"] if message["role"] == "tool"]
    return {document["user_task_id"]: sum(message.get("error") is None for message in results)}


def tau2_calls(document: dict[str, Any]) -> dict[str, int]:
    """Count the results without an error that answer the assistant, for each simulation."""
    counts = {}
    for simulation in document["simulations"]:
        results: list[dict[str, Any]] = []
        for message in simulation["messages"]:
            results += message.get("tool_messages") or ([message] if message["role"] == "tool" else [])
        counts[simulation["id"]] = sum(
            not result.get("error") and result.get("requestor", "assistant") == "assistant" for result in results
        )
    return counts


CORPORA = {"agentdojo": agentdojo_calls, "tau2-bench": tau2_calls}
FILES = [(corpus, path) for corpus in CORPORA for path in sorted(recording(corpus).glob("*.json"))]


@pytest.fixture(scope="module", params=RULES)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Made]:
    """All files, crystallized with the tools mapped to one kind."""
    root = tmp_path_factory.mktemp(request.param)
    rules = root / "rules.toml"
    rules.write_text(RULES[request.param])
    found = {}
    for number, (_, path) in enumerate(FILES):
        out = root / "dags" / str(number)
        command = ["crystallize", str(path), "--all", "--out", str(out), "--tools", str(rules), "--allow-unsuccessful"]
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = cli.main(command)
        found[path] = Made(code, said.getvalue(), out)
    return found


@pytest.fixture(scope="module")
def loaded(made: dict[Path, Made], database: Path) -> dict[Path, dict[str, Any]]:
    """The DAGs of all files by the id of the recorded run; none has an import error."""
    from tests.airflow_names import DagBag

    found: dict[Path, dict[str, Any]] = {}
    for path, one in made.items():
        bag = DagBag(dag_folder=str(one.out), safe_mode=True) if one.out.exists() else None
        assert bag is None or bag.import_errors == {}
        found[path] = {}
        for dag_id, dag in (bag.dags if bag else {}).items():
            sidecar = json.loads((one.out / f"{dag_id}.vai.json").read_text())
            found[path][sidecar["source"]["id"]] = dag
    return found


def test_recordings_are_there(made: dict[Path, Made]) -> None:
    """There are recordings to compare."""
    assert {corpus for corpus, _ in FILES} == set(CORPORA)


def test_files_without_a_call_are_refused(made: dict[Path, Made]) -> None:
    """Three AgentDojo runs have no successful call: exit code 1, a message, no files. All others succeed."""
    empty = {path for corpus, path in FILES if not sum(CORPORA[corpus](json.loads(path.read_text())).values())}
    assert {path for path, one in made.items() if one.code} == empty
    assert len([path for path in empty if path.parent.name == "agentdojo"]) == 3
    for path in empty:
        assert "tool call" in made[path].said
        assert not made[path].out.exists()


def test_each_successful_call_is_a_task(loaded: dict[Path, dict[str, Any]]) -> None:
    """Without gates, each run has as many tasks as its raw file has successful results for the agent."""
    wrong = []
    for corpus, path in FILES:
        expected = {run: count for run, count in CORPORA[corpus](json.loads(path.read_text())).items() if count}
        tasks = {run: sum(_is_step(task) for task in dag.tasks) for run, dag in loaded[path].items()}
        if corpus == "agentdojo":  # its run ids consist of several fields; a file has one run
            expected, tasks = ({"": sum(found.values())} for found in (expected, tasks))
        wrong += [(path.name, expected, tasks)] if expected != tasks else []
    assert wrong == []


def test_every_dag_starts_paused_and_ends(loaded: dict[Path, dict[str, Any]]) -> None:
    """Each DAG is one sequence, in which each gate is directly upstream of its step only."""
    for dags in loaded.values():
        for dag in dags.values():
            assert dag.is_paused_upon_creation
            order = dag.topological_sort()
            assert all(len(task.upstream_task_ids) <= 1 for task in order)
            assert len(dag.roots) == len(dag.leaves) == 1
            for task in order:
                gate = getattr(task, "gate", None)
                assert gate is None or task.upstream_task_ids == {gate}


def _is_step(task: Any) -> bool:
    return type(task).__name__ != "ApprovalGateSensor"
