"""Every error that a user of ``vai`` can meet, in one tree.

::

    VaiError                     refused: exit code 1, nothing written
    ├── TraceError               about the file that an agent framework wrote
    │   ├── UnreadableTrace      no such file, no permission, too large, not text, not JSON
    │   ├── UnknownFormat        JSON, but no adapter recognises it
    │   ├── MalformedTrace       an adapter recognised it, and one place in it is wrong
    │   └── AmbiguousRun         several runs in the file, none or a wrong one chosen
    ├── CrystallizeError         about turning a Run into an Automation
    │   ├── RunNotSuccessful     the recorded run failed
    │   ├── NothingToCrystallize no successful tool call is left
    │   ├── RunsDiffer           several runs are not of one task
    │   ├── UnmappedTool         a tool has no action kind
    │   ├── ArgumentsRefused     a call's arguments do not fit its action kind
    │   └── SecretFound          a value looks like a credential
    ├── ToolsFileError           ``vai-tools.toml`` is wrong
    ├── KindRefused              an action kind of another distribution cannot be used
    ├── SpecError                a sidecar or automation file is wrong
    ├── PullError                a live source cannot be reached, refuses, or answers what it should not
    ├── ReplayRefused            an automation cannot be replayed: something would take place, or Airflow cannot run it
    ├── RenderError              a value or name cannot become Python source, or the text failed its check
    └── PublishError             the pair of files cannot be written
        ├── UnusableName         the DAG id cannot name a DAG file
        ├── NameTaken            some file systems would hold the DAG id for that of another DAG file
        ├── EditedByHand         an edit of the DAG file by hand, and the new rendering, contradict each other
        ├── Conflict             somebody else changed the automation meanwhile
        └── NotReviewed          an automation is to be activated, and nobody looked at what it flags

Each message says what is wrong, where, with which value, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = [
    "AmbiguousRun",
    "ArgumentsRefused",
    "Conflict",
    "CrystallizeError",
    "EditedByHand",
    "KindRefused",
    "MalformedTrace",
    "NameTaken",
    "NotReviewed",
    "NothingToCrystallize",
    "PublishError",
    "PullError",
    "RenderError",
    "ReplayRefused",
    "RunNotSuccessful",
    "RunsDiffer",
    "SecretFound",
    "SpecError",
    "ToolsFileError",
    "TraceError",
    "UnknownFormat",
    "UnmappedTool",
    "UnreadableTrace",
    "UnusableName",
    "VaiError",
]


class VaiError(Exception):
    """Something was refused; nothing was written.

    :param problem: what is wrong, with the value that is wrong.
    :param where: the place: a file, optionally with a path inside it (``run.json: messages[3].content``).
    :param remedy: what the user can do, as an imperative sentence.
    """

    def __init__(self, problem: str, *, where: str = "", remedy: str = "") -> None:
        self.problem = problem
        self.where = where
        self.remedy = remedy
        super().__init__(problem, where, remedy)

    def __str__(self) -> str:
        head = f"{self.where}: {self.problem}" if self.where else self.problem
        return f"{head}\n  {self.remedy}" if self.remedy else head


class TraceError(VaiError):
    """The trace cannot be used."""


class UnreadableTrace(TraceError):
    """The trace is missing, not readable, too large, or not JSON text."""


class UnknownFormat(TraceError):
    """No adapter recognises the trace."""


class MalformedTrace(TraceError):
    """The trace's format is known, but a place in it breaks that format."""


class AmbiguousRun(TraceError):
    """The trace holds several runs and the choice among them is missing or wrong."""


class CrystallizeError(VaiError):
    """The Run cannot become an Automation."""


class RunNotSuccessful(CrystallizeError):
    """The recorded run did not succeed."""


class NothingToCrystallize(CrystallizeError):
    """The run, or the chosen part of it, has no successful tool call."""


class RunsDiffer(CrystallizeError):
    """Several runs do not do the same task, or cannot be told apart safely."""


class UnmappedTool(CrystallizeError):
    """A recorded tool has no action kind."""


class ArgumentsRefused(CrystallizeError):
    """A call's recorded arguments do not fit the argument model of its action kind."""


class SecretFound(CrystallizeError):
    """A value that would be frozen looks like a credential.

    :param place: of the value in the arguments, with credentials masked.
    """

    def __init__(self, problem: str, *, place: str = "", where: str = "", remedy: str = "") -> None:
        super().__init__(problem, where=where, remedy=remedy)
        self.place = place


class ToolsFileError(VaiError):
    """The tools file cannot be read or breaks its schema."""


class KindRefused(VaiError):
    """An action kind of another distribution cannot be used."""


class SpecError(VaiError):
    """A sidecar or automation file cannot be read or breaks its schema.

    :param others: what else is wrong with the same document.
    """

    def __init__(self, problem: str, *, where: str = "", remedy: str = "", others: Sequence[SpecError] = ()) -> None:
        super().__init__(problem, where=where, remedy=remedy)
        self.others = others


class PullError(VaiError):
    """A live source cannot be reached, refuses, or answers what it should not; or the file to write is in the way."""


class RenderError(VaiError):
    """A value or name cannot become Python source, or the rendered text failed its check."""


class ReplayRefused(VaiError):
    """An automation cannot be replayed: something of it would really take place, or Airflow cannot run it here."""


class PublishError(VaiError):
    """The DAG file and its sidecar cannot be written."""


class UnusableName(PublishError):
    """The DAG id cannot name a DAG file: it breaks the rules of file names, or hides a Python module."""


class NameTaken(PublishError):
    """Another DAG file has a name that some file systems hold for the same."""


class EditedByHand(PublishError):
    """The DAG file was edited by hand where the new rendering differs, too."""


class Conflict(PublishError):
    """Somebody else changed the automation since it was read."""


class NotReviewed(PublishError):
    """An automation is to be activated, and a flagged item of it was not looked at.

    :param items: the review items that nobody looked at, each after its number.
    """

    def __init__(self, problem: str, *, where: str = "", remedy: str = "", items: Sequence[Any] = ()) -> None:
        super().__init__(problem, where=where, remedy=remedy)
        self.items = items
