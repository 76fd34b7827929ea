"""The look of a flashboard: default settings of the charts, and the page's style sheet."""

from __future__ import annotations

from typing import Any

WIDTH, HEIGHT = 640, 340  # of a single chart, in CSS pixels; the page scales it down on narrow screens
NARROW_WIDTH, NARROW_HEIGHT = 320, 260  # of its second drawing, for screens narrower than a telephone held sideways
PART_WIDTH, PART_HEIGHT = 260, 220  # of each view in a facet or concatenation

# These have equal widths, and Liberation Sans is what the charts are laid out with.
_FONT = "Arial, 'Liberation Sans', Arimo, Helvetica, sans-serif"
_INK, _MUTED, _RULE = "#1f2933", "#52606d", "#e4e7eb"
CONFIG: dict[str, Any] = {
    # The page labels each drawing and shows its rows as a table. Vega-Lite's own labels break on a backslash.
    "aria": False,
    "background": None,
    "font": _FONT,
    "mark": {"color": "#2f6db5"},
    "view": {"stroke": None, "continuousWidth": PART_WIDTH, "continuousHeight": PART_HEIGHT},
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": 600,
        "labelColor": _MUTED,
        "titleColor": _INK,
        "titlePadding": 10,
        "labelPadding": 6,
        "gridColor": _RULE,
        "domainColor": "#9aa5b1",
        "ticks": False,
        "labelLimit": 220,
    },
    "axisX": {"grid": False},
    "axisXDiscrete": {"labelAngle": -30},
    "axisY": {"domain": False},
    "axisTemporal": {"labelFlush": True},
    "legend": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": 600,
        "labelColor": _MUTED,
        "titleColor": _INK,
    },
    "header": {"labelFontSize": 12, "titleFontSize": 12, "labelColor": _INK, "titleColor": _INK},
    "title": {"fontSize": 14, "fontWeight": 600, "color": _INK, "subtitleColor": _MUTED, "anchor": "start"},
    "bar": {"cornerRadiusEnd": 2},
    "line": {"strokeWidth": 2.25},
    "area": {"line": True, "fillOpacity": 0.25},
    "point": {"size": 55, "filled": True},
    "range": {
        "category": [
            "#2f6db5",
            "#e0792f",
            "#3c9d6b",
            "#c2474b",
            "#7a64b8",
            "#8c6d52",
            "#d173a9",
            "#6b7785",
            "#a9a53a",
            "#2fa3b5",
        ],
    },
}
"""Default Vega-Lite settings; a spec can override them."""

NARROW: dict[str, Any] = {"axis": {"labelLimit": 130}, "legend": {"orient": "bottom", "columns": 2}}
"""Further ones for a drawing on a narrow screen."""

STYLE = """
:root { color-scheme: light dark; --page: #f5f7fa; --card: #ffffff; --ink: #1f2933; --muted: #52606d;
  --rule: #e4e7eb; --shade: #f5f7fa; --focus: #2f6db5;
  --alarm: #c2474b; }
@media screen and (prefers-color-scheme: dark) {
  :root { --page: #14181d; --card: #1e242b; --ink: #e6eaee; --muted: #a3afbb; --rule: #333c46; --shade:
    #262d35; --focus: #7fb0ea; --alarm: #e58a8d; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.55 system-ui, -apple-system,
  "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; -webkit-text-size-adjust: 100%; }
main { margin: 0 auto; padding: clamp(20px, 4vw, 48px) clamp(14px, 3vw, 36px); max-width: 1440px; }
main.one { max-width: 860px; }
header { margin-bottom: clamp(18px, 3vw, 32px); }
h1 { margin: 0; font-size: clamp(22px, 3vw, 30px); font-weight: 650; line-height: 1.2; letter-spacing:
  -.015em; }
h1, h2, p, td, th { overflow-wrap: anywhere; unicode-bidi: isolate; }
header p { margin: 8px 0 0; max-width: 72ch; color: var(--muted); white-space: pre-line; }
.cards { display: grid; gap: clamp(14px, 2vw, 24px); grid-template-columns: repeat(auto-fit,
  minmax(min(100%, 540px), 1fr)); align-items: start; }
.one .cards { grid-template-columns: minmax(0, 1fr); }
.card { min-width: 0; padding: 18px 20px; background: var(--card); border: 1px solid var(--rule);
  border-radius: 12px; }
h2 { margin: 0; font-size: 16px; font-weight: 620; line-height: 1.35; }
.note { margin: 3px 0 0; color: var(--muted); font-size: 13px; }
.chart { margin-top: 14px; padding: 8px; background: #ffffff; border-radius: 8px; text-align: center; }
.chart svg { display: block; margin: 0 auto; max-width: 100%; height: auto; overflow: visible; }
.fixed { overflow-x: auto; }
.narrow { display: none; }
@media screen and (max-width: 560px) {
  .wide { display: none; }
  .narrow { display: block; }
  .fixed svg { max-width: none; }
}
@media screen and (prefers-color-scheme: dark) {
  .chart.dark { padding-inline: 0; background: none; }
  .dark [class*="role-axis"] text, .dark [class*="role-legend"] text { fill: var(--muted); }
  .dark [class*="title"] text, .dark [class*="role-header"] text { fill: var(--ink); }
  .dark [class*="role-axis"] line { stroke: var(--rule); }
}
.empty { margin: 14px 0 0; padding: 44px 16px; border: 1px dashed var(--rule); border-radius: 8px; color:
  var(--muted); text-align: center; }
.numbers { display: grid; gap: inherit; grid-column: 1 / -1; grid-template-columns: repeat(auto-fit,
  minmax(min(100%, 180px), 1fr)); }
.value { margin: 8px 0 0; font-size: clamp(24px, 3vw, 34px); font-weight: 650; line-height: 1.2;
  font-variant-numeric: tabular-nums; }
.value span { color: var(--muted); font-size: 15px; font-weight: 400; }
.broken { border-color: var(--alarm); }
.error { margin: 14px 0 0; padding: 14px 16px; border-inline-start: 4px solid var(--alarm); border-radius: 4px;
  background: var(--shade); font-size: 13px; }
details { margin-top: 12px; font-size: 13px; }
summary { padding: 4px 2px; border-radius: 6px; color: var(--muted); cursor: pointer; }
summary b { color: var(--ink); font-weight: 600; }
summary span { font-variant-numeric: tabular-nums; }
summary span::before { content: "\\00b7\\00a0"; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
.table { max-height: 360px; margin-top: 6px; font-size: 13px; overflow: auto; border: 1px solid var(--rule);
  border-radius: 8px; }
table { width: 100%; border-collapse: collapse; }
th, td { min-width: 5em; max-width: 36em; padding: 6px 12px; border-bottom: 1px solid var(--rule);
  text-align: start; vertical-align: top; }
th { position: sticky; top: 0; background: var(--shade); font-weight: 600; }
tr:last-child td { border-bottom: 0; }
.number { text-align: end; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
.none, .more { color: var(--muted); }
.more { margin: 6px 2px 0; }
@media print {
  :root { --page: #ffffff; --card: #ffffff; --ink: #000000; --muted: #444444; --rule: #cccccc; --shade:
    #ffffff; }
  body { font-size: 11pt; }
  main { max-width: none; padding: 0; }
  .chart { padding: 0; }
  .cards { display: block; }
  .card { margin-bottom: 16px; break-inside: avoid; }
  .table { max-height: none; overflow: visible; }
  details:not([open]) { display: none; }
}
"""
