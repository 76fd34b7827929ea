"""A server on the loopback interface that answers as OpenAI's API does, from a script: no key, no network.

It knows Chat Completions and the Responses API. What it says next depends on the results of the tools so far.
"""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Script = Callable[[list[Any]], tuple[str, Mapping[str, Any]] | str]
"""Takes the results of the tools so far; returns the next tool's name and arguments, or the last answer."""

REGIONS = """\
SELECT r.name AS region, sum(l.quantity * l.unit_price)::INTEGER AS revenue
FROM orders AS o
JOIN order_lines AS l USING (order_id)
JOIN customers AS c USING (customer_id)
JOIN regions AS r USING (region_id)
WHERE o.status = 'completed'
GROUP BY region
ORDER BY revenue DESC"""
REGION_CHART = {
    "title": "Revenue by region",
    "data": {"name": "regions"},
    "mark": "bar",
    "encoding": {
        "x": {"field": "region", "type": "nominal", "sort": "-y"},
        "y": {"field": "revenue", "type": "quantitative"},
    },
}


def dashboard(results: list[Any]) -> tuple[str, Mapping[str, Any]] | str:
    """Ask for the revenue of each region, draw it, and say so."""
    if not results:
        return "run_sql", {"sql": REGIONS}
    if len(results) == 1:
        shown = {"title": "Revenue by region", "charts": [REGION_CHART], "datasets": {"regions": results[0]["rows"]}}
        return "create_flashboard", shown
    return "The dashboard is ready."


def order(results: list[Any]) -> tuple[str, Mapping[str, Any]] | str:
    """Ask for the products that sell best, order them again, and say so."""
    if not results:
        return "best_sellers", {"count": 3}
    if len(results) == 1:
        return "reorder", {"products": results[0]["products"], "pieces": 50}
    return "The three best sellers are on the order list."


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """Serve a script; yield the value of ``OPENAI_BASE_URL``."""

    class Handler(_Handler):
        says = staticmethod(script)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}/v1"
        running.shutdown()


class _Handler(http.server.BaseHTTPRequestHandler):
    says: Script

    def do_POST(self) -> None:
        """Answer one request."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self._response(body) if self.path.endswith("/responses") else self._completion(body)
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""

    def _completion(self, body: dict[str, Any]) -> dict[str, Any]:
        results = [_value(message["content"]) for message in body["messages"] if message["role"] == "tool"]
        said = self.says(results)
        message: dict[str, Any] = {"role": "assistant", "content": said if isinstance(said, str) else None}
        if not isinstance(said, str):
            function = {"name": said[0], "arguments": json.dumps(said[1])}
            message["tool_calls"] = [{"id": f"call_{len(results) + 1}", "type": "function", "function": function}]
        choice = {
            "index": 0,
            "finish_reason": "stop" if isinstance(said, str) else "tool_calls",
            "message": message,
        }
        usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
        answer = {"id": f"chat_{len(results)}", "object": "chat.completion", "created": 1, "model": body["model"]}
        return {**answer, "choices": [choice], "usage": usage}

    def _response(self, body: dict[str, Any]) -> dict[str, Any]:
        given = body["input"] if isinstance(body["input"], list) else []
        results = [_value(item["output"]) for item in given if item.get("type") == "function_call_output"]
        said = self.says(results)
        number = len(results) + 1
        if isinstance(said, str):
            part = {"type": "output_text", "text": said, "annotations": []}
            item = {"type": "message", "id": f"msg_{number}", "role": "assistant", "content": [part]}
        else:
            call = {"call_id": f"call_{number}", "name": said[0], "arguments": json.dumps(said[1])}
            item = {"type": "function_call", "id": f"fc_{number}", **call}
        usage = {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120}
        return {
            "id": f"resp_{number}",
            "object": "response",
            "created_at": 1,
            "status": "completed",
            "model": body["model"],
            "output": [{**item, "status": "completed"}],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": {
                **usage,
                "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                "output_tokens_details": {"reasoning_tokens": 0},
            },
        }


def _value(text: str) -> Any:
    return json.loads(text)
