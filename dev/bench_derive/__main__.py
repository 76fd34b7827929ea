"""Measure which arguments of a crystallized run follow changed data, against known truth.

    dev/bench derive                          the tables
    dev/bench derive --all                    and every wrong or moved value
    dev/bench derive --sets 3                 more programs (80 in a set)
    dev/bench derive --json FILE --check      the same as JSON; exits 1 if a goal is missed
    dev/bench derive --adapter perfect        the adapter that knows the truth: 100 %
    dev/bench derive --write FOLDER           write the programs, for another tool
    dev/bench derive --score FILE FOLDER      score what the other tool made of them

Each program is the recorded run of a scripted agent that works values out between two tools, and three later versions
of the data with the right arguments of every call. README.md describes the programs and the score file.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE.parent)  # Python starts a folder with the folder itself as its first path
import environment  # noqa: E402

from bench_derive import altered, generate, play, score  # noqa: E402
from bench_derive.report import Report  # noqa: E402


def measure(options: argparse.Namespace) -> int:
    """Print the tables of an adapter and return the exit code. Runs inside the project's environment."""
    adapter = importlib.import_module(f"bench_derive.adapters.{options.adapter}").Automation
    with tempfile.TemporaryDirectory(prefix="vai-bench-") as name:
        folder, work = Path(name) / "programs", Path(name) / "work"
        work.mkdir()
        lines, refused = [], []
        for program in [one for number in _sets(options) for one in generate.write(folder, number)]:
            try:
                lines += play.lines(adapter, program, work)
            except RuntimeError as error:
                refused.append(str(error))
        report = Report(options.adapter, score.scored(folder, lines), refused)
        if options.adapter == "ours" and not refused:
            programs = itertools.chain.from_iterable(map(generate.programs, _sets(options)))
            report.rows, report.order = altered.count_both(adapter, programs, folder, work)
    return _told(report, options, is_ours=options.adapter == "ours")


def score_file(options: argparse.Namespace) -> int:
    """Print the tables of a score file and return the exit code."""
    file, folder = options.score
    try:
        report = Report(str(file), score.scored(folder, score.lines_of(file)))
    except (OSError, ValueError) as error:
        print(f"dev/bench derive: {error}", file=sys.stderr)
        return 2
    return _told(report, options, is_ours=False)


def _told(report: Report, options: argparse.Namespace, *, is_ours: bool) -> int:
    print(report.text())
    if options.all:
        print("\n".join(["", *report.misses(), *report.score.unproven, *report.refused]))
    if options.json:
        options.json.write_text(json.dumps(report.as_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if not is_ours:
        return int(options.check and bool(report.score.unproven))
    missed = list(report.missed())
    print("\n" + ("\n".join(f"missed: {goal}" for goal in missed) or "all goals are reached"))
    return int(options.check and bool(missed))


def _sets(options: argparse.Namespace) -> range:
    return range(1, options.sets + 1)


def main() -> int:
    """Measure in the project's environment, with an Airflow home of its own."""
    parser = argparse.ArgumentParser(
        prog="dev/bench derive", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", type=int, default=2, help="number of sets of 80 programs (default: 2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the counts to this file")
    parser.add_argument("--all", action="store_true", help="print every wrong or moved value")
    parser.add_argument("--check", action="store_true", help="exit 1 if a goal is missed")
    parser.add_argument("--adapter", choices=("ours", "perfect", "frozen"), default="ours", help="default: ours")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write the programs and do nothing else")
    parser.add_argument("--score", type=Path, nargs=2, metavar=("FILE", "FOLDER"), help="score a file on programs")
    options = parser.parse_args()
    if options.write:
        made = [generate.write(options.write, number) for number in _sets(options)]
        print(f"{sum(map(len, made))} programs in {options.write}")
        return 0
    if options.score:
        return score_file(options)
    if os.environ.get("VAI_BENCH_INSIDE"):
        return measure(options)
    python = environment.python_or_exit(["dev"])
    with tempfile.TemporaryDirectory(prefix="vai-bench-home-") as home:
        settings = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        settings |= {"AIRFLOW_HOME": home, "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR", "VAI_BENCH_INSIDE": "1"}
        settings |= {"PYTHONHASHSEED": "0", "PYTHONPATH": str(HERE.parents[1])}
        return subprocess.run([python, HERE, *sys.argv[1:]], env=settings, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
