"""The JSON Schema of what each command prints with ``--json``: ``vai schema COMMAND``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from airflow_provider_vai.analysis.diff.comparison import ComparisonData
from airflow_provider_vai.analysis.doctor.diagnosis import Diagnosis
from airflow_provider_vai.analysis.explain import ExplainedArgument
from airflow_provider_vai.analysis.lint.finding import Finding
from airflow_provider_vai.analysis.savings import Ledger
from airflow_provider_vai.analysis.verify.files import FileDifference
from airflow_provider_vai.analysis.verify.report import ReportData
from airflow_provider_vai.authoring.deriving import ProposalsData
from airflow_provider_vai.cli.decision_outputs import Decision, UnreadableDecision
from airflow_provider_vai.cli.outputs import (
    AutomationStatus,
    DeletedAutomation,
    EditedAutomation,
    ListedEntry,
    ListedFormat,
    ListedKind,
    ListedSession,
    PullableRun,
    PulledTrace,
    RepairedFile,
    RestoredAutomation,
    WrittenAutomation,
    WrittenToolsFile,
)
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.store.versions import Entry

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PARAMETER = re.compile(r"^:param (\w+): (.*?)(?=^:|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class CommandOutput:
    """What a command prints with ``--json``.

    :param options: The options with which it prints this, such as ``--all``; empty: without them.
    :param type: The type of the output.
    """

    options: str
    type: Any


OUTPUTS: dict[str, tuple[CommandOutput, ...]] = {
    "inspect": (CommandOutput("", Run), CommandOutput("--all", list[Run])),
    "crystallize": (CommandOutput("", WrittenAutomation), CommandOutput("--all", list[WrittenAutomation])),
    "init": (CommandOutput("", WrittenToolsFile),),
    "render": (CommandOutput("", WrittenAutomation),),
    "lint": (CommandOutput("", list[Finding]),),
    "edit": (CommandOutput("", EditedAutomation),),
    "derive": (CommandOutput("", ProposalsData), CommandOutput("--accept N", EditedAutomation)),
    "diff": (CommandOutput("", ComparisonData),),
    "explain": (CommandOutput("", list[ExplainedArgument]),),
    "versions": (CommandOutput("", list[ListedEntry]), CommandOutput("--show N", Entry)),
    "restore": (CommandOutput("", RestoredAutomation),),
    "repair": (CommandOutput("", list[RepairedFile]),),
    "activate": (CommandOutput("", AutomationStatus),),
    "pause": (CommandOutput("", AutomationStatus),),
    "delete": (CommandOutput("", DeletedAutomation),),
    "verify": (CommandOutput("", list[FileDifference]), CommandOutput("--replay", ReportData)),
    "savings": (CommandOutput("", Ledger),),
    "approvals": (CommandOutput("", list[Decision | UnreadableDecision]),),
    "pull": (CommandOutput("", PulledTrace), CommandOutput("--list", list[PullableRun])),
    "doctor": (CommandOutput("", list[Diagnosis]),),
    "sessions": (CommandOutput("", list[ListedSession]),),
    "kinds": (CommandOutput("", list[ListedKind]),),
    "formats": (CommandOutput("", list[ListedFormat]),),
}  # fmt: skip
"""What each command with the option ``--json`` prints."""


class _Schema(GenerateJsonSchema):
    """Like Pydantic's, but a field of a dataclass is required even if it has a default: the output has every field."""

    def field_is_required(self, field: Any, total: bool) -> bool:
        """Return whether the output always has a field.

        :param field: The core schema of the field. :param total: Whether fields are required unless marked otherwise.
        """
        return field["type"] == "dataclass-field" or super().field_is_required(field, total)


def command_schema(command: str) -> dict[str, Any]:
    """Return the JSON Schema of what a command prints with ``--json``.

    :param command: The name of the command, a key of :data:`OUTPUTS`.
    :return: The schema; if the output depends on options, one that allows each of them.
    """
    printed = reduce(or_, (output.type for output in OUTPUTS[command]))
    return {"$schema": DIALECT, "title": f"vai {command} --json", **output_schema(printed)}


def output_schema(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema of one output, with the meaning of each field.

    :param kind: The type of the output.
    :return: The schema.
    """
    schema = TypeAdapter(kind).json_schema(by_alias=True, mode="validation", schema_generator=_Schema)
    for described in (schema, *schema.get("$defs", {}).values()):
        _describe_fields(described)
    return schema


def _describe_fields(schema: dict[str, Any]) -> None:
    """Move what a docstring says about its parameters to the fields."""
    text = schema.get("description", "")
    for name, meaning in _PARAMETER.findall(text):
        if name in schema.get("properties", {}):
            schema["properties"][name].setdefault("description", " ".join(meaning.split()))
    if text:
        schema["description"] = _PARAMETER.sub("", text).strip()
