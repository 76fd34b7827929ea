"""The datasets of a flashboard: rows by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_vai.languages.plural import plural


class Datasets:
    """The page's datasets as lists of rows. A dataset that is not a table only breaks the entries that name it.

    :param datasets: name -> a list of objects, or a query's result (``rows`` with ``columns``).
    """

    def __init__(self, datasets: Mapping[str, Any]) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self._refused: dict[str, str] = {}
        for name, value in datasets.items():
            try:
                self.rows[name] = records(value)
            except ValueError as error:
                self._refused[name] = str(error)

    def of(self, place: str, name: Any) -> list[dict[str, Any]]:
        """Return the rows of one dataset.

        :param place: the place that names the dataset, for the message.
        :raises ValueError: the dataset does not exist, or is not a table.
        """
        if isinstance(name, str) and name in self._refused:
            raise ValueError(f"{place}.name: the dataset {name!r} {self._refused[name]}")
        if not isinstance(name, str) or name not in self.rows:
            known = ", ".join(map(repr, [*self.rows, *self._refused])) or "none"
            raise ValueError(f"{place}.name: there is no dataset {name!r}; the datasets are {known}")
        return self.rows[name]


def records(value: Any) -> list[dict[str, Any]]:
    """Return rows as objects.

    :param value: a list of objects, or an object with ``rows`` and ``columns``.
    :raises ValueError: the value is not a table. The message is the end of a sentence that begins with the dataset.
    """
    table = value if isinstance(value, dict) else {"rows": value}
    rows, columns = table.get("rows"), table.get("columns")
    if isinstance(rows, list) and isinstance(columns, list) and all(isinstance(row, list) for row in rows):
        if any(len(row) != len(columns) for row in rows):
            raise ValueError(f"has {plural(len(columns), 'column')}, but also a row with another number of values")
        rows = [dict(zip(columns, row, strict=True)) for row in rows]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(
            f"is neither a list of objects nor a result with rows and columns, but a {type(value).__name__}: wire it to"
            " a step's rows"
        )
    return rows
