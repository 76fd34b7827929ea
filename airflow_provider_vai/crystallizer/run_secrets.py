"""What a run itself shows to be a credential, and the run with every credential masked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.secrets import Sighting, knowing, visit
from airflow_provider_vai.secrets.masking import mask, masked

P = ParamSpec("P")


T = TypeVar("T")


SHORTEST_TOKEN = 8
"""Characters. What stands under ``token`` may be a word; with letters and digits it is looked for elsewhere, too."""


def masked_run(run: Run) -> Run:
    """Return a run as it may be shown: each credential masked, also where only another place tells that it is one."""
    with knowing_those_of(run):
        return Run.model_validate(masked(run.model_dump()))


def with_its_secrets(function: Callable[Concatenate[Run, P], T]) -> Callable[Concatenate[Run, P], T]:
    """Let a function of a run know the run's own credentials (see :func:`knowing_those_of`)."""

    @wraps(function)
    def knowing_them(run: Run, /, *args: P.args, **keywords: P.kwargs) -> T:
        with knowing_those_of(run):
            return function(run, *args, **keywords)

    return knowing_them


@contextmanager
def knowing_those_of(run: Run, known: Iterable[str] = ()) -> Iterator[None]:
    """Take what a run shows as a credential in one place for one in every other place, as long as the block runs.

    A password stands under its key in a call's arguments; in the user's sentence nothing else tells it from a word. An
    error that leaves the block has its text masked.

    :param known: credentials that are known from elsewhere, as :func:`redact` takes them.
    """
    with knowing(known), knowing(secrets_of(run)):
        try:
            yield
        except VaiError as error:
            error.problem, error.where, error.remedy = mask(error.problem), mask(error.where), mask(error.remedy)
            error.args = (error.problem, error.where, error.remedy)
            raise


def secrets_of(run: Run) -> set[str]:
    """Return the credentials that the arguments, results and texts of a run show, in no order."""
    found: set[str] = set()

    def note(sighting: Sighting) -> Any:
        for span in sighting.secrets:
            has_both = re.search(r"\d", span.secret) and re.search(r"[^\W\d_]", span.secret)
            if span.is_password or (len(span.secret) >= SHORTEST_TOKEN and has_both):
                found.add(span.secret)
        return sighting.shown

    for call in run.calls:
        for part in (call.arguments, call.proposed_arguments, call.result, call.error, call.approval.note):
            visit(part, [], note)
    for text in (run.title, run.system_text, *(turn.user_text for turn in run.turns)):
        visit(text, [], note)
    return found
