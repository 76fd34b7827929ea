"""Edits of a step's arguments, and their consequences for its effect, its flags and its gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import AliasChoices, ValidationError
from pydantic.fields import FieldInfo

from airflow_provider_vai.authoring.editing.gates import follow_values, guarded, unguarded_reason
from airflow_provider_vai.authoring.editing.secrets import refuse_credentials, refuse_text
from airflow_provider_vai.languages.places import value_at, with_value
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.languages.template import syntax_problem
from airflow_provider_vai.model import derivation, step_effects
from airflow_provider_vai.model.argument import Argument, Secret, Wire
from airflow_provider_vai.model.authors import by_user, parts_after_edit
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.behaviour import Effect
from airflow_provider_vai.model.effects import OWN
from airflow_provider_vai.model.flags import flag
from airflow_provider_vai.model.kinds import Kind, by_name
from airflow_provider_vai.model.outside import REMEDY, outside_problem, templates_of
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.model.step_effects import UNKNOWN
from airflow_provider_vai.model.step_graph import changed, dotted, finished, found, refuse

DRAWN = {
    "http_request": (("endpoint", "method"), ("expected_status", "expected_shape")),
    "generate_query": (("sql", "conn_id"), ("tables",)),
    "python_tool": (("python_callable",), ("source_sha256",)),
    "mcp_tool": (("tool", "conn_id"), ("schema_sha256",)),
}
"""Kind -> the arguments that decide what runs, and those that were taken from the recorded call."""


def set_argument(
    automation: Automation,
    key: str,
    place: str | JsonPath,
    value: Any,
    *,
    ungated: bool = False,
    by: str = "an editor",
) -> Automation:
    """Return the automation with an argument of a step, or a value inside it, set.

    Effect, determinism, connections and review items are computed again. The step's gate shows the recorded value
    beside the new one, and its form fields are adapted. A step that becomes a write gets a gate.

    :param key: The step.
    :param place: The argument's name, or a place in its value: ``arguments.items.0.price`` (``each`` is not an
        argument). If a key contains a dot, give a list of keys and positions. The last key may be new.
    :param value: JSON data, which is frozen; or an :class:`Argument` that is wired, a parameter, a template or a
        secret. The places of its wires and secrets are relative to ``place``.
    :param ungated: Do not put a gate before a step that becomes a write; the review reports this.
    :param by: Who edits, for the evidence.
    :raises SpecError: there is no such step or argument; or the value does not match the kind, looks like a credential,
        repeats a call that a person denied, or comes from a later step.
    """
    step, path = found(automation.steps, key), _path(place)
    kind = kind_of(step)
    path = [_canonical(kind, str(path[0]), step), *path[1:]]
    name = str(path[0])
    given = value if isinstance(value, Argument) else Argument.frozen(value)
    _check_argument(given, path, step)
    old = step.arguments.get(name)
    if given.class_ == "derived" and "value" not in given.model_fields_set and old and not _is_open(old):
        given = given.model_copy(update={"value": old.value})  # the recorded value, for comparison
    new = given if len(path) == 1 else _placed(old, path[1:], given, f"step {key}: {dotted(path)}")
    if step.call_ids:
        new = _from_user(new, by)
    return _with_arguments(automation, step, {**step.arguments, name: new}, path, ungated=ungated, by=by)


def unset_argument(
    automation: Automation, key: str, place: str | JsonPath, *, ungated: bool = False, by: str = "an editor"
) -> Automation:
    """Return the automation without an argument of a step, or without a key inside its value.

    :param place: The argument or the key, see :func:`set_argument`.
    :raises SpecError: it is not set, or the kind requires it.
    """
    step, path = found(automation.steps, key), _path(place)
    path = [_canonical(kind_of(step), str(path[0]), step), *path[1:]]
    name, where = str(path[0]), f"step {key}: {dotted(path)}"
    if name not in step.arguments:
        refuse("the argument is not set", where, f"The step has set: {', '.join(step.arguments) or 'none'}.")
    arguments = {other: argument for other, argument in step.arguments.items() if other != name}
    if len(path) > 1:
        new = _without(step.arguments[name], path[1:], where)
        new = _from_user(new, by) if step.call_ids else new
        arguments = {**step.arguments, name: new}
    return _with_arguments(automation, step, arguments, path, ungated=ungated, by=by)


def kind_of(step: Step) -> Kind:
    """Return the kind of a step.

    :raises SpecError: there is no such kind.
    """
    kind = by_name().get(step.kind)
    if kind is None:
        refuse(f"there is no action kind {step.kind!r}", f"step {step.key}", "`vai kinds` lists the kinds.")
    return kind


def values_of(step: Step) -> dict[str, Any]:
    """Return the values of the arguments, with :data:`UNKNOWN` or ``None`` for those that are known only in a run."""
    return {
        name: UNKNOWN if _is_open(argument) else argument.value for name, argument in step.arguments.items()
    }  # includes arguments that are a secret as a whole


def measured(step: Step, kind: Kind, before: Step | None = None) -> Step:
    """Return the step with the effect and determinism that its kind assigns to these arguments.

    :param before: The step before the edit. An effect or determinism set by a tools file or a spec is kept unless the
        one assigned by the kind changes.
    """
    values = values_of(step)
    own = kind.determinism_of(values)
    effect = _effect(step, kind)
    if before is not None:
        earlier = values_of(before)
        if _effect(before, kind) == effect:
            effect = _effect(step, kind, before.effect)
        if kind.determinism_of(earlier) == own and not before.model_words:
            own = before.determinism, before.non_deterministic_reason
    determinism, reason = flag(*own, step.model_words)
    return step.model_copy(
        update={
            "effect": effect,
            "determinism": determinism,
            "non_deterministic": reason is not None,
            "non_deterministic_reason": reason,
        }
    )


def check_step(step: Step, kind: Kind, names: Sequence[str] | None = None) -> None:
    """Check a step's arguments against its kind.

    :param names: The new arguments, which are searched for credentials. Default: all.
    :raises SpecError: an argument is unknown or missing, has a wrong type, contains a literal credential, or decides
        what runs and is filled in from outside.
    """
    checked = names if names is not None else list(step.arguments)
    for name in checked:
        if name in step.arguments and (outside := outside_problem(kind, name, step.arguments[name])):
            at, problem = outside
            refuse(problem, f"step {step.key}: {dotted([name, *at])}", REMEDY)
    try:
        kind.arguments.model_validate(values_of(step))
    except ValidationError as error:
        wrong = [problem for problem in error.errors() if not _in_hole(problem["loc"], step)]
        if wrong:
            listed = "; ".join(f"{dotted(list(part['loc'])) or 'arguments'}: {part['msg']}" for part in wrong[:5])
            takes = ", ".join(_names(kind))
            refuse(
                f"the arguments do not match the kind {kind.name}: {listed}", f"step {step.key}", f"It takes {takes}."
            )
    refuse_credentials(step, kind, {name: step.arguments[name] for name in checked if name in step.arguments})


# --- Places -----------------------------------------------------------------------------------------------------------


def path_in(step: Step, place: str | JsonPath) -> JsonPath:
    """Return the path of a place in a step's arguments, with the argument's own name and positions as integers.

    :param step: the step.
    :param place: the place, see :func:`set_argument`.
    :raises SpecError: there is no such argument, or nothing at the place.
    """
    path = _path(place)
    path = [_canonical(kind_of(step), str(path[0]), step), *path[1:]]
    argument = step.arguments.get(str(path[0]))
    if argument is None or _is_open(argument) or len(path) == 1:
        return path
    return [path[0], *_typed(argument.value, path[1:], f"step {step.key}: {dotted(path)}")]


def _path(place: str | JsonPath) -> JsonPath:
    path: JsonPath = list(place.split(".")) if isinstance(place, str) else list(place)
    if not path or "" in path:
        refuse(f"{place!r} is not a place", "place", "Write it like arguments.items.0.price.")
    return path


def _canonical(kind: Kind, name: str, step: Step) -> str:
    """Return the canonical name of an argument that may be given by an alias."""
    takes = _names(kind)
    if name in takes:
        return name
    for own, field in takes.items():
        if isinstance(field.validation_alias, AliasChoices) and name in field.validation_alias.choices:
            return own
    return refuse(f"the kind {kind.name} has no argument {name!r}", f"step {step.key}", f"It takes {', '.join(takes)}.")


def _names(kind: Kind) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in kind.arguments.model_fields.items()}


def _check_argument(given: Argument, path: JsonPath, step: Step) -> None:
    fits = {
        "frozen": given.from_ is None and given.param is None and not given.wires,
        "wired": (given.from_ is not None) != bool(given.wires) and given.param is None,
        "parameter": bool(given.param) and given.from_ is None and not given.wires and not given.secrets,
        "template": isinstance(given.value, str) and not (given.from_ or given.wires or given.param or given.secrets),
        "derived": given.derive is not None,
    }
    if not fits[given.class_]:
        refuse(
            f"a {given.class_} argument cannot have these fields: {', '.join(sorted(given.model_fields_set))}",
            f"step {step.key}: {dotted(path)}",
            "frozen: value; wired: from, or value and wires; parameter: param; template: the text as value; derived: "
            "derive.",
        )
    where = f"step {step.key}: {dotted(path)}"
    for _, template in templates_of(given):
        refuse_text(template, where)
        if problem := syntax_problem(template):
            refuse(f"the text is not a valid Jinja template: {problem}", where, "Correct the template.")
    for literal in (literal for _, tree in given.trees() for literal in derivation.literals(tree)):
        if isinstance(literal, str):
            refuse_text(literal, where)


def _is_open(argument: Argument) -> bool:
    whole = any(not secret.at for secret in argument.secrets) or any(not wire.at for wire in argument.wires)
    return argument.is_filled_in or whole


def _in_hole(location: Sequence[str | int], step: Step) -> bool:
    """Return whether a place of the argument model is, contains or is inside a value that is known only in a run."""
    argument = step.arguments.get(str(location[0])) if location else None
    if argument is None:
        return False
    if _is_open(argument):
        return True
    holes = [*(wire.at for wire in argument.wires), *(secret.at for secret in argument.secrets)]
    rest = list(location[1:])
    return any(rest[: len(hole)] == hole[: len(rest)] for hole in holes)


def _placed(argument: Argument | None, path: JsonPath, given: Argument, where: str) -> Argument:
    """Return an argument with another argument at a place inside it."""
    if argument is None or _is_open(argument):
        refuse("the argument has no frozen value to set a place in", where, "Set the whole argument.")
    wires, secrets = _outside(argument.wires, path), _outside(argument.secrets, path)
    if any(_starts(path, list(hole.at)) for hole in [*wires, *secrets]):
        refuse("the place is inside a value that is filled in by the run", where, "Set that value as a whole.")
    path = _typed(argument.value, path, where)
    value = with_value(argument.value, path, None if _is_open(given) else given.value)
    wires += [wire.model_copy(update={"at": [*path, *wire.at]}) for wire in given.wires]
    secrets += [secret.model_copy(update={"at": [*path, *secret.at]}) for secret in given.secrets]
    if given.from_:
        wires.append(Wire(at=path, from_=given.from_))
    elif given.class_ == "parameter":
        wires.append(Wire(at=path, param=given.param, path=given.path))
    elif given.class_ == "template":
        wires.append(Wire(at=path, template=given.value))
    elif given.derive:
        wires.append(Wire(at=path, derive=given.derive))
    return _rebuilt(argument, value, wires, secrets, path)


def _without(argument: Argument, path: JsonPath, where: str) -> Argument:
    """Return an argument without a key in its value."""
    if _is_open(argument):
        refuse("the argument has no frozen value to unset a key in", where, "Unset the whole argument.")
    path = _typed(argument.value, path, where)
    parent = value_at(argument.value, path[:-1])
    if not isinstance(parent, dict) or path[-1] not in parent:
        refuse("the place is not a key of an object", where, "To remove an item of a list, set the whole list.")
    value = with_value(argument.value, path[:-1], {key: part for key, part in parent.items() if key != path[-1]})
    return _rebuilt(argument, value, _outside(argument.wires, path), _outside(argument.secrets, path), path)


def _rebuilt(argument: Argument, value: Any, wires: list[Wire], secrets: list[Secret], path: JsonPath) -> Argument:
    """Return an argument with a new value at a place; the place no longer counts as undecided."""
    origins = parts_after_edit(argument, path)
    undecided = _outside(argument.undecided, path)
    fields = {"wires": wires, "secrets": secrets, "origins": origins, "undecided": undecided}
    return Argument(
        class_="wired" if wires else "frozen",
        value=value,
        origin="secret" if secrets and argument.origin == "secret" else argument.origin,
        evidence=argument.evidence,
        **{name: part for name, part in fields.items() if part},
    )


def _outside(holes: Sequence[Any], path: JsonPath) -> list[Any]:
    """Return the wires, secrets or undecided places that are neither at ``path`` nor inside it."""
    return [hole for hole in holes if not _starts(list(map(str, hole.at)), list(map(str, path)))]


def _starts(path: Sequence[Any], beginning: Sequence[Any]) -> bool:
    return list(map(str, path[: len(beginning)])) == list(map(str, beginning))


def _typed(value: Any, path: JsonPath, where: str) -> JsonPath:
    """Return the path with list positions as integers; only its last key may be new."""
    result: JsonPath = []
    for depth, part in enumerate(path):
        if isinstance(value, list):
            number = int(part) if isinstance(part, int) or (part.isascii() and part.isdigit()) else -1
            if not 0 <= number < len(value):
                refuse(
                    f"the list has {plural(len(value), 'item')}, but no item {part!r}", where, "Positions count from 0."
                )
            result.append(number)
            value = value[number]
        elif isinstance(value, dict) and (str(part) in value or depth == len(path) - 1):
            result.append(str(part))
            value = value.get(str(part))
        else:
            known = f"the keys {', '.join(map(str, value))}" if isinstance(value, dict) else "no keys"
            refuse(f"the value has no {part!r}: it has {known[:300]}", where, "Name an existing place.")
    return result


# --- Consequences -----------------------------------------------------------------------------------------------------


def _from_user(argument: Argument, by: str) -> Argument:
    secret = argument.class_ == "frozen" and bool(argument.secrets)
    fields: dict[str, Any] = {"origin": "secret" if secret else "user", "evidence": [f"edited by {by}"]}
    fields |= {} if argument.origins else {"origins": by_user()}
    return argument.model_copy(update=fields)


def _with_arguments(
    automation: Automation, step: Step, arguments: Mapping[str, Argument], path: JsonPath, *, ungated: bool, by: str
) -> Automation:
    kind, name = kind_of(step), str(path[0])
    if name in kind.targets:  # the declaration was about the old destination
        arguments = {other: argument for other, argument in arguments.items() if other != OWN}
    words = [place for place in step.model_words if not _starts(place, path)]
    new = measured(step.model_copy(update={"arguments": dict(arguments), "model_words": words}), kind, step)
    check_step(new, kind, [name])
    steps, added = changed(automation.steps, {step.key: new}), _drawn(new, name)
    if name in step_effects.DECLARING and step.effect == "write" != new.effect:
        added.append(review_item("effect_lowered", step=step.key, by=by, effect=new.effect))
    steps, notes = follow_values(steps, step, new, values_of(new))
    if new.effect == "write" and step.effect != "write" and new.approval.gate is None:
        steps = _guarded_write(steps, new, f"it became a write when {by} edited {name}", ungated, by)
    return finished(automation, steps, added=[*added, *notes])


def _guarded_write(steps: list[Step], step: Step, reason: str, ungated: bool, by: str) -> list[Step]:
    if not ungated:
        return guarded(steps, step.key, {}, reason)
    approval = StepApproval(recorded=step.approval.recorded, reason=unguarded_reason(by))
    return changed(steps, {step.key: step.model_copy(update={"approval": approval})})


def _effect(step: Step, kind: Kind, stated: Effect | None = None) -> Effect:
    """Return the effect of a step, or a stated one if the kind's arguments have no other way to declare it."""
    if OWN in kind.arguments.model_fields and stated != "write":
        stated = None
    return step_effects.effect_of(kind, step_effects.values_of(step.arguments), stated).effect


def _drawn(step: Step, name: str) -> list[ReviewItem]:
    """Return a note for the review if arguments set from the recording may no longer be right."""
    deciding, drawn = DRAWN.get(step.kind, ((), ()))
    kept = [other for other in drawn if other in step.arguments and other != name]
    if name not in deciding or not kept or not step.call_ids:
        return []
    return [review_item("recorded_remains", step=step.key, place=[name], edited=name, names=kept)]
