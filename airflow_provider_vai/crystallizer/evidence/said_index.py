"""Texts found by what they say, so that nobody compares a value with every text of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from airflow_provider_vai.crystallizer.evidence.said import TOKEN, Said

Owner = TypeVar("Owner")


def _is_counted(owner: Any, value: Any) -> bool:
    return True


class SaidIndex(Generic[Owner]):
    """Texts, each with the time it was said at and its owner (a call, a turn), found by what they say.

    A text says a value only if it holds every token of the value (a run of letters and digits), or a spelling of the
    number. So a value is compared only with the texts that share its rarest token.

    :param entries: time, owner and text, in recorded order; the texts all folded, or none. The time is a batch or a
        turn: what is earlier has a smaller number.
    :param counts: returns whether an owner counts for a value that its text says; all of them do if it is left out.
    """

    def __init__(
        self, entries: Iterable[tuple[int, Owner, Said]], counts: Callable[[Owner, Any], bool] = _is_counted
    ) -> None:
        self.entries = list(entries)
        self._counts = counts
        self._firsts: dict[Any, list[tuple[int, Owner]]] = {}
        self._is_folded = any(said.fold for _, _, said in self.entries)
        times = [time for time, _, _ in self.entries]
        self._is_sorted = times == sorted(times)

    def first(self, value: Any, before: int) -> Owner | None:
        """Return the owner of the first text, in recorded order, that said the value earlier than the time ``before``.

        :param value: as :meth:`Said.says` takes it.
        :return: ``None`` if no text said it by then.
        """
        if isinstance(value, bool) or not isinstance(value, (str, int, float, tuple)):
            return None
        if value not in self._firsts:
            self._firsts[value] = list(self._earliest(value))
        return next((owner for time, owner in self._firsts[value] if time < before), None)

    def saying(self, value: Any) -> Iterator[Owner]:
        """Yield the owners of all texts that say the value, in recorded order."""
        for number in self._may_say(value):
            _, owner, said = self.entries[number]
            if said.says(value) and self._counts(owner, value):
                yield owner

    def _earliest(self, value: Any) -> Iterator[tuple[int, Owner]]:
        """Yield each text that says the value and is earlier than those before it: the others are never the first."""
        latest: int | None = None
        for number in self._may_say(value):
            time, owner, said = self.entries[number]
            if (latest is None or time < latest) and said.says(value) and self._counts(owner, value):
                yield time, owner
                if self._is_sorted:
                    return
                latest = time

    def _may_say(self, value: Any) -> Sequence[int]:
        """Return the positions of the texts that may say a value: those with its rarest token, or with the number."""
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
        for number, (_, _, said) in enumerate(self.entries):
            for token in said.tokens:
                found.setdefault(token, []).append(number)
        return found

    @cached_property
    def _by_number(self) -> dict[float, list[int]]:
        found: dict[float, list[int]] = {}
        for number, (_, _, said) in enumerate(self.entries):
            for digits in said.numbers:
                found.setdefault(digits, []).append(number)
        return found
