"""Whatever the package imports from Airflow is there, in this version of Airflow."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator

import pytest

from tests.paths import ROOT

PACKAGE = ROOT / "airflow_provider_vai"
OF_EXTRAS = ("airflow.providers.common.ai", "airflow.providers.openlineage")
FORGIVEN = {("airflow.sdk", "NEVER_EXPIRE")}
"""Used only with a task state store, which came with it."""


def imports(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield what a part of a module imports from Airflow: module and name.

    Without what only type checkers read, and what has another place to fall back to.
    """
    if isinstance(node, ast.Try) and any("ImportError" in ast.unparse(each.type or node) for each in node.handlers):
        left = [*node.orelse, *node.finalbody]
        fallbacks = [part for handler in node.handlers for part in handler.body]
        if not any(isinstance(part, ast.ImportFrom) for part in fallbacks):
            left += node.body
    elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        left = node.orelse
    else:
        left = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "airflow":
        yield from ((str(node.module), name.name) for name in node.names)
    for part in left:
        yield from imports(part)


NAMES = sorted({
    (module, name)
    for path in PACKAGE.rglob("*.py")
    for module, name in imports(ast.parse(path.read_text(encoding="utf-8")))
    if not module.startswith(OF_EXTRAS)
} - FORGIVEN)  # fmt: skip


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_a_name_is_there(module: str, name: str) -> None:
    """A name that an older or newer Airflow has elsewhere is imported with a fallback."""
    found = importlib.import_module(module)
    assert hasattr(found, name) or importlib.import_module(f"{module}.{name}")
