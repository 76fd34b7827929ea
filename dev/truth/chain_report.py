"""The report on whole chains: what became of the writes and reads, by suite and by world."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from truth import tables
from truth.other_lists import ALONE, WORLDS
from truth.whole_chain import Chain
from truth.worlds import FREE_VALUES, NAMES, VALUES

GOALS = {"same target": 1.0, "chain precision": 0.99}
"""Of writes, and of the reads that are wired or derived, in every world: with other lists, and with other values."""

OTHER_VALUES = (VALUES, FREE_VALUES)
PARTS = {"every list at once": tuple(WORLDS)[1:], "one list at a time": tuple(ALONE), "other values": OTHER_VALUES}
"""The tables by suite, each with its worlds."""

HARM = ("other", "longer", "ordered")
HEADER = [
    "",
    "chains",
    "writes",
    "with wires",
    "same",
    "stopped",
    "another target",
    "mixed",
    "wired reads",
    "right: precision",
]


def shares(tools: str, chains: Mapping[str, Chain]) -> list[tuple[str, str, int, int]]:
    """Return the goals of each suite, lowest suite first: the goal's name, the suite's, the part and its whole."""
    found = []
    for suite, count in lowest_first(chains, NAMES):
        found.append(("same target", f"{suite}, {tools}", count["writes"] - harmed(count), count["writes"]))
        found.append(("chain precision", f"{suite}, {tools}", count["right"], count["reads"]))
    return found


def lowest_first(chains: Mapping[str, Chain], names: Sequence[str]) -> list[tuple[str, Counter[str]]]:
    """Return the counts of each suite in some worlds: the one with most writes on another target first."""
    sums = [(suite, tables.total(chain.counts[name] for name in names)) for suite, chain in chains.items()]
    return sorted(sums, key=lambda one: (-_rate(harmed(one[1]), one[1]["writes"]), _precision(one[1])))


def harmed(count: Counter[str]) -> int:
    """Return how many writes changed another target."""
    return sum(count[end] for end in HARM)


def text(recorded: Mapping[str, Chain], real: Mapping[str, Chain], *, every: bool) -> str:
    """Return the tables.

    :param recorded: the chains whose tools answer from the recording.
    :param real: those with the benchmarks' own tools.
    :param every: list every read that went astray, not only the writes.
    """
    lines = ["6  The whole chain: each step with its own arguments, in a world with other lists or other values"]
    for title, chains in (("as the recording answers", recorded), ("the benchmarks' own tools", real)):
        for what, names in PARTS.items():
            if any(chain.counts[name]["runs"] for chain in chains.values() for name in names):
                lines.append(_part(f"{what}, {title}", chains, names))
        lines += [_by_world(title, chains), *_notes(chains.values(), every), ""]
    lines += ["stopped: the write did not run, because it or an earlier step found nothing, or several where one was."]
    lines += ["mixed: of the altered values of a write that is else the same, some followed and some stayed."]
    return "\n".join(lines)


def _part(title: str, chains: Mapping[str, Chain], names: Sequence[str]) -> str:
    by_suite = [(suite, count) for suite, count in lowest_first(chains, names) if count["runs"]]
    rows = [_row(suite, count) for suite, count in [*by_suite, ("all", tables.total(count for _, count in by_suite))]]
    return f"{title}, lowest suite first\n{tables.table(HEADER, rows)}\n"


def _by_world(title: str, chains: Mapping[str, Chain]) -> str:
    counts = {name: tables.total(chain.counts[name] for chain in chains.values()) for name in NAMES}
    rows = [_row(name, count) for name, count in counts.items() if count["runs"]]
    return f"by world, {title}\n{tables.table(HEADER, rows)}\n"


def _row(name: str, count: Counter[str]) -> list[object]:
    writes = [count["writes"], count["wired"], count["same"], count["stopped"], harmed(count), count["mixed"]]
    return [name, count["runs"], *writes, count["reads"], tables.share(count, "right", "reads")]


def _notes(chains: Iterable[Chain], every: bool) -> list[str]:
    found = list(chains)
    stops: Counter[str] = tables.total(chain.stops for chain in found)
    lines = [f"  {number:5} stopped: {cause}" for cause, number in stops.most_common()]
    for one in (one for chain in found for one in chain.unlike):
        if one.effect == "write" or every:
            lines.append(f"  {one.kind}: {one.recording} {one.step} ({one.world}): {one.right} became {one.got}")
            lines.append(f"        wires: {one.wires}")
    return lines


def _rate(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _precision(count: Counter[str]) -> float:
    return count["right"] / count["reads"] if count["reads"] else 1.0
