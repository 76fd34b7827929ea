"""Data as Python source: what is written reads back, and everything else is refused."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, strategies as st

from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.languages.storable import unstorable
from airflow_provider_vai.renderer.python_source import (
    MAX_DEPTH,
    PythonSource,
    SourcePlace,
    comment,
    docstring,
    literal,
    name,
)
from tests.unit.languages.test_json_text import VALUES
from tests.unit.support import hostile

LONG = "a long line of words, " * 8


def nested(depth: int) -> list[Any]:
    """Return a list nested to a given depth."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@given(VALUES, st.integers(0, 3))
@example({"a": ["x\ny", {"b": "say \"hi\"\n'no'"}]}, 2)
@example("line\n" + "\\" + "\nline", 1)
def test_any_json_value_reads_back(value: Any, level: int) -> None:
    """A literal reads back equal and with the same type, at every indentation level."""
    assume(unstorable(value) is None)
    assert repr(ast.literal_eval(literal(value, level))) == repr(value)


@pytest.mark.parametrize("entry", hostile("text", "structure"), ids=lambda entry: entry["name"])
def test_hostile_values_read_back_or_are_refused(entry: dict[str, Any]) -> None:
    """No text can end its literal, and no number changes its type."""
    try:
        source = literal(entry["value"])
    except RenderError:
        assert entry["expect"] == "keep_or_refuse"
        return
    assert repr(ast.literal_eval(source)) == repr(entry["value"])


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ((1, 2), "type tuple"),
        ({1}, "type set"),
        (b"x", "type bytes"),
        (object(), "type object"),
        (PythonSource("x"), "type PythonSource"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        ("nul \0", "U+0000"),
        ({"nul \0": 1}, "U+0000"),
        ("half \ud83d", "lone surrogate"),
        ({"half \ud83d": 1}, "lone surrogate"),
        ({1: "x"}, "the key 1"),
        ({True: "x"}, "the key True"),
        (10**5000, "more digits"),
        (nested(MAX_DEPTH + 1), "nested more than"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_other_values_are_refused(value: Any, problem: str) -> None:
    """A value of another type is refused with its place and a remedy."""
    with pytest.raises(RenderError) as refusal:
        literal({"rows": [value]}, where="sql")
    assert problem in refusal.value.problem
    assert refusal.value.where.startswith("sql['rows'][0]")
    assert refusal.value.remedy


def test_depth_up_to_the_limit_reads_back() -> None:
    """The deepest accepted value can still be parsed by Python."""
    value = nested(MAX_DEPTH - 2)
    assert ast.literal_eval(literal(value)) == value


def test_forms_are_the_ones_a_person_would_write() -> None:
    """Short values are on one line, long ones have one item per line, and multi-line text has triple quotes."""
    assert literal({"a": [1, None, True]}) == '{"a": [1, None, True]}'
    assert literal(['say "hi"', "it's"]) == '[\'say "hi"\', "it\'s"]'
    assert literal("SELECT 1\nFROM t", 2) == '"""\\\nSELECT 1\nFROM t"""'
    assert literal([LONG], 1) == f'[\n        "{LONG}",\n    ]'


def test_references_stand_inside_values() -> None:
    """A wire inside a value is written as a function call."""
    value = {"rows": SourcePlace("wired", "query", "rows", 0), "n": [SourcePlace("template", None, "{{ ds }}")]}
    assert literal(value) == '{"rows": wired(query, "rows", 0), "n": [template("{{ ds }}")]}'


def test_formatter_leaves_literals_alone(tmp_path: Path) -> None:
    """`ruff format` does not change a file with many literals, at the line length of DAG files."""
    pytest.importorskip("ruff")
    values = [entry["value"] for entry in hostile("text", "structure") if entry["expect"] == "keep"]
    values += [LONG, [LONG, LONG], {"k": [LONG, {"a": [1] * 60}]}, {LONG: {LONG: []}}, [[], {}, [[]]], {"a": "b\nc"}]
    file = tmp_path / "values.py"
    file.write_text("".join(f"v{index} = {literal(value)}\n" for index, value in enumerate(values)), encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "320", "--diff", str(file)]
    formatted = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (formatted.returncode, formatted.stdout) == (0, "")


@given(st.text(alphabet=st.characters()) | st.sampled_from([entry["value"] for entry in hostile("text")]))
@example('"')
@example('""""')
@example('"""')
@example("ends with \\")
@example('a"""\n__import__("os")\n"""')
def test_docstrings_hold_any_text(text: str) -> None:
    """A module with this docstring contains only the docstring."""
    source = docstring(text)
    tree = ast.parse(source + "\n")
    assert [type(node) for node in tree.body] == [ast.Expr]
    assert isinstance(ast.literal_eval(source), str)
    assert source.encode("utf-8")


def test_an_argument_may_have_any_name() -> None:
    """The names of a call's keyword arguments come from the spec."""
    assert (
        literal(SourcePlace("Siren", None, function=1, variable=2, self=3)) == "Siren(function=1, variable=2, self=3)"
    )


def test_docstring_stays_readable() -> None:
    """Plain text with several lines is written as it is."""
    assert docstring('Title.\n\nIt\'s a "note".  ') == '"""Title.\n\nIt\'s a "note".\n"""'


@given(st.text(alphabet=st.characters()))
def test_comments_stay_on_their_line(text: str) -> None:
    """Whatever the text contains, the result is one comment and no code."""
    source = comment(text) + "\n"
    found = [token.type for token in tokenize.generate_tokens(io.StringIO(source).readline)]
    assert found == [tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER]


@pytest.mark.parametrize("text", ["", "class", "None", "1a", "a b", "a.b", "a\n", "a;b", "a-b", "f()"])
def test_only_identifiers_are_names(text: str) -> None:
    """A variable or keyword argument that is not an identifier is refused."""
    with pytest.raises(RenderError):
        name(text)
    assert name("données_2") == "données_2"
