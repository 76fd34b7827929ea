"""A body becomes the payload that its content type says, or is refused before a run could break on it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.plugin.webhooks.payload import MAX_DEPTH, MAX_FIELDS, BadPayload, parse

LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-9e18, 9e18)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(LEAVES | TEXT, lambda part: st.lists(part) | st.dictionaries(TEXT, part), max_leaves=20)


@given(VALUES)
def test_json_arrives_unchanged(value: Any) -> None:
    """Whatever a run can carry, it gets."""
    assert parse(json.dumps(value).encode(), "application/json; charset=utf-8") == value


@given(st.binary(max_size=200), st.text(st.characters(max_codepoint=255), max_size=60))
def test_no_body_is_an_error(body: bytes, content_type: str) -> None:
    """Any bytes under any content type are data or a refusal."""
    for kind in (content_type, "application/json", "application/x-www-form-urlencoded"):
        try:
            value = parse(body, kind)
        except BadPayload:
            continue
        assert json.loads(json.dumps(value, allow_nan=False)) == value


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/json", b'{"a": 1.50}', {"a": 1.5}),
        ("Application/JSON;charset=UTF-8", b'"\xc3\xa9"', "é"),
        ("application/cloudevents+json", b"[]", []),
        ("application/x-www-form-urlencoded", b"a=1&b=%C3%A9+x&a=2&c=", {"a": ["1", "2"], "b": "é x", "c": ""}),
        ("application/x-www-form-urlencoded", b"", {}),
        ("text/plain", b'{"a": 1}', '{"a": 1}'),
        ("text/plain; charset=iso-8859-1", b"\xe9", "é"),
        ("application/xml", b"<a/>", "<a/>"),
        ("", b"plain", "plain"),
        ("", b"", ""),
    ],
)
def test_content_types(content_type: str, body: bytes, expected: Any) -> None:
    """JSON is parsed, a form is an object, the rest is text."""
    assert parse(body, content_type) == expected


@pytest.mark.parametrize(
    ("content_type", "body", "told"),
    [
        ("application/json", b"", "empty"),
        ("application/json", b"{", "not JSON at line 1"),
        ("application/json", b"NaN", "NaN is not JSON"),
        ("application/json", b'{"a": 1, "a": 2}', "occurs twice"),
        ("application/json", b"\xef\xbb\xbf{}", "not JSON"),
        ("application/json", b"\xff", "not utf-8 at byte 0"),
        ("application/json; charset=utf-16", b"{}", "charset"),
        ("text/plain; charset=zlib", b"x", "charset"),
        ("text/plain", b"\xff", "not utf-8"),
        ("application/x-www-form-urlencoded", b"a=%ff", "not UTF-8"),
        ("application/x-www-form-urlencoded", b"a=1&" * (MAX_FIELDS + 1), "fields"),
        ("application/json", b"9223372036854775808", "64 bits"),
        ("application/json", b'{"a": [-9223372036854775809]}', "64 bits"),
        ("application/json", b'{"a": 1e308}', "64 bits"),  # PostgreSQL returns it as an integer
        ("application/json", b"1" * 5000, "5000 digits"),
        ("application/json", rb'{"a": "\u0000"}', "U+0000"),
        ("application/json", rb'{"\u0000": 1}', "U+0000"),
        ("application/json", rb'["\ud800"]', "surrogate"),
        ("text/plain", b"a\0b", "U+0000"),
    ],
)
def test_refusals(content_type: str, body: bytes, told: str) -> None:
    """The message says what is wrong."""
    with pytest.raises(BadPayload, match=told.replace("+", r"\+")):
        parse(body, content_type)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 900, 50_000])
def test_depth(opening: bytes, depth: int) -> None:
    """The deepest body that is taken has a limit of our own, not the interpreter's."""
    closing = b"]" if opening == b"[" else b"}"

    def nested(levels: int) -> bytes:
        return opening * levels + b"1" + closing * levels

    parse(nested(MAX_DEPTH), "application/json")
    with pytest.raises(BadPayload, match="nested"):
        parse(nested(depth), "application/json")
