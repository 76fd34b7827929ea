"""Translates the platform's own documents, each an automation with one action, into the short form of a spec.

There are two shapes: ``{"name", "triggerType", "config": {"schedule", "timezone", "path", "secret", "action": {"kind",
"definition"}}}`` and ``{"name", "trigger": {"type", …}, "config": {"action": …}}``. ``{{payload}}`` in a text of the
definition is the body of the webhook request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_provider_vai.authoring.specs.places import only, refuse, text_of
from airflow_provider_vai.authoring.specs.values import Reference
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.review_item import ReviewItem, review_item

STATE = (
    "id", "tenantId", "organizationId", "orchestratorType", "status", "sourceType", "sourceAgentRunId",
    "sourceAgentSpecId", "templateId", "latestRun", "versionsSummary", "createdAt", "updatedAt", "createdBy",
)  # fmt: skip
"""The platform's fields about the state of an existing automation. They are noted for the reviewer, but not used."""

KEYS = ("name", "description", "triggerType", "trigger", "config", "action", "conditions", *STATE)
TRIGGER_CONFIG = {
    "manual": (),
    "schedule": ("schedule", "timezone"),
    "webhook": ("path", "secret", "secretConnId", "conn_id", "signature"),
    "event": ("eventType", "filters"),
}
CONNECTION_KEYS = ("secretConnId", "conn_id", "connId")
ACTION_KEYS = ("kind", "definition", "connectionRef", "name", "description", "id")
PAYLOAD = re.compile(r"\{\{-?\s*payload((?:\s*\.\s*\w+|\s*\[\s*(?:\d+|'[^'{}]*'|\"[^\"{}]*\")\s*\])*)\s*-?\}\}")
PART = re.compile(r"\.\s*(\w+)|\[\s*(?:(\d+)|'([^']*)'|\"([^\"]*)\")\s*\]")


def is_platform(document: Any) -> bool:
    """Return whether a document is an automation in the platform's form."""
    if not isinstance(document, dict) or "steps" in document:
        return False
    return "config" in document or "triggerType" in document or "action" in document


def named_connection(trigger: Mapping[str, Any]) -> Any:
    """Return the Airflow connection that a webhook trigger (or its ``config``) names for its secret, or ``None``."""
    return next((trigger[name] for name in CONNECTION_KEYS if trigger.get(name)), None)


def short_form(document: Any, secret_conn_id: str | None = None) -> tuple[dict[str, Any], list[ReviewItem]]:
    """Return the short form of a platform document, and review items about the translation.

    :param document: The JSON object.
    :param secret_conn_id: The Airflow connection whose password is the webhook's secret. It takes precedence over the
        document's ``secretConnId`` or ``conn_id``. If there is a connection, a literal secret in the document is left
        out and noted; otherwise it is refused.
    :raises SpecError: a key is unknown, or the document has no action.
    """
    fields = only(document, KEYS, [])
    config = only(fields.get("config", {}), _config_keys(fields), ["config"])
    at: JsonPath = ["config", "action"] if "action" in config else ["action"]
    if "action" in config and "action" in fields:
        refuse("two actions are given", ["action"], "Leave one of them out.")
    if "action" not in config and "action" not in fields:
        refuse("the document has no action", ["config"], "Add action: {kind: …, definition: {…}}.")
    step = _step(config.get("action", fields.get("action")), at)
    state = [name for name in STATE if name in fields]
    notes = [review_item("platform_fields", names=state)] if state else []
    trigger = _trigger(fields, config, secret_conn_id, notes)
    short = {name: fields[name] for name in ("name", "description") if fields.get(name) is not None}
    conditions = config.get("conditions", fields.get("conditions"))
    short |= {"conditions": conditions} if conditions is not None else {}
    return {**short, "trigger": trigger, "steps": [step]}, notes


def _config_keys(fields: dict[str, Any]) -> tuple[str, ...]:
    if "trigger" in fields:
        return ("action", "conditions")
    type_ = fields.get("triggerType", "manual")
    if not isinstance(type_, str) or type_ not in TRIGGER_CONFIG:
        refuse(f"{shown(type_)} is not a trigger type", ["triggerType"], f"Use one of: {', '.join(TRIGGER_CONFIG)}.")
    return (*TRIGGER_CONFIG[type_], "action", "conditions")


def _trigger(
    fields: dict[str, Any], config: dict[str, Any], secret_conn_id: str | None, notes: list[ReviewItem]
) -> Any:
    if "trigger" in fields and "triggerType" in fields:
        refuse("both trigger and triggerType are given", ["triggerType"], "Leave one of them out.")
    if "trigger" in fields:
        given = fields["trigger"]
    else:
        type_ = fields.get("triggerType", "manual")
        given = {"type": type_, **{name: config[name] for name in TRIGGER_CONFIG[type_] if name in config}}
    if not isinstance(given, dict) or given.get("type") != "webhook":
        return given
    conn_id = secret_conn_id or named_connection(given)
    if conn_id is None:
        return given
    if "secret" in given:
        notes.append(review_item("webhook_secret", connection=conn_id))
    return {
        **{name: value for name, value in given.items() if name not in ("secret", *CONNECTION_KEYS)},
        "conn_id": conn_id,
    }


def _step(given: Any, place: JsonPath) -> dict[str, Any]:
    action = only(given, ACTION_KEYS, place)
    kind = text_of(action.get("kind"), [*place, "kind"], "action kind")
    definition = action.get("definition", {})
    if not isinstance(definition, dict):
        refuse(f"{shown(definition)} is not an object", [*place, "definition"], "Write the action's arguments.")
    arguments = {name: value for name, value in definition.items() if name != "kind"}
    repeated = definition.get("kind")
    if repeated not in (None, kind):
        problem = f"the definition has the kind {shown(repeated)}, but the action has {shown(kind)}"
        refuse(problem, [*place, "definition", "kind"], "Leave it out.")
    reference = action.get("connectionRef", arguments.pop("connectionRef", None))
    if reference is not None:
        arguments["conn_id"] = _connection(reference, [*place, "connectionRef"])
    return {"kind": kind, "arguments": {name: {"$literal": _with_payload(value)} for name, value in arguments.items()}}


def _connection(reference: Any, place: JsonPath) -> str:
    if isinstance(reference, dict):
        only(reference, ("slug", "id", "provider"), place)
        reference = reference.get("slug") or reference.get("id") or reference.get("provider")
    return text_of(reference, place, "connection")


def _with_payload(value: Any) -> Any:
    """Return a value of a definition with ``{{payload}}`` translated into references.

    A text that is only ``{{payload}}`` keeps the payload's type. A text that contains it becomes a template. Everything
    else is data, even if it looks like a reference of a spec.
    """
    if isinstance(value, dict):
        return {name: _with_payload(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_with_payload(part) for part in value]
    if not isinstance(value, str) or not PAYLOAD.search(value):
        return value
    whole = PAYLOAD.fullmatch(value.strip())
    if whole:
        return Reference(param="payload", path=_path(whole[1]))
    parts, end = [], 0
    for found in PAYLOAD.finditer(value):
        parts += [_escaped(value[end : found.start()]), _rendered(found[1])]
        end = found.end()
    return Reference(template="".join([*parts, _escaped(value[end:])]))


def _path(text: str) -> list[str | int]:
    return [int(part[2]) if part[2] else part[1] or part[3] or part[4] or "" for part in PART.finditer(text)]


def _rendered(path: str) -> str:
    """Return a template for a place in the payload that writes text unchanged and other values as JSON."""
    place = "params.payload" + "".join(f"[{_quoted(part)}]" for part in _path(path))
    return f"{{{{ {place} if {place} is string else {place} | tojson }}}}"


def _quoted(part: str | int) -> str:
    if isinstance(part, int):
        return str(part)
    return '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    """Return a template that Jinja renders as exactly this text."""
    return re.sub(r"(\{\{|\{%|\{#)", lambda found: "{{ '" + found[1] + "' }}", text)
