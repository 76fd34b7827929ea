"""``vai pull``: which files it writes, which it refuses, and its output."""

from __future__ import annotations

import json
import os

import pytest

from airflow_provider_vai.cli import main as cli
from tests.outputs import check_output
from tests.paths import TRACES

EXPORT = json.loads((TRACES / "langfuse.json").read_text())
PATH = "/api/public/traces/lf-1"
RESPONSE = {**EXPORT["trace"], "observations": EXPORT["observations"]}
SECRET = "sk-lf-sesame"


@pytest.fixture
def vai(capsys, monkeypatch, tmp_path):
    """Return a function that runs ``vai pull langfuse`` in an empty folder, and the folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-lf")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", SECRET)

    def run(*arguments, source="langfuse"):
        try:
            code = cli.main(["pull", source, *map(str, arguments)])
        except SystemExit as ended:
            code = int(str(ended.code))
        output = capsys.readouterr()
        assert SECRET not in output.out + output.err
        return code, output.out, output.err

    return run


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_run_is_written_and_can_be_inspected(vai, serve, tmp_path, capsys):
    """The file is named after the source and the id, and `vai inspect` reads it."""
    stub = serve({PATH: RESPONSE})

    told = "written: langfuse-lf-1.json (langfuse, 4 calls)\nNext: vai inspect langfuse-lf-1.json\n"
    assert vai("lf-1", "--url", stub.url) == (0, told, "")
    assert names(tmp_path) == ["langfuse-lf-1.json"]
    assert json.loads((tmp_path / "langfuse-lf-1.json").read_text()) == EXPORT
    assert cli.main(["inspect", "langfuse-lf-1.json"]) == 0


def test_the_summary_for_machines(vai, serve, tmp_path):
    """`--json` prints the file, its format, its runs and the number of their calls."""
    stub = serve({PATH: RESPONSE})

    code, out, _ = vai("lf-1", "--url", stub.url, "--out", tmp_path / "x.json", "--json")

    assert code == 0
    assert check_output("pull", out) == {
        "source": "langfuse",
        "id": "lf-1",
        "file": str(tmp_path / "x.json"),
        "format": "langfuse",
        "runs": ["lf-1"],
        "calls": 4,
    }


def test_a_file_is_never_overwritten_unasked(vai, serve, tmp_path):
    """Without --force the source is not even requested; with it, even a broken link is replaced."""
    stub = serve({PATH: RESPONSE})
    (tmp_path / "x.json").symlink_to(tmp_path / "nowhere")

    code, _, err = vai("lf-1", "--url", stub.url, "--out", "x.json")
    assert (code, stub.requests) == (1, [])
    assert "x.json: the file already exists" in err

    assert vai("lf-1", "--url", stub.url, "--out", "x.json", "--force")[0] == 0
    assert names(tmp_path) == ["x.json"]
    assert not (tmp_path / "x.json").is_symlink()


def test_a_run_that_cannot_be_read_back_is_not_written(vai, serve, tmp_path):
    """The message names the requested file, not the temporary one, and an existing file stays."""
    deep: list = []
    for _ in range(300):
        deep = [deep]
    observation = {**EXPORT["observations"][0], "input": deep}
    stub = serve({PATH: {**RESPONSE, "observations": [observation]}})
    (tmp_path / "old.json").write_text("old")

    code, _, err = vai("lf-1", "--url", stub.url, "--out", "old.json", "--force")

    assert (code, names(tmp_path)) == (1, ["old.json"])
    assert err.startswith("vai: old.json: ")
    assert ".vai-pull-" not in err
    assert (tmp_path / "old.json").read_text() == "old"


def test_spans_without_an_agent_are_not_written(vai, serve, tmp_path):
    """Phoenix may hold traces of any program."""
    span = {"context": {"trace_id": "t", "span_id": "1"}, "name": "GET /", "span_kind": "CHAIN", "attributes": {}}
    stub = serve({"/v1/projects": {"data": [{"id": "p"}]}, "/v1/projects/p/spans": {"data": [span]}})

    code, _, err = vai("t", "--url", stub.url, source="phoenix")

    assert (code, names(tmp_path)) == (1, [])
    assert err.startswith("vai: phoenix-t.json: no span is about an agent, a model or a tool\n")


def test_an_id_cannot_name_another_folder(vai, serve, tmp_path):
    """Neither in the file's name nor in the URL."""
    stub = serve({"/api/public/traces/../../x": RESPONSE})

    assert vai("../../x", "--url", stub.url)[0] == 0
    assert names(tmp_path) == ["langfuse-.._.._x.json"]


def test_a_missing_folder(vai, serve):
    """The message has the path."""
    code, _, err = vai("lf-1", "--url", serve({PATH: RESPONSE}).url, "--out", "no/x.json")

    assert code == 1
    assert "no/x.json: No such file or directory" in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_writable(vai, serve, tmp_path):
    """The message has the path."""
    tmp_path.chmod(0o500)

    assert "Permission denied" in vai("lf-1", "--url", serve({PATH: RESPONSE}).url)[2]


def test_the_newest_runs_are_listed(vai, serve, tmp_path):
    """As a table or as JSON. Nothing is written, and no escape sequence in a title reaches the terminal."""
    traces = [{"id": "lf-1", "name": "ti\x1b[31mll", "timestamp": "2026-05-04T09:00:00Z"}, {"id": "lf-2"}]
    stub = serve({"/api/public/traces": {"data": traces}})

    code, out, _ = vai("--list", "--url", stub.url)
    assert code == 0
    assert "lf-1" in out
    assert "\x1b" not in out
    assert check_output("pull", vai("--list", "--url", stub.url, "--json")[1], "--list") == [
        {"id": "lf-1", "title": "ti\x1b[31mll", "at": "2026-05-04T09:00:00+00:00"},
        {"id": "lf-2", "title": "", "at": None},
    ]
    assert names(tmp_path) == []


@pytest.mark.parametrize("arguments", [[], ["lf-1", "--list"]])
def test_either_an_id_or_a_listing(vai, serve, arguments):
    """Neither or both is a usage error."""
    assert vai(*arguments, "--url", serve().url)[0] == 2


def test_an_unknown_source_is_a_usage_error(vai):
    """The message lists the known sources."""
    code, _, err = vai("x", source="nowhere")

    assert code == 2
    assert "langsmith" in err


def test_an_airflow_connection_is_enough(vai, serve, monkeypatch):
    """It is read from the environment by its id."""
    stub = serve({PATH: RESPONSE})
    monkeypatch.setenv("AIRFLOW_CONN_TRACES", json.dumps({"host": stub.url, "login": "me", "password": SECRET}))

    assert vai("lf-1", "--conn-id", "traces")[0] == 0
    assert stub.requests[0].headers["Authorization"].startswith("Basic ")


def test_a_refused_token_writes_nothing(vai, serve, tmp_path):
    """The message names the variables, not their values."""
    stub = serve({PATH: (401, {}, json.dumps({"message": f"bad key {SECRET}"}).encode())})

    code, _, err = vai("lf-1", "--url", stub.url)

    assert (code, names(tmp_path)) == (1, [])
    assert "Check the token in LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY." in err
