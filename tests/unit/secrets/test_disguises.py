"""Names and values that only look like other text are credentials all the same."""

# ruff: noqa: RUF001 - characters that look like others are the subject

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.secrets import find, is_secret_key
from airflow_provider_vai.secrets.disguises import plain, undisguised
from airflow_provider_vai.secrets.masking import mask, masked

PLAIN = "Zx9!kQw7rTpL"

NAMES = {
    "wide letters": "ｐａｓｓｗｏｒｄ",
    "no width": "pass\u200bword",
    "soft hyphen": "pass\u00adword",
    "word joiner": "pass\u2060word",
    "direction mark": "\u202apassword\u202c",
    "byte order mark": "\ufeffpassword",
    "cyrillic a": "p\u0430ssword",
    "cyrillic o and p": "\u0440assw\u043erd",
    "greek o": "passw\u03bfrd",
    "mathematical": "𝐩𝐚𝐬𝐬𝐰𝐨𝐫𝐝",
    "variation selector": "pass\ufe0fword",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_name_in_disguise(name: str) -> None:
    """A name is recognised as the key of an object, in an assignment and in a sentence."""
    assert undisguised(name) == "password"
    assert is_secret_key(name)
    assert masked({name: PLAIN}) == {name: "***"}
    assert mask(f"{name}={PLAIN}") == f"{name}=***"
    assert mask(f"before\nthe {name} is {PLAIN}\nafter") == f"before\nthe {name} is ***\nafter"


@pytest.mark.parametrize("gap", ["\u00a0", "\u202f", "\u3000", "\u200b", " \u200e"], ids=ascii)
@pytest.mark.parametrize("colon", [":", "=", "\uff1a", "\uff1d", "\u2236", "\ua789"], ids=ascii)
def test_a_gap_in_disguise(gap: str, colon: str) -> None:
    """Any space and any colon may stand between a name and its value."""
    shown = mask(f"password{colon}{gap}{PLAIN}")
    assert shown.startswith(f"password{colon}")
    assert shown.endswith("***")


def test_a_value_with_a_character_without_width() -> None:
    """The whole value is covered, and the credential is the text that was written."""
    text = "use sk-a1b2c3d4e5\u200bf6g7h8i9j0k1l2 now"
    assert mask(text) == "use *** now"
    assert [span.secret for span in find(text)] == [text[4:-4]]


@pytest.mark.parametrize(
    "value",
    [
        "Größe\u00a0: 12 cm",
        "пароль не нужен",
        "the Ωmega ρ = 0.5",
        "価格：１２００円",
        {"naïve\u00a0name": "Ana Müller"},
        "👩\u200d💻 wrote the report",
    ],
)
def test_ordinary_text_of_other_languages_is_kept(value: Any) -> None:
    """Spaces, letters and signs of other languages do not make a credential."""
    assert masked(value) == value


@pytest.mark.parametrize("text", ["", "plain", "Größe", "привет мир", "日本語"])
def test_a_text_without_a_disguise(text: str) -> None:
    """Nothing is done to it."""
    assert plain(text) is None
