"""A log entry written as what changed since another one reads back exactly, and never from something else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.languages.json_text import WrittenJson
from airflow_provider_vai.store.entry_changes import changes, rebuilt

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([1.0, 0.0, "", "x", "x\ny", "\r\n\x0b\u2028é"]),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=30,
)
TEXTS = st.none() | st.lists(st.sampled_from(["a\n", "b\n", "a", "\x0c", "\r\n"]), max_size=8).map("".join)
ENTRIES = st.fixed_dictionaries(
    {
        "number": st.integers(1, 9),
        "sidecar": st.dictionaries(st.sampled_from(["steps", "review", "tags", "entry"]), VALUES),
        "rendered": TEXTS,
        "dag_file": TEXTS,
    }
)


@given(ENTRIES, ENTRIES)
def test_every_entry_reads_back(base: dict[str, Any], entry: dict[str, Any]) -> None:
    """Whatever changed: types, the order of keys in a value, and the kinds of line breaks are kept."""
    written = json.loads(json.dumps(changes(base, entry)))
    again = rebuilt(base, written)
    assert {name: json.dumps(value) for name, value in again["sidecar"].items()} == {
        name: json.dumps(value) for name, value in entry["sidecar"].items()
    }
    assert {name: again[name] for name in entry if name != "sidecar"} == {
        name: entry[name] for name in entry if name != "sidecar"
    }


def test_only_what_changed_is_written() -> None:
    """One changed step among many takes the space of one step, also if the steps were written beforehand."""
    steps = [{"key": f"step_{number}", "value": "x" * 100} for number in range(100)]
    base = {"number": 1, "sidecar": {"steps": steps, "tags": ["a"]}, "rendered": "line\n" * 100, "dag_file": None}
    changed = [*steps[:40], {"key": "step_40", "value": "y"}, *steps[41:]]
    entry = {**base, "number": 2, "sidecar": {"steps": WrittenJson(changed)}}
    assert changes(base, entry) == {
        "number": 2,
        "sidecar": {
            "changed": {"steps": {"pieces": [[0, 40], {"new": [changed[40]]}, [41, 100]]}},
            "removed": ["tags"],
        },
        "rendered": {"pieces": [[0, 100]]},
        "dag_file": {"value": None},
    }


@pytest.mark.parametrize(
    "steps",
    [
        {"pieces": [[0, 4]]}, {"pieces": [[-1, 2]]}, {"pieces": [[2, 1]]}, {"pieces": ["ab"]}, {"pieces": [[0, "1"]]},
        {"pieces": 3}, {"pieces": [{"old": []}]}, {}, [],
    ],
)  # fmt: skip
def test_what_does_not_fit_its_base_is_refused(steps: Any) -> None:
    """A piece that its base does not have, or another form, is an error, never another entry."""
    base: dict[str, Any] = {"number": 1, "sidecar": {"steps": [1, 2, 3]}, "rendered": None, "dag_file": None}
    entry = {"number": 2, "sidecar": {"changed": {"steps": steps}, "removed": []}}
    entry |= {"rendered": {"value": None}, "dag_file": {"value": None}}
    with pytest.raises(ValueError, match="does not belong to the entry that it is based on"):
        rebuilt(base, entry)
