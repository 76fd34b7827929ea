"""An index of texts by their tokens, so that a value need not be compared with every text of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from airflow_provider_vai.crystallizer.evidence.said import TOKEN, Said

Owner = TypeVar("Owner")


def _is_counted(owner: Any, value: Any) -> bool:
    return True


class SaidIndex(Generic[Owner]):
    """Texts, each with its time and its owner (a call or a turn), indexed by their content.

    A text can contain a value only if it contains every token of the value (a run of letters and digits), or a spelling
    of the number. So a value is compared only with the texts that contain its rarest token.

    :param entries: time, owner and text, in recorded order. Either all texts ignore case or none does. The time is the
        number of a batch or turn.
    :param counts: returns whether an owner counts for a value that its text contains. By default, every owner counts.
    """

    def __init__(
        self, entries: Iterable[tuple[int, Owner, Said]], counts: Callable[[Owner, Any], bool] = _is_counted
    ) -> None:
        self.entries = list(entries)
        self._counts = counts
        self._firsts: dict[Any, list[tuple[int, Owner]]] = {}
        self._is_folded = any(text.fold for _, _, text in self.entries)
        times = [time for time, _, _ in self.entries]
        self._is_sorted = times == sorted(times)

    def first(self, value: Any, before: int) -> Owner | None:
        """Return the owner of the first text, in recorded order, that contained the value before the time ``before``.

        :param value: a value as for :meth:`Said.says`.
        :return: ``None`` if no earlier text contains it.
        """
        if isinstance(value, bool) or not isinstance(value, (str, int, float, tuple)):
            return None
        if value not in self._firsts:
            self._firsts[value] = list(self._earliest(value))
        return next((owner for time, owner in self._firsts[value] if time < before), None)

    def saying(self, value: Any) -> Iterator[Owner]:
        """Yield the owners of all texts that contain the value, in recorded order."""
        for number in self._may_say(value):
            _, owner, text = self.entries[number]
            if text.says(value) and self._counts(owner, value):
                yield owner

    def _earliest(self, value: Any) -> Iterator[tuple[int, Owner]]:
        """Yield time and owner of the texts that contain the value and have a smaller time than all yielded before.

        No other text can be the answer of :meth:`first`.
        """
        earliest: int | None = None
        for number in self._may_say(value):
            time, owner, text = self.entries[number]
            if (earliest is None or time < earliest) and text.says(value) and self._counts(owner, value):
                yield time, owner
                if self._is_sorted:
                    return
                earliest = time

    def _may_say(self, value: Any) -> Sequence[int]:
        """Return the positions of the texts that may contain a value: those with its rarest token or the number."""
        if value is None or isinstance(value, (bool, list, dict)):
            return ()
        if isinstance(value, (int, float)):
            return self._by_number.get(float(value), ()) if abs(value) < 1e30 else ()
        text = value if isinstance(value, str) else " ".join(value)
        tokens = TOKEN.findall(text.casefold() if self._is_folded else text)
        if not tokens:
            return range(len(self.entries))
        return min((self._by_token.get(token, ()) for token in tokens), key=len)

    @cached_property
    def _by_token(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, (_, _, text) in enumerate(self.entries):
            for token in text.tokens:
                found.setdefault(token, []).append(number)
        return found

    @cached_property
    def _by_number(self) -> dict[float, list[int]]:
        found: dict[float, list[int]] = {}
        for number, (_, _, text) in enumerate(self.entries):
            for digits in text.numbers:
                found.setdefault(digits, []).append(number)
        return found
