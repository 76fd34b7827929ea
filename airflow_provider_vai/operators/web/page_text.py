"""The readable text of a page."""

from __future__ import annotations

import codecs
import re
from typing import Any

from airflow_provider_vai.operators.web.web_client import PageRefused, PageResponse

MOST_TAGS = 100_000
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
# Python's codecs that no page is written in: slow on long input, or able to make what is no text
_NOT_OF_PAGES = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "utf-7"})


def readable(answer: PageResponse) -> tuple[str, str]:
    """Return the title and the text: of HTML its main content as trafilatura finds it, else all of its words.

    :raises Refused: the page would take minutes to read.
    :raises ImportError: trafilatura is not installed.
    """
    text = _decoded(answer).replace("\x00", "")  # PostgreSQL keeps no such character
    if answer.content_type == "text/plain":
        return "", text
    if text.count("<") > MOST_TAGS:
        raise PageRefused(f"the page has more than {MOST_TAGS} tags")
    import trafilatura

    document: Any = trafilatura.bare_extraction(text, include_comments=False, with_metadata=True)
    title = (document.title if document else None) or ""
    main = (document.text if document else None) or trafilatura.html2txt(text)
    return title.strip(), main.strip()


def _decoded(answer: PageResponse) -> str:
    found = _META_CHARSET.search(answer.content[:2048])
    for name in (answer.charset, found[1].decode("ascii") if found else None, "utf-8"):
        try:
            if name and codecs.lookup(name).name.replace("_", "-") not in _NOT_OF_PAGES:
                return answer.content.decode(name)
        except (LookupError, UnicodeError):  # no encoding of texts, or not the one of this page
            continue
    return answer.content.decode("windows-1252", errors="replace")
