"""`vai pull` with real servers: MLflow and Phoenix, each in its own environment."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from airflow_provider_vai.cli.main import main
from airflow_provider_vai.traces.pull import mlflow
from tests.paths import ROOT

pytestmark = [pytest.mark.integration, pytest.mark.e2e]
SENDER = Path(__file__).with_name("pull_sender.py")
PACKAGES = {"mlflow": "mlflow", "phoenix": "arize-phoenix"}
STARTUP = 180
"""Seconds that a server may take to answer; on a busy machine its imports alone take one of them."""


def _environment(name: str, folder: Path) -> Path:
    """Return the Python of a source's environment, after creating it; skip the test with a reason if that fails."""
    python, stamp = folder / "bin/python", folder / "complete"
    if stamp.exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    if uv := shutil.which("uv"):
        commands = [[uv, "venv", "--python", sys.executable, folder], [uv, "pip", "install", "--python", python]]
    else:
        commands = [[sys.executable, "-m", "venv", folder], [python, "-m", "pip", "install", "--quiet"]]
    commands[1].append(PACKAGES[name])
    for command in commands:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"{PACKAGES[name]} cannot be installed here: {done.stderr[-500:]}")
    stamp.touch()
    return python


def _command(name: str, python: Path, port: int, home: Path) -> tuple[list[str], dict[str, str], str]:
    """Return the server's command, its environment variables, and the path that shows that it is up."""
    if name == "mlflow":
        storage = ["--backend-store-uri", f"sqlite:///{home}/mlflow.db", "--artifacts-destination", str(home / "art")]
        server = [str(python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        return [*server, *storage], {"MLFLOW_DISABLE_TELEMETRY": "true"}, "/health"
    settings = {
        "PHOENIX_WORKING_DIR": str(home),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(_free_port()),
        "PHOENIX_TELEMETRY_ENABLED": "false",
    }
    return [str(python.with_name("phoenix")), "serve"], settings, "/healthz"


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def _server(name: str, python: Path, home: Path) -> Iterator[str]:
    """Run a server until the block ends. It and its workers form one process group."""
    port = _free_port()
    command, settings, path = _command(name, python, port, home)
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=home, env=os.environ | settings, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait(f"http://127.0.0.1:{port}{path}", process, home / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, 15)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()


def _wait(url: str, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + STARTUP
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)  # between two checks
        else:
            return
    raise AssertionError(f"no server at {url}:\n{log.read_text(errors='replace')[-3000:]}")


@pytest.fixture(scope="module", params=list(PACKAGES))
def source(request, tmp_path_factory) -> Iterator[tuple[str, str, str]]:
    """A running server with one trace: the source's name, the server's URL and the trace's id."""
    name = request.param
    python = _environment(name, request.config.cache.mkdir(f"pull-{name}") / "environment")
    with _server(name, python, tmp_path_factory.mktemp(name)) as url:
        sent = subprocess.run(
            [python, SENDER, name, url],
            env=os.environ | {"PYTHONPATH": str(ROOT / "dev/record"), "MLFLOW_ENABLE_ASYNC_TRACE_LOGGING": "false"},
            check=False,
            capture_output=True,
            text=True,
        )
        assert sent.returncode == 0, sent.stderr
        yield name, url, sent.stdout.split()[-1]


def _vai(capsys, *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


def _listed(capsys, name: str, url: str) -> list[dict]:
    """Return the listing once it has a run, because Phoenix writes spans a moment after it received them."""
    end = time.monotonic() + 60
    while True:
        code, out, err = _vai(capsys, "pull", name, "--list", "--url", url, "--json")
        assert code == 0, err
        if (runs := json.loads(out)) or time.monotonic() > end:
            return runs
        time.sleep(0.2)


def test_what_is_pulled_tells_the_run(source, tmp_path, capsys):
    """The trace is listed, written and read, with tools, executed arguments, results and failures as recorded."""
    name, url, trace_id = source
    file = tmp_path / "trace.json"

    (run,) = _listed(capsys, name, url)
    code, _, err = _vai(capsys, "pull", name, trace_id, "--url", url, "--out", file)
    assert code == 0, err
    _, out, _ = _vai(capsys, "inspect", file, "--json")

    told = json.loads(out)
    calls = [(call["id"], call["tool"], call["arguments"], call["outcome"]) for call in told["calls"]]
    assert (run["id"], run["title"]) == (trace_id, "harbour")
    assert (told["id"], told["format"]) == (trace_id, {"mlflow": "mlflow", "phoenix": "openinference"}[name])
    assert calls[:2] == [
        ("c1", "find_boat", {"name": "Ida"}, "success"),
        ("c2", "find_boat", {"name": "Ode"}, "failed"),
    ]
    assert calls[2:] == ([("c3", "book_berth", {"berth": 14, "nights": 2}, "success")] if name == "mlflow" else [])
    assert told["calls"][0]["result"]["berth"] == 14
    assert all(call["approval"]["state"] == "unknown" for call in told["calls"])
    made = _vai(capsys, "crystallize", file, "--out", tmp_path / "dags", "--allow-unmapped", "--allow-unsuccessful")
    assert made[0] == 0, made[2]


def test_an_mlflow_without_its_page_tells_the_same(source, tmp_path, capsys, monkeypatch):
    """If the endpoint of MLflow's own page is missing, the API's typed spans are used; the calls are equal."""
    name, url, trace_id = source
    if name != "mlflow":
        pytest.skip("about MLflow alone")
    told = []
    for spans in (mlflow.SPANS, "api/3.0/mlflow/nowhere"):
        monkeypatch.setattr(mlflow, "SPANS", spans)
        file = tmp_path / f"{len(told)}.json"
        code, _, err = _vai(capsys, "pull", name, trace_id, "--url", url, "--out", file)
        assert code == 0, err
        told.append(json.loads(_vai(capsys, "inspect", file, "--json")[1])["calls"])

    assert told[0] == told[1]


def test_an_unknown_id_writes_nothing(source, tmp_path, capsys):
    """The server's 404 becomes an error that names the id."""
    name, url, _ = source

    code, _, err = _vai(capsys, "pull", name, "0" * 32, "--url", url, "--out", tmp_path / "trace.json")

    assert code == 1
    assert "no trace" in err
    assert list(tmp_path.iterdir()) == []
