"""Generates the programs of a set: the same ones each time, for a number of the set."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from bench_derive.building import Program
from bench_derive.data import versions_of
from bench_derive.domains import DOMAINS
from bench_derive.forms import FORMS
from bench_derive.more_tasks import NEGATIVE, POSITIVE

PROGRAMS = 80
LANGUAGES = ("en", "en", "en", "de", "en", "en", "fr", "en")
"""Three of four programs are English."""

TRAITS = {"sorted": 0.22, "tie": 0.12, "whole": 0.3, "round": 0.25, "named is largest": 0.15}
"""Traps and number formats, each with the share of the programs that have it."""

READS = ("list_*", "search_*", "fetch_*", "query_*", "get_*", "monthly_*", "open_link")
TOOLS = "".join(
    f'[[tools]]\nmatch = "{match}"\nkind = "python_tool"\ncallable = "bench_tools:*"\neffect = "{effect}"\n\n'
    for match, effect in (*((name, "read") for name in READS), ("*", "write"))
)
"""The tools file, ``vai-tools.toml``."""


def programs(number: int, count: int = PROGRAMS) -> Iterator[Program]:
    """Yield the programs of a set.

    :param number: the number of the set. :param count: how many programs.
    """
    tasks, traits = _dealt(number, count), _traits(number, count)
    for place in range(count):
        yield _program(f"s{number}p{place:03d}", place, tasks[place], traits[place])


def write(folder: Path, number: int, count: int = PROGRAMS) -> list[Path]:
    """Write a set's programs and the tools file to a folder; return the programs' folders."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vai-tools.toml").write_text(TOOLS, encoding="utf-8")
    made = []
    for program in programs(number, count):
        made.append(folder / program.name)
        program.write(made[-1])
    return made


def _dealt(number: int, count: int) -> list[list[str]]:
    """Return two or three positive tasks for each program, so that each task occurs equally often."""
    dice = random.Random(f"tasks {number}")
    deck: list[str] = []
    dealt = []
    for _ in range(count):
        hand: list[str] = []
        wanted = dice.choice((2, 3))
        while len(hand) < wanted:
            deck = deck or dice.sample(list(POSITIVE), len(POSITIVE))
            task = deck.pop()
            if task not in hand:
                hand.append(task)
        dealt.append(hand)
    return dealt


def _traits(number: int, count: int) -> list[set[str]]:
    """Return the traits of each program; each trait has its share of the programs."""
    dice = random.Random(f"traits {number}")
    found: list[set[str]] = [set() for _ in range(count)]
    for trait, share in TRAITS.items():
        for place in dice.sample(range(count), round(share * count)):
            found[place].add(trait)
    return found


def _program(name: str, place: int, tasks: list[str], traits: set[str]) -> Program:
    dice = random.Random(name)
    domain, language = DOMAINS[place % len(DOMAINS)], LANGUAGES[place % len(LANGUAGES)]
    traits |= {"contacts"} if "recipient" in tasks else set()
    form = dice.choice(list(FORMS))
    program = Program(name, language, form, domain, versions_of(domain, dice, traits), dice, traits)
    negative = [task for task in NEGATIVE if dice.random() < (0.85 if task == "settings" else 0.4)]
    for task in dice.sample([*tasks, *negative], len(tasks) + len(negative)):
        (POSITIVE | NEGATIVE)[task](program)
    return program
