"""A review item: one thing that a person should look at before an automation is activated."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field, model_validator

from airflow_provider_vai.model.base import JsonPath, Spec
from airflow_provider_vai.model.review_codes import CODES


class ReviewItem(Spec):
    """One finding about an automation, as the sidecar's ``review`` lists it.

    ``code`` is a row of :data:`~airflow_provider_vai.model.review_codes.CODES`; ``step`` the key of the step, ``None``
    where it is about the automation; ``place`` leads to a value inside the step, the argument's name first. ``message``
    is the finding in words and ``evidence`` what it rests on: both are for people, and no decision reads them.
    """

    code: str
    step: str | None = None
    place: JsonPath | None = None
    message: str
    evidence: list[str] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _read_text(cls, given: Any) -> Any:
        """Read a text alone, as a person may write it into a spec, as a note."""
        return {"code": "note", "message": given} if isinstance(given, str) else given

    @property
    def follows_from_steps(self) -> bool:
        """Whether the item is drawn from the steps, and so is drawn anew when they change."""
        return self.code in CODES and CODES[self.code].follows_from_steps

    @property
    def identity(self) -> tuple[object, ...]:
        """What two items have in common that are the same finding: whoever reviewed one need not review the other.

        What follows from the steps is told apart by code, step and place, since its words may be another release's; a
        note is what it says.
        """
        finding = (self.code, self.step, tuple(self.place or ()))
        return finding if self.follows_from_steps else (*finding, self.message, *self.evidence)


def review_item(
    code: str,
    *,
    step: str | None = None,
    place: JsonPath | None = None,
    evidence: Iterable[str] = (),
    **values: Any,
) -> ReviewItem:
    """Return a finding with its sentence.

    :param code: of the table. :param step: the key of the step. :param place: a place inside it.
    :param evidence: what it rests on, in lines for people.
    :param values: what the sentence names; a list is written with commas.
    :raises KeyError: the table has no such code, or its sentence names a value that is not given.
    """
    said = {name: ", ".join(map(str, it)) if isinstance(it, (list, tuple)) else it for name, it in values.items()}
    message = CODES[code].message.format(**said)
    return ReviewItem(code=code, step=step, place=place, message=message, evidence=list(evidence))
