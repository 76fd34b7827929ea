"""What fuzzing found worth keeping: inputs that reach unusual code are read, or refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_provider_vai.authoring.specs.file import read_spec
from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.model.sidecar import parse_sidecar
from airflow_provider_vai.renderer.render import render
from airflow_provider_vai.traces.formats import adapters
from airflow_provider_vai.traces.reading.trace import Trace
from tests.paths import ROOT

CORPUS = ROOT / "dev/bench_fuzz/corpus"
READERS = [path.stem for path in sorted(CORPUS.glob("*.json"))]
ADAPTERS = {adapter.name: adapter for adapter in adapters()}


def inputs(reader: str) -> list[bytes]:
    """Return the kept inputs of a reader."""
    return [text.encode("latin-1") for text in json.loads((CORPUS / f"{reader}.json").read_text("utf-8"))]


@pytest.mark.parametrize("reader", sorted(set(READERS) & set(ADAPTERS)))
def test_traces(reader: str) -> None:
    """Each run can be written and read again, and has calls of its own turns."""
    for content in inputs(reader):
        trace = Trace(Path("file.json"), content)
        try:
            assert ADAPTERS[reader].accepts(trace.document) in (True, False)
            found = list(ADAPTERS[reader].runs(trace))
        except VaiError:
            continue
        for run in found:
            assert Run.model_validate_json(run.model_dump_json()) == run
            assert len({call.id for call in run.calls}) == len(run.calls)
            assert all(call.turn < len(run.turns) for call in run.calls)


def test_specs(tmp_path: Path) -> None:
    """A spec that is accepted renders Python."""
    path = tmp_path / "spec.vai.yaml"
    for content in inputs("spec"):
        path.write_bytes(content)
        try:
            compile(render(read_spec(path)), "dag.py", "exec")
        except VaiError:
            continue


def test_sidecars() -> None:
    """A sidecar that is accepted is the same after it was written and read again."""
    for content in inputs("sidecar"):
        try:
            text = parse_sidecar(content, "a.vai.json").text()
        except VaiError:
            continue
        assert parse_sidecar(text.encode(), "a.vai.json").text() == text
