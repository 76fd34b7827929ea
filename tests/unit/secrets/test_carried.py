"""Credentials as tools really take them are found at their place, and what only looks like them passes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.secrets import Sighting, find, in_json, visit
from airflow_provider_vai.secrets.in_json import secret_keys
from airflow_provider_vai.secrets.in_objects import in_words
from airflow_provider_vai.secrets.masking import mask, masked
from airflow_provider_vai.store.publisher import publish
from tests.unit.secrets.carried_samples import Carried, carried
from tests.unit.secrets.look_alike_samples import look_alikes
from tests.unit.secrets.test_samples import as_shown
from tests.unit.support import call, crystallized, run

CARRIED = carried()
LOOK_ALIKES = look_alikes()
LONG = "aZ7cWUprcCjM7JiQiB3mbC9Je1ZVvmBFyIutBMgG"
HEX = "954024f00c27cc4675205dc2a8dbe0b6"


def seen_in(value: Any) -> list[Sighting]:
    """Return the sightings in a value."""
    seen: list[Sighting] = []
    visit(value, [], lambda sighting: seen.append(sighting) or sighting.shown)
    return seen


def test_the_tables_are_large_enough() -> None:
    """The tables are large enough for a meaningful rate, and no sample is there twice."""
    assert len(CARRIED) >= 200
    assert len(LOOK_ALIKES) >= 250
    assert len({repr(sample.value) for sample in CARRIED}) == len(CARRIED)


@pytest.mark.parametrize("sample", CARRIED, ids=lambda sample: sample.name)
def test_carried(sample: Carried) -> None:
    """The credential is found at its place, is not shown, and masking it again changes nothing."""
    assert sample.at in [sighting.at for sighting in seen_in(sample.value)]
    shown = masked(sample.value)
    assert sample.secret not in as_shown(shown)
    assert masked(shown) == shown


@pytest.mark.parametrize(
    ("name", "value"), LOOK_ALIKES, ids=[f"{number} {name}" for number, (name, _) in enumerate(LOOK_ALIKES)]
)
def test_look_alike(name: str, value: Any) -> None:
    """The value passes unchanged."""
    assert seen_in(value) == []
    assert masked(value) == value


@pytest.mark.parametrize("sample", CARRIED[::3], ids=lambda sample: sample.name)
def test_no_credential_lands(sample: Carried, tmp_path: Path) -> None:
    """As an argument, a result and the user's text, it is in no DAG file, no sidecar and no message."""
    recorded = run(
        call("use", {"given": sample.value}, result={"found": sample.value}),
        title=f"Do {as_shown(sample.value)}" if isinstance(sample.value, dict) else None,
    )
    try:
        published = publish(crystallized(recorded, dag_id="one"), tmp_path)
        landed = published.dag.read_text() + published.sidecar.read_text()
    except VaiError as refusal:
        landed = f"{refusal}{refusal!r}{refusal.where}{refusal.remedy}"
    assert sample.secret not in landed


KEYED: dict[str, tuple[Any, str]] = {
    "random": ({LONG: {"owner": "unique-81723"}}, LONG),
    "below api keys": ({"api_keys": {HEX: {"owner": "unique-81723"}}}, HEX),
    "below a token": ([{"token": {HEX: "unique-81723"}}], HEX),
    "login": ({"credentials": {"mia:Winter24x": "unique-81723"}}, "Winter24x"),
    "assignment": ({"password=Winter24x": "unique-81723"}, "Winter24x"),
    "url": ({"https://mia:swordfish@x.invalid": "unique-81723"}, "swordfish"),
}


@pytest.mark.parametrize(("result", "secret"), KEYED.values(), ids=KEYED)
def test_a_key_of_a_result_never_lands(result: Any, secret: str, tmp_path: Path) -> None:
    """It is neither in the schema of the sidecar nor in the path of a wire."""
    recorded = run(call("look", {"q": "x"}, result=result), call("send", {"to": "unique-81723"}))
    published = publish(crystallized(recorded, dag_id="one"), tmp_path)
    assert secret not in published.dag.read_text() + published.sidecar.read_text()
    assert any(secret in key for key in secret_keys(result))


@pytest.mark.parametrize(
    "keys",
    [
        {"tokens": {"gpt-4o-2024-08-06": 1}},
        {"tokens": {"claude-3-5-sonnet-20241022": {"input": 5}}},
        {"files": {"1b2c3d4e": 1}},
        {"hash": {LONG: 1}},
        {"password": {"minLength": 12}},
    ],
)
def test_other_keys_are_kept(keys: Any) -> None:
    """Names of models, ids and settings are no credentials."""
    assert secret_keys(keys) == set()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mysql -uroot -p'a b c' shop", "mysql -uroot -p'***' shop"),
        ("docker login -u mia -p swordfish r.invalid", "docker login -u mia -p *** r.invalid"),
        ("INSERT INTO u (a, password) VALUES ('x', 'it''s')", "INSERT INTO u (a, password) VALUES ('x', '***')"),
        ("password: |\n  swordfish\nport: 1", "password: |\n  ***\nport: 1"),
        ('page.fill("#password", "swordfish")', 'page.fill("#password", "***")'),
        ("https://api.telegram.org/bot123456789:AA" + LONG[:33] + "/x", "https://api.telegram.org/bot***/x"),
    ],
)
def test_the_rest_of_the_text_is_kept(text: str, shown: str) -> None:
    """Only the credential itself is replaced."""
    assert mask(text) == shown


def test_a_part_of_a_word_of_a_command() -> None:
    """The place in the word is known."""
    (found,) = in_words(["mysql", "-pswordfish"]).values()
    assert (found.start, found.end, found.secret) == (2, 11, "swordfish")
    assert masked(["mysql", "-pswordfish"]) == ["mysql", "-p***"]


ADVERSARIAL = [
    "\"", "'", "\\", "[", "{", "]", "(", "\n", "- ", "  \n", "docker login -p ", "mysql -p", "set password ", "-p ",
    '"docker" ', "'a b' ", "insert into t (password) values ('a',", "insert into t (a) values ", "name: password ",
    "<name>password</name>", "<input ", "<entry name=password ", "form-data; name=a\n", "passwords:\n",
    "passwords:\n  ",
        "password: |\n", "a,password\n", "|password|\n", '.fill("a",', '"password").fill(', "expect password send ",
    "machine a login ", "kind: Secret\ndata:\n", "auth=(", ".login(a,", "/key/", "pwd={", 'set_password("',
    '["password",',    "echo a | sudo -S ", "gpg a ", "<<< ", "x=f('a',", "sp_addlogin 'a' ",
    "sudo -S a << EOF\n", "sudo -S << a ", "(echo abc1; ", "cat <<< abc1 | passwd ", 'expect "assword:"; send "a',
    "echo abc1 ) | ( passwd ", "| \t ",
]  # fmt: skip


def work(function: Callable[[], object]) -> int:
    """Return how many Python and C functions a function calls."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("seed", ADVERSARIAL)
def test_work_grows_with_the_length(seed: str) -> None:
    """Twice the text needs about twice the work, so a long text cannot stop the program."""
    once, twice = (seed * (size // len(seed)) for size in (4_000, 8_000))
    find(seed * (2_000 // len(seed)), 0)  # compiles the patterns that it needs
    assert work(lambda: find(twice, 0)) <= 2.6 * work(lambda: find(once, 0)) + 200


KEYS = st.sampled_from(
    [
        "id",
        "name",
        "value",
        "api_key",
        "data",
        "kind",
        "cookies",
        "columns",
        "rows",
        "passwords",
        "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
        "mia:Tr0ub4dor&3x",
    ]
)
TEXTS = st.sampled_from(
    ["x", "Secret", "password", "hunter2!Xy9", "abcdefgh", "mia", "INSERT INTO u (password) VALUES (?)"]
)
DATA = st.recursive(
    TEXTS | st.integers(0, 99999), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4)
)


@given(DATA)
def test_ordinary_objects_are_visited_with_the_same_result(value: Any) -> None:
    """Objects whose keys say nothing about credentials are passed over quickly, and nothing is missed."""
    found = masked(value), secret_keys(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(in_json, "has_plain_keys", lambda keys, at: False)
        patch.setattr(in_json, "may_be_a_credential", lambda key: True)
        assert (masked(value), secret_keys(value)) == found


@given(DATA)
def test_secret_keys_are_those_that_a_visit_finds(value: Any) -> None:
    """Only keys are looked at, with the same result as when all values are searched."""
    seen: set[str] = set()

    def note(sighting: Sighting) -> str:
        if sighting.kind == "key":
            seen.add(str(sighting.at[-1]))
        return sighting.shown

    visit(value, [], note)
    assert secret_keys(value) == seen
