"""Edit requests from the command line or the HTTP API: one class for each kind of edit.

``apply`` returns the edited automation and writes nothing. Values of arguments are JSON data that may contain the
references of a spec (``{"$from": ["step", "key"]}``), see :mod:`airflow_provider_vai.authoring.specs.values`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from airflow_provider_vai.authoring import editing
from airflow_provider_vai.authoring.editing import choices
from airflow_provider_vai.authoring.specs import typed, values as spec_values
from airflow_provider_vai.model.argument import Argument, Output
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.step_graph import found


class Edit(Protocol):
    """A change that a user requests."""

    def apply(self, automation: Automation, by: str) -> Automation:
        """Return the edited automation.

        :param automation: The automation; it is not changed.
        :param by: Who edits, for the evidence and reasons in the sidecar.
        :raises SpecError: the edit is refused.
        """
        ...


@dataclass(frozen=True)
class AddStep:
    """Adds a step.

    ``after``, ``before`` and ``parallel`` are described in :func:`~airflow_provider_vai.authoring.editing.add_step`.

    :param kind: The action kind.
    :param key: The step's key; ``None``: a free name made from the kind's name.
    :param values: The arguments by name.
    :param gate: Settings of an approval gate before the step. A write gets a gate even without them.
    :param ungated: Add a write without a gate.
    :param options: Options such as retries, see ``set_step_options``.
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
    """Changes one step. The changes are made in the order of the parameters.

    :param key: The step.
    :param kind: A new action kind. The step is then replaced, and ``values`` are all arguments of the new step.
    :param values: Pairs of a place in the arguments (``json.items.0``) and the value to set there.
    :param unset: Places to unset.
    :param gate: Settings of the step's approval gate, which is created if the step has none.
    :param options: Options such as retries, see ``set_step_options``.
    :param new_key: The new key.
    :param ungated: Let the step run without approval if it becomes a write.
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
class LiftArgument:
    """Makes a recorded value the default of a DAG param.

    :param key: The step.
    :param place: The place in its arguments.
    :param name: The param's name; ``None``: a free one.
    :param ungated: As in :class:`ChangeStep`.
    """

    key: str
    place: str
    name: str | None = None
    ungated: bool = False

    def apply(self, automation: Automation, by: str) -> Automation:
        """Return the automation with the param; see :meth:`Edit.apply`."""
        return choices.lift_argument(automation, self.key, self.place, self.name, ungated=self.ungated, by=by)


@dataclass(frozen=True)
class AskModel:
    """Lets a model write a text in each run, from named results only.

    :param key: The step whose text is written.
    :param place: The place in its arguments.
    :param reads: The results as places: ``query.rows``.
    :param conn_id: The connection to the model; ``None``: the default one.
    """

    key: str
    place: str
    reads: Sequence[str]
    conn_id: str | None = None

    def apply(self, automation: Automation, by: str) -> Automation:
        """Return the automation with a step that asks the model; see :meth:`Edit.apply`."""
        reads = [Output(step=typed.place(text)[0], path=typed.place(text)[1:]) for text in self.reads]
        return choices.ask_model(automation, self.key, self.place, reads, conn_id=self.conn_id, by=by)


@dataclass(frozen=True)
class MoveStep:
    """Moves a step with its gate: after a step, before a step, or between the two."""

    key: str
    after: str | None = None
    before: str | None = None

    def apply(self, automation: Automation, by: str) -> Automation:
        """Return the automation with the step at its new place; see :meth:`Edit.apply`."""
        return editing.move_step(automation, self.key, after=self.after, before=self.before)


@dataclass(frozen=True)
class RemoveStep:
    """Removes a step with its gate.

    :param key: The step.
    :param freeze: Values to use instead of its result: place that reads it -> value.
    :param ungate: Remove a gate even if it guards a write.
    :param unbranch: Remove a branch; the steps on both sides then run.
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
    """Changes settings of the whole automation; a setting that is ``None`` stays as it is.

    :param params: Param name -> its fields as in a sidecar; ``None`` instead of the fields removes the param.
    :param triggers: The new list of triggers.
    :param conditions: The new list of conditions.
    :param values: Values of arguments: ``{step: {place: value}}``.
    :param options: Options such as description, tags and limits, see ``set_options``.
    :param ungated: As in :class:`ChangeStep`, for steps in ``values``.
    """

    params: Mapping[str, Mapping[str, Any] | None] | None = None
    triggers: Sequence[Mapping[str, Any]] | None = None
    conditions: Sequence[str] | None = None
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    ungated: bool = False

    def apply(self, automation: Automation, by: str) -> Automation:
        """Return the automation with the changes; see :meth:`Edit.apply`.

        Params are added first and removed last, so the new values and conditions may use the added params, but not the
        removed ones.
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
    """Return a value for :func:`set_argument`: data, or an :class:`Argument` if it contains a reference.

    :param where: The place in the request, for messages.
    :raises SpecError: a reference is invalid.
    """
    read = spec_values.read(value, where)
    return spec_values.argument(read) if any(spec_values.references(read)) else read


def _arguments(values: Mapping[str, Any]) -> dict[str, Argument]:
    return {name: spec_values.argument(spec_values.read(value, ["arguments", name])) for name, value in values.items()}
