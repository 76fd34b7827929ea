"""Measure what parsing a crystallized DAG file costs, as a ratio to a hand-written one with the stock operators.

    dev/bench parse                   1x10 Bash, SQL, HTTP and gates; 1x100; the messages; the operators' imports
    dev/bench parse --large           100 files of 5 steps, too
    dev/bench parse --peers           dag-factory, gusty, blueprint and cosmos, too, in an environment of their own
    dev/bench parse --rounds 40 --json FILE

A figure is the lowest CPU time of many rounds, as a ratio to that of the hand-written file in the same kind of parent;
the forms take turns in every round. README.md says how it is measured. Exits 1 if a ratio is above its bound.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE))
import environment  # noqa: E402
import forms  # noqa: E402
import peers  # noqa: E402

CASES = {"bash 1x10": ("bash", 1, 10), "sql 1x10": ("sql", 1, 10), "http 1x10": ("http", 1, 10)}
CASES |= {"gates 1x10": ("gates", 1, 10), "bash 1x100": ("bash", 1, 100)}
LARGE = {"bash 100x5": ("bash", 100, 5)}
PARENTS = ("bare", "rich", "warm")
BOUNDS = {"bare": 1.15, "rich": 1.18, "warm": 1.1}
"""By parent: what was reached, and 5 %. Only in a warm one, which is the default, nothing of ours is imported in each
parse. In the others, the lines named "floor" show what operators cost that are empty and no part of Airflow."""

WITH_GATES = {"bare": 1.2, "rich": 1.2, "warm": 1.1}
"""The same with gates: a second class of ours, and its modules."""

WARM = {"bash 1x100": 1.2}
"""The bound in a warm parent where it is another one: a step of ours has one template field more than `BashOperator`.
Airflow reads its configuration for each, about 0.08 ms, which is a tenth of what 100 Bash tasks take."""

WARM_TO_BARE = {"bash 1x100": 0.95, "gates 1x10": 0.75}
"""The bound of ours in a warm parent against the hand-written file in a bare one, where it is not 0.7."""

MESSAGE = 1.4
IMPORT = 2.5
"""Times the import of `BashOperator` that the import of each operator module may take."""


@dataclass
class Figure:
    """One line of the table: the name, the ratio, its bound (``None``: not bounded), and the milliseconds behind it."""

    name: str
    ratio: float
    bound: float | None
    detail: str

    @property
    def is_missed(self) -> bool:
        """Whether the ratio is above its bound."""
        return self.bound is not None and round(self.ratio, 2) > self.bound

    def show(self) -> None:
        """Print the line."""
        bound = "" if self.bound is None else f"{self.bound:8g}  {'MISSED' if self.is_missed else 'ok'}"
        print(f"{self.name:44}{self.ratio:8.2f}{bound:18}{self.detail}", flush=True)


class Parent:
    """A parent process that parses a folder once for each call of :meth:`round`."""

    def __init__(
        self, folder: Path, parent: str = "bare", *, python: Path | str = sys.executable, only: list[str] | None = None
    ) -> None:
        settings = {"folder": str(folder), "parent": parent, "only": only or []}
        environ = {**peers.environ(), "AIRFLOW__CORE__DAGS_FOLDER": str(folder)}
        self.process = subprocess.Popen(
            [python, HERE / "parent.py", json.dumps(settings)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ,
        )  # fmt: skip
        self._line()
        self.seconds: list[float] = []
        self.last: dict[str, Any] = {}

    def _line(self) -> str:
        assert self.process.stdout
        if not (line := self.process.stdout.readline()):
            sys.exit(f"dev/bench parse: the parent process ended: {self.process.args}")
        return line

    def round(self) -> None:
        """Parse the folder once."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.last = json.loads(self._line())
        if not self.last.get("dags"):
            self.last["errors"] = self.last.get("errors") or ["there is no DAG"]
        self.seconds.append(self.last["seconds"])

    def end(self) -> None:
        """End the process."""
        self.process.communicate()

    @property
    def least(self) -> float:
        """The lowest CPU seconds of a round; the first one is left out, because it may compile."""
        return min(self.seconds[1:])

    @property
    def noise(self) -> float:
        """How far the median is above the lowest, as a share of it."""
        return median(self.seconds[1:]) / self.least - 1


def measured(parents: dict[Any, Parent], rounds: int) -> None:
    """Let the parents take turns, and end them."""
    for _ in range(rounds + 1):
        for parent in parents.values():
            parent.round()
    for name, parent in parents.items():
        parent.end()
        if parent.last.get("errors"):
            sys.exit(f"dev/bench parse: {name} does not load: {parent.last['errors'][0]}")


def case(name: str, folder: Path, rounds: int) -> list[Figure]:
    """Return the figures of one case."""
    mix, dags, steps = {**CASES, **LARGE}[name]
    forms.write(folder, mix, dags, steps)
    parents = {(who, parent): Parent(folder / who, parent) for parent in PARENTS for who in ("hand", "ours")}
    parents |= {("floor", parent): Parent(folder / "floor", parent) for parent in PARENTS if parent != "warm"}
    measured(parents, rounds)
    found = []
    for parent in PARENTS:
        hand, ours = parents["hand", parent], parents["ours", parent]
        detail = f"{ours.least * 1e3:.1f} / {hand.least * 1e3:.1f} ms, noise {max(ours.noise, hand.noise):.0%}"
        bounds = WITH_GATES if mix == "gates" else BOUNDS
        bound = WARM.get(name, bounds[parent]) if parent == "warm" else bounds[parent]
        found.append(Figure(f"{name}, {parent} parent", ours.least / hand.least, bound, detail))
        if floor := parents.get(("floor", parent)):
            detail = f"{floor.least * 1e3:.1f} / {hand.least * 1e3:.1f} ms"
            found.append(Figure(f"{name}, {parent} parent, floor", floor.least / hand.least, None, detail))
    bare = parents["hand", "bare"]
    for who in ("ours", "hand"):
        warm = parents[who, "warm"]
        bound = WARM_TO_BARE.get(name, 0.7) if who == "ours" else None
        detail = f"{warm.least * 1e3:.1f} / {bare.least * 1e3:.1f} ms"
        found.append(Figure(f"{name}, {who} warm against hand bare", warm.least / bare.least, bound, detail))
    ours_bytes, hand_bytes = (parents[who, "bare"].last["bytes"] for who in ("ours", "hand"))
    detail = f"{ours_bytes:,} / {hand_bytes:,} B"
    found.append(Figure(f"{name}, message", ours_bytes / hand_bytes, MESSAGE, detail))
    return found


def of_peers(folder: Path, rounds: int) -> list[Figure]:
    """Return the figures of the peers: one DAG of ten Bash tasks; without a bound."""
    try:
        python = peers.python()
    except environment.InstallError as error:
        print(f"the peers are not measured: {error}")
        return []
    forms.write(folder, "bash", 1, 10)
    only = peers.write(folder / "peers", 10)
    parents: dict[Any, Parent] = {"hand": Parent(folder / "hand", python=python)}
    for name, files in only.items():
        parents[name] = Parent(folder / "peers" / name, python=python, only=files)
        parents[name].round()
        if errors := parents[name].last.get("errors"):
            print(f"{name} is not measured, because it does not load here: {errors[0].strip().splitlines()[-1][:150]}")
            parents.pop(name).end()
    measured(parents, rounds)
    base, versions = parents.pop("hand").least, peers.installed(python)
    named = {
        package.removeprefix("airflow-").removeprefix("astronomer-"): number for package, number in versions.items()
    }
    return [
        Figure(f"{name} {named[name]}, bash 1x10, bare", peer.least / base, None, f"{peer.least * 1e3:.1f} ms")
        for name, peer in parents.items()
    ]


def of_imports() -> list[Figure]:
    """Return the figures of the operator modules: the CPU time of the import after ``airflow.sdk``."""
    answer = subprocess.run([sys.executable, HERE / "operator_imports.py"], check=True, capture_output=True, text=True)
    found: dict[str, list[float]] = json.loads(answer.stdout)
    base = found.pop("stock")[0]
    return [
        Figure(f"import {name}", seconds / base, IMPORT, f"{seconds * 1e3:.1f} ms, {modules:.0f} modules")
        for name, (seconds, modules) in found.items()
    ]


def measure(options: argparse.Namespace) -> int:
    """Print a table and return the exit code. Runs inside the project's environment."""
    print(f"{'figure':44}{'ratio':>8}{'bound':>8}")
    found: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="vai-bench-") as name:
        for number, wanted in enumerate(options.cases or [*CASES, *(LARGE if options.large else ())]):
            rounds = max(3, options.rounds // 5) if wanted in LARGE else options.rounds
            found += case(wanted, Path(name) / str(number), rounds)
            for figure in found[-8:]:
                figure.show()
        for more in (of_imports() if not options.cases else [], of_peers(Path(name) / "p", 5) if options.peers else []):
            for figure in more:
                figure.show()
            found += more
    if options.json:
        Path(options.json).write_text(json.dumps([asdict(one) | {"missed": one.is_missed} for one in found], indent=1))
    missed = sum(figure.is_missed for figure in found)
    print(f"{missed} of {sum(figure.bound is not None for figure in found)} bounds missed")
    return int(missed > 0)


def main() -> int:
    """Measure in the project's environment, with an Airflow home of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--large", action="store_true", help="100 files of 5 steps, too")
    parser.add_argument("--peers", action="store_true", help="other tools that make DAGs, too")
    parser.add_argument("--json", help="write the figures to this file")
    parser.add_argument("cases", nargs="*", help=f"of {', '.join([*CASES, *LARGE])}; default: all but the large one")
    options = parser.parse_args()
    if os.environ.get("VAI_BENCH_INSIDE"):
        return measure(options)
    python = environment.python_or_exit(["dev"])
    with tempfile.TemporaryDirectory(prefix="vai-bench-home-") as home:
        settings = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        settings |= {"AIRFLOW_HOME": home, "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "VAI_BENCH_INSIDE": "1"}
        settings |= {"AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR", "PYTHONPATH": str(HERE.parents[1])}
        settings.pop("PYTHONDONTWRITEBYTECODE", None)
        compileall = [python, "-m", "compileall", "-q", HERE.parents[1] / "airflow_provider_vai"]
        subprocess.run(compileall, env=settings, check=True)  # byte code is there, as after an installation
        return subprocess.run([python, HERE, *sys.argv[1:]], env=settings, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
