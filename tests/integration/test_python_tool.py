"""``python_tool`` when the function differs from the reviewed one."""

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
    """A changed function is called with a warning, or not at all if the step says so."""
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
    assert ran.log.count(f"its source was {'0' * 64} and is now {found}") >= 2


def test_what_is_kept_is_what_wires_were_proven_on(
    run_dag: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A text that is a JSON object or array is stored as data, as in traces; other results are unchanged."""
    (tmp_path / "vai_texts.py").write_text(
        "import json\n"
        "ROW = {'orders': [{'id': 'A-1'}]}\n"
        "def text_object():\n    return json.dumps(ROW)\n"
        "async def text_list():\n    return ' ' + json.dumps([ROW])\n"
        "def text_number():\n    return '42'\n"
        "def text_plain():\n    return 'order A-1'\n"
        "def number():\n    return 42\n"
        "def same(value):\n    return value\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    ran = run_dag(
        """
        def call(name, **arguments):
            return PythonToolOperator(
                task_id=name, python_callable=f"vai_texts:{name}", arguments=arguments, effect="read"
            )
        steps = [call(name) for name in ("text_object", "text_list", "text_number", "text_plain", "number")]
        wired_to = {"value": [wired(steps[0], "orders", 0, "id"), wired(steps[1], 0, "orders"), wired(steps[2])]}
        steps >> call("same", **wired_to)
        """
    )

    row = {"orders": [{"id": "A-1"}]}
    assert {name: ran.results[name] for name in ("text_object", "text_list", "text_plain", "number")} == {
        "text_object": row,
        "text_list": [row],
        "text_plain": "order A-1",
        "number": 42,
    }
    assert ran.results["same"] == ["A-1", row["orders"], "42"]


def test_another_word_is_refused_when_the_file_is_read() -> None:
    """A DAG file with an unknown ``on_change`` has an import error."""
    from airflow_provider_vai.operators.python_tool import PythonToolOperator

    with pytest.raises(ValueError, match="not 'ignore'"):
        PythonToolOperator(task_id="a", python_callable="m:f", on_change="ignore")
