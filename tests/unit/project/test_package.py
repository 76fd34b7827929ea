"""The wheel is complete, and no file names the machine that it was built on."""

from __future__ import annotations

import configparser
import importlib
import importlib.util
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import airflow
import jsonschema
import pytest

from airflow_provider_vai.get_provider_info import CONFIG, get_provider_info
from airflow_provider_vai.model.kinds import KINDS
from tests.paths import ROOT

ELSEWHERE = re.compile(
    r"(?<![\w./-])/(?:root|home|Users|work|mnt|opt(?!/airflow\b)|tmp/af)/[\w.-]+"
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
    assert "airflow_provider_vai/example_dags/example_vai_approval.py" in names
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


def test_the_example_dags_are_current() -> None:
    """The packaged example DAGs are what the renderer writes today: `python dev/example/packaged.py`."""
    spec = importlib.util.spec_from_file_location("packaged", ROOT / "dev/example/packaged.py")
    packaged = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(packaged)
    folder = ROOT / "airflow_provider_vai/example_dags"
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.glob("example_*.py")} == packaged.files()


def test_every_option_has_a_description_a_default_and_an_example() -> None:
    """Airflow's configuration reference shows all of them."""
    options = CONFIG["vai"]["options"]
    keys = {"description", "version_added", "type", "example", "default"}
    assert {name: keys ^ set(option) for name, option in options.items() if keys ^ set(option)} == {}
    assert [name for name, option in options.items() if not (option["description"] and option["example"])] == []


def test_every_option_that_is_read_is_declared() -> None:
    """No module reads an option of [vai] that the provider info does not have, and none is there for nothing."""
    text = "".join(path.read_text("utf-8") for path in (ROOT / "airflow_provider_vai").rglob("*.py"))
    read = set(re.findall(r'(?:\.get\w*|setting)\(\s*"vai",\s*"(\w+)"', text))
    assert read == set(CONFIG["vai"]["options"])


def test_what_the_provider_info_names_exists() -> None:
    """Each module, class and function that the provider info names exists."""
    info = get_provider_info()
    modules = [
        name for part in ("operators", "sensors", "hooks") for one in info[part] for name in one["python-modules"]
    ]
    dotted = [*info["extra-links"], *info["cli"], *(one["hook-class-name"] for one in info["connection-types"])]
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    missing += [
        name
        for name in dotted
        if not hasattr(importlib.import_module(name.rpartition(".")[0]), name.rpartition(".")[2])
    ]
    kinds = {kind.operator.rpartition(".")[0] for kind in KINDS if ".operators." in kind.operator}
    assert (missing, kinds - set(modules)) == ([], set())


def test_the_provider_info_follows_airflows_schema() -> None:
    """Airflow's own JSON Schema accepts it."""
    schema = json.loads((Path(airflow.__file__).parent / "provider_info.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(get_provider_info(), schema)
