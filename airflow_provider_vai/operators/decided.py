"""The base class of operators whose effect depends on their arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.model.effects import BY_KIND, ORDER, OWN, Possible
from airflow_provider_vai.operators.arguments import known
from airflow_provider_vai.operators.base import VaiOperator

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath


class DecidedOperator(VaiOperator):
    """Takes its effect from its arguments, unless the DAG file states one.

    When the step runs, it is refused if its arguments have become those of a stronger effect.

    :param given: The arguments that decide, as they were passed to the operator.
    :param own_destination: Whether the destination belongs to this automation alone.
    """

    effect = "write"
    idempotent = True

    def __init__(self, *, given: Mapping[str, Any], own_destination: bool = False, **kwargs: Any) -> None:
        found = BY_KIND[self.kind](known({**given, OWN: own_destination}))
        is_stated = kwargs.get("effect") is not None
        kwargs["effect"] = kwargs.get("effect") or found.effect
        is_idempotent = self.idempotent and found.repeatable
        if kwargs["effect"] == "write" and not is_idempotent:
            kwargs.setdefault("retries", 0)
        super().__init__(**kwargs)
        self.own_destination = own_destination
        self.states_effect = is_stated
        self.idempotent = is_idempotent

    def takes_place_once(self) -> bool:
        """Return whether the tries are recorded: those of a write that has a gate, or that must not be repeated."""
        return self.effect == "write" and (self.gate is not None or not self.idempotent)

    def check_arguments(self) -> None:
        """Check that the step has no stronger effect with the arguments of this DAG run.

        :raises NothingSent: it has.
        """
        from airflow_provider_vai.operators.runtime.errors import NothingSent

        found = self.possible()
        least = found.lowest if self.states_effect else found.effect
        if ORDER.index(self.effect) < ORDER.index(least):
            because = f", because it {found.why}" if found.why else ""
            raise NothingSent(
                f"nothing was sent: the step has the effect {self.effect}, but with these arguments it is a write"
                f'{because}. Pass effect="write" and guard it, or change the arguments'
            )

    def possible(self) -> Possible:
        """Return the effects that the step can have with the arguments of this DAG run."""
        values = {name: getattr(self, name) for name in self.template_fields}
        return BY_KIND[self.kind]({**values, OWN: self.own_destination})

    def checked_target(self, target: ObjectStoragePath) -> ObjectStoragePath:
        """Return a path if the step may write to it.

        :param target: a file or folder, with the connection that it was opened with.
        :raises NothingSent: the path is protected, or the step would have to be a write.
        """
        from airflow_provider_vai.operators.files import protected

        is_owned = self.effect == "write" or self.own_destination is True or self.states_effect
        protected.check(target, is_owned=is_owned)
        return target

    def check_database(self, path: str) -> None:
        """Check that the step may write to the file of a database.

        :param path: the file of a DuckDB or SQLite connection.
        :raises NothingSent: it is protected.
        """
        from airflow_provider_vai.operators.files import protected

        protected.check_database(path)
