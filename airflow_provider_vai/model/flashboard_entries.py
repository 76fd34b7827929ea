"""The entries of a flashboard: charts, tables and numbers. They are checked in traces and when the step runs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from airflow_provider_vai.model.validation import problems

SHOWN_ROWS = 100
Format = Annotated[str, Field(pattern=r"^,?(d|(\.\d)?[f%])?$")]
"""A number format that d3 and Python both understand: ``,d`` 1,234 · ``,.2f`` 1,234.50 · ``.1%`` 12.3%."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class Data(_Strict):
    """Where an entry's rows come from: a dataset's name, or the rows themselves."""

    name: str | None = None
    values: list[dict[str, Any]] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Data:
        if (self.name is None) == (self.values is None):
            raise ValueError("give either the name of a dataset or values")
        return self


class Column(_Strict):
    """One column of a table. A plain string is short for a column with that field."""

    field: str
    title: str | None = None
    format: Format | None = None


class Chart(BaseModel):
    """A Vega-Lite spec. Its content is checked when the chart is drawn."""

    model_config = ConfigDict(extra="allow", strict=True, defer_build=True)
    kind: Literal["chart"] = "chart"

    @property
    def spec(self) -> dict[str, Any]:
        """The Vega-Lite spec without our own key ``kind``."""
        return dict(self.model_extra or {})


class Table(_Strict):
    """Rows as a table with all columns, or with the given ones. Of rows beyond ``max_rows`` only the count is shown."""

    kind: Literal["table"]
    title: str
    subtitle: str | None = None
    data: Data
    columns: (
        list[Annotated[Column, BeforeValidator(lambda given: {"field": given} if isinstance(given, str) else given)]]
        | None
    ) = Field(default=None, min_length=1)
    max_rows: int = Field(default=SHOWN_ROWS, ge=1, le=10_000)


class Number(_Strict):
    """One value: ``field`` of the first row. Without ``field``, the only value of the only row. ``unit`` follows it."""

    kind: Literal["number"]
    title: str
    subtitle: str | None = None
    data: Data
    field: str | None = None
    format: Format | None = None
    unit: str | None = None


KINDS: dict[str, type[Chart | Table | Number]] = {"chart": Chart, "table": Table, "number": Number}
"""The models by the ``kind`` of an entry; an entry without a kind is a chart."""


def read(entry: Any) -> Chart | Table | Number:
    """Return an entry as its model.

    :param entry: an item of the page's ``charts``.
    :raises ValueError: the entry is invalid. The message names what is unknown, missing or wrong, and what is allowed.
    """
    if not isinstance(entry, dict):
        raise ValueError(f"an entry is an object (a Vega-Lite spec, a table or a number), not {type(entry).__name__}")
    name = entry.get("kind", "chart")
    if not isinstance(name, str) or name not in KINDS:
        raise ValueError(f"kind: {str(name)[:60]!r} is not one of {', '.join(KINDS)}")
    try:
        return KINDS[name].model_validate(entry)
    except ValidationError as error:
        takes = ", ".join(KINDS[name].model_fields)
        raise ValueError(f"{problems(error)}; a {name} takes {takes}") from None


def checked(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry unchanged after checking it.

    :raises ValueError: the entry is invalid; see :func:`read`.
    """
    read(entry)
    return entry
