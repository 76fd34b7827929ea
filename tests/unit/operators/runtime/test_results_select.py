"""``select`` follows the same paths as the crystallizer, in results and in artifacts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_vai.operators.runtime import results

MAILS = "- id_: '9'\n  subject: Rent\n- id_: '10'\n  subject: Food\n"
PATH = ["text:yaml", "[subject=Food]", "id_", "is:text"]


def test_a_text_result() -> None:
    """The path says how a text is parsed."""
    assert results.select(MAILS, PATH, step="search") == "10"


def test_what_is_not_there() -> None:
    """The message names the step, the place and the value there."""
    with pytest.raises(LookupError) as caught:
        results.select(MAILS.replace("Food", "Fees"), PATH, step="search")
    assert str(caught.value) == (
        "the step 'search' has no '[subject=Food]' at ['text:yaml']: no records match, found a list of length 2"
    )


def test_a_large_text_is_read_from_its_artifact(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path is stored in the reference until the artifact is loaded."""
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", f"file://{tmp_path}")
    monkeypatch.setenv("AIRFLOW__VAI__RESULT_LIMIT_BYTES", "10")
    instance = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1)
    kept = results.keep(MAILS, {"ti": instance})  # type: ignore[typeddict-item]
    taken = results.select(kept, PATH, step="search")
    assert results.is_reference(taken)
    assert results.load(taken) == "10"
    with pytest.raises(LookupError, match="no 'is:number'"):
        results.load(results.select(kept, [*PATH[:-1], "is:number"], step="search"))
