"""Damaged files: whatever is cut, moved, retyped, doubled or removed, they are read as Runs or refused."""

from __future__ import annotations

import copy
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.cli.main import main
from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces import formats as reading
from airflow_provider_vai.traces.formats import adapters, read
from tests.paths import ROOT
from tests.recordings import FOLDER
from tests.unit.traces.formats.support import TRACES

sys.path.insert(0, str(ROOT / "dev/bench_fuzz"))
from json_places import places

FEW, MANY = 15, 10_000
LARGEST = 60_000
"""The size, in bytes, up to which recordings are mutated: larger ones take too long for what they show."""

VALUES = (
    None,
    True,
    0,
    -1,
    10**400,
    1.7e15,
    "",
    "x",
    "[1]",
    '{"a": 1}',
    "denied",
    "9999-12-31",
    [],
    [[]],
    {},
    {"id": 1},
)
SUFFIXES = (".json", ".jsonl")


def originals() -> list[Path]:
    """Return the fixtures, and the recordings if their folder is present."""
    found = [path for path in TRACES.iterdir() if path.is_file()]
    if FOLDER.is_dir():
        known = (".json", ".jsonl", ".yaml", ".eval", ".traj")
        found += [path for path in FOLDER.rglob("*") if path.suffix in known and path.stat().st_size <= LARGEST]
    return sorted(path for path in found if path.name not in ("MANIFEST.json", "README.md"))


def fixtures() -> list[Path]:
    """Return the fixtures, without the recordings."""
    return [path for path in originals() if path.parent == TRACES]


def mutate(document: Any, chance: random.Random) -> Any:
    """Return the document with one to four places damaged."""
    document = copy.deepcopy(document)
    for _ in range(chance.randint(1, 4)):
        found = places(document)
        if not found:
            break
        holder, key = chance.choice(found)
        match chance.choice(("delete", "retype", "double", "reorder", "move")):
            case "delete":
                del holder[key]
            case "double" if isinstance(holder, list):
                holder.insert(key, copy.deepcopy(holder[key]))
            case "reorder" if isinstance(holder, list):
                chance.shuffle(holder)
            case "move":
                holder[key] = copy.deepcopy(operand(chance.choice(found)))
            case _:
                holder[key] = copy.deepcopy(chance.choice(VALUES))  # a later damage may change it in place
    return document


def operand(place: tuple[Any, Any]) -> Any:
    """Return the value at a place, or ``None`` if a deletion removed it."""
    holder, key = place
    try:
        return holder[key]
    except (KeyError, IndexError):
        return None


def mutants(path: Path, count: int) -> Iterator[tuple[str, bytes]]:
    """Yield damaged files as a name and bytes; the same ones each time."""
    chance = random.Random(path.name)  # repeatable
    content = path.read_bytes()
    try:
        trace = reading.Trace(path)
        document, is_jsonl = trace.document, trace.is_jsonl
    except VaiError:
        document, is_jsonl = None, False
    for number in range(count):
        if document is None or number % 5 == 0:
            at = chance.randrange(len(content))
            yield path.name, content[:at] + (content[at + chance.randint(1, 9) :] if number % 2 else b"")
            continue
        damaged = mutate(document, chance)
        lines = is_jsonl and isinstance(damaged, list) and chance.random() < 0.9
        written = "\n".join(map(json.dumps, damaged)) if lines else json.dumps(damaged)
        yield f"{path.stem}{SUFFIXES[lines]}", written.encode()


def assert_runs_or_refusal(path: Path, format: str | None) -> None:
    """Read a file, with the format detected or named."""
    try:
        runs = read(path, format)[1]
    except VaiError:
        return
    for run in runs:
        assert Run.model_validate_json(run.model_dump_json()) == run
        assert len({call.id for call in run.calls}) == len(run.calls), "ids repeat"
        assert all(call.turn < len(run.turns) for call in run.calls), "a call has no turn"
        assert not any(call.outcome == "denied" and call.arguments is not None for call in run.calls), "denied, yet ran"


def survive(path: Path, folder: Path, count: int) -> None:
    """Read that many mutants of a file, each with the format detected and with the original's format named."""
    try:
        formats = {None, *(run.format for run in read(path)[1])}
    except VaiError:
        formats = {None}
    for number, (name, content) in enumerate(mutants(path, count)):
        damaged = folder / name
        damaged.write_bytes(content)
        for format_ in formats:
            try:
                assert_runs_or_refusal(damaged, format_)
            except Exception as error:
                pytest.fail(f"mutant {number} of {path} as {format_}: {type(error).__name__}: {error}")


@pytest.mark.parametrize("path", originals(), ids=lambda path: path.name[-60:])
def test_mutants_are_read_or_refused(path: Path, tmp_path: Path) -> None:
    """No damage ends in a traceback."""
    survive(path, tmp_path, FEW if path.parent == TRACES else 3)


@pytest.mark.e2e
def test_ten_thousand_mutants_are_read_or_refused(tmp_path: Path) -> None:
    """The same with more mutants, to find rare cases."""
    found = originals()
    for path in found:
        survive(path, tmp_path, -(-MANY // len(found)))


def crystallize_mutants(path: Path, folder: Path, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Crystallize that many mutants of a file: each is written whole, or refused and not written at all."""
    tools = folder / "tools.toml"
    tools.write_text('[[tools]]\nmatch = "*"\nkind = "mcp_tool"\nconn_id = "tools"\n')
    for number, (name, content) in enumerate(mutants(path, count)):
        damaged, out = folder / name, folder / f"out-{number}"
        damaged.write_bytes(content)
        options = ["--out", str(out), "--tools", str(tools), "--allow-unsuccessful", "--all", "--json"]
        try:
            code = main(["crystallize", str(damaged), *options])
        except Exception as error:
            pytest.fail(f"mutant {number} of {path}: {type(error).__name__}: {error}")
        assert "Traceback" not in capsys.readouterr().err
        dags = {found.stem for found in out.glob("*.py")}
        assert dags == {found.name.removesuffix(".vai.json") for found in out.glob("*.vai.json")}
        assert not (code and dags), f"mutant {number} of {path} was refused, but is written"


@pytest.mark.parametrize("path", fixtures(), ids=lambda path: path.name)
def test_mutants_are_written_whole_or_not_at_all(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No damage ends in a traceback or in half of an automation."""
    crystallize_mutants(path, tmp_path, 2, capsys)


@pytest.mark.e2e
def test_many_mutants_are_written_whole_or_not_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same with more mutants, to find rare cases."""
    for path in fixtures():
        folder = tmp_path / path.name
        folder.mkdir()
        crystallize_mutants(path, folder, 40, capsys)


def test_files_are_refused_by_every_adapter_alike(tmp_path: Path) -> None:
    """A file read as another format is read or refused by each adapter."""
    path = tmp_path / "a.json"
    for original in originals()[::7]:
        if original.suffix != ".json" or original.stat().st_size > LARGEST:
            continue
        path.write_bytes(original.read_bytes())
        for adapter in adapters():
            assert_runs_or_refusal(path, adapter.name)
