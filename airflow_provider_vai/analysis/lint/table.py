"""The table of checks: code, level, description, and the function that does the check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from airflow_provider_vai.analysis.lint import data, derived, form, gates, installed, pair, start
from airflow_provider_vai.analysis.lint.finding import CheckResult, Finding, Level
from airflow_provider_vai.analysis.lint.folder import SAME_DAG_ID, SAME_PATH, SHARED_SECRET
from airflow_provider_vai.analysis.lint.loops import LOOP
from airflow_provider_vai.analysis.lint.stored import DAMAGED, UNFINISHED
from airflow_provider_vai.analysis.lint.subjects import NOT_PYTHON, REFUSED, UNREADABLE, Subject
from airflow_provider_vai.secrets.masking import mask

UNKNOWN_CONNECTION = "VAI302"
WRONG_VALUE = "VAI005"


@dataclass(frozen=True)
class Check:
    """One row; ``look`` is ``None`` if the finding is made while files are read, or by a check across files."""

    code: str
    level: Level
    about: str
    look: Callable[[Subject], Iterator[CheckResult]] | None = None


CHECKS = (
    Check(
        UNREADABLE,
        "error",
        "A file cannot be read: it is missing, too large, not text, not JSON or YAML, or nested too deeply.",
    ),
    Check(REFUSED, "error", "A spec written by hand is not valid; each wrong place is reported."),
    Check(NOT_PYTHON, "error", "A DAG file is not Python."),
    Check("VAI004", "error", "A key of the spec is unknown.", form.unknown_names),
    Check(WRONG_VALUE, "error", "A key of the spec is missing, or its value has the wrong type.", form.wrong_values),
    Check("VAI006", "error", "The sidecar has a newer schema than this version can read.", form.newer),
    Check("VAI101", "error", "The action kind of a step is unknown.", form.unknown_kinds),
    Check("VAI102", "error", "The operator of a step does not belong to its action kind.", form.wrong_operators),
    Check("VAI103", "error", "A step depends on a step that does not exist.", form.missing_steps),
    Check("VAI104", "error", "Steps depend on each other in a cycle.", form.cycles),
    Check("VAI105", "error", "A step is listed before a step that it depends on.", form.wrong_order),
    Check("VAI106", "error", "Two steps have the same key or task id.", form.same_names),
    Check("VAI107", "error", "The arguments of a step do not match its action kind.", form.wrong_arguments),
    Check("VAI108", "error", "A tool has no action kind, so its step fails when it runs.", form.unmapped),
    Check(
        "VAI109", "error", "A wire or secret refers to a place that does not exist in its argument.", form.lost_places
    ),
    Check(
        "VAI110",
        "error",
        "An argument that decides what a step does comes from a result, param, secret or message.",
        form.filled_in_from_outside,
    ),
    Check("VAI111", "warning", "A step needs a library that is not installed here.", installed.missing_extras),
    Check("VAI112", "warning", "The module of a function cannot be found.", installed.missing_modules),
    Check("VAI113", "error", "A query begins like a statement that writes, so its step fails.", form.writing_queries),
    Check("VAI201", "error", "A param is used but not declared.", data.undeclared_params),
    Check("VAI202", "warning", "A declared param is never used.", data.unused_params),
    Check(
        "VAI203",
        "error",
        "A value comes from a step that does not exist, or that may not have run before.",
        data.missing_sources,
    ),
    Check(
        "VAI204", "error", "A value comes from a place that does not exist in the recorded result.", data.missing_paths
    ),
    Check("VAI205", "error", "A step uses a list element, but is not mapped over a list.", data.stray_elements),
    Check("VAI206", "error", "The default of a param does not match its schema.", data.wrong_defaults),
    Check("VAI207", "warning", "A value is taken by its position in a list.", data.positions),
    Check(
        "VAI208",
        "error",
        "A derived value reads an argument that its step does not have, or of a mapped step.",
        derived.unknown_arguments,
    ),
    Check(
        "VAI209",
        "warning",
        "A part of a derived value reads nothing, so it is the same in every run.",
        derived.constants,
    ),
    Check("VAI210", "warning", "A text repeats figures of the recorded run.", derived.stale_texts),
    Check("VAI301", "error", "A connection is used but not listed under `connections`.", data.unlisted_connections),
    Check(UNKNOWN_CONNECTION, "error", "A connection does not exist (checked only with `--connections`)."),
    Check("VAI303", "error", "A literal looks like a credential.", data.literal_credentials),
    Check(
        "VAI304",
        "error",
        "A template reads a credential, or something that leads to one.",
        data.templates_with_credentials,
    ),
    Check("VAI401", "error", "A gate guards no step.", gates.idle_gates),
    Check("VAI402", "error", "The gate of a step does not exist, or is not a gate.", gates.missing_gates),
    Check("VAI403", "error", "A guarded step does not depend on its gate.", gates.loose_gates),
    Check("VAI404", "warning", "A write has no gate.", gates.unguarded_writes),
    Check("VAI405", "error", "An ungated write sends only tool output.", gates.untrusted_writes),
    Check("VAI406", "warning", "A step depends on values that come only from text of outsiders.", gates.outsiders),
    Check(
        "VAI407",
        "error",
        "A write depends on a position in a list, directly or through a step that it reads.",
        data.positions_in_writes,
    ),
    Check(
        "VAI408",
        "warning",
        "A gate without a deadline can hold back the later runs of an automation that starts by itself.",
        gates.gates_without_deadline,
    ),
    Check(
        "VAI409",
        "error",
        "A write takes a recipient, account or amount by a criterion or from a text, and no person set it.",
        derived.chosen_recipients,
    ),
    Check(
        "VAI410",
        "warning",
        "A write takes a recipient, account or amount by a criterion or from a text, as a person set it.",
        derived.recipients_by_person,
    ),
    Check("VAI411", "warning", "A gate approves by itself when nobody answers.", gates.gates_that_approve),
    Check(
        "VAI501",
        "error",
        "A schedule is not a preset, and not a cron expression that Airflow can run.",
        start.wrong_schedules,
    ),
    Check("VAI502", "error", "A time zone is unknown.", start.wrong_timezones),
    Check("VAI503", "error", "A condition cannot be parsed.", start.wrong_conditions),
    Check("VAI504", "error", "A branch leads to a step that does not depend on it directly.", start.lost_branches),
    Check("VAI505", "error", "An active automation has a flagged step that nobody reviewed.", start.not_reviewed),
    Check(
        "VAI506",
        "error",
        "Airflow does not accept this combination of triggers, limits and params.",
        start.wrong_starts,
    ),
    Check(
        "VAI507",
        "error",
        "Airflow or its database does not accept a name, number or text, or a notifier is not allowed.",
        start.refused_by_airflow,
    ),
    Check("VAI508", "warning", "The DAG id or a task id has other letters than ASCII.", start.not_ascii),
    Check("VAI601", "warning", "A sidecar has no DAG file.", pair.missing_file),
    Check("VAI602", "warning", "The DAG file was edited by hand.", pair.edited_file),
    Check(
        "VAI603",
        "warning",
        "Rendering the spec gives another DAG file, or the spec cannot be rendered.",
        pair.not_rendered,
    ),
    Check("VAI604", "warning", "The DAG file has other tasks than the spec.", pair.other_tasks),
    Check("VAI605", "error", "A sidecar is not named after its DAG id.", pair.wrong_name),
    Check(DAMAGED, "error", "An entry of an automation's log, or its sidecar, is damaged or missing."),
    Check(UNFINISHED, "error", "A change was interrupted, so the DAG file and the sidecar may not belong together."),
    Check(SAME_DAG_ID, "error", "Two automations, or an automation and another DAG file, have the same DAG id."),
    Check(SAME_PATH, "error", "Two webhooks have the same path."),
    Check(SHARED_SECRET, "warning", "Two webhooks share a connection, and so a secret."),
    Check(LOOP, "warning", "Automations start each other in a circle, or one starts itself."),
)
"""Codes are stable: a new check gets a new code."""


def found_in(subject: Subject, known: frozenset[str] | None) -> list[Finding]:
    """Return the findings for one automation.

    :param subject: The automation.
    :param known: The ids of the existing connections; ``None``: not known.
    """
    file = str(subject.path)
    if newer := list(form.newer(subject)):
        return [_finding("error", file, result, "VAI006") for result in newer]  # other keys may have another meaning
    found = [
        _finding(check.level, file, result, check.code)
        for check in CHECKS
        if check.look
        for result in check.look(subject)
    ]
    if known is not None:
        unknown = data.unknown_connections(subject, known)
        found += [_finding("error", file, result, UNKNOWN_CONNECTION) for result in unknown]
    problem = form.root_problem(subject)
    if problem and not any(finding.level == "error" for finding in found):
        found.append(_finding("error", file, problem, WRONG_VALUE))
    return found


def _finding(level: Level, file: str, found: CheckResult, code: str) -> Finding:
    return Finding(level, file, found.field, mask(found.problem), mask(found.suggestion), code)
