"""Finds the later values in a run that may depend on a step: those that repeat its results, and texts by a model."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from itertools import accumulate

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.parameters.spot import Obstacle, Spot, shown


class Consequences:
    """The later values that may depend on each step. They are computed once, from the last step to the first.

    :param drafts: the drafts with their wires, in the order of the run's calls.
    :param repeated: the places of values that come from an earlier result.
    :param resting: the places of texts that a model wrote.
    """

    def __init__(self, drafts: Sequence[Draft], repeated: Sequence[Spot], resting: Sequence[Spot]) -> None:
        self._repeated, self._resting = repeated, resting
        self._latest = list(accumulate((spot.draft.call.batch for spot in resting), max))
        self._first_repeated: dict[str, int] = {}  # by step: the first value repeated from it or a step that reads it
        self._first_batch: dict[str, int] = {}  # by step: the batch of the first call among these steps
        of_call: dict[str, int] = {}
        for number, spot in enumerate(repeated):
            if spot.leaf.found.call_id is not None:
                of_call.setdefault(spot.leaf.found.call_id, number)
        readers = _readers(drafts)
        for draft in reversed(drafts):
            behind = [key for key in readers.get(draft.key, ()) if key in self._first_batch]
            numbers = [of_call.get(call.id, len(repeated)) for call in draft.calls]
            self._first_repeated[draft.key] = min([*numbers, *(self._first_repeated[key] for key in behind)])
            batches = [call.batch for call in draft.calls]
            self._first_batch[draft.key] = min([*batches, *(self._first_batch[key] for key in behind)])

    def of(self, steps: Collection[str]) -> Obstacle | None:
        """Return a recorded value that depends on any of the steps; ``None`` if there is none.

        :param steps: the keys of the steps.
        """
        repeated = min(self._first_repeated[key] for key in steps)
        if repeated < len(self._repeated):
            return Obstacle("repeated_later", f"{shown(self._repeated[repeated])} repeats a value that depends on it")
        resting = bisect_right(self._latest, min(self._first_batch[key] for key in steps))
        if resting < len(self._resting):
            what = f"{shown(self._resting[resting])}, which a model wrote, may depend on it"
            return Obstacle("written_about_later", what)
        return None


def _readers(drafts: Sequence[Draft]) -> dict[str, list[str]]:
    """Return, by each step's key, the keys of the later steps that are wired to it."""
    found: dict[str, list[str]] = {}
    for draft in drafts:
        outputs = [output for argument in draft.arguments.values() for output in argument.outputs()]
        outputs += [draft.each] if draft.each else []
        for source in {output.step for output in outputs if output.step}:
            found.setdefault(source, []).append(draft.key)
    return found
