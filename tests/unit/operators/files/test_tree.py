"""A glob selects files as documented, and many stars do not multiply."""

from __future__ import annotations

import pytest

from airflow_provider_vai.operators.files import tree
from airflow_provider_vai.operators.files.tree import PathRefused, _matches


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        (None, "a/b", None),
        ("*.csv", "2024/a.csv", "a.csv.gz"),
        ("/*.csv", "a.csv", "b/a.csv"),
        ("2024/**/*.csv", "2024/a.csv", "2025/a.csv"),
        ("2024/**/*.csv", "2024/a/b/c.csv", "2024/a/b.txt"),
        ("2024/**", "2024/a/b", "2024"),
        ("**", "a/b", None),
        ("*/b", "a/b", "a/c/b"),
        ("[!a]?/b", "ca/b", "ac/b"),
    ],
)
def test_globs(pattern: str | None, matching: str, other: str | None) -> None:
    """Without a slash the name is compared, with one the path; ``**`` is any number of folders."""
    assert _matches(matching, pattern)
    assert other is None or not _matches(other, pattern)


def test_stars_inside_a_name() -> None:
    """Two stars in one part are refused, because they would mean nothing."""
    with pytest.raises(PathRefused, match=r"\*\* must stand alone"):
        _matches("ab", "a**")


def test_many_folders_with_many_stars(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part of the pattern is compared with each part of the path at most once."""
    compared = []
    glob = tree._glob

    class Counted:
        def __init__(self, part: str) -> None:
            self.part = part

        def match(self, name: str) -> bool:
            compared.append(name)
            return glob(self.part).match(name) is not None

    monkeypatch.setattr(tree, "_glob", Counted)
    assert not _matches("a/" * 100 + "a", "**/a/" * 50 + "b")
    assert len(compared) <= 51 * 101
