"""The argument models of the kinds that run commands and change files."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from airflow_provider_vai.model.behaviour import Effect
from airflow_provider_vai.model.kind_arguments import Arguments


class ShellCommandArguments(Arguments):
    """One command line for bash, in the working folder of the DAG run, or on the host of an SSH connection.

    ``cwd`` is a folder below the working folder. ``environment`` has the variables beside PATH and HOME.
    """

    written_first = ("conn_id",)

    command: str = Field(min_length=1)
    cwd: str | None = Field(default=None, min_length=1)
    environment: dict[str, str] | None = None
    max_seconds: float | None = Field(default=None, gt=0)
    conn_id: str | None = Field(default=None, min_length=1)
    effect: Effect | None = None


class FileArguments(Arguments):
    """A file below the working folder of the DAG run, or below ``folder``: a path or URL that a person declares.

    ``before_sha256`` is the digest of the file before the step, or ``absent``; ``after_sha256`` the one after it.
    """

    written_first = ("folder", "path")

    path: str = Field(min_length=1)
    folder: str | None = Field(default=None, min_length=1)
    before_sha256: str | None = Field(default=None, pattern=r"^([0-9a-f]{64}|absent)$")
    after_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    effect: Literal["artifact", "write"] | None = None


class WriteFileArguments(FileArguments):
    """A text file that is written as a whole."""

    content: str


class EditFileArguments(FileArguments):
    """One text in a file that is replaced by another one; it must occur once, unless ``replace_all`` is true."""

    old_text: str = Field(min_length=1)
    new_text: str
    replace_all: bool | None = None
