"""The drawing of one chart: what is drawn, and what is said where nothing is."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from airflow_provider_vai.operators.flashboard import drawing

BAR = {"mark": "bar", "data": {"values": [{"month": 1}]}, "encoding": {"x": {"field": "month"}}}


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """The library is configured once in a process; each test gets a new one."""
    drawing._library.cache_clear()
    yield
    drawing._library.cache_clear()


def answer(spec: dict[str, Any]) -> dict[str, str]:
    """What the process answers."""
    found: dict[str, str] = json.loads(drawing.drawn(json.dumps(spec).encode()))
    return found


def test_a_chart_is_drawn() -> None:
    pytest.importorskip("vl_convert")
    assert answer(BAR)["svg"].startswith("<svg")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x.json", "data/cars.json", "/etc/hostname"])
def test_no_chart_reaches_other_hosts_and_files(url: str) -> None:
    pytest.importorskip("vl_convert")
    refused = answer({**BAR, "data": {"url": url}})
    assert re.search("not allowed|denied|Unsupported data URL", refused["error"])
    assert "svg" not in refused


class Second(ModuleType):
    """A library of the second generation: what a chart may reach is a setting of the process."""

    def __init__(self) -> None:
        super().__init__("vl_convert")
        self.settings: dict[str, Any] = {}

    def configure(self, **settings: Any) -> None:
        """Take the settings."""
        self.settings = settings

    def vegalite_to_svg(self, spec: str) -> str:
        """Draw nothing, or refuse what asks for a place elsewhere as the real library does."""
        if '"url"' in spec:
            raise PermissionError("conversion failed:\nVLC_ACCESS_DENIED: External data url not allowed\n at x")
        return "<svg/>"


def test_the_second_generation_of_the_library_is_closed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Second()
    monkeypatch.setitem(sys.modules, "vl_convert", library)
    assert answer(BAR) == {"svg": "<svg/>"}
    assert library.settings == {"allowed_base_urls": [], "base_url": False}
    assert answer({**BAR, "data": {"url": "x"}})["error"].endswith("not allowed")


def test_a_library_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", ModuleType("vl_convert"))
    assert answer(BAR)["error"].startswith("this version of vl-convert-python cannot be used: AttributeError")
