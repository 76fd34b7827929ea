"""Which results stay in XCom, which become artifacts, and how they are read back."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.operators.runtime.errors import MissingExtra

TABLE = [{"n": number, "x": number / 2 + 0.25, "s": f"ü{number}", "b": None} for number in range(5)]


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a task's context whose artifacts go to a temporary folder."""
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", f"file://{tmp_path}/artifacts")
    return {"ti": SimpleNamespace(dag_id="d", run_id="..", task_id="a", map_index=2)}


@pytest.mark.parametrize("value", [None, 1, 2**63 - 1, 9e18, 5e-324, "x", [1.5], {"a": {"b": [True]}}, {"_a": 1}])
def test_small_results_stay(value: Any, context: Any) -> None:
    """A small result that XCom stores unchanged stays in XCom."""
    assert results.keep(value, context) == value


@pytest.mark.parametrize(
    "value",
    [
        "x" * 60_000,
        2**63,
        [1e308],
        {"a": -1e19},
        [{"a": [-(2**64)]}],
        {"__classname__": "x"},
        [{"__type": "datetime", "__var": 0}],
        {"rows": [{"__data__": {}}], "columns": ["a"]},
        {"message": "received\x00"},
        {"message": "received \ud83d"},
        {"nul\x00in the key": 1},
        {"rows": [{"a\x00": 1}], "columns": ["a\x00"]},
    ],
)
def test_other_results_become_artifacts(value: Any, context: Any) -> None:
    """A result that is too large, or that Airflow would change or refuse, is written to a file."""
    kept = results.keep(value, context)

    assert results.is_reference(kept)
    assert kept["preview"] is None
    assert results.load(kept) == value
    assert results.load({"deep": [kept]}) == {"deep": [value]}


def test_artifacts_stay_in_their_folder(context: Any, tmp_path: Path) -> None:
    """A run id cannot lead to another folder, and each map index has its own file."""
    assert str(results.artifact_path(context, "html")) == f"file://{tmp_path}/artifacts/d/%2E%2E/a-2.html"


def test_changed_or_forged_artifacts_are_refused(context: Any, tmp_path: Path) -> None:
    """A reference is read only if it is inside the artifacts folder and has the right digest."""
    kept = results.keep([2**64], context)
    Path(kept["path"].removeprefix("file://")).write_text(json.dumps([1]))

    with pytest.raises(ValueError, match="has changed"):
        results.load(kept)
    for path in ("file:///etc/passwd", f"file://{tmp_path}/artifacts/../x", f"file://{tmp_path}/artifacts2/x", ""):
        with pytest.raises(ValueError, match="is not under"):
            results.load({**kept, "path": path})


# --- tables -----------------------------------------------------------------------------------------------------------

_texts = st.text(max_size=4)
_columns = {
    "bool": st.booleans(),
    "int": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "text": _texts,
    "list": st.lists(st.integers(-9, 9), max_size=3),
    "object": st.fixed_dictionaries({"a": _texts, "b": st.booleans()}),
    "any": st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
        max_leaves=4,
    ),
}


@st.composite
def tables(draw: st.DrawFn) -> Any:
    """Any JSON table: columns of one type or of mixed types, with or without nulls."""
    kinds = draw(st.dictionaries(_texts, st.sampled_from(sorted(_columns)), max_size=4))
    cells = {
        name: _columns[kind] | st.none() if draw(st.booleans()) else _columns[kind] for name, kind in kinds.items()
    }
    records = draw(st.lists(st.fixed_dictionaries(cells), max_size=5))
    form = draw(st.sampled_from(["list", "records", "arrays"]))
    if form == "list":
        return records
    rows = records if form == "records" else [list(row.values()) for row in records]
    return {"row_count": len(rows), "columns": list(kinds), "rows": rows, "more": draw(_columns["any"])}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables())
def test_any_table_comes_back(table: Any, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loaded value equals the stored one, including types and the order of keys, in both file formats."""
    pytest.importorskip("pyarrow")
    monkeypatch.setenv("AIRFLOW__VAI__RESULT_LIMIT_BYTES", "0")
    kept = results.keep(table, context)

    assert kept["artifact"] in ("json", "parquet")
    assert json.dumps(results.load(kept)) == json.dumps(table)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (TABLE, "parquet"),
        ({"columns": ["n", "s"], "rows": [[1, "a"], [2, None]], "row_count": 2}, "parquet"),
        ({"columns": ["n"], "rows": [{"n": [1, 2]}, {"n": []}], "row_count": 2}, "parquet"),
        ([{"n": 1}, {"n": 2.5}], "json"),
        ([{"n": 1}, {"m": 1}], "json"),
        ([{"n": 2**64}], "json"),
        ([{"n": "\ud800"}], "json"),
        ([{"n": {}}], "json"),
        ({"columns": ["n", "n"], "rows": [[1, 2]]}, "json"),
        ({"columns": ["n"], "rows": []}, "json"),
        ([1, 2, 3], "json"),
        ({"a": "x"}, "json"),
    ],
)
def test_tables_become_parquet(value: Any, form: str, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that Parquet preserves exactly is stored as Parquet; its reference has the same fields as for JSON."""
    pytest.importorskip("pyarrow")
    monkeypatch.setenv("AIRFLOW__VAI__RESULT_LIMIT_BYTES", "0")
    kept = results.keep(value, context)

    assert (kept["artifact"], kept["path"].rpartition(".")[2]) == (form, form)
    assert json.dumps(results.load(kept)) == json.dumps(value)
    assert results.is_reference(kept)
    rows = value["rows"] if isinstance(value, dict) and "rows" in value else value
    assert kept["rows"] == (len(rows) if isinstance(rows, list) else None)


def test_parquet_is_readable_elsewhere(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other Parquet readers can read the file, and a path of a step selects a part of it."""
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setenv("AIRFLOW__VAI__RESULT_LIMIT_BYTES", "0")
    kept = results.keep({"columns": list(TABLE[0]), "rows": TABLE}, context)

    assert parquet.read_table(kept["path"].removeprefix("file://")).to_pylist() == TABLE
    assert results.load(results.select(kept, ["rows", 3, "s"], step="a")) == "ü3"


def test_changed_or_forged_parquet_is_refused(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest is checked, and a reference to another kind of file is refused."""
    pytest.importorskip("pyarrow")
    monkeypatch.setenv("AIRFLOW__VAI__RESULT_LIMIT_BYTES", "0")
    text, table = results.keep({"a": 1}, context), results.keep(TABLE, context)

    with pytest.raises(ValueError, match="not a Parquet file"):
        results.load({**text, "artifact": "parquet"})
    with pytest.raises(ValueError, match="which later steps cannot read"):
        results.load({**text, "artifact": "pickle"})
    with pytest.raises(ValueError, match="is not under"):
        results.load({**table, "path": "file:///etc/passwd"})
    Path(table["path"].removeprefix("file://")).write_bytes(b"PAR1")
    with pytest.raises(ValueError, match="has changed"):
        results.load(table)


def test_without_pyarrow(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyarrow a worker writes JSON, and an error says what to install if it has to read Parquet."""
    pytest.importorskip("pyarrow")
    monkeypatch.setenv("AIRFLOW__VAI__RESULT_LIMIT_BYTES", "0")
    kept, imported = results.keep(TABLE, context), builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name.partition(".")[0] == "pyarrow":
            raise ImportError("No module named 'pyarrow'")
        return imported(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=r"airflow-provider-vai\[parquet\]"):
        results.load(kept)
    assert results.keep(TABLE, context)["artifact"] == "json"
