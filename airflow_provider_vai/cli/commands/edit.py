"""``vai edit`` and ``vai diff``: change an automation, and show changes."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.analysis.diff.comparison import Comparison, compared, edited_since
from airflow_provider_vai.analysis.diff.spec_diff import Change, diff as spec_diff, spec_diff_text
from airflow_provider_vai.analysis.verify.files import sidecar_path
from airflow_provider_vai.authoring.editing.edit_requests import (
    AddStep,
    AskModel,
    ChangeAutomation,
    ChangeStep,
    Edit,
    LiftArgument,
    MoveStep,
    RemoveStep,
)
from airflow_provider_vai.authoring.specs.typed import READ, data
from airflow_provider_vai.cli.airflow_command import pause_unreviewed
from airflow_provider_vai.cli.collector import without_collector
from airflow_provider_vai.cli.publishing import read_soon
from airflow_provider_vai.cli.reports import after_writing, print_json, review_json, show_review
from airflow_provider_vai.cli.terminal import is_quiet, say, table
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages.printable import plain
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.store.publisher import Published, author, publish
from airflow_provider_vai.store.sidecar_files import read_sidecar

if TYPE_CHECKING:
    from airflow_provider_vai.cli.outputs import EditedAutomation

COLUMNS = ("what", "place", "before", "after")


@without_collector()
def edit(arguments: Namespace) -> None:
    """Change an automation, and write it as a new version.

    :raises SpecError: if the edit is refused; nothing was written.
    """
    path = sidecar_path(Path(arguments.dag))
    sidecar = read_sidecar(path)
    check_version(sidecar, path, arguments.expected_version)
    carry_out(
        ACTIONS[arguments.action](arguments),
        sidecar,
        path,
        arguments,
        " ".join([arguments.action, *arguments.names[:1]]),
    )


def carry_out(edit: Edit, sidecar: Sidecar, path: Path, arguments: Namespace, summary: str) -> None:
    """Carry out an edit and write a new version, or only show what would change with ``--dry-run``.

    :param edit: The edit.
    :param sidecar: The automation as it is.
    :param path: The path of its sidecar.
    :param arguments: What was typed: ``summary``, ``dry_run`` and ``json``.
    :param summary: What changes, for the history, if the user says nothing.
    :raises SpecError: if the edit is refused; nothing was written.
    :raises PublishError: if the files cannot be written.
    """
    before = sidecar.automation
    after = edit.apply(before, author())
    changes = spec_diff(before, after)
    summary = arguments.summary or summary
    written = None
    if changes and not arguments.dry_run:
        written = save(after, path, summary, sidecar.entry or None)
    if arguments.json:
        done: EditedAutomation = {
            "dag_id": after.dag_id,
            "changes": [change.as_json() for change in changes],
            "review": review_json(enumerate(after.review, 1)),
            "version": written.version if written else None,
            "status": written.status if written else sidecar.status,
        }
        print_json(done)
        return
    if not is_quiet():
        _report(before, after, changes, path, written)


def _report(
    before: Automation, after: Automation, changes: Sequence[Change], path: Path, written: Published | None
) -> None:
    if changes:
        table(COLUMNS, spec_diff_text(changes))
    known = {item.model_dump_json() for item in before.review}
    numbered = enumerate(after.review, 1)
    show_review((number, item) for number, item in numbered if item.model_dump_json() not in known)
    if not changes:
        say(f"{plain(path)}: nothing changed")
    elif written is None:
        say(f"{plain(path)}: nothing was written (--dry-run)")
    else:
        say(f"written: {plain(path)} (version {written.version}, {written.status_text})")
        after_writing([written])


def save(automation: Automation, path: Path, summary: str, expected: int | None) -> Published:
    """Write an edited automation as a new version, and return what was written.

    :param automation: The edited automation.
    :param path: The path of its sidecar.
    :param summary: What changed, for the history.
    :param expected: The log entry that the edit is based on; ``None``: the automation has no log yet.
    :raises PublishError: if the files cannot be written.
    :raises Conflict: if somebody changed the automation since it was read.
    """
    files = publish(
        automation,
        path.parent,
        summary=summary,
        expected=expected,
        from_sidecar=True,
        pause=pause_unreviewed,
    )
    read_soon([files])
    return files


def check_version(sidecar: Sidecar, path: Path, expected: int | None) -> None:
    """Refuse to go on if an automation is at another version than the user expects.

    :param sidecar: The automation as it is.
    :param path: The path of its sidecar.
    :param expected: The version that the user expects; ``None``: any.
    :raises SpecError: if it is at another version.
    """
    if expected is not None and sidecar.version != expected:
        raise SpecError(
            f"the automation is at version {sidecar.version}, but --expected-version is {expected}",
            where=str(path),
            remedy="Look at the changes with `vai diff`, and repeat the edit.",
        )


def diff(arguments: Namespace) -> int:
    """Show the differences between two automations, or since one was written; with ``--exit-code``, return 1 if any."""
    found = compared(arguments.a, arguments.b) if arguments.b else edited_since(arguments.a)
    if arguments.json:
        print_json(found.as_json())
    else:
        _show(found)
    return 1 if arguments.exit_code and (found.changes or found.text) else 0


def _show(found: Comparison) -> None:
    if found.changes:
        table(COLUMNS, spec_diff_text(found.changes))
    if found.text:
        say(*(plain(line, 2000) for line in found.text.rstrip("\n").split("\n")))
    for note in found.notes:
        say(f"note: {plain(note)}")
    if not found.changes and not found.text:
        say("no differences")


# --- the edits --------------------------------------------------------------------------------------------------------


def _add(given: Namespace) -> Edit:
    (key,) = _names(given, "KEY")
    if not given.kind:
        raise _usage("add", "give the action kind of the new step with --kind")
    values = dict(_values(given))
    if nested := [place for place in values if "." in place]:
        raise _usage("add", f"a new step takes only whole arguments, not the place {nested[0]}")
    return AddStep(
        given.kind,
        key=key,
        values=values,
        after=given.after,
        before=given.before,
        parallel=given.parallel,
        gate=_gate(given) if given.gate or _gate(given) else None,
        ungated=given.ungated,
    )


def _remove(given: Namespace) -> Edit:
    (key,) = _names(given, "KEY")
    freeze = dict(_pair(text, data) for text in given.freeze or ())
    return RemoveStep(key, freeze=freeze, ungate=given.ungated, unbranch=given.unbranch)


def _move(given: Namespace) -> Edit:
    (key,) = _names(given, "KEY")
    return MoveStep(key, after=given.after, before=given.before)


def _rename(given: Namespace) -> Edit:
    key, new = _names(given, "KEY NEW")
    return ChangeStep(key, new_key=new)


def _replace(given: Namespace) -> Edit:
    (key,) = _names(given, "KEY")
    return ChangeStep(key, kind=given.kind or "", values=list(_values(given)), ungated=given.ungated)


def _set(given: Namespace) -> Edit:
    (key,) = _names(given, "KEY")
    values = list(_values(given))
    if not values:
        raise _usage("set", "give a value with --set, --text, --wire, --param, --template, --derive or --secret")
    return ChangeStep(key, values=values, ungated=given.ungated)


def _lift(given: Namespace) -> Edit:
    key, place, *name = _names(given, "KEY PLACE…")
    if len(name) > 1:
        raise _usage("lift", f"expected KEY PLACE [NAME], found {' '.join(given.names)}")
    return LiftArgument(key, place, name[0] if name else None, ungated=given.ungated)


def _model(given: Namespace) -> Edit:
    key, place, *reads = _names(given, "KEY PLACE STEP.PATH…")
    return AskModel(key, place, reads, conn_id=given.conn_id)


def _unset(given: Namespace) -> Edit:
    key, *places = _names(given, "KEY PLACE…")
    return ChangeStep(key, unset=places, ungated=given.ungated)


def _guard(given: Namespace) -> Edit:
    (key,) = _names(given, "KEY")
    return ChangeStep(key, gate=_gate(given))


def _options(given: Namespace) -> Edit:
    return ChangeAutomation(options=dict(_pair(name, data) for name in _names(given, "NAME=VALUE…")))


def _step_options(given: Namespace) -> Edit:
    key, *pairs = _names(given, "KEY NAME=VALUE…")
    return ChangeStep(key, options=dict(_pair(pair, data) for pair in pairs))


def _triggers(given: Namespace) -> Edit:
    fields = [data(text) for text in given.names]
    if any(not isinstance(one, dict) for one in fields):
        raise _usage("triggers", """give each trigger as JSON: '{"type": "schedule", "schedule": "@daily"}'""")
    return ChangeAutomation(triggers=fields)


def _conditions(given: Namespace) -> Edit:
    return ChangeAutomation(conditions=given.names)


def _params(given: Namespace) -> Edit:
    params = dict(_pair(pair, data) for pair in _names(given, "NAME=JSON…"))
    if any(fields is not None and not isinstance(fields, dict) for fields in params.values()):
        raise _usage(
            "params", """give each param as JSON: region='{"default": "north"}', or region=null to remove it"""
        )
    return ChangeAutomation(params=params)


ACTIONS: Mapping[str, Callable[[Namespace], Edit]] = {
    "add": _add,
    "remove": _remove,
    "move": _move,
    "rename": _rename,
    "replace": _replace,
    "set": _set,
    "unset": _unset,
    "lift": _lift,
    "model": _model,
    "guard": _guard,
    "options": _options,
    "step-options": _step_options,
    "triggers": _triggers,
    "conditions": _conditions,
    "params": _params,
}
"""The function for each action of `vai edit DAG ACTION`; what NAME means depends on the action."""


# --- what was typed ---------------------------------------------------------------------------------------------------


def _usage(action: str, problem: str) -> SpecError:
    return SpecError(problem, where=f"vai edit … {action}", remedy="`vai edit --help` lists the options.")


def _names(given: Namespace, wanted: str) -> Sequence[str]:
    """Return the names after the action.

    :param wanted: The names that the action takes, as the help shows them; ``…`` at the end: one or more.
    :raises SpecError: if there are too few or too many.
    """
    least = len(wanted.split())
    names: Sequence[str] = given.names
    if len(names) < least or (len(names) > least and not wanted.endswith("…")):
        raise _usage(given.action, f"expected {wanted}, found {' '.join(names) or 'nothing'}")
    return names


def _values(given: Namespace) -> Iterator[tuple[str, Any]]:
    """Yield each place to set, and its value in the form of a spec: a literal or a reference."""
    for name, read in READ.items():
        for text in getattr(given, name, None) or ():
            yield _pair(text, read)


def _gate(given: Namespace) -> dict[str, Any]:
    return dict(_pair(text, data) for text in given.gate_option or ())


def _pair(text: str, read: Callable[[str], Any]) -> tuple[str, Any]:
    place, equals, value = text.partition("=")
    if not (place and equals):
        raise SpecError(f"{text!r} has no value", where="vai edit", remedy="Write it as PLACE=VALUE.")
    return place, read(value)
