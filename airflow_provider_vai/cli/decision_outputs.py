"""The shape of a decision at a gate, as the record of approvals contains it and ``vai approvals --json`` prints it."""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import NotRequired, TypedDict


class Approver(TypedDict):
    """Who decided.

    :param id: The id of the user.
    :param name: The name of the user.
    """

    id: str
    name: str


Edit = TypedDict("Edit", {"from": Any, "to": Any})
Edit.__doc__ = "What an approver changed: the value that was proposed, and the one that they wrote."


class DecidedStep(TypedDict):
    """A step that a decision is about.

    :param kind: Its action kind or operator.
    :param arguments_sha256: The digest of its arguments.
    :param edits: What the approver changed, by place.
    """

    kind: NotRequired[str]
    arguments_sha256: str
    edits: dict[str, Edit]


class Decision(TypedDict):
    """A decision at a gate. Each is a file below ``artifacts_path``.

    :param schema_version: The version of this record.
    :param id: The id of the decision.
    :param at: When it was recorded.
    :param answered_at: When it was made.
    :param decision: The decision.
    :param by: Who decided; null: nobody, or not known.
    :param note: The note of the approver; null: none.
    :param timed_out: Whether the time limit decided.
    :param automatic: Whether it repeats an earlier decision.
    :param rests_on: The id of the decision that it repeats; null: none.
    :param dag_id: The DAG id.
    :param run_id: The id of the DAG run.
    :param task_id: The task id of the gate.
    :param map_index: The map index of the gate; -1: it is not mapped.
    :param round: The round of a gate in a loop.
    :param try_number: The try of the gate.
    :param subject: The question.
    :param steps: The guarded steps by task id.
    :param covers: The digest of everything that was decided on.
    """

    schema_version: int
    id: str
    at: str
    answered_at: str
    decision: Literal["approve", "reject"]
    by: Approver | None
    note: str | None
    timed_out: bool
    automatic: bool
    rests_on: str | None
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    round: NotRequired[str]
    try_number: int
    subject: str
    steps: dict[str, DecidedStep]
    covers: str


class UnreadableDecision(TypedDict):
    """A file in the record that this version cannot read.

    :param unreadable: Its path.
    """

    unreadable: str
