"""What several runs prove about a value that the model worked out."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.languages.derivation.words import words
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.run import Run, ToolCall
from tests.unit.crystallizer.several.test_generalise import made_of, step, told
from tests.unit.support import call, review_lines

MONDAY = [
    ("A-1001", "Oak chair", "north", 310, "2026-01-03"), ("A-1002", "Pine table", "south", 1250, "2026-01-09"),
    ("A-1003", "Elm shelf", "north", 95, "2026-01-01"), ("A-1004", "Ash stool", "west", 480, "2026-01-07"),
    ("A-1005", "Fir bench", "south", 77, "2026-01-05"), ("A-1006", "Yew frame", "west", 640, "2026-01-02"),
]  # fmt: skip
TUESDAY = [
    ("B-2001", "Cork mat", "west", 720, "2026-02-11"), ("B-2002", "Silk lamp", "north", 58, "2026-02-02"),
    ("B-2003", "Wool rug", "south", 415, "2026-02-04"), ("B-2004", "Clay vase", "south", 990, "2026-02-01"),
    ("B-2005", "Brass hook", "west", 133, "2026-02-09"), ("B-2006", "Jute bag", "north", 267, "2026-02-08"),
    ("B-2007", "Linen sheet", "west", 505, "2026-02-06"),
]  # fmt: skip
WEDNESDAY = [
    ("C-3001", "Tin box", "south", 88, "2026-03-02"), ("C-3002", "Horn comb", "west", 1610, "2026-03-05"),
    ("C-3003", "Jade ring", "north", 702, "2026-03-08"), ("C-3004", "Bone fork", "west", 349, "2026-03-01"),
    ("C-3005", "Gold pin", "north", 56, "2026-03-03"),
]  # fmt: skip
DAYS = (MONDAY, TUESDAY, WEDNESDAY)
Row = tuple[str, str, str, int, str]


def rows(day: list[Row]) -> list[dict[str, Any]]:
    """Return the orders of a day as a tool returns them."""
    return [dict(zip(("order_id", "product", "region", "total", "ordered_on"), row, strict=True)) for row in day]


def worked(number: int, *calls: ToolCall, says: str = "Handle the orders") -> Run:
    """Return a run that reads the orders of a day, then does more."""
    return told(number, call("get_orders", {}, {"rows": rows(DAYS[number - 1])}), *calls, says=says)


def total(day: list[Row]) -> int:
    """Return the total of a day."""
    return sum(row[3] for row in day)


def derived(automation: Automation, key: str = "post") -> dict[tuple[str | int, ...], str]:
    """Return what a step derives, in words, by place."""
    return {tuple(at): words(tree) for at, tree in step(automation, key).arguments["arguments"].trees()}


def evidence(automation: Automation, key: str = "post") -> str:
    """Return the reasons for a step's arguments."""
    return "\n".join(step(automation, key).arguments["arguments"].evidence)


def each(make: Any, days: int = 2, **more: Any) -> list[Run]:
    """Return a run for each of the first days, with one further call whose arguments ``make`` gives."""
    return [worked(day, call("post", make(DAYS[day - 1]), 1), **more) for day in range(1, days + 1)]


def largest(day: list[Row]) -> Row:
    """Return the order with the largest total."""
    return max(day, key=lambda row: row[3])


def test_a_figure_is_proven_without_words() -> None:
    """In one run no word speaks of a total; in two runs no other expression gives both numbers."""
    automation = made_of(*each(lambda day: {"sum": total(day)}))

    assert derived(automation) == {("sum",): "total of total over rows of get_orders"}
    assert "right in all 2 runs, with different values; the only behaviour left" in evidence(automation)


def test_a_place_that_never_differs_stays_frozen() -> None:
    """Even where a total gives it in one of the runs."""
    automation = made_of(*each(lambda day: {"sum": total(MONDAY), "note": total(day)}))

    assert derived(automation) == {("note",): "total of total over rows of get_orders"}
    assert step(automation, "post").arguments["arguments"].value["sum"] == total(MONDAY)


def test_a_run_refutes_what_one_run_proposes() -> None:
    """The newest run alone proposes the total; the older run has another number, and the evidence says so."""
    runs = [
        worked(1, call("get_more", {"sum": 17}, 1), says="Post the total of the orders"),
        worked(2, call("get_more", {"sum": total(TUESDAY)}, 1), says="Post the total of the orders"),
    ]
    automation = made_of(*runs)

    assert derived(automation, "get_more") == {}
    assert "total of total over rows of get_orders: proposed from r2, refuted by r1" in evidence(automation, "get_more")
    assert "in the newest run: sum: total" not in evidence(automation, "get_more")


def test_a_record_by_a_criterion_is_followed_in_a_write() -> None:
    """Its position differs between the runs; the user's words name the criterion."""
    automation = made_of(
        *each(lambda day: {"order_id": largest(day)[0]}, says="Check the order with the largest total")
    )

    assert derived(automation) == {("order_id",): "order_id of the row with the largest total of rows of get_orders"}


def test_two_behaviours_are_left_open_with_their_rivals() -> None:
    """The largest order is also the latest in both runs: nothing tells them apart, so a write asks."""
    runs = []
    for day, listed in enumerate(DAYS[:2], 1):
        table = [{**row, "ordered_on": f"2026-0{day}-{row['total'] % 27 + 1:02}"} for row in rows(listed)]
        best = max(table, key=lambda row: row["total"])
        best["ordered_on"] = f"2026-0{day}-28"
        best_id = best["order_id"]
        runs.append(told(day, call("get_orders", {}, {"rows": table}), call("post", {"order_id": best_id}, 1)))
    automation = made_of(*runs)

    assert derived(automation) == {}
    assert automation.params["post_order_id"].default is None
    assert any("'B-2004' in r2; 'A-1002' in r1" in line for line in review_lines(automation))
    assert "found, but not used: order_id of the row with the largest total" in evidence(automation)


def test_words_decide_between_what_is_right_in_every_run() -> None:
    """With --derive proven they do not."""
    says = "Post the product of the order with the largest total"
    runs = each(lambda day: {"product": largest(day)[1]}, says=says)

    assert derived(made_of(*runs))["product",].startswith("product of the row with the largest total")
    assert derived(made_of(*runs, policy=Policy(derive="none"))) == {}
    assert derived(made_of(*runs, policy=Policy(freeze_all=True))) == {}


def test_a_list_follows_as_a_whole() -> None:
    """A column of any length, and the rows of a filter that the user said."""
    column = made_of(*each(lambda day: {"ids": [row[0] for row in day]}))
    some = made_of(
        *each(lambda day: {"ids": [row[0] for row in day if row[2] == "west"]}, says="Send the orders of west")
    )

    assert derived(column)["ids",].startswith("order_id of each of rows of get_orders")
    assert "where region is west" in derived(some)["ids",]


def test_a_text_has_slots_where_the_words_are_equal() -> None:
    """Each figure and name is proven; one other word in another run, and the text stays."""

    def report(day: list[Row]) -> dict[str, str]:
        best = largest(day)
        return {"text": f"Orders came to EUR {total(day):,}. {best[1]} leads with EUR {best[3]:,}."}

    says = "Post the total of the orders and the product with the largest total"
    runs = each(report, says=says)
    automation = made_of(*runs)
    other = worked(1, call("post", {"text": report(MONDAY)["text"].replace("leads", "is first")}, 1), says=says)

    assert list(derived(automation)) == [("text",)]
    assert derived(made_of(other, runs[1])) == {}


def test_a_text_stays_whole_if_a_figure_is_not_explained() -> None:
    """Half of a text that follows the data says something false."""

    def report(day: list[Row]) -> dict[str, str]:
        return {"text": f"Orders came to EUR {total(day):,}, after {len(day) * 7919:,} last time."}

    assert derived(made_of(*each(report, says="Post the total of the orders"))) == {}


def test_recipients_follow_no_criterion() -> None:
    """Not even where every run proves it: the write asks."""
    automation = made_of(
        *each(lambda day: {"recipient": largest(day)[1]}, 3, says="Tell the product with the most total")
    )

    assert derived(automation) == {}
    assert automation.params["post_recipient"].default is None


def test_a_proven_wire_goes_first() -> None:
    """One place of a result needs no expression."""
    runs = [
        told(day, call("get_sum", {}, {"sum": total(DAYS[day - 1])}), call("post", {"sum": total(DAYS[day - 1])}, 1))
        for day in (1, 2)
    ]
    automation = made_of(*runs)

    assert derived(automation) == {}
    assert [output.step for output in step(automation, "post").outputs()] == ["get_sum"]


def test_a_record_that_the_user_named_is_not_taken_by_position() -> None:
    """It stands third in both runs: its name selects it."""
    runs = []
    for day, listed in enumerate(DAYS[:2], 1):
        table = rows(listed)
        table[2]["product"] = "Oak chair"
        table[0]["product"] = "Other"
        calls = [call("get_orders", {}, {"rows": table}), call("get_one", {"order_id": table[2]["order_id"]}, 1)]
        runs.append(told(day, *calls, says='Open the order "Oak chair"'))

    (wire,) = step(made_of(*runs), "get_one").arguments["arguments"].wires
    assert wire.from_ is not None
    assert "[product=Oak chair]" in wire.from_.path


@pytest.mark.parametrize("batch", [1, 2])
def test_only_what_the_model_had_seen_counts(batch: int) -> None:
    """A call of the same batch as the read cannot rest on its result, in any of the runs."""
    runs = [
        told(
            day,
            call("get_orders", {}, {"rows": rows(DAYS[day - 1])}, batch=1),
            call("post", {"sum": total(DAYS[day - 1])}, 1, batch=batch if day == 1 else 2),
        )
        for day in (1, 2)
    ]

    assert bool(derived(made_of(*runs))) == (batch == 2)


def test_the_users_criterion_goes_before_a_position() -> None:
    """The largest order stands first in both runs; tomorrow it may not."""
    runs = []
    for day, listed in enumerate(DAYS[:2], 1):
        table = sorted(rows(listed), key=lambda row: -row["total"])
        calls = [call("get_orders", {}, {"rows": table}), call("get_one", {"order_id": table[0]["order_id"]}, 1)]
        runs.append(told(day, *calls, says="Open the order with the largest total"))
    automation = made_of(*runs)

    assert derived(automation, "get_one") == {
        ("order_id",): "order_id of the row with the largest total of rows of get_orders"
    }


def test_a_name_is_kept_where_one_run_also_fits_a_criterion() -> None:
    """Each run alone could not tell the named order from the largest, or from the latest; together they can."""
    says = "Open the order Oak chair. Check the order with the largest total. Check the latest order."
    runs = []
    for day, listed in enumerate(DAYS[:2], 1):
        table = rows(listed)
        table[3]["product"] = "Oak chair"
        table[0]["product"] = "Other"
        table[3] |= {"total": 5000} if day == 2 else {"total": 3, "ordered_on": "2026-01-30"}
        calls = [call("get_orders", {}, {"rows": table}), call("get_one", {"order_id": table[3]["order_id"]}, 1)]
        runs.append(told(day, *calls, says=says))

    (output,) = step(made_of(*runs), "get_one").outputs()
    assert "[product=Oak chair]" in output.path


def test_several_runs_prove_the_key_of_a_criterion() -> None:
    """No word speaks of it; of the two criteria, the other one is wrong in one of the runs."""
    runs = [
        told(
            number,
            call("get_orders", {}, {row["order_id"]: row for row in rows(day)}),
            call("post", {"order_id": largest(day)[0]}, 1),
        )
        for number, day in enumerate(DAYS, 1)
    ]

    assert derived(made_of(*runs)) == {("order_id",): "key with the largest total in result of get_orders"}


def test_an_id_of_a_write_needs_values_that_differ() -> None:
    """Two runs with the same data are one: the id stays, and the review says why."""
    says = "Check the order with the largest total"
    runs = [
        told(number, call("get_orders", {}, {"rows": rows(MONDAY)}), call("post", given, 1), says=says)
        for number, given in ((1, {"order_id": "A-1002"}), (2, {"order_id": "A-1002"}))
    ]
    automation = made_of(*runs)

    assert derived(automation) == {}
    codes = [one.code for one in step(automation, "post").arguments["arguments"].undecided]
    assert codes == ["picked_by_criterion"]


def test_a_criterion_without_a_function_for_its_key_is_a_rival() -> None:
    """The order with the largest total has the lowest rank in every run, and no function gives its key by the rank."""
    runs = []
    for number, day in enumerate(DAYS, 1):
        orders = {row[0]: {"total": row[3], "rank": 5000 - row[3]} for row in day}
        post = call("post", {"order_id": largest(day)[0]}, 1)
        runs.append(told(number, call("get_orders", {}, orders), post))

    assert derived(made_of(*runs)) == {}
