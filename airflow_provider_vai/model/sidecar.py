"""Sidecar: the Automation with its provenance, digests and history, in ``<dag_id>.vai.json`` beside ``<dag_id>.py``.

``vai schema sidecar`` prints the JSON Schema. The DAG file never reads the sidecar.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, model_validator

from airflow_provider_vai.exceptions import SpecError, VaiError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model import version_1
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.base import Spec
from airflow_provider_vai.model.factories import new_list
from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.model.validation import problems

SCHEMA_VERSION = 2
SUFFIX = ".vai.json"
DAMAGED = "Run `vai repair`: it writes the sidecar again from the log of versions."
HEAD = (  # the fields at the top of the file
    "schema_version",
    "dag_id",
    "dag_sha256",
    "generator",
    "rendered_sha256",
    "source_type",
    "source",
    "status",
    "version",
    "entry",
    "history",
    "reviews",
)


class Generator(Spec):
    """What rendered the DAG file: this package, its version, and the digest of the DAG templates."""

    name: str
    version: str
    templates_sha256: str


class Version(Spec):
    """One version of the Automation: when and by whom it was made, what changed, and the digest of the spec."""

    version: int
    at: datetime
    by: str
    summary: str
    spec_sha256: str


class Review(Spec):
    """Who activated a version, when, and which of its review items that person looked at."""

    version: int
    at: datetime
    by: str
    items: list[ReviewItem]


class Sidecar(Automation):
    """See the module. ``history`` is oldest first.

    ``dag_sha256`` is the digest of the DAG file as written, and ``rendered_sha256`` that of the spec's rendered DAG
    file. They differ if the file contains edits by hand. ``entry`` is the number of the newest log entry
    (``versions.py``) that the sidecar contains.

    A document of schema version 1 is migrated to version 2 when it is read.
    """

    schema_version: Literal[2]
    dag_sha256: str
    rendered_sha256: str | None = None
    generator: Generator
    status: Literal["draft", "active", "paused", "error"] = "draft"
    version: int
    history: list[Version]
    reviews: list[Review] = Field(default_factory=new_list)
    entry: int = 0

    @model_validator(mode="wrap")
    @classmethod
    def _read_older(cls, document: Any, read: ModelWrapValidatorHandler[Sidecar]) -> Sidecar:
        if not version_1.is_older(document):
            return read(document)
        sidecar = read(version_1.migrated(document))
        if not sidecar.history or sidecar.history[-1].spec_sha256 != _spec_sha256(document):
            return sidecar  # someone edited the spec after it was rendered
        newest = sidecar.history[-1].model_copy(update={"spec_sha256": sidecar.spec_sha256})
        return sidecar.model_copy(update={"history": [*sidecar.history[:-1], newest]})

    @property
    def automation(self) -> Automation:
        """The spec without the sidecar's own fields."""
        return Automation.model_construct(**{name: getattr(self, name) for name in Automation.model_fields})

    def text(self) -> str:
        """Return the text of the sidecar file, with history and provenance before the spec."""
        return sidecar_text(self.model_dump(mode="json"))


def sidecar_text(fields: Mapping[str, Any]) -> str:
    """Return the text of a sidecar file.

    :param fields: the sidecar as JSON data.
    """
    ordered = {name: fields[name] for name in HEAD} | {k: v for k, v in fields.items() if k not in HEAD}
    return json_text.laid_out(ordered)


def _spec_sha256(document: dict[str, Any]) -> str:
    """Return the digest of the spec in a document, computed before any migration."""
    return json_text.digest({name: value for name, value in document.items() if name in Automation.model_fields})


def parse_sidecar(content: bytes, where: str, known: tuple[Any, Sidecar] | None = None) -> Sidecar:
    """Return the sidecar in a file's content.

    :param content: the bytes of the file.
    :param where: the file's path, for messages.
    :param known: JSON data and the sidecar that it describes; if the file contains the same data, it is not validated
        again.
    :raises SpecError: the content is not UTF-8 or not JSON, breaks the schema, or has a newer schema version.
    """
    try:
        document = json_text.loads(content.decode("utf-8"), where=where)
    except UnicodeDecodeError as error:
        raise SpecError(f"not UTF-8 at byte {error.start}", where=where, remedy=DAMAGED) from None
    except VaiError as error:
        raise SpecError(error.problem, where=where, remedy=DAMAGED) from None
    if known is not None and document == known[0]:
        return known[1]
    version = document.get("schema_version") if isinstance(document, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise SpecError(
            f"schema_version {version} is newer than {SCHEMA_VERSION}, the newest that this version can read",
            where=where,
            remedy="Upgrade airflow-provider-vai.",
        )
    try:
        return Sidecar.model_validate(document)
    except ValidationError as error:
        raise SpecError(
            problems(error),
            where=where,
            remedy=f"Correct the file, whose schema `vai schema sidecar` prints. {DAMAGED}",
        ) from None


def to_review(sidecar: Sidecar) -> dict[int, ReviewItem]:
    """Return the review items that nobody has reviewed in an activation, by their numbers in the list."""
    seen = {item.identity for review in sidecar.reviews for item in review.items}
    return {number: item for number, item in enumerate(sidecar.review, 1) if item.identity not in seen}
