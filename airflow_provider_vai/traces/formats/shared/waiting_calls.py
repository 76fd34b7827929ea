"""The calls of a conversation that have no result yet, found in constant time however many there are."""

from __future__ import annotations

from collections import deque

Key = tuple[str | None, str | None]
"""An id in the file and a tool; ``None`` stands for any."""


class WaitingCalls:
    """Finds the call that a result belongs to.

    ``positions`` are those of the calls that wait. A call leaves it when it gets its result.
    """

    def __init__(self) -> None:
        self.positions: set[int] = set()
        self._queues: dict[Key, list[tuple[int, deque[int]]]] = {}  # for each batch, the newest last, its positions

    def add(self, position: int, file_id: str, tool: str, batch: int) -> None:
        """Add a call.

        :param position: its place among the conversation's calls.
        :param file_id: its id in the file, or an empty text.
        :param tool: the tool's name.
        :param batch: its batch; no earlier one than that of the call added before.
        """
        self.positions.add(position)
        for key in ((file_id, tool), (file_id, None), (None, tool), (None, None)):
            batches = self._queues.setdefault(key, [])
            if not batches or batches[-1][0] != batch:
                batches.append((batch, deque()))
            batches[-1][1].append(position)

    def first(
        self, file_id: str | None, tool: str | None, *, batch: int | None = None, is_tool_certain: bool = False
    ) -> int | None:
        """Return the position of the first waiting call of the newest batch that has one.

        :param file_id: the call's id in the file; ``None`` for any.
        :param tool: the tool, which is preferred.
        :param batch: the only batch that counts.
        :param is_tool_certain: whether a call of another tool is out of the question.
        """
        keys: list[Key] = [(file_id, tool)] if tool is None or is_tool_certain else [(file_id, tool), (file_id, None)]
        for key in keys:
            found = self._newest(key)
            if found and batch in (None, found[0]):
                return found[1]
        return None

    def _newest(self, key: Key) -> tuple[int, int] | None:
        """Return the newest batch in which a call waits, and the position of the first one in it."""
        batches = self._queues.get(key, [])
        while batches:
            batch, queue = batches[-1]
            while queue and queue[0] not in self.positions:
                queue.popleft()
            if queue:
                return batch, queue[0]
            batches.pop()
        return None
