"""What lint does once for an automation: read its files, validate its data."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_vai.analysis.lint import lint
from airflow_provider_vai.model.sidecar import SUFFIX, Sidecar, parse_sidecar
from airflow_provider_vai.store.damage import damages, logged_dag_ids
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.versions import Entry, VersionLog
from tests.paths import GOLDEN


@pytest.fixture
def sidecar(tmp_path: Path) -> Path:
    """Return the sidecar of a published automation, with its DAG file and log beside it."""
    source = sorted(GOLDEN.rglob(f"*{SUFFIX}"))[0]
    read = parse_sidecar(source.read_bytes(), str(source))
    publish(read.automation, tmp_path)
    return tmp_path / (read.dag_id + SUFFIX)


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of models that are validated from now on, which grows."""
    validated: list[str] = []
    for model in (Sidecar, Entry):
        validate = model.model_validate

        def counted(data: object, *, _validate: object = validate, _name: str = model.__name__) -> object:
            validated.append(_name)
            return _validate(data)  # type: ignore[operator]

        monkeypatch.setattr(model, "model_validate", counted)
    return validated


def test_a_sidecar_is_validated_once(sidecar: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules, the check of damage and the entry of the log share one validated sidecar."""
    validated = _counted(monkeypatch)
    lint([sidecar])
    assert validated.count("Sidecar") == 1
    lint([sidecar.parent])
    assert validated.count("Sidecar") == 2
    assert validated.count("Entry") == 2


def test_an_entry_with_other_data_is_validated(sidecar: Path) -> None:
    """Knowing the sidecar does not hide damage in the log."""
    data = json.loads(sidecar.read_text())
    known = data, parse_sidecar(sidecar.read_bytes(), "x")
    assert damages(sidecar.parent, data["dag_id"], known) == []
    path = VersionLog(sidecar.parent, data["dag_id"]).path(1)
    entry = json.loads(path.read_text())
    entry["sidecar"]["steps"] = "none"
    path.write_text(json.dumps(entry))
    assert [damage.kind for damage in damages(sidecar.parent, data["dag_id"], known)] == ["entry"]


def test_a_changed_sidecar_is_validated(sidecar: Path) -> None:
    """A file that was changed since it was read is not taken for what was read."""
    data = json.loads(sidecar.read_text())
    known = data, parse_sidecar(sidecar.read_bytes(), "x")
    sidecar.write_text(json.dumps({**data, "steps": 1}))
    assert [damage.kind for damage in damages(sidecar.parent, data["dag_id"], known)] == ["sidecar"]


def test_the_log_of_an_automation_with_a_sidecar_is_not_read(sidecar: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To list the automations of a folder, only the logs without a sidecar are read."""
    dag_id = sidecar.name.removesuffix(SUFFIX)
    log = VersionLog(sidecar.parent, dag_id).folder
    shutil.copytree(log, log.with_name("lost"))
    entry = json.loads((log / "000001.json").read_text())
    entry["sidecar"]["dag_id"] = "lost"
    (log.with_name("lost") / "000001.json").write_text(json.dumps(entry))
    validated = _counted(monkeypatch)
    assert list(logged_dag_ids(sidecar.parent)) == [dag_id, "lost"]
    assert validated == ["Entry"]


def test_linting_a_pair_imports_no_maker_of_automations(sidecar: Path) -> None:
    """The readers of recordings, tools files and short specs, and the models of derived values, stay unimported."""
    code = "import sys; from airflow_provider_vai.cli.main import main; main(sys.argv[1:]); print(*sys.modules)"
    command = [sys.executable, "-c", code, "lint", str(sidecar)]
    imported = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    unneeded = ("crystallizer", "traces", "authoring.specs.short", "model.tools_file", "model.derivation_nodes")
    assert not [name for name in imported if name.startswith(tuple(f"airflow_provider_vai.{one}" for one in unneeded))]
