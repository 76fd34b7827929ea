"""The page is self-contained and deterministic, reports broken entries, and escapes everything in specs and rows."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from html.parser import HTMLParser
from typing import Any

import pytest

from airflow_provider_vai.model.kind_arguments.flashboard import CreateFlashboardArguments
from airflow_provider_vai.operators.flashboard import page as page_module
from airflow_provider_vai.operators.flashboard.page import Page, page
from airflow_provider_vai.operators.flashboard.renderer import Renderer
from airflow_provider_vai.operators.flashboard.rows import records
from tests.paths import TESTS

pytest.importorskip("vl_convert")

ROWS = [{"k": "A", "v": 3}, {"k": "B", "v": 5}]
BAR = {
    "title": "Sales",
    "data": {"name": "sales"},
    "mark": "bar",
    "encoding": {"x": {"field": "k"}, "y": {"field": "v", "type": "quantitative"}},
}
HOSTILE = TESTS / "unit/hostile_values.json"


def made(*charts: Any, **datasets: Any) -> Page:
    """Return a page with these entries."""
    return page(title="T", description=None, charts=list(charts), datasets={"sales": ROWS, **datasets})


def make(*charts: Any, **datasets: Any) -> str:
    """Return the text of a page that has no broken entries."""
    result = made(*charts, **datasets)
    assert result.broken == []
    return result.text


@pytest.fixture(autouse=True)
def _one_process(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all tests draw in one process: starting it takes longer than drawing."""
    monkeypatch.setattr(page_module, "Renderer", lambda: nullcontext(renderer))


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    """The one renderer of this module's tests."""
    with Renderer() as made:
        made._left = float("inf")
        yield made


class Tags(HTMLParser):
    """Collects the elements and attributes that a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect one element."""
        self.tags.add(tag)
        self.attributes += attrs


def check_harmless(text: str) -> None:
    """Check that there is no script, no event handler and no reference to anything outside the page."""
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
    """The page has the drawing, the table and a policy under which nothing can be loaded."""
    text = make(BAR)

    assert "default-src 'none'" in text
    assert "<svg" in text
    assert "<h2>Sales</h2>" in text
    assert '<td class="number">5</td>' in text
    check_harmless(text)


def test_same_input_gives_the_same_bytes() -> None:
    """Vega numbers clip paths per process, but the page does not depend on that."""
    clipped = {**BAR, "mark": {"type": "bar", "clip": True}}

    assert make(clipped, clipped) == make(clipped, clipped)


def test_drawings_do_not_share_ids() -> None:
    """Two drawings with clip paths have different ids."""
    clipped = {**BAR, "mark": {"type": "bar", "clip": True}}
    ids = re.findall(r' id="([^"]+)"', make(clipped, clipped))

    assert ids
    assert len(ids) == len(set(ids))


def test_own_settings_win() -> None:
    """The spec's settings override the default style."""
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
    """Layers, concatenations, facets and inline rows are drawn like single views."""
    text = make(chart)

    assert "<svg" in text
    check_harmless(text)


def test_empty_dataset_says_so() -> None:
    """A chart without rows shows a message instead of an empty drawing."""
    text = make(BAR, sales=[])

    assert "No rows" in text
    assert "<svg" not in text


def test_long_table_says_what_is_missing() -> None:
    """The table shows 100 rows and says how many more there are."""
    text = make(BAR, sales=[{"k": str(n), "v": n} for n in range(130)])

    assert text.count("<tr>") == 101
    assert "&hellip; 30 more rows" in text


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
        ("bar", r"charts\[1\]: an entry is an object"),
        (functools.reduce(lambda inner, _: {"layer": [inner]}, range(5000), BAR), r"charts\[1\]: "),
        ({**BAR, "kind": "pie"}, r"charts\[1\]: kind: 'pie' is not one of chart, table, number"),
        ({**BAR, "kind": ["table"]}, r"charts\[1\]: kind: "),
        ({**BAR, "data": {"name": ["sales"]}}, r"charts\[1\]\.data\.name: there is no dataset \['sales'\]"),
        ({**BAR, "datasets": [1]}, r"charts\[1\]\.datasets: must be an object of rows by name, not a list"),
        ({**BAR, "encoding": [{}]}, r"charts\[1\]: "),
        ({**BAR, "data": {"values": [{"k": float("inf")}]}}, r"charts\[1\]: "),
    ],
)
def test_refused_spec_names_the_place(chart: Any, place: str) -> None:
    """The message names the chart and the place in its spec, and the other chart is shown."""
    result = made(BAR, chart)

    assert len(result.broken) == 1
    assert re.search(place, result.broken[0])
    assert result.text.count('<div class="wide">') == 1
    assert result.text.count("This entry cannot be shown.") == 1
    check_harmless(result.text)


def test_a_column_named_url_is_data() -> None:
    """Rows may have any keys; only the spec is checked."""
    rows = [{"k": "A", "v": 1, "url": "https://example.com", "href": "javascript:alert(1)"}]

    check_harmless(make({**BAR, "data": {"values": rows}}))
    check_harmless(make(BAR, sales=rows))


@pytest.mark.parametrize("where", ["row", "title", "axis", "dataset"])
def test_hostile_text_stays_text(where: str) -> None:
    """HTML in rows, titles, columns and names is escaped."""
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
        table = {"kind": "table", "title": str(text), "subtitle": str(text), "data": {"values": rows}}
        number = {**table, "kind": "number", "field": "k", "unit": str(text)}
        broken = {**table, "columns": [str(text)]}
        result = page(
            title=str(text), description=str(text), charts=[chart, table, number, broken], datasets={name: rows}
        )
        assert len(result.broken) in (1, 2)  # the oldest drawing library crashes on some texts
        check_harmless(result.text)
        result.text.encode()


# --- tables and numbers -------------------------------------------------------------------------------------


def test_table_shows_all_columns() -> None:
    """Without ``columns``, the table shows the columns of all rows. Numbers are aligned to the right."""
    text = make({"kind": "table", "title": "All", "data": {"name": "sales"}})

    assert '<tr><th scope="col">k</th><th scope="col" class="number">v</th></tr>' in text
    assert '<tr><td>A</td><td class="number">3</td></tr>' in text
    assert "<details" not in text.partition("<body>")[2]


def test_table_shows_the_named_columns() -> None:
    """Columns have an order, a title and a format; the rows beyond the limit are counted."""
    rows = [{"k": str(n), "share": n / 8, "sum": 1234567 * n} for n in range(5)]
    columns = [{"field": "sum", "title": "Sum, EUR", "format": ",d"}, {"field": "share", "format": ".1%"}, "k"]
    text = make({"kind": "table", "title": "T", "data": {"values": rows}, "columns": columns, "max_rows": 2})

    assert re.findall(r"<th[^>]*>([^<]*)</th>", text) == ["Sum, EUR", "share", "k"]
    assert '<td class="number">1,234,567</td><td class="number">12.5%</td><td>1</td>' in text
    assert "&hellip; 3 more rows" in text


@pytest.mark.parametrize(
    ("entry", "rows", "shown"),
    [
        ({}, [{"total": 5}], "5"),
        ({"field": "v"}, ROWS, "3"),
        ({"format": ",.2f", "unit": "EUR"}, [{"total": 1234.5}], "1,234.50 <span>EUR</span>"),
        ({"format": ",d"}, [{"total": 1234.56}], "1,235"),
        ({"format": ".1%"}, [{"total": 0.123}], "12.3%"),
        ({"format": ","}, [{"total": "n/a"}], "n/a"),
        ({}, [{"total": None}], "&ndash;"),
        ({"field": "v"}, [], "&ndash;"),
    ],
)
def test_number_shows_one_value(entry: Any, rows: Any, shown: str) -> None:
    """A number shows a field of the first row, or the only value. A value that is not a number is shown as it is."""
    text = make({"kind": "number", "title": "Total", "data": {"values": rows}, **entry})

    assert re.search(rf'<p class="value[^"]*">{re.escape(shown)}</p>', text)


def test_neighbouring_numbers_share_a_line() -> None:
    """Adjacent numbers share a line; a chart between them starts a new one."""
    number = {"kind": "number", "title": "N", "data": {"name": "sales"}, "field": "v"}

    assert make(number, number, BAR, number).count('<div class="numbers">') == 2


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            {"kind": "table", "data": {"name": "sales"}},
            r"charts\[1\]: title is missing.*a table takes kind, title",
        ),
        (
            {"kind": "table", "title": "T", "data": {"name": "sales"}, "collumns": []},
            r"charts\[1\]: unknown key collumns",
        ),
        ({"kind": "table", "title": "T", "data": {"name": "sales"}, "columns": ["k", "w"]}, r"no column 'w'.*'k', 'v'"),
        (
            {"kind": "table", "title": "T", "data": {"name": "sold"}},
            r"charts\[1\]\.data\.name: there is no dataset 'sold'",
        ),
        ({"kind": "table", "title": "T", "data": {}}, r"data: .*give either the name of a dataset or values"),
        ({"kind": "table", "title": "T", "data": {"name": "sales"}, "max_rows": 0}, r"max_rows: "),
        ({"kind": "number", "title": "T", "data": {"name": "sales"}}, r"2 rows of 2 columns: set field"),
        ({"kind": "number", "title": "T", "data": {"name": "sales"}, "field": "w"}, r"no column 'w'"),
        ({"kind": "number", "title": "T", "data": {"name": "sales"}, "field": "v", "format": "9999d"}, r"format: "),
        (
            {"kind": "number", "title": "T", "data": {"name": "text"}},
            r"the dataset 'text' is neither a list of objects",
        ),
    ],
)
def test_wrong_entry_says_what_is_wrong(entry: Any, message: str) -> None:
    """Unknown, missing and wrong names are reported in the entry's place, and the other entries are shown."""
    result = made(BAR, entry, text="x")

    assert len(result.broken) == 1
    assert re.search(message, result.broken[0])
    assert '<section class="card broken">' in result.text
    assert "<svg" in result.text


def test_the_crystallizer_refuses_a_wrong_entry() -> None:
    """Entries of a recorded call or an edit are checked before a DAG file is written, and are not changed."""
    table = {"kind": "table", "title": "T", "data": {"name": "sales"}, "columns": ["k"]}

    assert CreateFlashboardArguments(title="T", charts=[BAR, table]).charts == [BAR, table]
    with pytest.raises(ValueError, match=r"charts\.1[\s\S]*kind: 'pie' is not one of chart, table, number"):
        CreateFlashboardArguments(title="T", charts=[BAR, {**table, "kind": "pie"}])


@pytest.mark.parametrize(
    "wrong", ["x", None, [1], {"rows": [[1]]}, {"columns": ["a"], "rows": [[1, 2]]}, {"columns": ["a"], "rows": [[]]}]
)
def test_a_dataset_that_is_no_table_breaks_its_entries(wrong: Any) -> None:
    """The message names the dataset in each entry that uses it."""
    result = made(BAR, {**BAR, "data": {"name": "d"}}, d=wrong)

    assert re.search(r"charts\[1\]\.data\.name: the dataset 'd' (is neither|has \d columns?)", result.broken[0])
    assert result.rows == {"sales": 2}


def test_datasets_become_records() -> None:
    """Rows that are lists become objects with the columns' names."""
    assert records({"columns": ["a", "b"], "rows": [[1, 2]]}) == [{"a": 1, "b": 2}]
    assert records({"columns": ["a"], "rows": [{"a": 1}]}) == [{"a": 1}]
    assert records([]) == []


def test_a_chart_is_drawn_for_narrow_screens_too() -> None:
    """Unless the spec has its own width or is composed of views: then the one drawing can be scrolled."""
    facets = {**BAR, "encoding": {**BAR["encoding"], "column": {"field": "k"}}}

    assert make(BAR).count("<svg") == 2
    for chart in ({**BAR, "width": 300}, facets):
        text = make(chart)
        assert text.count("<svg") == 1
        assert '<div class="fixed" tabindex="0">' in text


def test_a_chart_that_has_its_own_background_stays_on_white_in_dark_mode() -> None:
    assert '<div class="chart dark">' in make(BAR)
    for config in ({"background": "#fffbe6"}, {"view": {"fill": "#eeeeee"}}, {"mark": {"color": "#102030"}}):
        assert '<div class="chart dark">' not in make({**BAR, "config": config})


def test_numbers_and_dates_are_written_as_in_the_locale() -> None:
    """In charts, tables and numbers alike; a chart's own locale comes first."""
    dates = {"data": {"values": [{"t": "2025-03-01", "v": 12500}, {"t": "2025-05-01", "v": 40000}]}, "mark": "line"}
    axes = {
        "x": {"field": "t", "type": "temporal", "axis": {"format": "%B"}},
        "y": {"field": "v", "type": "quantitative"},
    }
    chart = {**dates, "encoding": axes}
    number = {"kind": "number", "title": "N", "data": {"values": [{"v": 1234.5}]}, "format": ",.2f"}
    table = {**number, "kind": "table", "columns": [{"field": "v", "format": ",.1f"}]}
    del table["format"]
    own = {
        **chart,
        "config": {"locale": {"number": {"decimal": ".", "thousands": "'", "grouping": [3], "currency": ["", ""]}}},
    }

    text = page(title="T", description=None, charts=[chart, number, table], datasets={}, locale="de-DE").text
    other = page(title="T", description=None, charts=[own], datasets={}, locale="de-DE").text

    assert all(shown in text for shown in ("40.000", "April", "1.234,50", "1.234,5<"))
    assert "März" in text
    assert "40'000" in other
    with pytest.raises(ValueError, match="locale: 'xx-XX' is not known"):
        page(title="T", description=None, charts=[], datasets={}, locale="xx-XX")
