"""The table of review codes: each code with its message and with what the reviewer should do.

Code must depend only on an item's code, step and place. Messages are for people and may be reworded.
``dev/docs/review.md`` is generated from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

STALE = "stale_text"
PICKED_BY_CRITERION = "picked_by_criterion"
Group = Literal["steps", "places", "making", "editing", "runs"]


@dataclass(frozen=True)
class ReviewCode:
    """One row of the table.

    :param message: the sentence about the item's step or place; it has ``{…}`` placeholders for values.
    :param action: what the reviewer should do.
    :param group: items of ``steps`` and ``places`` are generated from the steps again after every edit. The others are
        notes that are written once: while ``making`` or ``editing`` the spec, or while merging several ``runs``.
    """

    message: str
    action: str
    group: Group

    @property
    def follows_from_steps(self) -> bool:
        """Whether items with this code are generated from the steps, and so disappear when the steps change."""
        return self.group in ("steps", "places")


FLAGS = ("live", "model_written", "model_at_run_time")
"""The codes of steps that may behave differently in another run; each is also a value of a step's determinism."""

STEPS: dict[str, tuple[str, str]] = {
    "unmapped_tool": (
        "its tool has no action kind, so the step fails when it runs",
        "Map the tool in `vai-tools.toml` and crystallize again, or replace the step.",
    ),
    "live": ("{reason}", "Check that the automation still works when the answer changes."),
    "model_written": ("{reason}", "Read the text or SQL carefully: every run repeats it."),
    "model_at_run_time": ("{reason}", "Check that a model may decide this in every run."),
    "write_without_gate": (
        "external side effects without a gate",
        "Put a gate before it (`vai edit DAG guard STEP`), or make sure that nobody needs to approve it.",
    ),
    "always_skipped": (
        "follows the branch {branch}, which names it neither in if_true nor in if_false, so it never runs",
        "Add it to one of the branch's lists, or remove it.",
    ),
    "takes_by_position": (
        "takes {places} by position in a list, so another record may be there in the next run",
        "Name the record (`[name=Spotify]`) or write `[only]` with `vai edit --wire`, or accept the position.",
    ),
    "derived_values": (
        "works out {places} in every run",
        "Read each expression with `vai explain`, and check that it is what the step should use.",
    ),
    "recipient_by_criterion": (
        "takes {places} by a criterion or from a text, so the write may go to another one in the next run",
        "Name the record, make the value a param, or make sure that the gate's approver checks it.",
    ),
}

PLACES: dict[str, tuple[str, str]] = {
    "several_sources": (
        "equals several earlier results, so it stays frozen",
        "Wire it to the right one with `vai edit`, or leave it as recorded.",
    ),
    "source_without_step": (
        "equals a recorded result, but no step is sure to return it, so it stays frozen",
        "Wire it with `vai edit` if a step returns the same value, or leave it as recorded.",
    ),
    "picked_by_position": (
        "equals a value that only its position in a list identifies; writes are not wired by position, so it stays "
        "frozen",
        "Wire it by a name, or leave it as recorded.",
    ),
    PICKED_BY_CRITERION: (
        "is an id or name of a record that a criterion picks; no write follows the criterion of a single run, so it "
        "stays frozen",
        "Crystallize several runs of the task together, derive it with `vai edit`, or leave it as recorded.",
    ),
    "key_from_data": (
        "equals an earlier result at a place whose key is data itself and changes with it, so it stays frozen",
        "Leave it as recorded, or let the step that returns it return it under a fixed name.",
    ),
    "picked_upstream": (
        "comes from a step that itself picks by position, and no write follows a position, so it stays frozen",
        "Wire that step by a name, then this value to it; or leave it as recorded.",
    ),
    "shared_value_frozen": (
        "is also in another step, where it stays frozen, so it stays frozen here: both are about one record",
        "Wire both places, or leave both as recorded.",
    ),
    "record_frozen": (
        "belongs to a record of which another value stays frozen in this write, so it stays frozen, too",
        "Wire all values of the record, or leave them as recorded.",
    ),
    "named_and_picked": (
        "is of a record that the user named, and that also fits a criterion of another sentence, so it stays frozen",
        "Decide which of the two is meant: select the record by its name, or by the criterion.",
    ),
    "list_frozen": (
        "is in a list of which another value stays frozen, so it stays frozen, too: half a list would follow the data",
        "Wire the whole list to one result, or leave it as recorded.",
    ),
    "many_sources": (
        "too many of its places equal earlier results, so the whole argument stays frozen",
        "Wire the whole argument to one result, or leave it as recorded.",
    ),
    STALE: (
        "repeats figures of the recorded day, which every run sends again",
        "Crystallize two runs of the task together, derive the text (`vai derive`), make it a DAG param (`vai edit "
        "lift`), let a model write it in each run (`vai edit model`), or take the figures out.",
    ),
    "text_of_result": (
        "contains the text of an earlier result; parts of a text are not wired, so it stays frozen",
        "Write a template, or leave the text as recorded.",
    ),
    "more_places": ("further places equal earlier results and stay frozen", "Look at the argument as a whole."),
    "param_without_gate": (
        "comes from the user's words, but no gate guards this write, so it stays frozen: anyone who starts a run could "
        "change a parameter",
        "Put a gate before the step and then make the value a parameter, or leave it as recorded.",
    ),
    "held_elsewhere": (
        "comes from the user's words, but the same value is frozen in another place, so it stays frozen",
        "Make both places one parameter, or leave them as recorded.",
    ),
    "repeated_later": (
        "comes from the user's words, but a later step repeats a result that depends on it, so it stays frozen",
        "Wire the later value first, or leave both as recorded.",
    ),
    "written_about_later": (
        "comes from the user's words; later steps may depend on it, so it stays frozen",
        "Make it a parameter only if the later steps are right for every value.",
    ),
    "date_unclear": (
        "may be a date relative to the run, but the recording does not show which one, so it stays frozen",
        "Write a template with the run's date, or leave it as recorded.",
    ),
    "date_without_year": (
        "is a date that the user gave without a year, so it stays frozen",
        "Write a template if it should be the latest such date, or leave it as recorded.",
    ),
    "date_without_clock": (
        "may be a date relative to the run, but the recording has no start time, so it stays frozen",
        "Write a template with the run's date, or leave it as recorded.",
    ),
    "date_stays_with_others": (
        "is a date relative to the run, but a value that belongs with it is frozen, so it stays frozen",
        "Make all of them templates, or leave them as recorded.",
    ),
    "date_decides": (
        "may be a date relative to the run, but it decides what runs, so it stays frozen",
        "Write a template with the run's date, or leave it as recorded.",
    ),
    "not_in_every_run": ("is not given in every run, so the newest run's value is kept", "Choose the value."),
    "credential_moves": (
        "contains a credential at a different place in other runs, so the newest run's value is kept",
        "Choose the value.",
    ),
    "only_in_other_runs": (
        "is given in other runs but not in the newest, so it is left out",
        "Add it if it is needed.",
    ),
    "wired_in_newest_run": (
        "comes from an earlier step only in the newest run, so it stays frozen",
        "Wire it, or leave it as recorded.",
    ),
    "position_in_every_run": (
        "equals a value that only its position identifies in every run; writes are not wired by position, so it stays "
        "frozen",
        "Wire it by a name, or leave it as recorded.",
    ),
    "volatile": (
        "is volatile and differs between the runs, so the newest run's value is kept",
        "Take the value from a template or an earlier step, or leave it as recorded.",
    ),
    "differs": (
        "differs between the runs for no reason that they show, so the newest run's value is kept",
        "Make it a parameter, wire it, or choose the value.",
    ),
    "several_derivations": (
        "differs between the runs, and several expressions over earlier results give it in all of them, so the newest "
        "run's value is kept",
        "Derive it with the right one (`vai edit`), record further runs, or choose the value.",
    ),
    "differs_in_loop": (
        "differs between the runs and belongs to a mapped step, so the newest run's value is kept",
        "Choose the value.",
    ),
    "undecided": ("stays frozen", "Decide whether the recorded value is right for every run."),
}

MAKING: dict[str, tuple[str, str]] = {
    "credential_removed": (
        "the recorded value looks like a credential and was not kept: create the connection {connection!r} with it as "
        "the password",
        "Create the connection in Airflow.",
    ),
    "headers_removed": (
        "the recorded headers {names} were not kept: the connection {connection!r} must supply them",
        "Complete the connection in Airflow.",
    ),
    "params": (
        "whoever starts a run may set the parameters {names}",
        "Check that everyone who can start a run may set them.",
    ),
    "results_report_failure": (
        "{count} calls are left out because their results report a failure, and the trace has no mark for that",
        "Look at them with `vai inspect`; name a call with `--calls` if its result is an answer.",
    ),
    "success_reports_failure": (
        "the trace marks the call as successful, but its result reads like a failure",
        "Check whether the step should be part of the automation.",
    ),
    "write_after_failure": (
        "the run made this write again, with the same arguments, after the first attempt had failed; it is one step",
        "Check whether the failed attempt had an effect, and whether the DAG should write once.",
    ),
    "write_repeated": (
        "the run made the same write before, as {before}, and both are steps",
        "Check whether each DAG run should write twice; leave out a call with `--exclude` if it should not.",
    ),
    "trace_note": ("{text}", "Check that what the trace does not contain is not needed."),
    "effect_of_spec": (
        "the spec says that it has no external side effects (effect: {effect})",
        "Check that this is true: no gate guards the step.",
    ),
    "tables_unknown": (
        "may read any table, because the tables that its statement reads are unknown ({reason})",
        "Install what is missing and crystallize again, or list the tables in `tables`.",
    ),
    "effect_of_tools_file": (
        "the tools file says that it has no external side effects (effect: {effect})",
        "Check that this is true for these arguments: no gate guards the step unless one is listed.",
    ),
    "effect_raised": (
        "the tools file says effect: {effect}, but the step {why}, so it has a higher effect",
        "Check the step; correct the tools file if other calls of the tool do the same.",
    ),
    "from_recording": (
        "written by hand from the spec of the recording {recording}, and may differ from it",
        "Compare it with the recording.",
    ),
    "platform_fields": ("not imported from the platform's document: {names}", "Set what is needed by hand."),
    "webhook_secret": (
        "the webhook's secret was not imported: store it as the password of the connection {connection!r}",
        "Create the connection in Airflow.",
    ),
    "note": ("{text}", "Nothing specific: someone wrote this note into the spec."),
}

EDITING: dict[str, tuple[str, str]] = {
    "effect_lowered": (
        "had external side effects; {by} set its effect to {effect}",
        "Check that this is true: the step no longer needs a gate.",
    ),
    "recorded_remains": (
        "{names} still come from the recording, which had a different {edited}",
        "Set or unset them.",
    ),
    "field_gone": (
        "{field} can no longer be changed at the approval: {guarded} no longer has it",
        "Add another form field if approvers need one.",
    ),
    "gate_reset": ("lost {names}, which belonged to the step that was replaced", "Look at the gate's question."),
    "step_replaced": (
        "was replaced, and its result may look different: {readers} read it",
        "Check what is taken from its result.",
    ),
}

RUNS: dict[str, tuple[str, str]] = {
    "made_of_runs": (
        "made from {count} runs of one task; the newest is first, and its values are the defaults and frozen values",
        "Check that these are runs of one task.",
    ),
    "run_left_out": (
        "the run {run} is left out: {problem}",
        "Check whether it shows something that the other runs do not.",
    ),
    "run_named_twice": ("the run {run} was named twice and is used once", "Nothing to do."),
    "step_left_out": ("{tool} is left out: {reason}", "Add the step by hand if the automation needs it."),
    "branch_condition": (
        "{condition} is true in {count} of {total} runs: exactly in those that made the steps behind it",
        "Check that this is the real condition, and not one that only happens to fit.",
    ),
    "arguments_left_out": (
        "not every run gave {names}, and the newest did not, so they are left out",
        "Add them if they are needed.",
    ),
    "nothing_expected": (
        "differs between the runs, so the answer is not checked against it",
        "Set what every answer must have.",
    ),
    "param_worked_out": (
        "is the parameter {param}: it differs between the runs, and the user did not write it literally",
        "Check that whoever starts a run can know the value.",
    ),
    "param_required": (
        "is the required parameter {param}: the value differs between the runs, and nothing in them explains it",
        "Check that whoever starts a run can know the value; or wire or derive it, or give the parameter a default "
        "(`vai edit`).",
    ),
    "order_differs": (
        "runs at a different point in the run {run}; the newest run's order is used",
        "Check the order.",
    ),
    "result_differs": (
        "got the same arguments in several runs, but its result differs",
        "Do not rely on these values.",
    ),
    "other_run": ("the run {run}: {text}", "Treat it like the items above."),
}

GROUPS: dict[Group, dict[str, tuple[str, str]]] = {
    "steps": STEPS,
    "places": PLACES,
    "making": MAKING,
    "editing": EDITING,
    "runs": RUNS,
}
CODES = {
    code: ReviewCode(message, action, group)
    for group, rows in GROUPS.items()
    for code, (message, action) in rows.items()
}

LEFT_OUT: dict[str, str] = {
    "not_chosen": "It, or its turn, was not chosen (`--turns`, `--calls`), or it was excluded (`--exclude`).",
    "made_by_user": "The user's side made it, not the agent.",
    "inside_call": "It was made inside another call, which is one step.",
    "answer": "It is the agent's answer, not an action.",
    "arguments_unknown": "It succeeded, but the executed arguments are not recorded, or no step can have them.",
    "failed": "It failed.",
    "failed_by_result": "Its result reports a failure, and the trace has no mark for that.",
    "retried": "It failed, and succeeded when it was retried: the retry is the step.",
    "denied": "A person denied it.",
    "interrupted": "It was interrupted.",
    "no_result": "The trace contains no result for it.",
    "step_removed": "Its step was removed by an edit.",
    "step_replaced": "Its step was replaced by an edit.",
    "not_in_every_run": "Only some of the runs made it, and they do not show when it is needed.",
    "other": "Another reason; see its text.",
}
"""Why a recorded call did not become a step: each code with its meaning."""
