"""The kind ``file_sync``: copies changed files from one object storage path to another."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import Lineage
from airflow_provider_vai.operators.decided import DecidedOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

NAMES_SHOWN = 100


class FileSyncOperator(Lineage, DecidedOperator):
    """Copies every file under ``source`` that is missing or different at ``destination``.

    The result is ``{"copied": n, "unchanged": n, "bytes": n, "files": [...], "sha256": ...}``. ``bytes`` and ``files``
    (the first 100 names) describe the copied files. ``sha256`` is the digest of the manifest: ``[name, size, sha256]``
    of each source file. Nothing is ever deleted at the destination.

    Files are compared by size and SHA-256. Checksums of the stores are not used: they differ between stores, and some
    depend on the time. Therefore every run reads all source files, and the destination's files of equal size. Each file
    goes to the worker's disk first, and then replaces the destination's file as a whole.

    :param source: A folder or one file, as a URL that Airflow's ObjectStoragePath accepts.
    :param destination: The folder that the files are copied to, with the same layout.
    :param pattern: A glob that selects files. Without a slash it matches the file name in every folder (``*.csv``);
        with a slash it matches the path below ``source`` (``2024/**/*.csv``). Default: all files.
    :param source_conn_id: Connection id of the source's store.
    :param destination_conn_id: Connection id of the destination's store.
    :param own_destination: Whether the destination belongs to this automation alone. If not, and if it is not below
        ``[vai] artifacts_path`` either, the step is a write.
    """

    kind = "file_sync"
    template_fields: Sequence[str] = ("source", "destination", "pattern", "source_conn_id", "destination_conn_id")

    def __init__(
        self,
        *,
        source: str,
        destination: str,
        pattern: str | None = None,
        source_conn_id: str | None = None,
        destination_conn_id: str | None = None,
        own_destination: bool = False,
        **kwargs: Any,
    ) -> None:
        given = {"destination": destination, "destination_conn_id": destination_conn_id}
        super().__init__(given=given, own_destination=own_destination, **kwargs)
        self.source = argument(source)
        self.destination = argument(destination)
        self.pattern = argument(pattern)
        self.source_conn_id = argument(source_conn_id)
        self.destination_conn_id = argument(destination_conn_id)

    def perform(self, context: Context) -> dict[str, Any]:
        """List the source, copy the changed files and return a summary."""
        from airflow_provider_vai.languages import json_text
        from airflow_provider_vai.operators.files import storage, tree as file_tree
        from airflow_provider_vai.operators.runtime.compat import AirflowFailException

        source = storage.opened(self.source, self.source_conn_id)
        destination = self.checked_target(storage.opened(self.destination, self.destination_conn_id))
        try:
            file_tree.check_apart(source, destination)
            files = file_tree.files(source, self.pattern, self.log)
        except file_tree.PathRefused as error:
            raise AirflowFailException(f"nothing was copied: {error}") from None
        self.log.info("Found %s files (%s bytes) at %s", len(files), sum(file.size for file in files), source)
        token = storage.run_token(context)
        manifest, copied = [], []
        for number, file in enumerate(files, 1):
            is_copied, digest = self._copied(source, destination, file, token)
            manifest.append([file.name, file.size, digest])
            if is_copied:
                copied.append(file)
            self.log.info("%s/%s %s: %s", number, len(files), "copied" if is_copied else "unchanged", file.name)
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
        from airflow_provider_vai.operators.runtime.compat import AirflowException, AirflowFailException

        try:
            target = self.checked_target(file_tree.below(destination, file.name))
        except file_tree.PathRefused as error:
            raise AirflowFailException(str(error)) from None
        existing = target.fs.info(target.path) if target.fs.exists(target.path) else None
        if existing and existing["type"] == "directory":
            raise AirflowFailException(f"{target} is a folder, but {file.name!r} of the source is a file: rename one")
        with tempfile.TemporaryDirectory(prefix="vai-") as folder:
            spooled = Path(folder, "file")
            digest = file_tree.spool(source.fs, file.path, spooled)
            if spooled.stat().st_size != file.size:  # the copy may mix two versions of the file
                raise AirflowException(f"{file.name!r} changed while it was read; the next try reads it again")
            if existing and existing["size"] == file.size and file_tree.digest(target.fs, target.path) == digest:
                return False, digest
            storage.place(spooled, target, token)
        return True, digest
