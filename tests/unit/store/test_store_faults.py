"""An object store that refuses, answers late or is away, and writers that meet on it: the log decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from airflow_provider_vai.exceptions import Conflict, EditedByHand, PublishError
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.store import lifecycle, shared_files
from airflow_provider_vai.store.publisher import publish
from airflow_provider_vai.store.state import settled
from airflow_provider_vai.store.versions import MARK, VersionLog
from tests.unit.support import call, crystallized, run

memory = pytest.importorskip("fsspec.implementations.memory")
pytest.importorskip("airflow.sdk")

PAIR = ("report.py", "report.vai.json")


class Store(memory.MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A store in memory that is opened as ``s3://``.

    :ivar fault: called with the operation and its effect, once it is the turn of ``at``; ``None``: there is no fault.
    """

    protocol = ("s3", "s3a")
    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self.store: dict[str, Any] = {}
        self.pseudo_dirs = [""]
        self.at, self.count, self.lasts = 0, 0, False
        self.fault: Callable[[Callable[[], Any]], Any] | None = None

    def plan(self, at: int, fault: Callable[[Callable[[], Any]], Any] | None, *, lasts: bool = False) -> None:
        """Let a fault occur at the nth operation from now, and if it lasts, at each one after it."""
        self.at, self.count, self.fault, self.lasts = at, 0, fault, lasts

    def _counted(self, effect: Callable[[], Any]) -> Any:
        self.count += 1
        if self.fault is not None and (self.count == self.at or (self.lasts and self.count > self.at)):
            return self.fault(effect)
        return effect()

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **more: Any) -> Any:
        """Put an object."""
        found = super()
        return self._counted(lambda: found.pipe_file(path, value, mode=mode))

    def cat_file(self, path: str, start: Any = None, end: Any = None, **more: Any) -> Any:
        """Get an object."""
        found = super()
        return self._counted(lambda: found.cat_file(path, start, end))

    def rm_file(self, path: str) -> Any:
        """Delete an object."""
        found = super()
        return self._counted(lambda: found.rm_file(path))

    def ls(self, path: str, detail: bool = True, **more: Any) -> Any:
        """List objects."""
        found = super()
        return self._counted(lambda: found.ls(path, detail=detail))


def refused(effect: Callable[[], Any]) -> Any:
    """Fail without an effect."""
    raise OSError(5, "An error occurred (500): Internal Server Error")


def late(effect: Callable[[], Any]) -> Any:
    """Fail after the effect: the answer is lost."""
    effect()
    raise TimeoutError("Read timeout on endpoint URL")


def repeated(effect: Callable[[], Any]) -> Any:
    """Lose the answer, and ask again, as clients do."""
    effect()
    return effect()


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty store, which Airflow opens for ``s3://``."""
    from airflow.sdk.io import fs, store as stores

    made = Store()
    monkeypatch.setitem(fs._register_filesystems(), "s3", lambda *_: made)
    monkeypatch.setattr(stores, "_STORE_CACHE", {})
    monkeypatch.setattr(shared_files, "_exclusive", set())
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    yield made
    stores._STORE_CACHE.clear()


def made(value: Any = 1) -> Automation:
    """Return an automation of one call."""
    return crystallized(run(call("look", {"value": value})), dag_id="report", gates="recorded")


CHANGES: dict[str, tuple[Callable[[Any], object] | None, Callable[[Any], object]]] = {
    "create": (None, lambda place: publish(made(1), place, by="ann")),
    "replace": (lambda place: publish(made(1), place, by="ann"), lambda place: publish(made(2), place, by="ann")),
    "pause": (
        lambda place: publish(made(1), place, by="ann"),
        lambda place: lifecycle.pause(place, "report", by="ann"),
    ),
    "delete": (lambda place: publish(made(1), place, by="ann"), lambda place: lifecycle.delete(place, "report")),
}


def pair(store: Store, place: Any) -> dict[str, bytes]:
    """Return the two files in the store."""
    store.plan(0, None)
    found = {name: shared_files.read(place / name) for name in PAIR}
    return {name: content for name, content in found.items() if content is not None}


def places(store: Store, name: str) -> Iterator[tuple[Any, dict[str, bytes], dict[str, bytes]]]:
    """Yield a place for each number of an operation, and the pair before and after the change."""
    before, change = CHANGES[name]
    end = shared_files.folder("s3://lake/end")
    if before:
        before(end)
    old = pair(store, end)
    change(end)
    new = pair(store, end)
    for number in count(1):
        place = shared_files.folder(f"s3://lake/trial-{number}")
        if before:
            before(place)
        yield place, old, new


@pytest.mark.parametrize(("fault", "lasts"), [(refused, False), (refused, True), (late, False), (late, True)])
@pytest.mark.parametrize("name", CHANGES)
def test_an_error_at_any_operation(name: str, fault: Any, lasts: bool, store: Store) -> None:
    """Each error names the object. The old pair stays, or the next writer finishes the change."""
    change = CHANGES[name][1]
    for number, (place, old, new) in enumerate(places(store, name), 1):
        store.plan(number, fault, lasts=lasts)
        refusal = None
        try:
            change(place)
        except PublishError as error:
            refusal = error
        is_over = store.count < number
        found = pair(store, place)
        if refusal is None:
            assert found == new
        else:
            assert refusal.where.startswith(f"{place}"[:16])
            assert "credentials" in refusal.remedy
        for file in PAIR:
            assert found.get(file) in (old.get(file), new.get(file))
        settled(place, "report")
        assert pair(store, place) in (old, new)
        publish(made(3), place, force=True)
        numbers = [entry.number for entry in VersionLog(place, "report").entries()]
        assert numbers == list(range(len(numbers), 0, -1))
        assert shared_files.read(place / ".vai" / "report" / MARK) is None
        if is_over:
            break
    assert number > 5


@pytest.mark.parametrize("name", CHANGES)
def test_a_client_that_asks_again(name: str, store: Store) -> None:
    """A client that repeats a put after a lost answer meets its own object, which is no conflict."""
    change = CHANGES[name][1]
    publish(made(1), shared_files.folder("s3://lake/first"))  # the store is known to support conditional puts
    for number, (place, _, new) in enumerate(places(store, name), 1):
        store.plan(number, repeated)
        try:
            change(place)
        except PublishError:
            assert name == "delete"  # the object is already gone when the client asks again
        if store.count < number:
            break
        settled(place, "report")
        assert pair(store, place) == new


@pytest.mark.parametrize("name", ["replace", "pause", "delete"])
def test_another_writer_at_any_operation(name: str, store: Store) -> None:
    """A slow writer, who is overtaken at any moment, loses nothing and overwrites nothing."""
    change = CHANGES[name][1]
    for number, (place, _, _) in enumerate(places(store, name), 1):

        def overtaken(effect: Callable[[], Any], place: Any = place) -> Any:
            store.plan(0, None)
            publish(made(7), place, by="bob", force=True)
            return effect()

        store.plan(number, overtaken)
        try:
            change(place)
            is_refused = False
        except (Conflict, EditedByHand, PublishError):
            is_refused = True
        if store.fault is not None:
            break
        now = settled(place, "report")
        by = [entry.by for entry in now.log.entries() if entry.number > 1]
        assert "bob" in by
        assert is_refused or len(by) == 2 or name == "delete"
        assert now.newest is not None
        is_deleted = now.newest.change == "deleted"
        assert is_deleted or not now.is_edited
        assert sorted(pair(store, place)) == ([] if is_deleted else sorted(PAIR))
        assert is_deleted or now.found == now.newest.sidecar
    assert number > 8
