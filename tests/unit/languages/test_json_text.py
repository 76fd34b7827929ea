"""JSON is read without silent changes, and written in one form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.languages import json_text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
REFUSED = {
    "NaN": ('{"x": NaN}', "NaN is not JSON"),
    "Infinity": ("[Infinity]", "Infinity is not JSON"),
    "-Infinity": ("[-Infinity]", "-Infinity is not JSON"),
    "too large": ("[1e400]", "1e400 is too large"),
    "too large and negative": ("[-1e400]", "-1e400 is too large"),
    "too small": ("[1e-400]", "1e-400 is too small"),
    "too small with zeros": ("[0.00001e-400]", "too small"),
    "a key twice": ('{"a": 1, "b": {"k": 1, "k": 2}}', "'k' occurs twice"),
    "too many digits": ("[" + "9" * 4301 + "]", "4301 digits"),
    "truncated": ('{"x": [1, 2', "line 1, column"),
    "empty": ("", "empty"),
    "white space": (" \n\t", "empty"),
    "trailing comma": ('{"x": 1,}', "not JSON at line 1, column"),
    "comment": ('{"x": 1 /* y */}', "not JSON"),
    "single quotes": ("{'x': 1}", "not JSON"),
    "two documents": ('{"x": 1}\n{"y": 2}', "not JSON at line 2"),
    "raw line end in a string": ('{"x": "a\nb"}', "not JSON"),
    "byte-order mark": ('\ufeff{"x": 1}', "not JSON"),
    "deep list": ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
    "deep object": ('{"k":' * 100_000 + "0" + "}" * 100_000, "nested too deeply"),
}


@given(VALUES)
def test_reads_what_python_writes(value: Any) -> None:
    """Any JSON value comes back equal and of the same type."""
    assert repr(json_text.loads(json.dumps(value), where="f")) == repr(value)


@pytest.mark.parametrize(("text", "problem"), REFUSED.values(), ids=REFUSED)
def test_refuses_what_would_change_or_is_no_json(text: str, problem: str) -> None:
    """The message names the file, the problem with its value or place, and a remedy."""
    with pytest.raises(UnreadableTrace) as refusal:
        json_text.loads(text, where="run.json")
    assert problem in refusal.value.problem
    assert refusal.value.where == "run.json"
    assert refusal.value.remedy


@pytest.mark.parametrize(
    "text", ["0", "-0.0", "0e-999", "0.000", "5e-324", "1.7976931348623157e308", "1E5", "9" * 4300]
)
def test_keeps_extreme_numbers(text: str) -> None:
    """Zero in any spelling and the smallest and largest numbers are accepted."""
    assert repr(json_text.loads(text, where="f")) == repr(json.loads(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        (' [1, "x"]\n', [1, "x"]),
        ("7", "7"),
        ("true", "true"),
        ('"x"', '"x"'),
        ("{not json}", "{not json}"),
        ("[NaN]", "[NaN]"),
        ('{"a": 1, "a": 2}', '{"a": 1, "a": 2}'),
        ("", ""),
    ],
)
def test_result_text_is_parsed_only_where_nothing_is_lost(text: str, value: Any) -> None:
    """JSON objects and arrays in text are parsed; all other text is returned unchanged."""
    assert json_text.parsed_text(text, where="f") == value


@given(VALUES)
def test_canonical_text_is_ascii_and_reads_back(value: Any) -> None:
    """The canonical text contains the whole value, in ASCII, whatever the order of its keys."""
    text = json_text.canonical(value)
    assert text.isascii()
    assert json_text.canonical(json.loads(text)) == text


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), (0, False), (0.0, -0.0), (None, "null"), ("1", 1), ([], {}), ("é", "e\u0301")],
)
def test_digests_of_different_values_differ(one: Any, other: Any) -> None:
    """Values that are equal in Python differ if their type, the sign of zero or the spelling differs."""
    assert json_text.digest([one]) != json_text.digest([other])


def test_digest_ignores_the_order_of_keys() -> None:
    """The order of an object's keys does not change the digest."""
    assert json_text.digest({"a": 1, "b": 2}) == json_text.digest({"b": 2, "a": 1})


def test_pretty_keeps_order_and_ends_the_line() -> None:
    """Files have their keys in the original order, in ASCII, and end with a newline."""
    assert json_text.pretty({"b": "é", "a": []}) == '{\n  "b": "\\u00e9",\n  "a": []\n}\n'


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (None, {"type": "null"}),
        (True, {"type": "boolean"}),
        (1, {"type": "integer"}),
        (1.5, {"type": "number"}),
        ("x", {"type": "string"}),
        ([], {"type": "array"}),
        ([{"a": 1}], {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "integer"}}}}),
        ({"a": {"b": {"c": {"d": 1}}}}, {"type": "object", "properties": {"a": {"type": "object", "properties": {
            "b": {"type": "object", "properties": {"c": {"type": "object"}}}}}}}),
    ],
)  # fmt: skip
def test_schema_describes_three_levels(value: Any, schema: dict[str, Any]) -> None:
    """The shape of a recorded result has types and names, but no values."""
    assert json_text.schema(value) == schema


@given(VALUES)
def test_written_as_the_standard_library_writes(value: Any) -> None:
    """The writers give the same text as ``json.dumps``; a part may be written beforehand."""
    assert json_text.pretty(value) == json.dumps(value, indent=2) + "\n"
    assert json_text.canonical(value) == json.dumps(value, sort_keys=True, separators=(",", ":"))
    whole = {"a": [value], "b": value}
    parts = {"a": [json_text.WrittenJson(value)], "b": json_text.WrittenJson(value)}
    assert json_text.pretty(parts) == json_text.pretty(whole)


@given(VALUES)
def test_short_values_are_laid_out_on_one_line(value: Any) -> None:
    """The text of a large file reads back equal, and a container stands on one line exactly if it is short."""
    text = json_text.laid_out({"a": [value], "b": value})
    assert json.dumps(json.loads(text)) == json.dumps({"a": [value], "b": value})
    parts = {"a": [json_text.WrittenJson(value)], "b": json_text.WrittenJson(value)}
    assert json_text.laid_out(parts) == text
    one_line = json.dumps(value) + "\n"
    if isinstance(value, (dict, list)) and len(one_line) <= json_text.LINE + 1:
        assert json_text.laid_out(value) == one_line
    elif isinstance(value, (dict, list)):
        assert json_text.laid_out(value).count("\n") > len(value)


def test_a_change_of_a_value_changes_one_line() -> None:
    """Each member of an object that is too long for a line has a line of its own, at every depth alike."""
    value = {"name": "n" * 60, "places": [{"at": ["rows", 0], "origin": "user"}], "note": "x" * 40}
    lines = json_text.laid_out({"deep": {"deeper": value}}).splitlines()
    assert [line.strip() for line in lines[3:-3]] == [
        line.strip() for line in json_text.laid_out(value).splitlines()[1:-1]
    ]
    assert '      "places": [{"at": ["rows", 0], "origin": "user"}],' in lines


PARTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=30), inner, max_size=5),
    max_leaves=20,
)


def _by_the_rule(value: Any, line: str = "\n") -> str:
    text = json.dumps(value)
    if len(text) <= json_text.LINE or not value or not isinstance(value, (dict, list)):
        return text
    inner = f"{line}  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {_by_the_rule(part, inner)}" for key, part in value.items()]
        return f"{{{inner}{f',{inner}'.join(parts)}{line}}}"
    return f"[{inner}{f',{inner}'.join(_by_the_rule(part, inner) for part in value)}{line}]"


@given(PARTS)
def test_each_part_is_on_one_line_exactly_if_it_has_room_there(value: Any) -> None:
    """A value is written as ``json.dumps`` writes it if that is short, else with a line for each of its parts."""
    assert json_text.laid_out(value) == _by_the_rule(value) + "\n"


@given(PARTS, PARTS)
def test_a_written_part_is_laid_out_like_its_value(value: Any, other: Any) -> None:
    """Objects around a text that was written beforehand have the lines that they have around the value itself."""
    written = json_text.WrittenJson(value)
    assert json_text.laid_out(written) == json_text.laid_out(value)
    for around in (
        lambda part: {"a": {"b": part, "c": other}, "d": [part]},
        lambda part: {"": other, "é": {"x": part}},
    ):
        assert (
            json_text.laid_out(around(written))
            == json_text.laid_out(around(value))
            == _by_the_rule(around(value)) + "\n"
        )


@pytest.mark.parametrize("characters", range(80, 100))
def test_the_last_character_that_fits_is_known(characters: int) -> None:
    """The brackets and commas count: a list or object of up to :data:`json_text.LINE` characters is on one line."""
    for value in ([True, "x" * characters], {"a": None, "b": ["x" * characters]}, {"1": 1.5, "x": "y" * characters}):
        assert json_text.laid_out(value) == _by_the_rule(value) + "\n"


@pytest.mark.parametrize("value", [{}, {"a": 1}, {"at": ["x" * 70], "origins": [{"at": []}, "y" * 60]}])
def test_an_object_that_is_there_again_is_laid_out_like_any_other(value: dict[str, Any]) -> None:
    """At every depth, however often it is there, with the lines that it has when it is there once."""
    for again in (False, True):
        repeated = json_text.Repeated(value)
        repeated.again = again
        for write in (json_text.laid_out, json_text.pretty, json_text.canonical):
            assert write({"a": repeated, "b": {"c": [repeated]}}) == write({"a": value, "b": {"c": [value]}})
        assert json_text.laid_out(repeated) == json_text.laid_out(value)
