"""A review item: one thing that a person should look at before an automation is activated."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field, model_validator

from airflow_provider_vai.model.base import JsonPath, Spec
from airflow_provider_vai.model.factories import new_list
from airflow_provider_vai.model.review_codes import CODES


class ReviewItem(Spec):
    """One review item of an automation, as in the sidecar's ``review`` list.

    ``code`` is a key of :data:`~airflow_provider_vai.model.review_codes.CODES`. ``step`` is the key of the step;
    ``None`` means the automation as a whole. ``place`` leads to a value inside the step and starts with the argument's
    name. ``message`` states the finding and ``evidence`` the reasons for it. Both are for people; no code reads them.
    """

    code: str
    step: str | None = None
    place: JsonPath | None = None
    message: str
    evidence: list[str] = Field(default_factory=new_list)

    @model_validator(mode="before")
    @classmethod
    def _read_text(cls, given: Any) -> Any:
        """Read a plain string, which a person may write into a spec, as a note."""
        return {"code": "note", "message": given} if isinstance(given, str) else given

    @property
    def follows_from_steps(self) -> bool:
        """Whether the item is generated from the steps, and so is generated again when they change."""
        return self.code in CODES and CODES[self.code].follows_from_steps

    @property
    def identity(self) -> tuple[object, ...]:
        """The key by which two items count as the same: someone who reviewed one need not review the other.

        Items generated from the steps are compared by code, step and place, because another release may word them
        differently. Notes are compared by their text as well.
        """
        key = (self.code, self.step, tuple(self.place or ()))
        return key if self.follows_from_steps else (*key, self.message, *self.evidence)


def review_item(
    code: str,
    *,
    step: str | None = None,
    place: JsonPath | None = None,
    evidence: Iterable[str] = (),
    **values: Any,
) -> ReviewItem:
    """Return a review item with the message of its code.

    :param code: a key of :data:`~airflow_provider_vai.model.review_codes.CODES`.
    :param step: the key of the step; ``None`` for an item about the automation.
    :param place: a place inside the step, the argument's name first.
    :param evidence: the reasons, one line each, for people.
    :param values: the values for the placeholders in the message; a list is joined with commas.
    :raises KeyError: the code is unknown, or a placeholder of its message has no value.
    """
    filled = {name: ", ".join(map(str, v)) if isinstance(v, (list, tuple)) else v for name, v in values.items()}
    message = CODES[code].message.format(**filled)
    return ReviewItem(code=code, step=step, place=place, message=message, evidence=list(evidence))
