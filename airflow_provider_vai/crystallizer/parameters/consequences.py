"""What came of a step in a recorded run: the steps that read from it, and the values that rest on their results."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from itertools import accumulate

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.parameters.spot import Obstacle, Spot, shown


class Consequences:
    """What the steps of a run led to. The steps are walked once, from the last to the first.

    :param drafts: with their wires made, in the order of the run's calls.
    :param repeated: places of values that an earlier result said. :param resting: places of texts that a model wrote.
    """

    def __init__(self, drafts: Sequence[Draft], repeated: Sequence[Spot], resting: Sequence[Spot]) -> None:
        self._repeated, self._resting = repeated, resting
        self._latest = list(accumulate((spot.draft.call.batch for spot in resting), max))
        self._first_repeated: dict[str, int] = {}  # of each step and all that read from it, the first repeated value
        self._first_batch: dict[str, int] = {}  # of the same steps, the batch of their first call
        of_call: dict[str, int] = {}
        for number, spot in enumerate(repeated):
            if spot.leaf.call_id is not None:
                of_call.setdefault(spot.leaf.call_id, number)
        readers = _readers(drafts)
        for draft in reversed(drafts):
            behind = [key for key in readers.get(draft.key, ()) if key in self._first_batch]
            numbers = [of_call.get(call.id, len(repeated)) for call in draft.calls]
            self._first_repeated[draft.key] = min([*numbers, *(self._first_repeated[key] for key in behind)])
            batches = [call.batch for call in draft.calls]
            self._first_batch[draft.key] = min([*batches, *(self._first_batch[key] for key in behind)])

    def of(self, steps: Collection[str]) -> Obstacle | None:
        """Return which recorded value came of steps; ``None`` if there is none.

        :param steps: their keys.
        """
        repeated = min(self._first_repeated[key] for key in steps)
        if repeated < len(self._repeated):
            return Obstacle("repeated_later", f"{shown(self._repeated[repeated])} repeats what came of it")
        resting = bisect_right(self._latest, min(self._first_batch[key] for key in steps))
        if resting < len(self._resting):
            what = f"{shown(self._resting[resting])}, which a model wrote, may rest on what came of it"
            return Obstacle("written_about_later", what)
        return None


def _readers(drafts: Sequence[Draft]) -> dict[str, list[str]]:
    """Return for each step the later steps whose wires start from it."""
    found: dict[str, list[str]] = {}
    for draft in drafts:
        outputs = [output for argument in draft.arguments.values() for output in argument.outputs()]
        outputs += [draft.each] if draft.each else []
        for source in {output.step for output in outputs if output.step}:
            found.setdefault(source, []).append(draft.key)
    return found
