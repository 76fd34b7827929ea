"""``file_sync`` between local folders; other stores are in test_object_storage."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration

Run = Callable[..., Any]
IMPORT = "from airflow_provider_vai.operators.file_sync import FileSyncOperator\n"
FILES = {"a.csv": b"a,b\n1,2\n", "d/e/b.bin": bytes(range(256)) * 9000, "d/empty": b"", "d/sp ace #1%20é.txt": b"x"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with files of several kinds."""
    for name, content in FILES.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "source"


def sync(source: Any, destination: Any, **arguments: Any) -> str:
    """Return the source of a task."""
    given = {"source": str(source), "destination": str(destination), "retries": 0, **arguments}
    return f"{IMPORT}FileSyncOperator(task_id='a', **{given!r})\n"


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_only_what_changed_is_copied(run_dag: Run, source: Path, tmp_path: Path) -> None:
    """The layout is kept; a second run copies nothing, a third one the changed file. Nothing is deleted."""
    task = sync(f"file://{source}", f"file://{tmp_path}/to")
    first = run_dag(task).results["a"]
    again = run_dag(task).results["a"]
    (source / "a.csv").write_bytes(b"a,b\n1,3\n")  # the same size
    (tmp_path / "to" / "mine").write_bytes(b"stays")
    third = run_dag(task).results["a"]

    assert tree(tmp_path / "to") == {**FILES, "a.csv": b"a,b\n1,3\n", "mine": b"stays"}
    total = sum(len(content) for content in FILES.values())
    assert first == {"copied": 4, "unchanged": 0, "bytes": total, "files": sorted(FILES), "sha256": first["sha256"]}
    assert again == {"copied": 0, "unchanged": 4, "bytes": 0, "files": [], "sha256": first["sha256"]}
    assert third == {"copied": 1, "unchanged": 3, "bytes": 8, "files": ["a.csv"], "sha256": third["sha256"]}
    assert third["sha256"] != first["sha256"]


def test_manifest_digest_is_of_names_sizes_and_contents(run_dag: Run, source: Path, tmp_path: Path) -> None:
    """The digest can be computed again from the source."""
    manifest = [[name, len(FILES[name]), hashlib.sha256(FILES[name]).hexdigest()] for name in ("a.csv",)]
    text = json.dumps(manifest, separators=(",", ":"))
    ran = run_dag(sync(f"file://{source}", f"file://{tmp_path}/to", pattern="*.csv"))

    assert ran.results["a"]["files"] == ["a.csv"]
    assert ran.results["a"]["sha256"] == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("case", ["no source", "overlap", "folder in the way"])
def test_mistakes_are_final(run_dag: Run, source: Path, tmp_path: Path, case: str) -> None:
    """A wrong path fails without a retry and does not change the destination."""
    (tmp_path / "to" / "a.csv").mkdir(parents=True)
    given, message = {
        "no source": ((source / "x", tmp_path / "to"), "no file or folder"),
        "overlap": ((source, source / "d"), "overlap"),
        "folder in the way": ((source, tmp_path / "to"), "is a folder"),
    }[case]
    ran = run_dag(sync(*(f"file://{path}" for path in given), retries=1, retry_delay=1.0))

    assert ran.states["a"] == "failed"
    assert message in ran.log
    assert tree(source) == FILES
    assert tree(tmp_path / "to") == {}


def test_interrupted_try_is_mended(run_dag: Run, source: Path, tmp_path: Path) -> None:
    """After a failure half-way, a rerun copies the rest."""
    blocked = tmp_path / "to" / "d"
    blocked.parent.mkdir()
    blocked.write_bytes(b"a file where a folder must be")
    task = sync(f"file://{source}", f"file://{tmp_path}/to")
    failed = run_dag(task)
    blocked.unlink()
    ran = run_dag(task)

    assert failed.states["a"] == "failed"
    assert (ran.results["a"]["copied"], ran.results["a"]["unchanged"]) == (3, 1)
    assert tree(tmp_path / "to") == FILES
