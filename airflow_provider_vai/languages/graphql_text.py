"""Finds out whether a text is a GraphQL document with a mutation.

Only the start of each definition matters, so the text is split into tokens and not parsed: a document that a server
would refuse does no harm.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r'#[^\n\r]*|"""(?:\\"""|(?!""").)*(?:"""|\Z)|"(?:\\.|[^"\\\n\r])*(?:"|$|(?=\r)|\\\Z)|(?P<open>[{(\[])|(?P<close>[})\]])'
    r"|(?P<name>[A-Za-z_]\w*)",
    re.DOTALL | re.MULTILINE | re.ASCII,
)


def has_mutation(text: str) -> bool:
    """Return whether the text is a GraphQL document that contains a mutation operation.

    Comments, strings, fields and operation names that read ``mutation`` do not count. It does not matter which
    operation of the document would run.

    :param text: any text; without a selection set (``{…}``) it is not a document.
    """
    depth, keyword = 0, None
    for token in _TOKEN.finditer(text):
        if token["name"] and depth == 0 and keyword is None:
            keyword = token["name"]
        elif token["open"]:
            if depth == 0 and token["open"] == "{":
                if keyword == "mutation":
                    return True
                keyword = keyword or "query"  # the short form of a query has no keyword
            depth += 1
        elif token["close"]:
            depth = max(0, depth - 1)
            if depth == 0 and token["close"] == "}":
                keyword = None
    return False
