"""Checks of derived values."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_vai.analysis.lint.finding import CheckResult
from airflow_provider_vai.analysis.lint.raw import RawStep, list_of, object_of, text_of, texts_of
from airflow_provider_vai.analysis.lint.subjects import Subject
from airflow_provider_vai.authoring.specs.places import similar
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.model import derivation
from airflow_provider_vai.model.recipients import chosen_by
from airflow_provider_vai.model.review_codes import STALE

DERIVE_IT = (
    "Derive the text (`vai derive`), make it a DAG param (`vai edit lift`), let a model write it in each run "
    "(`vai edit model`), or take the figures out."
)
REMEDY = "Name the record, make the value a param, or freeze it."


def unknown_arguments(subject: Subject) -> Iterator[CheckResult]:
    """A derived value reads an argument that its step does not have, or of a mapped step."""
    for step in subject.steps:
        for field, _, tree in step.trees():
            for key, name in derivation.given_arguments(tree):
                source = subject.by_key.get(key)
                if source is None:
                    continue  # another check reports it
                if isinstance(source.data.get("each"), dict):
                    problem = f"the step {shown(key)} is mapped over a list, so it was given several arguments"
                    yield CheckResult(field, problem, "Read the list that it is mapped over.")
                elif name not in source.arguments:
                    problem = f"the step {shown(key)} has no argument {shown(name)}"
                    yield CheckResult(field, problem, similar(name, source.arguments))


def constants(subject: Subject) -> Iterator[CheckResult]:
    """A part of a derived value works with literals only, so it is the same in every run."""
    for step in subject.steps:
        for field, _, tree in step.trees():
            for function in derivation.constant_parts(tree):
                problem = f"{function}(...) reads no result, param or argument, so it is the same in every run"
                yield CheckResult(field, problem, "Write its value, or refer to what it should be worked out from.")


def stale_texts(subject: Subject) -> Iterator[CheckResult]:
    """A text repeats figures of the recorded run, and no derivation fills them in."""
    for step in subject.steps:
        for name, argument in step.arguments.items():
            for place in list_of(argument.get("undecided")):
                if object_of(place).get("code") == STALE:
                    figures = "; ".join(texts_of(place.get("evidence")))
                    problem = f"the text repeats figures of the recorded run: {shown(figures)}"
                    yield CheckResult(step.field("arguments", name, *list_of(place.get("at"))), problem, DERIVE_IT)


def chosen_recipients(subject: Subject) -> Iterator[CheckResult]:
    """A write takes a recipient, an account or an amount by a criterion or from a text, and no person set it."""
    yield from _chosen(subject, by_person=False)


def recipients_by_person(subject: Subject) -> Iterator[CheckResult]:
    """A write takes a recipient, an account or an amount by a criterion or from a text, as a person set it."""
    yield from _chosen(subject, by_person=True)


def _chosen(subject: Subject, *, by_person: bool) -> Iterator[CheckResult]:
    for step in subject.steps:
        for field, place, tree in step.trees() if step.is_write else ():
            if _is_edited(step, str(place[0])) == by_person and (function := chosen_by(place, tree)):
                problem = f"the write takes {shown('.'.join(map(str, place)))} by {function}(...)"
                how = "so another one may be chosen in the next run"
                yield CheckResult(field, f"{problem}, {how}", REMEDY)


def _is_edited(step: RawStep, name: str) -> bool:
    """Return whether a person set the argument: in an edit, or in a spec written by hand."""
    return text_of(step.arguments[name].get("origin")) == "user" or not step.data.get("call_ids")
