"""The tables of the bench, and its goals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from truth.tables import percent, table

from bench_derive.score import VERDICTS, Score, Tally, Verdict

GOALS = {"precision": 0.97, "recall": 0.65, "moved": 1, "other row": 3.0, "coincidences": 190}
RECORDS = ("record", "list: ", "same value", "recipient")
"""How the classes of records and lists begin: none of their values may be wrong without a failure."""

LANGUAGES = {"en": "English", "de": "German", "fr": "French"}


@dataclass
class Report:
    """One adapter's results.

    :param refused: what was said of programs that the adapter refused.
    :param rows: the counts of the test with other rows. :param order: those of the permuted runs, by class.
    """

    adapter: str
    score: Score
    refused: list[str] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    order: dict[str, Counter[str]] = field(default_factory=dict)

    def text(self) -> str:
        """Return the tables."""
        parts = [
            f"{self.adapter}: {len(self.refused)} programs refused, {len(self.score.unproven)} leaves not given back"
        ]
        for name, key in (("class", _class), ("language", _language), ("form", _form), ("", _all)):
            parts.append(_table(name, self.score.counts(key)))
        if self.rows:
            parts.append(f"other row: {_other_row(self.rows)}")
        if self.order:
            counts = sum(self.order.values(), Counter())
            parts.append("permuted: " + ", ".join(f"{counts[name]} {name}" for name in ("kept", "another", "failed")))
            for name, count in sorted(self.order.items()):
                if count["another"]:
                    parts.append(f"  another: {name}: {count['another']} of {count.total()}")
        return "\n\n".join(parts)

    def as_json(self) -> dict[str, Any]:
        """Return the counts as JSON data."""
        groups = {"class": _class, "language": _language, "form": _form, "all": _all}
        return {
            "adapter": self.adapter,
            "refused": self.refused,
            "not given back": self.score.unproven,
            **{
                name: {group: _as_json(tally) for group, tally in sorted(self.score.counts(key).items())}
                for name, key in groups.items()
            },
            "other row": dict(self.rows),
            "permuted": {name: dict(count) for name, count in sorted(self.order.items())},
        }

    def misses(self) -> Iterator[str]:
        """Yield a line for each value that is wrong or moved."""
        for one in self.score.verdicts:
            if one.verdict in ("wrong", "moved"):
                where = f"{one.program} version {one.version} call {one.call} {'.'.join(map(str, one.at))}"
                yield f"{one.verdict}: {where} ({one.class_}): {one.recorded!r} -> {one.got!r}, right: {one.right!r}"

    def missed(self) -> Iterator[str]:
        """Yield a line for each goal that is missed."""
        english = self.score.counts(_language).get("English", Tally())
        for name, share in (("precision", english.precision), ("recall", english.recall)):
            if share is None or share < GOALS[name]:
                found = "nothing" if share is None else f"{100 * share:.1f} %"
                yield f"{name} of English programs: {found} instead of {100 * GOALS[name]:.0f} % or more"
        wrong = [one for one in self.score.verdicts if one.verdict == "wrong" and is_record(one.class_)]
        if wrong:
            yield f"records and lists: {len(wrong)} wrong values instead of none"
        coincidences = [one for one in self.score.verdicts if one.class_.startswith("coincidence")]
        planted = len({(one.program, one.call, one.at) for one in coincidences})
        moved = len({(one.program, one.call, one.at) for one in coincidences if one.verdict == "moved"})
        if planted < GOALS["coincidences"] or moved > GOALS["moved"]:
            yield f"coincidences: {moved} of {planted} moved instead of at most {GOALS['moved']} of 190 or more"
        if self.rows["picks explained"] < max(1, GOALS["other row"] * self.rows["other explained"]):
            yield f"other row: {_other_row(self.rows)}: the picks must be explained three times as often"
        if self.score.unproven:
            yield f"{len(self.score.unproven)} leaves are not given back on the recorded data"
        if self.refused:
            yield f"{len(self.refused)} programs are refused"


def is_record(class_: str) -> bool:
    """Return whether a class is one of records or lists."""
    return class_.removeprefix("tie: ").startswith(RECORDS)


def _class(one: Verdict) -> str:
    return one.class_


def _language(one: Verdict) -> str:
    return LANGUAGES[one.language]


def _form(one: Verdict) -> str:
    return one.form


def _all(one: Verdict) -> str:
    return "all"


def _table(name: str, counts: dict[str, Tally]) -> str:
    """Return counts as a table, the lowest recall first."""
    order = sorted(counts, key=lambda group: (counts[group].recall is None, counts[group].recall or 0, group))
    rows = [
        [
            group.ljust(max(map(len, counts))),
            *(counts[group].verdicts[verdict] or "" for verdict in VERDICTS),
            _percent(counts[group].precision),
            _percent(counts[group].recall),
        ]
        for group in order
    ]
    return table([name, *VERDICTS, "precision", "recall"], rows)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _as_json(tally: Tally) -> dict[str, Any]:
    return {
        **{verdict: tally.verdicts[verdict] for verdict in VERDICTS},
        "precision": tally.precision,
        "recall": tally.recall,
    }


def _other_row(rows: Counter[str]) -> str:
    picks, other = rows["picks explained"], rows["other explained"]
    share = percent(picks, rows["picks"])
    return f"explained {picks} of {rows['picks']} picks ({share}), {other} other rows in their place"
