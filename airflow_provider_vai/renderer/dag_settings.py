"""The arguments of the ``DAG``, and the docstring of its file."""

from __future__ import annotations

import textwrap
from datetime import datetime, timezone
from typing import Any

from airflow_provider_vai.languages.titles import shortened
from airflow_provider_vai.model.automation import Automation, Notification, Param
from airflow_provider_vai.model.review_lines import numbered
from airflow_provider_vai.model.triggers import PAYLOAD_PARAM
from airflow_provider_vai.renderer.dag_documentation import documentation
from airflow_provider_vai.renderer.python_source import LINE_LENGTH, PythonSource, SourcePlace
from airflow_provider_vai.renderer.schedule import schedule_of
from airflow_provider_vai.renderer.task_source import seconds

FIRST_DAY = datetime(2025, 1, 1, tzinfo=timezone.utc)
"""The start date of an automation without a recording. It must not change between renderings."""

MAX_DOC_CHARACTERS = 1000
PAYLOAD = Param(description="The body of the webhook's delivery")


def start_date(automation: Automation) -> PythonSource:
    """Return the source of ``start_date``: the day of the recording, because no schedule should start before it."""
    day = (automation.source.captured_at if automation.source else None) or FIRST_DAY
    return PythonSource(f"datetime({day.year}, {day.month}, {day.day}, tzinfo=timezone.utc)")


def settings(automation: Automation) -> dict[str, Any]:
    """Return the other arguments of the DAG, in the order in which they are written.

    Nothing here changes with the automation's version: a line that changes in every rendering would conflict with every
    edit by hand beside it.
    """
    params = {name: _param(name, param) for name, param in _params(automation).items()}
    optional = {
        "max_active_tasks": automation.max_active_tasks,
        "dagrun_timeout": seconds(automation.timeout_seconds),
        "default_args": _default_args(automation),
        "params": params,
        "on_success_callback": [_notifier(one) for one in automation.notifications if one.on == "success"],
        "on_failure_callback": [_notifier(one) for one in automation.notifications if one.on == "failure"],
    }
    return {
        "dag_id": automation.dag_id,
        **({"dag_display_name": automation.title} if automation.title else {}),
        "description": automation.description,
        "schedule": schedule_of(automation),
        "catchup": False,
        "is_paused_upon_creation": True,
        "max_active_runs": automation.max_active_runs,
        **{name: value for name, value in optional.items() if value},
        "doc_md": documentation(automation),
        "tags": ["vai", automation.source_type.lower(), *automation.tags],
    }


def _params(automation: Automation) -> dict[str, Param]:
    payload = {PAYLOAD_PARAM: PAYLOAD} if any(trigger.type == "webhook" for trigger in automation.triggers) else {}
    return {**payload, **automation.params}


def _param(name: str, param: Param) -> SourcePlace:
    """Return a param; the form that starts a DAG run shows the title of its schema, or the words of its name."""
    described = {"description": param.description} if param.description else {}
    words = name.replace("_", " ").strip()
    title = {} if words == name or not words else {"title": words[0].upper() + words[1:]}
    return SourcePlace("Param", None, param.default, **described, schema={**title, **param.schema_})


def _default_args(automation: Automation) -> dict[str, Any]:
    arguments = {
        "action_asset": False,  # the steps that emit one have it as an outlet
        "owner": automation.owner,
        "retries": automation.retries,
        "retry_delay": seconds(automation.retry_delay_seconds),
    }
    return {name: value for name, value in arguments.items() if value is not None}


def _notifier(notification: Notification) -> SourcePlace:
    module, _, name = notification.notifier.rpartition(".")
    reference = SourcePlace(name, None, **notification.arguments)
    reference.module = module
    return reference


def docstring(automation: Automation) -> str:
    """Return the text of the file's docstring: what the automation repeats, and its review items.

    Ids and formats of the recording are in the sidecar.
    """
    paragraphs = [_wrapped(automation.description or automation.dag_id)]
    source, sidecar = automation.source, f"{automation.dag_id}.vai.json"
    if source:
        what = "agent run" if source.kind == "agent_run" else "chat thread"
        others = len(automation.other_sources)
        what = f"{others + 1} recorded {what}s" if others else f"a recorded {what}"
        by = f" of {source.agent}" if source.agent else ""
        at = f", {source.captured_at:%Y-%m-%d}" if source.captured_at else ""
        paragraphs.append(
            _wrapped(
                f"Crystallized from {what}{by}{at}. Each task repeats one successful tool call with the arguments "
                f"that were executed then. {sidecar} has the details, and the calls that did not become tasks."
            )
        )
    if automation.review:
        listed = numbered(enumerate(automation.review, 1))
        entries = [_wrapped(f"{label}. {text}", indent="   ") for label, text in listed]
        paragraphs.append("\n".join(["Review before you activate it:", *entries]))
    if not source:
        paragraphs.append(f"{sidecar} has its spec and its versions.")
    return "\n\n".join(paragraphs)


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        shortened(text, MAX_DOC_CHARACTERS),
        width=LINE_LENGTH - 10,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
