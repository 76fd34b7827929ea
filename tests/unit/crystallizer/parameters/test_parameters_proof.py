"""The substitution proof: whatever the run, its values and its names, the defaults give what was recorded."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from airflow_provider_vai.crystallizer.parameters.date_algebra import Clock
from airflow_provider_vai.crystallizer.parameters.proof import filled
from airflow_provider_vai.crystallizer.parameters.user_values import another
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.param_default import default_problem
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.secrets.key_names import family
from tests.unit.crystallizer.parameters.test_parameters import WRITES, Made, made, said
from tests.unit.support import call, hostile


@pytest.mark.parametrize("entry", hostile("text"), ids=lambda entry: entry["name"])
def test_hostile_values(entry: dict[str, Any]) -> None:
    """Hostile texts as values, keys and words are frozen, or pass the proof and a form's schema."""
    value = str(entry["value"])
    arguments = {"x": value, value: "A-4711", "day": f"2026-11-17 {value}", "order": f"B-12 {value}"}
    recorded = said(f"A-4711 yesterday, {value} B-12 {value}", call(arguments=arguments))

    _assert_proven(made(recorded), recorded)


@pytest.mark.parametrize("entry", hostile("names"), ids=lambda entry: entry["name"])
def test_hostile_names(entry: dict[str, Any]) -> None:
    """Arguments of any name become params with names that are identifiers and differ."""
    arguments = {name: f"A-{1000 + number}" for number, name in enumerate(dict.fromkeys(entry["values"]))}
    recorded = said(" ".join(arguments.values()), call(arguments=arguments))

    found = made(recorded)

    _assert_proven(found, recorded)
    assert found[1]


def _assert_proven(found: Made, recorded: Run) -> None:
    """The defaults give the recorded arguments; second values change nothing but the expected places."""
    drafts, params, _ = found
    clock = Clock(recorded.started_at) if recorded.started_at else None
    defaults = {name: param.default for name, param in params.items()}
    others = {name: another(value) for name, value in defaults.items()}
    for draft in drafts:
        for name, it in draft.arguments.items():
            if it.secrets:
                continue
            value = filled(it, draft.values[name], defaults, clock)
            assert json_text.canonical(value) == json_text.canonical(draft.values[name])
            if it.class_ == "wired" and not it.from_:
                changed = filled(it, draft.values[name], others, clock)
                for wire_ in it.wires:
                    if wire_.param:
                        assert _at(changed, wire_.at) == others[wire_.param] != _at(value, wire_.at)
    for name, param in params.items():
        assert name.isidentifier()
        assert name != "payload"
        assert default_problem(param.default, param.schema_) is None
        assert default_problem(others[name], param.schema_) is None
    equal = [json_text.canonical(param.default) for param in params.values()]
    assert len(equal) == len(set(equal))


def _at(value: Any, at: list[Any]) -> Any:
    for part in at:
        value = value[part]
    return value


KEYS = st.one_of(
    st.sampled_from(["id", "class", "payload", "to", "x y", "ünï", "1st", "__", "zip"]),
    st.text(max_size=8).filter(lambda key: family(key) is None),  # a number under such a key is refused
)
SAID = st.sampled_from(["A-4711", "B-12 34", "mia@example.com", "2026-11-17", "2026-11-01", "1200", 1200, 98.7, "Rome"])
VALUES = st.recursive(
    st.one_of(SAID, st.none(), st.booleans(), st.integers(-20, 2000), st.text(max_size=12)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.dictionaries(KEYS, VALUES, max_size=3), VALUES), min_size=1, max_size=4), st.booleans())
def test_always_proven(calls: list[tuple[dict[str, Any], Any]], guarded: bool) -> None:
    """Any run: the proof holds, names are identifiers, equal values are one param, and a second time gives the same."""
    words = "Rome for mia@example.com: A-4711, B-12 34, 1200 or 98.7, since yesterday and this month, 'x'"
    recorded = said(words, *(call("look", arguments, result) for arguments, result in calls))
    keys = tuple(f"look{'_' + str(number) if number > 1 else ''}" for number in range(1, 5)) if guarded else ()

    found = made(recorded, WRITES, guarded=keys)

    _assert_proven(found, recorded)
    assert found == made(recorded, WRITES, guarded=keys)
    assert guarded or found[1] == {}
