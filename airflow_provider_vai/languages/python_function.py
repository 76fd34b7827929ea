"""Finds and reads the source of a function that a ``python_tool`` step calls, without importing its module."""

from __future__ import annotations

import ast
import hashlib
import inspect
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from tokenize import open as open_source  # respects the file's encoding declaration


def python_path(folder: object) -> tuple[str, ...]:
    """Return the folders from which Airflow imports users' modules.

    :param folder: The folder of the DAG files.
    :return: local folders: that of the DAG files, its parent, the working directory, and Airflow's dags and plugins
        folders. Empty if the DAG files are on object storage, from which Python cannot import.
    """
    if not isinstance(folder, Path):
        return ()
    home = os.environ.get("AIRFLOW_HOME")
    airflow = [Path(home) / "dags", Path(home) / "plugins"] if home else []
    return tuple(str(path) for path in [folder, folder.parent, Path.cwd(), *airflow])


def source_sha256(python_callable: str, folders: Sequence[str]) -> str | None:
    """Return the SHA-256 of a function's source text, equal to that of ``inspect.getsource``.

    :param python_callable: ``package.module:function``, or ``package.module:Class.method``.
    :param folders: Where to look for the package, in order, like ``sys.path``.
    :return: the digest in hex. ``None`` if no source file defines the name (an imported or computed function), or if
        the function is part of Python's standard library, whose source differs between versions.
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


def is_found(module: str, folders: Sequence[str]) -> bool:
    """Return whether a module can be found, without importing it or its packages.

    :param module: its dotted name.
    :param folders: Where to look for its package before Python's own places, like ``sys.path``.
    """
    first, *rest = module.split(".")
    try:
        spec = PathFinder.find_spec(first, list(folders)) if folders else None
        spec = spec or find_spec(first)  # a name without dots imports nothing
    except (ImportError, ValueError):  # ValueError: a module of this process that was not imported from anywhere
        return first in sys.modules
    for name in rest:
        search = list(spec.submodule_search_locations or ()) if spec else []
        spec = PathFinder.find_spec(name, search) if search else None
    return spec is not None


def _file(module: Sequence[str], folders: Sequence[str]) -> Path | None:
    spec: ModuleSpec | None = None
    search: Sequence[str] | None = folders or None
    for name in module:
        if search is None:
            return None
        spec = PathFinder.find_spec(name, list(search))  # a dotted name would import the parent
        search = list(spec.submodule_search_locations or ()) or None if spec else None
    file = Path(spec.origin) if spec and spec.origin else None
    return file if file and file.suffix == ".py" else None


def _first_line(tree: ast.Module, names: Sequence[str]) -> int | None:
    """Return the first line of a definition, including its decorators. The last definition of a name counts."""
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
