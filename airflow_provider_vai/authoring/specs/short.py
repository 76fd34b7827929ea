"""Reads the short form of a spec, in which people write the essentials and everything that follows is filled in.

The form is described in ``dev/docs/spec.md``. A step becomes the step that the crystallizer would make of a recorded
call with these arguments. Its gate comes directly before it, and it depends on the steps that its wires read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.authoring.specs.condition import condition_problem
from airflow_provider_vai.authoring.specs.params import params_of
from airflow_provider_vai.authoring.specs.places import only, refuse, refused, text_of, validated
from airflow_provider_vai.authoring.specs.steps import Raw, gate_step, raw_step, step
from airflow_provider_vai.authoring.specs.triggers import check_start, triggers
from airflow_provider_vai.authoring.specs.values import refuse_credentials
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages.identifiers import Names, has_valid_characters, loses_letters, slug
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.model import review
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.refusals import refusals
from airflow_provider_vai.model.review_item import ReviewItem

OPTIONS = (
    "title",
    "description",
    "tags",
    "owner",
    "max_active_runs",
    "max_active_tasks",
    "timeout_seconds",
    "retries",
    "retry_delay_seconds",
    "notifications",
)
KEYS = ("dag_id", "name", "trigger", "triggers", "params", "conditions", "steps", *OPTIONS)


@dataclass
class SpecReader:
    """Reads a spec and collects all errors, so that one wrong step does not hide the others.

    :param python_path: Folders that are searched for the functions of ``python_tool`` steps, before ``sys.path``.
    :param refused: The errors so far.
    :param notes: Review items about how the spec was read.
    """

    python_path: Sequence[str] = ()
    refused: list[SpecError] = field(default_factory=list)
    notes: list[ReviewItem] = field(default_factory=list)

    def automation(self, document: dict[str, Any], default_name: str) -> Automation | None:
        """Return the automation of a short form; ``None`` if there are errors, which are in ``refused``.

        :param document: The short form. Values of arguments may contain :class:`authoring.specs.values.Reference`.
        :param default_name: The name from which the DAG id is made if the document has neither ``dag_id`` nor ``name``.
        """
        fields = self._try(only, document, KEYS, [])
        if fields is None:
            fields = {name: value for name, value in document.items() if name in KEYS}
        steps = self._steps(fields.get("steps"))
        started = self._try(triggers, fields) or []
        params = self._try(params_of, fields.get("params", {})) or {}
        conditions = self._try(_conditions, fields.get("conditions", [])) or []
        dag_id = self._try(_dag_id, fields, default_name)
        for name in (*OPTIONS, "name"):
            self._try(refuse_credentials, {name: fields.get(name)}, [])
        if self.refused:
            return None
        flagged = review.flagged(steps)
        options = {name: fields[name] for name in OPTIONS if name in fields}
        if "title" not in options and "dag_id" not in fields and loses_letters(str(fields.get("name") or "")):
            options["title"] = fields["name"]
        if "description" not in options and isinstance(fields.get("name"), str):
            options["description"] = fields["name"]
        made: dict[str, Any] = {
            **options,
            "dag_id": dag_id,
            "source_type": "MANUAL",
            "non_deterministic": bool(flagged),
            "non_deterministic_steps": flagged,
            "steps": steps,
            "params": params,
            "triggers": started,
            "conditions": conditions,
            "connections": review.connections(steps, started),
            "review": review.items(steps, self.notes),
        }
        automation: Automation | None = self._try(validated, Automation, made, [])
        if automation is not None:
            self._try(check_start, automation)
            self.refused += [refused(one) for one in refusals(automation)]
        return None if self.refused else automation

    def _steps(self, given: Any) -> list[Step]:
        """Return the steps with their gates, in order."""
        if not isinstance(given, list) or not given:
            self._try(refuse, f"{shown(given)} is not a list of steps", ["steps"], "Write at least one step.")
            return []
        raws = [raw for index, one in enumerate(given) if (raw := self._try(raw_step, one, ["steps", index]))]
        self._name(raws)
        names = Names(frozenset(raw.key for raw in raws))
        steps: list[Step] = []
        before: list[str] = []
        gates: dict[str, str] = {}
        for raw in raws:
            gate = names.give(f"approve_{raw.key}") if raw.gate is not None else None
            made: Step | None = self._try(
                step, raw, before, steps, gate, notes=self.notes, python_path=self.python_path
            )
            if made is None:
                before = [*before, raw.key]
                continue
            if gate:
                asked = self._try(gate_step, gate, raw, made)
                steps += [asked] if asked else []
                made = made.model_copy(update={"depends_on": [gate]})
                gates[raw.key] = gate
            steps.append(made)
            before = [*before, raw.key]
        return [_branching(made, gates) for made in steps]

    def _name(self, raws: Sequence[Raw]) -> None:
        """Give each step without a key a name made from its kind's name, and refuse duplicate keys."""
        names = Names(frozenset(raw.key for raw in raws if raw.key))
        seen: set[str] = set()
        for raw in raws:
            if not raw.key:
                raw.key = names.give(raw.kind.name)
            elif raw.key.casefold() in seen:
                place = [*raw.place, "key"]
                self._try(refuse, f"two steps have the key {shown(raw.key)}", place, "Give each step its own.")
            seen.add(raw.key.casefold())

    def _try(self, function: Any, *arguments: Any, **keywords: Any) -> Any:
        try:
            return function(*arguments, **keywords)
        except SpecError as error:
            self.refused.append(error)
            return None


def _dag_id(fields: dict[str, Any], default_name: str) -> str:
    if "dag_id" not in fields:
        name = text_of(fields["name"], ["name"], "name") if "name" in fields else default_name
        return slug(name, "vai_automation").rstrip("_")
    given = text_of(fields["dag_id"], ["dag_id"], "DAG id")
    if not has_valid_characters(given):
        remedy = f"Use letters, digits, dashes, dots and underscores: {slug(given, 'vai_automation')}"
        refuse(f"{shown(given)} cannot be a DAG id", ["dag_id"], remedy)
    return given


def _conditions(given: Any) -> list[str]:
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list):
        refuse(f"{shown(given)} is not a list of conditions", ["conditions"], "Write ['params.region = \"EU\"'].")
    for index, text in enumerate(texts):
        place: JsonPath = ["conditions", index]
        refuse_credentials({"conditions": [text_of(text, place, "condition")]}, [])
        if problem := condition_problem(text):
            refuse(f"{shown(text)}: {problem}", place, 'Write it like params.region in ["EU", "US"].')
    return list(texts)


def _branching(one: Step, gates: dict[str, str]) -> Step:
    """Return a branch with guarded steps replaced by their gates, because the gates are directly downstream of it."""
    if one.kind != "conditional_branch" or not gates:
        return one
    arguments = dict(one.arguments)
    for name in ("if_true", "if_false"):
        if name in arguments and isinstance(arguments[name].value, list):
            arguments[name] = Argument.frozen([gates.get(key, key) for key in arguments[name].value])
    return one.model_copy(update={"arguments": arguments})
