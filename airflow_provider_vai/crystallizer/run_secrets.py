"""Finds the credentials that a run contains, and masks them everywhere in the run."""

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
"""The fewest characters of a token. A value under the key ``token`` may be an ordinary word, so it counts as a
credential in other places only if it is at least this long and has both letters and digits."""


def masked_run(run: Run) -> Run:
    """Return a run with each credential masked, even where only another place in the run identifies it as one."""
    with knowing_those_of(run):
        return Run.model_validate(masked(run.model_dump()))


def with_its_secrets(function: Callable[Concatenate[Run, P], T]) -> Callable[Concatenate[Run, P], T]:
    """Decorate a function of a run so that the run's own credentials are known in it (:func:`knowing_those_of`)."""

    @wraps(function)
    def knowing_them(run: Run, /, *args: P.args, **keywords: P.kwargs) -> T:
        with knowing_those_of(run):
            return function(run, *args, **keywords)

    return knowing_them


@contextmanager
def knowing_those_of(run: Run, known: Iterable[str] = ()) -> Iterator[None]:
    """Within the block, treat each credential that a run contains as a credential everywhere.

    A password is recognized by its key in a call's arguments. In the user's sentence it looks like any other word. The
    texts of a :class:`VaiError` that leaves the block are masked.

    :param known: additional known credentials, as for :func:`redact`.
    """
    with knowing(known), knowing(secrets_of(run)):
        try:
            yield
        except VaiError as error:
            error.problem, error.where, error.remedy = mask(error.problem), mask(error.where), mask(error.remedy)
            error.args = (error.problem, error.where, error.remedy)
            raise


def secrets_of(run: Run) -> set[str]:
    """Return the credentials found in the arguments, results and texts of a run."""
    found: set[str] = set()

    def note(sighting: Sighting) -> Any:
        for span in sighting.secrets:
            has_both = re.search(r"\d", span.secret) and re.search(r"[^\W\d_]", span.secret)
            if span.is_password or (len(span.secret) >= SHORTEST_TOKEN and has_both):
                found.add(span.secret)
        return sighting.shown

    for call in run.calls:
        proposed = None if call.proposed_arguments is call.arguments else call.proposed_arguments
        for part in (call.arguments, proposed, call.result, call.error, call.approval.note):
            visit(part, [], note)
    for text in (run.title, run.system_text, *(turn.user_text for turn in run.turns)):
        visit(text, [], note)
    return found
