"""Recordings are stored unchanged, once, and found by the id of their run."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.authoring import stored_recordings as recordings_store
from airflow_provider_vai.authoring.stored_recordings import FOLDER, found, listed, store
from airflow_provider_vai.exceptions import TraceError, UnreadableTrace
from airflow_provider_vai.traces.formats import read
from tests.paths import ROOT, TRACES

FILES = sorted(path for path in TRACES.iterdir() if path.suffix in (".json", ".jsonl", ".yaml"))
SEED = json.loads((ROOT / "dev/example/seed.json").read_text(encoding="utf-8"))


def trace(run_id: str, **fields: Any) -> bytes:
    """Return a trace of one run with this id."""
    return json.dumps({**SEED, "agentRun": {**SEED["agentRun"], "id": run_id, **fields}}).encode()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_format(path: Path, tmp_path: Path) -> None:
    """A file of any format is stored byte by byte, and each of its runs can be read again."""
    content = path.read_bytes()
    entries, is_new = store(tmp_path, content, None, ".yaml" if path.suffix == ".yaml" else ".json", "me")

    assert is_new
    assert [one.run_id for one in entries] == [run.id for run in read(path)[1]]
    for entry in entries:
        assert found(tmp_path, entry.source, entry.run_id) == entry
        assert recordings_store.run(tmp_path, entry).id == entry.run_id
    (kept,) = (tmp_path / FOLDER / "traces").iterdir()
    assert kept.read_bytes() == content


@given(st.text(min_size=1, max_size=50).filter(lambda text: text == text.strip()))
def test_ids_of_any_kind(tmp_path_factory: pytest.TempPathFactory, run_id: str) -> None:
    """A run id may be any text; its index entry has a safe file name."""
    folder = tmp_path_factory.mktemp("store")
    (entry,), _ = store(folder, trace(run_id), None, ".json", "me")

    assert entry.run_id == run_id
    assert found(folder, "agent_run", run_id) == entry
    (file,) = (folder / FOLDER / "agent_run").iterdir()
    assert file.name.replace(".", "").isalnum()


def test_the_same_again(tmp_path: Path) -> None:
    """Storing the same file again returns the first entry."""
    first, was_new = store(tmp_path, trace("r"), None, ".json", "me")
    again, is_new = store(tmp_path, trace("r"), None, ".json", "you")

    assert (was_new, is_new) == (True, False)
    assert again == first
    assert listed(tmp_path, "agent_run") == first


def test_a_later_export(tmp_path: Path) -> None:
    """Of several exports of one run, the one stored last counts, even if it was stored before."""
    contents = [trace("r", completedAt=f"2026-01-05T0{hour}:00:00Z") for hour in (8, 9)]
    for content in (*contents, contents[0]):
        (entry,), is_new = store(tmp_path, content, None, ".json", "me")
        assert is_new
        assert found(tmp_path, "agent_run", "r") == entry
    assert len(listed(tmp_path, "agent_run")) == 1
    assert len(list((tmp_path / FOLDER / "traces").iterdir())) == 2


def test_many_at_once(tmp_path: Path) -> None:
    """If twenty clients store different exports of one run at once, each gets its own number."""
    contents = [trace("r", completedAt=f"2026-01-05T08:00:{number:02}Z") for number in range(20)]

    with ThreadPoolExecutor(20) as pool:
        stored = list(pool.map(lambda content: store(tmp_path, content, None, ".json", "me"), contents))

    assert all(is_new for _, is_new in stored)
    names = sorted(path.name.split(".")[1] for path in (tmp_path / FOLDER / "agent_run").iterdir())
    assert names == [f"{number:06}" for number in range(1, 21)]
    assert found(tmp_path, "agent_run", "r") in [entries[0] for entries, _ in stored]


def test_titles_are_masked(tmp_path: Path) -> None:
    """The index entry of a run contains no credential."""
    token = "ghp_" + "a1B2" * 9
    (entry,), _ = store(
        tmp_path, trace("r", input={"prompt": f"use {token}"}, title=f"use {token}"), None, ".json", "me"
    )

    assert token not in str(vars(entry))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": 1}', b"\xff", b"\0", b"[" * 100_000])
def test_what_is_no_trace(tmp_path: Path, content: bytes) -> None:
    """An invalid trace is refused before anything is stored, and the message names no folder."""
    with pytest.raises(TraceError) as refused:
        store(tmp_path, content, None, ".json", "me")
    assert "/" not in refused.value.where
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", [b"", b"{}", None])
def test_a_damaged_trace(tmp_path: Path, damage: bytes | None) -> None:
    """A stored file that is missing or changed is reported and not used."""
    (entry,), _ = store(tmp_path, trace("r"), None, ".json", "me")
    (file,) = (tmp_path / FOLDER / "traces").iterdir()
    file.unlink() if damage is None else file.write_bytes(damage)

    with pytest.raises(UnreadableTrace, match="missing or damaged"):
        recordings_store.run(tmp_path, entry)


def test_what_is_not_there(tmp_path: Path) -> None:
    """Nothing is found in a missing folder or for another source."""
    assert found(tmp_path / "none", "agent_run", "r") is None
    assert listed(tmp_path / "none", "chat_thread") == []
    store(tmp_path, trace("r"), None, ".json", "me")
    assert found(tmp_path, "chat_thread", "r") is None


def test_one_of_several_exports(tmp_path: Path) -> None:
    """An earlier export is found by its file's digest."""
    early, late = (
        store(tmp_path, trace("r", completedAt=f"2026-01-05T0{hour}:00:00Z"), None, ".json", "me")[0][0]
        for hour in (8, 9)
    )

    assert found(tmp_path, "agent_run", "r", early.trace_sha256) == early
    assert found(tmp_path, "agent_run", "r") == late
    assert found(tmp_path, "agent_run", "r", "0" * 64) is None


def test_exports(tmp_path: Path) -> None:
    """Exports are named by run id, followed by the digest if the id is ambiguous."""
    token = "ghp_" + "a1B2" * 9
    entries = [
        store(tmp_path, content, None, ".json", "me")[0][0]
        for content in (trace("r"), trace("r", title="again"), trace("s"), trace(token))
    ]

    exports = recordings_store.exports(tmp_path, entries)

    again = [f"r@{entry.trace_sha256[:8]}" for entry in entries[:2]]
    assert [export.name for export in exports[:3]] == [*again, "s"]
    assert token not in exports[3].name
    assert [export.sha256 for export in exports] == [entry.trace_sha256 for entry in entries]
    assert [export.run.id for export in exports] == ["r", "r", "s", token]
