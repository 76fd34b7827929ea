"""Each name of a credential is found in a text, in each spelling; so is a value in the places of everyday work."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable
from typing import Any

import pytest

from airflow_provider_vai.secrets import key_names
from airflow_provider_vai.secrets.hints import may_name_a_credential
from airflow_provider_vai.secrets.masking import mask, masked

if sys.version_info >= (3, 11):
    from re import _parser  # type: ignore[attr-defined]
else:
    import sre_parse as _parser

PLAIN = "Zx9!kQw7rTpL"
TOKEN = "q8Zt3LmX0vB7nKpR2sWd5YhF"
AWS = "AK" + "IAQ3EGRIVER7EXAMQL"
AWS_SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYzEXqMPLEKEYa"


def _texts(pattern: Iterable[Any]) -> list[str]:
    """Return all texts that a parsed pattern of alternatives and optional parts matches."""
    found = [""]
    for kind, what in pattern:
        if str(kind) == "LITERAL":
            parts = [chr(what)]
        elif str(kind) == "IN":
            parts = [chr(one) for _, one in what]
        elif str(kind) == "MAX_REPEAT":
            parts = ["", *_texts(what[2])]
        elif str(kind) == "SUBPATTERN":
            parts = _texts(what[-1])
        else:
            assert str(kind) == "BRANCH", kind
            parts = [text for branch in what[1] for text in _texts(branch)]
        found = [before + after for before, after in itertools.product(found, parts)]
    return found


NAMES = _texts(_parser.parse(f"{key_names._PASSWORDS}|{key_names._SHORT_PASSWORDS}|{key_names._TOKENS}"))
PINS = ["pin", "pin_code", "otp", "totp", "cvv", "cvc", "one_time_code", "mfa_code", "2fa_code", "verification_code"]


@pytest.mark.parametrize("name", [*NAMES, *PINS])
def test_no_name_is_skipped(name: str) -> None:
    """Texts are looked through if they have a hint; each name has one, also as a part of a longer name."""
    camel = "db" + "".join(part.title() for part in name.split("_"))
    for form in (name, f"DB_{name.upper()}", f"db_{name}", camel):
        if key_names.family(form):
            assert may_name_a_credential(f"{form}={PLAIN}"), form


TEXTS = {
    "short name in a command": (f"export DB_PW={PLAIN}; run", PLAIN),
    "with password": (f"Log in with password {PLAIN} and fetch", PLAIN),
    "user and password": (f"Log in as mia, password {PLAIN}, then fetch the report.", PLAIN),
    "quoted beside the name": ("Use the password 'Sommer2024' for the portal", "Sommer2024"),
    "german beside the name": (f"Melde dich mit Passwort {PLAIN} an", PLAIN),
    "in parentheses": (f"the admin account (password {PLAIN})", PLAIN),
    "storage function of ClickHouse": (f"SELECT * FROM s3('https://b.invalid/x', '{AWS}', '{AWS_SECRET}')", AWS_SECRET),
    "storage function, other keys": (f"SELECT * FROM s3Cluster('c', 'https://b.invalid/x', 'minio', '{TOKEN}')", TOKEN),
    "beside an access key": (f"rclone: {AWS} / {AWS_SECRET}", AWS_SECRET),
    "access keys in CSV": (f"user,id,key\nmia,{AWS},{AWS_SECRET}\n", AWS_SECRET),
}


@pytest.mark.parametrize(("text", "secret"), TEXTS.values(), ids=TEXTS.keys())
def test_a_text(text: str, secret: str) -> None:
    """The credential is masked, and the text around it is kept."""
    assert secret not in mask(text)
    assert mask(text)[:6] == text[:6]


@pytest.mark.parametrize(
    "value",
    [
        {"headers": ["Accept", "*/*", "X-Api-Key", TOKEN]},
        {"headers": ["Authorization", f"Bearer {TOKEN}", "Accept", "*/*"]},
        {"env": ["REGION", "eu", "DB_PASSWORD", TOKEN]},
        {"recovery_codes": [TOKEN, "b"]},
        {"seed_phrase": f"legal winner thank {TOKEN}"},
    ],
)
def test_data(value: Any) -> None:
    """A list of names and values in turn, and the words that restore an account."""
    assert TOKEN not in str(masked(value))


@pytest.mark.parametrize(
    "value",
    [
        "reset the password mia2@example.invalid asked about",
        "password https://example.invalid/a?b=1",
        "tests pass 12/12 & 100%",
        "a password min. 8 characters",
        "hash the password PBKDF2WithHmacSHA256 style",
        "the password $DB_PASSWORD1 is set",
        "the password {{ var.value.x1 }} is set",
        f"{AWS[:4]} keys, commit 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
        {"headers": ["name", "token", "count", "12"]},
        {"fields": ["id", "api_key", "created2024", "x1"]},
        {"columns": ["user", "password", "region1"]},
    ],
)
def test_what_is_kept(value: Any) -> None:
    """Addresses, links, names of methods, selectors and names of columns are no credentials."""
    assert masked(value) == value
