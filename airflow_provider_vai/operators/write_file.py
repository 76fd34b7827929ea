"""The kind ``write_file``: writes a text file as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.files.file_step import FileStep, encoded


class WriteFileOperator(FileStep):
    """Writes a text file below the working folder of the DAG run, or below a declared folder or URL.

    Missing folders are made. Readers see the old file or the new one, never a part of it. The arguments besides
    ``content`` are those of :class:`~airflow_provider_vai.operators.files.file_step.FileStep`.

    :param content: The whole text of the file; it is stored as UTF-8.
    """

    kind = "write_file"
    template_fields: Sequence[str] = (*FileStep.template_fields, "content")
    idempotent = True

    def __init__(
        self,
        *,
        path: str,
        content: str,
        folder: str | None = None,
        before_sha256: str | None = None,
        after_sha256: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(path=path, folder=folder, before_sha256=before_sha256, after_sha256=after_sha256, **kwargs)
        self.content = argument(content)

    def content_after(self, before: bytes | None) -> bytes:
        """Return the content as UTF-8, whatever the file holds."""
        return encoded(self.content, "content")
