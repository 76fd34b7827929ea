"""The process that draws charts: ``python -m airflow_provider_vai.operators.flashboard.drawing MEMORY_BYTES``.

Only :mod:`.renderer` starts it. A request is a Vega-Lite spec in JSON; the answer is ``{"svg"}`` or ``{"error"}``.
"""

from __future__ import annotations

import json

from airflow_provider_vai.operators.runtime.bounded_process import serve


def drawn(spec: bytes) -> bytes:
    """Return the drawing of a chart, or why it cannot be drawn.

    :param spec: the Vega-Lite spec as JSON.
    """
    import vl_convert

    try:
        answer = {"svg": vl_convert.vegalite_to_svg(spec.decode(), allowed_base_urls=[])}
    except ValueError as error:
        lines = str(error).split("\n")[:2]  # the other lines are Vega's JavaScript stack trace
        answer = {"error": " ".join(lines)[:300]}
    return json.dumps(answer).encode()


if __name__ == "__main__":
    serve(drawn)
