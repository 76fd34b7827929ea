"""Wires settled against each other: no write follows a position, and no step mixes two records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from airflow_provider_vai.crystallizer.wiring.settle import WiredStep, settle
from airflow_provider_vai.languages.places import with_value
from airflow_provider_vai.languages.result_path import follow
from airflow_provider_vai.model.argument import Argument, Output, Undecided
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.run import ToolCall, Turn
from tests.unit.support import call, crystallized, run

READS = {"match": "get_*", "kind": "mcp_tool", "conn_id": "mcp", "effect": "read"}
WRITES = {"match": "*", "kind": "mcp_tool", "conn_id": "mcp", "effect": "write"}
World = Mapping[str, Callable[..., Any]]

CUSTOMERS = {"cus-11": {"name": "Ana", "orders": ["ord-501", "ord-502"]}, "cus-12": {"orders": ["ord-503"]}}
ORDERS = {
    "ord-501": {"order_id": "ord-501", "payments": [{"payment_id": "pay-9001"}], "address": "Lane 4, Gouda"},
    "ord-502": {"order_id": "ord-502", "payments": [{"payment_id": "pay-9002"}], "address": "Quay 7, Breda"},
    "ord-503": {"order_id": "ord-503", "payments": [{"payment_id": "pay-9003"}], "address": "Road 1, Delft"},
}


def chain(customer: str, *calls: ToolCall, words: str | None = None) -> Automation:
    """Return what is made of a run that looks a customer up and then makes the calls."""
    first = call("get_customer", {"customer_id": customer}, CUSTOMERS[customer])
    turns = [Turn(index=0, user_text=words)]
    return crystallized(run(first, *calls, turns=turns), READS, WRITES, gates="recorded")


def test_the_only_item_of_a_list_is_no_position() -> None:
    """A write may follow it: with several items tomorrow the task fails before anything is sent."""
    made = chain("cus-12", call("cancel", {"order_id": "ord-503"}))
    (source,) = sources(made, "cancel")
    assert source.path == ["orders", "[only]", "is:text"]
    with pytest.raises(LookupError, match="2 items instead of one"):
        follow({"orders": ["ord-1", "ord-503"]}, source.path)
    with pytest.raises(LookupError, match="0 items instead of one"):
        follow({"orders": []}, source.path)


def test_a_read_stays_with_the_write_that_is_about_the_same_record() -> None:
    """Only a position picks the order's id: it stays as recorded in both, and the rest follows the read."""
    made = chain(
        "cus-11",
        call("get_order", {"order_id": "ord-502"}, ORDERS["ord-502"]),
        call("pay_back", {"order_id": "ord-502", "payment_id": "pay-9002"}),
    )
    assert codes(made, "get_order") == {"order_id": "picked_by_position"}
    assert codes(made, "pay_back") == {"order_id": "picked_by_position"}
    assert [source.path for source in sources(made, "pay_back")] == [["payments", "[only]", "payment_id", "is:text"]]


def test_a_write_does_not_follow_a_read_that_follows_a_position() -> None:
    """The user asked for the second order: the read takes whichever is second tomorrow, and no payment follows it."""
    made = chain(
        "cus-11",
        call("get_order", {"order_id": "ord-502"}, ORDERS["ord-502"]),
        call("pay_back", {"payment_id": "pay-9002", "amount": 12.5}),
        words="Look at the second order and pay it back.",
    )
    assert [source.path for source in sources(made, "get_order")] == [["orders", 1, "is:text"]]
    assert codes(made, "pay_back") == {"payment_id": "picked_upstream"}
    assert sources(made, "pay_back") == []


def test_a_read_of_a_whole_list_follows_beside_a_write_that_stays() -> None:
    """It is not about the one record that the write holds."""
    made = chain(
        "cus-11",
        call("get_orders", {"order_ids": ["ord-501", "ord-502"]}, [ORDERS["ord-501"], ORDERS["ord-502"]]),
        call("pay_back", {"order_id": "ord-502"}),
    )
    assert [source.path for source in sources(made, "get_orders")] == [["orders", "is:list"]]
    assert sources(made, "pay_back") == []


def test_a_write_does_not_mix_two_records() -> None:
    """The address comes with the order that stays as recorded, so it stays, too."""
    found = {"order_id": "ord-501", "items": [{"sku": "sku-71"}, {"sku": "sku-72"}], "address": "Lane 4, Gouda"}
    made = crystallized(
        run(
            call("get_order", {"number": "12345"}, found),
            call("send_again", {"sku": "sku-72", "address": "Lane 4, Gouda"}),
        ),
        READS,
        WRITES,
        gates="recorded",
    )
    assert codes(made, "send_again") == {"sku": "picked_by_position", "address": "record_frozen"}


def test_a_list_is_not_mixed() -> None:
    """One user is known by name and the other only by position: half a list would follow the data."""
    users = [{"name": name, "mail": f"{name.lower()}@example.com"} for name in ("Ana", "Bob", "Cem")]
    calls = call("get_users", {}, users), call("get_history", {"of": ["ana@example.com", "bob@example.com"]})

    def made(words: str) -> Automation:
        return crystallized(run(*calls, turns=[Turn(index=0, user_text=words)]), READS, gates="recorded")

    half = made("What did Ana and her deputy write?")
    assert codes(half, "get_history") == {"0": "list_frozen", "1": "picked_by_position"}
    whole = made("What did Ana and Bob write?")
    assert [source.path[0] for source in sources(whole, "get_history")] == ["[name=Ana]", "[name=Bob]"]


def test_a_list_of_one_in_a_write_is_its_one_item() -> None:
    """Two items tomorrow make the task fail: the recorded write changed one thing."""
    found = {"number": "12345", "items": ["sku-71"]}
    calls = call("get_order", {"number": "12345"}, found), call("send_back", {"items": ["sku-71"], "reason": "broken"})
    made = crystallized(run(*calls), READS, WRITES, gates="recorded")
    (wire,) = step_of(made, "send_back").arguments["arguments"].wires
    assert (wire.at, wire.from_) == (["items", 0], Output(step="get_order", path=["items", "[only]", "is:text"]))
    with pytest.raises(LookupError, match="2 items instead of one"):
        follow({"items": ["sku-70", "sku-71"]}, ["items", "[only]", "is:text"])


def test_a_value_below_a_key_that_is_data_keeps_its_record_with_it() -> None:
    """No path can name the payment, so it stays; the order, which the same result names, stays with it."""
    found = {"orders": ["ord-503"], "payments": {"pay-9003": {"id": "pay-9003"}, "pay-9009": {"id": "pay-9009"}}}
    calls = call("get_customer", {"name": "x"}, found), call("pay", {"order": "ord-503", "payment": "pay-9009"})
    made = crystallized(run(*calls), READS, WRITES, gates="recorded")
    assert codes(made, "pay") == {"payment": "key_from_data", "order": "record_frozen"}


def test_what_a_step_reads_is_known_after_a_place_was_frozen() -> None:
    """The reads that were found once are found again when one of them is returned to its recorded value."""
    arguments = {name: Argument(class_="wired", from_=Output(step="look", path=[name])) for name in ("a", "b")}
    step = WiredStep("send", arguments, None, {"a": 1, "b": 2}, writes=True)
    assert [read.place for read in step.reads] == [["a"], ["b"]]

    step.freeze(["a"], "record_frozen", "why")

    assert [read.place for read in step.reads] == [["b"]]
    assert (step.arguments["a"].value, step.arguments["a"].undecided[0].code) == (1, "record_frozen")


def test_a_loop_that_depends_on_a_position_stays_separate_calls() -> None:
    """One mapped write over the list of whoever comes second would write to another one's list."""
    items = {"items": [{"sku": "sku-71"}, {"sku": "sku-72"}]}
    recorded = run(
        call("get_customer", {"customer_id": "cus-11"}, CUSTOMERS["cus-11"]),
        call("get_items", {"order_id": "ord-502"}, items),
        call("send_again", {"sku": "sku-71"}, batch=2000),
        call("send_again", {"sku": "sku-72"}, batch=2000),
        turns=[Turn(index=0, user_text="Send the items of the second order again.")],
    )
    steps = crystallized(recorded, READS, WRITES, gates="recorded", loops=True).steps
    assert [(step.key, step.each) for step in steps][-2:] == [("send_again", None), ("send_again_2", None)]
    assert steps[-1].arguments["arguments"].value == {"sku": "sku-72"}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_write_has_another_target_whatever_the_order_of_lists(data: st.DataObject) -> None:
    """The steps run with every list reordered or longer: a write has its recorded target, or its task fails."""
    customer = data.draw(st.sampled_from(sorted(CUSTOMERS)))
    order = data.draw(st.sampled_from(CUSTOMERS[customer]["orders"]))
    payment = ORDERS[order]["payments"][0]["payment_id"]
    writes = data.draw(
        st.lists(
            st.sampled_from([{"order_id": order}, {"payment_id": payment}, {"order_id": order, "payment_id": payment}]),
            min_size=1,
            max_size=2,
        )
    )
    reads = [call("get_order", {"order_id": order}, ORDERS[order])] if data.draw(st.integers(0, 3)) else []
    made = chain(customer, *reads, *(call(f"write_{number}", values) for number, values in enumerate(writes)))

    world: World = {
        "get_customer": lambda customer_id: other_order(data, CUSTOMERS[customer_id], "ord-700"),
        "get_order": lambda order_id: other_order(data, ORDERS[order_id], {"payment_id": "pay-7000"}),
    }
    sent = replayed(made, world)
    for number, values in enumerate(writes):
        assert sent.get(f"write_{number}", values) == values


def other_order(data: st.DataObject, record: Mapping[str, Any], extra: Any) -> dict[str, Any]:
    """Return a record with its lists in another order, perhaps with one more item."""
    lists = {key: value for key, value in record.items() if isinstance(value, list)}
    longer = {key: [*value, *([extra] if data.draw(st.booleans()) else [])] for key, value in lists.items()}
    return {**record, **{key: data.draw(st.permutations(value)) for key, value in longer.items()}}


def replayed(made: Automation, world: World) -> dict[str, Any]:
    """Run the steps; return the arguments of each write that was made. A step that fails ends the run."""
    results: dict[str, Any] = {}
    sent: dict[str, Any] = {}
    for step in made.steps:
        try:
            arguments = filled(step.arguments["arguments"], results)
        except LookupError:
            return sent
        if step.key in world:
            if not set(arguments.values()) <= {*CUSTOMERS, *ORDERS}:
                return sent  # the world knows no such record
            results[step.key] = world[step.key](**arguments)
        else:
            sent[step.key] = arguments
    return sent


def filled(argument: Argument, results: Mapping[str, Any]) -> Any:
    """Return an argument with its wires filled in."""
    if argument.from_:
        return follow(results[str(argument.from_.step)], argument.from_.path)
    value = argument.value
    for wire in argument.wires:
        assert wire.from_ is not None
        value = with_value(value, wire.at, follow(results[str(wire.from_.step)], wire.from_.path))
    return value


def step_of(made: Automation, key: str) -> Step:
    """Return a step by its key."""
    return next(step for step in made.steps if step.key == key)


def sources(made: Automation, key: str) -> list[Output]:
    """Return the wires in a step's arguments."""
    return step_of(made, key).arguments["arguments"].outputs()


def codes(made: Automation, key: str) -> dict[str, str]:
    """Return place -> code of what a reviewer has to decide about a step."""
    return {str(it.at[-1]): it.code for it in step_of(made, key).arguments["arguments"].undecided}


def test_a_derived_value_that_reads_several_results_is_taken_back_once() -> None:
    """The review lists its place once, with the expression to choose."""
    tree = {
        "function": "concatenated",
        "values": [{"function": "wired", "step": step, "path": ["ids"]} for step in ("north", "south")],
    }
    argument = Argument(class_="derived", value=["BT-0417"], derive=tree)
    held = Undecided(at=[], code="picked_by_position", evidence=["a test"])
    frozen = Argument(class_="frozen", value="BT-0417", undecided=[held])
    last = WiredStep("last", {"berths": argument}, None, {"berths": ["BT-0417"]}, writes=True)
    settle([WiredStep("first", {"berth": frozen}, None, {"berth": "BT-0417"}, writes=True), last], lambda text: ())
    assert [one.code for one in last.arguments["berths"].undecided] == ["shared_value_frozen"]
    assert [wire.derive for wire in last.arguments["berths"].undecided[0].candidates] == [tree]
