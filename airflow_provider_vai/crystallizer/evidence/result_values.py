"""An index of every place in every earlier result by value, to find what an argument equals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.said import TOKEN, stands_in, tokens_of
from airflow_provider_vai.crystallizer.evidence.value_places import ValuePlace, places
from airflow_provider_vai.crystallizer.evidence.weight import name_words, weight
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.model.step_result import mapped_result
from airflow_provider_vai.secrets.in_json import secret_keys
from airflow_provider_vai.secrets.masking import mask

SHORTEST_PART = 6
"""The fewest characters of a value that is looked for inside longer texts; shorter ones appear there by chance."""


LONGEST_NAME = 200
"""The most characters of a text that may be a name."""


@dataclass(frozen=True)
class RecordedResult:
    """A recorded result, in the form in which a later step will read it.

    :param call: the call that returned it.
    :param position: the call's position in the run.
    :param step: the step's key; ``None`` if the call is not a step, or nothing can be wired to the step's result.
    :param name: the name of the step or the call, for people.
    :param left: the step's result.
    :param own: the call's arguments and all their parts, as canonical JSON; of a loop, those that all calls have.
    :param places: the places in the step's result that a file may name: not those below a key that is a secret.
    :param each_own: of a loop, what ``own`` is for one call, for each of them.
    """

    call: ToolCall
    position: int
    step: str | None
    name: str
    left: Any
    own: frozenset[str]
    places: tuple[ValuePlace, ...] = field(default=(), repr=False, compare=False)
    each_own: tuple[frozenset[str], ...] = ()

    def own_of(self, path: Sequence[str | int]) -> frozenset[str]:
        """Return the arguments, and all their parts, of the call that returned a place, as canonical JSON.

        :param path: the path to the place; of a loop, its first part tells the call.
        """
        first = path[0] if path and self.each_own else None
        return self.each_own[first] if isinstance(first, int) and first < len(self.each_own) else self.own

    def named_by(self, noun: str) -> set[str]:
        """Return the texts that have a word; none if it is a word of the tool's name or of a key, such as "order".

        :param noun: the word in lower case.
        """
        return self._by_word.get(noun, set()) if noun not in self._general else set()

    @cached_property
    def _general(self) -> frozenset[str]:
        keys = {place.key for place in self.places}
        return frozenset(word for name in (self.call.tool, *keys) for word in name_words(name))

    @cached_property
    def _by_word(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for place in self.places:
            if isinstance(place.value, str) and len(place.value) <= LONGEST_NAME:
                for word in TOKEN.findall(place.value.casefold()):
                    found.setdefault(word, set()).add(place.value)
        return found


class Candidate(NamedTuple):
    """A place in a result that equals a value."""

    source: RecordedResult
    place: ValuePlace


class ResultIndex:
    """The places in a run's results, by value.

    Calls that are not steps are included, because they make a source ambiguous. The results of a loop are one list at
    the position of the loop's last call. ``readable`` lists the results that later steps can read, in order.

    :param run: the recorded run.
    :param drafts: the steps, in the order of the run's calls.
    :param positions: the position of each call in the run, by the identity of the call object.
    """

    def __init__(self, run: Run, drafts: Sequence[Draft], positions: Mapping[int, int]) -> None:
        self._positions = positions
        self.by_value: dict[str, list[Candidate]] = {}
        self.readable: list[RecordedResult] = []
        steps = {id(draft.calls[-1]): draft for draft in drafts}
        inside = {id(call) for draft in drafts for call in draft.calls[:-1]}
        for position, call in enumerate(run.calls):
            if call.outcome == "success" and call.result is not None and id(call) not in inside:
                found = _candidates(call, position, steps.get(id(call)))
                for candidate in found:
                    self.by_value.setdefault(json_text.canonical(candidate.place.value), []).append(candidate)
                self.readable += [one.source for one in found[:1] if one.source.step is not None]

    def has(self, value: Any) -> bool:
        """Return whether any result has the value."""
        return json_text.canonical(value) in self.by_value

    def equal_to(self, value: Any, draft: Draft) -> Iterator[Candidate]:
        """Yield the places equal to ``value`` in results that the model had seen before the draft's call, in order.

        A result that only repeats an argument of its own call is not included.
        """
        wanted, position = json_text.canonical(value), self._positions[id(draft.call)]
        for candidate in self.by_value.get(wanted, ()):
            source = candidate.source
            if source.position >= position:
                return
            if source.call.batch < draft.call.batch and wanted not in source.own:
                yield candidate

    def texts_in(self, within: str, draft: Draft) -> list[tuple[str, Candidate]]:
        """Return the texts of earlier results that are part of a longer text of the draft, longest first."""
        tokens = {token: number for number, token in enumerate(dict.fromkeys(TOKEN.findall(within)))}
        found: list[tuple[int, int, str, Candidate]] = []
        for token in tokens:
            for text in self._texts.get(token, ()):
                if len(text.value) < len(within) and text.first in tokens and stands_in(text.value, within):
                    earlier = next(self.equal_to(text.value, draft), None)
                    if earlier:
                        found.append((tokens[text.first], text.number, text.value, earlier))
        inside = [(value, candidate) for _, _, value, candidate in sorted(found, key=lambda entry: entry[:2])]
        inside.sort(key=lambda pair: -len(pair[0]))
        return [
            pair for number, pair in enumerate(inside) if not any(pair[0] in longer for longer, _ in inside[:number])
        ]

    @cached_property
    def _texts(self) -> dict[str, list[_Text]]:
        """The texts to look for inside longer texts, each under its rarest token."""
        values = [candidates[0].place.value for candidates in self.by_value.values()]
        texts = [(value, tokens_of(value)) for value in values if _may_be_inside(value)]
        counts = Counter(token for _, tokens in texts for token in tokens)
        found: dict[str, list[_Text]] = {}
        for number, (value, tokens) in enumerate(texts):
            if first := TOKEN.search(value):
                rarest = min(tokens, key=counts.__getitem__)
                found.setdefault(rarest, []).append(_Text(number, value, first[0]))
        return found


class _Text(NamedTuple):
    """A text in a result: its number among all texts, its value and its first token."""

    number: int
    value: str
    first: str


def _may_be_inside(value: Any) -> bool:
    return isinstance(value, str) and len(value) >= SHORTEST_PART and weight(value) == "strong"


def source_text(candidate: Candidate, path: Sequence[str | int] | None = None) -> str:
    """Return a candidate as text, such as ``search_files[text:yaml][name=x][id_]``, with credentials masked."""
    parts = [str(part)[:60] for part in (candidate.place.path if path is None else path)]
    return mask(candidate.source.name + "".join(part if part.startswith("[") else f"[{part}]" for part in parts))


def place_text(at: Sequence[str | int]) -> str:
    """Return a place in an argument as dotted text, with credentials masked; ``the value`` for the whole argument."""
    return mask(".".join(str(part)[:60] for part in at)) or "the value"


def is_recorded(draft: Draft, value: Any) -> bool:
    """Return whether a value is one of the recorded arguments, or all of them if the kind passes them on.

    Other values come from the kind, the tools file or the recorded result.
    """
    recorded = draft.call.arguments
    if not isinstance(recorded, dict):
        return False
    if draft.kind.wraps and isinstance(value, dict):
        return True
    if isinstance(value, str):
        return any(isinstance(part, str) and part == value for part in recorded.values())
    wanted = json_text.canonical(value)
    return any(json_text.canonical(part) == wanted for part in recorded.values())


def _candidates(call: ToolCall, position: int, draft: Draft | None) -> list[Candidate]:
    step, left, made_up = _left(call, draft)
    name = draft.key if draft else f"call {call.id} ({call.tool})"
    arguments = [one.arguments for one in (draft.calls if draft else [call]) if isinstance(one.arguments, dict)]
    given = [frozenset(_parts(value)) for value in arguments]
    own = frozenset.intersection(*given) if given else frozenset()
    found = [place for place in places(left) if place.path or not made_up]
    keys = {part for place in found for part in place.path if isinstance(part, str)}
    secret = secret_keys(left) | {key for key in keys if mask(key) != key}
    named = tuple(place for place in found if secret.isdisjoint(place.path))
    each_own = tuple(given) if draft and draft.each and len(given) == len(draft.calls) else ()
    source = RecordedResult(call, position, step, name, left, own, named, each_own)
    return [Candidate(source, place) for place in named]


def _left(call: ToolCall, draft: Draft | None) -> tuple[str | None, Any, bool]:
    """Return the step's key, its result, and whether the result as a whole differs from what the call returned.

    The key is ``None`` if nothing can be wired to the step.
    """
    if draft is None or draft.kind.result is None:
        return None, call.result, False
    left = mapped_result(draft.kind, [one.result for one in draft.calls])
    if left is None:
        return None, call.result, False
    if draft.each:
        return draft.key, left, draft.kind.result == "rows"
    return draft.key, left[0], left[0] is not call.result


def _parts(value: Any) -> list[str]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [json_text.canonical(value), *(text for part in inner for text in _parts(part))] if value != {} else []
