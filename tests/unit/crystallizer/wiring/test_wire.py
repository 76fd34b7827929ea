"""Wires: only if it is proven that a value comes from one place of an earlier result and nobody said it first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from airflow_provider_vai.crystallizer.evidence.value_places import places
from airflow_provider_vai.crystallizer.wiring.search import Search
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.derivation import evaluate
from airflow_provider_vai.languages.places import with_value
from airflow_provider_vai.languages.result_path import follow
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.run import Run, ToolCall, Turn
from airflow_provider_vai.renderer.render import render
from tests.unit.support import MCP, call, crystallized, review_lines, run

ROWS = [{"month": "2025-01", "revenue": 10.5}, {"month": "2025-02", "revenue": 11}]
QUERY = {"match": "query*", "kind": "generate_query"}
BOARD = {"match": "board", "kind": "create_flashboard"}
SQL = {"sql": "SELECT 1"}
READS = {"match": "*", "kind": "mcp_tool", "conn_id": "mcp", "effect": "read"}


def steps(recorded: Run, **policy: Any) -> dict[str, Step]:
    """Return the steps by key, without gates."""
    return {step.key: step for step in crystallized(recorded, QUERY, BOARD, MCP, gates="recorded", **policy).steps}


def argument(*calls: ToolCall, **facts: Any) -> Argument:
    """Return the last call's ``arguments``."""
    return list(steps(run(*calls, **facts)).values())[-1].arguments["arguments"]


def wires(found: Argument) -> dict[str, str]:
    """Return place -> source of each wire, as text."""
    named = {".".join(map(str, wire.at)): wire.from_ for wire in found.wires if wire.from_}
    named |= {"*": found.from_} if found.from_ else {}
    return {place: "/".join([source.step, *map(str, source.path)]) for place, source in named.items()}


def open_of(found: Argument) -> list[tuple[str, str, list[str]]]:
    """Return the undecided places: place, code and evidence."""
    return [(".".join(map(str, it.at)), it.code, it.evidence) for it in found.undecided]


@pytest.mark.parametrize(
    ("result", "arguments", "expected"),
    [
        ("record 4711", {"id": "record 4711"}, {"id": "look"}),
        ("record 4711", {"a": [{"b": ["x", "record 4711"]}]}, {"a.0.b.1": "look"}),
        ("record 4711", {"a": "record 4711", "b": "record 4711"}, {"a": "look", "b": "look"}),
        ({"id": 7, "name": "x"}, {"item": {"name": "x", "id": 7}}, {"item": "look"}),
        ([1, 2, 3], {"ids": [1, 2, 3]}, {"ids": "look"}),
        ({"rows": ROWS, "took": 3}, {"data": ROWS}, {"data": "look/rows"}),
        ({"id": 7}, {"id": 7}, {"*": "look"}),
        ("record 4711", {"id": "record 4711 "}, {}),
        ("record 4711", {"id": "see record 4711"}, {}),
        ({"id": "record 4711"}, {"id": "record 4711"}, {"*": "look"}),
        ({"id": "record 4711", "n": 1}, {"id": "record 4711"}, {"id": "look/id/is:text"}),
        ({"n": 4711}, {"n": 4711}, {"*": "look"}),
        ({"n": 4711, "x": 1}, {"n": 4711}, {"n": "look/n/is:number"}),
        ({"n": 4711, "x": 1}, {"m": 4711}, {}),
        ({"a": {"b": ["record 4711"]}}, {"c": "record 4711"}, {"c": "look/a/b/[only]/is:text"}),
        ({"a": {"on": True}}, {"on": True}, {}),
        ({"a": {"day": "2024-05-19"}}, {"start": "2024-05-19"}, {}),
        ({"a": {"day": "2024-05-19"}}, {"day": "2024-05-19"}, {"day": "look/a/day/is:text"}),
        ({"a": {"status": "open"}}, {"query": "open"}, {}),
        ({"a": {"status": "open"}}, {"new_status": "open"}, {"new_status": "look/a/status/is:text"}),
        ({"a": {"count": 3}}, {"max_count": 3}, {}),
        ({"a": {"id": 3}}, {"order_id": 3}, {"order_id": "look/a/id/is:number"}),
        ({"a": {"user_id": 30}}, {"order_id": 30}, {}),
        ("- id: 30\n  name: x", {"id": 30}, {"id": "look/text:yaml/[only]/id/is:number"}),
        ("A bill.\nIBAN: DE4711", {"to": "DE4711"}, {"to": "look/text:fields/IBAN/is:text"}),
        ("Total: 98.70\nThanks!", {"total": 98.7}, {"total": "look/text:fields/Total/text:number/is:number"}),
        ("Hotels: Inn 1\nInn 2", {"names": ["Inn 1", "Inn 2"]}, {"names": "look/text:list/is:list"}),
        ("{'Inn 1': {'rate': 4.7}, 'Inn 2': 3}", {"rate": 4.7}, {"rate": "look/text:python/Inn 1/rate/is:number"}),
        ({"note": '{"id": "r4711"}'}, {"id": "r4711", "x": 1}, {"id": "look/note/text:json/id/is:text"}),
        ({"at": {"r4711": {"id": "r4711"}}}, {"id": "r4711", "x": 1}, {"id": "look/at/[only]/id/is:text"}),
        ({"at": {"r4711": {"id": "r4711"}, "r2": {}}}, {"id": "r4711", "x": 1}, {}),
        ({"a": "record 4711", "b": "record 4711"}, {"id": "record 4711"}, {}),
        ({"a": "record 4711", "id": "record 4711"}, {"id": "record 4711"}, {"id": "look/id/is:text"}),
        ([1, 2, 3], {"ids": [1, 2]}, {}),
        ([1, 2, 3], {"ids": [1.0, 2, 3]}, {}),
        ([1, 0], {"ids": [True, False]}, {}),
        ("record 4711", {"record 4711": 1}, {}),
        ("abc", {"id": "abc"}, {}),
        ("", {"id": ""}, {}),
        (4711, {"id": 4711}, {}),
        (True, {"is": True}, {}),
        (None, {"is": None}, {}),
        ([], {"ids": []}, {}),
        ({}, {"a": {}}, {}),
    ],
)
def test_what_is_wired(result: Any, arguments: Any, expected: dict[str, str]) -> None:
    """The whole result or a place in it, texts read by their form; what coincides by chance needs its name, too."""
    found = argument(call("look", result=result), call("send", arguments))
    assert wires(found) == expected
    assert (found.class_ == "wired") is bool(expected)
    if not expected:
        assert found.value == arguments


def test_wired_place_is_null_and_the_rest_stays() -> None:
    """The value without the wired parts is kept beside the wires, with the calls as evidence."""
    found = argument(call("look", result="record 4711"), call("send", {"a": 1, "b": ["record 4711", 1.0]}))
    assert repr(found.value) == repr({"a": 1, "b": [None, 1.0]})
    assert found.evidence[0] == "b.0: from look (call c1); no other result has it"


def test_calls_of_one_batch_cannot_see_each_other() -> None:
    """The model wrote them together: equal values are chance, or the user's."""
    one, other = call("look", result="record 4711", batch=0), call("send", {"id": "record 4711"}, batch=0)
    assert wires(argument(one, other)) == {}
    assert wires(argument(one, other.model_copy(update={"batch": 1}))) == {"id": "look"}


def test_a_batch_is_one_batch_wherever_its_calls_stand() -> None:
    """Calls sorted by time may stand between those of another batch: still none of a batch sees another one."""
    first = call("look", result="record 4711", batch=0)
    between = call("other", result="something else", batch=1)
    assert wires(argument(first, between, call("send", {"id": "record 4711"}, batch=0))) == {}


TWO = [{"name": "Spotify", "iban": "SE47110001", "day": 3}, {"name": "Tidal", "iban": "NO47110002", "day": 4}]
LIST = {"match": "list_*", "kind": "mcp_tool", "conn_id": "mcp", "effect": "read"}


def taken(send: dict[str, Any], result: Any = TWO, *, effect: str = "read", **facts: Any) -> Argument:
    """Return the arguments of a step after a list was read."""
    sends = {"match": "send", "kind": "mcp_tool", "conn_id": "mcp", "effect": effect}
    recorded = run(call("list_debts", {"n": 2}, result), call("send", send), **facts)
    return crystallized(recorded, LIST, sends, gates="recorded").steps[-1].arguments["arguments"]


def test_a_position_is_left_only_in_a_read_whose_user_asked_for_it() -> None:
    """Another record may be there tomorrow: a read follows if the user asked for it, and no payment does."""
    asked = [Turn(index=0, user_text="Look at the second debt.")]
    found = taken({"to": "NO47110002"}, turns=asked)
    assert wires(found) == {"to": "list_debts/1/iban/is:text"}
    assert found.evidence == [
        "to: from list_debts[1][iban] (call c1); no other result has it; selected by its position in a list of 2"
    ]
    frozen = [("to", "picked_by_position", ["list_debts[1][iban], by its position in a list of 2"])]
    for found in (taken({"to": "NO47110002"}, effect="write", turns=asked), taken({"to": "NO47110002"})):
        assert (found.class_, found.value) == ("frozen", {"to": "NO47110002"})
        assert open_of(found) == frozen


@pytest.mark.parametrize("effect", ["read", "write"])
def test_a_record_that_a_person_named(effect: str) -> None:
    """Its name stays where its position does not; people write it as they like."""
    named = {"to": "list_debts/[name=Tidal]/iban/is:text", "day": "list_debts/[name=Tidal]/day/is:number"}
    for words in ("Pay Tidal!", "pay tidal"):
        turns = [Turn(index=0, user_text=words)]
        assert wires(taken({"to": "NO47110002", "day": 4}, effect=effect, turns=turns)) == named


def test_a_record_that_a_frozen_argument_asked_for() -> None:
    """The step asks for it by name, so the name is no data."""
    found = steps(
        run(call("search", {"name": "Tidal"}, TWO), call("send", {"to": "NO47110002"})),
    )["send"].arguments["arguments"]
    assert wires(found) == {"to": "search/[name=Tidal]/iban/is:text"}


def test_a_name_that_stands_twice_names_nothing() -> None:
    """Which of them is meant cannot be said."""
    double = [*TWO, {"name": "Tidal", "iban": "DK47110003", "day": 4}]
    found = taken({"to": "NO47110002"}, double, effect="write", turns=[Turn(index=0, user_text="Pay Tidal!")])
    assert wires(found) == {}


def test_the_record_of_another_wire_decides() -> None:
    """A word or a number alone proves nothing; beside a proven value of its record it does."""
    result = {"owner": {"city": "Bern", "zip": 3011}, "shop": {"city": "Bern", "id": "S-4711"}}
    assert wires(taken({"shop": "S-4711", "city": "Bern"}, result)) == {
        "shop": "list_debts/shop/id/is:text",
        "city": "list_debts/shop/city/is:text",
    }
    assert wires(taken({"city": "Bern"}, result)) == {}


def test_what_a_call_was_asked_about_decides() -> None:
    """Two orders have a total: the one of the order that the step is about."""
    orders = [call("get_order", {"order": f"W-{n}001"}, {"total": 250, "status": "sent"}) for n in (1, 2)]
    found = argument(*orders, call("refund", {"order": "W-1001", "total": 250}))
    assert wires(found) == {"total": "get_order/total/is:number"}


def test_the_newest_of_one_tools_results() -> None:
    """The same list read twice: the second reading counts."""
    found = argument(
        *[call("look", {"n": n}, {"id": "record 4711", "n": n}) for n in (100, 200)],
        call("send", {"id": "record 4711"}),
    )
    assert wires(found) == {"id": "look_2/id/is:text"}


def test_an_echo_is_no_source() -> None:
    """A result that repeats the call's own argument did not say it first."""
    first, echo = call("look", result={"id": "record 4711"}), call("open", {"id": "record 4711"}, {"id": "record 4711"})
    assert wires(argument(first, echo, call("send", {"key": "record 4711"}))) == {"key": "look/id/is:text"}
    assert wires(argument(echo, call("send", {"key": "record 4711"}))) == {}


def test_a_selection_from_data_stays_frozen() -> None:
    """Positions repeat no selection."""
    rows = [{"key": f"K-{number:03}"} for number in range(60)]
    found = taken({"keys": [row["key"] for row in rows[::2]]}, rows)
    assert found.class_ == "frozen"
    assert [code for _, code, _ in open_of(found)] == [*["picked_by_position"] * 10, "more_places"]


def test_a_value_inside_a_longer_text_is_listed() -> None:
    """Nothing is cut into texts; the reviewer reads what stands in them."""
    found = argument(call("look", result={"id": "record 4711"}), call("send", {"body": "About record 4711: done"}))
    assert (found.class_, open_of(found)) == ("frozen", [("body", "text_of_result", ["look[id]"])])


def test_the_user_repeats_a_name_in_other_letters() -> None:
    """People's words are compared without regard to case, so a value of theirs is never wired."""
    assert wires(taken({"to": "Inn One"}, {"x": "Inn One"}, turns=[Turn(index=0, user_text="book inn one")])) == {}


def test_a_way_through_a_secret_is_not_written() -> None:
    """A key of the data may be a credential; no path holds one."""
    token = "ghp_" + "a1" * 18
    found = taken({"to": "NO47110002"}, {token: {"iban": "NO47110002"}, "x": 1})
    assert token not in repr(found)
    assert wires(found) == {}


PLAIN = st.one_of(
    st.sampled_from(
        ["record 4711", "open", "2024-05-19", "x@y.org", "", "- a: W-1\n  b: 2", '{"k": "Q-77"}', "Sum: 12"]
    ),
    st.integers(-20, 20),
    st.booleans(),
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False, width=16),
)
DATA = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "name", "[only]", "is:text"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(DATA, min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(["id", "name", "to"]), DATA | PLAIN, max_size=3),
    st.data(),
)
def test_filled_in_wires_give_the_recorded_arguments(
    results: list[Any], arguments: dict[str, Any], data: st.DataObject
) -> None:
    """The proof by substitution, for any data: what the wires find in the recorded results is what was recorded."""
    for name in arguments:
        if data.draw(st.booleans()):
            arguments[name] = data.draw(st.sampled_from([place.value for place in places(results)]))
    recorded = run(*[call(f"get_{n}", {}, result) for n, result in enumerate(results)], call("send", arguments))
    found = crystallized(recorded, READS, gates="recorded").steps[-1].arguments["arguments"]
    left = {f"get_{n}": result for n, result in enumerate(results)}
    value = found.value if found.from_ is None else follow(left[str(found.from_.step)], found.from_.path)

    def outputs(node: dict[str, Any]) -> Any:
        return follow(left[node["step"]], node["path"])

    for wire in found.wires:
        taken = (
            evaluate(wire.derive, outputs)
            if wire.from_ is None
            else follow(left[str(wire.from_.step)], wire.from_.path)
        )
        value = with_value(value, wire.at, taken)
    assert json_text.canonical(value) == json_text.canonical(arguments)


@pytest.mark.parametrize("value", ["x@y.org", "https://y.org/a", "plan.docx", "A-4711"])
@pytest.mark.parametrize("result", [lambda value: [value], lambda value: {"mail": value}])
def test_two_results_that_are_the_value_decide_nothing(value: str, result: Any) -> None:
    """An address that two results hold is no address in a text: it stays, and both places are listed."""
    calls = [call(f"get_{n}", {}, result(value)) for n in range(2)]
    argument = crystallized(run(*calls, call("get_2", {"id": value})), READS).steps[-1].arguments["arguments"]

    assert (argument.value, argument.wires) == ({"id": value}, [])
    assert [place.code for place in argument.undecided] == ["several_sources"]


def test_a_wire_takes_the_place_of_those_inside_it() -> None:
    """What is found in a later round may hold what was found before: one reference stands there, not one in another."""
    text = "- a: W-1\n  b: 2"
    results = [
        {"[only]": "record 4711", "name": '{"k": "Q-77"}'},
        [None, [2, text]],
        {"name": None, "[only]": text, "id": []},
    ]
    arguments = {"name": {"a": "W-1", "b": 2}, "to": {"name": 2, "[only]": [{"a": "W-1", "b": 2}], "is:text": text}}
    recorded = run(*[call(f"get_{n}", {}, result) for n, result in enumerate(results)], call("send", arguments))
    automation = crystallized(recorded, READS, gates="recorded")
    places_ = [wire.at for wire in automation.steps[-1].arguments["arguments"].wires]

    assert places_ == [["to", "[only]"], ["to", "is:text"], ["name"]]
    assert 'wired(get_2, "[only]", "text:yaml", "[only]", "is:object")' in render(automation)


def test_the_results_of_a_loop_are_a_list() -> None:
    """A step that is mapped over a list leaves one result for each element."""
    shops = call("list_shops", {}, [{"id": "S-4711"}, {"id": "S-4712"}])
    opened = [call("open_shop", {"id": f"S-471{n}"}, {"code": f"C-000{n}"}) for n in (1, 2)]
    recorded = run(shops, *opened, call("send", {"code": "C-0002", "codes": [{"code": "C-0001"}, {"code": "C-0002"}]}))
    automation = crystallized(recorded, READS, gates="recorded", loops=True)
    assert [step.key for step in automation.steps] == ["list_shops", "open_shop", "send"]
    found = wires(automation.steps[-1].arguments["arguments"])
    assert found == {"codes": "open_shop"}


def test_a_later_result_is_no_source() -> None:
    """Only what stood before the call."""
    found = steps(run(call("send", {"id": "record 4711"}), call("look", result="record 4711")))
    assert wires(found["send"].arguments["arguments"]) == {}


def test_ties_stay_frozen_and_are_listed() -> None:
    """Two steps gave the same value: the reviewer reads which, and decides."""
    calls = (
        call("look", result="record 4711"),
        call("find", result="record 4711"),
        call("send", {"id": "record 4711"}),
    )
    found = argument(*calls)
    assert (found.class_, found.value) == ("frozen", {"id": "record 4711"})
    assert open_of(found) == [("id", "several_sources", ["look", "find"])]
    review = review_lines(crystallized(run(*calls), gates="recorded"))
    assert "send.arguments.id: equals several earlier results, so it stays frozen (look; find)" in review


@pytest.mark.parametrize(
    ("left_out", "policy"),
    [
        (call("find", result="record 4711"), {"exclude": ("find",)}),
        (call("find", result="record 4711", turn=0), {"turns": frozenset({1})}),
    ],
    ids=["excluded", "of another turn"],
)
def test_a_call_without_a_step_may_be_the_source_too(left_out: ToolCall, policy: dict[str, Any]) -> None:
    """If such a call gave the value first, it is not proven to come from the step that gave the same."""
    look, send = call("look", result="record 4711", turn=1), call("send", {"id": "record 4711"}, turn=1)
    found = steps(run(left_out, look, send), **policy)["send"].arguments["arguments"]
    assert wires(found) == {}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"turns": [Turn(index=0, user_text="Send record 4711 to Mia")]}, {}),
        ({"turns": [Turn(index=0, user_text="go"), Turn(index=1, user_text="record 4711!")]}, {}),
        ({"turns": [Turn(index=0, user_text="go"), Turn(index=2, user_text="record 4711!")]}, {"id": "look"}),
        ({"system_text": "Always send record 4711."}, {}),
        ({"turns": [Turn(index=0, user_text=None)]}, {"id": "look"}),
        ({"turns": [Turn(index=0, user_text="Send record 47")]}, {"id": "look"}),
    ],
)
def test_what_was_said_stays_frozen(facts: dict[str, Any], expected: dict[str, str]) -> None:
    """A text that the user or the instructions said before the call is theirs."""
    found = argument(call("look", result="record 4711"), call("send", {"id": "record 4711"}, turn=1), **facts)
    assert wires(found) == expected


@pytest.mark.parametrize(
    ("rule", "one", "name"),
    [
        (MCP, call("record 4711"), "tool"),
        (QUERY, call("query", {"sql": "record 4711"}), "sql"),
        (QUERY, call("query", {**SQL, "conn_id": "record 4711"}), "conn_id"),
        ({"match": "req", "kind": "http_request"}, call("req", {"url": "record 4711"}), "endpoint"),
    ],
)
def test_what_decides_what_runs_is_never_wired(rule: Any, one: ToolCall, name: str) -> None:
    """Statement, connection, address and tool stay as they were reviewed, whatever they equal."""
    automation = crystallized(run(call("look", result="record 4711"), one), rule, MCP, gates="recorded")
    found = automation.steps[-1].arguments[name]
    assert (found.class_, found.value) == ("frozen", "record 4711")


@pytest.mark.parametrize(
    ("result", "dataset", "expected"),
    [
        ({"rows": ROWS}, ROWS, {"d": "query/rows"}),
        ({"columns": ["month"], "rows": ROWS, "row_count": 2}, ROWS, {"d": "query/rows"}),
        (
            {"columns": ["month"], "rows": ROWS, "row_count": 2},
            {"columns": ["month"], "rows": ROWS, "row_count": 2},
            {"d": "query"},
        ),
        ({"sql": "S", "rows": ROWS}, {"sql": "S", "rows": ROWS}, {"d.rows": "query/rows"}),
        (ROWS, ROWS, {"d": "query/rows"}),
        ([["2025-01", 1]], [["2025-01", 1]], {"d": "query/rows"}),
        ({"rows": ROWS}, ROWS[:1], {}),
    ],
)
def test_rows_of_a_query(result: Any, dataset: Any, expected: dict[str, str]) -> None:
    """A query step returns a table: its rows are wired, in whatever shape the trace has them."""
    recorded = run(call("query", SQL, result), call("board", {"title": "T", "charts": [], "datasets": {"d": dataset}}))
    assert wires(steps(recorded)["board"].arguments["datasets"]) == expected


def test_a_board_is_no_source() -> None:
    """What a flashboard step leaves is not what the recorded tool said."""
    board = call("board", {"title": "T", "charts": []}, {"flashboard": "board 4711"})
    assert wires(argument(board, call("send", {"x": {"flashboard": "board 4711"}}))) == {}


def test_a_place_with_a_secret_is_not_wired() -> None:
    """The connection supplies it."""
    found = argument(call("look", result="not a password"), call("send", {"password": "not a password"}))
    assert (wires(found), [secret.at for secret in found.secrets]) == ({}, [["password"]])


def test_freeze_all_makes_literals_only() -> None:
    """The user's word."""
    recorded = run(call("look", result="record 4711"), call("send", {"id": "record 4711"}))
    found = steps(recorded, freeze_all=True)["send"].arguments["arguments"]
    assert (found.class_, found.value, open_of(found)) == ("frozen", {"id": "record 4711"}, [])


def test_only_values_of_results_are_looked_for_in_what_people_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """To look a value up in the results is fast, so it comes first; a step without open places is looked at once."""
    asked: list[object] = []
    said = Search._was_said
    monkeypatch.setattr(Search, "_was_said", lambda search, value: asked.append(value) or said(search, value))
    crystallized(
        run(
            call("get_order", {"page": "the first page"}, {"order": "ord-000123"}),
            call("book", {"order": "ord-000123", "note": "booked as usual, see above"}, {"ok": True}),
        )
    )
    assert asked == ["ord-000123"]


CRATES = [
    {"crate_id": "CR-70417", "goods": [{"name": "Storm Lantern", "part": "PT-11417"}], "account": "AC-417-X"},
    {"crate_id": "CR-70982", "goods": [{"name": "Anchor Chain", "part": "PT-22982"}], "account": "AC-982-X"},
    {"crate_id": "CR-70233", "goods": [{"name": "Signal Flag", "part": "PT-33233"}], "account": "AC-982-X"},
]
OPENED = {"match": "open_*", "kind": "mcp_tool", "conn_id": "mcp", "effect": "read"}


def last(words: str, *calls: ToolCall) -> dict[str, str]:
    """Return the wires of the last call, where calls for each element of a list are one step."""
    recorded = run(*calls, turns=[Turn(index=0, user_text=words)])
    made = crystallized(recorded, OPENED, MCP, gates="recorded", loops=True)
    return wires(made.steps[-1].arguments["arguments"])


@pytest.mark.parametrize(
    ("words", "crates", "expected"),
    [
        ("Please drop the lantern.", CRATES, {"crate_id": "open_all/[goods.name=Storm Lantern]/crate_id/is:text"}),
        (
            "Please drop the Storm Lantern.",
            CRATES,
            {"crate_id": "open_all/[goods.name=Storm Lantern]/crate_id/is:text"},
        ),
        ("Please drop the storm gear.", CRATES, {}),
        ("Please drop the first one.", CRATES, {}),
        ("Please drop the cheapest lantern.", CRATES, {}),
        ("Please drop the oldest crate. Mind the lantern.", CRATES, {}),
        ("Please drop the lantern.", [*CRATES, {"goods": [{"name": "Oil Lantern"}]}], {}),
        ("Please drop the lantern.", [*CRATES, {"goods": [], "note": "a lantern"}], {}),
        ("Please drop the lantern.", [{**one, "lantern_id": 4} for one in CRATES], {}),
    ],
)
def test_a_record_by_the_noun_of_its_name(words: str, crates: Any, expected: dict[str, str]) -> None:
    """People say "the lantern". No other text of the result may have the word, and no field or tool be called so."""
    assert last(words, call("open_all", {}, crates), call("drop", {"crate_id": "CR-70417"})) == expected


def test_the_value_of_the_record_that_a_step_is_about() -> None:
    """Of the calls of a loop, it is the one that was given another value of the step."""
    listed = call("open_list", {}, {"ids": [one["crate_id"] for one in CRATES]})
    opened = [call("open_crate", {"crate_id": one["crate_id"]}, one) for one in CRATES]
    charged = call("charge", {"crate_id": "CR-70233", "account": "AC-982-X"}, turn=1)
    words = "Charge CR-70233, not the one with the Anchor Chain."  # both of them are named, and have this account
    turns = [Turn(index=0, user_text="Open all crates."), Turn(index=1, user_text=words)]
    recorded = run(listed, *opened, charged, turns=turns)
    made = crystallized(recorded, OPENED, MCP, gates="recorded", loops=True)
    assert made.steps[1].each is not None
    found = wires(made.steps[-1].arguments["arguments"])
    assert found == {"account": "open_crate/[crate_id=CR-70233]/account/is:text"}


def test_a_read_and_a_write_that_return_one_record() -> None:
    """The newer result is taken. Records of another shape are two, and so are those without a name."""
    changed = [{**one, "account": one["account"]} for one in CRATES]
    calls = [call("open_all", {}, CRATES), call("label_all", {}, changed)]
    drop = call("drop", {"crate_id": "CR-70417"})
    assert last("Label all of them, and drop the lantern.", *calls, drop) == {
        "crate_id": "label_all/[goods.name=Storm Lantern]/crate_id/is:text"
    }
    assert last("Label all of them, and drop the first.", *calls, drop) == {}
    calls[1] = call("label_all", {}, [{**one, "labelled": True} for one in CRATES])
    assert last("Label all of them, and drop the lantern.", *calls, drop) == {}


@pytest.mark.parametrize(
    ("first", "second", "answer", "expected"),
    [
        ({"crate_id": "CR-70417"}, {"crate_id": "CR-70417"}, CRATES[0], {"account": "label_crate/account/is:text"}),
        ({"crate_id": "CR-70417"}, {"crate_id": "CR-70417", "tint": "A-4417"}, {**CRATES[0], "tint": "A-4417"}, {}),
        ({"crate_id": "CR-70417"}, {"crate_id": "CR-70233"}, {**CRATES[2], "account": "AC-417-X"}, {}),
        ({"crate_id": "CR-70417"}, {"crate_id": "CR-70417"}, {**CRATES[0], "labelled": True}, {}),  # another shape
        ({"quay": "north side"}, {"quay": "north side"}, CRATES[0], {}),  # neither was asked for this crate
    ],
)
def test_a_read_and_a_write_of_the_record_that_both_were_asked_for(
    first: dict[str, str], second: dict[str, str], answer: Any, expected: dict[str, str]
) -> None:
    """Records are the same if all ids agree that a call was asked for and returned: one alone may be a tenant's."""
    opened, labelled = call("open_crate", first, CRATES[0]), call("label_crate", second, answer)
    words = "Open the crate, label it and charge its account."
    assert last(words, opened, labelled, call("charge", {"account": "AC-417-X"})) == expected
