"""A recording of twice the length takes about twice the work to read, in every format."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.model.run import Run
from tests.unit.traces.formats.conversation_forms import FORMS, Call, Result, Step
from tests.unit.traces.formats.support import NAMES, SAMPLES, adapter, trace

SMALL = 40
MOST = 2.6
"""The most that the lines that run may grow if a recording doubles. Twice the square would be 4."""


def work(form: str, document: Any) -> tuple[int, list[Run]]:
    """Return how many lines of the package ran to read a document, and the runs."""
    lines = 0

    def count(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        if event == "call":
            return count if "/airflow_provider_vai/traces/" in frame.f_code.co_filename else None
        lines += event == "line"
        return count

    read_from = trace(document)
    assert read_from.document is not None  # parsed before the count begins
    before = sys.gettrace()
    sys.settrace(count)
    try:
        runs = list(adapter(form).runs(read_from))
    finally:
        sys.settrace(before)
    return lines, runs


def conversation(calls: int, ids: str, size: int) -> list[Step]:
    """Return steps with that many calls.

    :param ids: ``{}`` in it is replaced by the call's number.
    :param size: calls in one batch.
    """
    steps: list[Step] = []
    for start in range(0, calls, size):
        numbers = range(start, start + size)
        steps.append([Call(ids.format(n), "t", n) for n in numbers])
        steps.append([Result(ids.format(n), "t", n) for n in numbers])
    return steps


@pytest.mark.parametrize("size", [1, SMALL], ids=["one batch each", "large batches"])
@pytest.mark.parametrize("ids", ["id-{}", "same", ""], ids=["own ids", "one id", "no ids"])
@pytest.mark.parametrize("form", FORMS)
def test_a_conversation_of_twice_the_length(form: str, ids: str, size: int) -> None:
    """Whether ids are unique, equal or missing, and however large a batch is."""
    found = []
    for calls in (SMALL, 2 * SMALL):
        # a batch of twice the size in the second conversation, too
        steps = conversation(calls, ids, 1 if size == 1 else calls)
        lines, runs = work(form, FORMS[form](steps))
        assert sum(len(run.calls) for run in runs) == calls
        found.append(lines)
    assert found[1] <= MOST * found[0]


def lists_in(document: Any) -> Iterator[list[Any]]:
    """Yield the lists of objects in a document."""
    open_ = [document]
    while open_:
        holder = open_.pop(0)
        if isinstance(holder, list) and any(isinstance(item, dict) for item in holder):
            yield holder
        open_ += holder.values() if isinstance(holder, dict) else holder if isinstance(holder, list) else ()


def longer(document: Any, times: int) -> Any:
    """Return a document whose longest list of objects is repeated."""
    document = copy.deepcopy(document)
    lists = list(lists_in(document))
    if lists:
        longest = max(lists, key=lambda found: len(json.dumps(found)))
        longest[:] = [copy.deepcopy(item) for _ in range(times) for item in longest]
    return document


@pytest.mark.parametrize("sample", NAMES)
def test_a_sample_repeated_twice_as_often(sample: str) -> None:
    """The same for every sample, with its events, spans or messages repeated."""
    found = []
    for times in (8, 16):
        try:
            found.append(work(NAMES[sample], longer(SAMPLES[sample], times))[0])
        except VaiError:
            pytest.skip("a repeated list is refused")
    assert found[1] <= MOST * found[0]
