"""Which files are copied, and under which names."""

from __future__ import annotations

import logging
from pathlib import Path

import fsspec
import pytest
from airflow.sdk import ObjectStoragePath
from hypothesis import given, strategies as st

from airflow_provider_vai.operators.files import storage, tree as file_tree
from airflow_provider_vai.operators.runtime.errors import MissingExtra

LOG = logging.getLogger(__name__)
NAMES = ["a.csv", "b.txt", "d/a.csv", "d/e/c.csv", "d/.hidden.csv"]


@pytest.fixture
def tree(tmp_path: Path) -> ObjectStoragePath:
    """Return a folder with a few files."""
    for name in NAMES:
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return ObjectStoragePath(f"file://{tmp_path}/tree")


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        (None, sorted(NAMES)),
        ("*", sorted(NAMES)),
        ("**/*", sorted(NAMES)),
        ("*.csv", ["a.csv", "d/.hidden.csv", "d/a.csv", "d/e/c.csv"]),
        ("/*.csv", ["a.csv"]),
        ("d/*.csv", ["d/.hidden.csv", "d/a.csv"]),
        ("d/**/*.csv", ["d/.hidden.csv", "d/a.csv", "d/e/c.csv"]),
        ("[ab].*", ["a.csv", "b.txt", "d/a.csv"]),
        ("../*", []),
    ],
)
def test_pattern(tree: ObjectStoragePath, pattern: str | None, names: list[str]) -> None:
    """A glob without a slash matches names in every folder; one with a slash matches paths."""
    assert [file.name for file in file_tree.files(tree, pattern, LOG)] == names


def test_one_file_is_a_source(tree: ObjectStoragePath) -> None:
    """The path of a file selects that file, with its own name."""
    assert [tuple(file)[::2] for file in file_tree.files(tree / "d" / "a.csv", None, LOG)] == [("a.csv", 7)]


def test_nothing_there_is_refused(tree: ObjectStoragePath) -> None:
    """A source that does not exist is an error; an empty folder is not."""
    with pytest.raises(file_tree.PathRefused, match="no file or folder"):
        file_tree.files(tree / "x", None, LOG)
    (tree / "x").mkdir()
    assert file_tree.files(tree / "x", None, LOG) == []


def test_links_are_not_followed(tree: ObjectStoragePath, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A link in the source could lead to any file of the worker. It is left out, with a log message."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("x")
    (tmp_path / "tree" / "file").symlink_to(tmp_path / "secret" / "key")
    (tmp_path / "tree" / "folder").symlink_to(tmp_path / "secret")
    (tmp_path / "tree" / "loop").symlink_to(tmp_path / "tree")

    assert [file.name for file in file_tree.files(tree, None, LOG)] == sorted(NAMES)
    assert "The link file is not followed" in caplog.text


def test_link_at_the_destination_does_not_lead_out(tree: ObjectStoragePath, tmp_path: Path) -> None:
    """A file is not written through a link that leads out of the destination."""
    (tmp_path / "tree" / "out").symlink_to(tmp_path)

    with pytest.raises(file_tree.PathRefused, match="would be outside"):
        file_tree.below(tree, "out/x")


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "a//b", "./x", "..", ".", "", "a/", "x\0y"])
def test_traversal_is_refused(tree: ObjectStoragePath, name: str) -> None:
    """No object name leads out of the destination."""
    with pytest.raises(file_tree.PathRefused):
        file_tree.below(tree, name)


@given(st.text(min_size=1))
def test_any_name_stays_below_or_is_refused(name: str) -> None:
    """Any name is either refused, or leads to a path below the folder with exactly that name."""
    folder = ObjectStoragePath("file:///nowhere/at all")
    try:
        path = file_tree.below(folder, name).path
    except (file_tree.PathRefused, UnicodeEncodeError):
        return
    assert path == f"/nowhere/at all/{name}"


@pytest.mark.parametrize("other", ["", "/d", "/d/../d/e"])
def test_overlap_is_refused(tree: ObjectStoragePath, other: str) -> None:
    """A sync never reads the files that it writes."""
    for one, two in ((tree, ObjectStoragePath(f"{tree}{other}")), (ObjectStoragePath(f"{tree}{other}"), tree)):
        with pytest.raises(file_tree.PathRefused, match="overlap"):
            file_tree.check_apart(one, two)
    file_tree.check_apart(tree, ObjectStoragePath(f"{tree}2"))


def test_missing_provider_is_told() -> None:
    """For a URL that no installed provider supports, the message says what to install."""
    with pytest.raises(MissingExtra, match="Install an Airflow provider of nosuchstore://"):
        storage.opened("nosuchstore://bucket/x")
    with pytest.raises(MissingExtra, match="pip install 'apache-airflow-providers-google'"):
        storage.opened("gs://bucket/x")


def test_other_stores_get_whole_files(tmp_path: Path) -> None:
    """In a store that can rename, the file is uploaded under a temporary name, which does not remain."""
    fs = fsspec.filesystem("memory")
    for content in (b"abc", b"abcd"):
        (tmp_path / "file").write_bytes(content)
        storage._place_by_move(tmp_path / "file", fs, "/vai-test/d/file", "token")

        assert fs.cat_file("/vai-test/d/file") == content
        assert fs.ls("/vai-test/d", detail=False) == ["/vai-test/d/file"]
