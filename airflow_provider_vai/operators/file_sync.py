"""The kind ``file_sync``: files from one object storage path to another, only what changed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator
from airflow_provider_vai.operators.lineage import Lineage
from airflow_provider_vai.operators.runtime.compat import AirflowException, AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk import Context

NAMES_SHOWN = 100


class FileSyncOperator(Lineage, VaiOperator):
    """Copies every file under ``source`` that ``destination`` does not hold in the same form.

    The result is ``{"copied": n, "unchanged": n, "bytes": n, "files": [...], "sha256": ...}``: ``bytes`` and
    ``files`` (the first 100 names) are of what was copied, ``sha256`` is the digest of the manifest, a list of each
    source file's ``[name, size, sha256]``. Nothing is ever deleted at the destination.

    Two files are the same if their sizes and their SHA-256 are. No store's own checksum is trusted: they differ from
    store to store, and some are made of a time. So every source file is read in each run, and the destination's
    where the sizes agree. A file is spooled on the worker's disk, then put in its place as a whole.

    :param source: a folder, or one file: any URL that Airflow's ObjectStoragePath takes.
    :param destination: the folder that gets the files, with the same layout.
    :param pattern: which files, as a glob: without a slash it is compared with the name in every folder
        (``*.csv``), with one with the path below ``source`` (``2024/**/*.csv``). Left out: all.
    :param source_conn_id: the connection of the source's store.
    :param destination_conn_id: the connection of the destination's store.
    """

    kind = "file_sync"
    template_fields: Sequence[str] = ("source", "destination", "pattern", "source_conn_id", "destination_conn_id")
    effect = "artifact"

    def __init__(
        self,
        *,
        source: str,
        destination: str,
        pattern: str | None = None,
        source_conn_id: str | None = None,
        destination_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = argument(source)
        self.destination = argument(destination)
        self.pattern = argument(pattern)
        self.source_conn_id = argument(source_conn_id)
        self.destination_conn_id = argument(destination_conn_id)

    def perform(self, context: Context) -> dict[str, Any]:
        """List the source, copy what changed, return what was done."""
        from airflow_provider_vai.operators.files import storage, tree as file_tree

        source = storage.opened(self.source, self.source_conn_id)
        destination = storage.opened(self.destination, self.destination_conn_id)
        try:
            file_tree.check_apart(source, destination)
            files = file_tree.files(source, self.pattern, self.log)
        except file_tree.PathRefused as error:
            raise AirflowFailException(f"nothing was copied: {error}") from None
        self.log.info("%s files (%s bytes) at %s", len(files), sum(file.size for file in files), source)
        token = storage.run_token(context)
        manifest, copied = [], []
        for number, file in enumerate(files, 1):
            done, digest = self._copied(source, destination, file, token)
            manifest.append([file.name, file.size, digest])
            if done:
                copied.append(file)
            self.log.info("%s/%s %s: %s", number, len(files), "copied" if done else "unchanged", file.name)
        return {
            "copied": len(copied),
            "unchanged": len(files) - len(copied),
            "bytes": sum(file.size for file in copied),
            "files": [file.name for file in copied[:NAMES_SHOWN]],
            "sha256": json_text.digest(manifest),
        }

    def _copied(self, source: Any, destination: Any, file: Any, token: str) -> tuple[bool, str]:
        """Return whether the file was copied, and its digest."""
        from airflow_provider_vai.operators.files import storage, tree as file_tree

        try:
            target = file_tree.below(destination, file.name)
        except file_tree.PathRefused as error:
            raise AirflowFailException(str(error)) from None
        there = target.fs.info(target.path) if target.fs.exists(target.path) else None
        if there and there["type"] == "directory":
            raise AirflowFailException(f"{target} is a folder, and a file in the source")
        with tempfile.TemporaryDirectory(prefix="vai-") as folder:
            spooled = Path(folder, "file")
            digest = file_tree.spool(source.fs, file.path, spooled)
            if spooled.stat().st_size != file.size:  # a mixture of two versions must not arrive as one
                raise AirflowException(f"{file.name} changed while it was read: the next try takes it as it is then")
            if there and there["size"] == file.size and file_tree.digest(target.fs, target.path) == digest:
                return False, digest
            storage.place(spooled, target, token)
        return True, digest
