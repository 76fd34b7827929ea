"""Run AgentDojo's tools for the bench; ``dojo.py`` starts this with the interpreter of AgentDojo's own environment.

One JSON request per line on stdin, one JSON answer per line on stdout. The tools, the data and the verdicts are
AgentDojo's own. This file imports nothing from the project, and the project nothing from AgentDojo.

* ``open``: create an environment as the benchmark does, from ``suite`` with ``injections``, after ``changes`` to its
  data.
* ``call``: run ``function`` with ``args`` in it, through the benchmark's own ``ToolsExecutor``. With ``clock``, the
  tool sees that time. With ``as_given``, the input schema is not applied, as in the sources of the first recordings.
* ``verdict``: return the benchmark's verdict on the current state: ``utility`` and ``security``.
* ``ground_truth``: return the calls that carry out an injected task.
"""

from __future__ import annotations

import copy
import datetime
import importlib
import json
import sys
from importlib.metadata import version
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def _without_model_clients() -> None:
    """Make AgentDojo's modules importable without the clients of model vendors, which no tool needs.

    The package's ``__init__`` imports them all; its other modules are used unchanged. ``EMPTY_FUNCTION_NAME`` is the
    one name that a tool module imports from a client.
    """
    package = find_spec("agentdojo")
    assert package is not None
    folder = next(iter(package.submodule_search_locations or ()))
    for name in ("agentdojo.agent_pipeline", "agentdojo.agent_pipeline.llms"):
        module = ModuleType(name)
        module.__path__ = ["/".join([folder, *name.split(".")[1:]])]
        sys.modules[name] = module
    client: Any = ModuleType("agentdojo.agent_pipeline.llms.google_llm")
    client.EMPTY_FUNCTION_NAME = "<empty-function>"
    sys.modules[client.__name__] = client


_without_model_clients()

import yaml  # type: ignore[import-untyped]  # noqa: E402
from agentdojo.agent_pipeline.tool_execution import ToolsExecutor  # type: ignore[import-not-found]  # noqa: E402
from agentdojo.functions_runtime import FunctionCall, FunctionsRuntime  # type: ignore[import-not-found]  # noqa: E402
from agentdojo.task_suite.load_suites import get_suites  # type: ignore[import-not-found]  # noqa: E402
from agentdojo.task_suite.task_suite import read_suite_file  # type: ignore[import-not-found]  # noqa: E402

CLOCK_READERS = ("email_client", "cloud_drive_client")
"""The modules of ``agentdojo.default_suites.v1.tools`` that read the time, each only with ``datetime.now()``."""


class Server:
    """One environment at a time, with the state after the calls so far."""

    def __init__(self, benchmark: str) -> None:
        self.suites = get_suites(benchmark)
        self.data: dict[str, Any] = {}
        self.suite: Any = None
        self.before: Any = None
        self.environment: Any = None

    def open(self, suite: str, injections: dict[str, str], user_task: str, changes: list[Any]) -> dict[str, Any]:
        """Create a new environment; return the data before the changes.

        :param changes: pairs of a path in the data and the new value there. A pair of a path and ``{"key": new}``
            renames the key at the end of the path.
        """
        self.suite = self.suites[suite]
        loaded = self._loaded(suite, injections)
        data = copy.deepcopy(loaded)
        for path, new in changes:
            _change(data, path, new)
        environment = self.suite.environment_type.model_validate(data)
        self.environment = self.suite.user_tasks[user_task].init_environment(environment)
        self.before = self.environment.model_copy(deep=True)
        return {"data": loaded}

    def _loaded(self, suite: str, injections: dict[str, str]) -> Any:
        """Return the suite's data as ``TaskSuite.load_and_inject_default_environment`` reads it."""
        key = json.dumps([suite, injections], sort_keys=True)
        if key not in self.data:
            text = read_suite_file(suite, "environment.yaml", self.suite.data_path)
            filled = text.format(**{**self.suite.get_injection_vector_defaults(), **injections})
            self.data[key] = yaml.load(filled, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return self.data[key]

    def call(
        self, function: str, args: dict[str, Any], clock: str | None = None, as_given: bool = False
    ) -> dict[str, Any]:
        """Run one tool; return its text as the model would see it, and its error.

        :param clock: the time that the tool sees, ISO 8601; ``None`` is now.
        :param as_given: pass the arguments unchanged: no input schema refuses them or turns ``5`` into ``5.0``.
        """
        _set_clock(clock)
        runtime = FunctionsRuntime([_open_input(tool) if as_given else tool for tool in self.suite.tools])
        asked = {"role": "assistant", "content": "", "tool_calls": [FunctionCall(function=function, args=args, id="1")]}
        _, _, self.environment, messages, _ = ToolsExecutor().query("", runtime, self.environment, [asked])
        content = messages[-1]["content"]
        text = content if isinstance(content, str) else "".join(part["content"] for part in content)
        return {"text": text, "error": messages[-1]["error"]}

    def verdict(self, user_task: str, injection_task: str | None, said: str, calls: list[Any]) -> dict[str, Any]:
        """Return whether the user's task was carried out, and whether the injected one was.

        :param said: the agent's last message.
        :param calls: the calls that were made, as pairs of function and arguments.
        """
        trace = [FunctionCall(function=function, args=args) for function, args in calls]
        task = self.suite.user_tasks[user_task]
        checks = {"utility": (task, self.suite._check_user_task_utility)}
        if injection_task:
            task = self.suite.injection_tasks[injection_task]
            checks["security"] = (task, self.suite._check_injection_task_security)
        return {
            name: bool(check(task, said, self.before, self.environment, trace))
            for name, (task, check) in checks.items()
        }

    def ground_truth(self, injection_task: str) -> dict[str, Any]:
        """Return the calls of an injected task, with placeholders if the benchmark leaves the words open."""
        calls = self.suite.injection_tasks[injection_task].ground_truth(self.before)
        return {"calls": [[call.function, dict(call.placeholder_args or call.args)] for call in calls]}


def _open_input(tool: Any) -> Any:
    """Return the tool with an input schema that accepts any arguments and returns them unchanged."""
    return tool.model_copy(update={"parameters": _AnyInput})


class _AnyInput:
    """The part of a schema that ``FunctionsRuntime`` uses: ``model_validate(arguments).model_dump()``."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        self.arguments = arguments

    @classmethod
    def model_validate(cls, arguments: dict[str, Any]) -> _AnyInput:
        return cls(arguments)

    def model_dump(self) -> dict[str, Any]:
        return self.arguments


def _set_clock(moment: str | None) -> None:
    fixed = datetime.datetime.fromisoformat(moment) if moment else None
    frozen = type("Fixed", (), {"now": staticmethod(lambda: fixed)})
    for name in CLOCK_READERS:
        module = importlib.import_module(f"agentdojo.default_suites.v1.tools.{name}")
        clock: Any = ModuleType("datetime")
        clock.datetime = frozen
        module.datetime = clock if fixed else datetime  # type: ignore[attr-defined]


def _change(data: Any, path: list[Any], new: Any) -> None:
    place = data
    for step in path[:-1]:
        place = place[step]
    if isinstance(new, dict):
        items = [(new["key"] if key == path[-1] else key, value) for key, value in place.items()]
        place.clear()
        place.update(items)
    else:
        place[path[-1]] = new


def main() -> None:
    """Answer requests until stdin ends; the first output line lists the versions."""
    server = Server(sys.argv[1])
    names = ("agentdojo", "pydantic", "PyYAML")
    print(json.dumps({name: version(name) for name in names} | {"python": sys.version.split()[0]}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        answer = getattr(server, request.pop("op"))(**request)
        print(json.dumps(answer, default=str), flush=True)


if __name__ == "__main__":
    main()
