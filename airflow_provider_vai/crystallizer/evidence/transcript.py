"""The texts that the model had seen before a call, indexed to find passages in them quickly."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate
from typing import Any

from airflow_provider_vai.crystallizer.evidence.said import TOKEN
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.places import texts
from airflow_provider_vai.model.run import Run, ToolCall


class Transcript:
    """Texts joined by newlines.

    :param texts: the texts in recorded order.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = list(texts)
        self._ends: dict[str, int | None] = {}

    def holds(self, passage: str, count: int) -> bool:
        """Return whether the first ``count`` texts, joined by newlines, contain a passage.

        :param passage: an exact text; it may extend over several of the texts.
        """
        if passage not in self._ends:
            self._ends[passage] = self._end_of(passage)
        end = self._ends[passage]
        return end is not None and end <= self._length(count)

    def begin(self, count: int, characters: int) -> str:
        """Return the first ``characters`` of the first ``count`` texts, joined by newlines."""
        return self._joined[: min(characters, self._length(count))]

    def end(self, count: int, characters: int) -> str:
        """Return the last ``characters`` of the first ``count`` texts, joined by newlines."""
        length = self._length(count)
        return self._joined[max(length - characters, 0) : length]

    def _length(self, count: int) -> int:
        return self._offsets[count] - 1 if count else 0

    @cached_property
    def _joined(self) -> str:
        return "\n".join(self._texts)

    @cached_property
    def _offsets(self) -> list[int]:
        """The offset of each text, and the offset that a further text would have."""
        return list(accumulate((len(text) + 1 for text in self._texts), initial=0))

    @cached_property
    def _by_token(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, text in enumerate(self._texts):
            for token in set(TOKEN.findall(text)):
                found.setdefault(token, []).append(number)
        return found

    def _end_of(self, passage: str) -> int | None:
        """Return the offset where the first occurrence of a passage ends; ``None`` if there is none."""
        for number in self._may_hold(passage):
            start = max(self._offsets[number] - len(passage), 0)
            at = self._joined.find(passage, start, self._offsets[number + 1] + len(passage))
            if at >= 0:
                return at + len(passage)
        return None

    def _may_hold(self, passage: str) -> Iterator[int]:
        """Yield the positions of texts near which a passage may be found: those with its rarest inner token.

        The passage's first and last tokens are not used, because they may be parts of longer tokens.
        """
        inner = [found[0] for found in TOKEN.finditer(passage) if found.start() > 0 and found.end() < len(passage)]
        if not inner:
            yield from range(len(self._texts))
        else:
            yield from min((self._by_token.get(token, []) for token in inner), key=len)


class HeardBefore:
    """The instructions, the user's words and the results of a run, as the model had seen them before each call.

    :param run: the recorded run.
    """

    def __init__(self, run: Run) -> None:
        system = [run.system_text] if run.system_text else []
        turns = sorted((turn for turn in run.turns if turn.user_text), key=lambda turn: turn.index)
        self._first_turn, self._turns = len(system), [turn.index for turn in turns]
        self._people = Transcript([*system, *(turn.user_text or "" for turn in turns)])
        self._batches = list(accumulate((call.batch for call in run.calls), max))
        self._results = Transcript(_written(call.result) for call in run.calls)

    def holds(self, passage: str, call: ToolCall) -> bool:
        """Return whether a passage appears in what people had said or tools had returned before a call.

        :param passage: an exact text.
        """
        people = self._first_turn + bisect_right(self._turns, call.turn)
        results = bisect_left(self._batches, call.batch)
        if self._people.holds(passage, people) or self._results.holds(passage, results):
            return True
        if not results:
            return False
        length = len(passage)
        return passage in f"{self._people.end(people, length)}\n{self._results.begin(results, length)}"


def _written(result: Any) -> str:
    return "\n".join([*(text for _, text in texts(result, [])), json_text.canonical(result)])
