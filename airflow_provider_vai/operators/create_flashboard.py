"""The kind ``create_flashboard``: an HTML page of charts, tables and numbers from earlier steps' rows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator
from airflow_provider_vai.operators.flashboard.link import FlashboardLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_vai.operators.flashboard.page import Page


class CreateFlashboardOperator(VaiOperator):
    """Writes a self-contained HTML page of charts, tables and numbers under ``[vai] artifacts_path``.

    The result is ``{"path", "sha256", "bytes", "title", "charts": n, "broken": n, "rows": {dataset: n}}``. The page
    has no scripts and loads nothing, and the same rows produce the same bytes. It opens from the task's link
    "Flashboard". If an entry cannot be shown, the page says so in its place. The step fails only if no entry can.

    :param title: The page's heading.
    :param charts: The entries in the order in which the page shows them. ``data`` of an entry is either
        ``{"name": "revenue"}``, a name of ``datasets``, or ``{"values": [...]}``, the rows themselves. An entry is

        - a Vega-Lite spec;
        - a table: ``{"kind": "table", "title", "data"}``, optionally with ``columns`` (names, or ``{"field", "title",
          "format"}``), ``max_rows`` (default: 100) and ``subtitle``;
        - a number: ``{"kind": "number", "title", "data"}``, optionally with ``field`` (of the first row; required
          unless there is only one value), ``format`` (``,d``, ``,.2f``, ``.1%``), ``unit`` and ``subtitle``.
    :param datasets: Rows by name: a list of objects, or the result of a query (``rows`` with ``columns``).
    :param description: A paragraph below the heading, in plain text.
    :param locale: How numbers and dates are written, such as ``de-DE``; a chart's ``config.locale`` comes first.
    """

    kind = "create_flashboard"
    template_fields: Sequence[str] = ("title", "charts", "datasets", "description", "locale")
    effect = "artifact"
    operator_extra_links = (FlashboardLink(),)

    def __init__(
        self,
        *,
        title: str,
        charts: list[dict[str, Any]],
        datasets: dict[str, Any] | None = None,
        description: str | None = None,
        locale: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.title = argument(title)
        self.charts = argument(charts)
        self.datasets = argument(datasets)
        self.description = argument(description)
        self.locale = argument(locale)

    def perform(self, context: Context) -> dict[str, Any]:
        """Draw the page, write it and return its path and size."""
        from airflow_provider_vai.operators.runtime import results

        page = self._page()
        content = page.text.encode()
        path = results.artifact_path(context, "html")
        results.write(path, content)
        self.log.info("Wrote the flashboard (%s entries, %s bytes) to %s", len(self.charts), len(content), path)
        return {
            "path": str(path),
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "title": self.title,
            "charts": len(self.charts),
            "broken": len(page.broken),
            "rows": page.rows,
        }

    def _page(self) -> Page:
        from airflow_provider_vai.operators.flashboard import page as flashboard_page
        from airflow_provider_vai.operators.runtime.compat import AirflowFailException
        from airflow_provider_vai.operators.runtime.errors import MissingExtra
        from airflow_provider_vai.operators.runtime.masking import masked

        try:
            page = flashboard_page.page(
                title=self.title,
                description=self.description,
                charts=self.charts,
                datasets=self.datasets or {},
                locale=self.locale,
            )
        except ValueError as error:
            raise AirflowFailException(masked(f"the flashboard was not written: {error}")) from error
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[flashboard]'") from error
        if page.broken and len(page.broken) == len(self.charts):
            raise AirflowFailException(
                masked(f"the flashboard was not written, because no entry can be shown: {'; '.join(page.broken)}")
            )
        for message in page.broken:
            self.log.warning("An entry cannot be shown; the page has the other entries: %s", masked(message))
        return page
