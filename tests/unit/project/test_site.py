"""The documentation site has every page in its menu, and nothing in it comes from elsewhere."""

from __future__ import annotations

import re

import yaml

from tests.paths import ROOT

DOCS = ROOT / "dev/docs"


def listed(entries: object) -> set[str]:
    """Return the pages that a part of the menu names."""
    if isinstance(entries, dict):
        here = {str(entries[key]) for key in ("file", "root") if key in entries}
        return here.union(*(listed(value) for value in entries.values()))
    return set().union(*(listed(entry) for entry in entries)) if isinstance(entries, list) else set()


def test_every_page_is_in_the_menu() -> None:
    """A page that the menu does not list can only be found by accident."""
    menu = yaml.safe_load((ROOT / "dev/docs_site/toc.yml").read_text("utf-8"))
    pages = {str(page.relative_to(ROOT / "dev").with_suffix("")) for page in DOCS.rglob("*.md")}
    parts = {str(page.relative_to(ROOT / "dev").with_suffix("")) for page in (DOCS / "kinds").glob("*.md")}

    assert {name for name in listed(menu) if name.startswith("docs/")} == pages - parts


def test_no_page_needs_the_generator() -> None:
    """A page reads the same in the repository: no directive of MyST is in it."""
    for page in DOCS.rglob("*.md"):
        text = page.read_text("utf-8")
        assert "```{" not in text, page
        assert ":::" not in text, page


def test_pages_link_to_pages_of_the_site() -> None:
    """A link to a page that the site lacks would lead nowhere, and the site could not be built."""
    menu = yaml.safe_load((ROOT / "dev/docs_site/toc.yml").read_text("utf-8"))
    pages = {(ROOT / "dev" / name).with_suffix(".md") for name in listed(menu)} | set((ROOT / "dev/adr").glob("*.md"))
    missing = {
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s:]+\.md)[)#]", page.read_text("utf-8"))
        if (page.parent / target).resolve() not in pages
    }

    assert missing == set()
