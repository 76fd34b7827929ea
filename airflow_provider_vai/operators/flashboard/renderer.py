"""Draws the charts of one page in a process of its own: a chart may hang the library that draws it, or crash it."""

from __future__ import annotations

import json
import time
from importlib.util import find_spec
from types import TracebackType

from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.operators.runtime.bounded_process import BoundedProcess, PastDeadline, ProcessDied

MODULE = "airflow_provider_vai.operators.flashboard.drawing"
CHART_SECONDS, PAGE_SECONDS = 60.0, 300.0
"""How long the drawing of one chart may take, and that of all charts of a page."""

MEMORY_BYTES = 2 * 1024**3
DRAWING_BYTES = 20 * 1024**2
"""Maximum size of one chart's SVG."""

_REMEDY = "aggregate the rows in the step before, or simplify the chart"


class Renderer:
    """Draws charts, one after another, in one process. After a crash, the next chart gets a new process.

    A context manager: the process starts with the first chart, and ends with the block.
    """

    def __init__(self) -> None:
        self._process: BoundedProcess | None = None
        self._left = PAGE_SECONDS

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process is not None:
            self._process.end()

    def draw(self, spec: str) -> str:
        """Return the SVG of a chart.

        :param spec: the Vega-Lite spec as JSON.
        :raises ImportError: the library is not installed.
        :raises ValueError: the chart cannot be drawn, takes too long, or needs too much memory.
        """
        if find_spec("vl_convert") is None:
            raise ImportError("No module named 'vl_convert'")
        if self._left <= 0:
            raise ValueError(f"the charts before it took {PAGE_SECONDS:g} seconds to draw: {_REMEDY}")
        if self._process is None or not self._process.is_running:
            self._process = BoundedProcess(MODULE, MEMORY_BYTES)
        seconds, began = min(CHART_SECONDS, self._left), time.monotonic()
        try:
            answer = json.loads(self._process.ask(spec.encode("utf-8", "replace"), seconds))
        except PastDeadline:
            raise ValueError(f"it was not drawn within {seconds:.0f} seconds: {_REMEDY}") from None
        except ProcessDied as died:
            limit = f"{MEMORY_BYTES // 1024**3} GiB"
            problem = f"drawing it crashed ({died}): it needs more than {limit} of memory, or a setting is not valid"
            raise ValueError(f"{problem}. Check font names and other texts in its settings; {_REMEDY}") from None
        finally:
            self._left -= time.monotonic() - began
        if "svg" not in answer:
            raise ValueError(answer["error"])
        svg: str = answer["svg"]
        if len(svg) > DRAWING_BYTES:
            raise ValueError(f"its drawing has {plural(len(svg), 'character')}, more than {DRAWING_BYTES:,}: {_REMEDY}")
        return svg
