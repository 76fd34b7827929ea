"""YAML is bounded in values, characters and nesting, with its aliases expanded."""

from __future__ import annotations

import pytest

from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.languages import yaml_text


def test_aliases_of_a_long_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few aliases of one long text would be gigabytes once they are written; nested aliases multiply."""
    monkeypatch.setattr(yaml_text, "LIMIT_CHARACTERS", 10_000)
    long = f"a: &a {'x' * 900}\n"
    assert len(yaml_text.loads(f"{long}b: [{', '.join(['*a'] * 10)}]", where="t")["b"]) == 10
    for rest in (f"b: [{', '.join(['*a'] * 11)}]", "b: &b [*a, *a, *a, *a]\nc: [*b, *b, *b]", f"b: {'y' * 9_200}"):
        with pytest.raises(UnreadableTrace, match="more than 10000 characters, with its aliases expanded"):
            yaml_text.loads(long + rest, where="t")


@pytest.mark.parametrize("bracket", ["[", "{", "[{a: "])
def test_many_open_brackets(bracket: str) -> None:
    """Nesting is refused before it takes long; brackets in text do not count."""
    with pytest.raises(UnreadableTrace, match="nested too deeply"):
        yaml_text.loads(bracket * 1_000, where="t")
    assert yaml_text.loads(f"a: '{bracket * 1_000}'", where="t") == {"a": bracket * 1_000}


def test_a_key_that_occurs_twice() -> None:
    """Among many keys, the one that occurs twice is named."""
    keys = "".join(f"k{number}: 1\n" for number in range(1_000))
    assert len(yaml_text.loads(keys, where="t")) == 1_000
    with pytest.raises(UnreadableTrace, match="the key 'k7' occurs twice"):
        yaml_text.loads(f"{keys}k7: 2\n", where="t")
