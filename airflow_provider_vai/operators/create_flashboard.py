"""The kind ``create_flashboard``: charts over earlier steps' rows, as one HTML page."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.base import MissingExtra, VaiOperator, argument
from airflow_provider_vai.operators.compat import AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk import Context


class CreateFlashboardOperator(VaiOperator):
    """Draws Vega-Lite charts into a self-contained page and keeps it under ``[vai] artifacts_path``.

    The result is ``{"path", "sha256", "bytes", "title", "charts": n, "rows": {dataset: n}}``. The page holds
    no script and loads nothing; the same rows give the same bytes.

    :param title: the page's heading.
    :param charts: Vega-Lite specs; each names a dataset (``"data": {"name": "revenue"}``) or holds
        ``data.values``.
    :param datasets: name -> rows: a list of objects, or the result of a query (``rows`` with ``columns``).
    :param description: a paragraph below the heading, plain text.
    """

    template_fields: Sequence[str] = ("title", "charts", "datasets", "description")
    effect = "artifact"

    def __init__(
        self,
        *,
        title: str,
        charts: list[dict[str, Any]],
        datasets: dict[str, Any] | None = None,
        description: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.title = argument(title)
        self.charts = argument(charts)
        self.datasets = argument(datasets)
        self.description = argument(description)

    def perform(self, context: Context) -> dict[str, Any]:
        """Draw the page, write it, and return where it is."""
        from airflow_provider_vai.operators import results

        datasets = {name: _records(name, value) for name, value in (self.datasets or {}).items()}
        content = self._page(datasets).encode()
        path = results.artifact_path(context, "html")
        results.write(path, content)
        self.log.info("Wrote the flashboard (%s charts, %s bytes) to %s", len(self.charts), len(content), path)
        return {
            "path": str(path),
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "title": self.title,
            "charts": len(self.charts),
            "rows": {name: len(rows) for name, rows in datasets.items()},
        }

    def _page(self, datasets: dict[str, list[dict[str, Any]]]) -> str:
        from airflow_provider_vai.operators import flashboard_page

        try:
            return flashboard_page.page(
                title=self.title, description=self.description, charts=self.charts, datasets=datasets
            )
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[flashboard]'") from error
        except ValueError as error:
            raise AirflowFailException(f"the flashboard was not made: {error}") from error


def _records(name: str, value: Any) -> list[dict[str, Any]]:
    """Return the rows of one dataset as objects."""
    table = value if isinstance(value, dict) else {"rows": value}
    rows, columns = table.get("rows"), table.get("columns")
    if isinstance(rows, list) and isinstance(columns, list) and all(isinstance(row, list) for row in rows):
        if any(len(row) != len(columns) for row in rows):
            raise AirflowFailException(f"the dataset {name!r} has a row that is not {len(columns)} values long")
        rows = [dict(zip(columns, row, strict=True)) for row in rows]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise AirflowFailException(
            f"the dataset {name!r} is neither a list of objects nor a result with rows and columns"
            f" (it is a {type(value).__name__}): wire the step's rows to it"
        )
    return rows
