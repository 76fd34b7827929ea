"""Edits by hand are found by the digests in the sidecar."""

from __future__ import annotations

from airflow_provider_vai.store.edits import dag_sha256, is_dag_file_edited, is_spec_edited, keeps_edits
from airflow_provider_vai.store.sidecar_files import read_sidecar
from tests.paths import GOLDEN

FOLDER = GOLDEN / "demo/expected"


def test_a_pair_as_it_was_written() -> None:
    """Neither file was edited; text and bytes have the same digest."""
    sidecar = read_sidecar(FOLDER / "monthly_revenue_report.vai.json")
    dag = FOLDER / "monthly_revenue_report.py"

    assert dag_sha256(dag.read_bytes()) == dag_sha256(dag.read_text("utf-8")) == sidecar.dag_sha256
    assert not is_dag_file_edited(sidecar, dag.read_bytes())
    assert not is_spec_edited(sidecar)
    assert not keeps_edits(sidecar)


def test_an_edited_pair() -> None:
    """Each edit is detected by itself."""
    sidecar = read_sidecar(FOLDER / "monthly_revenue_report.vai.json")

    assert is_dag_file_edited(sidecar, "# mine\n")
    assert is_spec_edited(sidecar.model_copy(update={"description": "mine"}))
    assert keeps_edits(sidecar.model_copy(update={"rendered_sha256": "0" * 64}))


def test_bytes_that_are_not_utf8() -> None:
    """A file that is not UTF-8 keeps its digest when it is decoded."""
    content = b"# caf\xe9\n"

    assert dag_sha256(content.decode("utf-8", "surrogateescape")) == dag_sha256(content)
