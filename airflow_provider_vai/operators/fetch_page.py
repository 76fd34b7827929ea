"""The kind ``fetch_page``: the readable text of a page of the public web."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator
from airflow_provider_vai.operators.runtime.compat import AirflowException, AirflowFailException
from airflow_provider_vai.operators.runtime.errors import MissingExtra

if TYPE_CHECKING:
    from airflow.sdk import Context


class FetchPageOperator(VaiOperator):
    """Fetches a page by GET and returns ``{"url", "status", "title", "text", "sha256", "truncated"?}``.

    Of a list of URLs the result is the list of their pages, in that order; one that fails, fails the step. Only
    HTML and plain text are read, up to 5 MB and 30 seconds a page; at most five redirects are followed. The
    address of every hop must be public, and the connection goes to the address that was checked.
    What a page says was written by somebody else: a later step should treat it as data.

    :param url: an ``http`` or ``https`` URL, or a list of them.
    :param conn_id: a connection whose extra holds ``{"allow_private": true}``, to fetch from private addresses,
        too. Nothing else of it is used.
    :param max_characters: how much of a text is kept; ``sha256`` is of the whole text.
    """

    kind = "fetch_page"
    template_fields: Sequence[str] = ("url", "conn_id", "max_characters")
    effect = "read"

    def __init__(
        self,
        *,
        url: str | list[str],
        conn_id: str | None = None,
        max_characters: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.url = argument(url)
        self.conn_id = argument(conn_id)
        self.max_characters = argument(max_characters)

    def perform(self, context: Context) -> dict[str, Any] | list[dict[str, Any]]:
        """Fetch the pages, one after the other."""
        urls = self.url if isinstance(self.url, list) else [self.url]
        for url in urls:
            if not isinstance(url, str):
                raise AirflowFailException(f"url is a text or a list of texts, not a {type(url).__name__}")
        allow_private = self._allows_private()
        pages = [self._page(url, allow_private) for url in urls]
        return pages if isinstance(self.url, list) else pages[0]

    def _allows_private(self) -> bool:
        from airflow.sdk import BaseHook

        return bool(self.conn_id) and BaseHook.get_connection(self.conn_id).extra_dejson.get("allow_private") is True

    def _page(self, url: str, allow_private: bool) -> dict[str, Any]:
        from airflow_provider_vai.operators.runtime.masking import masked
        from airflow_provider_vai.operators.web import page_text, web_client

        shown = masked(url.partition("?")[0])
        self.log.info("Fetching %s", shown)
        try:
            answer = web_client.fetch(url, allow_private=allow_private)
            title, text = page_text.readable(answer)
        except web_client.PageRefused as error:
            raise AirflowFailException(f"the page {shown!r} was refused: {masked(str(error))}") from None
        except web_client.PageUnavailable as error:
            raise AirflowException(f"the page {shown!r} was not fetched: {masked(str(error))}") from None
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[web]'") from error
        digest = hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()
        page = {"url": url, "status": answer.status, "title": title, "text": text, "sha256": digest}
        if self.max_characters is not None and len(text) > self.max_characters:
            page.update({"text": text[: self.max_characters], "truncated": True})
        return page
