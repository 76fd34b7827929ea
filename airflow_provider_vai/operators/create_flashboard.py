"""The kind ``create_flashboard``: charts, tables and numbers over earlier steps' rows, as one HTML page."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator
from airflow_provider_vai.operators.flashboard.link import FlashboardLink
from airflow_provider_vai.operators.runtime.compat import AirflowFailException
from airflow_provider_vai.operators.runtime.errors import MissingExtra

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_vai.operators.flashboard.page import Page


class CreateFlashboardOperator(VaiOperator):
    """Draws charts, tables and numbers into a self-contained page and keeps it under ``[vai] artifacts_path``.

    The result is ``{"path", "sha256", "bytes", "title", "charts": n, "broken": n, "rows": {dataset: n}}``. The page
    holds no script and loads nothing; the same rows give the same bytes. It is seen through the task's link
    "Flashboard". An entry that cannot be shown says so in its place; the step fails only if none can.

    :param title: the page's heading.
    :param charts: the entries in their order. Each takes its rows from ``data``: ``{"name": "revenue"}`` names a
        dataset, ``{"values": [...]}`` holds them. An entry is

        - a Vega-Lite spec;
        - a table: ``{"kind": "table", "title", "data"}``, with ``columns`` (names, or ``{"field", "title",
          "format"}``), ``max_rows`` (default: 100) and ``subtitle`` if wanted;
        - a number: ``{"kind": "number", "title", "data"}``, with ``field`` of the first row (left out: the only value
          of the only row), ``format`` (``,d``, ``,.2f``, ``.1%``), ``unit`` and ``subtitle`` if wanted.
    :param datasets: name -> rows: a list of objects, or the result of a query (``rows`` with ``columns``).
    :param description: a paragraph below the heading, plain text.
    """

    kind = "create_flashboard"
    template_fields: Sequence[str] = ("title", "charts", "datasets", "description")
    effect = "artifact"
    operator_extra_links = (FlashboardLink(),)

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
        from airflow_provider_vai.operators.runtime import results

        made = self._page()
        content = made.text.encode()
        path = results.artifact_path(context, "html")
        results.write(path, content)
        self.log.info("Wrote the flashboard (%s entries, %s bytes) to %s", len(self.charts), len(content), path)
        return {
            "path": str(path),
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "title": self.title,
            "charts": len(self.charts),
            "broken": len(made.broken),
            "rows": made.rows,
        }

    def _page(self) -> Page:
        from airflow_provider_vai.operators.flashboard import page as flashboard_page
        from airflow_provider_vai.operators.runtime.masking import masked

        try:
            made = flashboard_page.page(
                title=self.title, description=self.description, charts=self.charts, datasets=self.datasets or {}
            )
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[flashboard]'") from error
        if made.broken and len(made.broken) == len(self.charts):
            raise AirflowFailException(masked(f"the flashboard was not made: {'; '.join(made.broken)}"))
        for message in made.broken:
            self.log.warning("This entry could not be shown, the others stand: %s", masked(message))
        return made
