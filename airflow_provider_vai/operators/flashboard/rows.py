"""The rows behind a flashboard's entries, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Datasets:
    """The page's datasets as lists of rows. One that is no table breaks the entries that name it, not the page.

    :param given: name -> a list of objects, or a query's result (``rows`` with ``columns``).
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self._refused: dict[str, str] = {}
        for name, value in given.items():
            try:
                self.rows[name] = records(value)
            except ValueError as error:
                self._refused[name] = str(error)

    def of(self, place: str, name: Any) -> list[dict[str, Any]]:
        """Return the rows of one dataset.

        :param place: where the name stands, for the message.
        :raises ValueError: there is no such dataset, or it is no table.
        """
        if isinstance(name, str) and name in self._refused:
            raise ValueError(f"{place}.name: the dataset {name!r} {self._refused[name]}")
        if not isinstance(name, str) or name not in self.rows:
            known = ", ".join(map(repr, [*self.rows, *self._refused])) or "none"
            raise ValueError(f"{place}.name: there is no dataset {name!r} (there are: {known})")
        return self.rows[name]


def records(value: Any) -> list[dict[str, Any]]:
    """Return rows as objects.

    :raises ValueError: the value is no table; the message goes on after the dataset's name.
    """
    table = value if isinstance(value, dict) else {"rows": value}
    rows, columns = table.get("rows"), table.get("columns")
    if isinstance(rows, list) and isinstance(columns, list) and all(isinstance(row, list) for row in rows):
        if any(len(row) != len(columns) for row in rows):
            raise ValueError(f"has a row that is not {len(columns)} values long")
        rows = [dict(zip(columns, row, strict=True)) for row in rows]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(
            "is neither a list of objects nor a result with rows and columns"
            f" (it is a {type(value).__name__}): wire the step's rows to it"
        )
    return rows
