"""Reads a step of a spec written by hand, and its gate, like the crystallizer makes them of a recorded call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.authoring.specs.arguments import Checked, checked
from airflow_provider_vai.authoring.specs.places import only, refuse, similar, text_of, validated
from airflow_provider_vai.authoring.specs.values import Reference, read, references, refuse_credentials
from airflow_provider_vai.crystallizer.draft import Draft, Policy
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.expect import expect
from airflow_provider_vai.crystallizer.gate_question import DeniedArguments, question
from airflow_provider_vai.languages.identifiers import identifier, slug
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.model import step_graph
from airflow_provider_vai.model.argument import Argument, Output
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.behaviour import Effect
from airflow_provider_vai.model.effects import ORDER
from airflow_provider_vai.model.kind_arguments.gate import ApprovalGateArguments
from airflow_provider_vai.model.kinds import Kind, by_name
from airflow_provider_vai.model.review_item import ReviewItem, review_item
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.model.step_effects import declared, effect_of, values_of
from airflow_provider_vai.model.tools_file import GateSettings, ToolRule, ToolsFile

OPTIONS = ("concurrency", "trigger_rule", "retries", "retry_delay_seconds", "timeout_seconds", "asset")
KEYS = ("key", "kind", "arguments", "depends_on", "gate", "each", "effect", *OPTIONS)
GATE_KEYS = tuple(name for name in ApprovalGateArguments.model_fields if name not in ("recorded", "denied"))
ASKED = "the spec asks for approval"
NOBODY = "the spec does not ask for approval"
REASONS = {
    ("generate_query", "model_written"): "its SQL is frozen as in the spec: review it like a model's",
    ("generate_query", "model_at_run_time"): "the spec has no SQL: a model writes it anew in each run",
    ("explain_schema", "live"): "the result comes from the database, and changes with its tables",
}
"""Why steps are flagged, for kinds whose own reasons refer to a recording."""


@dataclass
class Raw:
    """A step as read: only its key, kind and gate have been checked. ``key`` is empty until it gets a name."""

    place: JsonPath
    key: str
    kind: Kind
    fields: dict[str, Any]
    gate: dict[str, Any] | None
    given: dict[str, Any] = field(default_factory=dict)
    checked: Checked | None = None


def raw_step(given: Any, place: JsonPath) -> Raw:
    """Read the parts of a step to which other steps refer: key, kind and gate.

    :param given: The step in the document.
    :param place: Its place, for messages.
    :raises SpecError: a field or the kind is unknown, the step's key is not an identifier, or a reference is invalid.
    """
    fields = only(given, KEYS, place)
    kind = _kind(fields.get("kind"), [*place, "kind"])
    key = fields.get("key")
    if key is not None and (not isinstance(key, str) or identifier(key, "step") != key):
        remedy = f"Write {slug(str(key), 'step')!r}: lower-case letters, digits and underscores, not a reserved word."
        refuse(f"{shown(key)} cannot be a step's key", [*place, "key"], remedy)
    gate = fields.get("gate", False)
    if not isinstance(gate, (bool, dict)):
        refuse(f"{shown(gate)} is not a gate", [*place, "gate"], "Write true, or an object with the gate's settings.")
    settings = only(gate, GATE_KEYS, [*place, "gate"]) if isinstance(gate, dict) else {}
    arguments = fields.get("arguments", {})
    if not isinstance(arguments, dict):
        refuse(f"{shown(arguments)} is not an object", [*place, "arguments"], "Write `name: value` lines.")
    read_ = {name: read(value, [*place, "arguments", name]) for name, value in arguments.items()}
    return Raw(place, key or "", kind, fields, None if gate is False else settings, read_)


def step(
    raw: Raw,
    before: Sequence[str],
    steps: Sequence[Step],
    gate: str | None,
    *,
    notes: list[ReviewItem],
    python_path: Sequence[str],
) -> Step:
    """Return the step. Its dependencies do not include its gate yet.

    :param raw: The step as read.
    :param before: The keys of the earlier steps, in the order of the document.
    :param steps: The earlier steps and their gates, without those that have errors.
    :param gate: The key of the step's gate, if it has one.
    :param notes: A list to which review items are added.
    :param python_path: Folders that are searched for functions, before ``sys.path``.
    :raises SpecError: something in the step is wrong.
    """
    place, fields = raw.place, raw.fields
    raw.checked = _expected(raw, checked(raw.kind, raw.given, [*place, "arguments"]), python_path)
    each = _each(fields.get("each"), [*place, "each"])
    _check_sources(raw, each, before)
    if fields.get("concurrency") is not None and each is None:
        refuse("concurrency is only allowed with each", [*place, "concurrency"], "Leave it out.")
    effect = _effect(raw, notes)
    determinism, reason = raw.kind.determinism_of(raw.checked.values)
    reason = REASONS.get((raw.kind.name, determinism), reason)
    made: Step = validated(
        Step,
        {
            "key": raw.key,
            "task_id": raw.key,
            "kind": raw.kind.name,
            "operator": raw.kind.operator,
            "depends_on": [],
            "non_deterministic": reason is not None,
            "non_deterministic_reason": reason,
            "determinism": determinism,
            "effect": effect,
            "approval": StepApproval(recorded="unknown", gate=gate, reason=_reason(raw, effect)),
            "arguments": raw.checked.arguments,
            "each": each,
            **{name: fields[name] for name in OPTIONS if name in fields},
        },
        place,
    )
    wanted = _depends_on(fields, before, [*place, "depends_on"])
    return made.model_copy(update={"depends_on": _with_sources(wanted, made, steps)})


def gate_step(key: str, raw: Raw, guarded: Step) -> Step:
    """Return the gate directly before a step.

    :param key: The gate's key.
    :param raw: The guarded step as read.
    :param guarded: The guarded step.
    :raises SpecError: a setting of the gate is wrong.
    """
    place = [*raw.place, "gate"]
    settings = dict(raw.gate or {})
    refuse_credentials(settings, place)
    reason = settings.pop("reason", ASKED)
    places = settings.pop("editable", [])
    names = _editable_names(raw, places, [*place, "editable"]) if isinstance(places, list) else []
    known = {name: value for name, value in settings.items() if name in GateSettings.model_fields}
    rule = ToolRule(
        match="*", kind=raw.kind.name, gate=validated(GateSettings, {**known, "editable": names or None}, place)
    )
    draft = _draft(raw, guarded.effect, rule)
    denied = DeniedArguments(_nothing_recorded(), Policy())
    asked = question(draft, text_of(reason, [*place, "reason"], "reason"), denied)
    more = {name: Argument.frozen(value) for name, value in settings.items() if name not in known}
    more |= {"editable": Argument.frozen(places)} if places and isinstance(places, dict) else {}
    arguments = {**asked, **more}
    validated(ApprovalGateArguments, {name: made.value for name, made in arguments.items()}, place)
    return step_graph.gate_step(key, guarded, arguments)


def _kind(name: Any, place: JsonPath) -> Kind:
    known = {name: kind for name, kind in by_name().items() if kind.name not in ("approval_gate", "unmapped_tool")}
    if name == "approval_gate":
        refuse("a gate is not written as a step", place, "Write gate: true in the step that it should guard.")
    if not isinstance(name, str) or name not in known:
        refuse(f"there is no action kind {shown(name)}", place, similar(str(name), known))
    return known[name]


def _effect(raw: Raw, notes: list[ReviewItem]) -> Effect:
    """Return the effect of the step: the one in the spec, else the one of its arguments and kind."""
    assert raw.checked is not None  # noqa: S101 - `step` checks the arguments first
    stated = raw.fields.get("effect")
    inside = raw.checked.values.get("effect") if "effect" in raw.kind.arguments.model_fields else None
    place = [*raw.place, "effect"]
    if stated is not None and stated not in ORDER:
        refuse(f"{shown(stated)} is not an effect", place, f"Use one of: {', '.join(ORDER)}.")
    if stated is not None and inside not in (None, stated):
        refuse("two different effects are given", place, "Leave out the one in the arguments.")
    found = effect_of(raw.kind, values_of(raw.checked.arguments), stated)
    if found.refused:
        problem = f"the effect cannot be {found.refused}, because the step {found.why}"
        refuse(problem, place, f"Leave it out, or write {found.effect}.")
    for name, value in declared(raw.kind, found).items():
        raw.checked.arguments[name] = Argument.frozen(value)
        raw.checked.values[name] = value
    if found.is_lowered:
        notes.append(review_item("effect_of_spec", step=raw.key, effect=found.effect))
    return found.effect


def _reason(raw: Raw, effect: Effect) -> str:
    if raw.gate is not None:
        reason = raw.gate.get("reason", ASKED)
        return reason if isinstance(reason, str) else ASKED
    return NOBODY if effect == "write" else f"its effect is {effect}: it changes nothing outside"


def _each(given: Any, place: JsonPath) -> Output | None:
    if given is None:
        return None
    path = [given] if isinstance(given, str) else given
    if isinstance(path, dict) and list(path) == ["$from"]:
        path = path["$from"]
    if not isinstance(path, list) or not path or not all(type(part) in (str, int) for part in path):
        refuse(f"{shown(given)} is not a path to an earlier step's list", place, "Write each: [step, key, …].")
    return Output(step=str(path[0]), path=path[1:])


def _check_sources(raw: Raw, each: Output | None, before: Sequence[str]) -> None:
    """Check that references name earlier steps, and that ``$item`` is used only in a mapped step."""
    if each is not None and each.step not in before:
        refuse(f"{shown(each.step)} is not an earlier step", [*raw.place, "each"], similar(str(each.step), before))
    for at, reference in references(raw.given):
        place = [*raw.place, "arguments", *at]
        if reference.output is None:
            continue
        if reference.output.step is None and each is None:
            refuse("$item is only allowed in a mapped step", place, "Write each: [step, key, …] in the step.")
        if reference.output.step is not None and reference.output.step not in before:
            problem = f"{shown(reference.output.step)} is not an earlier step"
            refuse(problem, [*place, "$from"], similar(reference.output.step, before))


def _depends_on(fields: dict[str, Any], before: Sequence[str], place: JsonPath) -> list[str]:
    if "depends_on" not in fields:
        return list(before[-1:])
    given = fields["depends_on"]
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list):
        refuse(f"{shown(given)} is not a list of steps", place, "Write the keys of earlier steps, or [] for none.")
    for index, name in enumerate(names):
        if name not in before:
            refuse(f"{shown(name)} is not an earlier step", [*place, index], similar(str(name), before))
    return list(dict.fromkeys(names))


def _with_sources(wanted: list[str], made: Step, steps: Sequence[Step]) -> list[str]:
    """Return the dependencies, plus the steps whose results are read and that are not upstream already."""
    upstream = step_graph.waited_for(wanted, steps)
    sources = dict.fromkeys(output.step for output in made.outputs() if output.step is not None)
    return [*wanted, *(source for source in sources if source not in upstream)]


def _expected(raw: Raw, found: Checked, python_path: Sequence[str]) -> Checked:
    """Return the arguments with those that follow from them: the tables of a query, the digest of a function."""
    decided = [found.arguments[name] for name in ("sql", "python_callable") if name in found.arguments]
    if any(argument.class_ != "frozen" for argument in decided):
        return found
    policy = Policy(python_path=tuple(python_path))
    draft = expect(_draft(raw, "read", None, found.values), _nothing_recorded(), policy)
    drawn = {name: value for name, value in draft.values.items() if name not in found.values}
    arguments = {**found.arguments, **{name: Argument.frozen(value) for name, value in drawn.items()}}
    return Checked(arguments, {**found.values, **drawn})


def _editable_names(raw: Raw, names: list[Any], place: JsonPath) -> list[str]:
    """Return the names of the arguments that an approver may change. Each must exist and have a known type."""
    assert raw.checked is not None  # noqa: S101 - the guarded step is made first
    wraps = raw.kind.wraps
    values = raw.checked.values["arguments"] if wraps else raw.checked.values
    given = raw.given.get("arguments") if wraps else raw.given
    inside = values if isinstance(values, dict) else {}
    for index, name in enumerate(names):
        if not isinstance(name, str) or name not in inside:
            refuse(f"{shown(name)} is not an argument of the step", [*place, index], similar(str(name), inside))
        if wraps and isinstance(given, dict) and isinstance(given.get(name), Reference):
            remedy = f"Write editable: {{arguments.{name}: {{type: string}}}}, with the JSON Schema of its field."
            refuse(f"{shown(name)} is filled in when the step runs, so its type is unknown", [*place, index], remedy)
    return [str(name) for name in names]


def _draft(raw: Raw, effect: Effect, rule: ToolRule | None, values: dict[str, Any] | None = None) -> Draft:
    """Return a draft without a recorded call, for the crystallizer's passes that need one."""
    given = values if values is not None else raw.checked.values if raw.checked else {}
    call = ToolCall(id="", tool=raw.kind.name, arguments={})
    return Draft(key=raw.key, call=call, kind=raw.kind, rule=rule, effect=effect, values=given)


def _nothing_recorded() -> Evidence:
    return Evidence(Run(id="", source="agent_run", format="spec"), ToolsFile())
