"""Feed the readers damaged traces and specs, guided by which code they reach.

    dev/bench fuzz                          every reader, 20 minutes in all
    dev/bench fuzz --seconds 60 --reader mlflow --reader spec
    dev/bench fuzz --keep                   and keep what reached new code in corpus/

Atheris runs in an environment of its own, `.venv-fuzz`. README.md says what is checked. Prints one line for each
reader, and each fault with the input that shows it. Exits 1 if there is a fault.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import environment  # noqa: E402

ENVIRONMENT = environment.REPOSITORY / ".venv-fuzz"
PACKAGES = ["-e", ".", "atheris>=3.0"]
OTHERS = ("spec", "sidecar")
"""What is fuzzed beside the readers of trace formats."""

SLOWEST = 20
"""The most seconds for one input. More is a fault."""

MEGABYTES = 2048


def readers() -> list[str]:
    """Return the names of all that can be fuzzed."""
    sys.path.insert(0, str(environment.REPOSITORY))
    from airflow_provider_vai.traces.format_table import BUILT_IN

    return [*BUILT_IN, *OTHERS]


def fuzz(python: Path, reader: str, seconds: int, work: Path, *, keep: bool) -> list[dict[str, str]]:
    """Fuzz one reader, print a line about it, and return its faults."""
    folder = work / reader
    (folder / "corpus").mkdir(parents=True, exist_ok=True)
    target = [str(python), str(HERE / "target.py"), reader, str(folder)]
    limits = [f"-max_total_time={seconds}", f"-timeout={SLOWEST}", f"-rss_limit_mb={MEGABYTES}", "-max_len=65536"]
    command = [*target, str(folder / "corpus"), *limits, f"-artifact_prefix={folder}/", "-seed=7"]
    ours = {"PYTHONPATH": str(environment.REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=os.environ | ours, capture_output=True, text=True, check=False)
    faults = [json.loads(line) for line in _lines(folder / "faults.jsonl")]
    for left in [*folder.glob("timeout-*"), *folder.glob("oom-*"), *folder.glob("crash-*")]:
        faults.append(
            {"error": left.name.partition("-")[0], "at": reader, "input": left.read_bytes().decode("latin-1")}
        )
    if done.returncode and not faults:
        faults.append({"error": "the fuzzer failed", "at": reader, "input": done.stderr[-2000:]})
    counted = re.search(r"Done (\d+) runs", done.stderr)
    covered = re.findall(r"cov: (\d+)", done.stderr)
    runs, cover = counted.group(1) if counted else "?", covered[-1] if covered else "?"
    print(f"{reader:20} {runs:>9} inputs  {cover:>6} edges  {len(faults)} faults", flush=True)
    if keep:
        _keep(reader, folder / "corpus")
    return faults


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines() if path.exists() else []


def _keep(reader: str, folder: Path, largest: int = 1000, most: int = 12) -> None:
    """Keep the smallest inputs that reached new code, as one JSON file for each reader."""
    found = [path.read_bytes() for path in folder.iterdir() if path.stat().st_size <= largest]
    chosen = sorted(sorted(found, key=lambda content: (len(content), content))[-most:])
    texts = [content.decode("latin-1") for content in chosen]
    (HERE / "corpus").mkdir(exist_ok=True)
    (HERE / "corpus" / f"{reader}.json").write_text(json.dumps(texts, indent=0) + "\n", "utf-8")


def main() -> int:
    """Fuzz the chosen readers in turn."""
    names = readers()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=1200, help="for all readers together")
    parser.add_argument("--reader", action="append", choices=names, metavar="NAME", help="one of: " + " ".join(names))
    parser.add_argument("--keep", action="store_true", help="write the corpus")
    parser.add_argument("--python", type=Path, help="an interpreter that has atheris; default: one is installed")
    options = parser.parse_args()
    try:
        python = options.python or environment.separate(ENVIRONMENT, PACKAGES)
    except environment.InstallError as error:
        sys.exit(f"dev/bench fuzz: {error}")
    chosen = options.reader or names
    faults: list[dict[str, str]] = []
    with tempfile.TemporaryDirectory() as work:
        for reader in chosen:
            seconds = max(1, options.seconds // len(chosen))
            faults += fuzz(python, reader, seconds, Path(work), keep=options.keep)
    for fault in faults:
        print(f"\n{fault['error']}\n  at {fault['at']}\n  input {fault['input'][:2000]!r}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
