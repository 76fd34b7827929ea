"""A chart that asks for too much is refused before it is drawn, with the place, the value and the limit."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.operators.flashboard import bounds
from airflow_provider_vai.operators.flashboard.bounds import check_amount, check_form

BAR = {"data": {"name": "d"}, "mark": "bar", "encoding": {"x": {"field": "a"}, "y": {"field": "b"}}}
ROWS = [{"a": number, "b": number % 3} for number in range(500)]


def nested(levels: int) -> Any:
    """Return layers inside layers."""
    part: Any = {"mark": "bar"}
    for _ in range(levels):
        part = {"layer": [part]}
    return part


TOO_MUCH = [
    ({"width": 1e9}, r"charts\[0\]\.width: 1000000000\.0 is more than 10,000 pixels"),
    ({"height": {"step": 1}, "config": {"view": {"continuousHeight": 20_000}}}, r"config\.view\.continuousHeight"),
    ({"width": float("nan")}, r"\.width: nan"),
    ({"padding": {"left": 10**400, "width": 10**400}}, r"\.padding\.width"),
    ({"mark": {"type": "text", "fontSize": 1e7}}, r"mark\.fontSize"),
    ({"mark": {"type": "point", "size": 1e12}}, r"mark\.size"),
    ({"data": {"sequence": {"start": 0, "stop": 3e7}}}, r"data\.sequence: makes 30,000,000 rows, more than 50,000"),
    ({"data": {"sequence": {"start": 0, "stop": 1, "step": 0}}}, r"data\.sequence: .* step not 0"),
    ({"data": {"sequence": {"start": 0, "stop": -1, "step": -1e-9}}}, r"data\.sequence: makes 1,000,000,000 rows"),
    ({"data": {"sequence": {"start": "0", "stop": 5}}}, r"data\.sequence: .* must be numbers"),
    ({"data": {"graticule": {"step": [0.001, 0.001]}}}, r"graticule\.step: 0\.001"),
    ({"data": {"graticule": {"stepMinor": [5, 0]}}}, r"graticule\.stepMinor: 0"),
    ({"data": {"graticule": {"precision": 1e-6}}}, r"graticule\.precision"),
    ({"data": {"graticule": {"extent": [[-1e9, 0], [0, 0]]}}}, r"graticule\.extent"),
    ({"transform": [{"impute": "b", "key": "a", "keyvals": {"start": 0, "stop": 1e8}}]}, r"\[0\]\.keyvals: makes"),
    ({"transform": [{"density": "b", "steps": 10**8}]}, r"transform\[0\]\.steps: 100000000"),
    ({"transform": [{"density": "b", "minsteps": 10**8}]}, r"transform\[0\]\.minsteps"),
    ({"transform": [{"regression": "b", "on": "a", "method": "poly", "order": 500}]}, r"transform\[0\]\.order"),
    ({"transform": [{"sample": 10**9}]}, r"transform\[0\]\.sample"),
    ({"encoding": {"x": {"field": "a", "bin": {"maxbins": 10**8}}}}, r"x\.bin\.maxbins"),
    ({"encoding": {"x": {"field": "a", "bin": {"extent": [0, 1], "step": 1e-9}}}}, r"x\.bin: 1,000,000,000 bins"),
    ({"encoding": {"x": {"field": "a", "bin": {"step": 0}}}}, r"x\.bin\.step: must be a number above 0"),
    ({"encoding": {"x": {"field": "a", "bin": {"base": 1}}}}, r"x\.bin\.base"),
    ({"encoding": {"x": {"field": "a", "axis": {"tickCount": 10**8}}}}, r"axis\.tickCount"),
    ({"encoding": {"x": {"field": "a", "axis": {"format": "0999999999d"}}}}, r"axis\.format: the format '0999999999d'"),
    ({"transform": [{"calculate": "1+" * 2000 + "1", "as": "c"}]}, r"\.calculate: 4,001 characters, more than 2,000"),
    ({"transform": [{"filter": "0||" * 2000 + "1"}]}, r"\.filter: 6,001 characters"),
    ({"title": "x" * 20_000}, r"\.title: 20,000 characters"),
    ({"config": {"x" * 20_000: 1}}, r"config: a key of 20,000 characters"),
    ({"layer": [{"mark": "bar"}] * 20_001}, r"the spec has more than 20,000 parts"),
    (nested(60), r"nested more than 40 levels"),
]


@pytest.mark.parametrize(("change", "message"), TOO_MUCH)
def test_a_form_that_asks_for_too_much(change: dict[str, Any], message: str) -> None:
    """Sizes, made rows, steps, expressions and nesting have limits, wherever they are in a spec."""
    with pytest.raises(ValueError, match=message):
        check_form("charts[0]", {**BAR, **change})
    with pytest.raises(ValueError, match=message.removeprefix(r"charts\[0\]")):
        check_form("charts[0]", {"hconcat": [BAR, {**BAR, **change}]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"facet": {"field": "a"}, "spec": {"mark": "bar"}}, "500 views, more than 400"),
        ({"encoding": {"row": {"field": "a"}, "column": {"field": "b"}}}, "500 views"),
        ({"repeat": {"row": ["a"] * 30, "column": ["b"] * 30}, "spec": {"mark": "bar"}}, "900 views"),
        ({"repeat": ["a"] * 30, "spec": {"layer": [{"mark": "bar"}] * 20}}, "600 views"),
        ({"concat": [{"layer": [{"mark": "bar"}] * 21}] * 20}, "420 views"),
        ({"vconcat": [{"facet": {"row": {"field": "b"}}, "spec": {"mark": "bar"}}] * 200}, "600 views"),
    ],
)
def test_too_many_views(change: dict[str, Any], message: str) -> None:
    """Layers, concatenations, repeats and the cells of facets are multiplied."""
    with pytest.raises(ValueError, match=message):
        check_amount("charts[0]", {**BAR, **change}, [ROWS])


def test_too_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows of all datasets count together, and so do their texts."""
    with pytest.raises(ValueError, match=r"charts\[0\]: 100,500 rows, more than 100,000: aggregate"):
        check_amount("charts[0]", BAR, [ROWS * 200, ROWS])
    monkeypatch.setattr(bounds, "DATA_CHARACTERS", 1_000)
    for row in ({"a": "x" * 2_000}, {"a" * 2_000: 1}, {"a": [["x"] * 400]}):
        with pytest.raises(ValueError, match="more than 1,000 characters"):
            check_amount("charts[0]", BAR, [[row]])
    check_amount("charts[0]", BAR, [[{"a": "x" * 900}]])


@pytest.mark.parametrize(
    "change",
    [
        {"width": 10_000, "height": {"step": 20}, "config": {"axis": {"labelFontSize": 40}}},
        {"width": "container", "mark": {"type": "point", "size": 5_000}},
        {"data": {"sequence": {"start": 0, "stop": 50_000, "as": "x"}}},
        {"data": {"sequence": {"start": 10, "stop": 0, "step": 1}}},
        {"data": {"graticule": True}},
        {"data": {"graticule": {"step": [15, 15], "extent": [[-180, -90], [180, 90]]}}},
        {"data": {"values": [{"width": 1e12, "title": "x" * 20_000}]}},
        {"datasets": {"d": [{"height": 1e12}]}},
        {"transform": [{"filter": {"field": "width", "gte": 1e12}}, {"density": "b", "steps": 200}]},
        {"encoding": {"x": {"field": "a", "bin": {"maxbins": 60}, "axis": {"format": ",.2f", "tickCount": 20}}}},
        {"encoding": {"x": {"field": "a", "bin": True, "scale": {"domain": [0, 1e12], "nice": True}}}},
        {"encoding": {"x": {"field": "a", "axis": {"format": "%Y-%m-%d %H:%M"}}}},
    ],
)
def test_ordinary_charts_pass(change: dict[str, Any]) -> None:
    """Values of rows, domains and filters are no sizes."""
    check_form("charts[0]", {**BAR, **change})
    check_amount("charts[0]", {**BAR, **change}, [ROWS])
    check_amount("charts[0]", {**BAR, "encoding": {"row": {"field": "b"}, "x": {"field": "a"}}}, [ROWS])
