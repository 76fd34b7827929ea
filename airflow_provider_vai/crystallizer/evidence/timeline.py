"""Finds out who said a value before a call: the instructions, the user or earlier results."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from airflow_provider_vai.crystallizer.evidence.said import TOKEN, Said
from airflow_provider_vai.crystallizer.evidence.said_index import SaidIndex
from airflow_provider_vai.model.run import Run, ToolCall

Entry = TypeVar("Entry", bound=Hashable)


@dataclass(frozen=True)
class Timeline:
    """A run with its texts indexed once."""

    run: Run

    @cached_property
    def system(self) -> Said:
        """The instructions."""
        return Said(self.run.system_text or "", fold=True)

    @cached_property
    def turns(self) -> SaidIndex[int]:
        """The user's words, by turn."""
        texts = [turn for turn in self.run.turns if turn.user_text]
        return SaidIndex((turn.index, turn.index, Said(turn.user_text, fold=True)) for turn in texts)

    @cached_property
    def results(self) -> list[tuple[ToolCall, Said]]:
        """The calls with their results and error messages as texts, in order."""
        calls = [call for call in self.run.calls if call.result is not None or call.error]
        return [(call, Said([call.result, call.error] if call.error else call.result)) for call in calls]

    def user_text(self, call: ToolCall) -> str:
        """Return what the user wrote in the call's turn; empty if nothing."""
        return self._user_texts.get(call.turn, "")

    def texts_with(self, call: ToolCall, word: str) -> list[str]:
        """Return what the user wrote in each turn up to the call's that has a word, in lower case.

        :param word: the word in lower case.
        """
        texts = [text.casefold() for turn, text in self._user_texts.items() if turn <= call.turn]
        return [text for text in texts if word in TOKEN.findall(text)]

    @cached_property
    def _user_texts(self) -> dict[int, str]:
        return {turn.index: turn.user_text or "" for turn in self.run.turns}

    def turn_of(self, call: ToolCall, value: Any) -> int | None:
        """Return the first turn up to the call in which the user said the value; ``None`` if there is none."""
        return self.turns.first(value, call.turn + 1)

    def people_said(self, call: ToolCall, value: Any) -> str | None:
        """Return who said the value before the call, as a phrase: the instructions or the user; ``None`` if neither."""
        if self.system.says(value):
            return "the instructions"
        turn = self.turn_of(call, value)
        return None if turn is None else f"the user, in turn {turn}"


def unique(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries without duplicates, in order."""
    return list(dict.fromkeys(entries))
