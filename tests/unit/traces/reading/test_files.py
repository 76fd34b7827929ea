"""Every way a trace can be stored in a file: read into the same document, or refused with its place."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.cli import main as cli
from airflow_provider_vai.exceptions import TraceError
from airflow_provider_vai.languages import yaml_text
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces import formats as reading
from airflow_provider_vai.traces.formats import opened, read
from airflow_provider_vai.traces.reading import files, pieces, window
from airflow_provider_vai.traces.reading.files import TraceFile
from airflow_provider_vai.traces.reading.run_index import RunIndex
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import why_skipped
from tests.unit.traces.formats.support import TRACES

CHAT = [
    {"role": "user", "content": "grüße"},
    {
        "role": "assistant",
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "12"},
]
TEXT = json.dumps(CHAT, ensure_ascii=False)


def write(path: Path, content: bytes) -> Path:
    """Write a file, compressed if its name says so."""
    if path.suffix == ".gz":
        content = gzip.compress(content)
    path.write_bytes(content)
    return path


def archive(path: Path, members: dict[str, Any], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a zip archive of texts, bytes or JSON documents."""
    with zipfile.ZipFile(path, "w", method) as made:
        for name, content in members.items():
            made.writestr(name, content if isinstance(content, (str, bytes)) else json.dumps(content))
    return path


def trajectory(task: int, *tools: str) -> dict[str, Any]:
    """Return a tau-bench run that called these tools."""
    calls = [{"id": tool, "type": "function", "function": {"name": tool, "arguments": "{}"}} for tool in tools]
    return {"task_id": task, "reward": 1.0, "traj": [{"role": "assistant", "tool_calls": calls}]}


def calls(runs: list[Run]) -> list[tuple[str, list[str]]]:
    """Return each run's id and tools."""
    return [(run.id, [call.tool for call in run.calls]) for run in runs]


# --- one document, many ways ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", TEXT.encode()),
        ("a.json", json.dumps(CHAT, indent=2).encode()),
        ("a.json", TEXT.encode("utf-8-sig")),
        ("a.json", TEXT.encode("utf-16")),
        ("a.json", b"\xfe\xff" + TEXT.encode("utf-16-be")),
        ("a.json.gz", TEXT.encode()),
        ("a.gz", TEXT.encode("utf-16")),
        ("a.jsonl", json.dumps(CHAT, indent=1).encode()),
        ("a.yaml", TEXT.encode()),
        ("a.yml.gz", TEXT.encode()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_document(name: str, content: bytes, tmp_path: Path) -> None:
    """The document is the same in every encoding, and is not JSONL."""
    trace = Trace(write(tmp_path / name, content))
    assert trace.document == CHAT
    assert not trace.is_jsonl
    assert trace.sha256 == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json", "a.log", "a.jsonl.gz"])
def test_lines(name: str, tmp_path: Path) -> None:
    """One document per line is JSONL whatever the file's name; blank lines and other line ends are skipped."""
    content = "\n".join(
        ["", json.dumps({"a": "x\u2028y"}, ensure_ascii=False), " \r", '{"b": 2}\r', "[3]", ""]
    ).encode()
    trace = Trace(write(tmp_path / name, content))
    assert trace.document == [{"a": "x\u2028y"}, {"b": 2}, [3]]
    assert trace.is_jsonl


def test_one_line_is_jsonl_by_its_name_only(tmp_path: Path) -> None:
    """A single object is a list of one in a file with a JSONL suffix, and itself in any other."""
    assert Trace(write(tmp_path / "a.jsonl", b'{"a": 1}\n')).document == [{"a": 1}]
    assert Trace(write(tmp_path / "a.json", b'{"a": 1}\n')).document == {"a": 1}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a": 1}\n\n{"a": \n', "line 3: not JSON"),
        (b'{"a": 1}\n"{\\"b\\": 2}"\n', "line 2: neither an object nor an array, but JSON in text"),
        (b'{"a": 1}\nINFO {"b": 2}\n', "line 2: not JSON"),
        (b'{"a": 1}\n{"b": \n{"c": 3}', "line 2: not JSON"),
        (b'{"a": 1}\n{"b": 2}}', "line 2: not JSON"),
        (b'{"a": 1', "line 1: not JSON"),
        (b'{"a\n{"b": 1}\n', "line 1: not JSON"),
    ],
)
def test_broken_line_is_named(content: bytes, words: str, tmp_path: Path) -> None:
    """The message names the broken line of a JSONL file."""
    with pytest.raises(TraceError, match=words):
        _ = Trace(write(tmp_path / "a.jsonl", content)).document


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b'{"a": 1}\n2\n[3]\n', "line 2: neither an object nor an array; it was left out"),
        (b'{"a": 1}\nnull\n[3]', "line 2: neither an object nor an array; it was left out"),
        (b'{"a": 1}\nstarting ...\n[3]', "line 2: neither an object nor an array; it was left out"),
        (b'{"a": 1}\n[3]\n{"b', "line 3: cut off after 3 characters; what is before it was read"),
        (b'{"a": 1}\n[3]\n{"b": {"c": "}}', "line 3: cut off after 15 characters; what is before it was read"),
        (b'{"a": 1}\n[3]\n{"b": [1, tr', "line 3: cut off after 12 characters; what is before it was read"),
        (b'{"a": 1}\n[3]\n{"b": "\\', "line 3: cut off after 8 characters; what is before it was read"),
    ],
)
def test_lines_without_a_call_are_left_out_with_a_note(content: bytes, note: str, tmp_path: Path) -> None:
    """A writer that was stopped leaves half a line at the end; what it wrote before is whole."""
    trace = Trace(write(tmp_path / "a.jsonl", content))
    assert trace.document == [{"a": 1}, [3]]
    assert trace.skipped == [note]


def test_a_cut_off_line_is_found_in_one_pass() -> None:
    """A cut-off string with many quotes in it is not searched again from each of them."""
    line = '{"a": "' + '\\"{' * 200_000
    assert why_skipped(line, is_end=True) is not None
    assert why_skipped(line + '"}', is_end=True) is None


def test_a_folder_is_one_document(tmp_path: Path) -> None:
    """A session's folder: its files, without hidden ones; a sub-agent's lines are where it started."""
    (tmp_path / "s" / "subagents").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    main = [{"n": 1, "timestamp": "2026-02-03T04:00:00Z"}, {"n": 3, "timestamp": "2026-02-03T04:02:00Z"}]
    write(tmp_path / "s.jsonl", "\n".join(map(json.dumps, main)).encode())
    write(tmp_path / "t.jsonl", b'{"n": 4}\nnull\n')
    write(tmp_path / ".git" / "x.jsonl", b'{"n": 5}\n')
    write(tmp_path / "s" / "subagents" / "agent-a.jsonl", b'{"n": 2, "timestamp": "2026-02-03T04:01:00Z"}\n')
    write(tmp_path / "s" / "subagents" / "agent-a.meta.json", b'{"toolUseId": "c"}')
    trace = Trace(tmp_path)
    assert [line["n"] for line in trace.document] == [1, 2, 3, 4]
    assert trace.document[1]["parent_tool_use_id"] == "c"
    assert trace.is_jsonl
    assert trace.skipped == ["t.jsonl: line 2: neither an object nor an array; it was left out"]
    before = trace.sha256
    write(tmp_path / "t.jsonl", b'{"n": 6}\n')
    assert Trace(tmp_path).sha256 != before


def test_a_folder_over_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its files count together."""
    monkeypatch.setattr("airflow_provider_vai.traces.reading.folder.LIMIT_BYTES", 20)
    for name in ("a.jsonl", "b.jsonl"):
        write(tmp_path / name, b'{"number": 12}\n')
    with pytest.raises(TraceError, match="2 files of together"):
        _ = Trace(tmp_path).document


def test_each_line_may_be_a_document(tmp_path: Path) -> None:
    """Lines, or list items, that are whole documents of a format are read as one run each, with different ids."""
    documents = [{"id": "one", "messages": CHAT}, {"messages": CHAT}, {"messages": CHAT[:2]}]
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, documents)).encode())
    runs = read(path)[1]
    assert calls(runs) == [("one", ["f"]), (runs[1].id, ["f"]), (runs[2].id, ["f"])]
    assert len({run.id for run in runs}) == 3
    assert calls(read(write(tmp_path / "a.json", json.dumps(documents).encode()))[1]) == calls(runs)
    mixed = "\n".join(map(json.dumps, [*documents, {"other": 1}])).encode()
    with pytest.raises(
        TraceError, match=r"line 4\): an object with the keys other is not openai_chat, but the first item is"
    ):
        read(write(tmp_path / "b.jsonl", mixed))


# --- archives ---------------------------------------------------------------------------------------------------------


def test_archive_of_one_trace(tmp_path: Path) -> None:
    """The only file in an archive is the trace; files that a desktop system adds do not count."""
    path = archive(tmp_path / "a.zip", {"x/": "", "x/run.json": CHAT, "__MACOSX/x/._run.json": "", "x/.DS_Store": ""})
    assert Trace(path).document == CHAT


def test_archive_of_several_traces(tmp_path: Path) -> None:
    """One of several files has to be named, after the archive's name."""
    path = archive(tmp_path / "a!b.zip", {"x/1.json": CHAT, "2.jsonl": '{"a": 1}', "3.json.gz": gzip.compress(b"[4]")})
    with pytest.raises(TraceError, match=r"an archive of 3 files\n.*a!b\.zip!MEMBER: x/1\.json, 2\.jsonl"):
        _ = Trace(path).document
    with pytest.raises(TraceError, match="no member 'nope'"):
        _ = Trace(Path(f"{path}!nope")).document
    assert Trace(Path(f"{path}!x/1.json")).document == CHAT
    assert Trace(Path(f"{path}!2.jsonl")).document == [{"a": 1}]
    assert Trace(Path(f"{path}!3.json.gz")).document == [4]
    assert Trace(Path(f"{path}!x/1.json")).path == path


def test_member_of_a_plain_file(tmp_path: Path) -> None:
    """A plain file has no members."""
    path = write(tmp_path / "a.json", TEXT.encode())
    with pytest.raises(TraceError, match="is not an archive"):
        _ = Trace(Path(f"{path}!x")).document


@pytest.mark.parametrize("start", files.START)
def test_inspect_log(start: str, tmp_path: Path) -> None:
    """A log is its header and its samples sorted by name, even if its evaluation is unfinished."""
    path = archive(
        tmp_path / "a.eval",
        {"samples/b.json": {"id": 2}, "summaries.json": [], start: {"v": 2}, "samples/a.json": {"id": 1}},
    )
    assert Trace(path).document == {"header": {"v": 2}, "samples": [{"id": 1}, {"id": 2}]}
    assert Trace(Path(f"{path}!samples/b.json")).document == {"id": 2}


def packed_otherwise(path: Path, method: int) -> Path:
    """Write an archive whose only member claims another compression method."""
    content = archive(path, {"a.json": CHAT}, zipfile.ZIP_STORED).read_bytes()
    marked = content.replace(b"PK\x03\x04\x14\0\0\0\0\0", b"PK\x03\x04\x14\0\0\0" + method.to_bytes(2, "little"))
    path.write_bytes(
        marked.replace(
            b"PK\x01\x02\x14\x03\x14\0\0\0\0\0", b"PK\x01\x02\x14\x03\x14\0\0\0" + method.to_bytes(2, "little")
        )
    )
    return path


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.gz", gzip.compress(TEXT.encode())[:-9], "cannot be unpacked"),
        ("a.gz", gzip.compress(TEXT.encode())[:-8] + b"\0" * 8, "cannot be unpacked: CRC"),
        ("a.gz", b"\x1f\x8b\x08\0" + b"\xff" * 40, "cannot be unpacked"),
        ("a.zip", b"PK\x03\x04" + b"\0" * 50, "cannot be unpacked: File is not a zip file"),
        ("a.zip", b"PK\x05\x06" + b"\0" * 18, "an archive of 0 files"),
        ("a.json", b"", "the file is empty"),
        ("a.jsonl", b"\n\n", "the file is empty"),
        ("a.json", TEXT.encode("utf-16")[:-1], "not UTF-16"),
        ("a.json", b"[\xff]", "not UTF-8 at byte 1"),
    ],
)
def test_broken_files_are_refused(name: str, content: bytes, words: str, tmp_path: Path) -> None:
    """A file whose compression or encoding is broken is refused by name."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TraceError, match=words) as refusal:
        read(tmp_path / name)
    assert refusal.value.where.startswith(str(tmp_path / name))


def test_unknown_packing_is_refused(tmp_path: Path) -> None:
    """A compression method that this Python lacks is reported with a remedy."""
    with pytest.raises(TraceError, match=r"Python cannot read without.*\n.*airflow-provider-vai\[compression\]"):
        read(packed_otherwise(tmp_path / "a.zip", 97))


def test_zstandard(tmp_path: Path) -> None:
    """A file packed by Zstandard is read with the extra's library; without it, the message names the extra."""
    library = pytest.importorskip("zstandard")
    path = write(tmp_path / "a.jsonl.zst", library.compress(b'{"a": 1}\n'))
    assert Trace(path).document == [{"a": 1}]
    assert Trace(archive(tmp_path / "a.zip", {"b.json.zst": library.compress(TEXT.encode())})).document == CHAT
    write(path, library.compress(TEXT.encode())[:-3])
    with pytest.raises(TraceError):
        _ = Trace(path).document


def test_zstandard_without_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library, the message names the extra that installs it."""
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(TraceError, match=r"compressed with Zstandard.*\n.*airflow-provider-vai\[compression\]"):
        read(write(tmp_path / "a.jsonl", b"\x28\xb5\x2f\xfd\x20\x02\x11\0\0[]"))


@pytest.mark.parametrize("name", ["a.json.gz", "a.zip"])
def test_zip_bombs_are_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unpacking stops at the limit, however the file is read."""
    bomb = b'[{"role": "user", "content": "' + b"x" * 3_000_000 + b'"}]'
    path = tmp_path / name
    _ = archive(path, {"a.json": bomb}) if name.endswith(".zip") else write(path, bomb)
    monkeypatch.setattr(files, "LIMIT_BYTES", 100_000)
    with pytest.raises(TraceError, match=r"over the limit of 0 MB|unpacks to more than"):
        _ = Trace(path).document
    monkeypatch.setattr(reading, "LARGE", 1000)
    with pytest.raises(TraceError, match="unpacks to more than"):
        read(path)


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize(
    ("encoding", "name"), [("utf-16-le", "UTF-16LE without"), ("utf-16-be", "UTF-16BE without"), ("utf-32", "UTF-32")]
)
def test_another_encoding_is_named(
    encoding: str, name: str, is_large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UTF-16 without a byte order mark, and UTF-32, are refused by name, with the command that converts the file."""
    monkeypatch.setattr(reading, "LARGE", 10 if is_large else reading.LARGE)
    with pytest.raises(TraceError, match=f"is in {name}") as caught:
        read(write(tmp_path / "a.json", TEXT.encode(encoding)))
    assert "iconv -f" in caught.value.remedy


# --- YAML -------------------------------------------------------------------------------------------------------------


def test_yaml_is_read_as_json_spells_it() -> None:
    """Times, yes and no, octals and sexagesimals stay text; binary becomes the text it encodes."""
    written = "a: 2020-01-01T00:00:00Z\nb: yes\nc: [1, 1.5, 1.0e+5, true, null, ~, 12:30:45, 010, .inf]\n"
    written += "d: !!binary aGFsbG8=\ne: !!binary //8=\n1: x\nf: &f {z: 1, y: 2}\ng: {<<: *f, y: 3}\n"
    assert yaml_text.loads(written, where="f") == {
        "a": "2020-01-01T00:00:00Z",
        "b": "yes",
        "c": [1, 1.5, 1e5, True, None, None, "12:30:45", "010", ".inf"],
        "d": "hallo",
        "e": "//8=",
        "1": "x",
        "f": {"z": 1, "y": 2},
        "g": {"z": 1, "y": 3},
    }


LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (LAUGHS, "more than 5000000 values"),
        ("&a [*a]", "a value that contains itself"),
        ("!!python/object/apply:os.system [x]", "could not determine a constructor"),
        ("!!python/name:os.system x", "could not determine a constructor"),
        ("[1", "expected ',' or ']'"),
        ("1e999", "too large"),
        ("!!int x", "invalid literal"),
        ("!!int [1]", "int\\(\\) argument"),
        ("{a: 1, a: 2}", "occurs twice"),
        ("- " * 3000, "nested too deeply"),
        ("{[1]: 2}", "a key that is not a string"),
        ("a: 1\n---\nb: 2", "expected a single document"),
    ],
)
def test_yaml_that_json_cannot_hold_is_refused(written: str, words: str) -> None:
    """Bombs, Python objects, and documents that would lose a value are refused."""
    with pytest.raises(TraceError, match=words):
        yaml_text.loads(written, where="f")


# --- large files ------------------------------------------------------------------------------------------------------


@pytest.fixture
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read every file as a large one, a few bytes at a time."""
    monkeypatch.setattr(reading, "LARGE", 10)
    monkeypatch.setattr(window, "CHUNK", 7)


@pytest.mark.usefixtures("_large")
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.json.gz", "a.jsonl.gz", "a.zip"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_large_file_gives_the_same_runs(
    name: str, encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read run by run or at once, the runs are the same, in the order of their first piece in the file."""
    items = [trajectory(1, "grüße", "b"), trajectory(2), trajectory(0, "c\u2028"), trajectory(3, "d")]
    lines = [json.dumps(item, ensure_ascii=False) for item in items]
    written = ("\n".join(lines) if "jsonl" in name else f" [{', '.join(lines)}]\n ").encode(encoding)
    path = archive(tmp_path / name, {"a.json": written}) if name == "a.zip" else write(tmp_path / name, written)
    with opened(path) as runs:
        assert type(runs).__name__ == "RunIndex"
        found = list(runs)
        assert runs.matching("task-0") == found[2:3]
        assert runs.matching("nope") == []
        assert [run.id for run in runs.matching("task-")] == [run.id for run in found]
    monkeypatch.setattr(reading, "LARGE", 10**9)
    assert found == read(path)[1]
    assert calls(found)[0] == ("task-1/trial-0", ["grüße", "b"])


class Counting(io.FileIO):
    """A file that knows how far it was read."""

    furthest = 0

    def read(self, size: int | None = -1, /) -> Any:
        """Read from the file."""
        found = super().read(size)
        self.furthest = max(self.furthest, self.tell())
        return found

    def readline(self, size: int | None = -1, /) -> Any:
        """Read a line."""
        found = super().readline(size)
        self.furthest = max(self.furthest, self.tell())
        return found


ROW = {"text": "x" * 900}
LARGE_FILES = {
    "lines.jsonl": "\n".join(json.dumps(trajectory(number, "f") | ROW) for number in range(400)),
    "lines": "\n".join(json.dumps(trajectory(number, "f") | ROW) for number in range(400)),
    "array.json": json.dumps([trajectory(number, "f") | ROW for number in range(400)]),
    "indented.json": json.dumps([trajectory(number, "f") | ROW for number in range(400)], indent=1),
    "key.json": json.dumps({"tasks": [], "simulations": [{"id": str(n), "messages": [], **ROW} for n in range(400)]}),
    "documents.json": "\n".join(json.dumps(trajectory(number, "f") | ROW, indent=1) for number in range(400)),
}


@pytest.mark.parametrize("name", LARGE_FILES)
def test_the_start_of_a_large_file_tells_its_reader(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most 64 KB are read until the reader is chosen, and the runs are those of the whole file."""
    path = write(tmp_path / name, LARGE_FILES[name].encode())
    whole = read(path)[1]
    monkeypatch.setattr(reading, "LARGE", 10)
    file, counts = Counting(path), []

    class Index(RunIndex):
        def __init__(self, *arguments: Any) -> None:
            counts.append(file.furthest)
            super().__init__(*arguments)

    @contextmanager
    def spooled(_: TraceFile) -> Iterator[Any]:
        yield file

    monkeypatch.setattr(reading, "RunIndex", Index)
    monkeypatch.setattr(TraceFile, "spooled", spooled)
    with opened(path) as runs:
        assert [run.calls for run in runs] == [run.calls for run in whole]
    file.close()
    assert counts == [pieces.HEAD]


def test_one_long_line_of_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The start looks like one document with an array, but another document follows: lines, without a suffix."""
    line = json.dumps({"tasks": [], "simulations": [{"id": str(n), "messages": [], **ROW} for n in range(100)]})
    path = write(tmp_path / "a.json", f"{line}\n{line.replace('x', 'y')}\n".encode())
    whole = read(path)[1]
    monkeypatch.setattr(reading, "LARGE", 10)
    assert [run.id for run in read(path)[1]] == [run.id for run in whole]
    assert len(whole) == 200


def test_an_unknown_large_file_is_refused_by_its_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of no known format are not read to the end."""
    path = write(tmp_path / "a.jsonl", "\n".join(json.dumps({"x": n, **ROW}) for n in range(3000)).encode())
    monkeypatch.setattr(reading, "LARGE", 10)
    monkeypatch.setattr(reading, "LIMIT_BYTES", 1000)
    file = Counting(path)

    @contextmanager
    def spooled(_: TraceFile) -> Iterator[Any]:
        yield file

    monkeypatch.setattr(TraceFile, "spooled", spooled)
    with pytest.raises(TraceError, match="no adapter recognises"):
        read(path)
    assert file.furthest <= pieces.HEAD


@pytest.mark.usefixtures("_large")
def test_large_array_under_a_key(tmp_path: Path) -> None:
    """Whatever is outside the list of runs, before or after it, is read with each run."""
    document = json.loads((TRACES / "tau2.json").read_text())
    expected = read(write(tmp_path / "small.json", json.dumps(document).encode()))[1]
    turned = {key: document[key] for key in sorted(document, key=lambda key: key != "simulations")}
    for found in (document, turned):
        assert read(write(tmp_path / "a.json", json.dumps(found, indent=1).encode()))[1] == expected


@pytest.mark.usefixtures("_large")
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", '[{"task_id": 1, "traj": [], "reward": 1}, {]', "not JSON in the value at byte 42"),
        ("a.json", '[{"task_id": 1, "traj": [], "reward": 1}] x', "something after the end"),
        ("a.json", '[{"task_id": 1, "traj": [], "reward": 1} 2]', "expected ']'"),
        ("a.json", '[{"task_id": 1, "traj": [], "reward": 1}', "expected ']'"),
        ("a.jsonl", '{"task_id": 1, "traj": [], "reward": 1}\n{"task\n', "line 2: not JSON"),
        (
            "a.jsonl",
            '{"task_id": 1, "traj": [], "reward": 1}\n{"task_id": 2, "traj": 7}',
            "expected a list, found int 7",
        ),
        ("a.json", '[{"x": "' + "[" * 100_000 + '"}, ' + "[" * 100_000, "nested too deeply|no adapter"),
    ],
)
def test_broken_large_files_are_refused(name: str, content: str, words: str, tmp_path: Path) -> None:
    """A large file, too, is refused with the broken place."""
    with pytest.raises(TraceError, match=words):
        read(write(tmp_path / name, content.encode()))


@pytest.mark.usefixtures("_large")
def test_a_large_file_that_is_cut_off_is_read_with_a_note(tmp_path: Path) -> None:
    """As a small one is."""
    content = f"{json.dumps(trajectory(1, 'x'))}\nnull\n{json.dumps(trajectory(2, 'y'))[:-4]}".encode()
    (run,) = read(write(tmp_path / "a.jsonl", content))[1]
    assert run.id == "task-1/trial-0"
    assert [note.split(": ")[0] for note in run.notes[-2:]] == ["line 2", "line 3"]


@pytest.mark.usefixtures("_large")
def test_one_run_over_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that alone is too large is refused by name; the others are read."""
    path = write(tmp_path / "a.jsonl", "\n".join(json.dumps(trajectory(n, "x" * n)) for n in (1, 3000, 2)).encode())
    monkeypatch.setattr("airflow_provider_vai.traces.reading.run_index.LIMIT_BYTES", 1000)
    with opened(path) as runs:
        assert calls(runs.matching("task-2")) == [("task-2/trial-0", ["xx"])]
        assert [run.id for run in runs] == ["task-1/trial-0", "task-2/trial-0"]
        assert "run task-3000/trial-0 alone is over the limit" in str(runs.errors["task-3000/trial-0"])
        with pytest.raises(TraceError, match="run task-3000/trial-0 alone is over the limit"):
            runs.matching("task-3000")


@pytest.mark.usefixtures("_large")
def test_one_broken_run_among_many_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The others are listed and the broken one is reported; chosen, or alone in the file, it is refused."""
    broken = {"task_id": 2, "traj": 7, "reward": 1}
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, [trajectory(1), broken, trajectory(3)])).encode())
    assert cli.main(["inspect", str(path)]) == 0
    output = capsys.readouterr()
    assert "2 runs" in output.out
    assert "1 run could not be read; first error: " in output.err
    assert cli.main(["inspect", str(path), "--run", "task-2"]) == 1
    assert "expected a list, found int 7" in capsys.readouterr().err
    alone = write(tmp_path / "b.jsonl", json.dumps(broken).encode())
    assert cli.main(["inspect", str(alone)]) == 1


@pytest.mark.parametrize("name", ["-", "/dev/null", "pipe"])
def test_what_can_be_read_only_once_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pipe is refused before it is opened: it would be empty at the second reading, or block for ever."""
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["inspect", name]) == 1
    told = capsys.readouterr().err
    assert f"{name}: is not a regular file" in told
    assert "Save the trace to a file first." in told


@pytest.mark.parametrize("name", ["lines.jsonl", "line.jsonl", "otlp.json"])
def test_a_conversation_of_several_traces_in_a_large_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The traces that one attribute joins are one run, as in a small file, even if their lines are far apart."""

    def span(trace: str, number: int, **more: Any) -> dict[str, Any]:
        own = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": f"tool{number}", **more}
        own["gen_ai.tool.call.arguments"] = '{"q": 1}'
        facts = {"trace_id": trace, "span_id": str(number), "name": "x", "start_time": number, "end_time": number + 1}
        return {**facts, "attributes": own}

    talk = {"gen_ai.conversation.id": "talk"}
    spans = [span("t1", 1, **talk), span("other", 2), span("t2", 3), span("t2", 4, **talk), span("t1", 5)]
    resources = [{"scopeSpans": [{"spans": [one]}]} for one in spans]
    contents = {"line.jsonl": json.dumps(spans), "lines.jsonl": "\n".join(map(json.dumps, spans))}
    contents["otlp.json"] = json.dumps({"resourceSpans": resources})
    path = write(tmp_path / name, contents[name].encode() + b"\n")
    monkeypatch.setattr(reading, "LARGE", 10)
    expected = [("talk", ["tool1", "tool3", "tool4", "tool5"]), ("other", ["tool2"])]
    assert calls(read(path)[1]) == expected
