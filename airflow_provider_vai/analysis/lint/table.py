"""The table of checks: a code, how bad it is, what it is about, and the function that looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from airflow_provider_vai.analysis.lint import data, form, gates, pair, start
from airflow_provider_vai.analysis.lint.finding import CheckResult, Finding, Level
from airflow_provider_vai.analysis.lint.folder import SAME_DAG_ID, SAME_PATH
from airflow_provider_vai.analysis.lint.subjects import NOT_PYTHON, REFUSED, UNREADABLE, Subject
from airflow_provider_vai.secrets.masking import mask

UNKNOWN_CONNECTION = "VAI302"
WRONG_VALUE = "VAI005"


@dataclass(frozen=True)
class Check:
    """One row: ``look`` is ``None`` where the finding is made while files are read, or across them."""

    code: str
    level: Level
    about: str
    look: Callable[[Subject], Iterator[CheckResult]] | None = None


CHECKS = (
    Check(
        UNREADABLE, "error", "A file cannot be read: missing, too large, no text, not JSON or YAML, nested too deeply."
    ),
    Check(REFUSED, "error", "A spec written by hand is refused; each place that is wrong is told."),
    Check(NOT_PYTHON, "error", "A DAG file is not Python."),
    Check("VAI004", "error", "A key of the spec is not known.", form.unknown_names),
    Check(WRONG_VALUE, "error", "A key of the spec is missing, or its value has a wrong type.", form.wrong_values),
    Check("VAI006", "error", "The sidecar's schema is newer than this version.", form.newer),
    Check("VAI101", "error", "The action kind of a step is not known.", form.unknown_kinds),
    Check("VAI102", "error", "The operator of a step is not its kind's.", form.wrong_operators),
    Check("VAI103", "error", "A step depends on one that is not there.", form.missing_steps),
    Check("VAI104", "error", "Steps wait for each other in a circle.", form.cycles),
    Check("VAI105", "error", "A step stands before one that it waits for.", form.wrong_order),
    Check("VAI106", "error", "Two steps have the same key or task id.", form.same_names),
    Check("VAI107", "error", "The arguments of a step do not fit its kind.", form.wrong_arguments),
    Check("VAI108", "error", "A tool has no action kind: its step fails when it runs.", form.unmapped),
    Check("VAI109", "error", "A wire or secret is for a place that its argument does not have.", form.lost_places),
    Check(
        "VAI110",
        "error",
        "What decides what a step does is filled in from results, params, secrets or messages.",
        form.filled_in_from_outside,
    ),
    Check("VAI201", "error", "A param is used that is not declared.", data.undeclared_params),
    Check("VAI202", "warning", "A declared param is used nowhere.", data.unused_params),
    Check(
        "VAI203", "error", "A value comes from a step that is not there, or need not have run.", data.missing_sources
    ),
    Check("VAI204", "error", "A value comes from a place that the recorded result did not have.", data.missing_paths),
    Check("VAI205", "error", "A step takes an element, and is mapped over no list.", data.stray_elements),
    Check("VAI206", "error", "The default of a param does not fit its schema.", data.wrong_defaults),
    Check("VAI207", "warning", "A value is taken by its position in a list.", data.positions),
    Check("VAI301", "error", "A connection is used and not listed in connections.", data.unlisted_connections),
    Check(UNKNOWN_CONNECTION, "error", "A connection does not exist (where the existing ones are known)."),
    Check("VAI303", "error", "A literal looks like a credential.", data.literal_credentials),
    Check("VAI401", "error", "A gate guards no step.", gates.idle_gates),
    Check("VAI402", "error", "The gate of a step is not there, or is no gate.", gates.missing_gates),
    Check("VAI403", "error", "A guarded step does not wait for its gate.", gates.loose_gates),
    Check(
        "VAI404", "warning", "A step changes something outside, and no gate stands before it.", gates.unguarded_writes
    ),
    Check("VAI405", "error", "The same, and all that it sends is what tools returned.", gates.untrusted_writes),
    Check("VAI406", "warning", "A step rests on what only text that outsiders can write says.", gates.outsiders),
    Check(
        "VAI407",
        "error",
        "A write depends on a position in a list, directly or through a step that it reads.",
        data.positions_in_writes,
    ),
    Check(
        "VAI501",
        "error",
        "A schedule is neither a preset nor a cron expression that Airflow runs as meant.",
        start.wrong_schedules,
    ),
    Check("VAI502", "error", "A time zone is not known.", start.wrong_timezones),
    Check("VAI503", "error", "A condition cannot be read.", start.wrong_conditions),
    Check("VAI504", "error", "A branch leads to a step that does not follow it directly.", start.lost_branches),
    Check("VAI505", "error", "An active automation has a flagged step that nobody reviewed.", start.not_reviewed),
    Check(
        "VAI506",
        "error",
        "Airflow does not accept the triggers with each other, the limits and the params.",
        start.wrong_starts,
    ),
    Check("VAI601", "warning", "A sidecar has no DAG file.", pair.missing_file),
    Check("VAI602", "warning", "The DAG file was edited by hand.", pair.edited_file),
    Check(
        "VAI603",
        "warning",
        "The DAG file is not what the spec renders, or the spec cannot be rendered.",
        pair.not_rendered,
    ),
    Check("VAI604", "warning", "The tasks of the DAG file are not those of the spec.", pair.other_tasks),
    Check("VAI605", "error", "A sidecar is not named after its DAG id.", pair.wrong_name),
    Check(SAME_DAG_ID, "error", "Two automations, or an automation and another DAG file, have the same DAG id."),
    Check(SAME_PATH, "error", "Two webhooks have the same path."),
)
"""The codes stay; a new check gets a new one."""


def found_in(subject: Subject, known: frozenset[str] | None) -> list[Finding]:
    """Return what is wrong with one automation.

    :param known: the ids of the connections that exist; ``None``: not known.
    """
    file = str(subject.path)
    if newer := list(form.newer(subject)):
        return [_finding("error", file, it, "VAI006") for it in newer]  # whatever else it says means something else
    found = [
        _finding(check.level, file, it, check.code) for check in CHECKS if check.look for it in check.look(subject)
    ]
    if known is not None:
        found += [_finding("error", file, it, UNKNOWN_CONNECTION) for it in data.unknown_connections(subject, known)]
    left = form.root_problem(subject)
    if left and not any(it.level == "error" for it in found):
        found.append(_finding("error", file, left, WRONG_VALUE))
    return found


def _finding(level: Level, file: str, found: CheckResult, code: str) -> Finding:
    return Finding(level, file, found.field, mask(found.problem), mask(found.suggestion), code)
