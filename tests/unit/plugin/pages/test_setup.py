"""The page of the installation: what to do first, then every check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from airflow_provider_vai.analysis import doctor
from airflow_provider_vai.analysis.doctor import CODES, Diagnosis
from airflow_provider_vai.plugin.pages.setup import GROUPS
from airflow_provider_vai.plugin.routes import setup
from tests.unit.plugin.pages.reader import read_page

HOSTILE = "<script>alert(1)</script>\u202e"
FOUND = [
    Diagnosis("DOC102", "ok", "airflow-provider-vai", "0.1.0"),
    Diagnosis("DOC204", "warning", "[vai] artifacts_path", "/srv/a does not exist", "Create it."),
    Diagnosis("DOC301", "note", "extra dlt", "dlt not installed; no automation here needs it", "Run pip install it."),
    Diagnosis("DOC401", "error", f"connection {HOSTILE}", f"it does not exist; needed by {HOSTILE}", HOSTILE),
]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Let the checks find the same each time; the list grows with each examination."""
    times: list[int] = []

    def examine() -> list[Diagnosis]:
        times.append(1)
        return FOUND

    monkeypatch.setattr(doctor, "examine", examine)
    setup.forget()
    yield times
    setup.forget()


def test_what_to_do_first(op: Any, asked: list[int]) -> None:
    """Errors come before warnings, each with its remedy; what is optional is only in the tables."""
    page = read_page(op.get("/ui/setup"))

    todo = [one.words for one in page.find("ul", class_="plain todo")[0].find("li")]
    assert todo[0].startswith("broken connection <script>alert(1)</script>⟨U+202E⟩: it does not exist")
    assert todo[1].startswith("check this [vai] artifacts_path: /srv/a does not exist")
    assert [one.words for one in page.find("h2")] == [
        "To do",
        "Versions",
        "Folders and addresses",
        "Extras",
        "Connections that automations use",
    ]
    assert len(page.find("tbody")) == 4


def test_many_requests_check_once(op: Any, asked: list[int]) -> None:
    """The checks start a process, so their outcome is kept for a moment, for the API as well."""
    for _ in range(3):
        op.get("/ui/setup")
    answer = op.get("/api/v1/setup")

    assert len(asked) == 1
    assert answer.json()["healthy"] is False
    assert [one["level"] for one in answer.json()["items"]] == ["ok", "warning", "note", "error"]


def test_nothing_to_do(op: Any, monkeypatch: pytest.MonkeyPatch, asked: list[int]) -> None:
    """A healthy installation is said to be one."""
    monkeypatch.setattr(doctor, "examine", lambda: FOUND[:1])
    assert "Everything works" in read_page(op.get("/ui/setup")).text


@pytest.mark.parametrize("role", ["viewer", "user"])
def test_who_may_look(as_role: Any, role: str, asked: list[int]) -> None:
    """The page names folders and connections, so only those see it who may edit connections."""
    assert as_role(role).get("/ui/setup").status_code == 403
    assert as_role(role).get("/api/v1/setup").status_code == 403
    assert not asked


def test_every_check_has_a_group() -> None:
    """A new group of codes needs a title."""
    assert {code.removeprefix("DOC")[0] for code in CODES} == GROUPS.keys()
