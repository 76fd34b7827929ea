"""Documents that no framework wrote: they are read as Runs or refused."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats import adapters
from tests.unit.traces.formats.support import SAMPLES, trace

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, 1e308, -1, 0, 1.7e15]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(alphabet=st.characters(), max_size=8),  # with halves of surrogate pairs
    st.sampled_from(
        ["user", "assistant", "tool", "tool_use", "tool-return", "denied", "[1]", '{"a": 1}', "9999-12-31"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container of a document with every key or index in it."""
    open_ = [document]
    while open_:
        holder = open_.pop()
        keys = holder if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            yield holder, key
            open_.append(holder[key])


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """Return a sample with up to four keys deleted, doubled or given another JSON value."""
    document = copy.deepcopy(SAMPLES[draw(st.sampled_from(sorted(SAMPLES)))])
    for _ in range(draw(st.integers(1, 4))):
        found = list(places(document))
        if not found:
            break
        holder, key = found[draw(st.integers(0, len(found) - 1))]
        action = draw(st.sampled_from(["delete", "replace", "double"]))
        if action == "delete":
            del holder[key]
        elif action == "double" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        else:
            holder[key] = draw(VALUES)
    return document


def assert_runs_or_refusal(document: Any) -> None:
    """Read a document with every adapter."""
    places_named: list[str] = []
    for adapter in adapters():
        assert adapter.accepts(document) in (True, False)
        try:
            found = list(adapter.runs(trace(document)))
        except VaiError as refusal:
            places_named.append(refusal.where)
            continue
        for run in found:
            assert Run.model_validate_json(run.model_dump_json()) == run
            assert len({call.id for call in run.calls}) == len(run.calls)
            assert all(call.turn < len(run.turns) for call in run.calls)
            assert not any(note.startswith("file.json") for note in run.notes)
    assert all(where.startswith("file.json") for where in places_named)


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_mutated_samples_are_read_or_refused(document: Any) -> None:
    """A sample with missing or retyped parts never ends in a traceback, in any adapter."""
    assert_runs_or_refusal(document)


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_any_json_value_is_read_or_refused(document: Any) -> None:
    """Nor does any other document."""
    assert_runs_or_refusal(document)


@pytest.mark.parametrize("key", ["messages", "parts", "actionRuns", "content", "args"])
def test_deep_documents_are_refused(key: str) -> None:
    """Deep nesting is refused when the file is read; inspecting a deep value does not recurse."""
    deep: Any = "x"
    for _ in range(150):  # two levels each, beyond the limit
        deep = [{"role": "user", "kind": "request", key: deep}]
    for adapter in adapters():
        assert adapter.accepts(deep) in (True, False)
        with pytest.raises(VaiError, match="nested"):
            list(adapter.runs(trace(deep)))
