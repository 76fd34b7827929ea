"""What stays in XCom, what becomes an artifact, and what is read back."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_vai.operators import results


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A task's context; artifacts go to a folder of the test."""
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", f"file://{tmp_path}/artifacts")
    return {"ti": SimpleNamespace(dag_id="d", run_id="..", task_id="a", map_index=2)}


@pytest.mark.parametrize("value", [None, 1, 2**63 - 1, "x", [1.5], {"a": {"b": [True]}}, {"_a": 1}])
def test_small_results_stay(value: Any, context: Any) -> None:
    """What XCom carries unchanged stays in XCom."""
    assert results.keep(value, context) == value


@pytest.mark.parametrize(
    "value",
    [
        "x" * 60_000,
        2**63,
        [{"a": [-(2**64)]}],
        {"__classname__": "x"},
        [{"__type": "datetime", "__var": 0}],
        {"rows": [{"__data__": {}}], "columns": ["a"]},
    ],
)
def test_other_results_become_artifacts(value: Any, context: Any) -> None:
    """What is too large, or what Airflow's protocol or serialiser would change or refuse, is written to a file."""
    kept = results.keep(value, context)

    assert results.is_reference(kept)
    assert kept["preview"] is None
    assert results.load(kept) == value
    assert results.load({"deep": [kept]}) == {"deep": [value]}


def test_artifacts_stay_in_their_folder(context: Any, tmp_path: Path) -> None:
    """Names of runs cannot lead elsewhere; a map index has its own file."""
    assert str(results.artifact_path(context, "html")) == f"file://{tmp_path}/artifacts/d/%2E%2E/a-2.html"


def test_changed_or_forged_artifacts_are_refused(context: Any, tmp_path: Path) -> None:
    """A reference is read only inside the artifacts' folder and with its digest."""
    kept = results.keep([2**64], context)
    Path(kept["path"].removeprefix("file://")).write_text(json.dumps([1]))

    with pytest.raises(ValueError, match="was changed"):
        results.load(kept)
    for path in ("file:///etc/passwd", f"file://{tmp_path}/artifacts/../x", f"file://{tmp_path}/artifacts2/x", ""):
        with pytest.raises(ValueError, match="is not under"):
            results.load({**kept, "path": path})
