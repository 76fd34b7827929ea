"""Shared folders: one winner for each name, complete contents, and nothing left by killed processes."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from airflow_provider_vai.exceptions import PublishError
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import create, folder, names, read, remove, replace

NOT_AS_ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
SIZE = 300_000
ANY_CHARACTER = st.characters(codec=None, exclude_categories=())

RACE = """
import errno, os, sys
from airflow_provider_vai.store.shared_files import create, folder
place, me, rounds, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
if "nolinks" in sys.argv:
    def link(*arguments):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))
    os.link = link
print("ready", flush=True)
sys.stdin.readline()
for number in range(rounds):
    if create(folder(f"{place}/{number:06}.json"), me.encode() * size):
        print(number, flush=True)
"""
REPLACE = """
import sys
from airflow_provider_vai.store.shared_files import folder, replace
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    replace(folder(sys.argv[1]), sys.argv[2].encode() * int(sys.argv[4]))
"""
KILLED = """
import os, sys, time
from pathlib import Path
from airflow_provider_vai.store import shared_files
def stuck(*_):
    print("ready", flush=True)
    time.sleep(600)
setattr(os, sys.argv[2], stuck)
getattr(shared_files, sys.argv[3])(Path(sys.argv[1]), b"half" * 1000)
"""

Started = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def started() -> Iterator[Started]:
    """Start a Python process with a script and arguments; it reports when it is ready, and is stopped with the test."""
    processes: list[subprocess.Popen[str]] = []

    def start(script: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", script, *map(str, arguments)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def all_at_once(processes: list[subprocess.Popen[str]]) -> None:
    """Let all processes continue once each is ready."""
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()


def outputs(processes: list[subprocess.Popen[str]]) -> list[list[int]]:
    """Return the numbers that each process printed, after all ended successfully."""
    printed = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return [[int(line) for line in text.split()] for text in printed]


@pytest.mark.parametrize("links", ["links", "nolinks"])
def test_one_of_many_creates_it(links: str, started: Started, tmp_path: Path) -> None:
    """Of eight processes that create forty names, one wins each, and readers always see its complete content."""
    place, rounds = tmp_path / "shared" / "deep", 40
    processes = [started(RACE, place, letter, rounds, SIZE, links) for letter in "abcdefgh"]
    whole = {letter.encode() * SIZE for letter in "abcdefgh"}
    moment = {b""} if links == "nolinks" else set()  # allowed by create on a file system without hard links
    all_at_once(processes)
    looked = 0
    while any(process.poll() is None for process in processes) and looked < 100_000:
        for name in names(place):
            assert read(place / name) in whole | moment
        looked += 1
    won = outputs(processes)
    assert sorted(number for numbers in won for number in numbers) == list(range(rounds))
    for letter, numbers in zip("abcdefgh", won, strict=True):
        assert all(read(place / f"{number:06}.json") == letter.encode() * SIZE for number in numbers)
    assert len(os.listdir(place)) == rounds


def test_readers_see_the_old_or_the_new(started: Started, tmp_path: Path) -> None:
    """Two processes replace one file repeatedly; it is never missing and never mixed."""
    file = tmp_path / "report.py"
    replace(file, b"a" * SIZE)
    processes = [started(REPLACE, file, letter, 200, SIZE) for letter in "ab"]
    all_at_once(processes)
    seen = set()
    while any(process.poll() is None for process in processes):
        content = read(file)
        assert content in (b"a" * SIZE, b"b" * SIZE)
        seen.add(content)
    assert len(seen) == 2
    assert os.listdir(tmp_path) == ["report.py"]


@pytest.mark.parametrize(
    ("function", "before"), [("create", "fsync"), ("create", "link"), ("replace", "fsync"), ("replace", "replace")]
)
def test_a_killed_writer_leaves_nothing_under_the_name(
    function: str, before: str, started: Started, tmp_path: Path
) -> None:
    """If a process is killed before its file has a name, the name is free; the temporary file goes a day later."""
    file = tmp_path / "000001.json"
    process = started(KILLED, file, before, function)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert (read(file), names(tmp_path)) == (None, [])
    (left,) = os.listdir(tmp_path)
    assert create(file, b"whole")
    assert (read(file), names(tmp_path)) == (b"whole", ["000001.json"])
    assert left in os.listdir(tmp_path)  # it could be of a process at work
    two_days_ago = time.time() - 2 * 24 * 60 * 60
    os.utime(tmp_path / left, (two_days_ago, two_days_ago))
    replace(tmp_path / "other", b"")
    assert sorted(os.listdir(tmp_path)) == ["000001.json", "other"]


def test_create_keeps_what_is_there(tmp_path: Path) -> None:
    """An existing name is kept, even that of an empty file or a dangling link."""
    (tmp_path / "empty").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    for name in ("empty", "dangling", "folder"):
        assert not create(tmp_path / name, b"new")
    assert (tmp_path / "empty").read_bytes() == b""
    assert not (tmp_path / "nowhere").exists()


def test_an_answer_that_nfs_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If NFS reports that a link exists, the link count shows whether it is ours."""
    link = os.link

    def twice(*arguments: Any) -> None:
        link(*arguments)
        link(*arguments)

    monkeypatch.setattr(os, "link", twice)
    assert create(tmp_path / "a", b"mine")
    assert not create(tmp_path / "a", b"other")
    assert read(tmp_path / "a") == b"mine"


def test_a_file_replaced_on_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If NFS reports a stale file, the name is looked up again."""
    (tmp_path / "a").write_bytes(b"new")
    answers = [OSError(errno.ESTALE, "Stale file handle")] * 2
    real = Path.read_bytes

    def stale(path: Path) -> bytes:
        if answers:
            raise answers.pop()
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", stale)
    assert read(tmp_path / "a") == b"new"
    assert not answers


@pytest.mark.parametrize("write", [create, replace])
@pytest.mark.parametrize("function", ["fsync", "write"])
def test_a_full_disk_changes_nothing(
    write: Callable[..., Any], function: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is unchanged, and no temporary file is left."""
    file = tmp_path / "a"
    if write is replace:
        file.write_bytes(b"old")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        if function == "fsync":
            patched.setattr(os, "fsync", full)
        else:
            patched.setattr("builtins.open", full)
        with pytest.raises(PublishError, match="No space left on device") as refused:
            write(file, b"new")
    assert str(file) in refused.value.where
    assert "free space" in refused.value.remedy
    assert os.listdir(tmp_path) == (["a"] if write is replace else [])
    assert read(file) == (b"old" if write is replace else None)


def test_an_interrupted_claim_frees_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without hard links, the name is reserved first, and released if the content cannot be written."""

    def refused(code: int) -> Callable[..., None]:
        def call(*_: Any) -> None:
            raise OSError(code, os.strerror(code))

        return call

    monkeypatch.setattr(os, "link", refused(errno.EPERM))
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", refused(errno.EIO))
        with pytest.raises(PublishError, match="Input/output error"):
            create(tmp_path / "a", b"x")
    assert os.listdir(tmp_path) == []
    assert create(tmp_path / "a", b"x")
    assert not create(tmp_path / "a", b"y")
    assert read(tmp_path / "a") == b"x"


def test_others_may_read_what_one_user_wrote(tmp_path: Path) -> None:
    """The umask decides the permissions, because Airflow's components may run as different users."""
    before = os.umask(0o022)
    try:
        create(tmp_path / "a", b"")
        replace(tmp_path / "b", b"")
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in "ab"] == [0o644, 0o644]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(ANY_CHARACTER, min_size=1, max_size=80).filter(
        lambda text: text not in {".", ".."} and "/" not in text
    )
)
def test_any_name_works_or_is_refused(name: str, tmp_path: Path) -> None:
    """Names of any alphabet and up to the maximum length work; others are an error with a place."""
    if "\0" in name or len(name.encode("utf-8", "surrogatepass")) > 255 or any("\ud800" <= c <= "\udfff" for c in name):
        with pytest.raises(PublishError) as refused:
            create(tmp_path / name, b"x")
        assert str(tmp_path) in refused.value.where
        return
    assert create(tmp_path / name, b"x")
    assert name in names(tmp_path)
    assert not create(tmp_path / name, b"y")
    replace(tmp_path / name, b"z")
    assert read(tmp_path / name) == b"z"
    remove(tmp_path / name)
    assert read(tmp_path / name) is None


def test_the_longest_name(tmp_path: Path) -> None:
    """The temporary file has a short name of its own."""
    assert create(tmp_path / ("n" * 255), b"x")
    replace(tmp_path / ("n" * 255), b"y")
    with pytest.raises(PublishError, match="File name too long"):
        create(tmp_path / ("n" * 256), b"x")


def test_names_are_of_files_and_sorted(tmp_path: Path) -> None:
    """Folders, other suffixes and temporary files are left out; a missing folder is empty."""
    for name in ("b.json", "a.json", "c.txt", f".vai-{'0' * 32}.waiting"):
        (tmp_path / name).touch()
    (tmp_path / "d.json").mkdir()
    assert names(tmp_path, ".json") == ["a.json", "b.json"]
    assert names(tmp_path) == ["a.json", "b.json", "c.txt"]
    assert names(tmp_path / "missing") == []


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    """Reading it would never end."""
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(PublishError, match="not a regular file"):
        read(tmp_path / "a.json")


def test_what_is_missing(tmp_path: Path) -> None:
    """Reading a missing file returns nothing, and removing it succeeds."""
    assert read(tmp_path / "a" / "b") is None
    remove(tmp_path / "a" / "b")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("call", [lambda path: create(path, b""), lambda path: replace(path, b""), read, names, remove])
def test_a_file_where_a_folder_should_be(call: Callable[[Path], Any], tmp_path: Path) -> None:
    """The error names the path and what to check."""
    (tmp_path / "file").touch()
    with pytest.raises(PublishError) as refused:
        call(tmp_path / "file" / "a")
    assert (refused.value.where, bool(refused.value.remedy)) == (str(tmp_path / "file" / "a"), True)


@NOT_AS_ROOT
@pytest.mark.parametrize("call", [lambda path: create(path, b""), lambda path: replace(path, b""), read, remove])
def test_no_permission(call: Callable[[Path], Any], tmp_path: Path) -> None:
    """Errors of every operation name the path."""
    tmp_path.chmod(0)
    try:
        with pytest.raises(PublishError, match="Permission denied"):
            call(tmp_path / "a")
    finally:
        tmp_path.chmod(0o700)


def test_a_folder_is_named_by_path_or_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A local folder is a plain path, in whichever form it is given."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder("/data/vai") == folder("file:///data/vai") == Path("/data/vai")
    assert folder("~/vai") == tmp_path / "vai"
    assert folder("dags") == Path("dags")
    assert type(folder("file:///data/vai")) is type(Path())
    assert str(folder("s3://bucket/vai")) == "s3://bucket/vai"
    assert str(folder("s3://bucket/vai") / "a") == "s3://bucket/vai/a"


@pytest.mark.parametrize("text", ["", "file://", "file://host/data", "nope://a/b", "~no_such_user_of_this_machine/x"])
def test_what_names_no_folder_is_refused(text: str) -> None:
    """A text that names no folder is refused, and not taken for the working directory."""
    with pytest.raises(PublishError) as refused:
        folder(text)
    assert "s3://" in refused.value.remedy


@pytest.mark.parametrize("url", ["{}", "file://{}", "local://{}"])
def test_local_urls_of_upath_are_folders(url: str, tmp_path: Path) -> None:
    """The paths of Airflow's object storage work."""
    from upath import UPath

    place = UPath(url.format(tmp_path))
    assert create(place / "deep" / "a", b"x")
    assert not create(place / "deep" / "a", b"y")
    replace(place / "deep" / "b", b"z")
    assert (names(place / "deep"), read(place / "deep" / "b")) == (["a", "b"], b"z")
    assert sorted(os.listdir(tmp_path / "deep")) == ["a", "b"]


@pytest.mark.parametrize("write", [create, replace])
def test_a_store_that_cannot_exclude_is_refused(write: Callable[..., Any]) -> None:
    """A store without conditional puts is refused, because checking before writing would race; nothing is written."""
    from upath import UPath

    path = UPath("memory://vai-shared-files/a")
    with pytest.raises(PublishError, match="memory:// cannot create a file exclusively") as refused:
        write(path, b"x")
    assert str(path) == refused.value.where
    assert not path.exists()


def test_no_password_is_shown() -> None:
    """A password in a URL is not shown in messages."""
    with pytest.raises(PublishError) as refused:
        folder("nope://user:hush-hush@host/x")
    assert "hush" not in str(refused.value)
    assert "user@host" in str(refused.value)


def test_a_missing_provider_says_so() -> None:
    """A URL that no installed provider opens is refused with the URL and the package."""
    with pytest.raises(PublishError, match="gs://") as refused:
        read(folder("gs://bucket/a"))
    assert refused.value.where == "gs://bucket/a"
    assert "apache-airflow-providers-google" in refused.value.remedy


def test_our_own_mistakes_stay_visible(tmp_path: Path) -> None:
    """In a folder, only errors of the file system and of names are converted."""
    with pytest.raises(TypeError):
        create(tmp_path / "a", "text")  # type: ignore[arg-type]
    assert os.listdir(tmp_path) == []
    assert shared_files.names(tmp_path) == []


@pytest.mark.parametrize("place", ["local", "memory"])
def test_the_stamp_of_one_file(place: str, tmp_path: Path) -> None:
    """It changes with each write, also one of the same size, and is nothing without the file."""
    upath = pytest.importorskip("upath")
    path = tmp_path / "a.json" if place == "local" else upath.UPath(f"memory://stamps-{os.getpid()}/a.json")
    assert shared_files.stamp(path) is None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"one")

    first = shared_files.stamp(path)

    assert first is not None
    assert shared_files.stamp(path) == first
    time.sleep(0.02)
    path.write_bytes(b"two")
    assert shared_files.stamp(path) != first
    path.unlink()
    assert shared_files.stamp(path) is None
