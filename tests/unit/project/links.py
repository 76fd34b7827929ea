"""The links of a page in Markdown, and the headings that they may name."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

LINK = re.compile(
    r"""\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\s*\[[^\]]+\]:\s+(\S+)|(?:href|src)="([^"]+)\"""", re.MULTILINE
)
"""A link or picture, a reference that links name, or an attribute of HTML."""


def prose(page: Path) -> str:
    """Return a page without its code blocks."""
    return re.sub(r"^( *)```.*?^\1```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return the names of a page's headings, as links write them. The second heading with one name gets `-1`."""
    seen: Counter[str] = Counter()
    found = set(re.findall(r'<a (?:id|name)="([^"]+)"', prose(page)))
    for heading in re.findall(r"^#+ (.+?)\s*$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def broken(page: Path) -> list[str]:
    """Return the links of a page to a file, or to a heading of one, that does not exist.

    Addresses of other servers are not asked: only their form is looked at.
    """
    text = re.sub(r"(`+)[^`].*?\1", lambda code: code[0] if "](" not in code[0] else "", prose(page))
    found = []
    for groups in LINK.findall(text):
        target = next(filter(None, groups))
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            if not re.match(r"https://[\w.-]+\.\w+(?:[/?#]|$)|mailto:|http://(?:localhost|127\.)", target):
                found.append(target)
            continue
        name, _, anchor = target.partition("#")
        linked = page.parent / name if name else page
        if not linked.exists() or (anchor and (linked.suffix != ".md" or anchor not in anchors(linked))):
            found.append(target)
    return found
