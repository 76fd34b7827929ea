"""What a review item is about: the values that a person looks at, and the digest that ties a decision to them."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.authoring.specs.written import spec_value
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import value_or
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.model.review_lines import place_text


def concerned(automation: Automation, item: ReviewItem) -> Any:
    """Return the value that an item is about, as a spec contains it; ``None`` for an item about the whole automation.

    It is the value at the item's place. Without a place, it is an object: the texts that a model wrote by their
    places, or else the step's arguments by their names.

    :param automation: an automation or a sidecar. :param item: one of its review items.
    """
    step = next((step for step in automation.steps if step.key == item.step), None)
    if step is None:
        return None
    if item.place:
        return _at(step, item.place)
    if item.code == "model_written" and step.model_words:
        return {place_text(None, place): _at(step, place) for place in step.model_words}
    shown = {name: argument for name, argument in step.arguments.items() if argument.origin != "constant"}
    return {name: spec_value(argument) for name, argument in shown.items()}


def seen(automation: Automation, item: ReviewItem) -> str:
    """Return the digest of what a person saw of an item: after a change of the value, it is another one.

    :param automation: an automation or a sidecar. :param item: one of its review items.
    """
    return json_text.digest(concerned(automation, item))


def _at(step: Step, place: list[str | int]) -> Any:
    argument = step.arguments.get(str(place[0]))
    if argument is None:
        return None
    whole = spec_value(argument)
    return value_or(whole, place[1:], whole)
