"""The parts of generalising: alignment, conditions, what is volatile, and the proof."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.crystallizer.several.align import align
from airflow_provider_vai.crystallizer.several.playback import Playback, playback
from airflow_provider_vai.crystallizer.several.predicates import ConditionSubject, between, separating
from airflow_provider_vai.crystallizer.several.proof import differences
from airflow_provider_vai.crystallizer.several.volatile import volatile
from airflow_provider_vai.languages import expression
from airflow_provider_vai.model.argument import Argument, Output, Wire
from tests.unit.support import MCP, call, crystallized, run, tools

READ = {"match": "*", "kind": "mcp_tool", "conn_id": "mcp", "effect": "read"}


def played(number: int, *names: str) -> Playback:
    """Return a run of tools without arguments; ``a:1`` is the tool ``a`` asked for 1."""
    calls = []
    for name in names:
        tool, _, value = name.partition(":")
        calls.append(call(tool, {"v": value} if value else {}, {"made": name}))
    recorded = run(*calls, id=f"r{number}")
    return playback(number, recorded, crystallized(recorded, READ), tools(READ), Policy())


def columns(*runs: tuple[str, ...]) -> list[tuple[str, list[int]]]:
    """Return each column's tool, and the runs that made it."""
    aligned = align([played(number, *names) for number, names in enumerate(runs)])
    return [(it.newest.values["tool"], sorted(it.of)) for it in aligned.columns]


def test_steps_that_one_run_has_more_stand_between_the_others() -> None:
    """In the place where it made them."""
    assert columns(("a", "b", "d"), ("a", "b", "c", "d")) == [("a", [0, 1]), ("b", [0, 1]), ("c", [1]), ("d", [0, 1])]


def test_of_equal_tools_those_with_equal_arguments_are_one() -> None:
    """Not simply the first with the first."""
    found = align([played(0, "x", "a:2", "a:3"), played(1, "x", "a:1", "a:2", "a:3")]).columns
    assert [(it.newest.values["arguments"].get("v"), sorted(it.of)) for it in found] == [
        (None, [0, 1]), ("1", [1]), ("2", [0, 1]), ("3", [0, 1]),
    ]  # fmt: skip


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=8), st.data())
def test_every_step_of_every_run_is_in_one_column(names: list[str], data: st.DataObject) -> None:
    """Whatever is left out or doubled, as long as half is in common; the newest run's order is kept."""
    other = [name for name in names for _ in range(data.draw(st.integers(1, 2)))]
    runs = [played(0, *names), played(1, *other)]
    found = align(runs).columns

    for one in runs:
        made = [it.of[one.number] for it in found if one.number in it.of]
        assert sorted(it.position for it in made) == list(range(len(one.steps)))
    order = [it.of[0].position for it in found if 0 in it.of]
    assert order == sorted(order)
    assert all(len({it.values["tool"] for it in column.of.values()}) == 1 for column in found)


RUNS = frozenset({0, 1, 2, 3})
MADE = frozenset({0, 1})


def condition(*values: Any) -> str | None:
    """Return the condition over a param ``p`` that tells the first two runs from the other two."""
    given_ = {number: ({} if value is ... else {"p": value}) for number, value in enumerate(values)}
    found = separating([ConditionSubject("params", given_)], MADE, RUNS)
    return found.condition if found else None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((True, True, False, False), "params.p"),
        ((False, False, True, True), "not params.p"),
        (("a", "a", "b", "c"), 'params.p == "a"'),
        (("b", "c", "a", "a"), 'params.p != "a"'),
        ((None, None, "b", "c"), "params.p == null"),
        (([], [], [1], [2]), "params.p == []"),
        (([1], [2], [], []), "params.p != []"),
        ((["vip", "x"], ["y", "vip"], ["x"], []), '"vip" in params.p'),
        ((120, 150, 80, 20), "params.p > 100"),
        ((20, 80, 120, 150), "params.p <= 100"),
        (("a", "a", ..., ...), 'params.p == "a"'),
        ((..., ..., "a", "a"), None),  # a path that leads nowhere is no, whatever is asked
        (("a", "b", "c", "d"), None),  # names tell any runs apart
        (("a", "a", "a", "b"), None),
        ((True, False, True, False), None),
        ((1, "a", None, []), None),
    ],
)
def test_the_simplest_condition_is_found(values: tuple[Any, ...], expected: str | None) -> None:
    """Each sort of condition, and none where there is none."""
    assert condition(*values) == expected


def test_several_values_count_where_each_came_up_twice() -> None:
    """Otherwise a list of values is a list of the runs."""
    values = ["a", "a", "b", "b", "c", "d"]
    subject = ConditionSubject("params", {number: {"p": value} for number, value in enumerate(values)})
    found = separating([subject], frozenset(range(4)), frozenset(range(6)))
    assert found is not None
    assert found.condition == 'params.p in ["a", "b"]'


@pytest.mark.parametrize("made", [frozenset({0}), frozenset({0, 1, 2})])
def test_one_run_on_a_side_is_not_enough(made: frozenset[int]) -> None:
    """It has a thousand properties."""
    subject = ConditionSubject("params", {number: {"p": number in made} for number in RUNS})
    assert separating([subject], made, RUNS) is None


def test_ids_are_no_limits() -> None:
    """An order's number above another one says nothing."""
    subject = ConditionSubject("order", {number: {"order_id": 100 - number} for number in RUNS})
    assert separating([subject], MADE, RUNS) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["a", "b", "x y", "ü", 'q"', "None"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b c", "id", "ü", "not", "True", '"', "class"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.lists(JSON, min_size=4, max_size=7), st.data())
def test_a_condition_is_true_of_exactly_the_runs_that_made_the_step(values: list[Any], data: st.DataObject) -> None:
    """By the language's own evaluation, whatever the results are."""
    runs = frozenset(range(len(values)))
    made = frozenset(data.draw(st.sets(st.sampled_from(sorted(runs)))))
    found = separating([ConditionSubject("look", dict(enumerate(values)))], made, runs)
    if found is None:
        return
    for condition_ in (found.condition, *found.others):
        tree = expression.parse(condition_)
        for number, value in enumerate(values):
            try:
                holds = expression.evaluate(tree, {"look": value})
            except expression.MissingPath:
                holds = False
            assert holds is (number in made)


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_a_limit_lies_between(one: float, other: float) -> None:
    """Not below the lower, and below the higher number."""
    low, high = sorted((one, other))
    if low < high:
        assert low <= between(low, high) < high


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2026-01-01T10:00:00Z", "2026-01-02T10:00:00Z"], "clock"),
        ([1_767_225_600, 1_767_312_000], "clock"),
        (["2026-01-01", "2026-01-02"], None),  # a day may be what was asked for
        (["6f1b6a52-9a0b-4f6e-8d39-0d9f5a3f1e11", "6f1b6a52-9a0b-4f6e-8d39-0d9f5a3f1e12"], "id"),
        (["toolu_01A09q90qw90lq917835", "toolu_01A09q90qw90lq917836"], "id"),
        (["ann", "bob"], None),
        ([[1, 2], [2, 1]], "order"),
        ([[1, 2], [2, 2]], None),
        (["a", "a"], None),
        (["2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z", "2026-01-02T10:00:00Z"], None),
    ],
)
def test_clocks_ids_and_order_are_volatile(values: list[Any], expected: str | None) -> None:
    """Nothing else is, and nothing that came up twice."""
    assert volatile(values) == expected


def test_the_proof_finds_every_place_that_would_be_given_something_else() -> None:
    """A wire to another place, a literal, a param without a value for a run."""
    runs = [
        run(
            call("a", {}, {"x": f"value-{number}", "y": f"other-{number}"}), call("b", {"v": f"value-{number}", "w": 1})
        )
        for number in (0, 1)
    ]
    playbacks = [playback(number, it, crystallized(it, MCP), tools(MCP), Policy()) for number, it in enumerate(runs)]
    found = align(playbacks).columns
    for column in found:
        column.key = column.newest.step.key
    steps = {it.key: column.newest.step for column in found for it in [column]}

    def given_(wire: Wire) -> list[tuple[int, str, tuple[str | int, ...]]]:
        argument = Argument(class_="wired", value={"v": None, "w": 1}, wires=[wire])
        changed = steps["b"].model_copy(update={"arguments": {**steps["b"].arguments, "arguments": argument}})
        return list(differences(found, {**steps, "b": changed}, {"p": {0: "value-0"}}))

    assert given_(Wire(at=["v"], from_=Output(step="a", path=["x"]))) == []
    assert given_(Wire(at=["v"], from_=Output(step="a", path=["y"]))) == [
        (0, "b", ("arguments", "v")),
        (1, "b", ("arguments", "v")),
    ]
    assert given_(Wire(at=["v"], param="p")) == [(1, "b", ("arguments", "v"))]
