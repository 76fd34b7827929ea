"""Edits of an automation's settings and of a step's options: triggers, conditions, params, limits, timeouts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from airflow_provider_vai.authoring.editing.secrets import refuse_data, refuse_text
from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.languages import expression
from airflow_provider_vai.model import review
from airflow_provider_vai.model.automation import Automation, Param
from airflow_provider_vai.model.outside import templates_of
from airflow_provider_vai.model.param_default import default_problem
from airflow_provider_vai.model.refusals import accepted
from airflow_provider_vai.model.step_graph import changed, finished, found, refuse, validated
from airflow_provider_vai.model.triggers import Trigger, WebhookTrigger
from airflow_provider_vai.model.validation import problems
from airflow_provider_vai.renderer.schedule import schedule

OPTIONS = (
    "title", "description", "tags", "owner", "max_active_runs", "max_active_tasks", "timeout_seconds", "retries",
    "retry_delay_seconds", "notifications",
)  # fmt: skip
STEP_OPTIONS = ("each", "concurrency", "trigger_rule", "retries", "retry_delay_seconds", "timeout_seconds", "asset")
ROOTS = ("params", "payload", "event")
"""The names at which the paths in a condition may begin."""


def set_triggers(automation: Automation, triggers: Sequence[Trigger | Mapping[str, Any]]) -> Automation:
    """Return the automation with its triggers replaced.

    :param triggers: All triggers, as objects or with their fields as in the sidecar.
    :raises SpecError: a trigger does not match the schema, Airflow does not accept its schedule or time zone or the
        combination of triggers, or steps use the ``payload`` of a webhook that is removed.
    """
    try:
        given = TypeAdapter(list[Trigger]).validate_python(
            [dict(trigger) if isinstance(trigger, Mapping) else trigger for trigger in triggers]
        )
    except ValidationError as error:
        refuse(problems(error), "triggers", "`vai schema automation` prints the fields of each type.")
    paths = [trigger.path for trigger in given if isinstance(trigger, WebhookTrigger)]
    if twice := sorted({path for path in paths if paths.count(path) > 1}):
        refuse(f"two webhooks have the path {twice[0]!r}", "triggers", "Give each its own.")
    try:
        schedule(given)
    except RenderError as error:
        refuse(error.problem, error.where, error.remedy)
    connections = review.connections(automation.steps, given)
    for trigger in given:
        for name in ("uri", "path"):
            refuse_text(getattr(trigger, name, None) or "", f"triggers: {name}")
    return validated(automation.model_copy(update={"triggers": given, "connections": connections}))


def set_conditions(automation: Automation, conditions: Sequence[str]) -> Automation:
    """Return the automation with its conditions replaced.

    :param conditions: All conditions: expressions over ``params``, ``payload`` and ``event``.
    :raises SpecError: a condition cannot be read, contains a credential, or uses another name or an undeclared param.
    """
    for place, condition in enumerate(conditions):
        where = f"conditions.{place}"
        try:
            tree = expression.parse(condition)
        except expression.BadExpression as error:
            refuse(str(error), where, "For example: payload.total > 100 and params.region in ['US', 'CA'].")
        refuse_text(condition, where)
        for root in _roots(tree):
            if root not in ROOTS:
                refuse(f"the condition uses {root!r}", where, f"A condition may use {', '.join(ROOTS)}.")
        for name in _params(tree):
            if name not in automation.params:
                refuse(f"there is no param {name!r}", where, f"Declared are: {', '.join(automation.params) or 'none'}.")
    return validated(automation.model_copy(update={"conditions": list(conditions)}))


def _roots(tree: ast.AST) -> Iterator[str]:
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    yield from sorted(names - {"true", "false", "null"})


def _params(tree: ast.AST) -> Iterator[str]:
    """Yield the names of the params that an expression reads."""
    for node in ast.walk(tree):
        base = node.value if isinstance(node, (ast.Attribute, ast.Subscript)) else None
        if isinstance(base, ast.Name) and base.id == "params":
            key = node.attr if isinstance(node, ast.Attribute) else ast.literal_eval(node.slice)  # type: ignore[attr-defined]
            yield str(key)


def set_params(automation: Automation, params: Mapping[str, Param | Mapping[str, Any] | None]) -> Automation:
    """Return the automation with some params set or removed; the others stay.

    :param params: Name -> a param, its fields as in the sidecar, or ``None`` to remove it.
    :raises SpecError: a param does not match the schema, its default does not match its JSON Schema or looks like a
        credential, or a removed param is still used (each place is named).
    """
    result = dict(automation.params)
    for name, given in params.items():
        where = f"params.{name}"
        if given is None:
            if name not in result:
                refuse("there is no such param", where, f"Declared are: {', '.join(result) or 'none'}.")
            _refuse_used(automation, name)
            del result[name]
            continue
        if not name.isidentifier():
            refuse(f"{name!r} cannot name a param", where, "Use letters, digits and underscores.")
        try:
            param = given if isinstance(given, Param) else Param.model_validate(dict(given))
        except ValidationError as error:
            refuse(problems(error), where, "A param has default, description and schema.")
        _check_default(name, param, where)
        result[name] = param
    return validated(automation.model_copy(update={"params": result}))


def _check_default(name: str, param: Param, where: str) -> None:
    refuse_data({name: param.default}, where)
    if problem := default_problem(param.default, param.schema_):
        refuse(problem, where, "Correct the default or the schema.")


def _refuse_used(automation: Automation, name: str) -> None:
    webhook = name == "payload" and any(trigger.type == "webhook" for trigger in automation.triggers)
    uses = [] if webhook else [f"step {step.key}" for step in automation.steps if name in step.params()]
    for place, condition in enumerate(automation.conditions):
        if name in _params(expression.parse(condition)):
            uses.append(f"conditions.{place}")
    mention = re.compile(rf"""\bparams(\.{re.escape(name)}\b|\[\s*['"]{re.escape(name)}['"]\s*\])""")
    for step in automation.steps:
        for at, argument in step.arguments.items():
            texts: list[Any] = [text for _, text in templates_of(argument)]
            if step.kind == "conditional_branch" and at == "condition":
                texts.append(argument.value)
            uses += [f"step {step.key}: {at}" for text in texts if isinstance(text, str) and mention.search(text)]
    if uses:
        refuse(f"the param {name!r} is used by {', '.join(uses)}", f"params.{name}", "Change these first.")


def set_options(automation: Automation, **options: Any) -> Automation:
    """Return the automation with some of its options set.

    :param options: Option name (see :data:`OPTIONS`) -> value; ``None`` restores the default.
    :raises SpecError: an option is unknown, has a wrong type, or looks like a credential.
    """
    _check_options(options, OPTIONS, automation.dag_id)
    for name in ("title", "description", "owner"):
        if isinstance(options.get(name), str):
            refuse_text(options[name], name)
    for tag in options.get("tags") or ():
        refuse_text(str(tag), "tags")
    for place, notification in enumerate(options.get("notifications") or ()):
        fields = notification if isinstance(notification, Mapping) else notification.model_dump()
        refuse_data(dict(fields.get("arguments") or {}), f"notifications.{place}")
    fields = {**automation.model_dump(), **options}
    for name, value in options.items():
        if value is None:
            del fields[name]
    try:
        given = Automation.model_validate(fields)
    except ValidationError as error:
        refuse(problems(error), automation.dag_id, "`vai schema automation` prints what each option takes.")
    return accepted(given)


def set_step_options(automation: Automation, key: str, **options: Any) -> Automation:
    """Return the automation with some options of a step set.

    :param key: The step.
    :param options: Option name (see :data:`STEP_OPTIONS`) -> value; ``None`` unsets the option.
    :raises SpecError: an option is unknown or has a wrong type, or ``each`` names a later step.
    """
    step = found(automation.steps, key)
    _check_options(options, STEP_OPTIONS, f"step {key}")
    fields = step.model_dump() | options
    try:
        new = type(step).model_validate(
            {name: value for name, value in fields.items() if value is not None or name not in options}
        )
    except ValidationError as error:
        refuse(problems(error), f"step {key}", "`vai schema automation` prints what each option takes.")
    return finished(automation, changed(automation.steps, {key: new}))


def _check_options(options: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    if unknown := sorted(options.keys() - set(known)):
        refuse(f"there is no option {unknown[0]!r}", where, f"The options are: {', '.join(known)}.")
