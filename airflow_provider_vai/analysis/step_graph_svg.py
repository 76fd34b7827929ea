"""Draws the steps of an automation as an SVG text: order from top to bottom, and where values come from.

The layout is layered: a step's row follows from its longest path, the places in a row from four sweeps over the mean
place of its neighbours. Edges over several rows pass through lanes, so they cross no step. The text has classes only,
no colours and no scripts, and every outside text in it is escaped.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.step_graph import GATE

MOST_STEPS = 60
"""More steps are drawn part by part: a taller picture helps nobody."""

WIDTH, HEIGHT, LANE = 208, 46, 18
ROW, SPACE, MARGIN = 88, 26, 12
LABEL_CHARACTERS, KIND_CHARACTERS = 26, 30
SWEEPS = 4

EdgeKind = Literal["order", "data"]


@dataclass(frozen=True)
class Part:
    """The steps that one picture shows.

    :param steps: these steps. :param first: the position of the first one, from 0. :param total: of all steps.
    """

    steps: Sequence[Step]
    first: int
    total: int

    @property
    def earlier(self) -> int | None:
        """The position at which the part before starts; ``None``: there is none."""
        return max(self.first - MOST_STEPS, 0) if self.first else None

    @property
    def later(self) -> int | None:
        """The position at which the next part starts; ``None``: there is none."""
        after = self.first + len(self.steps)
        return after if after < self.total else None


@dataclass(eq=False)
class _Place:
    """A step, or the lane of an edge, in one row."""

    row: int
    step: Step | None = None
    x: float = 0.0
    above: list[_Place] = field(default_factory=list)
    below: list[_Place] = field(default_factory=list)

    @property
    def width(self) -> float:
        return WIDTH if self.step else LANE

    @property
    def top(self) -> float:
        return MARGIN + self.row * ROW


@dataclass(frozen=True)
class _Edge:
    kind: EdgeKind
    places: list[_Place]


def part(steps: Sequence[Step], first: int = 0) -> Part:
    """Return the steps to draw.

    :param steps: all steps of an automation. :param first: the position at which the part starts.
    """
    start = min(max(first, 0), max(len(steps) - 1, 0))
    return Part(steps[start : start + MOST_STEPS], start, len(steps))


def drawn(
    shown: Part,
    *,
    link: Callable[[Step], str] = lambda step: f"#step-{step.key}",
    label: Callable[[Step], str] = lambda step: step.title or step.key,
) -> str:
    """Return the SVG text of some steps.

    :param shown: the steps, see :func:`part`. :param link: the address that a step leads to.
    :param label: the name of a step.
    """
    by_key, rows, edges = _rows(shown.steps)
    for sweep in range(SWEEPS):
        _sort(rows, down=sweep % 2 == 0)
    _spread(rows)
    left = min((place.x - place.width / 2 for row in rows for place in row), default=0.0) - MARGIN
    for place in (place for row in rows for place in row):
        place.x -= left
    width = max((place.x + place.width / 2 for row in rows for place in row), default=0.0) + MARGIN
    height = len(rows) * ROW - (ROW - HEIGHT) + 2 * MARGIN if rows else 2 * MARGIN
    parts = [_line(edge) for edge in edges]
    parts += [_node(place, place.step, link(place.step), label(place.step)) for place in by_key.values() if place.step]
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return f'<svg class="graph" {size} role="group" aria-label="Graph of the steps">{"".join(parts)}</svg>'


# --- Rows -------------------------------------------------------------------------------------------------------------


def _rows(steps: Sequence[Step]) -> tuple[dict[str, _Place], list[list[_Place]], list[_Edge]]:
    """Return the place of each step, all places row by row, and the edges through them."""
    by_key: dict[str, _Place] = {}
    wanted: list[tuple[EdgeKind, str, str]] = []
    for step in steps:
        if step.key in by_key:  # lint reports it
            continue
        sources = list(_sources(step, by_key))
        rank = 1 + max((by_key[key].row for _, key in sources), default=-1)
        by_key[step.key] = _Place(rank, step)
        wanted += [(kind, key, step.key) for kind, key in sources]
    rows: list[list[_Place]] = [[] for _ in range(1 + max((place.row for place in by_key.values()), default=-1))]
    for place in by_key.values():
        rows[place.row].append(place)
    return by_key, rows, [_edge(kind, by_key[source], by_key[target], rows) for kind, source, target in wanted]


def _sources(step: Step, known: Iterable[str]) -> Iterator[tuple[EdgeKind, str]]:
    """Yield the steps that a step follows, once each: those whose results it reads, and then the others."""
    read = dict.fromkeys(output.step for output in step.outputs() if output.step is not None)
    yield from (("data", key) for key in read if key in known)
    yield from (("order", key) for key in dict.fromkeys(step.depends_on) if key in known and key not in read)


def _edge(kind: EdgeKind, source: _Place, target: _Place, rows: list[list[_Place]]) -> _Edge:
    """Return an edge, with a lane in each row that it passes."""
    lanes = [_Place(row) for row in range(source.row + 1, target.row)]
    for lane in lanes:
        rows[lane.row].append(lane)
    places = [source, *lanes, target]
    for upper, lower in pairwise(places):
        upper.below.append(lower)
        lower.above.append(upper)
    return _Edge(kind, places)


def _sort(rows: list[list[_Place]], *, down: bool) -> None:
    """Sort the places of each row by the mean position of their neighbours in the row before."""
    for row in rows if down else reversed(rows):
        position = {id(place): at for at, place in enumerate(row)}
        means = {}
        for place in row:
            near = place.above if down else place.below
            means[id(place)] = sum(other.x for other in near) / len(near) if near else position[id(place)]
        row.sort(key=lambda place: (means[id(place)], position[id(place)]))
        for at, place in enumerate(row):
            place.x = float(at)


def _spread(rows: list[list[_Place]]) -> None:
    """Turn positions into coordinates: each place near its neighbours, in its order, without touching the next."""
    for row in rows:
        _settle(row, [0.0] * len(row))
    for sweep in range(2 * SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            _settle(row, [_wanted(place) for place in row])


def _wanted(place: _Place) -> float:
    """Return where a place would be best: near its neighbours, above all in line with those of its own sort."""
    near = [*place.above, *place.below]
    weights = [8 if (place.step is None) == (other.step is None) else 1 for other in near]
    return (
        sum(weight * other.x for weight, other in zip(weights, near, strict=True)) / sum(weights) if near else place.x
    )


def _settle(row: list[_Place], wanted: list[float]) -> None:
    gaps = [(one.width + other.width) / 2 + SPACE for one, other in pairwise(row)]
    right, left = list(wanted), list(wanted)
    for at, gap in enumerate(gaps):
        right[at + 1] = max(right[at + 1], right[at] + gap)
    for at, gap in reversed(list(enumerate(gaps))):
        left[at] = min(left[at], left[at + 1] - gap)
    for place, one, other in zip(row, right, left, strict=True):
        place.x = (one + other) / 2


# --- Text -------------------------------------------------------------------------------------------------------------


def _line(edge: _Edge) -> str:
    first = edge.places[0]
    path = f"M{first.x:.1f} {first.top + HEIGHT:.1f}"
    for upper, lower in pairwise(edge.places):
        start, end = upper.top + HEIGHT, lower.top
        middle = (start + end) / 2
        path += f"C{upper.x:.1f} {middle:.1f} {lower.x:.1f} {middle:.1f} {lower.x:.1f} {end:.1f}"
        path += f"V{end + HEIGHT:.1f}" if lower.step is None else ""
    last = edge.places[-1]
    head = f"M{last.x - 4:.1f} {last.top - 8:.1f}h8l-4 8z"
    return f'<path class="edge {edge.kind}" d="{path}"/><path class="head {edge.kind}" d="{head}"/>'


def _node(place: _Place, step: Step, address: str, label: str) -> str:
    shape = "gate" if step.kind == GATE else step.effect
    left, top, right = place.x - WIDTH / 2, place.top, place.x + WIDTH / 2
    if shape == "gate":
        middle = top + HEIGHT / 2
        around = f"{left:.1f},{middle:.1f} {left + 14:.1f},{top} {right - 14:.1f},{top} {right:.1f},{middle:.1f}"
        outline = f'<polygon points="{around} {right - 14:.1f},{top + HEIGHT} {left + 14:.1f},{top + HEIGHT}"/>'
    else:
        outline = f'<rect x="{left:.1f}" y="{top}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
    kind = "approval" if shape == "gate" else f"{step.kind} · {step.effect}"
    texts = (("name", 19, cut(label, LABEL_CHARACTERS)), ("kind", 36, cut(kind, KIND_CHARACTERS)))
    lines = [
        f'<text class="{name}" x="{place.x:.1f}" y="{top + down}">{html.escape(text)}</text>'
        for name, down, text in texts
    ]
    return f'<a class="node {shape}" href="{html.escape(address)}">{outline}{"".join(lines)}</a>'
