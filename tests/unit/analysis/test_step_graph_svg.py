"""The graph of the steps: each step once, below what it follows, apart from the others; outside text is text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from itertools import combinations

import pytest

from airflow_provider_vai.analysis.step_graph_svg import HEIGHT, MOST_STEPS, WIDTH, drawn, part
from airflow_provider_vai.model.argument import Argument, Output
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.step_approval import StepApproval

APPROVAL = StepApproval(recorded="not_required", reason="")


def step(key: str, *after: str, reads: Sequence[str] = (), kind: str = "mcp_tool", title: str | None = None) -> Step:
    """Return a step."""
    arguments = {f"a{at}": Argument(class_="wired", from_=Output(step=name)) for at, name in enumerate(reads)}
    return Step(
        key=key, task_id=key, title=title, kind=kind, operator="", depends_on=list(after), approval=APPROVAL,
        arguments=arguments,
    )  # fmt: skip


def read(text: str) -> ET.Element:
    """Return the picture as XML."""
    return ET.fromstring(text)


def boxes(picture: ET.Element) -> dict[str, tuple[float, float]]:
    """Return the left upper corner of each step, by its address."""
    found = {}
    for node in picture.iter("a"):
        rect, polygon = node.find("rect"), node.find("polygon")
        if rect is not None:
            found[node.attrib["href"]] = (float(rect.attrib["x"]), float(rect.attrib["y"]))
        elif polygon is not None:
            points = [tuple(map(float, point.split(","))) for point in polygon.attrib["points"].split()]
            found[node.attrib["href"]] = (min(x for x, _ in points), min(y for _, y in points))
    return found


STEPS = [
    step("a"),
    step("b", "a"),
    step("c", "a", reads=["a"]),
    step("ask", "b", "c", kind="approval_gate"),
    step("d", "ask", reads=["a", "c"]),
    step("alone"),
]


def test_each_step_is_below_what_it_follows() -> None:
    """And none overlaps another."""
    places = boxes(read(drawn(part(STEPS))))

    assert list(places) == [f"#step-{one.key}" for one in STEPS]
    for one in STEPS:
        for key in [*one.depends_on, *(output.step for output in one.outputs())]:
            assert places[f"#step-{one.key}"][1] > places[f"#step-{key}"][1]
    for (left, top), (other, lower) in combinations(places.values(), 2):
        assert abs(left - other) >= WIDTH or abs(top - lower) >= HEIGHT


def test_edges() -> None:
    """One for each pair of steps: data if a value passes, else order."""
    kinds = [path.attrib["class"] for path in read(drawn(part(STEPS))).iter("path")]

    assert kinds.count("edge data") == kinds.count("head data") == 3
    assert kinds.count("edge order") == 4


def test_a_long_edge_crosses_no_step() -> None:
    """A value that passes many steps goes beside them."""
    steps = [step("s0"), *(step(f"s{at}", f"s{at - 1}") for at in range(1, 6)), step("end", "s5", reads=["s0"])]
    picture = read(drawn(part(steps)))
    (line,) = [path.attrib["d"] for path in picture.iter("path") if path.attrib["class"] == "edge data"]
    lanes = [float(x) for x in re.findall(r"([\d.]+) [\d.]+V", line)]

    assert len(lanes) == 5
    for at, x in enumerate(lanes, 1):
        left = boxes(picture)[f"#step-s{at}"][0]
        assert not left < x < left + WIDTH


@pytest.mark.parametrize("hostile", ['"><script>alert(1)</script>', "a' onload='x", "</svg><img src=x>", "&lt;b&gt;"])
def test_outside_text_is_text(hostile: str) -> None:
    """A title, a kind or an address cannot leave its place."""
    picture = read(drawn(part([step("a", kind=hostile, title=hostile)]), link=lambda one: hostile))

    assert [element.tag for element in picture.iter()] == ["svg", "a", "rect", "text", "text"]
    (node,) = picture.iter("a")
    assert node.attrib["href"] == hostile
    assert not any(name in ("style", "onload") for element in picture.iter() for name in element.attrib)


def test_what_is_broken_is_still_drawn() -> None:
    """An automation that lint complains about: missing, later and own steps, and a key that occurs twice."""
    steps = [step("a", "gone", "b", "a"), step("b", "a"), step("b", "a")]

    assert [node.attrib["href"] for node in read(drawn(part(steps))).iter("a")] == ["#step-a", "#step-b"]
    assert list(boxes(read(drawn(part([]))))) == []


@pytest.mark.parametrize("count", [500, 2000])
def test_many_steps(count: int) -> None:
    """They are drawn part by part, each step once."""
    steps = [
        step(f"s{at}", *([f"s{at - 1}"] if at else []), reads=[f"s{at - back}" for back in (2, 7, 40) if at >= back])
        for at in range(count)
    ]
    seen: list[str] = []
    first: int | None = 0
    while first is not None:
        shown = part(steps, first)
        seen += boxes(read(drawn(shown)))
        first = shown.later

    assert len(seen) == len(set(seen)) == count
    assert part(steps, 10**9).first == count - 1
    assert (part(steps, 60).earlier, part(steps).earlier, part(steps, -5).first) == (0, None, 0)
    assert len(part(steps, 30).steps) == MOST_STEPS
