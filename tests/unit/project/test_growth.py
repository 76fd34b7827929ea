"""Every reader of outside text takes time proportional to the text's length, whatever the text is.

The CPU time of this process is compared for a text and one that is several times longer. A reader that is fast on the
longer text is not measured twice, and the ratio allowed lies far above that of linear growth and far below that of
quadratic growth, so that a busy machine does not matter.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from airflow_provider_vai.authoring.specs.platform_documents import _with_payload as platform_value
from airflow_provider_vai.crystallizer.evidence.said import Said, words_of
from airflow_provider_vai.crystallizer.evidence.weight import weight
from airflow_provider_vai.crystallizer.parameters import date_algebra, date_words, user_values
from airflow_provider_vai.crystallizer.trust import POINTED
from airflow_provider_vai.languages import (
    expression,
    graphql_text,
    html_text,
    identifiers,
    json_text,
    machine_values,
    meaning,
    result_path,
    schedule,
    storable,
    template,
    text_forms,
    yaml_text,
)
from airflow_provider_vai.model import version_1
from airflow_provider_vai.model.artifacts import is_below
from airflow_provider_vai.operators.files.tree import _matches
from airflow_provider_vai.operators.flashboard.chart import _attribute
from airflow_provider_vai.operators.web.guard import checked_url
from airflow_provider_vai.secrets import find, is_secret_key
from airflow_provider_vai.secrets.field_names import field_family
from airflow_provider_vai.secrets.plausible import is_stand_in
from airflow_provider_vai.traces.formats.claude_code.session import MCP_NAME, SHELL
from airflow_provider_vai.traces.formats.shared.reported_failures import failure_text
from airflow_provider_vai.traces.formats.spans.messages import _from_repr
from airflow_provider_vai.traces.formats.spans.wrappers import helper_role
from airflow_provider_vai.traces.reading import values

SIZE, FACTOR = 5_000, 5
SECRETS_SIZE, SECRETS_FAST = 30_000, 1.5
"""Of texts for the search for credentials, which looks up to 8,192 characters ahead: the shorter text is longer."""

FAST = 0.03
"""CPU seconds that a quadratic reader of ``SIZE`` characters exceeds many times over."""

MOST_GROWTH = 2.2 * FACTOR
"""Linear growth is ``FACTOR``, quadratic growth its square."""

UNITS = (
    *(
        " ",
        "\n",
        " \t\r",
        "\n    ",
        "a",
        "a ",
        "A1b",
        "a.",
        "a-",
        "1",
        "1,000",
        "1.",
        "-",
        "- ",
        "|",
        "| - ",
        "|-",
        "#",
    ),
    *("'", '"', '\\"', "\\'", "\\", "`", "```\n", "```a\nx\n", "(", "{", "[", "[1", '{"a":', "<", "<a>", "<a>x", "<a "),
    *("a=", "ab=b ", "a: ", "a: b\n", "a: b, ", "a b c: ", "=", "==", "?a=b", "://", "://a:b", "a@", "@", "/", "a/"),
    *(
        "%",
        "%41",
        "a%2541 ",
        "QUFB",
        "41",
        "\\x41",
        "a\\n",
        "{{",
        "{{payload ",
        "{{payload.a",
        ".a",
        "['a']",
        "*",
        "**/",
    ),
    *(
        "2024-01-01 ",
        "today ",
        "last week ",
        "a (call ",
        "role='a' content=\"",
        "<bash-input>",
        "mcp__a__",
        "a.b.Error ",
    ),
    *("password ", "password: ", "token=", 'token: "', "pass is is ", "--password ", "curl -u ", "bearer ", "cookie:"),
    *("create secret ", "identified by ", "pgp_sym_encrypt(", "-----BEGIN PRIVATE KEY-----", "eyJaaaaaaaa.", "basic "),
    *("select ", "'a' || ", "url(#", "url( ", "&a ", "*a ", "é", "\u00a0", "A" * 60 + "\n", "x\n\n", "\r"),
)
AROUND = (
    ("", ""),
    ("pass\nAB=b", "x\n"),
    ('"', "\\"),
    ("x == '", "\r"),
    ("{{payload", " %\r"),
    ("url(", "#\n!"),
    ("role='a' content='", "x"),
)
"""What stands before and after the repeated unit."""


SLOW = ("YAML", "the form yaml", "a schedule", "a template", "words for dates")
"""Readers in pure Python that are tried with fewer texts, so that this test ends soon."""


def _forms(form: str) -> Callable[[str], Any]:
    return lambda text: text_forms.parse(text, form)


LLAMA_INDEX = "ChatMessage(role=<MessageRole.USER: 'user'>, additional_kwargs={}, blocks=[TextBlock(text="

READERS: dict[str, Callable[[str], Any]] = {
    "a secret's key": is_secret_key,
    "a placeholder": is_stand_in,
    "a field's name": field_family,
    **{f"the form {form}": _forms(form) for form in text_forms.FORMS if form != "yaml"},
    "the form yaml": _forms("yaml"),
    "JSON": lambda text: json_text.loads(text, where="a"),
    "YAML": lambda text: yaml_text.loads(text, where="a"),
    "JSON or JSONL": lambda text: values.parse_document(text, "a"),
    "GraphQL": graphql_text.has_mutation,
    "a condition": expression.parse,
    "a schedule": schedule.schedule_problem,
    "a result path": lambda text: result_path.follow({"a": [{"a": 1}]}, ["a", f"[{text}=1]"]),
    "a time": machine_values.time_of_text,
    "an id": lambda text: (machine_values.id_form(text), machine_values.may_be_generated(text)),
    "a name": lambda text: (identifiers.slug(text, "a"), identifiers.identifier(text, "a")),
    "a DAG id": identifiers.dag_id_problem,
    "an event": identifiers.read_event_uri,
    "HTML": lambda text: html_text.text(html_text.clean(text)),
    "storable text": lambda text: (storable.text_problem(text), storable.storable(text)),
    "a meaning": lambda text: meaning.meaning({"a": text}),
    "a template": template.outside_names,
    "a place in a payload": platform_value,
    "an older review item": lambda text: list(version_1._untrusted(f"only text that outsiders can write says {text}")),
    "an artifact": lambda text: is_below(text, "s3://a/b"),
    "a glob": lambda text: (_matches("a" * 200, text[:200].replace("**", "*")), _matches(text, "*a*b*")),
    "an attribute of a drawing": lambda text: _attribute("charts[0]", "fill", text, {}),
    "an address": lambda text: checked_url("https://a.example", text),
    "a shell entry": lambda text: (SHELL.match(text), MCP_NAME.match(text)),
    "a message object": lambda text: _from_repr(text, "user"),
    "LlamaIndex's message": lambda text: _from_repr(f"{LLAMA_INDEX}{text}", "user"),
    "LangChain's message": lambda text: _from_repr(f"content='{text}", "user"),
    "a helper span": lambda text: (helper_role(text, text), helper_role(f"a - ['{text}", "a")),
    "a line's end": lambda text: values.why_skipped(f'{{"a": "{text}', is_end=True),
    "a reported failure": failure_text,
    "a moment": values.parse_time,
    "arguments in text": values.parse_arguments,
    "what was said": lambda text: (Said(text).text, words_of(text)),
    "a value's weight": weight,
    "words for dates": date_words.meanings,
    "dates": date_algebra.tokens,
    "an email": user_values.schema_of,
    "an address in a value": POINTED.findall,
}


def text_of(before: str, unit: str, after: str, size: int) -> str:
    """Return a text of about this size: one unit, repeated, between two others."""
    return before + unit * (size // len(unit)) + after


def cost(reader: Callable[[str], Any], text: str) -> float:
    """Return the CPU time that reading a text takes. Whether it is refused does not matter."""
    began = time.process_time()
    with suppress(Exception):
        reader(text)
    return time.process_time() - began


def growth(
    reader: Callable[[str], Any], before: str, unit: str, after: str, *, size: int = SIZE, fast: float = FAST
) -> float:
    """Return how many times longer the reader takes for a text that is ``FACTOR`` times longer; 0: it is fast."""
    longer = text_of(before, unit, after, size)
    if cost(reader, longer) < fast:
        return 0
    shorter = text_of(before, unit, after, size // FACTOR)
    most = min(cost(reader, longer) for _ in range(2))
    return most / max(min(cost(reader, shorter) for _ in range(3)), 1e-9) if most >= fast else 0


@pytest.mark.parametrize("unit", UNITS)
def test_the_search_for_credentials_is_linear(unit: str) -> None:
    """Neither does the search for credentials, which looks at every text that is stored or shown."""
    assert growth(find, "pass\nAB=b", unit, "x\n", size=SECRETS_SIZE, fast=SECRETS_FAST) < MOST_GROWTH


@pytest.mark.parametrize("name", READERS)
def test_readers_are_linear(name: str) -> None:
    """No unit, repeated after any beginning and before any end, makes a reader grow faster than its text."""
    reader = READERS[name]
    found = {
        (before, unit, after): times
        for unit in UNITS
        for before, after in (AROUND[:2] if name in SLOW else AROUND)
        if (times := growth(reader, before, unit, after)) > MOST_GROWTH
    }
    assert found == {}


def test_a_quadratic_reader_is_found() -> None:
    """The measure tells a reader that looks back at each line from one that does not."""

    def quadratic(text: str) -> int:
        lines = text.split("\n")
        return sum(lines[:number].count("x") for number in range(len(lines)))

    assert growth(quadratic, "", "\n", "") > MOST_GROWTH
    assert growth(lambda text: [sum(range(2_000)) for _ in text[:2_000]], "", "\n", "") < MOST_GROWTH
