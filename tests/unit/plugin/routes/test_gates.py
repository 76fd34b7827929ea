"""The page of a gate's question is served by its digest alone."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from fastapi import HTTPException

from airflow_provider_vai.plugin.routes.gates import question

PAGE = b"<h1>Run send?</h1>"


@pytest.fixture(autouse=True)
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page that a gate wrote."""
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", f"file://{tmp_path}")
    (tmp_path / "d/r").mkdir(parents=True)
    (tmp_path / "d/r/gate.html").write_bytes(PAGE)


def test_the_page_is_served_without_rights() -> None:
    """The question's link opens it; it may run and load nothing."""
    answer = question("d", "r", "gate", hashlib.sha256(PAGE).hexdigest())

    assert answer.body == PAGE
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("task_id", "digest"), [("gate", "0" * 64), ("other", hashlib.sha256(b"").hexdigest()[:-1]), ("..", "")]
)
def test_another_page_is_not(task_id: str, digest: str) -> None:
    """A question whose page was replaced, or never written, leads nowhere."""
    with pytest.raises(HTTPException, match="404"):
        question("d", "r", task_id, digest)


def test_a_missing_page_has_no_digest() -> None:
    """Not even the digest of nothing opens a page that is not there."""
    with pytest.raises(HTTPException, match="404"):
        question("d", "r", "other", hashlib.sha256(b"").hexdigest())
