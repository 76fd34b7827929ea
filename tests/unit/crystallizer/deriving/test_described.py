"""Records that the user describes: by the options of a product, by what tells two of one name apart, by their kind."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages.derivation import Node, evaluate
from airflow_provider_vai.languages.derivation.source import parsed, written
from airflow_provider_vai.languages.derivation.words import words
from airflow_provider_vai.languages.result_path import follow
from airflow_provider_vai.model.run import ToolCall, Turn
from tests.unit.crystallizer.deriving.made import OPENS, WRITES
from tests.unit.support import call, crystallized, run

Made = dict[str, Node]


def jars(*options: tuple[str, str, str, str], first: int = 117001) -> dict[str, Any]:
    """Return variants of a jar by id, each with these options."""
    names = ("size", "colour", "lid", "neck")
    return {
        str(first + number): {"item_id": str(first + number), "options": dict(zip(names, one, strict=True))}
        for number, one in enumerate(options)
    }


VARIANTS = jars(
    ("small", "green", "yes", "5"),
    ("large", "green", "no", "5"),
    ("large", "amber", "yes", "8"),
    ("small", "amber", "no", "8"),
    ("large", "pale green", "no", "8"),
    ("small", "amber", "yes", "8"),
)
LINES = [
    {"name": "Jar", "item_id": "117001", "options": VARIANTS["117001"]["options"]},
    {"name": "Funnel", "item_id": "118001", "options": {"tip": "long"}},
]
ORDER = {"order_id": "JO-4417", "lines": LINES, "paid": "gift_card_5512"}


def derived(words: tuple[str, ...], arguments: dict[str, Any], *reads: ToolCall) -> Made:
    """Return what is derived in a write after these turns of the user and these reads, by place."""
    ordered = call("order_jar", arguments, turn=len(words) - 1)
    turns = [Turn(index=number, user_text=text) for number, text in enumerate(words)]
    made = crystallized(run(*reads, ordered, turns=turns), OPENS, WRITES, gates="recorded")
    return {".".join(map(str, at)): tree for at, tree in made.steps[-1].arguments["arguments"].trees()}


def described(*words: str, chosen: str = "117003", variants: Any = VARIANTS) -> list[str]:
    """Return what is derived in an order of one variant."""
    found = derived(words, {"new_ids": [chosen]}, call("get_jar", {}, {"variants": variants}, turn=0))
    return [written(tree) for tree in found.values()]


def key(**options: str) -> list[str]:
    """Return the expression for the variant with these options."""
    fields = ", ".join(f"{name}={text!r}" for name, text in sorted(options.items()))
    return [f"key_of(wired('get_jar', 'variants'), options=containing({fields}))"]


@pytest.mark.parametrize(
    ("words", "chosen", "options"),
    [
        (["I want a large jar, in amber."], "117003", {"size": "large", "colour": "amber"}),
        (
            ["I want a large jar.", "In amber, please.", "Yes, order it."],
            "117003",
            {"size": "large", "colour": "amber"},
        ),
        (["I want a large jar in green.", "In amber after all."], "117003", {"size": "large", "colour": "amber"}),
        (["A large jar in pale green, please."], "117005", {"size": "large", "colour": "pale green"}),
        (["A small jar in amber, with a lid."], "117006", {"size": "small", "colour": "amber", "lid": "yes"}),
        (["A small jar in amber, without a lid."], "117004", {"size": "small", "colour": "amber", "lid": "no"}),
        (["A green jar with neck 5 and no lid."], "117002", {"neck": "5", "colour": "green", "lid": "no"}),
    ],
)
def test_an_entry_that_the_user_describes(words: list[str], chosen: str, options: dict[str, str]) -> None:
    """The newest sentence about an option counts; a short text or a flag counts beside the option's name."""
    assert described(*words, chosen=chosen) == key(**options)


def test_a_text_around_the_words_of_its_option() -> None:
    """People put the option's name inside: "not water resistant"."""
    texts = ("not resistant", "very resistant")
    options = [{"water resistance": text, "colour": colour} for text in texts for colour in ("green", "amber")]
    variants = {str(117001 + number): {"options": one} for number, one in enumerate(options)}
    (found,) = described("The amber one, not water resistant.", chosen="117002", variants=variants)
    assert "'water resistance': 'not resistant'" in found


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        (["I want an amber jar."], "117003"),  # one text is not enough
        (["I want an amber jar, yes please."], "117003"),  # "yes" is said of anything
        (["I want an amber jar. Send 8 of them."], "117003"),  # so is a short text
        (["I want a large jar in amber, not in green."], "117003"),  # two texts of one option
        (["I want a large jar, in amber."], "117001"),  # the model took another one
        (["I want a large jar in blue."], "117002"),  # one text is of no entry
        (["I want a small jar in amber."], "117004"),  # two are like that
    ],
)
def test_an_entry_that_nothing_tells_apart(words: list[str], chosen: str) -> None:
    """It stays as recorded."""
    assert described(*words, chosen=chosen) == []


def swapped(
    words: str, chosen: str = "117002", *, lines: Any = None, variants: Any = VARIANTS, old: str = "117001"
) -> Made:
    """Return what is derived in an exchange of the ordered jar for another variant."""
    order = call("get_order", {}, {**ORDER, "lines": LINES if lines is None else lines})
    jar = call("get_jar", {}, {"variants": variants})
    return derived((words,), {"old_ids": [old], "new_ids": [chosen]}, order, jar)


SWAP = "Swap the jar for a large one with no lid. Keep the Funnel."


def test_what_is_not_said_is_as_in_the_entry_that_is_replaced() -> None:
    """Tomorrow's order has another jar: the new one is like it, but large and without a lid."""
    tree = swapped(SWAP)["new_ids.0"]
    old = "wired('get_order', 'lines', '[name=Jar]', 'options', '{}')"
    assert written(tree) == (
        "key_of(wired('get_jar', 'variants'), options=containing("
        f"colour={old.format('colour')}, lid='no', neck={old.format('neck')}, size='large'))"
    )
    later = jars(
        ("large", "amber", "no", "3"), ("large", "green", "no", "5"), ("small", "amber", "yes", "3"), first=119001
    )
    ordered = {"lines": [LINES[1], {"name": "Jar", "item_id": "119003", "options": later["119003"]["options"]}]}
    assert given(tree, get_order=ordered, get_jar={"variants": later}) == "119001"


def given(tree: Node, **results: Any) -> Any:
    """Return the value of a tree over other results."""
    return evaluate(tree, lambda node: follow(results[node["step"]], node["path"]))


@pytest.mark.parametrize(
    "variants", [{**VARIANTS, "119009": VARIANTS["117002"]}, {k: one for k, one in VARIANTS.items() if k != "117002"}]
)
def test_several_or_none_of_them_fail(variants: Any) -> None:
    """Nothing is guessed."""
    tree = swapped(SWAP)["new_ids.0"]
    with pytest.raises(DerivationError, match="instead of one"):
        given(tree, get_order=ORDER, get_jar={"variants": variants})


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        ("Swap the jar for another one.", "117002"),  # nothing is said of the new one
        ("Swap the small jar, please.", "117002"),  # what is said is of the old one
        ("Swap the jar for a large one.", "117002"),  # the lid changes as well
        ("Swap the jar for a large one with no lid.", "117003"),  # the model took another one
    ],
)
def test_a_replacement_that_differs_in_more_than_was_said(words: str, chosen: str) -> None:
    """It stays as recorded."""
    assert "new_ids.0" not in swapped(words, chosen)


def test_an_entry_beside_two_others_replaces_neither() -> None:
    """It cannot be told which of them it is to be like."""
    pot = {"name": "Pot", "item_id": "117004", "options": VARIANTS["117004"]["options"]}
    order, jar = call("get_order", {}, {**ORDER, "lines": [*LINES, pot]}), call("get_jar", {}, {"variants": VARIANTS})
    arguments = {"old_ids": ["117001", "117004"], "new_ids": ["117002"]}
    assert "new_ids.0" not in derived((f"{SWAP} And the pot.",), arguments, order, jar)
    del arguments["old_ids"][1]
    assert "new_ids.0" in derived((f"{SWAP} And the pot.",), arguments, order, jar)


def test_the_entry_that_is_there_already_is_not_described_by_the_catalogue() -> None:
    """The order tells which jar it has: tomorrow's may have another colour than the one that the user wants."""
    twin = {**LINES[0], "item_id": "119944"}
    lines = [{**line, "name": "Vessel"} for line in (LINES[0], twin)]
    found = swapped("Swap the small green jar for a large one in amber, with a lid.", "117003", lines=lines)
    assert "old_ids.0" not in found


def test_no_key_that_is_data_is_written_to_the_file() -> None:
    """The entry that is replaced is among the variants, too, but below its key."""
    names = ("one-jar", "two-jar", "three-jar", "four-jar", "five-jar")
    variants = {name: {**one, "item_id": name} for name, one in zip(names, VARIANTS.values(), strict=False)}
    assert "new_ids.0" not in swapped(SWAP, "two-jar", lines=[], variants=variants, old="one-jar")


def test_several_entries_of_one_list() -> None:
    """Each is described, or none of them follows."""
    reads = [call("get_jar", {}, {"variants": VARIANTS})]
    lids = {
        "L1": {"options": {"rim": "narrow"}},
        "L2": {"options": {"rim": "wide"}},
        "L3": {"options": {"rim": "flat"}},
    }
    reads.append(call("get_lid", {}, {"variants": lids}))
    words = "Order a large jar in amber, and one in pale green with neck 8."
    assert derived((words,), {"new_ids": ["117003", "L2"]}, *reads) == {}


TWINS = [
    {"name": "Cork Stopper", "item_id": "CS-70417", "options": {"fit": "tapered", "colour": "brown"}},
    {"name": "Cork Stopper", "item_id": "CS-70982", "options": {"fit": "straight", "colour": "brown"}},
    {"name": "Label Roll", "item_id": "LR-70233", "options": {"fit": "glued", "colour": "white"}},
]


def told(words: str, item: str = "CS-70417", lines: Any = None) -> Made:
    """Return what is derived in a return of one line of an order."""
    order = call("get_order", {}, {"order_id": "JO-4417", "lines": TWINS if lines is None else lines})
    return derived((words,), {"item_ids": [item]}, order)


def test_two_of_one_name_are_told_apart_by_an_option() -> None:
    """In whatever order they come, and whatever their ids are then."""
    tree = told("Return one of the stoppers. It is the tapered one.")["item_ids.0"]
    assert written(tree) == (
        "only(where(wired('get_order', 'lines'), name='Cork Stopper', options=containing(fit='tapered')))['item_id']"
    )
    later = [{**one, "item_id": f"X-{number}"} for number, one in enumerate(TWINS[::-1])]
    assert given(tree, get_order={"lines": later}) == "X-2"
    with pytest.raises(DerivationError, match="2 items instead of one"):
        given(tree, get_order={"lines": [*TWINS, TWINS[0]]})


def test_the_first_words_about_a_thing_say_what_it_is() -> None:
    """The later ones say what it should be."""
    assert told("Swap the tapered stopper for a straight one.") != {}
    assert told("Swap the straight stopper for a tapered one.") == {}


@pytest.mark.parametrize(
    ("words", "item"),
    [
        ("Return the stopper.", "CS-70417"),  # nothing tells them apart
        ("Return the tapered thing.", "CS-70417"),  # it is not said what it is
        ("Return the brown stopper.", "CS-70417"),  # both are brown
        ("Return the cheapest tapered stopper.", "CS-70417"),  # a criterion may tell it
        ("Return the stopper, but not the glued one.", "LR-70233"),  # no other one is called so
    ],
)
def test_two_of_one_name_that_stay(words: str, item: str) -> None:
    """Nothing is taken by its place."""
    assert told(words, item) == {}


METHODS = {
    "gift_card_5512": {"source": "gift_card", "id": "gift_card_5512"},
    "paypal_7731": {"source": "paypal", "id": "paypal_7731"},
    "credit_card_9906": {"source": "credit_card", "id": "credit_card_9906"},
}


def paid(*words: str, by: str = "paypal_7731", methods: Any = METHODS, order: Any = None) -> Made:
    """Return what is derived in a payment."""
    reads = [call("get_customer", {}, {"name": "Ada Holm", "payment_methods": methods})]
    reads += [call("get_order", {}, order)] if order else []
    return derived(words, {"payment_method_id": by}, *reads)


def test_how_to_pay_is_named_by_its_kind() -> None:
    """Of somebody's payment methods, "my PayPal" is one; two of them are an error."""
    tree = paid("Not by gift card.", "Use my PayPal for this.")["payment_method_id"]
    assert written(tree) == "key_of(wired('get_customer', 'payment_methods'), source='paypal')"
    later = {"paypal_1": {"source": "paypal"}, "gift_card_2": {"source": "gift_card"}}
    assert given(tree, get_customer={"payment_methods": later}) == "paypal_1"
    with pytest.raises(DerivationError, match="2 items instead of one"):
        given(tree, get_customer={"payment_methods": {**later, "paypal_3": {"source": "paypal"}}})


@pytest.mark.parametrize(
    ("words", "methods"),
    [
        (["Use the usual one."], METHODS),  # no kind is named
        (["Use PayPal or the gift card."], METHODS),  # two are
        (["Use PayPal.", "No, the gift card."], METHODS),  # the newest one is another
        (["Use PayPal, the cheapest way."], METHODS),  # a criterion may tell it
        (["Use PayPal."], {**METHODS, "paypal_9": {"source": "paypal", "id": "paypal_9"}}),  # two are of this kind
        (["Use PayPal."], {k: {"status": one["source"]} for k, one in METHODS.items()}),  # a status is no kind
    ],
)
def test_how_to_pay_stays(words: list[str], methods: Any) -> None:
    """Whom a write reaches, and how it pays, follows no criterion and no guess."""
    assert paid(*words, methods=methods) == {}


def test_people_read_and_write_the_expression() -> None:
    """What a spec has is read back as the same tree, and the gate shows it in words."""
    tree = swapped(SWAP)["new_ids.0"]
    assert parsed(written(tree)) == tree
    assert words(tree) == (
        "key in variants of get_jar where options has an item whose colour is lines.[name=Jar].options.colour of "
        "get_order and lid is no and neck is lines.[name=Jar].options.neck of get_order and size is large"
    )


def test_the_payment_of_the_order_is_nearer_than_its_kind() -> None:
    """A wire to the order says how it was paid, whatever that is; also if it is frozen beside another value."""
    order = {**ORDER, "payment_method_id": "paypal_7731"}
    assert paid("Use my PayPal again.", order=order) == {}
    order |= {"all_orders": ["JO-4417", "JO-4982"]}
    reads = [call("get_customer", {}, {"payment_methods": METHODS}), call("get_order", {}, order)]
    arguments = {"payment_method_id": "paypal_7731", "order": "JO-4982"}
    assert derived(("Use my PayPal again.",), arguments, *reads) == {}
