"""Reads the ids of DAGs and tasks from the syntax of a DAG file, without importing or executing it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.store.edits import dag_sha256

LIMIT_BYTES = 2_000_000
DAG_NAMES = ("DAG", "dag")


@dataclass(frozen=True)
class DagFile:
    """What is known about a Python file.

    :param path: The path of the file.
    :param sha256: The digest of its content.
    :param dag_ids: The DAG ids that are written in it as literals.
    :param task_ids: The task ids that are written in it as literals.
    :param credential_lines: The numbers of the lines with text that looks like a credential.
    """

    path: Path
    sha256: str
    dag_ids: tuple[str, ...]
    task_ids: frozenset[str]
    credential_lines: tuple[int, ...]


def read_dag_file(path: Path) -> DagFile | str:
    """Read a Python file; if that is not possible, return the reason as a phrase."""
    try:
        if not path.is_file():
            return "it is not a file"
        if path.stat().st_size > LIMIT_BYTES:
            return f"the file has more than {LIMIT_BYTES / 1e6:.0f} MB"
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    return parsed(path, content)


def parsed(path: Path, content: bytes) -> DagFile | str:
    """Parse Python source; if that is not possible, return the reason as a phrase."""
    try:
        tree = ast.parse(content)
    except SyntaxError as error:
        return f"it is not Python: {error.msg} (line {error.lineno})"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"it cannot be parsed as Python: {error or type(error).__name__}"
    nodes = [node for node in ast.walk(tree) if isinstance(node, _TELLING)]
    return DagFile(
        path=path,
        sha256=dag_sha256(content),
        dag_ids=tuple(sorted({name for node in nodes for name in _dag_ids(node)})),
        task_ids=frozenset(task for node in nodes for task in _task_ids(node)),
        credential_lines=tuple(sorted(set(_credential_lines(nodes)))),
    )


_TELLING = (ast.Call, ast.Constant, ast.FunctionDef, ast.AsyncFunctionDef)
"""The nodes that have ids or texts."""


def _dag_ids(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and _name(node.func) in DAG_NAMES:
        named = [keyword.value for keyword in node.keywords if keyword.arg == "dag_id"] or node.args[:1]
        yield from (part.value for part in named if isinstance(part, ast.Constant) and isinstance(part.value, str))
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        for decorator in node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            if _name(call.func if call else decorator) == "dag" and not (call and list(_dag_ids(call))):
                yield node.name


def _task_ids(node: ast.AST) -> Iterator[str]:
    for keyword in node.keywords if isinstance(node, ast.Call) else ():
        if (
            keyword.arg == "task_id"
            and isinstance(keyword.value, ast.Constant)
            and isinstance(keyword.value.value, str)
        ):
            yield keyword.value.value


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _credential_lines(nodes: Iterable[ast.AST]) -> Iterator[int]:
    lines: dict[str, set[int]] = {}  # many texts are in a file several times
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            lines.setdefault(node.value, set()).add(node.lineno)
    for text, found in lines.items():
        if mask(text) != text:
            yield from found
