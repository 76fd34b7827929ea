"""Shared files in a bucket: one writer wins each name, even if the store is slow or does not support conditions."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.exceptions import PublishError
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import create, folder, names, read, remove, replace
from tests.s3_server import Server

pytestmark = pytest.mark.integration
for module in ("s3fs", "airflow.providers.amazon", "moto.server"):
    pytest.importorskip(module, reason="the extras s3 and dev are not installed")

RACE = """
import contextlib, sys
from airflow_provider_vai.store.shared_files import create, folder
with contextlib.redirect_stdout(sys.stderr):  # Airflow logs here
    place = folder(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    if create(place / f"{number:06}.json", sys.argv[2].encode() * 10_000):
        print(number, flush=True)
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A new server for each test, with the bucket ``lake``, for this process and those that it starts."""
    import boto3

    started = Server()
    urllib.request.urlopen(f"{started.url}/moto-api/reset", data=b"").close()
    for name, value in {
        "AWS_ENDPOINT_URL": started.url,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "hush-hush",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(shared_files, "_exclusive", set())
    boto3.client("s3", endpoint_url=started.url).create_bucket(Bucket="lake")
    started.puts.clear()
    yield started
    forget_clients()
    started.stop()


def forget_clients() -> None:
    """Close fsspec's connections, which would keep the state of a stopped server."""
    import s3fs
    from airflow.sdk.io import store

    s3fs.S3FileSystem.clear_instance_cache()
    store._STORE_CACHE.clear()


def test_one_of_two_processes_creates_it(server: Server) -> None:
    """Each of thirty names has one winner, and the file has the winner's content."""
    command = [sys.executable, "-c", RACE, "s3://lake/vai"]
    processes = [
        subprocess.Popen([*command, letter, "30"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for letter in "ab"
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    won = [[int(line) for line in process.communicate()[0].split()] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(won[0] + won[1]) == list(range(30))
    place = folder("s3://lake/vai")
    assert names(place) == [f"{number:06}.json" for number in range(30)]
    for letter, numbers in zip("ab", won, strict=True):
        assert all(read(place / f"{number:06}.json") == letter.encode() * 10_000 for number in numbers)


def test_every_operation(server: Server) -> None:
    """All operations work as in a folder: missing files are missing, and nested files are not listed."""
    place = folder("s3://lake/vai")
    assert (read(place / "a.json"), names(place), names(folder("s3://lake"))) == (None, [], [])
    assert create(place / "a.json", b"1")
    assert not create(place / "a.json", b"2")
    assert create(place / "deep" / "b.json", b"3")
    replace(place / "c.txt", b"4")
    replace(place / "c.txt", b"")
    assert (names(place), names(place, ".json")) == (["a.json", "c.txt"], ["a.json"])
    assert (read(place / "a.json"), read(place / "c.txt"), names(place / "a.json")) == (b"1", b"", [])
    remove(place / "a.json")
    remove(place / "a.json")
    assert (read(place / "a.json"), names(place)) == (None, ["c.txt"])
    assert create(place / "a.json", b"5")


def test_what_another_process_wrote_is_seen(server: Server) -> None:
    """No response comes from a client's cache."""
    import boto3

    place = folder("s3://lake/vai")
    replace(place / "a", b"old")
    assert (names(place), read(place / "a")) == (["a"], b"old")
    client = boto3.client("s3", endpoint_url=server.url)
    client.put_object(Bucket="lake", Key="vai/a", Body=b"another and longer")
    client.put_object(Bucket="lake", Key="vai/b", Body=b"")
    client.put_object(Bucket="lake", Key="vai/", Body=b"")  # a folder as S3's console creates it
    assert (names(place), read(place / "a")) == (["a", "b"], b"another and longer")
    assert not create(place / "b", b"x")


def test_a_store_that_ignores_the_condition_is_refused(server: Server) -> None:
    """Nothing is lost: existing files stay, and the file that was created for the check is deleted."""
    server.ignores_conditions = True
    place = folder("s3://lake/vai")
    replace(place / "a", b"old")
    assert not create(place / "a", b"new")
    for _ in range(2):
        with pytest.raises(PublishError, match="ignores conditional puts") as refused:
            create(place / "b", b"new")
    assert refused.value.where == "s3://lake/vai/b"
    assert (names(place), read(place / "a")) == (["a"], b"old")


def test_the_condition_is_tried_once_in_a_process(server: Server) -> None:
    """The first file is put twice, later ones once."""
    place = folder("s3://lake/vai")
    for name in "abc":
        assert create(place / name, b"x")
    assert [put.rpartition("/")[2] for put in server.puts] == ["a", "a", "b", "c"]


def test_a_store_that_does_not_say_which_condition_failed(server: Server) -> None:
    """Other stores answer 412 with fewer details, but only one condition can have failed."""
    server.is_terse = True
    place = folder("s3://lake/vai")
    assert create(place / "a", b"1")
    assert not create(place / "a", b"2")
    assert create(place / "b", b"3")


def test_a_put_that_meets_another_is_tried_again(server: Server) -> None:
    """S3 may answer 409 to concurrent puts, which are repeated; if it does not stop, that is an error."""
    place = folder("s3://lake/vai")
    assert create(place / "a", b"1")
    server.busy = 2
    assert create(place / "b", b"2")
    server.busy = 3
    assert not create(place / "b", b"3")
    server.busy = shared_files.ATTEMPTS
    with pytest.raises(PublishError, match="conflicting operation"):
        create(place / "c", b"4")
    assert (server.busy, read(place / "b"), read(place / "c")) == (0, b"2", None)


@pytest.mark.parametrize("write", [create, replace])
def test_a_missing_bucket(write: Callable[..., Any], server: Server) -> None:
    """Writing a file to it is an error that names the path, and reading one returns nothing."""
    path = folder("s3://no-such-bucket/a")
    with pytest.raises(PublishError) as refused:
        write(path, b"x")
    assert refused.value.where == "s3://no-such-bucket/a"
    assert "URL" in refused.value.remedy
    assert read(path) is None


def test_a_store_that_is_away(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every client error becomes a message that names the path and contains no secret."""
    import s3fs

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    forget_clients()
    place = folder("s3://lake/vai")
    for call in (
        lambda: create(place / "a", b""),
        lambda: replace(place / "a", b""),
        lambda: read(place / "a"),
        lambda: names(place),
        lambda: remove(place / "a"),
    ):
        with pytest.raises(PublishError) as refused:
            call()
        assert refused.value.where.startswith("s3://lake/vai")
        assert "hush-hush" not in str(refused.value)
    monkeypatch.undo()


def test_paths_of_airflow(server: Server) -> None:
    """``ObjectStoragePath`` is accepted, too."""
    sdk = pytest.importorskip("airflow.sdk")
    pytest.importorskip("airflow.providers.amazon")
    place = sdk.ObjectStoragePath("s3://lake/vai", client_kwargs={"endpoint_url": server.url})
    assert create(place / "a", b"1")
    assert not create(place / "a", b"2")
    assert (names(place), read(place / "a")) == (["a"], b"1")


EDITOR = """
import sys
from airflow_provider_vai.exceptions import Conflict
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.shared_files import folder
from airflow_provider_vai.store.state import read_state
place, refused = folder(sys.argv[1]), 0
for number in range(int(sys.argv[3])):
    while True:
        now = read_state(place, "report").sidecar
        spec = now.automation
        changed = spec.model_copy(update={"tags": [*spec.tags, f"{sys.argv[2]}-{number}"]})
        try:
            publish(changed, place, expected=now.entry, by=sys.argv[2])
        except Conflict:
            refused += 1
        else:
            break
print(refused)
"""


def test_two_writers_of_one_automation_lose_nothing(server: Server, tmp_path: Path) -> None:
    """On object storage, the version's file decides: the newest version has each change of both writers once."""
    from airflow_provider_vai.authoring.specs.file import read_spec
    from airflow_provider_vai.store.lifecycle import restore
    from airflow_provider_vai.store.publisher import publish
    from airflow_provider_vai.store.sidecar_files import read_sidecar
    from airflow_provider_vai.store.versions import VersionLog

    place = folder("s3://lake/vai")
    spec = tmp_path / "report.vai.yaml"
    spec.write_text("steps: [{kind: explain_schema, arguments: {conn_id: warehouse}}]")
    automation = read_spec(spec)
    publish(automation, place)
    command = [sys.executable, "-c", EDITOR, "s3://lake/vai"]
    writers = [subprocess.Popen([*command, name, "5"], stdout=subprocess.PIPE, text=True) for name in ("ann", "bob")]
    said = [writer.communicate(timeout=240)[0] for writer in writers]

    assert [writer.returncode for writer in writers] == [0, 0], said
    wanted = {f"{name}-{number}" for name in ("ann", "bob") for number in range(5)}
    sidecar = read_sidecar(place / "report.vai.json")
    assert sorted(sidecar.tags) == sorted(wanted)
    assert sidecar.version == 11
    assert [entry.sidecar.version for entry in VersionLog(place, "report").versions()] == list(range(11, 0, -1))
    assert read(place / "report.py") == (VersionLog(place, "report").version(11).dag_file or "").encode()
    assert restore(place, "report", 1).version == 12
    assert read_sidecar(place / "report.vai.json").automation == automation
