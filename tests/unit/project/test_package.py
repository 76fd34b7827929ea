"""The wheel is complete, and no file names the machine that it was built on."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.paths import ROOT

ELSEWHERE = re.compile(
    r"(?<![\w./-])/(?:root|home|Users|work|mnt|opt|tmp/af)/[\w.-]+"
    r"|https?://[\w.-]*(?:artifactory|nexus|jfrog|devpi|pkg\.dev|codeartifact)[\w./-]*"
    r"|(?:--|extra-|^)index-url|https?://(?:test\.)?pypi\.(?:org|python\.org)/simple"
    r"|https?://(?:localhost|127\.0\.0\.1|10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+)[\w.:-]*/(?:simple|pypi|repository)"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The built wheel."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_wheel_holds_the_whole_package(wheel: zipfile.ZipFile) -> None:
    """The wheel has every module, the marker `py.typed`, and every DAG template inside the package."""
    expected = {str(path.relative_to(ROOT)) for path in (ROOT / "airflow_provider_vai").rglob("*.py")}
    expected |= {f"airflow_provider_vai/{path.relative_to(ROOT)}" for path in (ROOT / "dag_templates").rglob("*.jinja")}
    expected.add("airflow_provider_vai/py.typed")
    names = set(wheel.namelist())
    assert expected - names == set()
    assert "airflow_provider_vai/dag_templates/tasks/_call.jinja" in names


def test_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    """The wheel has no tests, caches or traces."""
    assert {name.partition("/")[0].partition("-")[0] for name in wheel.namelist()} == {"airflow_provider_vai"}
    assert not [name for name in wheel.namelist() if "__pycache__" in name or "/tests/" in name]


def test_entry_points(wheel: zipfile.ZipFile) -> None:
    """The entry points register the provider, the plugin and the command."""
    name = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    parser = configparser.ConfigParser()
    parser.read_string(wheel.read(name).decode())
    assert {section: dict(parser[section]) for section in parser.sections()} == {
        "console_scripts": {"vai": "airflow_provider_vai.cli.main:main"},
        "apache_airflow_provider": {"provider_info": "airflow_provider_vai.get_provider_info:get_provider_info"},
        "airflow.plugins": {"vai": "airflow_provider_vai.plugin:VaiPlugin"},
    }


def test_installed_wheel_renders(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """Outside the checkout, the DAG templates are found inside the package."""
    wheel.extractall(tmp_path / "site")
    script = (
        "import sys; from airflow_provider_vai.cli import main as cli;"
        "from airflow_provider_vai.renderer import render as renderer;"
        "print(renderer.templates_folder()); sys.exit(cli.main(sys.argv[1:]))"
    )
    trace = ROOT / "tests" / "golden" / "seed" / "trace.json"
    command = [sys.executable, "-c", script, "crystallize", str(trace), "--out", "out", "--json"]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "site")}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(str(tmp_path / "site" / "airflow_provider_vai" / "dag_templates"))
    golden = ROOT / "tests" / "golden" / "seed" / "expected" / "vai_monthly_revenue_dashboard.py"
    assert (tmp_path / "out" / golden.name).read_bytes() == golden.read_bytes()


def test_no_file_names_this_machine() -> None:
    """No file that is or will be tracked contains a path of a home or build folder, or a package index."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    found = {}
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = ROOT / name
        if path == Path(__file__) or not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", errors="ignore")
        if match := ELSEWHERE.search(text):
            found[name] = match.group()
    assert found == {}
