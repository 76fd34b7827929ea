"""The base class of the operators that write one file, and the digests that they check."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

ABSENT = "absent"


class FileStep(VaiOperator):
    """Reads a file, works out its new content and replaces it as a whole.

    The result is ``{"path", "changed", "bytes", "sha256_before", "sha256"}``. If the file already has the new content,
    it is left alone.

    :param path: The file's name below the folder. Absolute paths, ``..`` and links are refused.
    :param folder: The folder as a path or a URL that Airflow's ObjectStoragePath accepts. Default: the working folder
        of the DAG run.
    :param before_sha256: SHA-256 digest that the file must have before, or ``"absent"``. Default: not checked.
    :param after_sha256: SHA-256 digest that the new content must have. Default: not checked.
    """

    template_fields: Sequence[str] = ("folder", "path", "before_sha256", "after_sha256")
    effect = "write"

    def __init__(
        self,
        *,
        path: str,
        folder: str | None = None,
        before_sha256: str | None = None,
        after_sha256: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.folder = argument(folder)
        self.path = argument(path)
        self.before_sha256 = argument(before_sha256)
        self.after_sha256 = argument(after_sha256)

    def content_after(self, before: bytes | None) -> bytes:
        """Return the new content of the file.

        :param before: its content; ``None``: there is no such file.
        :raises NothingSent: there is no new content.
        """
        raise NotImplementedError

    def perform(self, context: Context) -> dict[str, Any]:
        """Check the digests, write the file unless it is up to date, and return its digests."""
        from airflow_provider_vai.operators.files import text_files
        from airflow_provider_vai.operators.runtime.errors import NothingSent

        target = text_files.opened(self.path, self.folder, context)
        before = target.read()
        is_done = bool(self.after_sha256) and digest_of(before) == self.after_sha256
        after = before if is_done and before is not None else self.content_after(before)
        found = digest_of(after)
        if self.after_sha256 and found != self.after_sha256:
            raise NothingSent(
                f"nothing was written: the new content of {self.path!r} has the digest {found}, and the step expects"
                f" {self.after_sha256}. Review the content and set after_sha256 to its digest"
            )
        if before != after:
            self._check_before(digest_of(before))
            target.replace(after)
        self.log.info("%s: %s, %s bytes", self.path, "unchanged" if before == after else "written", len(after))
        digests = {"sha256_before": digest_of(before), "sha256": found}
        return {"path": self.path, "changed": before != after, "bytes": len(after), **digests}

    def _check_before(self, found: str | None) -> None:
        from airflow_provider_vai.operators.runtime.errors import NothingSent

        if self.before_sha256 and (found or ABSENT) != self.before_sha256:
            is_now = f"has the digest {found}" if found else "does not exist"
            raise NothingSent(
                f"nothing was written: the file {self.path!r} {is_now}, and the step expects {self.before_sha256}."
                " Review the file and set before_sha256, or leave it out"
            )


def digest_of(content: bytes | None) -> str | None:
    """Return the SHA-256 of a file's content; ``None``: there is no file."""
    return None if content is None else hashlib.sha256(content).hexdigest()


def encoded(text: Any, name: str) -> bytes:
    """Return a text as UTF-8.

    :param name: the argument, for the message.
    :raises NothingSent: it is not a text, or has half a surrogate pair.
    """
    from airflow_provider_vai.operators.runtime.errors import NothingSent

    if not isinstance(text, str):
        raise NothingSent(f"nothing was written: {name} is a {type(text).__name__}, and only texts can be written")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise NothingSent(f"nothing was written: {name} cannot be stored as UTF-8: {error.reason}") from None
