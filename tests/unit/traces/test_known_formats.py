"""Tests of the table of formats: it says what the readers say, and excludes no reader that accepts a file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.traces.format_table import BUILT_IN
from airflow_provider_vai.traces.formats import adapters, read
from airflow_provider_vai.traces.known_formats import SMALL, candidates, coverage_of_format
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Adapter
from tests.paths import TRACES

READERS = [adapter for adapter in adapters() if adapter.name in BUILT_IN]
FILES = sorted(
    path for folder in (TRACES, TRACES / "matrix") for path in folder.iterdir() if path.suffix in (".json", ".jsonl")
)
CHAT = {"messages": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hello"}]}


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_the_table_says_what_the_reader_says(reader: Adapter) -> None:
    """A description and coverage in the table are those of the reader."""
    known = BUILT_IN[reader.name]
    assert (known.description, known.coverage) == (reader.description, reader.coverage)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_reader_that_accepts_a_file_is_excluded(path: Path) -> None:
    """Each document, each of its items, and what is one level down, may have the format of every reader that accepts
    it."""
    text = path.read_text()
    document: Any = list(map(json.loads, text.splitlines())) if path.suffix == ".jsonl" else json.loads(text)
    inner = document.values() if isinstance(document, dict) else document[:20]
    for part in (document, *(part for part in inner if isinstance(part, (dict, list)))):
        accepting = {reader.name for reader in READERS if reader.accepts(part)}
        text = json.dumps(part, ensure_ascii=False)
        assert accepting <= candidates(text.encode())


def test_a_file_of_one_format_has_few_candidates() -> None:
    """A plain chat excludes the readers of spans, sessions and frameworks."""
    found = candidates(json.dumps(CHAT).encode())
    assert "openai_chat" in found
    assert len(found) < 6


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"x": "\\u006dessages"}).replace("\\\\", "\\").encode(),
        json.dumps(CHAT).encode("utf-16"),
        rb'{"op": "weave:\/\/\/op"}',
        json.dumps({"text": "x" * SMALL}).encode(),
    ],
)
def test_a_word_that_may_be_written_otherwise_excludes_nothing(content: bytes) -> None:
    """Escapes of letters and slashes, encodings of two bytes, and large files leave every format possible."""
    assert candidates(content) == BUILT_IN.keys()


def test_a_chat_with_escaped_keys_is_read(tmp_path: Path) -> None:
    """A key that is written with escapes is the same key."""
    path = tmp_path / "chat.json"
    path.write_text(json.dumps(CHAT).replace("role", "\\u0072ole").replace("messages", "\\u006dessages"))
    assert read(path)[1][0].format == "openai_chat"


def test_an_unknown_format_has_the_most_coverage() -> None:
    """The coverage of a format that no reader has is the default."""
    assert coverage_of_format("unheard_of") == Coverage()
    assert coverage_of_format("dspy") == BUILT_IN["dspy"].coverage


def _imported(*words: str) -> set[str]:
    """Return the names of the modules that a command imports."""
    code = (
        "import sys, io, contextlib\nfrom airflow_provider_vai.cli.main import main\n"
        f"with contextlib.redirect_stdout(io.StringIO()): main({list(words)})\nprint(*sys.modules)"
    )
    command = [sys.executable, "-c", code]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("command", ["kinds", "formats"])
def test_a_list_imports_no_model_and_no_reader(command: str) -> None:
    """What the lists print is data."""
    imported = _imported(command)
    assert not [name for name in imported if name.startswith(("pydantic", "airflow_provider_vai.traces.formats"))]


def test_inspecting_a_chat_imports_few_readers(tmp_path: Path) -> None:
    """A file imports the readers that may accept it; no model of automations is needed to show a run."""
    path = tmp_path / "chat.json"
    path.write_text(json.dumps(CHAT))
    imported = _imported("inspect", str(path))
    assert "airflow_provider_vai.traces.formats.openai.chat" in imported
    assert not {f"airflow_provider_vai.{name}" for name in ("model.kind_arguments", "model.argument")} & imported
    assert not [name for name in imported if name.startswith("airflow_provider_vai.traces.formats.spans")]
