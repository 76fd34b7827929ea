"""Run τ²-bench's retail tools in an environment of their own, ``.venv-truth/tau2``, created if missing.

τ²-bench is on no package index and needs Python 3.12. So the bench runs its tools only if you name a checkout of
github.com/sierra-research/tau2-bench. The clients of model vendors that it depends on are not installed: no tool needs
them.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import result_value
from truth import other_lists, replay, whole_chain
from truth.dojo import FOLDER, DojoUnavailable, environment
from truth.whole_chain import Chain

PYTHON = "3.12"
PACKAGES = (
    "addict",
    "deepdiff",
    "docstring-parser",
    "loguru",
    "pydantic",
    "python-dotenv",
    "pyyaml",
    "tenacity",
    "toml",
)


class Retail:
    """A process that runs the retail tools.

    :param tree: a checkout of tau2-bench.
    :raises DojoUnavailable: the environment cannot be created, or the process ended.
    """

    def __init__(self, tree: Path) -> None:
        python = environment(FOLDER / "tau2", PYTHON, [PACKAGES])
        command = [str(python), str(Path(__file__).with_name("tau2_server.py")), str(tree)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        self.versions = self._answer()

    def ask(self, op: str, **request: Any) -> Any:
        """Return the answer to one request; ``tau2_server.py`` lists the requests."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"op": op, **request}) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def __enter__(self) -> Retail:
        return self

    def __exit__(self, *error: object) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise DojoUnavailable(
                f"τ²-bench's process ended with {self.process.wait()}: is the folder a checkout of it?"
            )
        return json.loads(line)


@dataclass(frozen=True)
class Shop:
    """A world in which τ²-bench's own tools answer; its shop was opened before."""

    run: Run
    retail: Retail

    def expected(self, call: ToolCall) -> Any:
        """Return the recorded arguments."""
        return call.arguments

    def answer(self, position: int, arguments: Any, *, writes: bool) -> Any:
        """Return what the tool answers.

        :raises LookupError: the tool refuses.
        """
        answer = self.retail.ask("call", tool=self.run.calls[position].tool, arguments=arguments)
        if answer["error"]:
            raise LookupError(f"the tool fails: {answer['error']}")
        return result_value(answer["value"])


def judge(runs: list[tuple[Run, Automation]], retail: Retail, found: Chain) -> None:
    """Run the chains in shops with other lists, and count."""
    data = retail.ask("keep")["data"]
    for name, arranged in _shops(data):
        retail.ask("keep", data=arranged)
        for run, spec in runs:
            retail.ask("open")
            whole_chain.run_chain(spec, run, name, Shop(run, retail), found)


def repeated(runs: list[tuple[Run, Automation]], retail: Retail) -> tuple[int, int]:
    """Return how many steps answer as recorded when they run with the recorded arguments, and how many there are."""
    retail.ask("keep")
    equal = steps = 0
    for run, spec in runs:
        retail.ask("open")
        for position in (one for several in replay.recorded_calls(spec, run).values() for one in several):
            call = run.calls[position]
            answer = retail.ask("call", tool=call.tool, arguments=call.arguments)
            equal += answer["error"] is None and replay.same(result_value(answer["value"]), call.result)
            steps += 1
    return equal, steps


def _shops(data: Any) -> Iterator[tuple[str, Any]]:
    """Yield the shops' data, each with the name of its world."""
    for name, to in other_lists.WORLDS.items():
        yield name, other_lists.arranged(data, to)
    for name, to in other_lists.ALONE.items():
        for pattern in sorted(set(other_lists.patterns(data))):
            if len(pattern) > 1:  # not the lists of all users, all orders and all products
                yield name, other_lists.arranged(data, to, pattern)
