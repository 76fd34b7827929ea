"""What is wrong with a document is said in words for its author."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError, field_validator, model_validator

from airflow_provider_vai.model.validation import problems


class Bed(BaseModel):
    """A document with a rule for one value, and one for the whole."""

    plants: int
    water: int = 0

    @field_validator("plants")
    @classmethod
    def _some(cls, plants: int) -> int:
        if plants < 0:
            raise ValueError("there cannot be fewer than none")
        return plants

    @model_validator(mode="after")
    def _enough(self) -> Bed:
        if self.water < self.plants:
            raise ValueError("the plants need more water")
        return self


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"plants": -1}, "plants: there cannot be fewer than none (found '-1')"),
        ({"plants": 3}, "the plants need more water"),
        ({}, "plants is missing"),
        ([], "the document: Input should be a valid dictionary or instance of Bed"),
    ],
)
def test_only_what_the_author_can_use_is_said(given: object, said: str) -> None:
    """The place and the value of one place; of a whole document neither, because its beginning says nothing."""
    with pytest.raises(ValidationError) as raised:
        Bed.model_validate(given)

    assert problems(raised.value) == said
