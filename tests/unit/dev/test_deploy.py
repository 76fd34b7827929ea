"""The files for deployments name what exists: options of this package, extras, files of the repository."""

from __future__ import annotations

import json
import re

import yaml

from tests.paths import ROOT

FOLDER = ROOT / "dev/deploy"
OPTION = re.compile(r"AIRFLOW__VAI__(\w+)")
SERVICES = {"apiserver", "scheduler", "dag-processor", "worker", "triggerer", "init"}


def test_the_compose_file_gives_every_service_the_same() -> None:
    """A service without the shared folder would not find what another one wrote."""
    document = yaml.safe_load((FOLDER / "compose.override.yaml").read_text("utf-8"))

    assert set(document["services"]) == {f"airflow-{name}" for name in SERVICES}
    assert all(service == document["x-vai"] for service in document["services"].values())
    assert (FOLDER / document["x-vai"]["build"]["context"] / document["x-vai"]["build"]["dockerfile"]).exists()


def test_the_helm_values_name_a_bundle_that_exists() -> None:
    """The bundle's class is in the provider that the example needs."""
    values = yaml.safe_load((FOLDER / "values.yaml").read_text("utf-8"))
    (bundle,) = json.loads(values["config"]["dag_processor"]["dag_bundle_config_list"])

    assert bundle["classpath"].startswith("airflow.providers.amazon.")
    assert {"aws_conn_id", "bucket_name", "prefix"} == set(bundle["kwargs"])


def test_options_exist() -> None:
    """An option that is misspelled would be ignored."""
    package = "\n".join(path.read_text("utf-8") for path in (ROOT / "airflow_provider_vai").rglob("*.py"))
    for file in [*FOLDER.iterdir(), *(ROOT / "dev/docs/deploy").iterdir()]:
        for option in OPTION.findall(file.read_text("utf-8")):
            assert f'"{option.lower()}"' in package, (file.name, option)


def test_the_image_copies_what_exists() -> None:
    """The build's context is the repository."""
    for line in (FOLDER / "Dockerfile").read_text("utf-8").splitlines():
        if line.startswith("COPY"):
            assert all((ROOT / name).exists() for name in line.split()[2:-1]), line
