"""Write the packaged example DAGs: ``python dev/example/packaged.py``. A test checks that they are current.

They are rendered from the recorded seed run and from the specs in ``specs/``. Airflow shows them if
``[core] load_examples`` is on.
"""

from __future__ import annotations

from pathlib import Path

from airflow_provider_vai.authoring.crystallize_options import CrystallizeOptions
from airflow_provider_vai.authoring.crystallizing import crystallized
from airflow_provider_vai.authoring.specs.file import read_spec
from airflow_provider_vai.crystallizer.several.recording import Recording
from airflow_provider_vai.model.tools_file import ToolsFile
from airflow_provider_vai.renderer.render import render
from airflow_provider_vai.traces.formats import read

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / "airflow_provider_vai" / "example_dags"
SEED = "example_vai_dashboard"


def files() -> dict[str, str]:
    """Return the text of each DAG file by its name."""
    trace, (run,) = read(HERE / "seed.json")
    options = CrystallizeOptions(dag_id=SEED, title="Monthly revenue dashboard")
    automation = crystallized([Recording("seed.json", run, trace.sha256)], ToolsFile(), options=options, folder=FOLDER)
    found = {f"{SEED}.py": render(automation.model_copy(update={"tags": ["example"]}))}
    for spec in sorted((HERE / "specs").glob("*.vai.yaml")):
        automation = read_spec(spec)
        found[f"{automation.dag_id}.py"] = render(automation)
    return found


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"wrote {name}")
