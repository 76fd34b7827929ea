"""Two further tests: a random other row in the place of a picked record, and lists in another order.

**Other row.** In lists of a few rows, some criterion fits any row. So the record that the agent picked is replaced by a
random other row of the same list, in its call and in what follows. A tool that explains such a pick explains anything:
it must explain the real picks at least three times as often.

**Permuted.** Every list of records is shuffled, and nothing else changes. Each argument should keep its value; one that
names another record goes by position.
"""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench_derive.adapters import Adapter
from bench_derive.building import Program, value_at
from bench_derive.forms import FORMS
from bench_derive.play import calls_of
from bench_derive.score import NOT_THERE, canonical

LISTS = ("list: ", "joined list")


def is_picked(class_: str) -> bool:
    """Return whether a class of leaves is a record that a criterion picks from the list."""
    return class_.removeprefix("tie: ").startswith(("record by a criterion", "record by a filter"))


def with_other_row(program: Program, number: int, dice: random.Random) -> Program:
    """Return the program whose picked record of one leaf is a random other row.

    :param number: the number of the leaf.
    """
    leaf, key = program.leaves[number], program.domain.key[0]
    recorded = value_at(program.calls[leaf.call].arguments[0], leaf.at)
    rows = program.versions[0].rows
    old = next(row for row in rows if row[key] == recorded)
    new = dice.choice([row for row in rows if row[key] != recorded])
    other = copy.copy(program)
    other.name = f"{program.name}o{number}"
    other.calls = copy.deepcopy(program.calls)
    for call in other.calls[leaf.call :]:
        call.arguments[0] = _swapped(call.arguments[0], recorded, new[key])
        call.answers[0] = new if call.answers[0] == old else _swapped(call.answers[0], recorded, new[key])
    return other


def explained(automation: Adapter, program: Program, number: int) -> bool:
    """Return whether the argument of a leaf is worked out: it has another value in some later version."""
    leaf = program.leaves[number]
    recorded = value_at(program.calls[leaf.call].arguments[0], leaf.at)
    tools = [call.tool for call in program.calls]
    return any(
        _differs(calls_of(automation, version, tools, answers).get(leaf.call, NOT_THERE), leaf.at, recorded)
        for version, answers in enumerate(program.answers())
        if version
    )


def permuted(program: Program, dice: random.Random) -> list[Any]:
    """Return the recorded answers with every list of records in another order."""
    data, make = program.versions[0], FORMS[program.form]
    listed, tool = make(data.rows, program.domain.key[0]), f"{program.domain.verb}_{program.domain.many}"
    rows, months = dice.sample(data.rows, len(data.rows)), dice.sample(data.series, len(data.series))
    found = []
    for call in program.calls:
        answer = call.answers[0]
        if call.tool == tool and answer == listed:
            answer = make(rows, program.domain.key[0])
        elif call.tool.startswith("monthly_"):
            answer = {"months": months}
        found.append(answer)
    return found


def kept(automation: Adapter, program: Program, answers: list[Any]) -> Iterator[tuple[str, str]]:
    """Yield the class of each leaf, but lists, and whether it is ``kept``, ``another`` or ``failed``."""
    made = calls_of(automation, 0, [call.tool for call in program.calls], answers)
    for leaf in program.leaves:
        if leaf.class_.startswith(LISTS):
            continue
        recorded = value_at(program.calls[leaf.call].arguments[0], leaf.at)
        given = made.get(leaf.call)
        outcome = "failed" if given is None else "another" if _differs(given, leaf.at, recorded) else "kept"
        yield leaf.class_, outcome


def count_both(
    adapter: type[Adapter], programs: Iterator[Program], folder: Path, work: Path
) -> tuple[Counter[str], dict[str, Counter[str]]]:
    """Run both tests.

    :param folder: where the altered programs are written. :param work: for the adapter's files.
    :return: how many ``picks`` and ``other`` rows there are and are ``picks explained`` and ``other explained``; and by
        class how many leaves of permuted runs are kept, another, failed.
    """
    rows: Counter[str] = Counter()
    order: dict[str, Counter[str]] = {}
    for program in programs:
        dice = random.Random(program.name)
        automation = adapter(folder / program.name, work)
        for class_, outcome in kept(automation, program, permuted(program, dice)):
            order.setdefault(class_, Counter())[outcome] += 1
        for number, leaf in enumerate(program.leaves):
            if is_picked(leaf.class_):
                other = with_other_row(program, number, dice)
                other.write(folder / other.name)
                rows["picks"] += 1
                rows["picks explained"] += explained(automation, program, number)
                rows["other explained"] += explained(adapter(folder / other.name, work), other, number)
    return rows, order


def _differs(arguments: Any, at: tuple[str | int, ...], recorded: Any) -> bool:
    if arguments is None or arguments is NOT_THERE:
        return False
    try:
        return canonical(value_at(arguments, at)) != canonical(recorded)
    except (LookupError, TypeError):
        return True


def _swapped(value: Any, old: str, new: str) -> Any:
    return json.loads(json.dumps(value).replace(json.dumps(old), json.dumps(new)))
