"""What people read about a step that should be looked at: why it is flagged, and which of its values outsiders said."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_vai.model.automation import Determinism, UntrustedValue
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.review_lines import place_text

PROSE_WORDS = 4
"""Words of a text that somebody wrote, and did not merely name."""

SHOWN_PLACES = 3
SHOWN_VALUES = 5


def flag(determinism: Determinism, reason: str | None, words: Sequence[JsonPath]) -> tuple[Determinism, str | None]:
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


def outsiders(untrusted: Sequence[UntrustedValue]) -> str:
    """Return which values of a step only outsiders' text said, as part of a sentence."""
    places = [f"{place_text(None, it.place)} (call {it.call_id})" for it in untrusted[:SHOWN_VALUES]]
    more = f" and {len(untrusted) - SHOWN_VALUES} more" if len(untrusted) > SHOWN_VALUES else ""
    return f"only text that outsiders can write says {', '.join(places)}{more}"
