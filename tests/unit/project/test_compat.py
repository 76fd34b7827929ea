"""DAG files and sidecars of schema version 1: they load, lint, and are edited, rendered and activated as before."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.analysis.lint import lint
from airflow_provider_vai.analysis.verify.files import verify
from airflow_provider_vai.authoring import editing
from airflow_provider_vai.cli import main as cli
from airflow_provider_vai.model import review
from airflow_provider_vai.model.review_codes import CODES, LEFT_OUT
from airflow_provider_vai.model.sidecar import to_review
from airflow_provider_vai.store import lifecycle
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.sidecar_files import read_sidecar
from airflow_provider_vai.store.state import read_state
from airflow_provider_vai.store.versions import VersionLog
from tests.paths import ROOT
from tests.unit.support import executed

FIRST = ROOT / "tests/compat/version_1"
NAMES = sorted(path.name.removesuffix(".vai.json") for path in FIRST.glob("*.vai.json"))
UNGATED = ("add_note", "call_agent", "call_automation", "plan_discount")
SHARED = ("dlt_extract", "file_sync", "duckdb_transform")
"""Steps that write to a destination that nobody declared as the automation's own; they counted as artifacts."""

ABOUT_THE_MACHINE = ("VAI111", "VAI112")
LINT = {
    "every_kind": [("VAI404", f"steps.{key}.approval.gate") for key in sorted((*SHARED, *UNGATED))],
    "vai_book_invoice_7_and_archive_the_rest": [("VAI408", "steps.approve_book.arguments.response_timeout")],
    "vai_garden": [("VAI406", "steps.water.approval.reason")],
    "vai_stock_check": [("VAI404", f"steps.{key}.approval.gate") for key in ("find_item", "list_sites")],
}
"""What lint says of them, nothing of the others. It said the same when they were written, except for ``SHARED`` and
VAI408."""


NO_ASSETS = "default_args={'action_asset': False}"


@pytest.fixture(params=NAMES)
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The sidecar of a pair of files in a folder of their own."""
    for path in FIRST.glob(f"{request.param}.*"):
        shutil.copy(path, tmp_path)
    return tmp_path / f"{request.param}.vai.json"


def dag_file(pair: Path) -> Path:
    """Return the DAG file of a sidecar."""
    return pair.with_name(pair.name.removesuffix(".vai.json") + ".py")


def logged(pair: Path, **changes: Any) -> None:
    """Give the automation the log that an earlier release wrote for it, and the same fields to its sidecar."""
    sidecar, text = {**json.loads(pair.read_text()), "entry": 1, **changes}, dag_file(pair).read_text()
    pair.write_text(json.dumps(sidecar, indent=2) + "\n")
    made = sidecar["history"][-1]
    entry = {"number": 1, "change": "version", "at": made["at"], "by": made["by"], "summary": made["summary"]}
    file = pair.parent / ".vai" / sidecar["dag_id"] / "000001.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({**entry, "sidecar": sidecar, "rendered": text, "dag_file": text}))


def without_docstring(text: str) -> str:
    """Return what a DAG file does: without comments, its docstring, ``doc_md`` and the assets of its steps."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.keywords = [keyword for keyword in node.keywords if ast.unparse(keyword) != NO_ASSETS]
            node.keywords = [keyword for keyword in node.keywords if keyword.arg != "doc_md"]
        if isinstance(node, ast.List):
            node.elts = [part for part in node.elts if "vai://actions/" not in ast.dump(part)]
    return ast.dump(ast.Module(tree.body[1:], []))


def test_there_are_twelve() -> None:
    """None was lost."""
    assert len(NAMES) == 12


def test_the_sidecar_loads(pair: Path) -> None:
    """Every finding has a known code, those of steps are what the steps show; the spec counts as it was written."""
    before = json.loads(pair.read_text())
    assert before["schema_version"] == 1
    sidecar = read_sidecar(pair)
    assert sidecar.schema_version == 2
    assert {item.code for item in sidecar.review} <= CODES.keys()
    assert "undecided" not in {item.code for item in sidecar.review}
    assert sidecar.review == review.items(sidecar.steps, review.notes(sidecar))
    assert bool(sidecar.review) == bool(before["review"])
    assert {entry.code for entry in sidecar.not_crystallized} <= LEFT_OUT.keys() - {"other"}
    assert not any(
        line.endswith("left frozen") for it in sidecar.steps for a in it.arguments.values() for line in a.evidence
    )
    assert sidecar.spec_sha256 == sidecar.history[-1].spec_sha256
    assert verify(pair, [str(ROOT / "tests/integration")]) == verify(dag_file(pair), [str(ROOT / "tests/integration")])


def test_lint_says_what_it_said(pair: Path) -> None:
    """Nothing new, nothing less; what is installed here is not the file's matter."""
    expected = LINT.get(pair.name.removesuffix(".vai.json"), [])
    found = [it for it in lint([pair.parent]) if it.code not in ABOUT_THE_MACHINE]
    assert [(it.code, it.field) for it in found] == expected


def test_the_dag_file_runs_as_it_is(pair: Path) -> None:
    """The import paths and arguments in it are still there."""
    assert len(executed(dag_file(pair).read_text())) > 1


def test_rendering_writes_the_same_tasks(pair: Path) -> None:
    """As a new version of the newest schema, whose docstring says in other words what to review."""
    before = dag_file(pair).read_text()
    assert cli.main(["render", str(pair)]) == 0
    assert json.loads(pair.read_text())["schema_version"] == 2
    assert read_sidecar(pair).version == 2
    assert without_docstring(dag_file(pair).read_text()) == without_docstring(before)
    assert {it.code for it in lint([pair.parent])} <= {*ABOUT_THE_MACHINE, "VAI404", "VAI406", "VAI408"}


def test_editing(pair: Path) -> None:
    """The first version joins the log, the edit is the second; the review is what it was."""
    before = read_sidecar(pair)
    after = editing.set_options(before.automation, description="Another one")
    publish(after, pair.parent, from_sidecar=True)
    assert read_sidecar(pair).review == before.review
    assert [(it.change, it.sidecar.version) for it in VersionLog(pair.parent, before.dag_id).entries()] == [
        ("version", 2), ("version", 1),
    ]  # fmt: skip


def test_activation(pair: Path) -> None:
    """The record names the items; nothing is left to review."""
    assert cli.main(["activate", str(pair), "--record-only", "--reviewed", "all"]) == 0
    sidecar = read_sidecar(pair)
    assert (sidecar.status, sidecar.reviews[-1].items) == ("active", sidecar.review)
    assert to_review(sidecar) == {}


def test_what_was_reviewed_stays_reviewed(pair: Path) -> None:
    """An active automation of then, with its log: an edit asks for nothing again, and old versions come back."""
    lines = json.loads(pair.read_text())["review"]
    review = {"version": 1, "at": "2026-01-02T03:04:05Z", "by": "mia", "items": lines}
    logged(pair, status="active", reviews=[review])
    state = read_state(pair.parent, json.loads(pair.read_text())["dag_id"])
    assert state.sidecar is not None
    assert not state.is_spec_edited
    edited = editing.set_options(state.sidecar.automation, description="Another one")
    publish(edited, pair.parent, from_sidecar=True)
    assert to_review(read_sidecar(pair)) == {}
    lifecycle.restore(pair.parent, state.sidecar.dag_id, 1)
    assert read_sidecar(pair).automation == state.sidecar.automation
    assert not {it.code for it in lint([pair.parent])} & {"VAI505", "VAI602", "VAI603"}


def test_an_edit_by_hand_is_kept(pair: Path) -> None:
    """A line that was added to the DAG file is merged into the new rendering."""
    logged(pair)
    dag_file(pair).write_text(dag_file(pair).read_text() + "\n# by hand\n")
    assert cli.main(["render", str(pair)]) == 0
    assert dag_file(pair).read_text().endswith("\n# by hand\n")


def test_a_spec_that_was_edited_by_hand_is_told(pair: Path) -> None:
    """The digest of a version 1 file still tells the rendered spec from another one."""
    document = json.loads(pair.read_text())
    pair.write_text(json.dumps({**document, "description": "mine"}))
    assert "the spec was edited but not rendered" in [it.problem for it in verify(pair, [])]
