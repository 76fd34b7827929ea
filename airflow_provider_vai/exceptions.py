"""All errors that ``vai`` reports to its users, as one class hierarchy.

::

    VaiError                     refused: exit code 1, nothing written
    ├── TraceError               about the file that an agent framework wrote
    │   ├── UnreadableTrace      the file is missing, not readable, too large, not text, or not JSON
    │   │   └── LibraryMissing   an optional library that reads this kind of file is not installed
    │   ├── UnknownFormat        no adapter recognises the JSON document
    │   ├── MalformedTrace       an adapter recognised the document, but a place in it is wrong
    │   └── AmbiguousRun         the trace contains several runs, and the choice is missing or wrong
    ├── CrystallizeError         about turning a run into an automation
    │   ├── RunNotSuccessful     the recorded run failed
    │   ├── NothingToCrystallize no successful tool call is left
    │   ├── RunsDiffer           the runs are not of one task
    │   ├── UnmappedTool         a tool has no action kind
    │   ├── ArgumentsRefused     the arguments of a call do not match its action kind
    │   └── SecretFound          a value looks like a credential
    ├── ToolsFileError           ``vai-tools.toml`` is wrong
    ├── KindRefused              an action kind from another package cannot be used
    ├── SpecError                a sidecar or spec is wrong
    ├── DerivationError          a derived value cannot be worked out from the data of this run
    ├── PullError                a live source cannot be reached, refuses, or gives a wrong answer
    ├── ReplayRefused            an automation cannot be replayed: a write would really happen, or Airflow cannot run it
    ├── RenderError              a value or name cannot become Python source, or the rendered file failed its check
    └── PublishError             the DAG file and sidecar cannot be written
        ├── UnusablePath         a configured path or URL cannot be opened
        │   └── ProviderMissing  no installed Airflow provider opens this kind of URL
        ├── UnusableName         the DAG id cannot name a DAG file
        ├── NameTaken            on some file systems, the DAG id would name another DAG's file
        ├── EditedByHand         an edit by hand in the DAG file conflicts with the new rendering
        ├── Conflict             somebody else changed the automation in the meantime
        ├── UnknownDag           Airflow does not know the DAG yet
        └── NotReviewed          nobody reviewed a flagged item of an automation that is to be activated

Each message names the place and the value, says what is wrong, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = [
    "AmbiguousRun",
    "ArgumentsRefused",
    "Conflict",
    "CrystallizeError",
    "DerivationError",
    "EditedByHand",
    "KindRefused",
    "LibraryMissing",
    "MalformedTrace",
    "NameTaken",
    "NotReviewed",
    "NothingToCrystallize",
    "ProviderMissing",
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
    "UnknownDag",
    "UnknownFormat",
    "UnmappedTool",
    "UnreadableTrace",
    "UnusableName",
    "UnusablePath",
    "VaiError",
    "from_data",
]


class VaiError(Exception):
    """The request was refused, and nothing was written.

    :param problem: What is wrong, including the wrong value.
    :param where: The file, optionally with a place in it (``run.json: messages[3].content``).
    :param remedy: What the user can do, as an imperative sentence.
    """

    def __init__(self, problem: str, *, where: str = "", remedy: str = "") -> None:
        self.problem = problem
        self.where = where
        self.remedy = remedy
        super().__init__(problem, where, remedy)

    def __str__(self) -> str:
        head = f"{self.where}: {self.problem}" if self.where else self.problem
        return f"{head}\n  {self.remedy}" if self.remedy else head

    def as_data(self) -> dict[str, Any]:
        """Return the error as JSON data, for another process; see :func:`from_data`."""
        fields = {name: value for name, value in vars(self).items() if isinstance(value, str)}
        others: Sequence[VaiError] = getattr(self, "others", ())
        return {"kind": type(self).__name__, "fields": fields, "others": [other.as_data() for other in others]}


def from_data(data: dict[str, Any]) -> VaiError:
    """Return the error that another process described with :meth:`VaiError.as_data`.

    :param data: the description. An unknown kind, from a package that extends this one, becomes a plain error.
    """
    named, fields = globals().get(data["kind"]), data["fields"]
    kind = named if isinstance(named, type) and issubclass(named, VaiError) else VaiError
    error = kind(fields["problem"], where=fields["where"], remedy=fields["remedy"])
    vars(error).update(fields)
    if data["others"]:
        vars(error)["others"] = [from_data(other) for other in data["others"]]
    return error


class TraceError(VaiError):
    """The trace cannot be used."""


class UnreadableTrace(TraceError):
    """The trace is missing, not readable, too large, not text, or not JSON."""


class LibraryMissing(UnreadableTrace):
    """An optional library that reads this kind of file is not installed.

    :param problem: What needs the library.
    :param extra: The extra of this distribution that installs it.
    """

    def __init__(self, problem: str, *, where: str = "", extra: str = "", remedy: str = "") -> None:
        super().__init__(
            problem, where=where, remedy=remedy or f"Install it: pip install 'airflow-provider-vai[{extra}]'."
        )


class UnknownFormat(TraceError):
    """No adapter recognises the trace."""


class MalformedTrace(TraceError):
    """An adapter recognises the trace, but a place in it does not follow the format."""


class AmbiguousRun(TraceError):
    """The trace contains several runs, and the choice is missing or wrong."""


class CrystallizeError(VaiError):
    """The run cannot be turned into an automation."""


class RunNotSuccessful(CrystallizeError):
    """The recorded run did not succeed."""


class NothingToCrystallize(CrystallizeError):
    """The run, or the chosen part of it, contains no successful tool call."""


class RunsDiffer(CrystallizeError):
    """The runs are not of one task, or cannot be distinguished reliably."""


class UnmappedTool(CrystallizeError):
    """A recorded tool has no action kind."""


class ArgumentsRefused(CrystallizeError):
    """The recorded arguments of a call do not match its action kind."""


class SecretFound(CrystallizeError):
    """A value that would be frozen looks like a credential.

    :param place: The place of the value in the arguments, with credentials masked.
    """

    def __init__(self, problem: str, *, place: str = "", where: str = "", remedy: str = "") -> None:
        super().__init__(problem, where=where, remedy=remedy)
        self.place = place


class ToolsFileError(VaiError):
    """The tools file cannot be read, or does not match its schema."""


class KindRefused(VaiError):
    """An action kind from another package cannot be used."""


class SpecError(VaiError):
    """A sidecar or spec cannot be read, or does not match its schema.

    :param others: Further errors in the same document.
    """

    def __init__(self, problem: str, *, where: str = "", remedy: str = "", others: Sequence[SpecError] = ()) -> None:
        super().__init__(problem, where=where, remedy=remedy)
        self.others = others


class DerivationError(VaiError):
    """A derived value cannot be worked out from the data of this run: a tie, a null, an empty list, another shape."""


class PullError(VaiError):
    """A live source cannot be reached, refuses, or gives a wrong answer; or the file to write already exists."""


class RenderError(VaiError):
    """A value or name cannot become Python source, or the rendered file failed its check."""


class ReplayRefused(VaiError):
    """An automation cannot be replayed: a write would really happen, or Airflow cannot run it here."""


class PublishError(VaiError):
    """The DAG file and its sidecar cannot be written."""


class UnusablePath(PublishError):
    """A path or URL of an option or argument cannot be opened."""


class ProviderMissing(UnusablePath):
    """No installed Airflow provider can open this kind of URL. The remedy names the distribution."""


class UnusableName(PublishError):
    """The DAG id cannot name a DAG file: it is not a valid file name, or would hide a Python module."""


class NameTaken(PublishError):
    """Another DAG file has a name that is the same on some file systems."""


class EditedByHand(PublishError):
    """An edit by hand in the DAG file conflicts with the new rendering.

    :param conflicts: Pairs of texts for the places that both changed: as edited by hand, and as rendered.
    """

    def __init__(
        self, problem: str, *, where: str = "", remedy: str = "", conflicts: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(problem, where=where, remedy=remedy)
        self.conflicts = conflicts


class Conflict(PublishError):
    """Somebody else changed the automation since it was read."""


class UnknownDag(PublishError):
    """Airflow does not know the DAG, for example because it has not read the DAG file yet."""


class NotReviewed(PublishError):
    """An automation cannot be activated, because nobody reviewed one of its flagged items.

    :param items: Pairs of number and review item for the items that nobody reviewed.
    """

    def __init__(self, problem: str, *, where: str = "", remedy: str = "", items: Sequence[Any] = ()) -> None:
        super().__init__(problem, where=where, remedy=remedy)
        self.items = items
