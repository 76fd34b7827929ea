"""Resolve every extra beside every supported Airflow, as of the day of its release, for ``dev/package --resolve``.

Who installs with the constraint file of an Airflow release gets what was there on that day. Nothing is installed.
Standard library only.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import airflows

ROOT = Path(__file__).resolve().parents[1]
SINCE = {"agent": "3.4.0", "mcp": "3.3.1"}
"""Extras that need a provider which older releases of Airflow never had beside them: the first release that had it."""

HINT = re.compile(r"(Because .*?)(?:, we can conclude|\.\s|$)", re.DOTALL)


def extras() -> list[str]:
    """Return the names of all extras; the empty name is the plain package."""
    text = (ROOT / "pyproject.toml").read_text("utf-8").partition("[project.optional-dependencies]")[2]
    return ["", *re.findall(r"^([a-z0-9-]+) = \[", text.partition("\n[")[0], re.MULTILINE)]


def is_expected(extra: str, version: str) -> bool:
    """Return whether an extra must resolve beside a release of Airflow.

    :param extra: the extra.
    :param version: the release.
    """
    return _numbers(version) >= _numbers(SINCE.get(extra, "0"))


def problem(uv: str, extra: str, version: str, day: str) -> str | None:
    """Return why an extra does not resolve; ``None`` if it does.

    :param uv: the command.
    :param extra: the extra, or an empty text.
    :param version: the release of Airflow.
    :param day: the last day of the releases that count.
    """
    command = [uv, "pip", "compile", "-q", "--python", sys.executable, "--exclude-newer", day, "-c", "-"]
    command += [*(["--extra", extra] if extra else []), "pyproject.toml", "-o", "/dev/null"]
    constraint = f"apache-airflow=={version}\n"
    done = subprocess.run(command, cwd=ROOT, input=constraint, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    told = HINT.search(done.stderr)
    return " ".join((told[1] if told else done.stderr).split())


def problems(uv: str) -> Iterator[str]:
    """Yield a line for each extra that does not resolve beside a release, and print what was tried.

    :param uv: the command.
    """
    for version, day in airflows.RELEASES:
        for extra in extras():
            if not is_expected(extra, version):
                print(f"Airflow {version}, [{extra}]: not to be had before Airflow {SINCE[extra]}", flush=True)
            elif found := problem(uv, extra, version, day):
                print(f"Airflow {version}, [{extra}]: {found}", flush=True)
                yield f"Airflow {version} as of {day}: [{extra}] does not resolve: {found}"
            else:
                print(f"Airflow {version}, [{extra}]: resolves", flush=True)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
