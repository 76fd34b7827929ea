"""The kinds of findings that the Review page groups review items by, in plain words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FindingGroup:
    """One kind of finding.

    :param title: a heading. :param about: a sentence or two for somebody who sees it for the first time.
    :param codes: the review codes that belong to it.
    """

    title: str
    about: str
    codes: tuple[str, ...]


GROUPS = (
    FindingGroup(
        "Cannot run as it is",
        "These steps fail or never run until you change them.",
        ("unmapped_tool", "always_skipped"),
    ),
    FindingGroup(
        "Writes and their approvals",
        "These steps change something outside. Check that a person approves what needs approval.",
        (
            "write_without_gate", "effect_of_spec", "effect_of_tools_file", "effect_raised", "effect_lowered",
            "field_gone", "gate_reset", "write_after_failure", "write_repeated", "recipient_by_criterion",
        ),
    ),
    FindingGroup(
        "Text and SQL that a model wrote",
        "Every run repeats it word for word, or a model writes it again. Read it as you would read a colleague's code.",
        ("model_written", "model_at_run_time", "stale_text", "text_of_result"),
    ),
    FindingGroup(
        "Credentials and connections",
        "Credentials were not kept. Airflow connections must supply them.",
        ("credential_removed", "headers_removed", "webhook_secret", "credential_moves"),
    ),
    FindingGroup(
        "Values worked out in each run",
        "The run computes or looks up these values. Check that each follows your data in the way you mean.",
        ("derived_values", "takes_by_position", "branch_condition"),
    ),
    FindingGroup(
        "Values that stay as recorded",
        "Each could come from somewhere else, but the recording does not show from where. Every run uses the recorded"
        " value unless you change it.",
        (
            "several_sources", "source_without_step", "picked_by_position", "picked_by_criterion", "key_from_data",
            "picked_upstream", "shared_value_frozen", "record_frozen", "named_and_picked", "list_frozen",
            "many_sources", "more_places", "param_without_gate", "held_elsewhere", "repeated_later",
            "written_about_later", "date_unclear", "date_without_year", "date_without_clock", "date_stays_with_others",
            "date_decides", "not_in_every_run", "only_in_other_runs", "wired_in_newest_run", "position_in_every_run",
            "volatile", "differs", "several_derivations", "differs_in_loop", "undecided",
        ),
    ),
    FindingGroup(
        "Params",
        "Whoever starts a run may set these.",
        ("params", "param_worked_out", "param_required"),
    ),
    FindingGroup(
        "Answers that may change",
        "These steps read something that can look different in the next run.",
        ("live", "tables_unknown", "nothing_expected", "result_differs"),
    ),
    FindingGroup(
        "What the recording shows, and what it lacks",
        "Compare the automation with the recorded run.",
        (
            "results_report_failure", "success_reports_failure", "trace_note", "from_recording", "platform_fields",
            "made_of_runs", "run_left_out", "run_named_twice", "step_left_out", "arguments_left_out", "order_differs",
            "other_run",
        ),
    ),
    FindingGroup(
        "After an edit",
        "An edit may have left something behind.",
        ("recorded_remains", "step_replaced"),
    ),
    FindingGroup("Notes", "Somebody wrote these into the spec.", ("note",)),
)  # fmt: skip

OTHER = FindingGroup("Other findings", "These come from another version of the provider.", ())
_BY_CODE = {code: group for group in GROUPS for code in group.codes}


def group_of(code: str) -> FindingGroup:
    """Return the group of a review code; :data:`OTHER` for one that this version does not know."""
    return _BY_CODE.get(code, OTHER)
