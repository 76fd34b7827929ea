"""What the other runs of a task say about an expression: it must give, in each of them, what that run recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from airflow_provider_vai.crystallizer.deriving.tables import same
from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.derivation import Node, evaluate


@dataclass(frozen=True)
class OtherRun:
    """Another run that made the step.

    :param values: the step's recorded arguments in that run.
    :param resolve: returns the value of a reference in that run; raises ``LookupError`` if there is none.
    """

    values: Mapping[str, Any]
    resolve: Callable[[Node], Any]

    def gives(self, node: Node, value: Any) -> bool:
        """Return whether a derivation gives exactly a value in this run."""
        try:
            return same(evaluate(node, self.resolve), value)
        except (DerivationError, LookupError, TypeError):
            return False

    def entry_of(self, entries: Node, key: Any) -> Any:
        """Return the entry with a key, of an object that a derivation gives in this run; ``None`` without one."""
        try:
            found = evaluate(entries, self.resolve)
        except (DerivationError, LookupError, TypeError):
            return None
        return found.get(key) if isinstance(found, dict) and isinstance(key, str) else None


@dataclass(frozen=True)
class ValueInRuns:
    """The value at a place in the run that is searched, and in the other runs of the task.

    :param value: the value in the run that is searched.
    :param others: the other runs, each with its value.
    """

    value: Any
    others: Sequence[tuple[OtherRun, Any]] = ()

    def holds(self, node: Node) -> bool:
        """Return whether a derivation gives the value of every other run."""
        return all(run.gives(node, value) for run, value in self.others)

    def entry_of(self, entries: Node, entry: Any) -> ValueInRuns:
        """Return the entries whose keys are these values, in every run; of a run without such an entry, ``None``.

        :param entries: the derivation of the object that has the keys.
        :param entry: the entry in the run that is searched.
        """
        return ValueInRuns(entry, [(run, run.entry_of(entries, key)) for run, key in self.others])

    @cached_property
    def different(self) -> list[Any]:
        """The different values of all runs. More than one can prove where the value comes from."""
        return list({json_text.canonical(one): one for one in [self.value, *(it for _, it in self.others)]}.values())

    @property
    def differs(self) -> bool:
        """Whether the runs have different values."""
        return len(self.different) > 1
