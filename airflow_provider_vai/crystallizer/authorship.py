"""Which steps hold a model's own words.

A kind may be flagged as a whole (the SQL of ``generate_query``). A step that changes something outside is flagged, too,
when it sends prose that neither the user, nor the instructions, nor an earlier result said: it will say the same
tomorrow, figures included.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.transcript import texts
from airflow_provider_vai.crystallizer.wiring.wire import placed
from airflow_provider_vai.languages import result_path
from airflow_provider_vai.model.automation import Argument, Determinism

PROSE_WORDS = 4
SHOWN_PLACES = 3


def authorship(draft: Draft, evidence: Evidence) -> tuple[Determinism, str | None]:
    """Return how much a repeated run of the step may differ, and why it is flagged; ``None`` where it is not.

    :param draft: with its wires made. :param evidence: of the run that it is from.
    """
    determinism, reason = draft.kind.determinism_of(draft.values)
    if draft.effect != "write":
        return determinism, reason
    prose = [
        (place, text)
        for name, argument in draft.arguments.items()
        for place, text in texts(_as_recorded(draft, name, argument), [name])
        if len(text.split()) >= PROSE_WORDS
    ]
    places = [".".join(map(str, place)) for place, text in prose if not evidence.heard.holds(text, draft.call)]
    if not places:
        return determinism, reason
    more = f" and {len(places) - SHOWN_PLACES} more" if len(places) > SHOWN_PLACES else ""
    wrote = f"a model wrote {', '.join(places[:SHOWN_PLACES])}{more}, which each run repeats word for word"
    anew = determinism == "model_at_run_time"
    return determinism if anew else "model_written", f"{reason}; {wrote}" if reason else wrote


def _as_recorded(draft: Draft, name: str, argument: Argument) -> Any:
    """Return an argument's value with the recorded texts that templates stand for."""
    if argument.class_ == "template":
        return draft.values[name]
    value = argument.value
    for wire in argument.wires:
        if wire.template is not None:
            value = placed(value, wire.at, result_path.follow(draft.values[name], wire.at))
    return value
