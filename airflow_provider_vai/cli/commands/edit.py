"""`vai edit` and `vai diff`: what a person does to an automation on the command line, and what it came to."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from airflow_provider_vai.analysis.diff.comparison import Comparison, compared, edited_since
from airflow_provider_vai.analysis.diff.spec_diff import diff as spec_diff, spec_diff_text
from airflow_provider_vai.analysis.verify.files import sidecar_path
from airflow_provider_vai.authoring import editing
from airflow_provider_vai.cli.reports import print_json, review_json, show_review
from airflow_provider_vai.cli.terminal import say, table
from airflow_provider_vai.exceptions import SpecError, VaiError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.printable import plain
from airflow_provider_vai.model.automation import Argument, Automation, Output, Secret
from airflow_provider_vai.model.base import Path as Place
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.store.sidecar_files import read_sidecar

COLUMNS = ("what", "place", "before", "after")


def edit(arguments: Namespace) -> None:
    """Change an automation, and write it as a new version.

    :raises SpecError: the edit is refused; nothing was written.
    """
    path = sidecar_path(Path(arguments.dag))
    sidecar = read_sidecar(path)
    _check_version(sidecar, path, arguments.expected_version)
    before = sidecar.automation
    action = ACTIONS[arguments.action]
    after = action(before, arguments)
    changes = spec_diff(before, after)
    summary = arguments.summary or " ".join([arguments.action, *arguments.names[:1]])
    written = None
    if changes and not arguments.dry_run:
        written = save(after, path, summary, sidecar.entry or None)
    if arguments.json:
        print_json(
            {
                "dag_id": after.dag_id,
                "changes": [change.as_json() for change in changes],
                "review": review_json(enumerate(after.review, 1)),
                "version": written,
            }
        )
        return
    if changes:
        table(COLUMNS, spec_diff_text(changes))
    known = {item.model_dump_json() for item in before.review}
    show_review((number, it) for number, it in enumerate(after.review, 1) if it.model_dump_json() not in known)
    if not changes:
        say(f"{plain(path)}: nothing changed")
    elif written is None:
        say(f"{plain(path)}: nothing was written (--dry-run)")
    else:
        say(f"written: {plain(path)} (version {written}, paused, draft)")


def save(automation: Automation, path: Path, summary: str, expected: int | None) -> int:
    """Write an edited automation as a new version, and return its number.

    :param path: its sidecar.
    :param expected: the entry of the log that the edit rests on; ``None``: it was written before there was a log.
    :raises PublishError: the files cannot be written.
    :raises Conflict: somebody changed it since it was read.
    """
    from airflow_provider_vai.store.publisher import publish

    return publish(automation, path.parent, summary=summary, expected=expected, from_sidecar=True).version


def _check_version(sidecar: Sidecar, path: Path, expected: int | None) -> None:
    if expected is not None and sidecar.version != expected:
        raise SpecError(
            f"it is at version {sidecar.version}, and the edit rests on version {expected}",
            where=str(path),
            remedy="Look at what changed with `vai diff`, and repeat the edit.",
        )


def diff(arguments: Namespace) -> int:
    """Show what differs between two automations, or since one was rendered; 1 with ``--exit-code`` if anything."""
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
        say("no difference")


# --- the edits --------------------------------------------------------------------------------------------------------


def _add(automation: Automation, given: Namespace) -> Automation:
    (key,) = _names(given, "KEY")
    if not given.kind:
        raise _usage("add", "name the new step's kind with --kind")
    values = dict(_values(given))
    if nested := [place for place in values if "." in place]:
        raise _usage("add", f"set whole arguments only, not {nested[0]}")
    step = editing.new_step(automation, given.kind, values, key=key)
    gate = _gate(given) if given.gate or _gate(given) else None
    return editing.add_step(
        automation, step, after=given.after, before=given.before, parallel=given.parallel, gate=gate,
        ungated=given.ungated, by=_author(),
    )  # fmt: skip


def _remove(automation: Automation, given: Namespace) -> Automation:
    (key,) = _names(given, "KEY")
    freeze = dict(_pair(text, _data) for text in given.freeze or ())
    return editing.remove_step(
        automation, key, freeze=freeze, ungate=given.ungated, unbranch=given.unbranch, by=_author()
    )


def _move(automation: Automation, given: Namespace) -> Automation:
    (key,) = _names(given, "KEY")
    return editing.move_step(automation, key, after=given.after, before=given.before)


def _rename(automation: Automation, given: Namespace) -> Automation:
    key, new = _names(given, "KEY NEW")
    return editing.rename_step(automation, key, new)


def _replace(automation: Automation, given: Namespace) -> Automation:
    (key,) = _names(given, "KEY")
    step = editing.new_step(automation, given.kind or "", dict(_values(given)))
    return editing.replace_step(automation, key, step, ungated=given.ungated, by=_author())


def _set(automation: Automation, given: Namespace) -> Automation:
    (key,) = _names(given, "KEY")
    values = list(_values(given))
    if not values:
        raise _usage("set", "say what to set with --set, --text, --wire, --param, --template or --secret")
    for place, value in values:
        automation = editing.set_argument(automation, key, place, value, ungated=given.ungated, by=_author())
    return automation


def _unset(automation: Automation, given: Namespace) -> Automation:
    key, *places = _names(given, "KEY PLACE…")
    for place in places:
        automation = editing.unset_argument(automation, key, place, ungated=given.ungated, by=_author())
    return automation


def _guard(automation: Automation, given: Namespace) -> Automation:
    (key,) = _names(given, "KEY")
    return editing.guard_step(automation, key, _gate(given), by=_author())


def _options(automation: Automation, given: Namespace) -> Automation:
    return editing.set_options(automation, **dict(_pair(name, _data) for name in _names(given, "NAME=VALUE…")))


def _step_options(automation: Automation, given: Namespace) -> Automation:
    key, *pairs = _names(given, "KEY NAME=VALUE…")
    return editing.set_step_options(automation, key, **dict(_pair(pair, _data) for pair in pairs))


def _triggers(automation: Automation, given: Namespace) -> Automation:
    fields = [_data(text) for text in given.names]
    if any(not isinstance(one, dict) for one in fields):
        raise _usage("triggers", """give each as JSON: '{"type": "schedule", "schedule": "@daily"}'""")
    return editing.set_triggers(automation, fields)


def _conditions(automation: Automation, given: Namespace) -> Automation:
    return editing.set_conditions(automation, given.names)


def _params(automation: Automation, given: Namespace) -> Automation:
    params = dict(_pair(pair, _data) for pair in _names(given, "NAME=JSON…"))
    if any(it is not None and not isinstance(it, dict) for it in params.values()):
        raise _usage("params", """give each as JSON: region='{"default": "north"}', or region=null to remove it""")
    return editing.set_params(automation, params)


ACTIONS: Mapping[str, Callable[[Automation, Namespace], Automation]] = {
    "add": _add,
    "remove": _remove,
    "move": _move,
    "rename": _rename,
    "replace": _replace,
    "set": _set,
    "unset": _unset,
    "guard": _guard,
    "options": _options,
    "step-options": _step_options,
    "triggers": _triggers,
    "conditions": _conditions,
    "params": _params,
}
"""What `vai edit DAG ACTION` does; the names that follow an action are its own."""


# --- what was typed ---------------------------------------------------------------------------------------------------


def _author() -> str:
    from airflow_provider_vai.store.publisher import author

    return author()


def _usage(action: str, problem: str) -> SpecError:
    return SpecError(problem, where=f"vai edit … {action}", remedy="`vai edit --help` lists the options.")


def _names(given: Namespace, wanted: str) -> Sequence[str]:
    """Return the names after the action.

    :raises SpecError: there are fewer or more than the action takes.
    """
    least = len(wanted.split())
    names: Sequence[str] = given.names
    if len(names) < least or (len(names) > least and not wanted.endswith("…")):
        raise _usage(given.action, f"it takes {wanted}, found {' '.join(names) or 'nothing'}")
    return names


def _values(given: Namespace) -> Iterator[tuple[str, Any]]:
    """Yield each place that is set, and its value: JSON data, or an :class:`Argument`."""
    for name, read in READ.items():
        for text in getattr(given, name) or ():
            yield _pair(text, read)


def _gate(given: Namespace) -> dict[str, Any]:
    return dict(_pair(text, _data) for text in given.gate_option or ())


def _pair(text: str, read: Callable[[str], Any]) -> tuple[str, Any]:
    place, equals, value = text.partition("=")
    if not (place and equals):
        raise SpecError(f"{text!r} has no value", where="vai edit", remedy="Write it PLACE=VALUE.")
    return place, read(value)


def _data(text: str) -> Any:
    """Return JSON data; what is no JSON is the text itself."""
    try:
        return json_text.loads(text, where="the value")
    except VaiError:
        return text


def _place(text: str) -> tuple[str, Place]:
    """Return the first name of ``step.rows.0``, and the place behind it."""
    first, *rest = text.split(".")
    return first, [int(part) if part.isascii() and part.isdigit() else part for part in rest]


def _wire(text: str) -> Argument:
    step, path = _place(text)
    return Argument(class_="wired", from_=Output(step=step or None, path=path))


def _param(text: str) -> Argument:
    name, path = _place(text)
    return Argument(class_="parameter", param=name, **({"path": path} if path else {}))


def _template(text: str) -> Argument:
    return Argument(class_="template", value=text)


def _secret(text: str) -> Argument:
    return Argument(class_="frozen", value=None, secrets=[Secret(at=[], connection=text)])


READ: Mapping[str, Callable[[str], Any]] = {
    "set": _data,
    "text": str,
    "wire": _wire,
    "param": _param,
    "template": _template,
    "secret": _secret,
}
