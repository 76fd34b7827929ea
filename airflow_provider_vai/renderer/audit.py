"""Checks that a rendered DAG file contains what it should and nothing else.

The text is parsed and compared, statement by statement, with what the renderer was asked to write. The check does not
use the DAG templates, so it finds errors in them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise
from typing import Any, NoReturn

from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.renderer.file_parts import ParsedFile, parsed_in_pieces
from airflow_provider_vai.renderer.importable import is_importable
from airflow_provider_vai.renderer.python_source import SourceName, SourcePlace, SourceSubscript


@dataclass(frozen=True)
class ExpectedTask:
    """An expected operator call.

    :param operator: The name of the operator class.
    :param arguments: Its arguments by name, including ``task_id``.
    :param gate: The variable of its gate; ``None``: it has none.
    :param each: The variable of the task whose result it is mapped over; ``None``: it is not mapped.
    :param assigned: The values that are assigned before it, by variable.
    """

    operator: str
    arguments: dict[str, Any]
    gate: str | None
    each: str | None = None
    assigned: dict[str, SourcePlace] = field(default_factory=dict)


@dataclass(frozen=True)
class Expected:
    """The expected content of a DAG file.

    :param imports: Pairs of module and imported name.
    :param start_date: The source of the DAG's argument ``start_date``.
    :param dag: The other arguments of the DAG by name.
    :param tasks: The tasks by variable, in order.
    :param edges: The dependencies, as pairs of variables: upstream and downstream.
    """

    imports: set[tuple[str, str]]
    start_date: str
    dag: dict[str, Any]
    tasks: dict[str, ExpectedTask]
    edges: set[tuple[str, str]]


def audit(text: str, expected: Expected) -> None:
    """Check the text of a DAG file.

    :param text: The text.
    :param expected: What it must contain.
    :raises RenderError: if the text cannot be parsed or differs from what is expected: it has an unexpected statement,
        import, operator, gate or edge, or a value that does not read back equal and with the same type.
    """
    try:
        _check(parsed_in_pieces(text), expected)
    except (SyntaxError, ValueError, RecursionError, MemoryError, RenderError):
        _check(_parsed(text), expected)  # so that the message is about the whole file


def _parsed(text: str) -> ParsedFile:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        _refuse(f"the rendered file is not Python: {error}")
    last = tree.body[-1] if tree.body else None
    return ParsedFile(tree.body, iter(last.body if isinstance(last, ast.With) else ()))


def _check(parsed: ParsedFile, expected: Expected) -> None:
    docstring, *imports, dag = parsed.head if len(parsed.head) > 1 else _refuse("the rendered file is empty")
    if not (isinstance(docstring, ast.Expr) and isinstance(docstring.value, ast.Constant)):
        _refuse("the rendered file does not start with its docstring")
    _check_imports(imports, expected.imports)
    if not (isinstance(dag, ast.With) and len(dag.items) == 1 and dag.items[0].optional_vars is None):
        _refuse("the rendered file does not end with one DAG")
    _check_dag(dag.items[0].context_expr, expected)
    _check_tasks(_with_known_calls(parsed.body, expected), expected.tasks)
    edges = {pair for statement in parsed.body for pair in _edges(statement)}
    if edges != expected.edges:
        _refuse(f"the edges of the rendered file differ from what is expected by {sorted(edges ^ expected.edges)}")


def _check_imports(statements: Sequence[ast.stmt], expected: set[tuple[str, str]]) -> None:
    found: list[tuple[str, str]] = []
    for statement in statements:
        if not isinstance(statement, ast.ImportFrom) or statement.level or statement.module is None:
            _refuse(f"line {statement.lineno} of the rendered file is not an import of a name")
        if any(alias.asname for alias in statement.names):
            _refuse(f"line {statement.lineno} of the rendered file renames what it imports")
        found += [(statement.module, alias.name) for alias in statement.names]
    if unknown := [f"{module}.{name}" for module, name in found if not is_importable(module, name)]:
        _refuse(f"the rendered file imports {unknown[0]}, which a DAG file must not import")
    if set(found) != expected or len(found) != len(expected):
        _refuse(f"the imports of the rendered file differ from what is expected by {sorted(set(found) ^ expected)}")


def _check_dag(call: ast.expr, expected: Expected) -> None:
    written = _keywords("the DAG", call, "DAG")
    start_date = written.pop("start_date", None)
    expected_date = ast.parse(expected.start_date, mode="eval").body
    if start_date is None or ast.dump(start_date) != ast.dump(expected_date):
        _refuse(f"the DAG's start_date is not {expected.start_date}")
    _check_values("the DAG", written, expected.dag)


def _check_tasks(statements: Iterator[ast.stmt], expected: dict[str, ExpectedTask]) -> None:
    for number, (variable, task) in enumerate(expected.items()):
        for assigned, value in task.assigned.items():
            _check_assignment(next(statements, None), assigned, value)
        statement = next(statements, None)
        if statement is None:
            _refuse(f"the rendered file has {plural(number, 'task')}, expected {len(expected)}")
        target = statement.targets if isinstance(statement, ast.Assign) else []
        if not isinstance(statement, ast.Assign) or [_source(part) for part in target] != [variable]:
            _refuse(f"line {statement.lineno} of the rendered file is not the task {variable}")
        call = _unmapped(variable, statement.value, task)
        written = _keywords(variable, call, task.operator)
        gate = written.pop("gate", None)
        if (None if gate is None else _source(gate)) != task.gate:
            _refuse(f"{variable} is not guarded by {task.gate}")
        _check_values(variable, written, task.arguments)


def _check_assignment(statement: ast.stmt | None, variable: str, value: SourcePlace) -> None:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if not isinstance(statement, ast.Assign) or [_source(part) for part in targets] != [variable]:
        _refuse(f"the rendered file does not assign {variable} where it is expected")
    if _read_back(variable, statement.value) != _comparable(value):
        _refuse(f"the value of {variable} does not read back as it was written")


def _with_known_calls(statements: Iterator[ast.stmt], expected: Expected) -> Iterator[ast.stmt]:
    """Yield the statements after checking that they call only what the file imports, by name."""
    known = {name for _, name in expected.imports}
    for statement in statements:
        for node in _calls(statement):
            if isinstance(node.func, ast.Name) and node.func.id not in known:
                _refuse(f"line {node.lineno} of the rendered file calls {node.func.id}, which it does not import")
        yield statement


def _calls(statement: ast.stmt) -> Iterator[ast.Call]:
    """Yield every call in a statement, as ``ast.walk`` finds them, but in a third of the time."""
    waiting: list[Any] = [statement]
    while waiting:
        node = waiting.pop()
        kind = type(node)
        if kind in _LEAVES:
            continue
        if kind is ast.keyword:
            waiting.append(node.value)
        elif kind is ast.Dict:
            waiting += node.keys
            waiting += node.values
        elif kind is ast.Call:
            yield node
            waiting += (node.func, *node.args, *node.keywords)
        elif kind is list:
            waiting += node
        elif isinstance(node, ast.AST):
            waiting += vars(node).values()


_LEAVES = frozenset({ast.Constant, ast.Name, ast.Load, ast.Store, int, str, type(None)})


def _source(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ast.unparse(node)


def _unmapped(what: str, node: ast.expr, task: ExpectedTask) -> ast.expr:
    """Return the operator call; for a mapped task ``Operator.partial(...).expand(item=<list>.output)``, check it and
    return the part with the arguments as a plain operator call."""
    if task.each is None:
        return node
    partial = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
    if not (isinstance(partial, ast.Call) and isinstance(partial.func, ast.Attribute)):
        _refuse(f"{what} is not mapped")
    called = f"{task.operator}.partial().expand(item={task.each}.output)"
    bare = ast.Call(partial.func, args=[], keywords=[])
    whole = ast.Call(ast.Attribute(bare, node.func.attr), args=node.args, keywords=node.keywords)  # type: ignore[attr-defined]
    if ast.unparse(ast.fix_missing_locations(whole)) != called:
        _refuse(f"{what} is not mapped as {called}")
    return ast.Call(partial.func.value, args=partial.args, keywords=partial.keywords)


def _keywords(what: str, call: ast.expr, function: str) -> dict[str, ast.expr]:
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == function):
        _refuse(f"{what} is not a call of {function}")
    names = [keyword.arg for keyword in call.keywords]
    if call.args or None in names:
        _refuse(f"{what} has arguments that are not keyword arguments")
    return {str(keyword.arg): keyword.value for keyword in call.keywords}


def _check_values(what: str, written: dict[str, ast.expr], expected: dict[str, Any]) -> None:
    if set(written) != set(expected):
        _refuse(f"{what} has the arguments {sorted(written)}, expected {sorted(expected)}")
    for name, node in written.items():
        if not _is_plainly(node, expected[name]) and _read_back(what, node) != _comparable(expected[name]):
            _refuse(f"{what}: the value of {name} does not read back as it was written")


def _is_plainly(node: ast.expr, value: Any) -> bool:
    """Return whether a literal is a value, as far as that is quickly seen; ``False``: look closely."""
    kind = type(value)
    if isinstance(node, ast.Constant):
        return kind in (str, bool, int, type(None)) and type(node.value) is kind and bool(node.value == value)
    if isinstance(node, ast.Dict):
        return (
            kind is dict
            and len(node.keys) == len(value)
            and all(
                key is not None and _is_plainly(key, name) and _is_plainly(part, inside)
                for key, part, (name, inside) in zip(node.keys, node.values, value.items(), strict=True)
            )
        )
    if isinstance(node, ast.List):
        return kind is list and len(node.elts) == len(value) and all(map(_is_plainly, node.elts, value))
    return isinstance(node, ast.Call) and kind is SourcePlace and _is_plain_call(node, value)


def _is_plain_call(node: ast.Call, value: SourcePlace) -> bool:
    """Return whether a call is one of a task's result, such as ``wired(step, "rows")``."""
    if not (isinstance(node.func, ast.Name) and node.func.id == value.function and node.args):
        return False
    first, *rest = node.args
    return (
        isinstance(first, ast.Name)
        and first.id == value.variable
        and not (node.keywords or value.keywords)
        and len(rest) == len(value.values)
        and all(map(_is_plainly, rest, value.values))
    )


def _edges(statement: ast.stmt) -> set[tuple[str, str]]:
    if not isinstance(statement, ast.Expr):
        _refuse(f"line {statement.lineno} of the rendered file is not an edge")
    value = statement.value
    if isinstance(value, ast.Call):
        if not (isinstance(value.func, ast.Name) and value.func.id == "chain") or value.keywords:
            _refuse(f"line {statement.lineno} of the rendered file calls something other than chain")
        parts = value.args
    else:
        parts = _shifted(value)
    names = [_names(part) for part in parts]
    return {(one, other) for before, after in pairwise(names) for one in before for other in after}


def _shifted(node: ast.expr) -> list[ast.expr]:
    parts: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.RShift):
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]


def _names(node: ast.expr) -> list[str]:
    parts = node.elts if isinstance(node, ast.List) else [node]
    names = [part.id for part in parts if isinstance(part, ast.Name)]
    if len(names) != len(parts):
        _refuse(f"line {node.lineno} of the rendered file has an edge to something that is not a task")
    return names


def _read_back(what: str, node: ast.expr) -> Any:
    """Return the value of a literal, in the form that :func:`_comparable` returns."""
    if isinstance(node, ast.Name):
        return {"name": node.id}
    if isinstance(node, ast.Subscript):
        return {"part": [_read_back(what, node.value), _read_back(what, node.slice)]}
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name):
            _refuse(f"{what} contains an unexpected call on line {node.lineno}")
        values = [_read_back(what, argument) for argument in node.args]
        keywords = [[name, _read_back(what, value)] for name, value in _named(what, node)]
        return {"reference": node.func.id, "values": values, "keywords": keywords}
    if isinstance(node, ast.Dict):
        pairs = [(key, value) for key, value in zip(node.keys, node.values, strict=True) if key is not None]
        if len(pairs) != len(node.keys):
            _refuse(f"{what} unpacks a dict on line {node.lineno}")
        return {"dict": [[_read_back(what, key), _read_back(what, value)] for key, value in pairs]}
    if isinstance(node, ast.List):
        return {"list": [_read_back(what, part) for part in node.elts]}
    if isinstance(node, ast.Constant):
        return _comparable(node.value)
    try:
        return _comparable(ast.literal_eval(node))
    except ValueError:
        _refuse(f"{what} contains something that is not a literal on line {node.lineno}")


def _named(what: str, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Yield the named arguments of a call; ``**{...}`` may contain literal names only."""
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield keyword.arg, keyword.value
            continue
        pairs = (
            zip(keyword.value.keys, keyword.value.values, strict=True) if isinstance(keyword.value, ast.Dict) else ()
        )
        names = [
            (key.value, part) for key, part in pairs if isinstance(key, ast.Constant) and isinstance(key.value, str)
        ]
        if not isinstance(keyword.value, ast.Dict) or len(names) != len(keyword.value.keys):
            _refuse(f"{what} contains an unexpected call on line {call.lineno}")
        yield from names


def _comparable(value: Any) -> Any:
    """Return a value in a form that can be compared exactly: key order, types and the sign of zero count."""
    if isinstance(value, SourcePlace):
        variable = [{"name": value.variable}] if value.variable is not None else []
        values = [*variable, *(_comparable(part) for part in value.values)]
        if isinstance(value, SourceName):
            return values[0]
        if isinstance(value, SourceSubscript):
            return reduce(lambda base, key: {"part": [base, key]}, values)
        keywords = [[name, _comparable(part)] for name, part in value.keywords.items()]
        return {"reference": value.function, "values": values, "keywords": keywords}
    if isinstance(value, dict):
        return {"dict": [[_comparable(key), _comparable(part)] for key, part in value.items()]}
    if isinstance(value, list):
        return {"list": [_comparable(part) for part in value]}
    return [type(value).__name__, repr(value)]


def _refuse(problem: str) -> NoReturn:
    raise RenderError(
        problem, remedy="This is a bug in the renderer. Please report it, with the structure of the trace."
    )
