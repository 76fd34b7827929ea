"""What lies around the code is there, names only what exists, and can be read by the tools that it is for."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
import yaml

from tests.paths import ROOT

GITHUB = ROOT / ".github"
NOT_SCRIPTS = {"__pycache__"}


@pytest.mark.parametrize(
    "path",
    [*sorted(GITHUB.rglob("*.yml")), ROOT / ".pre-commit-config.yaml"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_files_are_yaml(path: Path) -> None:
    """Workflows, issue forms and hooks can be read."""
    assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)


def test_workflows_call_scripts_that_exist() -> None:
    """CI runs the scripts that developers run, and nothing of its own."""
    text = "".join(path.read_text(encoding="utf-8") for path in (GITHUB / "workflows").glob("*.yml"))
    called = set(re.findall(r"run: (dev/\w+)", text))

    assert {"dev/test", "dev/e2e", "dev/package", "dev/site"} == called
    assert [name for name in called if not os.access(ROOT / name, os.X_OK)] == []


def test_every_workflow_reads_only() -> None:
    """No workflow may write to the repository."""
    for path in (GITHUB / "workflows").glob("*.yml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["permissions"] == {"contents": "read"}, path.name


def test_issue_forms_ask_for_the_doctor() -> None:
    """Whoever reports a bug is asked for what `vai doctor` prints; each form has fields with labels."""
    forms = {
        path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in GITHUB.glob("ISSUE_TEMPLATE/*.yml")
    }
    del forms["config.yml"]

    assert all(form["name"] and form["description"] and form["body"] for form in forms.values())
    assert "doctor" in {field.get("id") for field in forms["bug.yml"]["body"]}


@pytest.mark.parametrize("page", [*sorted(GITHUB.glob("*.md")), ROOT / "dev/README.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """The pages name files that exist."""
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_map_of_dev_is_complete() -> None:
    """`dev/README.md` names each file and folder of dev/, and nothing else."""
    text = (ROOT / "dev/README.md").read_text(encoding="utf-8")
    rows = "".join(line for line in text.splitlines() if line.startswith("| `"))
    named = {name.split("/")[0].split()[0] for name in re.findall(r"`([\w./ -]+)`", rows)}
    there = {path.name for path in (ROOT / "dev").iterdir()} - {"README.md", *NOT_SCRIPTS}

    assert there - named == set()


def test_the_container_is_json() -> None:
    """The container for development has the environment of the scripts."""
    found = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))

    assert "dev/environment.py dev" in found["postCreateCommand"]
