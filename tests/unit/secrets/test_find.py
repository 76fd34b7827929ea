"""The finders with arbitrary texts, names in any spelling, and known credentials."""

from __future__ import annotations

import base64
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from typing import Any
from urllib.parse import quote

if sys.version_info >= (3, 11):
    from re import _parser  # type: ignore[attr-defined]
else:
    import sre_parse as _parser

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.secrets import encodings, find, is_secret_key, knowing, known_credentials as known
from airflow_provider_vai.secrets.hints import may_name_a_credential
from airflow_provider_vai.secrets.in_json import starred
from airflow_provider_vai.secrets.issuer_patterns import SHAPES, SHORTEST_KEY
from airflow_provider_vai.secrets.masking import mask, masked
from airflow_provider_vai.secrets.randomness import is_random
from tests.unit.secrets.secret_samples import HEX, MIXED, drawn

ODD = "s3cr3t\u00e9 \"quoted\" \\ 'x' %40+/="
WORDS = st.text(st.characters(codec="utf-8"), max_size=200)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=12), part, max_size=4),
    max_leaves=12,
)


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    """Give each test its own environment, which is otherwise read once for each process."""
    known.environment.cache_clear()
    yield
    known.environment.cache_clear()


@given(WORDS)
def test_any_text_is_read(text: str) -> None:
    """Spans are ordered and inside the text, and masking twice changes nothing."""
    spans = find(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert mask(text) == starred(text, spans)
    assert mask(mask(text)) == mask(text)


@given(JSON)
def test_any_data_is_read_and_not_changed(value: Any) -> None:
    """The given data is not changed, and the result is JSON of the same form, the same each time."""
    before = json.dumps(value)
    shown = masked(value)
    assert json.dumps(value) == before
    assert json.dumps(masked(value)) == json.dumps(shown)
    assert type(shown) is type(value) or shown == "***"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Zs", "Cc"]), min_size=1, max_size=30))
def test_any_text_under_a_secret_key(secret: str) -> None:
    """Any password under its key is found."""
    assert masked({"a": [{"db_password": secret}]}) == {"a": [{"db_password": "***" if secret.strip() else secret}]}


@pytest.mark.parametrize(
    "name", ["apiKey", "API-KEY", "x.api.key", "ClientSecret", "CONTRASE\u00d1A", "has\u0142o", "DBPASSWORD"]
)
def test_a_name_in_any_spelling(name: str) -> None:
    """Case, separators and accents do not matter."""
    assert is_secret_key(name)


@pytest.mark.parametrize(
    "name", ["", "key", "nextPageToken", "token_type", "tokens", "public_key", "compass", "author", "pin", "_"]
)
def test_a_name_of_something_else(name: str) -> None:
    """Counts, cursors and words that only end alike are not credentials' names."""
    assert not is_secret_key(name)


@pytest.mark.parametrize("secret", ["Correct-Horse", "swordfish", ODD, "correct horse battery"])
def test_a_known_secret_is_found_in_each_form(secret: str) -> None:
    """A known credential is found plain, in JSON, in URLs and in nested encodings, but only inside the block."""
    data = secret.encode()
    forms = [secret, json.dumps(secret)[1:-1], quote(secret, ""), base64.b64encode(data).decode(), data.hex()]
    forms += [base64.b64encode(f"user:{secret}:x".encode()).decode(), base64.urlsafe_b64encode(data).decode()]
    with knowing([secret]):
        for form in forms:
            assert form not in mask(f"here {form} stands"), form
    assert mask(f"here {secret} stands") == f"here {secret} stands"


@pytest.mark.parametrize("secret", ["airflow", "abc12", "12345678", "postgres", "${TOKEN}", " ", ""])
def test_a_known_secret_that_is_no_use_for_searching(secret: str) -> None:
    """Short, common or numeric credentials are ignored, because they would match ordinary words."""
    with knowing([secret]):
        assert mask(f"here {secret} stands") == f"here {secret} stands"


def test_a_known_secret_is_no_part_of_a_word() -> None:
    """A password "swordfish" does not match "swordfishes"."""
    with knowing(["swordfish"]):
        assert mask("swordfishes, swordfish!") == "swordfishes, ***!"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AIRFLOW_CONN_DB", "postgresql://me:Gr%40nite-9@db/x"),
        ("AIRFLOW_CONN_DB", '{"conn_type": "postgres", "password": "Gr@nite-9"}'),
        ("AIRFLOW_CONN_API", '{"conn_type": "http", "extra": {"client_secret": "Gr@nite-9"}}'),
        ("AIRFLOW_CONN_API", '{"conn_type": "http", "extra": "{\\"api_key\\": \\"Gr@nite-9\\"}"}'),
        ("AIRFLOW_CONN_API", "http://x/?api_key=Gr%40nite-9"),
        ("AIRFLOW_CONN_API", "http://x/?__extra__=%7B%22api_key%22%3A+%22Gr%40nite-9%22%7D"),
        ("AIRFLOW_VAR_DB_PASSWORD", "Gr@nite-9"),
        ("AIRFLOW_VAR_CONF", '{"nested": [{"token": "Gr@nite-9"}]}'),
        ("SOME_API_KEY", "Gr@nite-9"),
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://airflow:Gr%40nite-9@db/airflow"),
    ],
)
def test_the_environment_is_known(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections, variables and names that suggest a secret are read from the environment without Airflow."""
    assert "Gr@nite-9" in mask("we have Gr@nite-9 here")
    monkeypatch.setenv(name, value)
    known.environment.cache_clear()
    assert mask("we have Gr@nite-9 here") == "we have *** here"


@pytest.mark.parametrize(
    ("name", "value"), [("AIRFLOW_VAR_CITY", "Heidelberg-9"), ("SSH_KEY", "/srv/mia/key-9"), ("AIRFLOW_CONN_X", "{")]
)
def test_the_rest_of_the_environment_is_not(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ordinary variables, paths of key files and invalid connections are ignored."""
    monkeypatch.setenv(name, value)
    known.environment.cache_clear()
    assert mask(f"we have {value} here") == f"we have {value} here"


def test_random_text_under_a_key_that_says_nothing() -> None:
    """A generated key is found anywhere, but ids, digests and words are not."""
    assert masked({"x": drawn("r", MIXED, 40)}) == {"x": "***"}
    for key in ("id", "file_id", "etag", "pageToken", "thumbnail"):
        value = {key: drawn("r", MIXED, 40)}
        assert masked(value) == value
    assert not is_random(drawn("r", HEX, 64))
    assert not is_random("QuarterlyReportOfTheNorthernRegion2024Version3")


def test_a_key_of_an_object_is_masked_too() -> None:
    """Credentials are found in keys of objects."""
    token = "gh" + "p_" + drawn("k", MIXED, 36)
    assert masked({token: 1, "a": {f"x {token}": 2}}) == {"***": 1, "a": {"x ***": 2}}


def test_deep_data_is_read() -> None:
    """Data with four hundred levels is searched, as deep as a trace may be."""
    value: Any = {"password": "hunter2"}
    for _ in range(200):
        value = {"a": [value]}
    assert "hunter2" not in json.dumps(masked(value))


def test_five_encodings_are_one_too_many() -> None:
    """Four nested encodings are decoded, and a fifth is not."""
    text = "password=" + "hunter2pass9"
    for _ in range(4):
        text = base64.b64encode(text.encode()).decode()
    assert mask(text) == "***"
    assert mask(base64.b64encode(text.encode()).decode()) != "***"


def test_no_airflow_and_nothing_heavy_is_imported() -> None:
    """The finders need only the standard library."""
    script = (
        "import sys; import airflow_provider_vai.secrets;"
        "assert not {'airflow', 'pydantic', 'requests', 'yaml'} & {name.split('.')[0] for name in sys.modules}"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_what_was_found_is_remembered_for_what_is_known() -> None:
    """A text is searched again when another credential is known, and results are cached only inside the block."""
    text = "please take swordfish77 along"
    with knowing([]):
        assert mask(text) == text
        remembered = known.already_read()
        with knowing(["swordfish77"]):
            assert mask(text) == "please take *** along"
            assert known.already_read() is not remembered
        with knowing([]):
            assert known.already_read() is remembered
        assert mask(text) == text
        find(text).append(find("password=hunter2hunter2")[0])
        assert find(text) == []
    assert known.already_read() is None


def test_short_texts_are_passed_over_rightly() -> None:
    """No key of a known format and no encoded text is shorter than the limits below which texts are skipped."""
    assert min(_parser.parse(shape.pattern.pattern).getwidth()[0] for shape in SHAPES) == SHORTEST_KEY
    patterns = (encodings._BASE64, encodings._WRAPPED, encodings._HEX, encodings._ESCAPED_HEX)
    assert min(_parser.parse(shape.pattern).getwidth()[0] for shape in patterns) == encodings.SHORTEST_ENCODED


def test_hints_at_the_beginning_of_keys() -> None:
    """A hint that is looked for only at the beginning of words begins every key that has it."""
    firsts = {shape.hint for shape in SHAPES if shape.is_first}
    for shape in SHAPES:
        _, *parts = _parser.parse(shape.pattern.pattern)
        literals = "".join(chr(part) for _, part in takewhile(lambda one: str(one[0]) == "LITERAL", parts))
        assert literals.startswith(shape.hint) or shape.hint not in firsts


def test_keys_that_name_nothing() -> None:
    """Values below a transparent key are judged by the name above it."""
    random = "kV9xQ2mZ7LpT4wRc8YbN3sHd6JfG1eAu"
    data = {
        "account_id": {"value": random},
        "note": {"value": random},
        "cookies": {"value": {"session": "abcdefghi"}},
        "password": {"value": "hunter2-x", "about": "fine"},
    }

    assert masked(data, transparent=("value",)) == {
        "account_id": {"value": random},
        "note": {"value": "***"},
        "cookies": {"value": {"session": "***"}},
        "password": {"value": "***", "about": "fine"},
    }
    assert masked(data)["account_id"] == {"value": "***"}


@pytest.mark.parametrize(
    "word", ["PASSWORD", "pa\u017fsword", "s\u0131gnature", "S\u0130GNATURE", "HASŁO", "ŞIFRE", "ПАРОЛЬ"]
)
def test_a_hint_in_any_case(word: str) -> None:
    """A text is looked through for names of credentials, in whatever case and language the name is written."""
    assert may_name_a_credential(f"{word}: x")


@pytest.mark.parametrize("word", ["cle api", "la cle est x", "maCle = x", "MA_CLE = x", "CLE : x", "Cle : x"])
def test_a_key_in_french_without_its_accent_is_a_hint(word: str) -> None:
    """The word is found by itself, and at the end of a name."""
    assert may_name_a_credential(f"{word}: x")


@pytest.mark.parametrize(
    "text",
    ["the weather is fine: 12", "spinning: 1", "upward: 2", "12:30:00", "größer: 7", "the article is: 4", "ORACLE is"],
)
def test_a_text_without_a_hint_is_skipped(text: str) -> None:
    """Most texts are not looked through any further."""
    assert not may_name_a_credential(text)


def test_masking_searches_each_text_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data with the same texts and keys many times, such as the steps of a large automation, is masked quickly."""
    module, read = importlib.import_module("airflow_provider_vai.secrets.find"), list[str]()
    found = module._found
    monkeypatch.setattr(module, "_found", lambda text, encodings: read.append(text) or found(text, encodings))

    masked([{"number": n, "tool": "send_message", "note": "a note that is the same"} for n in range(50)])

    assert sorted(read) == sorted(set(read))
