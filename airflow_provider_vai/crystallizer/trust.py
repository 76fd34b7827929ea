"""Which arguments rest on what outsiders wrote: said by an untrusted tool's result, and by nobody else before.

Values inside longer texts count, in both directions: the argument inside the result, and a part of the argument (an
account number in a message's body) that stands in the result.
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
from airflow_provider_vai.model.automation import UntrustedValue
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.run import ToolCall
from airflow_provider_vai.secrets.masking import mask

SHORTEST_PART = 6
"""Characters of an address, an account or a name inside a longer text."""

SHORTEST_PASSAGE = 5
"""Words in a row that nobody writes by chance."""

POINTED = re.compile(r"[^\s\"'<>()\[\]{},;|]{6,2000}")
ADDRESS = re.compile(r"@|://|^www\.|\.\w{2,}(/|$)|[/\\]", re.IGNORECASE)
WEB_ADDRESS = re.compile(r"https?://|www\.", re.IGNORECASE)
HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.[a-z]{2,24}(:\d+)?(/|$)", re.IGNORECASE)
ADDRESS_NAME = re.compile(r"(^|_)(url|uri|link|href|endpoint|host|domain|site|website|webpage)s?$", re.IGNORECASE)
NUMBER = re.compile(r"(?=(?:\D*\d){3})[\w#+-]{6,}$|^\d{6,}$")


def untrusted_arguments(draft: Draft, evidence: Evidence) -> list[UntrustedValue]:
    """Return the values of a step's arguments that only untrusted results said.

    :param draft: the step. :param evidence: of its run.
    :return: each with its place and the id of the first such call, in the order of the arguments; none where user,
        instructions or a trusted result said the value before the call.
    """
    if not evidence.untrusted.entries:
        return []
    found: list[UntrustedValue] = []
    for call, values in _recorded(draft):
        for at, part in leaves(values):
            sources = (_only_source(said, call, evidence) for said in _claims(part))
            source = next(filter(None, sources), None)
            value = UntrustedValue(place=at, call_id=mask(source.id)) if source else None
            found += [value] if value and value not in found else []
    return found


def _only_source(said: Any, call: ToolCall, evidence: Evidence) -> ToolCall | None:
    """Return the first untrusted call that said a value; ``None`` if there is none, or somebody else said it, too."""
    source = evidence.untrusted.first(said, call.batch)
    if source is None or evidence.timeline.people_said(call, said) or evidence.trusted.first(said, call.batch):
        return None
    return source


def _recorded(draft: Draft) -> Iterator[tuple[ToolCall, dict[str, Any]]]:
    """Yield each call of the step with what it was given, in the kind's names; of a loop's further calls in its own."""
    yield draft.call, {name: value for name, value in draft.values.items() if is_recorded(draft, value)}
    for call in draft.repeats:
        if isinstance(call.arguments, dict):
            yield call, {"arguments": call.arguments} if draft.kind.wraps else call.arguments


def asks_untrusted_address(draft: Draft, untrusted: Sequence[UntrustedValue]) -> bool:
    """Return whether a step calls on a web address that only outsiders' text said.

    Whoever wrote the address learns of the request, and writes the answer: that is no mere reading.

    :param untrusted: what :func:`untrusted_arguments` found in the step.
    """
    places = [value.place for value in untrusted]
    found = (leaves(value, [name]) for name, value in draft.values.items())
    return any(at in places and _is_web_address(at, part) for parts in found for at, part in parts)


def _is_web_address(at: JsonPath, value: Any) -> bool:
    """Return whether a value is one by its form, or by the argument's name: a file's name looks like a host's."""
    if not isinstance(value, str):
        return False
    name = next((part for part in reversed(at) if isinstance(part, str)), "")
    return bool(WEB_ADDRESS.match(value) or (ADDRESS_NAME.search(name) and HOST.match(value)))


def _claims(value: Any) -> Iterator[Any]:
    """Yield what may have been taken over: the value, each address and number in it, each passage of its words.

    A passage is a tuple of words; it is compared however its words are broken into lines.
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
        if "://" in part:  # the model wrote out what the text left away
            yield part.partition("://")[2].rstrip("/")
    words = words_of(value)
    for start in range(max(len(words) - SHORTEST_PASSAGE + 1, 0)):
        yield words[start : start + SHORTEST_PASSAGE]
