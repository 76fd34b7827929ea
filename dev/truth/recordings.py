"""The recorded runs that the bench uses. They are read from their folder and never copied into the project."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats import read

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "traces"
SUITES = ("workspace", "banking", "travel", "slack")


@dataclass(frozen=True)
class Recording:
    """One AgentDojo run: the file itself, and the run that this package reads from it.

    :param name: the file's name without its ending.
    :param document: the whole file.
    :param run: the run that the adapter returned.
    :param texts: the tools' answers as written in the file, in the order of ``run.calls``; empty if there is none.
    """

    name: str
    document: dict[str, Any]
    run: Run
    texts: list[str]
    sha256: str

    @property
    def suite(self) -> str:
        """Return the suite's name."""
        return str(self.document["suite_name"])

    @property
    def pipeline(self) -> str:
        """Return the name of the recorded pipeline, which is its model."""
        return str(self.document["pipeline_name"])

    @property
    def is_attacked(self) -> bool:
        """Return whether injected instructions were put into the environment."""
        return bool(self.document["injection_task_id"])

    @property
    def last_words(self) -> str:
        """Return the agent's last message, which some verdicts use."""
        return text_of(self.document["messages"][-1].get("content"))

    @property
    def said(self) -> str:
        """Return what the system and the user said."""
        messages = [message for message in self.document["messages"] if message["role"] in ("system", "user")]
        return "\n".join(text_of(message["content"]) for message in messages)


def recordings(folder: Path = RECORDINGS) -> list[Recording]:
    """Return every AgentDojo run of the folder, by name; none if the folder is missing.

    :raises ValueError: an answer in a file has no call.
    """
    return [_recording(path) for path in sorted((folder / "agentdojo").glob("*.json"))]


def tau2_runs(folder: Path = RECORDINGS) -> list[tuple[Run, str]]:
    """Return every run of the τ²-bench files with its file's digest; none if the folder is missing."""
    found = []
    for path in sorted((folder / "tau2-bench").glob("*.json")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        found += [(run, digest) for run in read(path)[1]]
    return found


def text_of(content: Any) -> str:
    """Return a message's content as text, whether it is one or a list of blocks."""
    if isinstance(content, list):
        return "".join(str(block.get("content") or block.get("text") or "") for block in content)
    return str(content or "")


def answers(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the answer to each call, in the order of the calls; an empty text for a call that nothing answers.

    :raises ValueError: an answer has no call.
    """
    found: list[str] = []
    waiting: dict[int, Any] = {}
    for message in messages:
        for call in message.get("tool_calls") or []:
            waiting[len(found)] = call.get("id")
            found.append("")
        if message["role"] == "tool":
            named = [position for position, name in waiting.items() if name and name == message.get("tool_call_id")]
            if not waiting:
                raise ValueError("an answer has no call")
            position = (named or list(waiting))[0]
            found[position] = text_of(message["content"])
            del waiting[position]
    return found


def _recording(path: Path) -> Recording:
    content = path.read_bytes()
    document = json.loads(content)
    run = read(path)[1][0]
    try:
        texts = answers(document["messages"])
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    if len(texts) != len(run.calls):
        raise ValueError(f"{path.name}: {len(texts)} calls were found, and {len(run.calls)} were read")
    return Recording(path.stem, document, run, texts, hashlib.sha256(content).hexdigest())
