"""The argument model of a flashboard."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, Field

from airflow_provider_vai.model import flashboard_entries
from airflow_provider_vai.model.kind_arguments import Arguments


class CreateFlashboardArguments(Arguments):
    """A page of charts, tables and numbers over named datasets."""

    written_first = ("title", "description", "datasets")

    title: str
    charts: list[Annotated[dict[str, Any], AfterValidator(flashboard_entries.checked)]]
    datasets: dict[str, Any] | None = Field(
        default=None, validation_alias=AliasChoices("datasets", "data", "dataSnapshot", "data_snapshot")
    )
    description: str | None = None
    locale: str | None = Field(default=None, pattern=r"^[a-z]{2}-([A-Z]{2}|\d{3})$")
