"""``python_tool`` where the function is another one than was reviewed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration

Run = Callable[..., Any]
SOURCE = "def double(n):\n    return 2 * n\n"


def test_a_changed_source_fails_or_warns(run_dag: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A function that differs from the reviewed one is called with a warning, or not at all where the step says so."""
    (tmp_path / "vai_doubling.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = hashlib.sha256(SOURCE.encode()).hexdigest()
    ran = run_dag(
        f"""
        def call(task_id, digest, **more):
            return PythonToolOperator(task_id=task_id, python_callable='vai_doubling:double', arguments={{'n': 4}},
                                      source_sha256=digest, **more)
        call('same', {found!r})
        call('fail', '0' * 64, on_change='fail')
        call('warn', '0' * 64)
        """
    )

    assert ran.states == {"same": "success", "fail": "failed", "warn": "success"}
    assert ran.results == {"same": 8, "warn": 8}
    assert ran.log.count(f"its source is {found} now, and was {'0' * 64}") >= 2


def test_another_word_is_refused_when_the_file_is_read() -> None:
    """A DAG file with an unknown ``on_change`` does not import."""
    from airflow_provider_vai.operators.python_tool import PythonToolOperator

    with pytest.raises(ValueError, match="not 'ignore'"):
        PythonToolOperator(task_id="a", python_callable="m:f", on_change="ignore")
