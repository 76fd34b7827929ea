"""Trees: their evaluation, their references, their Python source and their words."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages import derivation
from airflow_provider_vai.languages.derivation import source, words

WIRED = {"function": "wired", "step": "orders", "path": ["rows"]}
ROWS = [{"month": "2025-11", "revenue": 1}, {"month": "2025-12", "revenue": 2.5}]
JSON_DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8) | st.sampled_from(["2025-12-01", "2025-12", "12.50", "month", "revenue", "a@b.de"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["month", "revenue", "a"]), inner),
    max_leaves=12,
)  # fmt: skip
TABLES = st.lists(st.fixed_dictionaries({"month": st.sampled_from(["2025-11", "2025-12"]), "revenue": st.integers()}))


def node(function: str, **arguments: Any) -> dict[str, Any]:
    """Return a node."""
    return {"function": function, **arguments}


def value_of(tree: Any, data: Any = ROWS) -> Any:
    """Return the value of a tree whose references all give ``data``."""
    return derivation.evaluate(tree, lambda reference: data)


BEST = node("largest", rows=WIRED, by="revenue")
TREES = {
    "total": (node("total", rows=WIRED, field="revenue"), 3.5, "total(wired('orders', 'rows'), 'revenue')"),
    "part": (
        node("part", value=BEST, path=["month"]), "2025-12", "largest(wired('orders', 'rows'), by='revenue')['month']",
    ),
    "where": (
        node("where", rows=WIRED, conditions={"revenue": node("over", value=2)}),
        ROWS[1:],
        "where(wired('orders', 'rows'), revenue=over(2))",
    ),
    "project": (
        node("project", rows=WIRED, fields=["month"], renamed={"order total": "revenue", "class": "month"}),
        [{"month": row["month"], "order total": row["revenue"], "class": row["month"]} for row in ROWS],
        "project(wired('orders', 'rows'), 'month', **{'order total': 'revenue', 'class': 'month'})",
    ),
    "text": (
        node("text", template="{n} rows", slots={"n": node("count", rows=WIRED)}),
        "2 rows",
        "text('{n} rows', n=count(wired('orders', 'rows')))",
    ),
    "gathered": (
        node("gathered", values=[node("first", rows=WIRED), node("last", rows=WIRED)]),
        ROWS,
        "gathered(first(wired('orders', 'rows')), last(wired('orders', 'rows')))",
    ),
    "column called function": (
        node("where", rows=WIRED, conditions={"function": "x"}), None, "where(wired('orders', 'rows'), function='x')",
    ),
    "part of a reference": (node("part", value=WIRED, path=[0]), ROWS[0], "part(wired('orders', 'rows'), 0)"),
    "formats": (
        node("shown", value=node("count", rows=WIRED), form=",d", style="1.234,50"),
        "2",
        "shown(count(wired('orders', 'rows')), ',d', style='1.234,50')",
    ),
    "a default before": (
        node("percent", value=node("count", rows=WIRED), sign=True, how="down"),
        "+200%",
        "percent(count(wired('orders', 'rows')), sign=True, how='down')",
    ),
    "template": (node("template", text="{{ ds }}"), ROWS, "template('{{ ds }}')"),
    "parameter": (node("parameter", name="region", path=["a", 0]), ROWS, "parameter('region', 'a', 0)"),
    "argument": (node("argument_of", step="send", name="json"), ROWS, "argument_of('send', 'json')"),
    "item": (node("item", path=["id"]), ROWS, "item('id')"),
}  # fmt: skip


@pytest.mark.parametrize(("tree", "value", "text"), TREES.values(), ids=TREES)
def test_evaluation_and_source(tree: Any, value: Any, text: str) -> None:
    """A tree gives its value, and has its Python source."""
    assert source.written(tree) == text
    if value is not None:
        assert value_of(tree) == value


def test_a_column_called_function() -> None:
    """Conditions are an object of arguments, whatever their names."""
    tree = TREES["column called function"][0]
    assert value_of(tree, [{"function": "x"}, {"function": "y"}]) == [{"function": "x"}]
    assert list(derivation.references(tree)) == [WIRED]


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (node("sum", rows=WIRED), "there is no function 'sum': use one of where, "),
        (node([], rows=WIRED), "there is no function"),  # type: ignore[arg-type]
        (node("total", rows=WIRED), "total needs 'field'"),
        (node("total", rows=WIRED, field="revenue", by="x"), "total has no parameter 'by': it has rows, field"),
        (node("gathered", values=5), "values of gathered must be a list: found an integer"),
        (node("where", rows=WIRED, conditions=["x"]), "conditions of where must be an object"),
        (node("key_of", entries={}, by="a", conditions={"by": 1}), "cannot have the name 'by'"),
        (node("total", rows=[1], field="x"), "total: expected a list of objects"),
        (node("count", rows=node("only", rows=WIRED)), "only: found 2 items"),
    ],
)
def test_trees_that_fail(tree: Any, message: str) -> None:
    """The error names the innermost function that failed."""
    with pytest.raises(DerivationError, match=message):
        value_of(tree)


def test_depth() -> None:
    """A tree of 40 levels is evaluated, a deeper one refused."""
    tree: Any = WIRED
    for _ in range(derivation.DEEPEST):
        tree = node("part", value=tree)
    assert value_of(tree) == ROWS
    with pytest.raises(DerivationError, match="more than 40 levels"):
        value_of(node("part", value=node("part", value=tree)))


def test_references() -> None:
    """References are found in lists, objects and nested nodes, in order, and can be replaced."""
    other = node("parameter", name="limit")
    tree = node("where", rows=WIRED, conditions={"a": node("over", value=other), "b": 1})
    assert list(derivation.references(tree)) == [WIRED, other]
    assert [one["function"] for one in derivation.nodes(tree)] == ["where", "wired", "over", "parameter"]
    new = derivation.replaced(tree, lambda one: {**one, "path": ["x"]})
    assert [one["path"] for one in derivation.references(new)] == [["x"], ["x"]]
    assert tree["rows"] == WIRED


def test_words() -> None:
    """A tree is said in words, with the number of rows where it is known."""
    twelve = {"measure": lambda one: 12 if one == WIRED else None}
    tree = node("total", rows=WIRED, field="revenue")
    assert words.words(tree) == "total of revenue over rows of orders"
    assert words.words(tree, **twelve) == "total of revenue over 12 rows of orders"
    assert words.words(node("part", value=BEST, path=["month"]), **twelve) == (
        "month of the row with the largest revenue of 12 rows of orders"
    )
    filtered = node("where", rows=WIRED, conditions={"status": "open", "total": node("at_least", value=5)})
    assert words.words(node("count", rows=filtered)) == (
        "number of rows of orders where status is open and total is at least 5"
    )
    assert words.words(filtered, lambda one: 3 if one["function"] == "where" else 12) == (
        "3 of the rows of orders where status is open and total is at least 5"
    )
    assert words.words("x" * 100) == "x" * 40 + "…"


def test_parts_of_a_text() -> None:
    """Each slot of a text is shown by itself."""
    tree = node("text", template="{a} {b}", slots={"a": BEST, "b": node("count", rows=WIRED)})
    assert list(words.parts(tree)) == [("a", BEST), ("b", node("count", rows=WIRED))]
    assert list(words.parts(BEST)) == [("", BEST)]


def arguments_of(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy of arguments for a function: any JSON data and any node."""
    inner = JSON_DATA | st.just(WIRED) | st.sampled_from([tree for tree, _, _ in TREES.values()])
    parts = {}
    for key, parameter in inspect.signature(derivation.FUNCTIONS[name]).parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            parts[key] = st.lists(inner, max_size=3)
        elif parameter.kind is parameter.VAR_KEYWORD:
            parts[key] = st.dictionaries(st.sampled_from(["month", "revenue", "function", "a b"]), inner, max_size=3)
        else:
            parts[key] = inner
    return st.fixed_dictionaries(parts)


@given(st.sampled_from(sorted(derivation.FUNCTIONS)), st.data())
def test_nothing_but_a_derivation_error(name: str, data: st.DataObject) -> None:
    """Whatever the arguments and the results are, a function gives JSON data or fails with a DerivationError."""
    tree = node(name, **data.draw(arguments_of(name)))
    results = data.draw(TABLES | JSON_DATA)
    try:
        made = value_of(tree, results)
    except (DerivationError, LookupError):
        return
    if not isinstance(made, derivation.conditions.Bound):
        json.dumps(made, allow_nan=False)


@given(JSON_DATA)
def test_any_data_as_a_tree(tree: Any) -> None:
    """A tree from a file that is no tree fails with a DerivationError, or is a literal."""
    for wrong in (tree, {"function": tree}, {"function": "total", "rows": tree}, {"function": "text", "slots": tree}):
        try:
            value_of(wrong)
            list(derivation.nodes(wrong))
        except (DerivationError, LookupError):
            pass


@given(st.sampled_from(sorted(derivation.FUNCTIONS)), st.data())
def test_python_and_json_agree(name: str, data: st.DataObject) -> None:
    """A tree read back from JSON, and its Python source, give the same value or the same error."""
    tree = node(name, **data.draw(arguments_of(name)))
    results = data.draw(TABLES)
    try:
        text = source.written(tree)
    except DerivationError:
        return
    names = {**derivation.FUNCTIONS, **{reference: lambda *path: results for reference in derivation.REFERENCES}}

    def outcome(make: Any) -> str:
        try:
            return repr(make())
        except DerivationError as error:
            return f"fails: {error.problem}"
        except (TypeError, LookupError):
            return "fails in Python"

    expected = outcome(lambda: value_of(tree, results))
    assert outcome(lambda: value_of(json.loads(json.dumps(tree)), results)) == expected
    found = outcome(lambda: eval(text, names))
    assert found == expected or (found == "fails in Python" and "fails" in expected)


@pytest.mark.parametrize("name", derivation.FUNCTIONS)
def test_each_function_has_words(name: str) -> None:
    """No function is missing in the table of phrases."""
    assert name in words._PHRASES
