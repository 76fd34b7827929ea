"""Builds the arguments of a step's gate: the question, recorded values, form fields and denied arguments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import BaseModel

from airflow_provider_vai.crystallizer.assign import assign
from airflow_provider_vai.crystallizer.draft import Draft, Policy
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.gate_facts import derived_facts
from airflow_provider_vai.crystallizer.redact import redact
from airflow_provider_vai.exceptions import CrystallizeError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.meaning import repeats
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.flags import stale_sentences
from airflow_provider_vai.model.run import ToolCall
from airflow_provider_vai.model.step_graph import gate_subject
from airflow_provider_vai.model.tools_file import ToolsFile
from airflow_provider_vai.secrets.masking import mask, masked

COMPARED_CHARACTERS = 1000
"""Longer recorded values are not copied into the gate for comparison."""


def question(draft: Draft, reason: str, denied: DeniedArguments) -> dict[str, Argument]:
    """Return the arguments of a step's gate.

    :param draft: the guarded step, with its wires.
    :param reason: why the step is guarded.
    :param denied: the arguments that people denied in the recorded run.
    """
    settings = draft.rule.gate.model_dump(exclude_none=True) if draft.rule and draft.rule.gate else {}
    asked: dict[str, Any] = {
        "subject": gate_subject(draft.key),
        "reason": reason[0].upper() + reason[1:] + "." + stale_sentences(draft.arguments),
        "recorded": _recorded(draft, denied.evidence),
        "editable": _editable(draft, settings.pop("editable", [])),
        "denied": list(_denied(draft, denied)),
        **settings,
    }
    return {name: Argument.frozen(value) for name, value in asked.items() if value not in (None, {}, [])}


def _recorded(draft: Draft, evidence: Evidence) -> dict[str, Any]:
    approval = draft.approval
    decision: dict[str, Any] = {}
    if approval.state != "unknown":
        decision["state"] = approval.state
        decision |= {"by": mask(approval.by)} if approval.by else {}
        decision |= {"at": approval.at.isoformat()} if approval.at else {}
        decision |= {"note": mask(approval.note)} if approval.note else {}
    wired = [name for name, argument in draft.arguments.items() if argument.class_ != "frozen" and draft.each is None]
    short = [name for name in wired if len(json_text.canonical(draft.values[name])) <= COMPARED_CHARACTERS]
    compared = {name: masked(draft.values[name]) for name in short}
    facts = derived_facts(draft.arguments, evidence) if draft.each is None else []
    return decision | ({"arguments": compared} if compared else {}) | ({"derived": facts} if facts else {})


def _editable(draft: Draft, names: list[str]) -> dict[str, Any]:
    """Return the places of the given arguments, each with the JSON Schema of its form field.

    :param names: argument names of the kind, or of the tool if the kind passes the arguments on.
    """
    fields: dict[str, Any] = {}
    for name in names:
        values = draft.values["arguments"] if draft.kind.wraps else draft.values
        if name in values:
            declared = {} if draft.kind.wraps else _one_type(_declared(draft.kind.arguments).get(name, {}))
            fields[f"arguments.{name}" if draft.kind.wraps else name] = declared or json_text.schema(values[name])
    return fields


@cache
def _declared(arguments: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of each argument in an argument model, by name."""
    properties: dict[str, Any] = arguments.model_json_schema(by_alias=True)["properties"]
    return properties


def _one_type(declared: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that a form can show: one type, optionally nullable. Return ``{}`` if there is no such schema."""
    options = [option for option in declared.get("anyOf", [declared]) if option.get("type") != "null"]
    if len(options) != 1 or not isinstance(options[0].get("type"), str):
        return {}
    nullable = len(declared.get("anyOf", ())) > len(options)
    kept = {key: value for key, value in options[0].items() if key not in ("title", "default")}
    return {**kept, "type": [kept["type"], "null"]} if nullable else kept


def _denied(draft: Draft, denied: DeniedArguments) -> Iterator[dict[str, Any]]:
    """Yield the arguments with which a person denied a call of this tool, under the kind's names.

    Arguments that equal the step's own are left out: the recorded run asked again, and they were approved.
    """
    every = denied.of_tool(draft.call)
    for values in every.values():
        if not repeats(draft.values, values):
            yield values


class DeniedArguments:
    """The arguments of the calls that people denied in a recorded run. Each call is read only once.

    :param evidence: the evidence of the run.
    :param policy: the policy with which the run is crystallized.
    """

    def __init__(self, evidence: Evidence, policy: Policy) -> None:
        self.evidence, self._policy = evidence, policy
        self._of_tool: dict[tuple[str, str | None], dict[str, dict[str, Any]]] = {}

    def of_tool(self, call: ToolCall) -> dict[str, dict[str, Any]]:
        """Return the denied arguments of a call's tool under the kind's names, by their canonical JSON, in order."""
        tool = call.tool, call.server
        if tool not in self._of_tool:
            found = self._of_tool[tool] = {}
            for denied in self.evidence.denied.get(tool, ()):
                values = _as_values(denied, self.evidence.tools, self._policy)
                if values:
                    found.setdefault(json_text.canonical(values), values)
        return self._of_tool[tool]


def _as_values(call: ToolCall, tools: ToolsFile, policy: Policy) -> dict[str, Any] | None:
    arguments = call.proposed_arguments if call.arguments is None else call.arguments
    if not isinstance(arguments, dict):
        return None
    try:
        drafts = assign([call.model_copy(update={"arguments": arguments})], tools, replace(policy, allow_unmapped=True))
        (denied,), _ = redact(drafts)
    except CrystallizeError:  # no step can make this call
        return None
    if any(argument.secrets for argument in denied.arguments.values()):
        return None
    return denied.values
