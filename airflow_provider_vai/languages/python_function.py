"""The source of a function that a ``python_tool`` calls, found and read without importing anything."""

from __future__ import annotations

import ast
import hashlib
import inspect
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from tokenize import open as open_source  # honours the file's own encoding line


def python_path(folder: object) -> tuple[str, ...]:
    """Return where Airflow imports users' modules from: beside the DAG files, the dags and plugins folders.

    :param folder: the folder of the DAG files, a path.
    :return: folders of this machine; none where the DAG files are on object storage, which Python cannot import from.
    """
    if not isinstance(folder, Path):
        return ()
    home = os.environ.get("AIRFLOW_HOME")
    airflow = [Path(home) / "dags", Path(home) / "plugins"] if home else []
    return tuple(str(path) for path in [folder, folder.parent, Path.cwd(), *airflow])


def source_sha256(python_callable: str, folders: Sequence[str]) -> str | None:
    """Return the SHA-256 of a function's source text, the same that the operator computes by ``inspect.getsource``.

    :param python_callable: ``package.module:function``, or ``package.module:Class.method``.
    :param folders: where to look for the package, as in ``sys.path``.
    :return: the digest in hex; ``None`` where no source file defines the name (an imported or computed function), or
        where it is part of Python, whose versions differ without anybody's doing.
    """
    module, _, name = python_callable.partition(":")
    parts = module.split(".")
    file = None if parts[0] in sys.stdlib_module_names else _file(parts, folders)
    if file is None:
        return None
    try:
        with open_source(str(file)) as stream:
            lines = stream.readlines()
        first = _first_line(ast.parse("".join(lines)), name.split("."))
    except (OSError, SyntaxError, UnicodeDecodeError, ValueError, RecursionError):
        return None
    if first is None:
        return None
    return hashlib.sha256("".join(inspect.getblock(lines[first - 1 :])).encode()).hexdigest()


def _file(module: Sequence[str], folders: Sequence[str]) -> Path | None:
    spec: ModuleSpec | None = None
    search: Sequence[str] | None = folders or None
    for name in module:
        if search is None:
            return None
        spec = PathFinder.find_spec(name, list(search))  # by its last name: a dotted one would need its parent imported
        search = list(spec.submodule_search_locations or ()) or None if spec else None
    file = Path(spec.origin) if spec and spec.origin else None
    return file if file and file.suffix == ".py" else None


def _first_line(tree: ast.Module, names: Sequence[str]) -> int | None:
    """Return the line on which a definition begins, with its decorators; the last one of that name counts."""
    body: Sequence[ast.stmt] = tree.body
    found: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | None = None
    for name in names:
        found = None
        for statement in body:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and statement.name == name:
                found = statement
        if found is None:
            return None
        body = found.body
    return min([found.lineno, *(part.lineno for part in found.decorator_list)]) if found else None
