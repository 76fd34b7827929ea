"""Finds arguments that come from outsiders: an untrusted tool's result contains them, and no other source before.

Parts of texts count as well: an argument may be part of a result's text, and a part of an argument (an account number
in a message's body) may appear in a result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.result_values import is_recorded
from airflow_provider_vai.crystallizer.evidence.said import words_of
from airflow_provider_vai.crystallizer.evidence.value_places import leaves
from airflow_provider_vai.crystallizer.evidence.weight import weight
from airflow_provider_vai.model import derivation
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.run import ToolCall
from airflow_provider_vai.model.step_approval import UntrustedValue
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.secrets.patterns import deferred

SHORTEST_PART = 6
"""The fewest characters of an address or number that is looked for as part of a longer text."""

SHORTEST_PASSAGE = 5
"""The fewest consecutive words that count as copied; fewer may agree by chance."""

POINTED = deferred(r"[^\s\"'<>()\[\]{},;|]{6,2000}")
ADDRESS = deferred(r"@|://|^www\.|\.\w{2,}(/|$)|[/\\]", re.IGNORECASE)
WEB_ADDRESS = deferred(r"https?://|www\.", re.IGNORECASE)
HOST = deferred(r"[\w-]+(\.[\w-]+)*\.[a-z]{2,24}(:\d+)?(/|$)", re.IGNORECASE)
ADDRESS_NAME = deferred(r"(^|_)(url|uri|link|href|endpoint|host|domain|site|website|webpage)s?$", re.IGNORECASE)
NUMBER = deferred(r"(?=(?:\D*\d){3})[\w#+-]{6,}$|^\d{6,}$")


def untrusted_arguments(draft: Draft, evidence: Evidence) -> list[UntrustedValue]:
    """Return the values in a step's arguments that appear only in untrusted results.

    Values that appeared in the user's words, the instructions or a trusted result before the call are left out.

    :param draft: the step.
    :param evidence: the evidence of its run.
    :return: the values in the order of the arguments, each with its place and the id of the first call that returned
        it.
    """
    if not evidence.untrusted.entries:
        return []
    found: list[UntrustedValue] = []
    for call, values in _recorded(draft):
        for at, part in leaves(values):
            sources = (_only_source(claim, call, evidence) for claim in _claims(part))
            source = next(filter(None, sources), None)
            value = UntrustedValue(place=at, call_id=mask(source.id)) if source else None
            found += [value] if value and value not in found else []
    return found


def untrusted_derivations(draft: Draft, evidence: Evidence) -> list[UntrustedValue]:
    """Return the values of a step that each run works out from results that outsiders can write.

    A total, a largest record or a filtered list of such rows is theirs as well: who writes a row can win.

    :param draft: the step with its derived values.
    :param evidence: the evidence of its run, with the same steps.
    """
    outside = evidence.outside
    return [
        UntrustedValue(place=[name, *at], call_id=mask(outside[step].id))
        for name, argument in draft.arguments.items()
        for at, tree in argument.trees()
        for step in list(dict.fromkeys(step for step, _ in derivation.reads(tree) if step in outside))[:1]
    ]


def _only_source(value: Any, call: ToolCall, evidence: Evidence) -> ToolCall | None:
    """Return the first untrusted call whose result contains a value; ``None`` if there is none, or another source."""
    source = evidence.untrusted.first(value, call.batch)
    if source is None or evidence.timeline.people_said(call, value) or evidence.trusted.first(value, call.batch):
        return None
    return source


def _recorded(draft: Draft) -> Iterator[tuple[ToolCall, dict[str, Any]]]:
    """Yield each call of the step with its recorded arguments.

    The first call's are under the kind's names, those of a loop's other calls under the recorded names.
    """
    yield draft.call, {name: value for name, value in draft.values.items() if is_recorded(draft, value)}
    for call in draft.repeats:
        if isinstance(call.arguments, dict):
            yield call, {"arguments": call.arguments} if draft.kind.wraps else call.arguments


def asks_untrusted_address(draft: Draft, untrusted: Sequence[UntrustedValue]) -> bool:
    """Return whether a step requests a web address that appears only in text that outsiders can write.

    Such a step does more than read: whoever wrote the address sees the request and controls the answer.

    :param untrusted: what :func:`untrusted_arguments` found in the step.
    """
    places = [value.place for value in untrusted]
    found = (leaves(value, [name]) for name, value in draft.values.items())
    return any(at in places and _is_web_address(at, part) for parts in found for at, part in parts)


def _is_web_address(at: JsonPath, value: Any) -> bool:
    """Return whether a value is a web address by its form, or by its form and the argument's name together.

    A plain host name counts only with a matching argument name, because file names look alike.
    """
    if not isinstance(value, str):
        return False
    name = next((part for part in reversed(at) if isinstance(part, str)), "")
    return bool(WEB_ADDRESS.match(value) or (ADDRESS_NAME.search(name) and HOST.match(value)))


def _claims(value: Any) -> Iterator[Any]:
    """Yield what may have been copied from a result: the value, each address or number in it, and each passage.

    A passage is a tuple of consecutive words, compared without regard to line breaks.
    """
    if weight(value) in ("nothing", "flag", "count"):
        return
    yield value
    if not isinstance(value, str):
        return
    for found in POINTED.findall(value):
        part = found.strip(".,:!?*_`")
        if len(part) >= SHORTEST_PART and part != value and (ADDRESS.search(part) or NUMBER.search(part)):
            yield part
        if "://" in part:  # the model may have added the scheme
            yield part.partition("://")[2].rstrip("/")
    words = words_of(value)
    for start in range(max(len(words) - SHORTEST_PASSAGE + 1, 0)):
        yield words[start : start + SHORTEST_PASSAGE]
