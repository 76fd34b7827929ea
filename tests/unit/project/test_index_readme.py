"""The README of the built packages has no link that leads nowhere on a package index."""

from __future__ import annotations

import re
import sys

import pytest

from tests.paths import ROOT

sys.path.insert(0, str(ROOT / "dev"))
import index_readme

README = (ROOT / "README.md").read_text("utf-8")
HOME = "https://example.com/acme/vai"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[a](dev/docs/x.md#y)", f"[a]({HOME}/blob/v1.2/dev/docs/x.md#y)"),
        ("![a](dev/a.png)", f"![a]({HOME}/raw/v1.2/dev/a.png)"),
        ("[a](dev/adr/)", f"[a]({HOME}/tree/v1.2/dev/adr/)"),
        ("[a](#below)", "[a](#below)"),
        ("[a](https://example.org)", "[a](https://example.org)"),
        ("```text\n[a](x.md)\n```", "```text\n[a](x.md)\n```"),
        ("[`a`\nb](x.md)", f"[`a`\nb]({HOME}/blob/v1.2/x.md)"),
    ],
)
def test_links_are_absolute(text: str, shown: str) -> None:
    """Links to files, folders and pictures get the address; others and code stay as they are."""
    assert index_readme.for_index(text, f"{HOME}/", "1.2") == shown


@pytest.mark.parametrize("home", [HOME, ""])
def test_no_relative_link_is_left(home: str) -> None:
    """Neither with the address of the repository nor without it."""
    text = re.sub(r"^```.*?^```$", "", index_readme.for_index(README, home, "1.2"), flags=re.DOTALL | re.MULTILINE)

    targets = re.findall(r"\]\(([^)]*)\)", text)
    assert [target for target in targets if not target.startswith(("https://", "#"))] == []
    assert (len(targets) > 40) is bool(home)
