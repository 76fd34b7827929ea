"""Run AgentDojo in an environment of its own, ``.venv-truth/<version>`` beside ``pyproject.toml``, created if missing.

AgentDojo (MIT) depends on the clients of five model vendors, which no tool needs. So it is installed without its
dependencies, together with the few packages that its tools import. Its data changed between versions, so a recording is
replayed with the version of its day.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / ".venv-truth"
PACKAGES = ("pydantic[email]", "pyyaml", "deepdiff", "docstring-parser", "rich", "typing-extensions")


@dataclass(frozen=True)
class Day:
    """The sources that a recording was made with, which the recording does not name itself.

    :param version: AgentDojo's version; its data is the one that the recordings show.
    :param tasks: the version of its tasks.
    :param as_given: the tools got the arguments as the model gave them. Recordings from May to July 2024 show answers
        like ``for 5 sent`` to ``amount: 5``, and answers to a text although every published version requires a list.
        Those sources were never published.
    """

    version: str
    tasks: str
    as_given: bool = False


DAYS = {
    "gpt-4o-2024-05-13": Day("0.1.15", "v1", as_given=True),
    "claude-3-5-sonnet-20241022": Day("0.1.22", "v1.1"),
}
"""By recorded pipeline."""


class DojoUnavailable(Exception):
    """The tools' environment cannot be created; the message says why."""


def interpreter(version: str) -> Path:
    """Return the Python of the environment with that version of AgentDojo; create the environment first if necessary.

    :raises DojoUnavailable: uv is missing, or the installation failed (no network).
    """
    return environment(FOLDER / version, sys.executable, [("--no-deps", f"agentdojo=={version}"), PACKAGES])


def environment(folder: Path, python: str, installs: Sequence[Sequence[str]]) -> Path:
    """Return the Python of an environment; create the environment first if necessary.

    :param python: an interpreter, or its version. :param installs: the arguments of each ``uv pip install``.
    :raises DojoUnavailable: uv is missing, or the installation failed (no network).
    """
    executable, stamp = folder / "bin" / "python", folder / "vai-environment.json"
    wanted = json.dumps({"installs": installs})
    if executable.exists() and stamp.exists() and stamp.read_text() == wanted:
        return executable
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        raise DojoUnavailable("the tools' environment needs uv: install it (pip install uv)")
    print(f"environment: creating {folder.relative_to(REPOSITORY)}", flush=True)
    commands = [[uv, "venv", "--quiet", "--clear", "--python", python, str(folder)]]
    commands += [[uv, "pip", "install", "--quiet", "--python", str(executable), *packages] for packages in installs]
    for command in commands:
        if subprocess.run(command, check=False).returncode:
            raise DojoUnavailable(f"{' '.join(command[:3])} failed, see above")
    stamp.write_text(wanted)
    return executable


@dataclass(frozen=True)
class Answer:
    """A tool's answer: its text as the model would see it, and its error."""

    text: str
    error: str | None


class Dojo:
    """A process that runs AgentDojo's tools, for the recordings of one pipeline.

    :param pipeline: the recordings' ``pipeline_name``, a key of :data:`DAYS`.
    """

    def __init__(self, pipeline: str) -> None:
        self.day = DAYS[pipeline]
        program = Path(__file__).with_name("dojo_server.py")
        command = [str(interpreter(self.day.version)), str(program), self.day.tasks]
        # a fixed hash seed: some results are lists made from sets, whose order depends on it
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONHASHSEED": "0"}
        )
        self.versions: dict[str, str] = {**self._answer(), "tasks": self.day.tasks}

    def ask(self, op: str, **request: Any) -> dict[str, Any]:
        """Return the answer to one request; ``dojo_server.py`` lists the requests.

        :raises DojoUnavailable: the process ended; it has printed its own message.
        """
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"op": op, **request}) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def open(self, document: dict[str, Any], changes: list[Any]) -> Any:
        """Create a recording's environment with the changes applied; return the data before the changes."""
        request = {name: document[key] for name, key in _OPEN.items()}
        return self.ask("open", changes=changes, **request)["data"]

    def call(
        self, tool: str, arguments: dict[str, Any], *, clock: str | None = None, published: bool = False
    ) -> Answer:
        """Run a tool in the environment that was opened last.

        :param clock: the time that the tool sees, ISO 8601; ``None`` is now.
        :param published: apply the published version's input schema, even if the sources of the day did not.
        """
        as_given = self.day.as_given and not published
        return Answer(**self.ask("call", function=tool, args=arguments, clock=clock, as_given=as_given))

    def __enter__(self) -> Dojo:
        return self

    def __exit__(self, *error: object) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise DojoUnavailable(f"AgentDojo's process ended with {self.process.wait()}, see above")
        answer: dict[str, Any] = json.loads(line)
        return answer


_OPEN = {"suite": "suite_name", "injections": "injections", "user_task": "user_task_id"}
