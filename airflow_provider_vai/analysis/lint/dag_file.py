"""Reads the ids of DAGs and tasks from the syntax of a DAG file, without importing or executing it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from airflow_provider_vai.model.credential_templates import credential_problem
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.store.edits import dag_sha256

LIMIT_BYTES = 2_000_000
DAG_NAMES = ("DAG", "dag")
TEMPLATE, NOTIFIER = "template", "Notifier"
FILLED_IN = "x"
"""Takes the place of a part of a text that is known only when Python runs."""


@dataclass(frozen=True)
class DagFile:
    """What is known about a Python file.

    :param path: The path of the file.
    :param sha256: The digest of its content.
    :param dag_ids: The DAG ids that are written in it as literals.
    :param task_ids: The task ids that are written in it as literals.
    :param credential_lines: The numbers of the lines with text that looks like a credential.
    :param credential_templates: The lines of templates that read a credential, each with the problem.
    """

    path: Path
    sha256: str
    dag_ids: tuple[str, ...]
    task_ids: frozenset[str]
    credential_lines: tuple[int, ...]
    credential_templates: tuple[tuple[int, str], ...] = ()


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
        credential_templates=tuple(sorted({found for node in nodes for found in _credential_templates(node)})),
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


def _credential_templates(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the problem of each template of a call that reads a credential.

    Rendered are the texts of ``template("…")``, and every text that is given to a notifier. What else is in the file by
    hand, such as an operator of Airflow's own, is its author's business.
    """
    if not isinstance(node, ast.Call) or not (_name(node.func) == TEMPLATE or _name(node.func).endswith(NOTIFIER)):
        return
    for text, line in _texts([*node.args, *(keyword.value for keyword in node.keywords)]):
        if problem := credential_problem(text):
            yield line, problem


def _texts(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, int]]:
    """Yield the texts that are written in expressions; the parts of one that is put together are joined."""
    for node in nodes:
        text = _text(node)
        if text is not None:
            yield text, getattr(node, "lineno", 0)
        elif isinstance(node, (ast.List, ast.Tuple, ast.Dict)):
            yield from _texts(part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or FILLED_IN for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left), _text(node.right)
        return None if left is None and right is None else f"{left or FILLED_IN}{right or FILLED_IN}"
    return None
