"""The rules of the house as data, and what measures them: which room may import which, and how large things may grow.

``dev/measure`` prints the figures; ``tests/unit/project/test_layout.py`` holds the rules. Stdlib only.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

PACKAGE = Path(__file__).resolve().parents[1] / "airflow_provider_vai"
NAME = PACKAGE.name

MODULE_LINES, MEDIAN_MODULE_LINES, FUNCTION_LINES, ROOT_ENTRIES = 400, 120, 60, 17
NOT_ROOMS = ("__init__.py", "example_dags", "py.typed")
"""What lies in the package's root and is no room; the example DAGs are rendered files."""

READING = ("exceptions", "secrets", "languages", "model")
ROOMS: dict[str, tuple[str, ...]] = {
    "exceptions": (),
    "secrets": ("exceptions",),
    "languages": ("exceptions", "secrets"),
    "model": ("exceptions", "secrets", "languages"),
    "traces": READING,
    "crystallizer": (*READING, "traces"),
    "renderer": READING,
    "store": (*READING, "renderer"),
    "authoring": (*READING, "traces", "crystallizer", "renderer", "store"),
    "analysis": (*READING, "traces", "crystallizer", "renderer", "store", "authoring"),
    "cli": (*READING, "traces", "crystallizer", "renderer", "store", "authoring", "analysis"),
    "hooks": (*READING, "traces"),
    "operators": (*READING, "hooks"),
    "sensors": (*READING, "operators"),
    "recorder": (*READING, "operators"),
    "get_provider_info": (*READING, "operators"),
    "plugin": (
        *(*READING, "traces", "crystallizer", "renderer", "store", "authoring", "analysis"),
        *("hooks", "operators", "sensors", "recorder", "get_provider_info"),
    ),
}
"""Room -> the rooms that it may import, from the bottom of the house to its top."""

EXCEPTIONS = {
    "authoring/reading_child.py": ("operators",),  # serves requests as the processes of operators do
    "analysis/verify/child.py": ("operators",),  # runs inside Airflow, in the process that replays a DAG
    "analysis/verify/stand_ins.py": ("operators", "sensors"),  # the same process: takes the place of operators there
}
"""Modules that may import further rooms, each with its reason."""


@dataclass(frozen=True)
class Import:
    """One import of a module of the package: in which file, in which line, of which module."""

    file: str
    line: int
    module: str


@cache
def modules() -> dict[str, Path]:
    """Return the package's modules by dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        if parts[1] in NOT_ROOMS:
            continue
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


@cache
def tree(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[Import]:
    """Yield what a file imports of the package, inside functions and for type checkers as well."""
    file = str(path.relative_to(PACKAGE))
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == NAME:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield Import(file, node.lineno, inner if inner in modules() else str(node.module))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == NAME:
                    yield Import(file, node.lineno, alias.name)


def room_of(module: str) -> str:
    """Return the room of a module, ``""`` for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def forbidden() -> list[Import]:
    """Return the imports that the table of rooms does not allow."""
    found = []
    for name, path in modules().items():
        room = room_of(name)
        for one in imports(path):
            target = room_of(one.module)
            allowed = (room, "", *ROOMS.get(room, ()), *EXCEPTIONS.get(one.file, ()))
            if target not in allowed:
                found.append(one)
    return found


def circles() -> list[list[str]]:
    """Return the groups of modules that import each other, directly or through others."""
    graph = {name: {one.module for one in imports(path)} - {name} for name, path in modules().items()}
    reach = {name: _reachable(name, graph) for name in graph}
    groups = {tuple(sorted(other for other in reach[name] if name in reach[other])) for name in graph}
    return [list(group) for group in sorted(groups) if group]


def _reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    stack = list(graph[start])
    while stack:
        name = stack.pop()
        if name not in seen:
            seen.add(name)
            stack += graph.get(name, ())
    return seen


def lines() -> dict[str, int]:
    """Return how many lines each module has, by file."""
    return {str(path.relative_to(PACKAGE)): len(path.read_text("utf-8").splitlines()) for path in modules().values()}


def median_lines() -> float:
    """Return the median of the modules' lines, without the ``__init__`` modules that hold a docstring only."""
    return median(count for file, count in lines().items() if not (file.endswith("__init__.py") and count < 5))


def functions() -> Iterator[tuple[str, int]]:
    """Yield each function's place (``file:line name``) and its lines."""
    for path in modules().values():
        for node in ast.walk(tree(path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1


def undocumented() -> list[str]:
    """Return the public modules, classes, functions and methods without a docstring."""
    found = []
    for path in modules().values():
        file = str(path.relative_to(PACKAGE))
        if ast.get_docstring(tree(path)) is None:
            found.append(file)
        found += [f"{file}:{node.lineno} {node.name}" for node in _public(tree(path)) if not ast.get_docstring(node)]
    return found


def _public(holder: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in holder.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node)


def class_names() -> dict[str, list[str]]:
    """Return the names that several public classes bear, each with the files."""
    found: dict[str, list[str]] = {}
    for path in modules().values():
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(str(path.relative_to(PACKAGE)))
    return {name: files for name, files in sorted(found.items()) if len(files) > 1}


def root_entries() -> list[str]:
    """Return the rooms: what lies in the package's root, without what every package has."""
    return sorted(path.name for path in PACKAGE.iterdir() if path.name not in (*NOT_ROOMS, "__pycache__"))
