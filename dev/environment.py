"""Create the project's own environment, ``.venv`` beside ``pyproject.toml``, and keep it up to date.

Scripts call :func:`python`. By hand: ``python dev/environment.py [--python INTERPRETER] [EXTRA ...]``. A call that
has nothing to do returns at once. Uses uv if there is one, else pip. Standard library only. :func:`oldest_or_exit`
returns the environment with the oldest Airflow that the project supports, :func:`next_or_exit` the one with the newest
pre-release (both are cells of the matrix, see ``matrix.py``), :func:`base` ``.venv-base`` without any extra,
:func:`cluster_or_exit` ``.venv-cluster`` with what several machines need, and :func:`docs_or_exit` ``.venv-docs``,
which builds the documentation.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import airflows

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDER = REPOSITORY / ".venv"
STAMP = FOLDER / "vai-environment.json"
CONSTRAINTS = Path("dev/constraints.txt")
OLDEST = (3, 10)
BASE = REPOSITORY / ".venv-base"
CLUSTER = REPOSITORY / ".venv-cluster"
CLUSTER_PROVIDERS = ("celery", "fab", "git", "redis")
# release 3.26 of the Celery provider cannot be imported with Celery 5.7
CLUSTER_PACKAGES = ["celery>=5.5,<5.7", "openai", "psycopg[binary]"]
DOCS = REPOSITORY / ".venv-docs"
DOCS_PACKAGES = REPOSITORY / "dev/docs_site/requirements.txt"
EVERY_EXTRA = ("agent", "all", "mcp")
DEVELOPMENT = "dev"
"""Not an extra, but the dependency group of developers, which comes with every extra."""
_VERSION = "import sys; print('.'.join(map(str, sys.version_info[:3])))"


class InstallError(Exception):
    """The environment cannot be created; the message says why and what to do."""


def python(extras: Sequence[str] = ("all",), interpreter: str | None = None) -> Path:
    """Return the environment's interpreter; create or complete the environment first if necessary.

    :param extras: the extras that are needed; ``dev`` for the tools of developers and every extra.
    :param interpreter: a name or path of the Python to create it with. If left out, an existing environment keeps
        its own, and a new one gets the caller's.
    :raises InstallError: the interpreter is missing or too old, or the installer failed.
    """
    executable = FOLDER / "bin" / "python"
    with _alone():
        version = _version(str(executable))
        if interpreter is not None and version != (wanted := _usable(interpreter)):
            version, keep = None, f"it is not Python {wanted}"
        else:
            keep = "it is incomplete"
        stamp = _stamp()
        if version and stamp == {"inputs": _inputs(version), "extras": _joined(stamp, extras)}:
            return executable
        if version is None or stamp.get("inputs") == "unfinished":
            _make(interpreter or sys.executable, keep)
            stamp = {}
        _install(executable, _joined(stamp, extras))
        return executable


def oldest_or_exit() -> Path:
    """Return the interpreter of the environment with the oldest Airflow; create the environment first if necessary.

    It requires uv, because pip cannot install the releases of a given day. Like :func:`python_or_exit`, prints an error
    and exits with 1 if that fails.
    """
    return _usual_or_exit(airflows.LOWEST)


def next_or_exit() -> Path:
    """Return the interpreter of the environment with the newest pre-release of Airflow; create it first if necessary.

    Like :func:`oldest_or_exit`.
    """
    return _usual_or_exit(airflows.NEXT)


def _usual_or_exit(row: airflows.Airflow) -> Path:
    try:
        return of(row, airflows.USUAL)
    except InstallError as error:
        sys.exit(f"environment: {error}")


def of(row: airflows.Airflow, version: str) -> Path:
    """Return the interpreter of the environment of a cell of the matrix; create the environment first if necessary.

    It has every extra that this Airflow can have, and what the unit and integration tests need.

    :param row: the Airflow.
    :param version: the Python, as two numbers.
    :raises InstallError: there is no such Python or no uv, or the installation failed.
    """
    found = interpreter(version)
    if found is None:
        raise InstallError(f"no Python {version} on this machine")
    packages = [*row.packages, "-e", f".[{','.join(row.extras)}]", "--group", "test"]
    return separate(REPOSITORY / f".venv-{row.name}-{version}", packages, found)


def interpreter(version: str) -> str | None:
    """Return a Python of this version: from the PATH, or one that pyenv or uv keeps.

    :param version: two numbers, ``3.12``.
    :return: its path; ``None`` if there is none.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    places = [shutil.which(f"python{version}"), *map(str, sorted(pyenv.glob(f"{version}.*/bin/python")))]
    if uv := shutil.which("uv"):
        asked = subprocess.run([uv, "python", "find", version], capture_output=True, text=True, check=False)
        places.append(asked.stdout.strip())
    return next((place for place in places if place and (_version(place) or "").startswith(f"{version}.")), None)


def base() -> Path:
    """Return the interpreter of an environment with Airflow and no other extra; create it first if necessary.

    :raises InstallError: uv is missing, or the installation failed.
    """
    constraints = ["-c", str(CONSTRAINTS)] if (REPOSITORY / CONSTRAINTS).exists() else []
    return separate(BASE, ["-e", ".[airflow]", *constraints])


def cluster_or_exit() -> Path:
    """Return the interpreter of the environment for an Airflow on several machines; create it first if necessary.

    It has every extra, the Celery executor, FAB's login and Git DAG bundles. Like :func:`oldest_or_exit`.
    """
    providers = [f"apache-airflow-providers-{name}" for name in CLUSTER_PROVIDERS]
    constraints = ["-c", str(CONSTRAINTS)] if (REPOSITORY / CONSTRAINTS).exists() else []
    try:
        return separate(CLUSTER, ["-e", f".[{','.join(EVERY_EXTRA)}]", *providers, *CLUSTER_PACKAGES, *constraints])
    except InstallError as error:
        sys.exit(f"environment: {error}")


def docs_or_exit() -> Path:
    """Return the interpreter of the environment that builds the documentation; create it first if necessary.

    Like :func:`python_or_exit`, prints an error and exits with 1 if that fails.
    """
    try:
        return separate(DOCS, DOCS_PACKAGES.read_text("utf-8").split())
    except InstallError as error:
        sys.exit(f"environment: {error}")


def separate(folder: Path, packages: list[str], interpreter: str = sys.executable) -> Path:
    """Return the interpreter of an environment of its own with these packages; create it first if necessary.

    :param folder: the environment.
    :param packages: the arguments of ``uv pip install``.
    :param interpreter: the Python to create it with.
    """
    executable, stamp = folder / "bin" / "python", folder / "vai-environment.json"
    wanted = json.dumps({"inputs": _inputs(" ".join(packages))})
    with _alone():
        if not (stamp.exists() and stamp.read_text() == wanted and _version(str(executable))):
            uv = shutil.which("uv") or shutil.which("uv", path=str(FOLDER / "bin"))
            if uv is None:
                raise InstallError(f"{folder.name} needs uv: install it (pip install uv).")
            _say(f"creating {folder.name}")
            _run([uv, "venv", "--quiet", "--clear", "--python", interpreter, str(folder)], "uv failed")
            _run([uv, "pip", "install", "--python", str(executable), *packages], "the installation failed")
            stamp.write_text(wanted)
    return executable


def _make(interpreter: str, reason: str) -> None:
    version = _usable(interpreter)
    if FOLDER.exists():
        _say(f"recreating .venv: {reason}")
        shutil.rmtree(FOLDER)
    if uv := shutil.which("uv"):
        _say(f"creating .venv with uv, Python {version}")
        # --seed adds pip, so that the environment can be completed later without uv
        _run([uv, "venv", "--quiet", "--seed", "--python", interpreter, str(FOLDER)], "uv could not create .venv")
        return
    _say(f"creating .venv with Python {version}")
    remedy = "python -m venv could not create .venv. On Debian and Ubuntu it needs the package python3-venv"
    _run([interpreter, "-m", "venv", str(FOLDER)], remedy)


def _install(executable: Path, extras: list[str]) -> None:
    STAMP.write_text(json.dumps({"inputs": "unfinished"}))
    group = ["--group", DEVELOPMENT] if DEVELOPMENT in extras else []
    named = [name for name in extras if name != DEVELOPMENT]
    target = f".[{','.join(EVERY_EXTRA if group else named)}]" if extras else "."
    constraints = ["-c", str(CONSTRAINTS)] if (REPOSITORY / CONSTRAINTS).exists() else []
    _say(f"installing {target} (takes some minutes the first time)")
    _run([*_installer(executable), "-e", target, *group, *constraints], "the installation failed")
    version = _version(str(executable))
    STAMP.write_text(json.dumps({"inputs": _inputs(version), "extras": extras}) + "\n")


def _installer(executable: Path) -> list[str]:
    """Return the install command: uv from the PATH, else uv inside the environment, else pip."""
    pip = [str(executable), "-m", "pip", "--disable-pip-version-check"]
    uv = shutil.which("uv") or shutil.which("uv", path=str(executable.parent))
    if uv is None and subprocess.run([*pip, "install", "--quiet", "uv"], check=False).returncode == 0:
        uv = shutil.which("uv", path=str(executable.parent))
    if uv is None:
        _say("uv cannot be installed here; using pip, which takes longer")
        subprocess.run([*pip, "install", "--quiet", "--upgrade", "pip>=25.1"], check=False)  # knows dependency groups
        return [*pip, "install"]
    return [uv, "pip", "install", "--python", str(executable)]


def _inputs(version: str | None) -> str:
    """Return a digest of everything that decides what is installed, except the extras, which only add packages."""
    digest = hashlib.sha256(f"{version} {REPOSITORY}\n".encode())
    for path in (REPOSITORY / "pyproject.toml", REPOSITORY / CONSTRAINTS):
        digest.update(path.read_bytes() if path.exists() else b"")
        digest.update(b"\0")
    return digest.hexdigest()


def _stamp() -> dict[str, object]:
    with suppress(OSError, ValueError):
        stamp = json.loads(STAMP.read_text())
        return stamp if isinstance(stamp, dict) else {}
    return {}


def _joined(stamp: dict[str, object], extras: Sequence[str]) -> list[str]:
    """Return the extras already installed and the requested ones, so that scripts do not undo each other's work."""
    before = stamp.get("extras")
    return sorted({*(map(str, before) if isinstance(before, list) else ()), *extras})


def _usable(interpreter: str) -> str:
    version = _version(interpreter)
    if version is None:
        raise InstallError(f"{interpreter!r} is not a Python interpreter on this machine; name another one.")
    if tuple(map(int, version.split(".")[:2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise InstallError(f"Python {oldest} or newer is needed; {interpreter} is Python {version}.")
    return version


def _version(interpreter: str) -> str | None:
    with suppress(OSError):
        asked = subprocess.run([interpreter, "-c", _VERSION], capture_output=True, text=True, check=False)
        return asked.stdout.strip() if asked.returncode == 0 else None
    return None


def _run(command: list[str], refusal: str) -> None:
    ours = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONHOME")}
    code = subprocess.run(command, cwd=REPOSITORY, env=ours, check=False).returncode
    if code:
        raise InstallError(f"{refusal} (exit code {code}, see above).")


@contextmanager
def _alone() -> Iterator[None]:
    """Hold a lock: two scripts started together would install over each other."""
    folder = os.open(REPOSITORY, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("waiting for another script that is installing into .venv")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def python_or_exit(extras: Sequence[str]) -> Path:
    """For scripts: return what :func:`python` returns, or print its error and exit with 1."""
    try:
        return python(extras)
    except InstallError as error:
        sys.exit(f"environment: {error}")


def _say(text: str) -> None:
    print(f"environment: {text}", flush=True)


def main() -> int:
    """Create the environment and print its interpreter."""
    parser = argparse.ArgumentParser(description="Create or complete the project's environment, .venv.")
    parser.add_argument("extras", nargs="*", help="extras, or dev for the developers' tools (default: all)")
    parser.add_argument("--python", metavar="INTERPRETER", help="the Python to create it with")
    options = parser.parse_args()
    try:
        print(python(options.extras or ["all"], options.python))
    except InstallError as error:
        print(f"environment: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("environment: interrupted; the next call starts over", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
