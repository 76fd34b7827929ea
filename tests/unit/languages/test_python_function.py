"""A function's source is found without importing it, and equals the text that the running operator compares."""

from __future__ import annotations

import hashlib
import inspect
import sys
from pathlib import Path

import jinja2.filters
import pydantic.fields
import pytest
import rich.console

from airflow_provider_vai.languages.python_function import source_sha256

MODULES = [jinja2.filters, pydantic.fields, rich.console]
FUNCTIONS = [
    (f"{module.__name__}:{name}", function)
    for module in MODULES
    for name, function in vars(module).items()
    if inspect.isfunction(function) and function.__module__ == module.__name__
    if inspect.unwrap(function).__name__ == name  # not one that a decorator replaced by another function
]
METHODS = [
    (f"rich.console:Console.{name}", method)
    for name, method in vars(rich.console.Console).items()
    if inspect.isfunction(method) and method.__module__ == "rich.console"
]


@pytest.mark.parametrize(
    ("name", "function"), [*FUNCTIONS, *METHODS], ids=lambda one: one if isinstance(one, str) else ""
)
def test_the_same_text_as_at_run_time(name: str, function: object) -> None:
    """The digest is that of `inspect.getsource`, for plain and decorated functions and for methods."""
    expected = hashlib.sha256(inspect.getsource(function).encode()).hexdigest()  # type: ignore[arg-type]

    assert source_sha256(name, sys.path) == expected


def test_there_is_something_to_compare() -> None:
    """The libraries above contain enough functions, including decorated ones."""
    assert len(FUNCTIONS) > 60
    assert len(METHODS) > 20


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package that must not be imported."""
    (tmp_path / "acme/bank").mkdir(parents=True)
    (tmp_path / "acme/__init__.py").write_text("raise SystemExit('imported')\n")
    (tmp_path / "acme/bank/tools.py").write_text(
        "raise SystemExit('imported')\nfrom json import loads\nPI = 3\n\n\ndef pay(to):\n    return to\n\n\n"
        "async def wait():\n    return 1  # one\n\n# about the next\n\n"
        "class Desk:\n    @staticmethod\n    def open():\n        pass\n"
    )
    (tmp_path / "acme/broken.py").write_text("def pay(:\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("acme.bank.tools:pay", "def pay(to):\n    return to\n"),
        ("acme.bank.tools:wait", "async def wait():\n    return 1  # one\n"),
        ("acme.bank.tools:Desk.open", "    @staticmethod\n    def open():\n        pass\n"),
    ],
)
def test_nothing_is_imported(package: Path, name: str, text: str) -> None:
    """Neither the module nor its packages are imported; a package without `__init__.py` is found as well."""
    assert source_sha256(name, [str(package)]) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "name",
    [
        "acme.bank.tools:loads",
        "acme.bank.tools:PI",
        "acme.bank.tools:Desk.close",
        "acme.bank.tools:pay.inner",
        "acme.broken:pay",
        "acme.missing:pay",
        "acme.bank.tools.deeper:pay",
        "nowhere:pay",
        "math:sqrt",
        "json:dumps",
    ],
)
def test_what_has_no_source_here(package: Path, name: str) -> None:
    """A name that no source file defines, or that belongs to Python itself, has no digest."""
    assert source_sha256(name, [str(package), *sys.path]) is None
