"""What counts as prose, and the texts that explain why a step is flagged and which of its values outsiders wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.behaviour import Determinism
from airflow_provider_vai.model.review_codes import STALE
from airflow_provider_vai.model.review_lines import place_text
from airflow_provider_vai.model.step_approval import UntrustedValue
from airflow_provider_vai.secrets.patterns import deferred

PROSE_WORDS = 4
"""A text with at least this many words counts as prose that someone wrote, not as a name."""

WORD_CHARACTERS = 3
"""How many characters count as a word in scripts without spaces: Chinese, Japanese, Thai, Lao, Burmese and Khmer."""

_UNSPACED = deferred(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)

SHOWN_PLACES = 3
SHOWN_VALUES = 5


def is_prose(text: str) -> bool:
    """Return whether a text is long enough to be prose that someone wrote."""
    if len(text.split()) >= PROSE_WORDS:
        return True
    return not text.isascii() and len(_UNSPACED.findall(text)) >= PROSE_WORDS * WORD_CHARACTERS


def is_list_of_prose(values: Sequence[object]) -> bool:
    """Return whether a list holds independent sentences, and not a selection of records."""
    return bool(values) and all(isinstance(value, str) and is_prose(value) for value in values)


def flag(determinism: Determinism, reason: str | None, words: Sequence[JsonPath]) -> tuple[Determinism, str | None]:
    """Return a step's determinism and the reason why it is flagged; the reason is ``None`` if it is not.

    :param determinism: the determinism of the step's kind with its arguments.
    :param reason: why the kind is flagged; ``None`` if it is not.
    :param words: the places of texts that a model wrote, the argument's name first.
    """
    if not words:
        return determinism, reason
    places = [".".join(map(str, place)) for place in words]
    more = f" and {len(places) - SHOWN_PLACES} more" if len(places) > SHOWN_PLACES else ""
    wrote = f"a model wrote the words of {', '.join(places[:SHOWN_PLACES])}{more}, which every run repeats"
    asks_model = determinism == "model_at_run_time"
    return determinism if asks_model else "model_written", f"{reason}; {wrote}" if reason else wrote


def outsiders(untrusted: Sequence[UntrustedValue]) -> str:
    """Return a clause that lists the values of a step that appear only in text that outsiders can write."""
    places = [f"{place_text(None, value.place)} (call {value.call_id})" for value in untrusted[:SHOWN_VALUES]]
    more = f" and {len(untrusted) - SHOWN_VALUES} more" if len(untrusted) > SHOWN_VALUES else ""
    return f"only text that outsiders can write contains {', '.join(places)}{more}"


def stale_sentences(arguments: Mapping[str, Argument]) -> str:
    """Return a sentence about each text of a step that repeats figures of the recorded run; empty if none does.

    A gate's reason ends with them, each with a space before it.

    :param arguments: the step's arguments.
    """
    places = (
        (place_text(None, [name, *place.at]), "; ".join(place.evidence))
        for name, argument in arguments.items()
        for place in argument.undecided
        if place.code == STALE
    )
    return "".join(f" {place} repeats figures of the recorded run: {figures}." for place, figures in places)


def model_steps(steps: Iterable[Step]) -> list[str]:
    """Return the keys of the steps that ask a model in each DAG run."""
    return [step.key for step in steps if step.determinism == "model_at_run_time"]
