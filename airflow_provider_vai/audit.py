"""audit: the proof that a rendered file holds what it should and nothing else."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NoReturn

from airflow_provider_vai import json_text
from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.python_source import Reference

ALLOWED = (
    ast.Module, ast.ImportFrom, ast.alias, ast.With, ast.withitem, ast.Assign, ast.Expr, ast.Call, ast.keyword,
    ast.Name, ast.Load, ast.Store, ast.Attribute, ast.Constant, ast.List, ast.Dict, ast.UnaryOp, ast.USub, ast.BinOp,
    ast.RShift,
)  # fmt: skip
DAG_CONSTANTS = ("start_date", "catchup", "is_paused_upon_creation", "max_active_runs")


@dataclass(frozen=True)
class Expected:
    """What the file must hold.

    The modules that it may import from, the DAG's arguments, each task's by variable, its gate, and the edges between
    variables.
    """

    modules: set[str]
    dag: dict[str, Any]
    tasks: dict[str, dict[str, Any]]
    gates: dict[str, str]
    edges: set[tuple[str, str]]


def audit(text: str, expected: Expected) -> None:
    """Check the text of a DAG file.

    :raises RenderError: the text does not parse, a node is not on the allow-list, something is imported from elsewhere,
        a name is called that was not imported, a value does not read back equal and of the same type, or the edges are
        not the automation's.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        _refuse(f"the rendered file is not Python: {error}")
    for node in ast.walk(tree):
        if not isinstance(node, ALLOWED):
            _refuse(f"the rendered file holds a {type(node).__name__} on line {getattr(node, 'lineno', '?')}")
    _check_calls(tree, expected.modules)
    dag = _only_dag(tree)
    _check_arguments("the DAG", dag.items[0].context_expr, expected.dag, others=DAG_CONSTANTS)
    calls = dict(_assignments(dag))
    if list(calls) != list(expected.tasks):
        _refuse(f"the rendered file assigns {list(calls)}, expected {list(expected.tasks)}")
    for variable, call in calls.items():
        _check_arguments(variable, call, expected.tasks[variable], others=("gate",))
        gate = next((keyword.value for keyword in call.keywords if keyword.arg == "gate"), None)
        if (gate.id if isinstance(gate, ast.Name) else None) != expected.gates.get(variable):
            _refuse(f"{variable} is not guarded by {expected.gates.get(variable)}")
    if _edges(dag) != expected.edges:
        _refuse(f"the rendered file has other edges: {sorted(_edges(dag) ^ expected.edges)}")


def _check_calls(tree: ast.Module, modules: set[str]) -> None:
    imported: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom):
            if statement.module not in modules:
                _refuse(f"the rendered file imports from {statement.module!r}")
            imported |= {alias.name for alias in statement.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in imported):
            _refuse(f"line {node.lineno} of the rendered file calls something that is not imported")
        if isinstance(node, ast.Attribute) and not (isinstance(node.value, ast.Name) and node.value.id in imported):
            _refuse(f"line {node.lineno} of the rendered file looks inside an object")


def _only_dag(tree: ast.Module) -> ast.With:
    body = [node for node in tree.body if isinstance(node, ast.With)]
    if len(body) != 1 or any(not isinstance(node, (ast.ImportFrom, ast.Expr, ast.With)) for node in tree.body):
        _refuse("the rendered file must define one DAG and nothing else")
    return body[0]


def _assignments(dag: ast.With) -> list[tuple[str, ast.Call]]:
    return [
        (node.targets[0].id, node.value)
        for node in dag.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Call)
    ]


def _edges(dag: ast.With) -> set[tuple[str, str]]:
    edges: set[tuple[str, str]] = set()
    for node in dag.body:
        if isinstance(node, ast.Expr):
            parts = node.value.args if isinstance(node.value, ast.Call) else _shifted(node.value)
            names = [[name.id for name in ast.walk(part) if isinstance(name, ast.Name)] for part in parts]
            for before, after in pairwise(names):
                edges |= {(one, other) for one in before for other in after}
    return edges


def _shifted(node: ast.expr) -> list[ast.expr]:
    parts: list[ast.expr] = []
    while isinstance(node, ast.BinOp):
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]


def _check_arguments(what: str, call: ast.expr, expected: dict[str, Any], others: tuple[str, ...]) -> None:
    if not isinstance(call, ast.Call) or call.args:
        _refuse(f"{what} is not written as a call with keyword arguments")
    written = {str(keyword.arg): keyword.value for keyword in call.keywords if keyword.arg not in others}
    if set(written) != set(expected):
        _refuse(f"{what} is written with {sorted(written)}, expected {sorted(expected)}")
    for name, node in written.items():
        if json_text.canonical(_read_back(node)) != json_text.canonical(_comparable(expected[name])):
            _refuse(f"{what}: {name} does not read back as it was")


def _read_back(node: ast.expr) -> Any:
    """Return the value of a literal, with references in the form of :func:`_comparable`."""
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)  # noqa: S101 - checked by `_check_calls`
        variable = [argument.id for argument in node.args if isinstance(argument, ast.Name)]
        values = [_read_back(argument) for argument in node.args if not isinstance(argument, ast.Name)]
        return {"reference": node.func.id, "variable": variable, "values": values}
    if isinstance(node, ast.Dict):
        keys = [_read_back(key) for key in node.keys if key is not None]
        return {"dict": [[key, _read_back(value)] for key, value in zip(keys, node.values, strict=True)]}
    if isinstance(node, ast.List):
        return {"list": [_read_back(part) for part in node.elts]}
    return _comparable(ast.literal_eval(node))


def _comparable(value: Any) -> Any:
    """Return a form in which order of keys, number types and the sign of zero count."""
    if isinstance(value, Reference):
        variable = [value.variable] if value.variable is not None else []
        return {"reference": value.function, "variable": variable, "values": [_comparable(v) for v in value.values]}
    if isinstance(value, dict):
        return {"dict": [[_comparable(key), _comparable(part)] for key, part in value.items()]}
    if isinstance(value, list):
        return {"list": [_comparable(part) for part in value]}
    return [type(value).__name__, repr(value)]


def _refuse(problem: str) -> NoReturn:
    raise RenderError(problem, remedy="This is a fault of the renderer: please report it with the trace's shape.")
