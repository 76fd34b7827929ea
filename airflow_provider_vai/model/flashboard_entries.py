"""What an entry of a flashboard may say: a chart, a table or a number. Checked in a trace, and when the step runs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from airflow_provider_vai.model.validation import problems

SHOWN_ROWS = 100
Format = Annotated[str, Field(pattern=r"^,?(d|(\.\d)?[f%])?$")]
"""How a number is written, in the signs that d3 and Python share: ``,d`` 1,234 · ``,.2f`` 1,234.50 · ``.1%`` 12.3%."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Data(_Strict):
    """Where an entry's rows come from: a dataset's name, or the rows themselves."""

    name: str | None = None
    values: list[dict[str, Any]] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Data:
        if (self.name is None) == (self.values is None):
            raise ValueError("give the name of a dataset, or values")
        return self


class Column(_Strict):
    """One column of a table; its field's name alone stands for it, too."""

    field: str
    title: str | None = None
    format: Format | None = None


class Chart(BaseModel):
    """A Vega-Lite spec; what it says is checked while it is drawn."""

    model_config = ConfigDict(extra="allow", strict=True)
    kind: Literal["chart"] = "chart"

    @property
    def spec(self) -> dict[str, Any]:
        """The spec, without the key that is ours."""
        return dict(self.model_extra or {})


class Table(_Strict):
    """Rows as a table: all columns, or the named ones; of the rows beyond ``max_rows`` only the count is told."""

    kind: Literal["table"]
    title: str
    subtitle: str | None = None
    data: Data
    columns: (
        list[Annotated[Column, BeforeValidator(lambda it: {"field": it} if isinstance(it, str) else it)]] | None
    ) = Field(default=None, min_length=1)
    max_rows: int = Field(default=SHOWN_ROWS, ge=1, le=10_000)


class Number(_Strict):
    """One value: ``field`` of the first row; left out, the only value of the only row. ``unit`` stands behind it."""

    kind: Literal["number"]
    title: str
    subtitle: str | None = None
    data: Data
    field: str | None = None
    format: Format | None = None
    unit: str | None = None


KINDS: dict[str, type[Chart | Table | Number]] = {"chart": Chart, "table": Table, "number": Number}
"""What ``kind`` of an entry may be; an entry without one is a chart."""


def read(entry: Any) -> Chart | Table | Number:
    """Return an entry as its model.

    :param entry: an object of the page's ``charts``.
    :raises ValueError: it is no entry; the message names what is unknown, missing or wrong, and what may be there.
    """
    if not isinstance(entry, dict):
        raise ValueError(f"an entry is an object (a Vega-Lite spec, a table or a number), not {type(entry).__name__}")
    name = entry.get("kind", "chart")
    if not isinstance(name, str) or name not in KINDS:
        raise ValueError(f"kind: {str(name)[:60]!r} is none of {', '.join(KINDS)}")
    try:
        return KINDS[name].model_validate(entry)
    except ValidationError as error:
        takes = ", ".join(KINDS[name].model_fields)
        raise ValueError(f"{problems(error)}; a {name} takes {takes}") from None


def checked(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry as it is written, once :func:`read` took it."""
    read(entry)
    return entry
