"""Edits as a user asks for them, on the command line or over HTTP: one object each, with everything the edit takes.

``apply`` returns the edited automation and writes nothing. Values of arguments are JSON data that may hold the
references of a spec (``{"$from": ["step", "key"]}``), see :mod:`airflow_provider_vai.authoring.specs.values`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from airflow_provider_vai.authoring import editing
from airflow_provider_vai.authoring.specs import values as spec_values
from airflow_provider_vai.model.automation import Argument, Automation
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.step_graph import found


class Edit(Protocol):
    """What a user wants changed."""

    def apply(self, automation: Automation, by: str) -> Automation:
        """Return the automation with the edit.

        :param by: who edits, for the evidence and the reasons that the sidecar keeps.
        :raises SpecError: the edit is refused.
        """
        ...


@dataclass(frozen=True)
class AddStep:
    """A new step.

    :param kind: its action kind. :param key: its key; ``None``: one of the kind's name that is free.
    :param values: its arguments. :param after: ``before`` and ``parallel``: where it goes, see
        :func:`~airflow_provider_vai.authoring.editing.add_step`.
    :param gate: settings of an approval gate before it; a write gets a gate without them, too, unless ``ungated``.
    :param options: retries and the like, see ``set_step_options``.
    """

    kind: str
    key: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    after: str | None = None
    before: str | None = None
    parallel: bool = False
    gate: Mapping[str, Any] | None = None
    ungated: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, automation: Automation, by: str) -> Automation:
        """Return the automation with the new step; see :meth:`Edit.apply`."""
        step = editing.new_step(automation, self.kind, _arguments(self.values), key=self.key)
        automation = editing.add_step(
            automation,
            step,
            after=self.after,
            before=self.before,
            parallel=self.parallel,
            gate=self.gate,
            ungated=self.ungated,
            by=by,
        )
        return editing.set_step_options(automation, step.key, **self.options) if self.options else automation


@dataclass(frozen=True)
class ChangeStep:
    """Changes of one step, made in this order.

    :param key: the step. :param kind: another action kind: ``values`` are all arguments of the step that takes its
        place. :param values: places of its arguments (``json.items.0``), each with the value to set there.
    :param unset: places to leave out. :param gate: settings of its approval gate, which it gets if it has none.
    :param options: retries and the like, see ``set_step_options``. :param new_key: its new key.
    :param ungated: let it run without approval if it becomes a write.
    """

    key: str
    kind: str | None = None
    values: Sequence[tuple[str, Any]] = ()
    unset: Sequence[str] = ()
    gate: Mapping[str, Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    new_key: str | None = None
    ungated: bool = False

    def apply(self, automation: Automation, by: str) -> Automation:
        """Return the automation with the changed step; see :meth:`Edit.apply`."""
        found(automation.steps, self.key)
        if self.kind is not None:
            step = editing.new_step(automation, self.kind, _arguments(dict(self.values)))
            automation = editing.replace_step(automation, self.key, step, ungated=self.ungated, by=by)
        else:
            automation = _with_values(automation, self.key, self.values, ["arguments"], ungated=self.ungated, by=by)
        for place in self.unset:
            automation = editing.unset_argument(automation, self.key, place, ungated=self.ungated, by=by)
        if self.gate is not None:
            automation = editing.guard_step(automation, self.key, self.gate, by=by)
        if self.options:
            automation = editing.set_step_options(automation, self.key, **self.options)
        if self.new_key is None or self.new_key == self.key:
            return automation
        return editing.rename_step(automation, self.key, self.new_key)


@dataclass(frozen=True)
class MoveStep:
    """A step, with its gate, at another place: ``after`` a step, ``before`` one, or between the two."""

    key: str
    after: str | None = None
    before: str | None = None

    def apply(self, automation: Automation, by: str) -> Automation:
        """Return the automation with the step at its new place; see :meth:`Edit.apply`."""
        return editing.move_step(automation, self.key, after=self.after, before=self.before)


@dataclass(frozen=True)
class RemoveStep:
    """A step that goes, with its gate.

    :param freeze: the values to use instead of its result, by the places that read it.
    :param ungate: remove a gate although it guards a write. :param unbranch: remove a branch; both its ways run then.
    """

    key: str
    freeze: Mapping[str, Any] = field(default_factory=dict)
    ungate: bool = False
    unbranch: bool = False

    def apply(self, automation: Automation, by: str) -> Automation:
        """Return the automation without the step; see :meth:`Edit.apply`."""
        return editing.remove_step(
            automation, self.key, freeze=self.freeze, ungate=self.ungate, unbranch=self.unbranch, by=by
        )


@dataclass(frozen=True)
class ChangeAutomation:
    """Changes of what belongs to the whole automation; ``None`` leaves as it is.

    :param params: params to set, with their fields as in a sidecar; ``None`` in place of the fields removes one.
    :param triggers: all triggers. :param conditions: all conditions.
    :param values: values of steps: ``{step: {place: value}}``. :param ungated: as in :class:`ChangeStep`.
    :param options: description, tags, limits and the like, see ``set_options``.
    """

    params: Mapping[str, Mapping[str, Any] | None] | None = None
    triggers: Sequence[Mapping[str, Any]] | None = None
    conditions: Sequence[str] | None = None
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    ungated: bool = False

    def apply(self, automation: Automation, by: str) -> Automation:
        """Return the automation with the changes; see :meth:`Edit.apply`.

        Params are added first and removed last: the new values and conditions may use the first, and must not use the
        others.
        """
        if self.params is not None:
            kept = {name: fields for name, fields in self.params.items() if fields is not None}
            automation = editing.set_params(automation, kept)
        if self.triggers is not None:
            automation = editing.set_triggers(automation, self.triggers)
        for key, values in self.values.items():
            place: JsonPath = ["arguments", key]
            automation = _with_values(automation, key, list(values.items()), place, ungated=self.ungated, by=by)
        if self.conditions is not None:
            automation = editing.set_conditions(automation, self.conditions)
        if self.params is not None:
            gone = {name: None for name, fields in self.params.items() if fields is None}
            automation = editing.set_params(automation, gone)
        return editing.set_options(automation, **self.options) if self.options else automation


def _with_values(
    automation: Automation, key: str, values: Sequence[tuple[str, Any]], where: JsonPath, *, ungated: bool, by: str
) -> Automation:
    for place, value in values:
        argument = _argument(value, [*where, place])
        automation = editing.set_argument(automation, key, place, argument, ungated=ungated, by=by)
    return automation


def _argument(value: Any, where: JsonPath) -> Any:
    """Return a value as :func:`set_argument` takes it: data, or an Argument where a reference is in it.

    :param where: the place in the request, for messages.
    :raises SpecError: a reference is misspelt.
    """
    read = spec_values.read(value, where)
    return spec_values.argument(read) if any(spec_values.references(read)) else read


def _arguments(values: Mapping[str, Any]) -> dict[str, Argument]:
    return {name: spec_values.argument(spec_values.read(value, ["arguments", name])) for name, value in values.items()}
