"""The kind ``fetch_page``: fetches the readable text of a public web page."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.model import effects
from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class FetchPageOperator(VaiOperator):
    """Fetches a page with GET and returns ``{"url", "status", "title", "text", "sha256", "truncated"?}``.

    For a list of URLs, the result is the list of their pages in that order, and the step fails if one page fails. The
    step reads HTML and plain text, at most 5 MB and 30 seconds for each page, and follows up to five redirects. The IP
    address of every hop must be public, and the request goes to exactly the address that was checked. A page is text
    from outside: later steps should treat it as data.

    :param url: An ``http`` or ``https`` URL, or a list of them.
    :param conn_id: Connection id of a connection with ``{"allow_private": true}`` in its extra, which allows private
        addresses. Nothing else of the connection is used.
    :param max_characters: Keep at most this many characters of each text. ``sha256`` is the digest of the full text.
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
        """Fetch the pages one after another."""
        from airflow_provider_vai.operators.runtime.compat import AirflowFailException

        urls = self.url if isinstance(self.url, list) else [self.url]
        for url in urls:
            if not isinstance(url, str):
                raise AirflowFailException(f"url must be a text or a list of texts, not a {type(url).__name__}")
        if (found := effects.of_page({"url": urls})).effect == "write":
            raise AirflowFailException(f"the page was not fetched, because the request {found.why or 'writes'}")
        allow_private = self._allows_private()
        pages = [self._page(url, allow_private) for url in urls]
        return pages if isinstance(self.url, list) else pages[0]

    def _allows_private(self) -> bool:
        from airflow.sdk import BaseHook

        return bool(self.conn_id) and BaseHook.get_connection(self.conn_id).extra_dejson.get("allow_private") is True

    def _page(self, url: str, allow_private: bool) -> dict[str, Any]:
        from airflow_provider_vai.operators.runtime.compat import AirflowException, AirflowFailException
        from airflow_provider_vai.operators.runtime.errors import MissingExtra
        from airflow_provider_vai.operators.runtime.masking import masked
        from airflow_provider_vai.operators.web import page_text, web_client

        shown = masked(url.partition("?")[0])
        self.log.info("Fetching %s", shown)
        try:
            response = web_client.fetch(url, allow_private=allow_private)
            title, text = page_text.readable(response)
        except web_client.PageRefused as error:
            raise AirflowFailException(f"the page {shown!r} was refused: {masked(str(error))}") from None
        except web_client.PageUnavailable as error:
            raise AirflowException(f"the page {shown!r} could not be fetched this time: {masked(str(error))}") from None
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[web]'") from error
        digest = hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()
        page = {"url": url, "status": response.status, "title": title, "text": text, "sha256": digest}
        if self.max_characters is not None and len(text) > self.max_characters:
            page.update({"text": text[: self.max_characters], "truncated": True})
        return page
