"""The process that draws charts: ``python -m airflow_provider_vai.operators.flashboard.drawing MEMORY_BYTES``.

Only :mod:`.renderer` starts it. A request is a Vega-Lite spec in JSON; the answer is ``{"svg"}`` or ``{"error"}``.
"""

from __future__ import annotations

import json
from functools import cache
from types import ModuleType

from airflow_provider_vai.operators.runtime.bounded_process import serve


def drawn(spec: bytes) -> bytes:
    """Return the drawing of a chart, or why it cannot be drawn.

    :param spec: the Vega-Lite spec as JSON.
    """
    try:
        library = _library()
        offline: dict[str, list[str]] = {} if hasattr(library, "configure") else {"allowed_base_urls": []}
        answer = {"svg": library.vegalite_to_svg(spec.decode(), **offline)}
    except (OSError, ValueError) as error:  # an OSError: the chart asks for a place elsewhere
        lines = str(error).split("\n")[:2]  # the other lines are Vega's JavaScript stack trace
        answer = {"error": " ".join(lines)[:300]}
    except (AttributeError, ImportError, TypeError) as error:
        answer = {"error": f"this version of vl-convert-python cannot be used: {type(error).__name__}: {error}"[:300]}
    return json.dumps(answer).encode()


@cache
def _library() -> ModuleType:
    """Return the library, without a way to other hosts and to files: since 2.0 that is a setting of the process."""
    import vl_convert

    if hasattr(vl_convert, "configure"):
        vl_convert.configure(allowed_base_urls=[], base_url=False)
    return vl_convert


if __name__ == "__main__":
    serve(drawn)
