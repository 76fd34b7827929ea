"""The page is self-contained, deterministic, and nothing in a spec or a row becomes markup."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.operators.flashboard_page import page

pytest.importorskip("vl_convert")

ROWS = [{"k": "A", "v": 3}, {"k": "B", "v": 5}]
BAR = {
    "title": "Sales",
    "data": {"name": "sales"},
    "mark": "bar",
    "encoding": {"x": {"field": "k"}, "y": {"field": "v", "type": "quantitative"}},
}
HOSTILE = Path(__file__).parents[1] / "hostile_values.json"


def make(*charts: Any, **datasets: Any) -> str:
    """Return a page of the charts."""
    return page(title="T", description=None, charts=list(charts), datasets={"sales": ROWS, **datasets})


class Tags(HTMLParser):
    """Collects what a browser would see as elements and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect."""
        self.tags.add(tag)
        self.attributes += attrs


def check_harmless(text: str) -> None:
    """No script, no handler, no reference to anything outside the page."""
    seen = Tags(text)
    assert not seen.tags & {"script", "iframe", "img", "link", "foreignobject", "object", "base", "form"}
    for name, value in seen.attributes:
        assert not name.startswith("on")
        assert name not in ("src", "action", "formaction")
        if name in ("href", "xlink:href"):
            assert (value or "").startswith("#")
        if name in ("style", "fill", "clip-path", "stroke"):
            assert "url(" not in (value or "") or "url(#" in (value or "")


def test_page_is_self_contained() -> None:
    """The page holds the drawing, the table, and a policy that lets nothing load."""
    text = make(BAR)

    assert "default-src 'none'" in text
    assert "<svg" in text
    assert "<h2>Sales</h2>" in text
    assert '<td class="number">5</td>' in text
    check_harmless(text)


def test_same_input_gives_the_same_bytes() -> None:
    """Vega counts its clip paths through the process; the page does not show it."""
    clipped = {**BAR, "mark": {"type": "bar", "clip": True}}

    assert make(clipped, clipped) == make(clipped, clipped)


def test_drawings_do_not_share_ids() -> None:
    """Two drawings with clip paths keep them apart."""
    clipped = {**BAR, "mark": {"type": "bar", "clip": True}}
    ids = re.findall(r' id="([^"]+)"', make(clipped, clipped))

    assert ids
    assert len(ids) == len(set(ids))


def test_own_settings_win() -> None:
    """The house style stays under what the spec says."""
    assert 'fill="#ff0000"' in make({**BAR, "config": {"bar": {"color": "#ff0000"}}})


@pytest.mark.parametrize(
    "chart",
    [
        {"data": {"name": "sales"}, "layer": [{k: BAR[k] for k in ("mark", "encoding")}] * 2},
        {"hconcat": [BAR, {**BAR, "data": {"values": ROWS}}]},
        {**BAR, "encoding": {**BAR["encoding"], "column": {"field": "k"}}},  # type: ignore[dict-item]
        {
            "data": {"name": "sales"},
            "facet": {"row": {"field": "k"}},
            "spec": {"mark": "tick", "encoding": BAR["encoding"]},
        },
        {**BAR, "width": "container"},
        {**BAR, "data": {"name": "mine"}, "datasets": {"mine": ROWS}},
    ],
)
def test_compositions_are_drawn(chart: Any) -> None:
    """Layers, concatenations, facets and inline rows work as single views do."""
    text = make(chart)

    assert "<svg" in text
    check_harmless(text)


def test_empty_dataset_says_so() -> None:
    """A chart without rows is no empty drawing."""
    text = make(BAR, sales=[])

    assert "No rows" in text
    assert "<svg" not in text


def test_long_table_says_what_is_missing() -> None:
    """The table shows 100 rows and counts the rest."""
    text = make(BAR, sales=[{"k": str(n), "v": n} for n in range(130)])

    assert text.count("<tr>") == 101
    assert "and 30 more rows" in text


@pytest.mark.parametrize(
    ("chart", "place"),
    [
        ({**BAR, "data": {"url": "https://example.com/x.json"}}, r"charts\[1\]\.data\.url"),
        ({**BAR, "mark": {"type": "image", "url": "x.png"}}, r"charts\[1\]\.mark\.url"),
        ({**BAR, "encoding": {"href": {"field": "k"}}}, r"charts\[1\]\.encoding\.href"),
        ({"layer": [{**BAR, "data": {"url": "file:///etc/passwd"}}]}, r"charts\[1\]\.layer\[0\]\.data\.url"),
        ({**BAR, "data": {"name": "nope"}}, r"charts\[1\]\.data\.name: there is no dataset 'nope'"),
        (
            {**BAR, "transform": [{"lookup": "k", "from": {"data": {"url": "x"}, "key": "k"}}]},
            r"charts\[1\]\.transform\[0\]\.from\.data\.url",
        ),
        ({**BAR, "encoding": {"fill": {"value": "url(https://example.com/x)"}}}, r"charts\[1\].*fill="),
        ({**BAR, "mark": "no such mark"}, r"charts\[1\]: "),
        ("bar", r"charts\[1\]: a chart is"),
    ],
)
def test_refused_spec_names_the_place(chart: Any, place: str) -> None:
    """What loads or links something, or cannot be drawn, is refused by chart and place."""
    with pytest.raises(ValueError, match=place):
        make(BAR, chart)


def test_a_column_named_url_is_data() -> None:
    """Rows may have any keys: only the spec is searched."""
    rows = [{"k": "A", "v": 1, "url": "https://example.com", "href": "javascript:alert(1)"}]

    check_harmless(make({**BAR, "data": {"values": rows}}))
    check_harmless(make(BAR, sales=rows))


@pytest.mark.parametrize("where", ["row", "title", "axis", "dataset"])
def test_hostile_text_stays_text(where: str) -> None:
    """Markup in rows, titles, columns and names comes out escaped."""
    texts = [
        "</svg><script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "]]><!--",
        "a\x00\ud800\ufffe",
        "&#60;b>",
    ]
    if HOSTILE.exists():
        entries = json.loads(HOSTILE.read_text())["entries"]
        texts += [entry["value"] for entry in entries if entry["kind"] == "text" and len(entry["value"]) < 500]
    for text in texts if where != "row" else [texts]:
        rows = [{"k": part, "v": 1} for part in text] if where == "row" else ROWS
        chart = {**BAR, "title": text if where == "title" else "x", "data": {"name": "d"}}
        chart["encoding"] = {"x": {"field": "k", "title": str(text)[:300] if where == "axis" else "x"}}
        name = str(text) if where == "dataset" else "d"
        chart["data"] = {"name": name}
        made = page(title=str(text), description=str(text), charts=[chart], datasets={name: rows})
        check_harmless(made)
        made.encode()
