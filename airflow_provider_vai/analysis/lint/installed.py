"""Checks of what must be installed where the DAG runs: extras of this package, and the modules of functions.

Nothing is imported: distributions are looked up by their metadata, and modules by their place.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, requires

from airflow_provider_vai.analysis.lint.finding import CheckResult
from airflow_provider_vai.analysis.lint.raw import RawStep, text_of
from airflow_provider_vai.analysis.lint.subjects import Subject
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.languages.python_function import is_found, python_path
from airflow_provider_vai.model.tool_names import CALLABLE_PLACE
from airflow_provider_vai.secrets.patterns import deferred

PACKAGE = "airflow-provider-vai"
EXTRAS = {
    "call_agent": "agent",
    "create_flashboard": "flashboard",
    "dlt_extract": "dlt",
    "duckdb_transform": "duckdb",
    "explain_schema": "sql",
    "fetch_page": "web",
    "generate_query": "sql",
    "http_request": "http",
    "mcp_tool": "mcp",
}
"""Action kind -> the extra of this package that it needs."""

DLT_SOURCES = ("filesystem", "rest_api", "sql_database")
_REQUIREMENT = deferred(r"(?P<name>[A-Za-z0-9._-]+).*?;.*\bextra\s*==\s*['\"](?P<extra>[\w-]+)['\"]")


def missing_extras(subject: Subject) -> Iterator[CheckResult]:
    """A step needs a library that is not installed here."""
    for step in subject.steps:
        for extra in extras_of(step):
            if missing := missing_of(extra):
                problem = f"the step needs what is not installed here: {', '.join(missing)}"
                remedy = f"Run pip install '{PACKAGE}[{extra}]' where the DAG runs."
                yield CheckResult(step.field("kind"), problem, remedy)


def missing_modules(subject: Subject) -> Iterator[CheckResult]:
    """The module of a function cannot be found."""
    folders = python_path(subject.path.absolute().parent)
    found: dict[str, bool] = {}
    for step in subject.steps:
        name, function = function_of(step) or ("", "")
        module = _module_of(function) if function else ""
        if module not in found:
            found[module] = not module or is_found(module, folders)
        if not found[module]:
            problem = f"the module {shown(module)} cannot be found here"
            yield CheckResult(step.field("arguments", name), problem, f"Write {CALLABLE_PLACE}.")


@cache
def missing_of(extra: str) -> tuple[str, ...]:
    """Return the distributions of an extra that are not installed; none if this package itself is not installed."""
    try:
        lines = requires(PACKAGE) or []
    except PackageNotFoundError:
        return ()
    found = [match for line in lines if (match := _REQUIREMENT.match(line)) and match["extra"] == extra]
    return tuple(match["name"] for match in found if not _is_here(match["name"]))


def _is_here(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def extras_of(step: RawStep) -> Iterator[str]:
    """Yield the extras of this package that a step needs where it runs.

    :param step: The step.
    """
    kind = text_of(step.data.get("kind")) or ""
    if kind in EXTRAS:
        yield EXTRAS[kind]
    if kind == "generate_query" and "sql" not in step.arguments:
        yield "agent"
    urls = step.values().values() if kind in ("file_sync", "duckdb_transform") else ()
    if any(isinstance(value, str) and value.startswith(("s3://", "s3a://")) for value in urls):
        yield "s3"


def function_of(step: RawStep) -> tuple[str, str] | None:
    """Return the argument in which a step names a function of the user, and the function's dotted name.

    :param step: The step.
    :return: The two; ``None``: the step names no function, one of Python's standard library, or one that each run
        chooses.
    """
    name = {"python_tool": "python_callable", "dlt_extract": "source"}.get(text_of(step.data.get("kind")) or "")
    argument = step.arguments.get(name or "", {})
    value = text_of(argument.get("value"))
    if not name or argument.get("class") != "frozen" or value is None or value in DLT_SOURCES:
        return None
    parts = _module_of(value).split(".")
    is_own = all(part.isidentifier() for part in parts) and parts[0] not in sys.stdlib_module_names
    return (name, value) if is_own else None


def _module_of(function: str) -> str:
    return function.rpartition(":" if ":" in function else ".")[0]
