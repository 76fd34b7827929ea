"""Find the unit tests of what was changed, for ``dev/test --fast``. Standard library only."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
PACKAGE, TESTS = "airflow_provider_vai", "tests/unit"
ALWAYS = f"{TESTS}/project/test_layout.py"


def files(base: str = "main") -> list[str]:
    """Return the files that differ from where this branch left another one, committed or not.

    :param base: The other branch. If it does not exist, only what is not committed counts.
    """
    start = _git("merge-base", "HEAD", base) or ["HEAD"]
    return sorted({*_git("diff", "--name-only", start[0]), *_git("ls-files", "--others", "--exclude-standard")})


def mirrored(changed: Iterable[str], root: Path = ROOT) -> list[str]:
    """Return the test files and folders of changed files, as paths below the root.

    A module's tests are in the mirrored file, or else in its folder; a template's are the renderer's.

    :param changed: The changed files, as paths below the root.
    :param root: The root of the repository.
    """
    found = {ALWAYS}
    for name in changed:
        path = PurePosixPath(name)
        if name.startswith(f"{TESTS}/"):
            found.add(name if path.name.startswith("test_") else str(path.parent))
        elif name.startswith("dag_templates/"):
            found.add(f"{TESTS}/renderer")
        elif name.startswith(f"{PACKAGE}/"):
            found.add(_mirror(path.relative_to(PACKAGE), root))
        elif path.suffix in (".md", ".toml"):
            found.add(f"{TESTS}/project")
    existing = sorted(name for name in found if (root / name).exists())
    return [name for name in existing if not any(str(above) in existing for above in PurePosixPath(name).parents)]


def _mirror(module: PurePosixPath, root: Path) -> str:
    """Return the test file of a module; if there is none, the nearest folder of tests."""
    exact = PurePosixPath(TESTS) / module.parent / f"test_{module.stem}.py"
    if (root / exact).exists():
        return str(exact)
    folder = exact.parent
    while str(folder) != TESTS and not (root / folder).exists():
        folder = folder.parent
    return str(folder) if str(folder) != TESTS else f"{TESTS}/project"


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.split("\n")[:-1] if done.returncode == 0 else []
