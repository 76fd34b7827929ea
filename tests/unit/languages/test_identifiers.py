"""Identifiers made from arbitrary names are valid, unique and stable."""

from __future__ import annotations

import keyword
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from airflow_provider_vai.languages import identifiers
from airflow_provider_vai.languages.identifiers import MAX_LENGTH, Names, identifier, loses_letters, slug
from tests.unit.support import call, crystallized, hostile, run, tasks

AIRFLOW_KEY = re.compile(r"^[\w.-]+\Z")
NAMED = hostile("names")


def given_names(names: list[str]) -> list[str]:
    """Hand out an id for each name."""
    handed = Names()
    return [handed.give(name) for name in names]


def one(text: str) -> str:
    """Return the form in which a file system or Python may consider two names equal."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def assert_ids(ids: list[str]) -> None:
    """Each id is a Python identifier and a valid Airflow key, and no two are equal."""
    for made in ids:
        assert made.isidentifier()
        assert not keyword.iskeyword(made)
        assert AIRFLOW_KEY.match(made)
        assert len(made) <= 250
        assert len(made.encode()) <= 4 * (MAX_LENGTH + 8)
    assert len({one(made) for made in ids}) == len(ids)


@given(st.lists(st.text(max_size=12) | st.sampled_from(["a", "A", "a_2", "a 2", "", "ﬁ", "fi", "²", "İ", "class"])))
@example(["a", "a", "a_2", "a_2_2"])
@example(["x" * 300 + "a", "x" * 300 + "b"])
def test_any_names_become_ids(names: list[str]) -> None:
    """Whatever tools are called, their ids are valid, distinct, and the same the next time."""
    ids = given_names(names)
    assert_ids(ids)
    assert ids == given_names(names)


@pytest.mark.parametrize(("name", "twin"), [("ß", "ss"), ("\u03c2", "\u03c3"), ("\u0149", "\u02bcn")])
def test_names_that_differ_by_case_folding_get_two_ids(name: str, twin: str) -> None:
    """Names that differ only in case count as equal, even if a letter has no lower-case form."""
    assert_ids(given_names([name, twin]))


@pytest.mark.parametrize("entry", NAMED, ids=lambda entry: entry["name"])
def test_hostile_names_become_ids(entry: dict[str, Any]) -> None:
    """Each name of one run gets its own id."""
    assert_ids(given_names(entry["values"]))


@pytest.mark.parametrize("entry", NAMED, ids=lambda entry: entry["name"])
def test_hostile_tool_names_become_tasks(entry: dict[str, Any]) -> None:
    """A run of tools with arbitrary names renders: one task each, in order, with the tool's name kept as text."""
    from airflow_provider_vai.renderer.render import render

    named = [name for name in entry["values"] if name]  # the kind mcp_tool takes no empty name
    found = tasks(render(crystallized(run(*map(call, named)), gates="recorded")))
    assert_ids(list(found))
    assert [
        made.keywords["tool"] for made in found.values()
    ] == [re.sub(r"^mcp__.+?__(?=.)", "", name) for name in named]  # fmt: skip
    assert [[before.keywords["task_id"] for before in made.after] for made in found.values()][1:] == [
        [before] for before in list(found)[:-1]
    ]


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("Send Mail", "send_mail"),
        ("mcp__files__read", "mcp_files_read"),
        ("class", "class_"),
        ("2024 report", "n2024_report"),
        ("Straße", "strasse"),
        ("Ærø Łódź \u0131", "aero_lodz_i"),
        ("売上", "step"),
        ("売上 2024 report", "n2024_report"),
        ("Отчёт v2", "v2"),
        ("ﬁle", "file"),
        ("données", "donnees"),
        ("x" * 300, "x" * MAX_LENGTH),
        ("🙂", "step"),
        ("²", "n2"),
        ("dag", "dag_"),
    ],
)
def test_slug(name: str, id: str) -> None:
    """Slugs have lower-case ASCII letters, digits and underscores; reserved names end in one."""
    assert slug(name, "step") == id


@pytest.mark.parametrize(
    ("name", "id", "loses"),
    [("Straße", "straße", True), ("売上", "売上", True), ("Send Mail", "send_mail", False), ("ﬁle 🙂", "file", False)],
)
def test_identifiers_keep_every_letter(name: str, id: str, loses: bool) -> None:
    """If the slug lacks some of them, people are shown the name."""
    assert identifier(name, "step") == id
    assert loses_letters(name) is loses
    assert Names(make=identifier).give(name) == id


def test_taken_names_are_not_given() -> None:
    """Names that are already in use are not given out."""
    names = Names(frozenset({"approve_send"}))
    assert [names.give("approve_send"), names.give("approve_send")] == ["approve_send_2", "approve_send_3"]


@given(
    st.lists(st.sampled_from(["a", "ab", "_", "1", "Z", "é", "-", "class", "x" * 30, "_2"]), max_size=6).map("".join)
)
def test_plain_names_are_identifiers(name: str) -> None:
    """A name that is passed over as an identifier is the one that the long way gives."""
    found = identifier(name, "step")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identifiers, "_IDENTIFIER", re.compile("(?!)"))
        assert identifier(name, "step") == found
