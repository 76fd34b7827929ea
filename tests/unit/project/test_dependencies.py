"""Whatever the package imports is declared in pyproject.toml, as a dependency or in an extra for users."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.paths import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PACKAGE = ROOT / "airflow_provider_vai"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
INSTALLED = packages_distributions()
PART_OF = {
    "markupsafe": "jinja2",
    "pydantic_core": "pydantic",
    "referencing": "jsonschema",
    "typing_extensions": "pydantic",
    "urllib3": "requests",
}
"""Modules of distributions that are the lower half of a declared one, and are installed with it."""

OF_AIRFLOW = {"apache-airflow-providers-standard", "apache-airflow-providers-common-compat"}
"""Providers that `apache-airflow` itself installs."""

CALLERS = {"apache-airflow-providers-openlineage"}
"""Providers whose modules are imported only inside methods that the provider itself calls."""


def declared() -> set[str]:
    """Return the distributions that users get by default, or with an extra."""
    extras = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for name in extras for line in extras[name])]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted names of the modules that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def distributions(module: str) -> set[str]:
    """Return the distributions, any of which holds a module."""
    parts = module.split(".")
    if parts[:2] == ["airflow", "providers"]:
        deepest = 4 if parts[2] == "common" else 3
        return {f"apache-airflow-{'-'.join(parts[1:deepest])}"}
    if parts[0] == "airflow":
        return {"apache-airflow"}
    top = PART_OF.get(parts[0], parts[0])
    return {canonicalize_name(name) for name in INSTALLED.get(top, [top])}


USES = sorted({
    (module, str(path.relative_to(PACKAGE)))
    for path in PACKAGE.rglob("*.py")
    for module in imported(path)
    if module.partition(".")[0] not in {*sys.stdlib_module_names, PACKAGE.name}
})  # fmt: skip


@pytest.mark.parametrize(("module", "file"), USES)
def test_an_import_is_declared(module: str, file: str) -> None:
    """No module is there only because something else happens to install it."""
    assert distributions(module) & (declared() | OF_AIRFLOW | CALLERS), f"{file} imports {module}"


def test_what_is_declared_is_imported() -> None:
    """No dependency that everybody installs is left over, nor one that stands for Airflow."""
    used = {name for module, _ in USES for name in distributions(module)}
    lines = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["airflow"]]
    assert {canonicalize_name(Requirement(line).name) for line in lines} - used == set()


def test_airflow_is_an_extra() -> None:
    """`vai` writes and checks DAG files without Airflow, so a plain installation does not pull it."""
    assert not [line for line in PROJECT["dependencies"] if "airflow" in line]
    assert any(line.startswith("apache-airflow>=") for line in PROJECT["optional-dependencies"]["airflow"])
    assert "airflow" in Requirement(PROJECT["optional-dependencies"]["all"][0]).extras


def test_developers_tools_are_no_extra() -> None:
    """They are a dependency group, which is not published."""
    assert "dev" not in PROJECT["optional-dependencies"]
    assert "dev" in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]


def test_each_is_pinned_for_developers() -> None:
    """What is declared has its version in dev/constraints.txt."""
    lines = (ROOT / "dev" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {canonicalize_name(Requirement(line).name) for line in lines if line and not line.startswith("#")}
    assert declared() - pinned - {PROJECT["name"]} == set()
