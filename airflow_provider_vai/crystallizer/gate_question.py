"""What the gate of a step asks, shows for comparison, lets a person change, and never lets pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from airflow_provider_vai.crystallizer.assign import assign
from airflow_provider_vai.crystallizer.draft import Draft, Policy
from airflow_provider_vai.crystallizer.redact import redact
from airflow_provider_vai.exceptions import CrystallizeError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.automation import Argument
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.model.tools_file import ToolsFile
from airflow_provider_vai.secrets.masking import mask, masked

COMPARED_CHARACTERS = 1000
"""A longer recorded value is not repeated in the DAG file for the sake of comparison."""


def question(draft: Draft, reason: str, run: Run, tools: ToolsFile, policy: Policy) -> dict[str, Argument]:
    """Return the arguments of a step's gate.

    :param draft: the guarded step's, with its wires made.
    :param reason: why the step is guarded.
    """
    settings = draft.rule.gate.model_dump(exclude_none=True) if draft.rule and draft.rule.gate else {}
    asked: dict[str, Any] = {
        "subject": f"Run {draft.key}?",
        "reason": reason[0].upper() + reason[1:] + ".",
        "recorded": _recorded(draft),
        "editable": _editable(draft, settings.pop("editable", [])),
        "denied": list(_denied(draft, run, tools, policy)),
        **settings,
    }
    return {name: Argument.frozen(value) for name, value in asked.items() if value not in (None, {}, [])}


def _recorded(draft: Draft) -> dict[str, Any]:
    approval = draft.approval
    said: dict[str, Any] = {}
    if approval.state != "unknown":
        said["state"] = approval.state
        said |= {"by": mask(approval.by)} if approval.by else {}
        said |= {"at": approval.at.isoformat()} if approval.at else {}
        said |= {"note": mask(approval.note)} if approval.note else {}
    wired = [name for name, argument in draft.arguments.items() if argument.class_ != "frozen" and draft.each is None]
    short = [name for name in wired if len(json_text.canonical(draft.values[name])) <= COMPARED_CHARACTERS]
    computed = {name: masked(draft.values[name]) for name in short}
    return said | ({"arguments": computed} if computed else {})


def _editable(draft: Draft, names: list[str]) -> dict[str, Any]:
    """Return the places of the named arguments, each with the schema of its form field.

    The names are the kind's own; of a kind that passes arguments on, the tool's.
    """
    model = draft.kind.arguments.model_json_schema(by_alias=True)["properties"]
    fields: dict[str, Any] = {}
    for name in names:
        values = draft.values["arguments"] if draft.kind.wraps else draft.values
        if name in values:
            declared = {} if draft.kind.wraps else _one_type(model.get(name, {}))
            fields[f"arguments.{name}" if draft.kind.wraps else name] = declared or json_text.schema(values[name])
    return fields


def _one_type(declared: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that a form can show, of one type or that and nothing; empty where there is no such."""
    options = [option for option in declared.get("anyOf", [declared]) if option.get("type") != "null"]
    if len(options) != 1 or not isinstance(options[0].get("type"), str):
        return {}
    nullable = len(declared.get("anyOf", ())) > len(options)
    kept = {key: value for key, value in options[0].items() if key not in ("title", "default")}
    return {**kept, "type": [kept["type"], "null"]} if nullable else kept


def _denied(draft: Draft, run: Run, tools: ToolsFile, policy: Policy) -> Iterator[dict[str, Any]]:
    """Yield the arguments of this tool's calls that a person denied, in the kind's names.

    Not one that equals the step's own: that was asked again in the recorded run, and approved.
    """
    own = json_text.canonical(draft.values)
    seen = {own}
    for call in run.calls:
        if call.outcome != "denied" or (call.tool, call.server) != (draft.call.tool, draft.call.server):
            continue
        values = _as_values(call, tools, policy)
        if (
            values
            and json_text.canonical(values) not in seen
            and own != json_text.canonical({**draft.values, **values})
        ):
            seen.add(json_text.canonical(values))
            yield values


def _as_values(call: ToolCall, tools: ToolsFile, policy: Policy) -> dict[str, Any] | None:
    arguments = call.proposed_arguments if call.arguments is None else call.arguments
    if not isinstance(arguments, dict):
        return None
    try:
        drafts = assign([call.model_copy(update={"arguments": arguments})], tools, replace(policy, allow_unmapped=True))
        (denied,), _ = redact(drafts)
    except CrystallizeError:  # no step could make this call
        return None
    if any(argument.secrets for argument in denied.arguments.values()):
        return None
    return denied.values
