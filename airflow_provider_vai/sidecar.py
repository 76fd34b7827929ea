"""Sidecar: the Automation with its provenance, digests and history, in ``<dag_id>.vai.json`` beside ``<dag_id>.py``.

``vai schema sidecar`` prints its JSON Schema. The DAG file never reads it.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from airflow_provider_vai import json_text
from airflow_provider_vai.automation import Automation, _Spec
from airflow_provider_vai.exceptions import SpecError, VaiError, problems

SCHEMA_VERSION = 1
SUFFIX = ".vai.json"
HEAD = (  # what a reader wants to see first
    "schema_version",
    "dag_id",
    "dag_sha256",
    "generator",
    "source_type",
    "source",
    "status",
    "version",
    "history",
)


class Generator(_Spec):
    """What rendered the DAG file: this package, its version, and the digest of the templates."""

    name: str
    version: str
    templates_sha256: str


class Version(_Spec):
    """One version of the Automation: when, by whom, what changed, and the digest of the spec."""

    version: int
    at: datetime
    by: str
    summary: str
    spec_sha256: str


class Sidecar(Automation):
    """See the module. ``dag_sha256`` is the digest of the DAG file as it was rendered; ``history`` is oldest first."""

    schema_version: Literal[1]
    dag_sha256: str
    generator: Generator
    status: Literal["draft", "active", "paused", "error"] = "draft"
    version: int
    history: list[Version]

    @property
    def automation(self) -> Automation:
        """The spec alone."""
        return Automation.model_validate(self.model_dump(include=set(Automation.model_fields)))

    def text(self) -> str:
        """Return the sidecar as the file's text, the history and provenance before the spec."""
        fields = self.model_dump(mode="json")
        ordered = {name: fields[name] for name in HEAD} | {k: v for k, v in fields.items() if k not in HEAD}
        return json_text.pretty(ordered)


def read_sidecar(path: Path) -> Sidecar:
    """Read a sidecar.

    :raises SpecError: it cannot be read, is not a sidecar, or is of a newer schema than this package knows.
    """
    try:
        document = json_text.loads(path.read_text(encoding="utf-8"), where=str(path))
    except OSError as error:
        raise SpecError(error.strerror or str(error), where=str(path), remedy="Name an existing sidecar.") from None
    except UnicodeDecodeError as error:
        raise SpecError(f"not UTF-8 at byte {error.start}", where=str(path), remedy="Restore the file.") from None
    except VaiError as error:
        raise SpecError(error.problem, where=str(path), remedy="Restore the file.") from None
    version = document.get("schema_version") if isinstance(document, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise SpecError(
            f"schema_version {version} is newer than {SCHEMA_VERSION}, the one this version reads",
            where=str(path),
            remedy="Upgrade airflow-provider-vai.",
        )
    try:
        return Sidecar.model_validate(document)
    except ValidationError as error:
        raise SpecError(
            problems(error), where=str(path), remedy="Correct the file; `vai schema sidecar` prints its schema."
        ) from None
