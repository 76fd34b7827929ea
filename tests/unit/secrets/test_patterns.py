"""Patterns that are compiled when they are first used."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

from airflow_provider_vai import secrets
from airflow_provider_vai.secrets.patterns import deferred


def test_a_deferred_pattern_does_what_a_compiled_one_does() -> None:
    """It is compiled once, at the first use, and its methods are those of the compiled pattern."""
    found = deferred(r"(?P<name>a+)b", re.IGNORECASE)
    assert not hasattr(type(found), "search")
    match = found.search("xxAAb")
    assert match is not None
    assert match["name"] == "AA"
    assert found.search == re.compile(r"(?P<name>a+)b", re.IGNORECASE).search
    assert [one[0] for one in found.finditer("ab aab")] == ["ab", "aab"]
    assert found.groups == 1


def test_a_mistake_is_raised_at_the_first_use() -> None:
    """Nothing is compiled before."""
    wrong = deferred("(")
    with pytest.raises(re.error):
        wrong.search("")


@pytest.mark.parametrize("module", [module.name for module in pkgutil.iter_modules(secrets.__path__)])
def test_every_deferred_pattern_compiles(module: str) -> None:
    """A mistake in a pattern that no other test uses is found here."""
    for value in vars(importlib.import_module(f"{secrets.__name__}.{module}")).values():
        if type(value) is type(deferred("")):
            assert value.groups >= 0
