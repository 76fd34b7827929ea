"""Fuzzes one reader: `target.py READER FOLDER CORPUS [options of libFuzzer]`. Runs in an environment with atheris.

What the reader does wrong is written to ``FOLDER/faults.jsonl``, once for each place in the code, and fuzzing goes on.
"""

from __future__ import annotations

import copy
import json
import random
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atheris
from json_places import places

with atheris.instrument_imports(include=["airflow_provider_vai"]):
    from airflow_provider_vai.authoring.specs.file import read_spec
    from airflow_provider_vai.exceptions import VaiError
    from airflow_provider_vai.languages import json_text
    from airflow_provider_vai.model.run import Run
    from airflow_provider_vai.model.sidecar import parse_sidecar
    from airflow_provider_vai.renderer.render import render
    from airflow_provider_vai.traces.formats import adapters
    from airflow_provider_vai.traces.reading.trace import Trace

    adapters()  # imports the module of each format

ROOT = Path(__file__).resolve().parent.parent.parent
LARGEST = 32_000
"""The most bytes of a sample that fuzzing starts with: from smaller ones, more inputs are tried in the same time."""

VALUES = (None, True, 0, -1, 10**400, 1e308, 1.7e15, "", "x", "[1]", '{"a": 1}', "\ud800", "denied", "9999-12-31")
SHAPES: tuple[Any, ...] = (*VALUES, [], [[]], {}, {"id": 1}, [None], {"": {}})


def damaged(document: Any, chance: random.Random) -> Any:
    """Return a document with one to three places removed, retyped, doubled or moved."""
    for _ in range(chance.randint(1, 3)):
        found = places(document)
        if not found:
            return chance.choice(SHAPES)
        holder, key = chance.choice(found)
        match chance.choice(("delete", "retype", "double", "move", "nest")):
            case "delete":
                del holder[key]
            case "double" if isinstance(holder, list):
                holder.insert(key, copy.deepcopy(holder[key]))
            case "move":
                other, name = chance.choice(found)
                present = name in other if isinstance(other, dict) else name < len(other)
                holder[key] = copy.deepcopy(other[name]) if present else None
            case "nest":
                holder[key] = chance.choice(([holder[key]], {"content": holder[key]}, json.dumps(holder[key])))
            case _:
                holder[key] = copy.deepcopy(chance.choice(SHAPES))
    return document


def mutated(content: bytes, size: int, seed: int) -> bytes:
    """Return another input: the document damaged in three of four cases, else the bytes as libFuzzer changes them."""
    chance = random.Random(seed)
    if chance.random() < 0.75:
        try:
            written = json.dumps(damaged(json.loads(content), chance)).encode()
        except (ValueError, RecursionError):
            pass
        else:
            if len(written) <= size:
                return written
    return bytes(atheris.Mutate(content, size))


def read_trace(name: str) -> Callable[[bytes], None]:
    """Return a function that reads a trace with one adapter, and checks the runs."""
    adapter = next(found for found in adapters() if found.name == name)

    def read(content: bytes) -> None:
        trace = Trace(Path("file.json"), content)
        document = trace.document
        if adapter.accepts(document) not in (True, False):
            raise AssertionError("accepts() returned something else")
        for run in adapter.runs(trace):
            if Run.model_validate_json(run.model_dump_json()) != run:
                raise AssertionError("the run changes when it is written and read again")
            if len({call.id for call in run.calls}) != len(run.calls):
                raise AssertionError("ids repeat")
            if not all(call.turn < len(run.turns) for call in run.calls):
                raise AssertionError("a call has no turn")

    return read


def read_as_spec(folder: Path) -> Callable[[bytes], None]:
    """Return a function that reads a spec in YAML, renders it, and compiles the result."""
    path = folder / "spec.vai.yaml"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        compile(render(read_spec(path)), "dag.py", "exec")

    return read


def read_as_sidecar(content: bytes) -> None:
    """Read a sidecar, and write it again."""
    text = parse_sidecar(content, "a.vai.json").text()
    if parse_sidecar(text.encode(), "a.vai.json").text() != text:
        raise AssertionError("the sidecar changes when it is written and read again")


def samples(reader: str) -> list[bytes]:
    """Return what fuzzing starts with: the fixtures of the format, and the kept corpus."""
    if reader == "spec":
        found = [path.read_bytes() for path in sorted((ROOT / "dev/example/specs").glob("*.yaml"))]
    elif reader == "sidecar":
        found = [path.read_bytes() for path in sorted((ROOT / "tests/golden").rglob("*.vai.json"))]
    else:
        adapter = next(one for one in adapters() if one.name == reader)
        found = []
        for path in sorted((ROOT / "tests/traces").glob("*.json*")):
            try:
                document = Trace(path).document
            except VaiError:
                continue
            if adapter.accepts(document) or (isinstance(document, list) and any(map(adapter.accepts, document))):
                found.append(json.dumps(document).encode())
    kept = ROOT / "dev/bench_fuzz/corpus" / f"{reader}.json"
    texts = json.loads(kept.read_text("utf-8")) if kept.exists() else []
    return [one for one in found if len(one) <= LARGEST] + [text.encode("latin-1") for text in texts]


def main() -> None:
    """Fuzz until libFuzzer's limits are reached."""
    reader, folder = sys.argv[1], Path(sys.argv[2])
    others = {"spec": read_as_spec(folder), "sidecar": read_as_sidecar}
    read = others.get(reader) or read_trace(reader)
    for number, content in enumerate(samples(reader)):
        (folder / "corpus" / f"sample-{number:03}").write_bytes(content)
    seen: set[tuple[str, str]] = set()

    def one_input(content: bytes) -> None:
        try:
            read(content)
        except VaiError as refusal:
            if not refusal.problem:
                raise
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            ours = [f"{frame.filename.rpartition('airflow_provider_vai')[2]}:{frame.lineno}" for frame in frames]
            place = (type(error).__name__, ours[-1])
            if place not in seen:
                seen.add(place)
                fault = {"error": f"{type(error).__name__}: {str(error)[:300]}", "at": " < ".join(ours[-3:][::-1])}
                with (folder / "faults.jsonl").open("a", encoding="utf-8") as file:
                    file.write(json.dumps({**fault, "input": content.decode("latin-1")}) + "\n")

    json_text.loads("{}", where="")  # what it imports, before the first input is timed
    atheris.Setup([sys.argv[0], *sys.argv[3:]], one_input, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
