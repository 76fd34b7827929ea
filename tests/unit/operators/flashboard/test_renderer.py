"""A chart that hangs or crashes the library that draws it is an error of that chart; the next chart is drawn."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest

from airflow_provider_vai.operators.flashboard import renderer as renderer_module
from airflow_provider_vai.operators.flashboard.renderer import Renderer

pytest.importorskip("vl_convert")

BAR = {
    "data": {"values": [{"a": "x", "b": 1}]},
    "mark": "bar",
    "encoding": {"x": {"field": "a"}, "y": {"field": "b", "type": "quantitative"}},
}


@pytest.fixture
def renderer() -> Iterator[Renderer]:
    """A renderer, ended after the test."""
    with Renderer() as made:
        yield made


def draw(renderer: Renderer, **changes: Any) -> str:
    """Return the drawing of a bar chart with these changes."""
    return renderer.draw(json.dumps({**BAR, **changes}))


def test_a_chart_that_crashes(renderer: Renderer) -> None:
    """A font name aborts the library; the message says what may be wrong, and the next chart is drawn.

    The second generation of the library draws it, without the markup in the name.
    """
    hostile: dict[str, Any] = {"config": {"axis": {"labelFont": "a;}</style><script>alert(1)</script>"}}}
    if version("vl-convert-python").startswith(("0.", "1.")):
        with pytest.raises(ValueError, match=r"crashed \(it was ended by SIG\w+\): .*[Cc]heck font names"):
            draw(renderer, **hostile)
    else:
        assert "<script" not in draw(renderer, **hostile)
    assert draw(renderer).startswith("<svg")


def test_a_chart_that_hangs(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern in an expression keeps the library busy for years: its process ends, the next chart is drawn."""
    assert draw(renderer)
    monkeypatch.setattr(renderer_module, "CHART_SECONDS", 2)
    hanging = f"test(regexp('(a+)+$'), '{'a' * 60}b')"
    with pytest.raises(ValueError, match="not drawn within 2 seconds: aggregate"):
        draw(renderer, transform=[{"calculate": hanging, "as": "c"}])
    monkeypatch.setattr(renderer_module, "CHART_SECONDS", 60)
    assert draw(renderer).startswith("<svg")


def test_a_chart_that_needs_too_much_memory(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that only an expression makes are bounded by the memory of the process."""
    monkeypatch.setattr(renderer_module, "MEMORY_BYTES", 700 * 2**20)
    with pytest.raises(ValueError, match=r"crashed|not drawn within"):
        draw(renderer, transform=[{"calculate": "sequence(0, 300000000)", "as": "c"}, {"flatten": ["c"]}])


def test_the_page_has_a_deadline(renderer: Renderer) -> None:
    """Many slow charts do not add up: after the time of the page, no further chart is drawn."""
    renderer._left = 0
    with pytest.raises(ValueError, match="the charts before it took 300 seconds"):
        draw(renderer)


def test_the_drawing_has_a_limit(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A drawing that no browser would show is refused."""
    monkeypatch.setattr(renderer_module, "DRAWING_BYTES", 1_000)
    with pytest.raises(ValueError, match="more than 1,000: aggregate"):
        draw(renderer)


def test_no_process_stays_behind() -> None:
    """The process is gone after the block; a page without charts starts none."""
    with Renderer() as made:
        assert made._process is None
        assert draw(made)
        assert made._process is not None
        pid = made._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_library_is_missing(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library there is an import error, which the operator turns into a remedy."""
    monkeypatch.setattr(renderer_module, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="vl_convert"):
        draw(renderer)
