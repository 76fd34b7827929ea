"""The shape of what commands print with ``--json``.

The functions that make the output are annotated with these types, so mypy holds them to it. Types that other rooms need
stand there, beside the function that makes the output. :mod:`.output_schemas` makes JSON Schemas of all of them.
"""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict

from airflow_provider_vai.analysis.diff.spec_diff import ChangeData
from airflow_provider_vai.store.publisher import FilesChange
from airflow_provider_vai.store.versions import Change as EntryChange


class NumberedItem(TypedDict):
    """A review item. The page of the review items explains its codes.

    :param number: The number that ``vai activate --reviewed`` takes.
    :param code: Which finding it is. The code is stable.
    :param step: The key of the step; null: the automation as a whole.
    :param place: The path to a value inside the step, the argument's name first; null: none.
    :param message: The finding, for people.
    :param evidence: The reasons, for people.
    """

    number: int
    code: str
    step: str | None
    place: list[str | int] | None
    message: str
    evidence: list[str]


class LeftOutCall(TypedDict):
    """A call that became no step. The page of the review items explains its codes.

    :param call_id: The id of the call.
    :param tool: The name of the tool.
    :param code: Why, as a stable code.
    :param reason: Why, for people.
    """

    call_id: str
    tool: str
    code: str
    reason: str


class GivenAdvice(TypedDict):
    """Whether it is worth crystallizing a run.

    :param recommendation: The advice.
    :param reasons: Why, as sentences.
    """

    recommendation: Literal["crystallize", "wait", "skip"]
    reasons: list[str]


class WrittenAutomation(TypedDict):
    """An automation that was written.

    :param dag_id: The DAG id.
    :param dag: The path of the DAG file.
    :param sidecar: The path of the sidecar.
    :param change: What happened to the files.
    :param version: The version of the automation.
    :param entry: The number of the newest entry of its log.
    :param keeps_edits: Whether the DAG file contains edits that were made by hand.
    :param steps: The keys of the steps.
    :param connections: The ids of the Airflow connections that it needs.
    :param extras: The extras of this package that it needs.
    :param gates: The keys of the approval gates.
    :param non_deterministic_steps: The keys of the flagged steps.
    :param not_crystallized: The calls that became no step.
    :param review: The review items.
    :param advice: Whether it is worth a DAG; null: it was not made from a recording.
    """

    dag_id: str
    dag: str
    sidecar: str
    change: FilesChange
    version: int
    entry: int
    keeps_edits: bool
    steps: list[str]
    connections: list[str]
    extras: list[str]
    gates: list[str]
    non_deterministic_steps: list[str]
    not_crystallized: list[LeftOutCall]
    review: list[NumberedItem]
    advice: GivenAdvice | None


class ProposedTool(TypedDict):
    """What is proposed for one tool.

    :param tool: Its recorded name.
    :param server: The name of its MCP server; null: the trace has none.
    :param kind: The proposed action kind.
    :param effect: The proposed effect.
    :param why: The reason for the effect.
    :param calls: How often it was called.
    :param needs_rule: Whether the tools file needs a rule for it.
    :param statement: The argument with the SQL statement; null: the tool does not query a database.
    """

    tool: str
    server: str | None
    kind: str
    effect: str
    why: str
    calls: int
    needs_rule: bool
    statement: str | None


class WrittenToolsFile(TypedDict):
    """The tools file that was written.

    :param file: Its path.
    :param tools: The tools in it.
    """

    file: str
    tools: list[ProposedTool]


class EditedAutomation(TypedDict):
    """What an edit changed.

    :param dag_id: The DAG id.
    :param changes: The changes; none if the edit changes nothing.
    :param review: All review items after the edit.
    :param version: The version that was written; null: none was.
    :param status: The status after the edit.
    """

    dag_id: str
    changes: list[ChangeData]
    review: list[NumberedItem]
    version: int | None
    status: str


class ListedEntry(TypedDict):
    """A version or a status change in the log of an automation.

    :param entry: Its number in the log.
    :param version: The version of the automation after it.
    :param change: What it is.
    :param at: When it was made, in UTC.
    :param by: Who made it.
    :param summary: What they changed.
    """

    entry: int
    version: int
    change: EntryChange
    at: str
    by: str
    summary: str


class RestoredAutomation(TypedDict):
    """The version that was restored.

    :param dag_id: The DAG id.
    :param version: The number of the new version.
    :param entry: The number of its entry in the log.
    :param status: The status of the automation.
    """

    dag_id: str
    version: int
    entry: int
    status: str


class AutomationStatus(TypedDict):
    """The status of an automation after the command.

    :param dag_id: The DAG id.
    :param status: The status.
    :param version: The version of the automation.
    """

    dag_id: str
    status: str
    version: int


class DeletedAutomation(TypedDict):
    """The automation that was deleted.

    :param dag_id: The DAG id.
    :param deleted: Always true.
    """

    dag_id: str
    deleted: Literal[True]


class PulledTrace(TypedDict):
    """The trace that was fetched.

    :param source: The source.
    :param id: The id in the source.
    :param file: The path of the file that was written.
    :param format: The trace format.
    :param runs: The ids of the runs in it.
    :param calls: How many calls they have.
    """

    source: str
    id: str
    file: str
    format: str
    runs: list[str]
    calls: int


class PullableRun(TypedDict):
    """A run in the source.

    :param id: Its id.
    :param title: Its title; empty: it has none.
    :param at: When it was made; null: the source does not say.
    """

    id: str
    title: str
    at: str | None


class ListedSession(TypedDict):
    """A session of a coding agent.

    :param session: Its name, which other commands take in place of a file.
    :param changed: When it was last changed.
    :param path: Where it is.
    :param title: Its title or its first words; null: not known.
    :param calls: How many calls it has; null: it was not read.
    :param outcome: Its outcome.
    :param advice: Whether it is worth a DAG; null: it was not read.
    :param reasons: The reasons for the advice.
    :param problem: Why it was not read; null: it was.
    """

    session: str
    changed: str
    path: str
    title: str | None
    calls: int | None
    outcome: Literal["success", "failed", "unknown"]
    advice: Literal["crystallize", "wait", "skip"] | None
    reasons: list[str]
    problem: str | None


class ListedKind(TypedDict):
    """An action kind.

    :param kind: Its name.
    :param legacy: Other names that are accepted.
    :param effect: Its effect, unless the arguments decide.
    :param determinism: Whether a repeated run does the same.
    :param operator: The import path of its operator.
    :param summary: What it does.
    :param arguments: The JSON Schema of its arguments.
    """

    kind: str
    legacy: list[str]
    effect: str
    determinism: str
    operator: str
    summary: str
    arguments: dict[str, Any]


class RecordedFacts(TypedDict):
    """What a trace format can record about a call: yes, no, or in words.

    :param results: The result, and whether the call failed.
    :param approvals: What a person decided.
    :param edits: Executed arguments apart from the proposed ones.
    :param timing: When the call ran.
    :param batches: Which calls were proposed together.
    """

    results: str
    approvals: str
    edits: str
    timing: str
    batches: str


class ListedFormat(TypedDict):
    """A trace format.

    :param format: Its name.
    :param description: What it is.
    :param tells: What it can record about a call.
    """

    format: str
    description: str
    tells: RecordedFacts


class RepairedFile(TypedDict):
    """What ``vai repair`` found at one file, and what became of it.

    :param file: The path of the file.
    :param problem: What is wrong with it.
    :param outcome: What was done, or what you can do.
    :param is_repaired: Whether it is repaired.
    """

    file: str
    problem: str
    outcome: str
    is_repaired: bool
