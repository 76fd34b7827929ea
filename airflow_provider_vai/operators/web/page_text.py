"""Extracts the readable text of a page."""

from __future__ import annotations

import codecs
import re
from typing import Any

from airflow_provider_vai.operators.web.web_client import PageRefused, PageResponse

MOST_TAGS = 100_000
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
# No page uses these Python codecs: they are slow on long input, or can decode to invalid text
_REFUSED_CODECS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "utf-7"})


def readable(response: PageResponse) -> tuple[str, str]:
    """Return the title and the text of a page.

    The text of an HTML page is the main content that trafilatura finds, otherwise all of its text.

    :raises PageRefused: the page has so many tags that it would take minutes to read.
    :raises ImportError: trafilatura is not installed.
    """
    text = _decoded(response).replace("\x00", "")  # PostgreSQL cannot store NUL
    if response.content_type == "text/plain":
        return "", text
    if text.count("<") > MOST_TAGS:
        raise PageRefused(f"the page has more than {MOST_TAGS} tags")
    import trafilatura

    document: Any = trafilatura.bare_extraction(text, include_comments=False, with_metadata=True)
    title = (document.title if document else None) or ""
    main = (document.text if document else None) or trafilatura.html2txt(text)
    return title.strip(), main.strip()


def _decoded(response: PageResponse) -> str:
    meta_charset = _META_CHARSET.search(response.content[:2048])
    for name in (response.charset, meta_charset[1].decode("ascii") if meta_charset else None, "utf-8"):
        try:
            if name and codecs.lookup(name).name.replace("_", "-") not in _REFUSED_CODECS:
                return response.content.decode(name)
        except (LookupError, UnicodeError):  # not a text encoding, or not the encoding of this page
            continue
    return response.content.decode("windows-1252", errors="replace")
