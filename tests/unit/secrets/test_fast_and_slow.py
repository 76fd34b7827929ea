"""What saves time when credentials are looked for misses none of them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings, strategies as st

from airflow_provider_vai.secrets import find
from tests.unit.secrets import carried_samples, look_alike_samples
from tests.unit.secrets.innocent_samples import innocent
from tests.unit.secrets.reference import slow, texts
from tests.unit.secrets.secret_samples import planted

CARRIED = [carried_samples.COMMANDS, carried_samples.CODE, carried_samples.TEXTS, carried_samples.STATEMENTS]
ALIKE = [look_alike_samples.COMMANDS, look_alike_samples.CODE, look_alike_samples.TEXTS]
VALUES = [
    *(plant.value for plant in planted()),
    *(value for _, value in innocent()),
    *CARRIED,
    *(carried_samples.URLS, list(carried_samples.DATA.values())),
    *ALIKE,
    *(look_alike_samples.STATEMENTS, look_alike_samples.DATA),
]
SAMPLES = sorted({text for value in VALUES for text in texts(value) if text})
"""Each text with a credential, and each that looks like one."""

DOCUMENTS = [json.dumps(plant.value, indent=1) for plant in planted()]
WORDS = """
the is to are now for on this of (see it) with author's monkey turkey opinion passage decode tests pass keyboard
key code http page token password secret pin pw bearer login cle mot de passe create insert into select
-> => := = : - -- ->= |  ' " , ; ( ) < docker set echo curl clé schlüssel İ \u212a
"""
PROSE = st.lists(st.sampled_from([*WORDS.split(), "\n", "\\\n", "\t"]), max_size=14).map(" ".join)
SIGNS = st.text(alphabet="abkeypin:=-> '\"()\t\n\\.,_|<", max_size=30)


@st.composite
def pieces(draw: st.DrawFn) -> str:
    """Return a sample, or a part of it."""
    text = draw(st.sampled_from(SAMPLES))
    start = draw(st.sampled_from([0, 0, 0, len(text) // 3, len(text) // 2]))
    return text[start:]


MIXED = st.lists(st.one_of(pieces(), PROSE, SIGNS), min_size=1, max_size=7)


def test_there_are_samples_of_every_kind() -> None:
    """The tables are not empty by mistake."""
    assert len(SAMPLES) > 1000


@pytest.mark.parametrize("before", ["", "Please note: the author's key page. " * 12, "Ümläut und Wörter. " * 20])
def test_every_sample_alone_and_in_a_long_text(before: str) -> None:
    """The same credentials are found as when every pattern searches the whole text."""
    for sample in (*SAMPLES, *DOCUMENTS):
        assert find(before + sample) == slow(before + sample), sample


@settings(max_examples=400, deadline=None)
@given(parts=MIXED, between=st.sampled_from([" ", "\n", "", ": ", " is ", "="]))
def test_samples_among_prose_and_signs(parts: list[str], between: str) -> None:
    """Neither the words around a credential nor other signs hide it."""
    text = between.join(parts)
    assert find(text) == slow(text)
