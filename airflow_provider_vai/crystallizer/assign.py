"""Assigns each recorded call an action kind, and its arguments the kind's names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from airflow_provider_vai.crystallizer import coding
from airflow_provider_vai.crystallizer.draft import Draft, Policy
from airflow_provider_vai.crystallizer.named_kinds import kind_without_rule
from airflow_provider_vai.exceptions import ArgumentsRefused, UnmappedTool
from airflow_provider_vai.languages.identifiers import Names, identifier, slug
from airflow_provider_vai.languages.printable import plain
from airflow_provider_vai.model.effects import OWN
from airflow_provider_vai.model.kinds import Kind, by_name
from airflow_provider_vai.model.kinds_coding import KINDS as CODING
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.model.run import ToolCall
from airflow_provider_vai.model.step_effects import declared, effect_of
from airflow_provider_vai.model.tool_names import FILE_NAME, MCP_NAME
from airflow_provider_vai.model.tools_file import ToolRule, ToolsFile, suggestion
from airflow_provider_vai.model.validation import problems
from airflow_provider_vai.secrets.masking import mask

CONNECTION_REFERENCE = "connectionRef"  # the platform's key for the connection, beside the other arguments


def assign(calls: Sequence[ToolCall], tools: ToolsFile, policy: Policy, format: str = "") -> list[Draft]:
    """Return a draft for each call, with unique keys.

    :param format: the format of the trace, for the lines in the message.

    :raises UnmappedTool: a tool is neither in the tools file nor the name of a kind. The message has the lines to add.
    :raises ArgumentsRefused: recorded arguments do not fit the kind.
    """
    kinds = [(call, *_kind(call, tools)) for call in calls]
    unmapped = unmapped_tools(calls, tools)
    looked = coding.only_looked(list(unmapped))
    if unmapped and not policy.allow_unmapped:
        raise UnmappedTool(
            f"{len(unmapped)} tool{'s' * (len(unmapped) > 1)} without an action kind: {', '.join(map(repr, unmapped))}",
            where=f"call {next(call.id for call, kind, _ in kinds if kind is None)}",
            remedy=f"Add to {FILE_NAME} (beside the trace, or given with --tools), then run again:\n\n"
            + "\n\n".join(suggestion(tool, server=server, format=format) for tool, server in unmapped.items())
            + (
                f"\n\nOr leave out what the agent needed only for itself: --exclude {','.join(looked)}"
                if looked
                else ""
            )
            + "\n\nOr use --allow-unmapped to render them as steps that fail when they run.",
        )
    names = Names(make=identifier if policy.unicode_ids else slug)
    root = coding.root_of(calls)
    found = [(call, kind or by_name()["unmapped_tool"], rule) for call, kind, rule in kinds]
    values = [_values(call, kind, rule, root) for call, kind, rule in found]
    digests = coding.digests([(call, kind, given) for (call, kind, _), given in zip(found, values, strict=True)])
    return [
        _draft(names.give(mask(call.tool), "tool"), call, kind, rule, {**given, **more})
        for (call, kind, rule), given, more in zip(found, values, digests, strict=True)
    ]


def unmapped_tools(calls: Sequence[ToolCall], tools: ToolsFile) -> dict[str, str | None]:
    """Return the tools that are neither in the tools file nor the name of a kind, each with its MCP server.

    :param calls: the recorded calls.
    :param tools: the tools file.
    """
    return {call.tool: call.server for call in calls if _kind(call, tools)[0] is None}


def _kind(call: ToolCall, tools: ToolsFile) -> tuple[Kind | None, ToolRule | None]:
    rule = tools.rule(call.tool, call.server)
    return (by_name().get(rule.kind) if rule else kind_without_rule(call)), rule


def _values(call: ToolCall, kind: Kind, rule: ToolRule | None, root: str | None) -> dict[str, Any]:
    """Return the arguments of a call under the kind's names.

    :param root: the folder in which a coding agent worked, if it is known.
    """
    step = coding.found_step(call, rule)
    coding.refuse_problem(call, step)
    recorded = step.values if step else _recorded_arguments(call, rule)
    if kind.wraps:
        return _wrapped(call, kind, rule, recorded)
    values = _direct(call, kind, rule, recorded)
    return coding.placed(call, kind, values, root) if kind.name in CODING else values


def _draft(key: str, call: ToolCall, kind: Kind, rule: ToolRule | None, values: dict[str, Any]) -> Draft:
    if not kind.wraps and OWN in values:
        raise ArgumentsRefused(
            f"the recorded call of {call.tool!r} gives {OWN}, which only a person may declare",
            where=f"call {call.id}",
            remedy=f"If the destination belongs to this automation alone, declare it in {FILE_NAME} with "
            'effect = "artifact", and remove the argument from the trace. Otherwise leave the call out.',
        )
    checked = _checked(call, kind, values)
    found = effect_of(kind, checked, rule.effect if rule else None)
    checked |= declared(kind, found)
    return Draft(key=key, call=call, kind=kind, rule=rule, effect=found.effect, values=checked)


def effects_to_review(drafts: Sequence[Draft]) -> list[ReviewItem]:
    """Return an item for each step whose effect in the tools file is lower than its kind and arguments say.

    :param drafts: the drafts as :func:`assign` returned them.
    """
    notes = []
    for draft in drafts:
        stated = draft.rule.effect if draft.rule else None
        found = effect_of(draft.kind, draft.values, stated)
        if found.refused:
            notes.append(review_item("effect_raised", step=draft.key, effect=found.refused, why=found.why))
        elif stated and found.is_lowered and not draft.kind.wraps:  # only the tools file knows what other tools do
            notes.append(review_item("effect_of_tools_file", step=draft.key, effect=stated))
    return notes


def _recorded_arguments(call: ToolCall, rule: ToolRule | None) -> dict[str, Any]:
    assert isinstance(call.arguments, dict)  # noqa: S101 - `select` keeps only such calls
    renames = rule.arguments if rule else {}
    renamed: dict[str, Any] = {}
    for name, value in call.arguments.items():
        new = renames.get(name, name)
        if new in renamed:
            raise ArgumentsRefused(
                f"two recorded arguments of {call.tool!r} are renamed to {new!r}, so one would be lost",
                where=f"call {call.id}",
                remedy=f"Correct `arguments` in its [[tools]] table in {FILE_NAME}.",
            )
        renamed[new] = value
    return renamed


def _wrapped(call: ToolCall, kind: Kind, rule: ToolRule | None, recorded: dict[str, Any]) -> dict[str, Any]:
    spelled = MCP_NAME.match(call.tool)
    tool = spelled["tool"] if spelled and kind.name == "mcp_tool" else call.tool
    if kind.name == "python_tool":
        return {"python_callable": _callable(call, rule), "arguments": recorded}
    values: dict[str, Any] = {"tool": tool, "arguments": recorded}
    return values | ({"conn_id": (rule and rule.conn_id) or kind.connection} if kind.connection else {})


def _callable(call: ToolCall, rule: ToolRule | None) -> str:
    if rule is None or rule.callable is None:
        raise ArgumentsRefused(
            f"the tool {call.tool!r} is a python_tool, but no function is given for it",
            where=f"call {call.id}",
            remedy=f'Add to its table in {FILE_NAME}: callable = "package.module:function"',
        )
    if not rule.callable.endswith(":*"):
        return rule.callable
    if call.tool.startswith("_"):
        raise ArgumentsRefused(
            f"the tool {call.tool!r} would be a private function of {rule.callable[:-2]}",
            where=f"call {call.id}",
            remedy=f"If it may be called, name it in {FILE_NAME} in a table of its own, without the star.",
        )
    return rule.callable[:-1] + call.tool


def _direct(call: ToolCall, kind: Kind, rule: ToolRule | None, recorded: dict[str, Any]) -> dict[str, Any]:
    values = dict(recorded)
    if values.get("kind") == call.tool:  # the platform repeats the kind among some arguments
        del values["kind"]
    reference = values.pop(CONNECTION_REFERENCE, None)
    result = call.result if isinstance(call.result, dict) else {}
    for name in kind.from_result:
        if name not in values and result.get(name) is not None:
            values[name] = result[name]
    values = {**kind.defaults, **values}
    if kind.name == "dlt_extract":
        values |= _dlt_source(call, rule, values.get("source"))
    if "conn_id" in kind.arguments.model_fields:
        conn_id = (rule and rule.conn_id) or _named(reference) or values.get("conn_id") or kind.connection
        values |= {"conn_id": conn_id} if conn_id else {}
    if kind.result == "rows" and _rows_are_arrays(call.result):
        values["rows_as"] = "arrays"
    return values


def _dlt_source(call: ToolCall, rule: ToolRule | None, recorded: Any) -> dict[str, Any]:
    """Return the source of a dlt pipeline. What is imported is named by the tools file, never by a recording.

    :raises ArgumentsRefused: the recording names an importable source that the rule does not.
    """
    named = rule.callable if rule else None
    if isinstance(recorded, str) and re.search(r"[.:]", recorded) and recorded != named:
        raise ArgumentsRefused(
            f"the recording of {call.tool!r} names the dlt source {plain(mask(recorded))!r}, which workers import",
            where=f"call {call.id}",
            remedy=f"If it is yours, add to a [[tools]] table of the tool in {FILE_NAME}: "
            'kind = "dlt_extract" and callable = "package.module:source".',
        )
    return {"source": named} if named else {}


def _named(reference: Any) -> str | None:
    """Return the slug or id in a recorded connection reference; a plain string is the name itself."""
    named = reference.get("slug") or reference.get("id") if isinstance(reference, dict) else reference
    return named if isinstance(named, str) and named else None


def _rows_are_arrays(result: Any) -> bool:
    rows = result.get("rows") if isinstance(result, dict) else result
    return isinstance(rows, list) and bool(rows) and all(isinstance(row, list) for row in rows)


def _checked(call: ToolCall, kind: Kind, values: dict[str, Any]) -> dict[str, Any]:
    try:
        model = kind.arguments.model_validate(values)
    except ValidationError as error:
        takes = ", ".join(field.alias or name for name, field in kind.arguments.model_fields.items())
        raise ArgumentsRefused(
            f"the arguments of {call.tool!r} do not fit the kind {kind.name}: {problems(error, values=False)}",
            where=f"call {call.id}",
            remedy=f"The kind takes {takes}. Rename recorded arguments in {FILE_NAME} "
            '(arguments = { recorded = "name" }), or map the tool to mcp_tool or python_tool.',
        ) from None
    return {
        field.alias or name: getattr(model, name)
        for name, field in kind.arguments.model_fields.items()
        if name in model.model_fields_set
    }
