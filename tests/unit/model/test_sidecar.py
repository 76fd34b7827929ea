"""The sidecar file: text and back, versions of its schema, and the published JSON Schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from airflow_provider_vai.cli import main as cli
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.sidecar_files import read_sidecar
from airflow_provider_vai.traces.formats import read
from tests.paths import TRACES
from tests.unit.support import call, crystallized, run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A sidecar as it is published: a wire, a gate, a secret, a call left out, odd numbers."""
    recorded = run(
        call("find", {"q": "x", "limits": [1, 1.0, True, -0.0, 10**30]}, "record 4711"),
        call("send", {"text": "record 4711", "api_key": "not-kept"}, approval="approved"),
        call("drop", outcome="denied", approval="denied"),
        title="Two calls",
    )
    automation = crystallized(recorded)
    return publish(automation, tmp_path).sidecar


def test_text_reads_back_to_the_same_text(file: Path) -> None:
    """Nothing is lost or changed between the file and the model."""
    sidecar = read_sidecar(file)
    assert sidecar.text() == file.read_text()
    assert sidecar.automation.spec_sha256 == sidecar.history[-1].spec_sha256


def test_first_fields_say_what_the_file_is(file: Path) -> None:
    """Who opens it sees the schema, the DAG, its origin and history before the steps."""
    assert list(json.loads(file.read_text()))[:12] == [
        "schema_version", "dag_id", "dag_sha256", "generator", "rendered_sha256", "source_type", "source", "status",
        "version", "entry", "history", "reviews",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"schema_version": 3}, "schema_version 3 is newer than 2"),
        ({"schema_version": 0}, "schema_version"),
        ({"schema_version": "2"}, "schema_version"),
        ({"status": "live"}, "status: Input should be 'draft', 'active', 'paused' or 'error' (found 'live')"),
        ({"colour": "red"}, "unknown key colour"),
        ({"version": None}, "version"),
        ({"steps": [{"key": "x"}]}, "steps.0.task_id is missing"),
    ],
)
def test_changed_documents_are_refused(change: dict[str, Any], problem: str, file: Path) -> None:
    """A newer schema, and whatever breaks this one: with file, place, value and remedy."""
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(SpecError) as refusal:
        read_sidecar(file)
    assert problem in refusal.value.problem
    assert refusal.value.where == str(file)
    assert refusal.value.remedy


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"{", "not JSON"),
        (b"[]", "the document"),
        (b"null", "the document"),
        (b'{"x": NaN}', "NaN"),
        (b"\xff", "not UTF-8 at byte 0"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_other_files_are_refused(content: bytes, problem: str, tmp_path: Path) -> None:
    """A document that is not a sidecar is refused in the same way."""
    file = tmp_path / "x.vai.json"
    file.write_bytes(content)
    with pytest.raises(SpecError) as refusal:
        read_sidecar(file)
    assert problem in refusal.value.problem
    assert refusal.value.where == str(file)


@pytest.mark.parametrize("name", ["missing.vai.json", "."])
def test_missing_files_are_refused(name: str, tmp_path: Path) -> None:
    """A missing file, or a folder, too."""
    with pytest.raises(SpecError):
        read_sidecar(tmp_path / name)


def schema(model: str, capsys: pytest.CaptureFixture[str]) -> Draft202012Validator:
    """Return a validator of the schema that `vai schema` prints."""
    assert cli.main(["schema", model]) == 0
    published = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(published)
    return Draft202012Validator(published)


def test_schema_of_runs_fits_what_inspect_prints(capsys: pytest.CaptureFixture[str]) -> None:
    """The Run of every sample trace is valid, and another document is not."""
    validator = schema("run", capsys)
    runs = [recorded for path in sorted(TRACES.glob("*.json")) for recorded in read(path)[1]]
    assert len(runs) >= 8
    for recorded in runs:
        assert list(validator.iter_errors(recorded.model_dump(mode="json"))) == []
    assert not validator.is_valid({})


def test_schemas_of_sidecar_and_automation_fit_what_is_written(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is valid under the sidecar's schema, its spec under the automation's; a wrong document is not."""
    sidecars, automations = schema("sidecar", capsys), schema("automation", capsys)
    written = json.loads(file.read_text())
    assert list(sidecars.iter_errors(written)) == []
    assert list(automations.iter_errors(read_sidecar(file).automation.model_dump(mode="json"))) == []
    assert not sidecars.is_valid({**written, "colour": "red"})
    assert not sidecars.is_valid({**written, "status": "live"})
    assert not automations.is_valid(written)
