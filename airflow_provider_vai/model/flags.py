"""Why a step is flagged as one that may do something else, or say the same words, when it runs again."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_vai.model.automation import Determinism
from airflow_provider_vai.model.base import Path

PROSE_WORDS = 4
"""Words of a text that somebody wrote, and did not merely name."""

SHOWN_PLACES = 3


def flag(determinism: Determinism, reason: str | None, words: Sequence[Path]) -> tuple[Determinism, str | None]:
    """Return how much a repeated run of a step may differ, and why it is flagged; ``None`` where it is not.

    :param determinism: of the step's kind with its arguments. :param reason: why the kind is flagged, if it is.
    :param words: the places of texts that a model wrote, the argument's name first.
    """
    if not words:
        return determinism, reason
    places = [".".join(map(str, place)) for place in words]
    more = f" and {len(places) - SHOWN_PLACES} more" if len(places) > SHOWN_PLACES else ""
    wrote = f"a model wrote {', '.join(places[:SHOWN_PLACES])}{more}, which each run repeats word for word"
    is_anew = determinism == "model_at_run_time"
    return determinism if is_anew else "model_written", f"{reason}; {wrote}" if reason else wrote
