"""The answers about one automation that are the same for everyone, kept until its files change.

Masking and writing a large automation takes seconds, and reading its files half a second. So the JSON text of an answer
is kept with the stamp of the files that it was made from. A route uses this after Airflow has checked the user's
permission, and only for an answer that does not depend on who asks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock

from pydantic import BaseModel

from airflow_provider_vai.plugin.api.configured_folders import automations_folder
from airflow_provider_vai.plugin.api.json_response import MaskedJson
from airflow_provider_vai.plugin.api.stored_automation import existing
from airflow_provider_vai.store.state import AutomationState, state_stamp

MOST_BYTES = 64 * 1024 * 1024
"""How large all kept answers together may be. One that takes more than a quarter of it is not kept."""


@dataclass(frozen=True)
class Answer:
    """An answer.

    :param body: its bytes, with every credential masked.
    :param number: the number of the newest log entry, for the ETag.
    """

    body: bytes
    number: int


class KeptAnswers:
    """Answers with the stamps of what they were made from. Threads may share it.

    :param most: the bytes that all bodies together may have.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._kept: OrderedDict[Hashable, tuple[Hashable, Answer]] = OrderedDict()
        self._lock = Lock()

    def find(self, key: Hashable, stamp: Hashable) -> Answer | None:
        """Return an answer that was made from what there is now.

        :param key: what it is about. :param stamp: the stamp of what it would be made from now.
        """
        with self._lock:
            found = self._kept.get(key)
            if found is None or found[0] != stamp:
                return None
            self._kept.move_to_end(key)
            return found[1]

    def keep(self, key: Hashable, stamp: Hashable, answer: Answer) -> None:
        """Keep an answer instead of an earlier one; those that were not asked for the longest make room for it.

        :param key: what it is about. :param stamp: the stamp of what it was made from. :param answer: the answer.
        """
        with self._lock:
            before = self._kept.pop(key, None)
            self._size -= len(before[1].body) if before else 0
            if len(answer.body) > self._most // 4:
                return
            self._kept[key] = (stamp, answer)
            self._size += len(answer.body)
            while self._size > self._most:
                _, (_, oldest) = self._kept.popitem(last=False)
                self._size -= len(oldest.body)


_answers = KeptAnswers(MOST_BYTES)


def kept_answer(
    dag_id: str,
    about: Hashable,
    make: Callable[[AutomationState], BaseModel | bytes],
    *,
    depends_on: Hashable = None,
    read: Callable[[str], AutomationState] = existing,
) -> Answer:
    """Return the answer to a request about an automation: a kept one, if its files are as they were.

    :param dag_id: the automation. The user's permission to see the answer has been checked.
    :param about: which of its answers.
    :param make: makes what the answer shows; bytes must be masked already.
    :param depends_on: what the answer is made from beside the files, such as the DAG's state in Airflow. It must not
        depend on the user.
    :param read: reads the files, and refuses the request if there is nothing to show.
    :raises HTTPException: see ``read``.
    """
    folder = automations_folder()
    key = (str(folder), dag_id, about)
    stamp = (state_stamp(folder, dag_id), depends_on)  # before the files are read: what is newer is made again
    found = _answers.find(key, stamp)
    if found is None:
        state = read(dag_id)
        found = Answer(bytes(MaskedJson(make(state)).body), state.number)
        _answers.keep(key, stamp, found)
    return found
