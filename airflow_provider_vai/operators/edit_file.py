"""The kind ``edit_file``: replaces one text in a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.files.file_step import FileStep, encoded


class EditFileOperator(FileStep):
    """Replaces one text in a file below the working folder of the DAG run, or below a declared folder or URL.

    The file must exist and be UTF-8. Readers see the old file or the new one, never a part of it. The arguments besides
    the texts are those of :class:`~airflow_provider_vai.operators.files.file_step.FileStep`.

    :param old_text: The text to replace. It must occur exactly once, unless ``replace_all`` is true.
    :param new_text: The text to put in its place.
    :param replace_all: Whether to replace every occurrence.
    """

    kind = "edit_file"
    defaults = {"replace_all": False}  # noqa: RUF012 - never changed
    template_fields: Sequence[str] = (*FileStep.template_fields, "old_text", "new_text", "replace_all")

    def __init__(
        self,
        *,
        path: str,
        old_text: str,
        new_text: str,
        replace_all: bool = False,
        folder: str | None = None,
        before_sha256: str | None = None,
        after_sha256: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(path=path, folder=folder, before_sha256=before_sha256, after_sha256=after_sha256, **kwargs)
        self.old_text = argument(old_text)
        self.new_text = argument(new_text)
        self.replace_all = self.stored("replace_all", replace_all)

    def content_after(self, before: bytes | None) -> bytes:
        """Return the file's content with the text replaced.

        :raises NothingSent: there is no such file, or the text does not occur in it as often as it must.
        """
        from airflow_provider_vai.operators.files import working_folder
        from airflow_provider_vai.operators.runtime.errors import NothingSent

        if before is None:
            remedy = "an earlier step must make it" if self.folder else working_folder.MADE_EARLIER
            raise NothingSent(f"nothing was written: there is no file {self.path!r}: {remedy}")
        old, new = encoded(self.old_text, "old_text"), encoded(self.new_text, "new_text")
        found = before.count(old) if old else 0
        if found == 0 or (found > 1 and self.replace_all is not True):
            times = "does not occur" if not found else f"occurs {found} times"
            raise NothingSent(
                f"nothing was written: old_text {times} in {self.path!r}. It must occur exactly once, or at least once"
                " with replace_all=True"
            )
        return before.replace(old, new)
