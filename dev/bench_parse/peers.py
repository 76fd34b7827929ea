"""The same chain of Bash tasks as other tools write it, and the environment with these tools."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import environment

FOLDER = environment.REPOSITORY / ".venv-peers"
PACKAGES = ("dag-factory", "gusty", "airflow-blueprint", "astronomer-cosmos")
SAME = ("apache-airflow", "apache-airflow-providers-standard")
"""Packages that must have the same version as in the project's environment."""

BASH = "airflow.providers.standard.operators.bash.BashOperator"
DAG_FACTORY = """\
# airflow dag
from pathlib import Path
from dagfactory import load_yaml_dags

here = Path(__file__)
yaml, folder = str(here.with_suffix(".yml")), str(here.parent)
load_yaml_dags(globals_dict=globals(), config_filepath=yaml, defaults_config_path=folder)
"""
GUSTY = """\
# airflow dag
from pathlib import Path
from gusty import create_dags

create_dags(str(Path(__file__).parent / "dags"), globals(), latest_only=False)
"""
BLUEPRINT = """\
# airflow dag
from pathlib import Path
from blueprint import build_all_airflow_dags

build_all_airflow_dags(search_path=Path(__file__).parent)
"""
BLUEPRINT_TEMPLATE = """\
from airflow.providers.standard.operators.bash import BashOperator
from blueprint import BaseModel, Blueprint


class EchoConfig(BaseModel):
    text: str


class Echo(Blueprint[EchoConfig]):
    def render(self, config: EchoConfig):
        return BashOperator(task_id=self.step_id, bash_command=config.text)
"""
COSMOS = """\
# airflow dag
import sys
from datetime import datetime
from pathlib import Path
from cosmos import DbtDag, ExecutionConfig, LoadMode, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import TestBehavior

here = Path(__file__).parent / "project"
cosmos_0 = DbtDag(
    dag_id="cosmos_0",
    schedule=None,
    start_date=datetime(2025, 1, 1),
    project_config=ProjectConfig(dbt_project_path=here, manifest_path=here / "manifest.json", install_dbt_deps=False),
    profile_config=ProfileConfig(profile_name="p", target_name="dev", profiles_yml_filepath=here / "profiles.yml"),
    execution_config=ExecutionConfig(dbt_executable_path=sys.executable),
    render_config=RenderConfig(load_method=LoadMode.DBT_MANIFEST, test_behavior=TestBehavior.NONE),
    operator_args={"install_deps": False},
)
"""
SETTINGS = {"AIRFLOW__COSMOS__ENABLE_CACHE": "False", "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False", "DO_NOT_TRACK": "1"}


def python() -> Path:
    """Return the interpreter of the environment with the peers; create it first if necessary.

    :raises InstallError: uv is missing, or the installation failed.
    """
    same = [f"{name}=={version(name)}" for name in SAME]
    return environment.separate(FOLDER, [*same, *PACKAGES])


def installed(interpreter: Path) -> dict[str, str]:
    """Return the versions of the peers by package.

    :param interpreter: see :func:`python`.
    """
    code = f"import json, importlib.metadata as m; print(json.dumps({{p: m.version(p) for p in {PACKAGES!r}}}))"
    answer = subprocess.run([interpreter, "-c", code], check=True, capture_output=True, text=True).stdout
    return dict(json.loads(answer))


def write(folder: Path, steps: int) -> dict[str, list[str]]:
    """Write a folder for each peer.

    :param folder: where. :param steps: how many tasks the DAG has.
    :return: the files to parse, by peer; empty: all of the folder.
    """
    writers: dict[str, Callable[[Path, int], None]] = {
        "dag-factory": _dag_factory,
        "gusty": _gusty,
        "blueprint": _blueprint,
        "cosmos": _cosmos,
    }
    for name, writer in writers.items():
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
        writer(folder / name, steps)
    return {name: ["loader.py"] for name in writers}


def environ() -> dict[str, str]:
    """Return the environment variables with which the peers are fast: no telemetry, no cache in a database."""
    return {**os.environ, **SETTINGS}


def _dag_factory(folder: Path, steps: int) -> None:
    lines = ["dag_factory_0:", "  default_args: {start_date: '2025-01-01'}", "  schedule: null", "  tasks:"]
    for k in range(steps):
        lines += [f"    - task_id: t{k}", f"      operator: {BASH}", f"      bash_command: 'echo {k}'"]
        lines += [f"      dependencies: [t{k - 1}]"] if k else []
    (folder / "loader.py").write_text(DAG_FACTORY)
    (folder / "loader.yml").write_text("\n".join(lines) + "\n")


def _gusty(folder: Path, steps: int) -> None:
    dag = folder / "dags/gusty_0"
    dag.mkdir(parents=True)
    (folder / "loader.py").write_text(GUSTY)
    (dag / "METADATA.yml").write_text("description: bench\nschedule: null\ndefault_args: {start_date: '2025-01-01'}\n")
    for k in range(steps):
        depends = f"dependencies: [t{k - 1}]\n" if k else ""
        (dag / f"t{k}.yml").write_text(f"operator: {BASH}\nbash_command: echo {k}\n{depends}")


def _blueprint(folder: Path, steps: int) -> None:
    lines = ["dag_id: blueprint_0", "schedule: '@daily'", "steps:"]
    for k in range(steps):
        lines += [f"  t{k}:", "    blueprint: echo", f"    text: 'echo {k}'"]
        lines += [f"    depends_on: [t{k - 1}]"] if k else []
    (folder / "loader.py").write_text(BLUEPRINT)
    (folder / "templates.py").write_text(BLUEPRINT_TEMPLATE)
    (folder / "blueprint_0.dag.yaml").write_text("\n".join(lines) + "\n")


def _cosmos(folder: Path, steps: int) -> None:
    project = folder / "project"
    (project / "models").mkdir(parents=True)
    (project / "dbt_project.yml").write_text("name: p\nprofile: p\nversion: '1'\nmodel-paths: [models]\n")
    (project / "profiles.yml").write_text("p: {target: dev, outputs: {dev: {type: sqlite}}}\n")
    nodes = {}
    for k in range(steps):
        (project / f"models/t{k}.sql").write_text(f"select {k}")
        nodes[f"model.p.t{k}"] = {
            **{"unique_id": f"model.p.t{k}", "resource_type": "model", "name": f"t{k}", "alias": f"t{k}"},
            **{
                "package_name": "p",
                "original_file_path": f"models/t{k}.sql",
                "path": f"t{k}.sql",
                "fqn": ["p", f"t{k}"],
            },
            **{"tags": [], "config": {"materialized": "view", "tags": [], "meta": {}}},
            "depends_on": {"nodes": [f"model.p.t{k - 1}"] if k else []},
        }
    empty: dict[str, object] = {"sources": {}, "exposures": {}, "metrics": {}}
    (project / "manifest.json").write_text(json.dumps({"metadata": {"project_name": "p"}, "nodes": nodes, **empty}))
    (folder / "loader.py").write_text(COSMOS)
