"""The example's model: a script that answers as a model would, based on the message history.

It makes one mistake (a column that does not exist) and corrects it after the database's error message. It passes the
rows on to the flashboard unchanged and writes the summary from them.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

WRONG_SQL = """\
SELECT strftime(date_trunc('month', o.ordered_at), '%Y-%m-%d') AS month,
       CAST(sum(o.total) AS DOUBLE) AS revenue
FROM orders AS o
WHERE o.status = 'completed'
GROUP BY 1
ORDER BY 1"""
REVENUE_SQL = """\
SELECT strftime(date_trunc('month', o.ordered_at), '%Y-%m-%d') AS month,
       CAST(sum(l.quantity * l.unit_price) AS DOUBLE) AS revenue
FROM orders AS o
JOIN order_lines AS l ON l.order_id = o.order_id
WHERE o.status = 'completed'
GROUP BY 1
ORDER BY 1"""
ORDERS_SQL = """\
SELECT r.name AS region, count(*) AS orders
FROM orders AS o
JOIN customers AS c ON c.customer_id = o.customer_id
JOIN regions AS r ON r.region_id = c.region_id
GROUP BY r.name
ORDER BY orders DESC, region"""
REVENUE_CHART = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "title": {"text": "Revenue by month", "subtitle": "Completed orders, EUR"},
    "data": {"name": "revenue"},
    "mark": {"type": "area", "line": True, "point": True, "interpolate": "monotone", "fillOpacity": 0.2},
    "encoding": {
        "x": {
            "field": "month",
            "type": "temporal",
            "timeUnit": "utcyearmonth",
            "title": None,
            "axis": {"format": "%b %Y", "labelAngle": 0, "tickCount": 6},
        },
        "y": {
            "field": "revenue",
            "type": "quantitative",
            "title": "Revenue, EUR",
            "axis": {"format": ",d", "tickCount": 5},
            "scale": {"zero": True},
        },
    },
}
ORDERS_CHART = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "title": {"text": "Orders by region", "subtitle": "All orders, most first"},
    "data": {"name": "orders"},
    "encoding": {
        "y": {"field": "region", "type": "nominal", "sort": "-x", "title": None},
        "x": {"field": "orders", "type": "quantitative", "title": "Orders", "axis": {"tickCount": 5}},
    },
    "layer": [
        {"mark": {"type": "bar", "height": {"band": 0.65}}},
        {
            "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 12},
            "encoding": {"text": {"field": "orders", "type": "quantitative", "format": ","}},
        },
    ],
}
Rows = list[dict[str, Any]]


def model() -> FunctionModel:
    """Return the scripted model."""
    return FunctionModel(respond, model_name="scripted-analyst")


def respond(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    """Answer the conversation; the number of tool results so far decides the next step."""
    returns = [part for message in messages for part in message.parts if isinstance(part, ToolReturnPart)]
    tables: list[Rows] = [
        part.content["rows"] for part in returns if part.tool_name == "generate_query" and part.outcome == "success"
    ]
    return _SCRIPT[len(returns)](*tables)


def _call(text: str, tool: str, **arguments: Any) -> ModelResponse:
    return ModelResponse(parts=[TextPart(text), ToolCallPart(tool, arguments)])


def _ask_revenue(*tables: Rows) -> ModelResponse:
    return _call("I start with revenue by month.", "generate_query", question="Revenue by month", sql=WRONG_SQL)


def _correct_revenue(*tables: Rows) -> ModelResponse:
    said = "Orders have no total of their own: I add up their lines instead."
    return _call(said, "generate_query", question="Revenue by month", sql=REVENUE_SQL)


def _ask_orders(*tables: Rows) -> ModelResponse:
    said = "Now the number of orders in each region."
    return _call(said, "generate_query", question="Order counts by region", sql=ORDERS_SQL)


def _draw(revenue: Rows, orders: Rows) -> ModelResponse:
    return _call(
        "Both tables are here. I put them on a flashboard.",
        "create_flashboard",
        title="Revenue and orders",
        description="Revenue by month and the number of orders in each region, from the shop's warehouse.",
        datasets={"revenue": revenue, "orders": orders},
        charts=[REVENUE_CHART, ORDERS_CHART],
    )


def _post(revenue: Rows, orders: Rows) -> ModelResponse:
    return _call(
        "The flashboard is ready. I post the summary to the reports service.",
        "http_request",
        method="POST",
        endpoint="/reports",
        json=_summary(revenue, orders),
    )


def _close(revenue: Rows, orders: Rows) -> ModelResponse:
    highlights = "\n".join(f"- {line}" for line in _summary(revenue, orders)["highlights"])
    text = f"Both charts are on the flashboard, and the summary is with the reports service:\n{highlights}"
    return ModelResponse(parts=[TextPart(text)])


_SCRIPT = (_ask_revenue, _correct_revenue, _ask_orders, _draw, _post, _close)


def _summary(revenue: Rows, orders: Rows) -> dict[str, Any]:
    total = sum(row["revenue"] for row in revenue)
    count = sum(row["orders"] for row in orders)
    best = max(revenue, key=lambda row: row["revenue"])
    first, share = orders[0], orders[0]["orders"] / count
    growth = revenue[-1]["revenue"] / revenue[0]["revenue"] - 1
    return {
        "title": f"Revenue and orders, {_month(revenue[0])} to {_month(revenue[-1])}",
        "summary": f"Completed orders brought EUR {total:,.0f}; {count:,} orders from {len(orders)} regions.",
        "highlights": [
            f"{_month(best)} was the strongest month with EUR {best['revenue']:,.0f}.",
            f"The last month was {growth:+.0%} against the first.",
            f"{first['region']} placed the most orders: {first['orders']:,}, {share:.0%} of all.",
        ],
    }


def _month(row: dict[str, Any]) -> str:
    return f"{date.fromisoformat(row['month']):%B %Y}"
